#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The binding as a client meets it: headers, cookies, codes, bad input.

usage: test_http.py BUILD
"""
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from mapi import Client, MapiError, rpc_header_ext
from posthouse import HOST, Organisation, Tests


def raw(org, data, wait=10):
    """Send bytes; all that comes back until the server closes."""
    out = b""
    with socket.create_connection(("127.0.0.1", org.plain), wait) as s:
        s.sendall(data)
        while True:
            try:
                piece = s.recv(65536)
            except (socket.timeout, ConnectionResetError):
                break
            if not piece:
                break
            out += piece
    return out


def post(headers, body=b""):
    head = "POST /mapi/emsmdb/ HTTP/1.1\r\n" + "".join(
        f"{h}\r\n" for h in headers) + "\r\n"
    return head.encode("latin-1") + body


BAD = [
    (["Host: a", "Content-Length: 1", "Content-Length: 1"], b"x", 400),
    (["Host: a", "Content-Length: +1"], b"x", 400),
    (["Host: a", "Content-Length : 1"], b"x", 400),
    (["Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"], b"x",
     400),
    (["Content-Length: 0"], b"", 400),
    (["Host: a", "X: a\r\n b", "Content-Length: 0"], b"", 400),
    (["Host: a", "X: a\0b", "Content-Length: 0"], b"", 400),
    (["Host: a", "X: " + "a" * 70000], b"", 431),
    (["Host: a", "Content-Length: 104857600"], b"x", 413),
]


class Suite:
    def __init__(self, org):
        self.org = org

    def client(self, user="alice", **options):
        client = Client(self.org, user, **options)
        client.connect()
        return client

    def bad_requests_are_refused_and_closed(self):
        for headers, body, status in BAD:
            answer = raw(self.org, post(headers, body))
            assert answer.startswith(b"HTTP/1.1 %d " % status), (
                headers, answer[:100])
        answer = raw(self.org, b"GET / HTTP/1.1\nHost: a\n\n")
        assert answer.startswith(b"HTTP/1.1 400 "), answer[:100]

    def health_needs_no_password(self):
        answer = raw(self.org, b"GET /mapi/healthcheck.htm HTTP/1.1\r\n"
                     b"Host: a\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        assert b"200 OK<br/>" + HOST.encode() in answer, answer

    def no_password_is_401(self):
        c = Client(self.org, "alice")
        answer = c.call("PING", drop=["Authorization"])
        assert answer.status == 401 and answer.raw == b""
        offered = [v for k, v in answer.headers if k == "WWW-Authenticate"]
        assert len(offered) == 1 and offered[0].startswith("Basic"), offered

    def wrong_passwords_look_alike(self):
        one = Client(self.org, "alice", password="wrong").call("PING")
        two = Client(self.org, "nobody", password="wrong").call("PING")
        assert one.status == two.status == 401
        strip = lambda a: sorted((k, v) for k, v in a.headers
                                 if k not in ("Date", "request-id"))
        assert strip(one) == strip(two)

    def answers_have_the_headers(self):
        c = Client(self.org, "alice")
        answer = c.connect()
        for name in ("X-RequestType", "X-ResponseCode", "X-RequestId",
                     "X-ClientInfo", "X-ServerApplication",
                     "X-ExpirationInfo", "X-PendingPeriod"):
            assert answer.header(name) is not None, name
        assert answer.header("X-RequestId") == f"{{{c.guid}}}:1"
        assert answer.lines[0] == "PROCESSING", answer.lines
        assert answer.lines[-1] == "DONE", answer.lines
        assert "X-ElapsedTime" in answer.extra
        assert "X-StartTime" in answer.extra
        cookies = [v for k, v in answer.headers if k == "Set-Cookie"]
        assert any("MapiContext=" in v for v in cookies), cookies
        assert all("path=/mapi/emsmdb" in v.lower() and
                   "httponly" in v.lower() for v in cookies), cookies

    def codes(self):
        """[MS-OXCMAPIHTTP] 2.2.3.3.3: each way to go wrong has its code."""
        c = self.client()
        good = dict(c.cookies)
        cases = [
            ("5", dict(request_type="Nonsense")),
            ("7", dict(request_type="PING", drop=["X-RequestId"])),
            ("7", dict(request_type="PING", drop=["X-RequestType"])),
            ("13", dict(request_type="Execute", drop=["Cookie"])),
            ("12", dict(request_type="Execute", body=b"\1")),
        ]
        for code, arguments in cases:
            c.cookies = dict(good)
            answer = c.call(**arguments)
            assert answer.code == code, (code, arguments, answer.headers)
            assert answer.status == 200
            assert answer.header("Content-Type").startswith("text/html")
            good = dict(c.cookies)

    def unknown_user_dn(self):
        c = Client(self.org, "alice")
        try:
            c.connect("/o=Nobody/cn=x")
        except MapiError as error:
            assert error.code in (0x3EB, 0x80070005), hex(error.code)
        else:
            raise AssertionError("connected as nobody")

    def anothers_context_is_not_found(self):
        alice, bob = self.client(), Client(self.org, "bob")
        bob.cookies = dict(alice.cookies)
        assert bob.call("PING").code == "10"

    def a_made_up_context_is_not_found(self):
        c = self.client()
        c.cookies["MapiContext"] = "A" * len(c.cookies["MapiContext"])
        assert c.call("PING").code in ("6", "10")

    def a_stale_sequence_is_refused(self):
        c = self.client()
        stale = dict(c.cookies)
        c.logon()
        c.cookies = stale
        body = struct.pack("<II", 3, 12) + rpc_header_ext(b"\2\0\0\0") + \
            struct.pack("<II", 0x10008, 0)
        assert c.call("Execute", body).code == "15"

    def truncated_executes(self):
        """Cut at every byte: an error, and the session lives on."""
        c = self.client()
        c.logon()
        whole = struct.pack("<II", 3, 15) + rpc_header_ext(
            b"\x05\0\x01\0\0\xff\xff") + struct.pack("<II", 0x10008, 0)
        for n in range(len(whole)):
            answer = c.call("Execute", whole[:n])
            assert answer.status == 200, n
            if answer.code == "0":
                _, error = struct.unpack_from("<II", answer.body)
                assert error != 0, n
            else:
                assert answer.code == "12", (n, answer.code)
        c.logon()

    def wrong_rops(self):
        c = self.client()
        handle, _ = c.logon()
        for rops in (b"\xfd\0\0", b"\x28\0\0", b"\x02\0\0",
                     b"\x02\0\x63\1" + b"\0" * 9, b"\0\0\0"):
            try:
                out, _ = c.execute(rops, [handle])
            except MapiError as error:
                assert error.code in (0x4B6, 0x80040115), hex(error.code)
            else:
                assert struct.unpack_from("<I", out, 2)[0] != 0, rops
        c.logon()

    def two_at_once(self):
        c = self.client()
        handle, folders = c.logon()
        c.execute(struct.pack("<BBBBHBQQ", 0x29, 0, 0, 1, 4, 0, folders[4],
                              0), [handle, 0xFFFFFFFF])
        waiting = threading.Thread(target=c.wait)
        other = Client(self.org, "alice")
        other.cookies = dict(c.cookies)
        waiting.start()
        time.sleep(0.3)
        # NotificationWait goes beside others ([MS-OXCMAPIHTTP] 3.1.5.4).
        other.save_message(handle, folders[4], "wake up", "now")
        waiting.join(20)
        assert not waiting.is_alive()

    def disconnect_ends_the_context(self):
        c = self.client()
        assert c.disconnect() == (0, 0)
        body = struct.pack("<II", 3, 12) + rpc_header_ext(b"\2\0\0\0") + \
            struct.pack("<II", 0x10008, 0)
        assert c.call("Execute", body).code in ("10", "13")

    def curl_gets_the_page(self):
        out = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--cacert",
             os.path.join(self.org.folder, "test-ca.pem"), "--resolve",
             f"{HOST}:{self.org.tls}:127.0.0.1", "--basic", "-u",
             f"alice:{self.org.passwords['alice']}",
             f"https://{HOST}:{self.org.tls}/mapi/emsmdb/"],
            capture_output=True, text=True, check=True).stdout
        assert "Exchange MAPI/HTTP Connectivity Endpoint" in out, out
        assert "alice" in out, out

    def hup_reloads_and_term_drains(self):
        c = self.client(tls=True)
        self.org.daemon.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert c.call("PING").code == "0"
        Client(self.org, "alice", tls=True).connect()
        c.close()
        assert self.org.stop() == 0


def main():
    tests = Tests()
    with Organisation(sys.argv[1]) as org:
        org.user("alice")
        org.user("bob")
        org.start()
        suite = Suite(org)
        for name in ("bad_requests_are_refused_and_closed",
                     "health_needs_no_password", "no_password_is_401",
                     "wrong_passwords_look_alike", "answers_have_the_headers",
                     "codes", "unknown_user_dn",
                     "anothers_context_is_not_found",
                     "a_made_up_context_is_not_found",
                     "a_stale_sequence_is_refused", "truncated_executes",
                     "wrong_rops", "two_at_once",
                     "disconnect_ends_the_context", "curl_gets_the_page",
                     "hup_reloads_and_term_drains"):
            tests.run(getattr(suite, name))
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()

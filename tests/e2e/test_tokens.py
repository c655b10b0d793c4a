#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens, kinds of listeners, PROXY headers, metrics, the audit log.

usage: test_tokens.py BUILD
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from jwt import Issuer
from mapi import Client
from posthouse import HOST, Organisation, Tests, free_port

USER = "alice@example.test"


class Answer:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.fields.setdefault(name.lower(), []).append(value)

    def __str__(self):
        return f"{self.status} {self.fields}"


def exchange(port, text, family=socket.AF_INET):
    """Send a request that closes; what came back."""
    address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    out = b""
    with socket.socket(family) as s:
        s.settimeout(20)
        s.connect((address, port))
        s.sendall(text.encode())
        while True:
            try:
                piece = s.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            out += piece
    return Answer(out.decode())


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {HOST}",
                        "Connection: close", *fields, "", ""])


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


class Suite:
    def __init__(self, org, issuer, ports):
        self.org, self.issuer, self.ports = org, issuer, ports

    def curl(self, *options, path="/mapi/emsmdb/"):
        done = subprocess.run(
            ["curl", "-s", "-i", "--http1.1", "--max-time", "20", "--cacert",
             os.path.join(self.org.folder, "test-ca.pem"), "--connect-to",
             f"{HOST}:443:127.0.0.1:{self.org.tls}", *options,
             f"https://{HOST}{path}"],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done
        return Answer(done.stdout.replace("\r\n", "\n").replace(
            "\n", "\r\n"))

    def bearer(self, token):
        return self.curl("-H", f"Authorization: Bearer {token}")

    def log(self):
        with open(os.path.join(self.org.folder, "posthoused.log"),
                  encoding="utf-8") as f:
            return f.read()

    def audit(self):
        with open(os.path.join(self.org.folder, "audit.log"),
                  encoding="utf-8") as f:
            return f.read()

    def wait_for(self, what, found):
        for _ in range(200):
            if found():
                return
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come")

    # --- Bearer tokens ---------------------------------------------------

    def good(self):
        for _ in range(2):        # the second is remembered
            answer = self.bearer(self.issuer.token(USER))
            assert answer.status == 200, answer
            assert USER in answer.body, answer.body
        answer = self.bearer(self.issuer.token(
            USER, aud=["x", self.issuer.audience]))
        assert answer.status == 200, answer

    def by_object_id(self):
        user = json.loads(self.org.posthouse("user", "show", "alice",
                                             "--json"))
        answer = self.bearer(self.issuer.token(None, oid=user["guid"]))
        assert answer.status == 200 and USER in answer.body, answer
        self.org.posthouse("user", "set", "alice", "--object-id", "opaque")
        token = self.issuer.token(None, oid="opaque")
        self.wait_for("the object id",
                      lambda: self.bearer(token).status == 200)

    def forged(self):
        now = int(time.time())
        other = os.path.join(self.org.folder, "other")
        os.makedirs(other, exist_ok=True)
        stranger = Issuer(other)
        cases = {
            "expired": {"exp": now - 3600},
            "not yet valid": {"nbf": now + 3600},
            "no expiry": {"exp": None},
            "wrong audience": {"aud": "https://else.example.test"},
            "wrong issuer": {"iss": "https://else.example.test"},
            "algorithm not accepted": {"alg": "none"},
            "signing key not known": {"kid": "two"},
            "wrong signature": {"key": stranger.key},
        }
        for cause, changes in cases.items():
            answer = self.bearer(self.issuer.token(USER, **changes))
            assert answer.status == 401, f"{cause}: {answer}"
            assert USER not in answer.body, cause
            self.wait_for(cause, lambda c=cause: c in self.log())
        for token in (self.issuer.token(USER, alg="HS256"), "a.b.c", "x",
                      self.issuer.token(USER)[:-5],
                      self.issuer.token(USER) + "." + "x" * 9000):
            assert self.bearer(token).status == 401, token
        # No token and no signature in the log.
        assert self.issuer.token(USER).split(".")[0] not in self.log()

    def skew(self):
        now = int(time.time())
        assert self.bearer(self.issuer.token(
            USER, exp=now - 20)).status == 200
        assert self.bearer(self.issuer.token(
            USER, nbf=now + 20)).status == 200
        assert self.bearer(self.issuer.token(
            USER, exp=now - 90)).status == 401

    def empty(self):
        for header in ("Bearer", "Bearer "):
            answer = self.curl("-H", f"Authorization: {header}")
            assert answer.status == 401, answer
            challenge = [c for c in answer.fields["www-authenticate"]
                         if c.startswith("Bearer ")]
            assert challenge == [
                'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", '
                'trusted_issuers="00000001-0000-0000-c000-000000000000@t", '
                'token_types="app_asserted_user_v1 '
                'service_asserted_app_v1", '
                'authorization_uri="https://idp.example.test/authorize"'
            ], answer

    def rotation(self):
        old = self.issuer.token(USER)
        assert self.bearer(old).status == 200
        new = Issuer(self.org.folder, kid="rolled")
        token = new.token(USER)
        # Nobody told the daemon: the token's unknown key does.
        self.wait_for("the new key",
                      lambda: self.bearer(token).status == 200)
        assert self.bearer(old).status == 401
        shutil.copy(new.key, self.issuer.key)
        self.issuer.kid = "rolled"

    def not_a_method(self):
        """Where OAuth is not among the methods, a token is nothing."""
        self.org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                           "MAIL\\mapi (Default Web Site)",
                           "-IISAuthenticationMethods", "Basic")
        self.wait_for("the change", lambda: self.bearer(
            self.issuer.token(USER)).status == 401)
        answer = self.bearer(self.issuer.token(USER))
        assert not [c for c in answer.fields["www-authenticate"]
                    if c.startswith("Bearer")], answer
        self.org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                           "MAIL\\mapi (Default Web Site)",
                           "-IISAuthenticationMethods", "Basic,OAuth")
        self.wait_for("the change", lambda: self.bearer(
            self.issuer.token(USER)).status == 200)

    # --- Listeners -------------------------------------------------------

    def internal_headers(self):
        """Whatever a client says of whom it speaks for, it is nobody."""
        fields = ["X-Posthouse-User: " + "A" * 280, "X-IsFromCafe: 1",
                  "X-CommonAccessToken: x", "X-CalculatedBETarget: x",
                  "X-BackEndCookie: x", "X-Posthouse-Hops: 1",
                  "request-id: 6ed8da90-450b-101b-98da-00aa003f1305"]
        for port in (self.org.plain, self.ports["backend"]):
            answer = exchange(port, get("/mapi/emsmdb/", *fields))
            assert answer.status == 401, answer
        # A user who has logged on stays the same on either listener.
        for port in (self.org.plain, self.ports["backend"]):
            answer = exchange(port, get(
                "/mapi/emsmdb/", *fields, "Authorization: Bearer " +
                self.issuer.token(USER)))
            assert answer.status in (200, 401), answer
            if answer.status == 200:
                assert USER in answer.body

    def request_id(self):
        """The id of the hop is taken over on the listener for servers
        alone."""
        mine = "6ed8da90-450b-101b-98da-00aa003f1306"
        answer = exchange(self.org.plain, get("/mapi/emsmdb/",
                                              f"request-id: {mine}"))
        assert answer.fields["request-id"] != [mine], answer
        answer = exchange(self.ports["backend"], get(
            "/mapi/emsmdb/", f"request-id: {mine}"))
        assert answer.fields["request-id"] == [mine], answer
        self.wait_for("the line", lambda: f"id={mine}" in self.log())
        answer = exchange(self.ports["backend"], get(
            "/mapi/emsmdb/", "request-id: " + "x" * 36))
        assert answer.fields["request-id"] != ["x" * 36], answer

    def untrusted_proxy(self):
        answer = exchange(self.org.plain, "PROXY TCP4 198.51.100.7 192.0.2.1 "
                          "4242 443\r\n" + get("/mapi/emsmdb/"))
        assert answer.status == 400, answer
        assert "198.51.100.7" not in self.log()

    def ipv6(self):
        if not has_ipv6():
            print("   this machine has no IPv6")
            return
        answer = exchange(self.ports["v6"], get("/mapi/healthcheck.htm"),
                          socket.AF_INET6)
        assert answer.status == 200, answer
        answer = exchange(self.ports["v6"], get("/mapi/emsmdb/"),
                          socket.AF_INET6)
        assert answer.status == 401, answer
        self.wait_for("the client's address",
                      lambda: "peer=[::1]:" in self.log())

    # --- Metrics ---------------------------------------------------------

    def metrics(self):
        answer = exchange(self.ports["metrics"], get("/metrics"))
        assert answer.status == 200, answer
        assert answer.fields["content-type"] == [
            "text/plain; version=0.0.4; charset=utf-8"], answer
        numbers = parse_metrics(answer.body)
        assert numbers["posthouse_http_requests_total"][()] > 10
        checks = numbers["posthouse_bearer_checks_total"]
        assert checks[(("result", "ok"),)] > 3, checks
        assert checks[(("result", "denied"),)] > 3, checks
        assert numbers["process_resident_memory_bytes"][()] > 1 << 20
        # There and nowhere else, and nothing else there.
        for port in (self.org.plain, self.ports["backend"]):
            assert exchange(port, get("/metrics")).status == 404
        for path in ("/mapi/emsmdb/", "/mapi/healthcheck.htm", "/",
                     "/autodiscover/autodiscover.xml"):
            answer = exchange(self.ports["metrics"], get(path))
            assert answer.status == 404, (path, answer)

    # --- The audit log ---------------------------------------------------

    def changes(self):
        self.org.posthouse("user", "set", "bob", "--admin")
        self.wait_for("the change", lambda: re.search(
            r"change=\d+ .*class=\S*User\S* object=\S*bob.*", self.audit(),
            re.I))
        assert "secret of" not in self.audit()
        before = self.audit()
        os.rename(os.path.join(self.org.folder, "audit.log"),
                  os.path.join(self.org.folder, "audit.1"))
        self.org.daemon.send_signal(signal.SIGHUP)
        self.wait_for("the new file", lambda: os.path.exists(
            os.path.join(self.org.folder, "audit.log")))
        self.org.posthouse("user", "set", "bob", "--display-name", "Bobby")
        self.wait_for("the change", lambda: "Bobby" in self.audit())
        last = max(map(int, re.findall(r"change=(\d+) ", before)))
        assert min(map(int, re.findall(r"change=(\d+) ",
                                       self.audit()))) == last + 1

    def admin_logon(self):
        client = Client(self.org, "bob")
        client.connect(flags=1)   # administrator privilege
        client.logon(self.org.user_dn("alice"))
        client.disconnect()
        self.wait_for("the logon", lambda: re.search(
            r"admin_logon who=\S.*bob.* mailbox=\S.*alice.* text=.*"
            "bob@example.test opened the mailbox of alice@", self.audit()))

    def restarted(self):
        """What changed while it was down is not lost, nothing comes
        twice."""
        assert self.org.stop() == 0
        self.org.posthouse("user", "set", "bob", "--display-name", "Robert")
        self.org.start()
        self.wait_for("the change", lambda: "Robert" in self.audit())
        ids = re.findall(r"change=(\d+) .* property=(\S+) ", self.audit())
        assert len(ids) == len(set(ids)), ids
        # The assertion key is still the one that the directory has.
        key = os.path.join(self.org.folder, "data", "assertion.key")
        assert os.stat(key).st_mode & 0o777 == 0o600
        assert self.audit().count("class=Server") == 0

    # --- --check ---------------------------------------------------------

    def check(self, settings, status=1):
        conf = os.path.join(self.org.folder, "check.conf")
        with open(self.org.conf, encoding="utf-8") as f:
            text = f.read()
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text.partition("audit = ")[0] + settings)
        done = subprocess.run(
            [self.org.program("posthoused"), "--config", conf, "--check"],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done
        return done.stderr

    def checked(self):
        good = f"issuer = a\naudience = b\njwks_file = {self.issuer.jwks}\n"
        self.check("[oauth]\n" + good, 0)
        assert "cannot open the key set" in self.check(
            "[oauth]\nissuer = a\naudience = b\njwks_file = nothing\n")
        empty = os.path.join(self.org.folder, "empty.json")
        with open(empty, "w", encoding="utf-8") as f:
            f.write('{"keys": []}')
        assert "there is no RSA key" in self.check(
            "[oauth]\nissuer = a\naudience = b\njwks_file = empty.json\n")
        said = self.check("[oauth]\nissuer = a\naudience = b\njwks_url = "
                          f"http://127.0.0.1:{free_port()}/keys\n", 0)
        assert "cannot fetch the key set" in said, said
        for settings, complaint in (
                ("[oauth]\nissuer = a\njwks_file = x\n", "audience"),
                ("[oauth]\nissuer = a\naudience = b\n", "jwks_file or"),
                ("[oauth]\n" + good + "jwks_url = https://x.test/\n",
                 "exclude each other"),
                ("[oauth]\nissuer = a\naudience = b\n"
                 "jwks_url = http://x.test/\n", "https://"),
                ("[http]\nproxy_from = 10.0.0.1/8\n", "clear the bits"),
                ("[http]\nlisten_backend = 0.0.0.0:444 plain\n",
                 "use tls"),
                ("[metrics]\nlisten = 0.0.0.0:9898\n", "set allow")):
            said = self.check(settings)
            assert complaint in said, (settings, said)


class Behind:
    """Behind a load balancer that says who its clients are."""

    def __init__(self, org):
        self.org = org

    def log(self):
        with open(os.path.join(self.org.folder, "posthoused.log"),
                  encoding="utf-8") as f:
            return f.read()

    def plain(self):
        for line, peer in (
                ("PROXY TCP4 198.51.100.7 192.0.2.1 4242 443\r\n",
                 "198.51.100.7:4242"),
                ("PROXY TCP6 2001:db8::7 2001:db8::1 4243 443\r\n",
                 "[2001:db8::7]:4243")):
            answer = exchange(self.org.plain, line + get("/mapi/emsmdb/"))
            assert answer.status == 401, answer
            assert f"peer={peer}" in self.log()

    def tls(self):
        done = subprocess.run(
            ["curl", "-s", "--haproxy-protocol", "--max-time", "20",
             "--cacert", os.path.join(self.org.folder, "test-ca.pem"),
             "--connect-to", f"{HOST}:443:127.0.0.1:{self.org.tls}",
             f"https://{HOST}/mapi/healthcheck.htm"],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and "200 OK" in done.stdout, done

    def without(self):
        """The balancer that says nothing is not served."""
        answer = exchange(self.org.plain, get("/mapi/healthcheck.htm"))
        assert answer.status == 0, answer
        assert 'reason="no PROXY header"' in self.log()


def parse_metrics(text):
    """The text format 0.0.4, strictly."""
    name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    label = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
    sample = re.compile(rf"({name})(?:\{{({label}(?:,{label})*)\}})? (\S+)")
    families, numbers, current = {}, {}, None
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current, text = line[7:].split(" ", 1)
            assert re.fullmatch(name, current) and text.endswith("."), line
            assert current not in families, f"{current} stands there twice"
            families[current] = None
        elif line.startswith("# TYPE "):
            which, kind = line[7:].split(" ")
            assert which == current and families[which] is None, line
            assert kind in ("counter", "gauge"), line
            assert (kind == "counter") == which.endswith("_total"), line
            families[which] = kind
        else:
            match = sample.fullmatch(line)
            assert match and match[1] == current, line
            labels = tuple(re.findall(label, match[2] or ""))
            assert labels not in numbers.setdefault(current, {}), line
            numbers[current][labels] = float(line.rpartition(" ")[2])
    assert families.keys() == numbers.keys()
    return numbers


def settings(folder, ports):
    v6 = f"listen = [::1]:{ports['v6']} plain\n" if has_ipv6() else ""
    return f"""audit = audit.log
[http]
{v6}listen_backend = 127.0.0.1:{ports['backend']} plain
proxy_from = 198.51.100.0/24 192.0.2.1
[metrics]
listen = 127.0.0.1:{ports['metrics']}
[oauth]
jwks_file = jwks.json
issuer = https://idp.example.test
audience = https://mail.example.test
skew = 60 s
refetch = 100 ms
authorization_uri = https://idp.example.test/authorize
trusted_issuers = 00000001-0000-0000-c000-000000000000@t
"""


def main():
    ports = {name: free_port() for name in ("backend", "metrics", "v6")}
    tests = Tests()
    with Organisation(sys.argv[1], settings("", ports)) as org:
        issuer = Issuer(org.folder)
        org.user("alice")
        org.user("bob")
        org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                      "MAIL\\mapi (Default Web Site)",
                      "-IISAuthenticationMethods", "Basic,OAuth")
        org.start()
        suite = Suite(org, issuer, ports)
        for test in (suite.good, suite.by_object_id, suite.forged,
                     suite.skew, suite.empty, suite.rotation,
                     suite.not_a_method, suite.internal_headers,
                     suite.request_id, suite.untrusted_proxy, suite.ipv6,
                     suite.metrics,
                     suite.changes, suite.admin_logon, suite.restarted,
                     suite.checked):
            if not sys.argv[2:] or test.__name__ in sys.argv[2:]:
                tests.run(test)
        if tests.failed:
            print(org.diagnosis())
    with Organisation(sys.argv[1],
                      "[http]\nproxy_from = 127.0.0.0/8\n") as org:
        org.start()
        behind = Behind(org)
        for test in (behind.plain, behind.tls, behind.without):
            tests.run(test)
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()

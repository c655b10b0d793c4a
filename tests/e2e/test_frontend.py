# SPDX-License-Identifier: Apache-2.0
"""The front end before two mailbox servers: the hop, its failures, and that
nobody gets what is another's."""
import base64
import http.client
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

import frontend
import mapi
from frontend import FE, MX1, MX2, Site, wait_until

TESTS = []
BUILD = None


def test(fn):
    TESTS.append(fn)
    return fn


def check(condition, *what):
    if not condition:
        raise AssertionError(what)


def basic(site, user):
    return "Basic " + base64.b64encode(
        f"{user}:{site.passwords[user]}".encode()).decode()


def request(site, method, path, headers, body=None, timeout=30):
    """One request on a connection of its own; status, headers, body."""
    conn = http.client.HTTPConnection("127.0.0.1", site.plain,
                                      timeout=timeout)
    conn.request(method, path, body, headers)
    response = conn.getresponse()
    data = response.read()
    conn.close()
    return response.status, dict(response.getheaders()), data


def ping_headers(site, user):
    return {"Authorization": basic(site, user), "X-RequestType": "PING",
            "X-RequestId": "{11111111-2222-3333-4444-555555555555}:1",
            "Content-Type": "application/mapi-http", "Content-Length": "0"}


def ping(site, user, path="/mapi/emsmdb/", **more):
    return request(site, "POST", path,
                   {**ping_headers(site, user), **more})


# --- The hop ---------------------------------------------------------------

@test
def passes(site):
    """A session through the front end, on either server."""
    for user, server in (("alice", "mx1"), ("bob", "mx2")):
        client = site.client(user)
        client.connect()
        logon = client.logon()
        client.execute(b"\x01\x00\x00", [logon["handle"]]
                       if isinstance(logon, dict) else [0])
        client.disconnect()
        client.close()
        status, headers, _ = ping(site, user)
        check(status == 200, status)
        check(headers["X-CalculatedBETarget"] == f"{server}.example.test",
              headers)
        check(headers["X-BEServer"] == server, headers)
        check(headers["X-FEServer"] == "fe", headers)


@test
def order_of_headers(site):
    """As Exchange sends them; names in canonical case."""
    conn = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
    conn.request("POST", "/mapi/emsmdb/", None, ping_headers(site, "alice"))
    names = [name for name, _ in conn.getresponse().getheaders()]
    order = ["Transfer-Encoding", "request-id", "X-CalculatedBETarget",
             "X-ServerApplication", "X-RequestId", "X-RequestType",
             "X-PendingPeriod", "X-ExpirationInfo", "X-ResponseCode",
             "X-DiagInfo", "X-BEServer", "Cache-Control", "Content-Type",
             "Set-Cookie", "X-FEServer", "Date"]
    check(names == order, names)
    conn.close()


@test
def cookie(site):
    """X-BackEndCookie as Exchange makes it; a hint, which is not believed."""
    _, headers, _ = ping(site, "alice")
    cookie = headers["Set-Cookie"]
    check("; path=/mapi" in cookie and "; HttpOnly" in cookie, cookie)
    value = cookie.split(";")[0].split("=", 1)[1]
    guid, text = value.split("=", 1)
    plain = bytes(b ^ 0xff for b in base64.b64decode(text)).decode()
    kind, database, domain, expiry = plain.split("~")
    check(kind == "Database" and domain == "", plain)
    check(site.mailbox_id("alice").startswith(guid), guid)
    time.strptime(expiry, "%Y-%m-%dT%H:%M:%S")
    _, headers, _ = ping(site, "alice",
                         Cookie=f"X-BackEndCookie={value}; x=y")
    check("Set-Cookie" not in headers, headers)
    # Of another's mailbox, and nonsense: the directory decides.
    for bad in (f"{site.mailbox_id('bob').split('@')[0]}={text}", "=", "x"):
        status, headers, _ = ping(site, "alice",
                                  Cookie=f"X-BackEndCookie={bad}")
        check(status == 200 and headers["X-BEServer"] == "mx1", headers)
        check("Set-Cookie" in headers, headers)


@test
def mailbox_id(site):
    """It decides where to, in any spelling; the back end authorises."""
    bobs = site.mailbox_id("bob")
    for name in ("MailboxId", "mailboxId", "MAILBOXID"):
        status, headers, _ = ping(site, "alice",
                                  f"/mapi/emsmdb/?{name}={bobs}")
        check(headers["X-BEServer"] == "mx2", headers)
    status, headers, _ = ping(
        site, "alice", "/mapi/emsmdb/?MailboxId="
        "11111111-2222-3333-4444-555555555555@example.test")
    check(status == 200 and headers["X-ResponseCode"] == "3", headers)
    check(headers["X-FailureContext"].startswith(
        "FrontEnd;200;NoMailbox;;"), headers)
    check(headers["X-RequestType"] == "PING", headers)
    status, headers, _ = ping(
        site, "alice", f"/mapi/emsmdb/?MailboxId={bobs}&mailboxid={bobs}")
    check(headers["X-ResponseCode"] == "3", headers)
    client = site.client("alice", mailbox_id=bobs)
    try:
        client.connect(site.user_dn("bob"))
        client.logon(site.user_dn("bob"))
        raise AssertionError("alice opened bob's mailbox")
    except mapi.MapiError:
        pass


@test
def unauthorized(site):
    """401 with an empty body, one challenge for each method; then the
    connection goes on."""
    conn = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
    headers = ping_headers(site, "alice")
    wrong = "Basic " + base64.b64encode(b"alice:wrong").decode()
    for value in (None, wrong):
        asked = {**headers, "Authorization": value,
                 "Content-Length": "5"}
        if value is None:
            del asked["Authorization"]
        conn.request("POST", "/mapi/emsmdb/", b"hello", asked)
        response = conn.getresponse()
        check(response.status == 401 and response.read() == b"",
              response.status)
        methods = response.headers.get_all("WWW-Authenticate")
        check(sorted(m.split()[0] for m in methods) ==
              ["Basic", "Bearer", "NTLM", "Negotiate"], methods)
    conn.request("POST", "/mapi/emsmdb/", None, headers)
    check(conn.getresponse().status == 200)
    conn.close()


@test
def page_and_health(site):
    status, headers, body = request(site, "GET", "/mapi/emsmdb/", {
        "Authorization": basic(site, "alice")})
    check(status == 200 and b"alice@example.test" in body, body)
    check(headers["X-FEServer"] == "fe", headers)
    status, _, body = request(site, "GET", "/mapi/healthcheck.htm", {})
    check(status == 200 and body == b"200 OK<br/>fe.example.test", body)
    for backend in site.status()["backends"]:
        if backend["server"].startswith("mx"):
            check(backend["up"], backend)


@test
def chunks_at_once(site):
    """PROCESSING and PENDING come while the back end still waits."""
    client = site.client("alice")
    client.connect()
    client.logon()
    headers = client.headers("NotificationWait")
    body = struct.pack("<II", 0, 0)
    client.http.request("POST", client.path, body, headers)
    response = client.http.getresponse()
    start = time.monotonic()
    seen = response.read1(4096)
    check(seen == b"PROCESSING\r\n", seen)
    check(response.read1(4096) == b"PENDING\r\n")
    check(time.monotonic() - start < 30)
    client.http.close()
    wait_until("the front end keeps a request whose client has left",
               lambda: site.status()["frontend"]["pending"] == 0)


# --- The story -------------------------------------------------------------

def methods(site, server, *names):
    site.cmdlet("Set-MapiVirtualDirectory", "-Identity",
                f"{server}\\mapi (Default Web Site)",
                "-IISAuthenticationMethods", ", ".join(names))


@test
def story(site):
    """A 2013 back end with its default offers Negotiate alone, and servers of
    different versions need NTLM."""
    methods(site, MX1, "Negotiate")

    def fails():
        return ping(site, "alice")[0] == 500
    wait_until("the hop does not fail", fails)
    status, headers, _ = ping(site, "alice")
    context = headers["X-FailureContext"]
    check(context == "FrontEnd;500;HopMethod;mx1.example.test;"
          "hop=fe.example.test(15.1)->mx1.example.test(15.0);needed=NTLM;"
          "offered=Negotiate", context)
    check("WWW-Authenticate" not in headers, headers)
    check(ping(site, "bob")[0] == 200)
    log = site.daemons[FE].log()
    check("failure=HopMethod" in log and "offers Negotiate" in log and
          "-IISAuthenticationMethods Ntlm, OAuth, Negotiate" in log)
    wait_until("the methods are not seen", lambda: site.backend(
        MX1)["offered"] == "Negotiate")
    backend = site.backend(MX1)
    check(backend["last_failure"] == "HopMethod" and
          backend["needed"] == "Ntlm", backend)
    begun = time.monotonic()
    site.shell(frontend.CURE)
    wait_until("the cure does not help",
               lambda: ping(site, "alice")[0] == 200, 10)
    check(time.monotonic() - begun < 10)


# --- Failures of the back end ----------------------------------------------

@test
def dies_while_waiting(site):
    """A pending answer ends with a late X-ResponseCode; then 503; then, when
    the server is back, a new session."""
    client = site.client("alice")
    client.connect()
    client.logon()
    client.http.request("POST", client.path, struct.pack("<II", 0, 0),
                        client.headers("NotificationWait"))
    response = client.http.getresponse()
    check(response.read1(4096) == b"PROCESSING\r\n")
    site.daemons[MX1].stop(signal.SIGKILL)
    rest = response.read()
    check(b"DONE\r\n" in rest and b"X-ResponseCode: 1\r\n" in rest, rest)
    begun = time.monotonic()
    status, headers, _ = ping(site, "alice")
    check(status == 503, status)
    check(time.monotonic() - begun < 2)
    check(headers["X-FailureContext"].split(";")[2] in ("Connect", "Down"),
          headers)
    check(headers["Retry-After"] == "1", headers)
    check(not site.backend(MX1)["up"])
    check(ping(site, "bob")[0] == 200)
    site.start(MX1)
    wait_until("the back end is not found again",
               lambda: ping(site, "alice")[0] == 200, 10)
    client.http.close()
    again = client.call("Execute", b"\0" * 16)
    check(again.code == "10", again.code)
    client.cookies = {}
    client.connect()
    client.logon()
    client.close()


@test
def follows_database(site):
    """Activated elsewhere: followed at once, without a restart."""
    status, headers, _ = ping(site, "carol")
    check(headers["X-BEServer"] == "mx1", headers)
    client = site.client("carol")
    client.connect()
    client.logon()
    client.http.request("POST", client.path, struct.pack("<II", 0, 0),
                        client.headers("NotificationWait"))
    waiting = client.http.getresponse()
    check(waiting.read1(4096) == b"PROCESSING\r\n")
    site.posthouse("database", "set", "MX1 Database", "--server", MX2)
    begun = time.monotonic()
    wait_until("the move is not followed", lambda:
               ping(site, "carol")[1].get("X-BEServer") == "mx2", 5)
    # What waits at the old server is told to connect again.
    rest = waiting.read()
    check(b"DONE\r\n" in rest and b"X-ResponseCode: 10\r\n" in rest, rest)
    client.close()
    check(time.monotonic() - begun < 10, time.monotonic() - begun)
    site.posthouse("database", "set", "MX1 Database", "--server", MX1)
    wait_until("the way back is not followed", lambda:
               ping(site, "carol")[1].get("X-BEServer") == "mx1", 5)


class Fake(threading.Thread):
    """A back end that does as it is told; what it was sent is kept."""

    def __init__(self, answer, certificate=None):
        super().__init__(daemon=True)
        self.answer, self.requests = answer, []
        self.socket = socket.create_server(("127.0.0.9", 0))
        self.port = self.socket.getsockname()[1]
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate + ".pem",
                                         certificate + ".key")
        self.start()

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,),
                             daemon=True).start()

    def serve(self, conn):
        try:
            if self.context:
                conn = self.context.wrap_socket(conn, server_side=True)
            while True:
                data = b""
                while b"\r\n\r\n" not in data:
                    more = conn.recv(65536)
                    if not more:
                        return
                    data += more
                if data.startswith(b"GET /mapi/healthcheck.htm"):
                    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0"
                                 b"\r\n\r\n")
                    continue
                self.requests.append(data.decode("latin-1"))
                if self.answer(conn, data) is False:
                    conn.close()
                    return
        except OSError:
            pass

    def close(self):
        self.socket.close()


OK = (b"HTTP/1.1 200 OK\r\nContent-Type: application/mapi-http\r\n"
      b"X-ResponseCode: 0\r\n")


class Foreign:
    """dave's database lies on a server of Exchange's make, whose directory
    is passed through to."""

    def __init__(self, site, answer, certificate=None):
        self.site = site
        self.fake = Fake(answer, certificate)
        scheme = "https" if certificate else "http"
        site.url("EX", f"{scheme}://127.0.0.9:{self.fake.port}/mapi")
        self.path = f"/mapi/emsmdb/?MailboxId={site.mailbox_id('dave')}"
        self.wait()

    def wait(self):
        """For the front end to have seen the new URL."""
        wait_until("the URL is not followed", lambda: any(
            b["url"].endswith(f":{self.fake.port}/mapi")
            for b in self.site.status()["backends"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.fake.close()

    def post(self, **headers):
        return request(self.site, "POST", self.path, {
            "X-RequestType": "PING", "X-RequestId": "{1}:1", **headers},
            b"hello")


def says(text):
    def answer(conn, _):
        conn.sendall(text)
    return answer


@test
def what_crosses(site):
    """Neither what belongs to a connection, nor what only servers say."""
    answer = OK + (
        b"Connection: close, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: x\r\n"
        b"X-Posthouse-Assertion: stale\r\nX-FEServer: evil\r\n"
        b"X-CalculatedBETarget: evil\r\nX-BEServer: EX\r\n"
        b"Set-Cookie: MapiContext=1; path=/mapi/emsmdb; secure; HttpOnly"
        b"\r\nSet-Cookie: MapiSequence=2; path=/mapi/emsmdb\r\n"
        b"Content-Length: 2\r\n\r\nok")
    with Foreign(site, says(answer)) as foreign:
        conn = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
        conn.request("POST", foreign.path, b"hello", {
            "Connection": "X-Mine, keep-alive", "X-Mine": "1",
            "X-Posthouse-User": "forged", "X-Posthouse-Hops": "0",
            "X-CommonAccessToken": "forged", "X-IsFromCafe": "1",
            "X-BackEndCookie": "forged", "X-Forwarded-For": "1.2.3.4",
            "Proxy-Authorization": "Basic x", "TE": "trailers",
            "Cookie": "MapiContext=a; X-BackEndCookie=b; MapiSequence=c",
            "Authorization": "Basic ZGF2ZTp4", "X-Passes": "yes"})
        response = conn.getresponse()
        body = response.read()
        sent = foreign.fake.requests[0]
        names = {line.split(":")[0].lower()
                 for line in sent.split("\r\n")[1:] if line}
        for name in ("connection", "x-mine", "x-posthouse-user",
                     "x-commonaccesstoken", "x-isfromcafe",
                     "x-backendcookie", "proxy-authorization", "te"):
            check(name not in names, name, sent)
        check("forged" not in sent and "1.2.3.4" not in sent, sent)
        check("Cookie: MapiContext=a; MapiSequence=c\r\n" in sent, sent)
        check("X-Passes: yes" in sent and
              "Authorization: Basic ZGF2ZTp4" in sent, sent)
        check("X-Posthouse-Hops: 1\r\n" in sent, sent)
        check(f"Host: 127.0.0.9:{foreign.fake.port}\r\n" in sent, sent)
        check(sent.startswith("POST /mapi/emsmdb/?MailboxId="), sent)
        headers = response.headers
        check(body == b"ok" and headers["X-Secret"] is None and
              headers["Keep-Alive"] is None and
              headers["X-Posthouse-Assertion"] is None, headers)
        check(headers["X-FEServer"] == "fe" and
              headers["X-CalculatedBETarget"] == "ex.example.test" and
              headers["X-BEServer"] == "EX", headers)
        cookies = headers.get_all("Set-Cookie")
        check(cookies[0].endswith("; path=/mapi/emsmdb; secure; HttpOnly")
              and cookies[1] == "MapiSequence=2; path=/mapi/emsmdb",
              cookies)
        conn.close()


@test
def smuggled_answers(site):
    """What could be framed in two ways is not passed on."""
    for head in (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
                 b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
                 b"Transfer-Encoding: xchunked\r\n\r\n",
                 b"Content-Length : 2\r\n\r\nab",
                 b"Content-Length: 2\n\r\nab",
                 b"A: b\r\n c\r\nContent-Length: 2\r\n\r\nab"):
        with Foreign(site, says(OK + head)) as foreign:
            status, headers, _ = foreign.post()
            check(status == 502, head, status)
            check(headers["X-FailureContext"] == "FrontEnd;502;Malformed;;",
                  headers)


@test
def smuggled_requests(site):
    """A request's body is never taken for another request."""
    with Foreign(site, says(OK + b"Content-Length: 0\r\n\r\n")) as foreign:
        for head in ("Content-Length: 5\r\nContent-Length: 6",
                     "Content-Length: 5\r\nTransfer-Encoding: chunked",
                     "Transfer-Encoding: chunked\r\n"
                     "Transfer-Encoding: identity",
                     "Content-Length: +5"):
            with socket.create_connection(("127.0.0.1", site.plain)) as s:
                s.sendall(f"POST {foreign.path} HTTP/1.1\r\nHost: x\r\n"
                          f"{head}\r\n\r\nhelloGET /evil HTTP/1.1\r\n"
                          "Host: x\r\n\r\n".encode())
                s.settimeout(10)
                data = s.recv(65536)
                check(data.startswith(b"HTTP/1.1 400 "), data)
        check(not foreign.fake.requests, foreign.fake.requests)
        # A hidden slash or line in the URL, a second line in a header.
        for path in ("/mapi/emsmdb/%2e%2e/x", "/mapi/emsmdb/%0d%0aX:y",
                     "/mapi/emsmdb/..%2fx"):
            with socket.create_connection(("127.0.0.1", site.plain)) as s:
                s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n"
                          "Content-Length: 0\r\n\r\n".encode())
                s.settimeout(10)
                check(s.recv(65536).startswith(b"HTTP/1.1 400 "), path)


@test
def breaks_off(site):
    """In its head, behind PROCESSING, behind DONE, within a sized body."""
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    begun = chunked + b"c\r\nPROCESSING\r\n\r\n"
    done = begun + b"6\r\nDONE\r\n\r\n"

    def cut(text):
        def answer(conn, _):
            conn.sendall(text)
            return False
        return answer

    with Foreign(site, cut(b"HTTP/1.1 200 O")) as foreign:
        status, headers, _ = foreign.post()
        check(status == 503 and "Broken" in headers["X-FailureContext"],
              headers)
    with Foreign(site, cut(begun)) as foreign:
        status, headers, body = foreign.post()
        check(status == 200 and body.startswith(b"PROCESSING\r\nDONE\r\n") and
              b"\r\nX-ResponseCode: 1\r\n" in body, body)
    # What is sized has no room for a late failure: what is beyond its length
    # would be taken for the next answer.
    for text in (done, OK + b"Content-Length: 9\r\n\r\nabc",
                 OK + b"Content-Length: 99\r\n\r\nPROCESSING\r\n",
                 OK + b"Content-Length: 9999\r\n\r\nPROCESSING\r\n",
                 chunked + b"5\r\nPROCE\r\n"):
        with Foreign(site, cut(text)) as foreign:
            try:
                foreign.post()
                raise AssertionError("a part was passed off as the whole")
            except (http.client.IncompleteRead, ConnectionError,
                    http.client.RemoteDisconnected):
                pass
    log = site.daemons[FE].log()
    check("failure=Broken" in log and "broke off within its answer" in log)


@test
def slow(site):
    """No answer in answer_timeout."""
    with Foreign(site, lambda *_: time.sleep(30)) as foreign:
        begun = time.monotonic()
        status, headers, _ = foreign.post()
        check(status == 503 and "Timeout" in headers["X-FailureContext"],
              headers)
        check(time.monotonic() - begun < 10)


@test
def refused(site):
    """A back end that offers the method and refuses the front end, one that
    asks for something else, and one that closes."""
    offers = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
    for answer, reason in (
            (offers + b"WWW-Authenticate: NTLM\r\n\r\n", "HopRefused"),
            (offers + b"WWW-Authenticate: NTLM ////\r\n\r\n", "HopRefused"),
            (offers + b"WWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
             "HopMethod"),
            (b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
             b"Content-Length: 0\r\n\r\n", "HopRefused"),
            (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
             "HopRefused")):
        site.certificate("px", "127.0.0.9")
        fake = Fake(says(answer), os.path.join(site.folder, "px"))
        site.url("PX", f"https://127.0.0.9:{fake.port}/mapi")

        def told():
            status, headers, _ = ping(site, "erin")
            context = headers.get("X-FailureContext", "")
            return status == 500 and f";{reason};px.example.test;hop=" \
                in context and "WWW-Authenticate" not in headers
        wait_until(f"{reason} is not told for {answer}", told, 10)
        fake.close()


@test
def certificates(site):
    """Expired, and of another name."""
    for name, address, days, word in (
            ("expired", "127.0.0.9", "-1", "expired"),
            ("other", "127.0.0.8", "30", "mismatch")):
        site.certificate(name, address, days)
        with Foreign(site, says(OK), os.path.join(site.folder, name)) \
                as foreign:
            begun = time.monotonic()
            status, headers, _ = foreign.post()
            check(status == 503 and time.monotonic() - begun < 5, status)
            check(headers["X-FailureContext"].split(";")[2] in
                  ("Certificate", "Down"), headers)
            backend = next(b for b in site.status()["backends"]
                           if b["server"] == "ex.example.test")
            check(word in backend["last_error"], backend)
            check(backend["last_failure"] == "Certificate", backend)


@test
def large_body(site):
    """Streamed: the back end has the beginning while the end is not sent."""
    got = threading.Event()

    def answer(conn, data):
        got.set()
        want = 300000 - (len(data) - data.index(b"\r\n\r\n") - 4)
        while want > 0:
            want -= len(conn.recv(65536))
        conn.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with Foreign(site, answer) as foreign:
        with socket.create_connection(("127.0.0.1", site.plain)) as s:
            s.settimeout(30)
            s.sendall(f"POST {foreign.path} HTTP/1.1\r\nHost: x\r\n"
                      "Content-Length: 300000\r\n\r\n".encode() +
                      b"x" * 1000)
            check(got.wait(10), "the body is held back")
            s.sendall(b"x" * 299000)
            check(s.recv(65536).startswith(b"HTTP/1.1 200 "))


@test
def loops(site):
    """A back end's URL that leads to the front end itself."""
    site.url("EX", f"http://127.0.0.1:{site.plain}/mapi")
    path = f"/mapi/emsmdb/?MailboxId={site.mailbox_id('dave')}"

    def looped():
        try:
            status, headers, _ = request(site, "POST", path, {
                "X-RequestType": "PING"}, b"")
        except (http.client.HTTPException, ConnectionError):
            return False        # the URL before, whose server breaks off
        return status == 500 and "Loop" in headers.get("X-FailureContext",
                                                       "")
    wait_until("circles are not seen", looped, 10)
    status, _, _ = ping(site, "alice", **{"X-Posthouse-Hops": "4"})
    check(status == 500, status)


# --- Nobody gets what is another's ------------------------------------------

def mix(site, users, with_id):
    """Many users at once, on connections that are closed and made anew: each
    answer's page names the one who asked."""
    problems = []

    def ask(user):
        path = "/mapi/emsmdb/"
        if with_id:
            path += "?MailboxId=" + ids[user]
        try:
            conn = None
            for i in range(40):
                if i % 8 == 0:
                    if conn:
                        conn.close()
                    conn = http.client.HTTPConnection(
                        "127.0.0.1", site.plain, timeout=60)
                conn.request("GET", path, None, {
                    "Authorization": basic(site, user)})
                response = conn.getresponse()
                body = response.read().decode()
                if response.status != 200 or \
                        f"UPN: {user}@example.test<" not in body:
                    problems.append((user, response.status,
                                     response.getheaders(), body))
                    return
            conn.close()
        except OSError as error:
            problems.append((user, repr(error)))

    ids = {user: site.mailbox_id(user) for user in users}
    threads = [threading.Thread(target=ask, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not problems, problems[:2])


@test
def users_apart(site):
    """Warm connections are the front end's: the user is each request's."""
    before = site.status()["frontend"]["handshakes"]
    mix(site, site.crowd, False)
    frontend_now = site.status()["frontend"]
    check(frontend_now["handshakes"] - before <= 2 * len(site.crowd),
          frontend_now)


def mix_ntlm(site, users):
    """The same with handshakes of NTLM, which belong to a connection: curl
    keeps one for ten requests."""
    def ask(user):
        url = (f"http://127.0.0.1:{site.plain}/mapi/emsmdb/?MailboxId="
               f"{site.mailbox_id(user)}")
        done = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--ntlm", "-u",
             f"{user}:{site.passwords[user]}", "-w", "\n%{http_code} "
             "%{num_connects}\n"] + [url] * 10, capture_output=True,
            text=True, check=False, timeout=120)
        named = done.stdout.count(f"UPN: {user}@example.test<")
        others = done.stdout.count("UPN: ") - named
        if named != 10 or others:
            problems.append((user, named, others, done.stdout[-800:],
                             done.stderr))

    problems = []
    threads = [threading.Thread(target=ask, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not problems, problems[:2])


@test
def stops(site):
    """The last: who waits is told that the front end stops."""
    client = site.client("alice")
    client.connect()
    client.logon()
    client.http.request("POST", client.path, struct.pack("<II", 0, 0),
                        client.headers("NotificationWait"))
    response = client.http.getresponse()
    check(response.read1(4096) == b"PROCESSING\r\n")
    process = site.daemons[FE].process
    process.send_signal(signal.SIGTERM)
    rest = response.read()
    check(b"DONE\r\n" in rest and b"X-ResponseCode: 18\r\n" in rest, rest)
    check(process.wait(30) == 0, process.returncode)


def main_site():
    settings = "answer_timeout = 2 s\nhop_exchange = pass-through\n"
    site = Site(BUILD, settings)
    site.posthouse("server", "new", "EX", "--fqdn", "ex.example.test",
                   "--version", "Version 15.1 (Build 2507.6)", "--make",
                   "Exchange", "--roles", "mailbox")
    site.posthouse("database", "new", "EX Database", "--server", "EX",
                   "--path", "/nonexistent")
    for user, server in (("alice", MX1), ("bob", MX2), ("carol", MX1)):
        site.user(user, server)
    site.passwords["dave"] = "secret of dave"
    site.posthouse("user", "new", "dave", "--password-stdin",
                   stdin="secret of dave\n")
    site.posthouse("mailbox", "new", "dave", "--database", "EX Database")
    site.posthouse("server", "new", "PX", "--fqdn", "px.example.test",
                   "--version", "Version 15.0 (Build 1210.3)", "--roles",
                   "mailbox")
    site.posthouse("database", "new", "PX Database", "--server", "PX",
                   "--path", "/nonexistent/px")
    site.passwords["erin"] = "secret of erin"
    site.posthouse("user", "new", "erin", "--password-stdin",
                   stdin="secret of erin\n")
    site.posthouse("mailbox", "new", "erin", "--database", "PX Database")
    site.crowd = [f"user{i}" for i in range(8)]
    for i, user in enumerate(site.crowd):
        site.user(user, (MX1, MX2)[i % 2])
    return site


def pass_through():
    """Posthouse itself as the back end of pass-through."""
    with Site(BUILD, "hop_posthouse = pass-through\n") as site:
        crowd = [f"user{i}" for i in range(8)]
        for i, user in enumerate(crowd):
            site.user(user, (MX1, MX2)[i % 2])
        site.start()
        mix(site, crowd, True)
        mix_ntlm(site, crowd)
        # Without MailboxId there is nothing to route by.
        status, headers, _ = ping(site, "user0")
        check(status == 500, status)
        check("NeedsMailboxId" in headers["X-FailureContext"], headers)
        # 401 comes from the back end, with its methods.
        status, headers, body = request(
            site, "POST", "/mapi/emsmdb/?MailboxId=" +
            site.mailbox_id("user0"), {"Content-Length": "0"})
        check(status == 401 and body == b"" and
              "WWW-Authenticate" in headers, headers)
        check(site.status()["frontend"]["idle"] == 0)
        # A handshake that is bound to another certificate can't be passed.
        fe = site.daemons[FE]
        check_only = [site.program("posthoused"), "--check", "--config",
                      fe.conf]
        done = subprocess.run(check_only, capture_output=True, text=True,
                              check=False)
        check(done.returncode == 0, done.stderr)
        site.cmdlet("Set-MapiVirtualDirectory", "-Identity",
                    "MX1\\mapi (Exchange Back End)",
                    "-ExtendedProtectionTokenChecking", "Require")
        done = subprocess.run(check_only, capture_output=True, text=True,
                              check=False)
        check(done.returncode == 1 and "pass-through to MX1" in done.stderr,
              done.stderr)
        os.remove(os.path.join(site.folder, "ca.pem"))
        done = subprocess.run(check_only, capture_output=True, text=True,
                              check=False)
        check("ca_file" in done.stderr, done.stderr)


def main():
    global BUILD
    BUILD = sys.argv[1]
    only = sys.argv[2:]
    failed = passed = 0
    with main_site() as site:
        site.start()
        for fn in TESTS:
            if only and fn.__name__ not in only:
                continue
            try:
                fn(site)
                passed += 1
                print(f"ok   {fn.__name__}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAIL {fn.__name__}: {type(error).__name__}: "
                      f"{error}", flush=True)
        if failed:
            for daemon in site.daemons.values():
                print(daemon.name, daemon.diagnosis())
            print("\n".join(line for line in site.daemons[FE].log().split(
                "\n") if " proxy " not in line))
    if not only or "pass_through" in only:
        try:
            pass_through()
            passed += 1
            print("ok   pass_through")
        except Exception as error:
            failed += 1
            print(f"FAIL pass_through: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

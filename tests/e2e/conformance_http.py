# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCMAPIHTTP]: the ids are its own."""
import http.client
import re
import struct
import threading
import time

from conformance_wire import Reader, Session
from mapi import Client, rpc_header_ext


def prepare(org, tally):
    org.tally = tally
    return org


def connect_body(dn, flags=0, page=1252):
    return dn.encode() + b"\0" + struct.pack("<IIIII", flags, page, 0x409,
                                             0x409, 0)


def code(answer):
    """The X-ResponseCode that counts: the additional one if there is one."""
    return answer.extra.get("X-ResponseCode", answer.code)


def check_connect(org):
    t = org.tally
    c = Client(org, "alice")
    a = c.call("Connect", connect_body(org.user_dn("alice")))
    t.same((a.status, a.code), (200, "0"), "R48, R2226")
    t.same(a.lines[-1], "DONE", "R1136, R1244")
    t.that(set(a.lines) <= {"PROCESSING", "PENDING", "DONE"}, "R1133")
    t.that("X-ElapsedTime" in a.extra and "X-StartTime" in a.extra, "R2228")
    t.that(a.extra["X-ElapsedTime"].isdigit(), "R168")
    t.that(re.match(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$",
                    a.extra["X-StartTime"]), "R2046")
    for name in ("Content-Type", "X-RequestType", "X-ResponseCode",
                 "X-RequestId", "X-ServerApplication", "X-ExpirationInfo",
                 "X-PendingPeriod"):
        t.that(a.header(name) is not None, f"R44, R167, R1242 {name}")
    t.that(a.header("Content-Type").startswith("application/mapi-http"),
           "R2037")
    t.same(a.header("X-RequestType"), "Connect", "R79")
    t.same(a.header("X-RequestId"), f"{{{c.guid}}}:1", "R2040")
    t.same(a.header("X-ClientInfo"), f"{{{c.guid}}}", "R156, R1146")
    t.that(re.match(r"Exchange/15\.\d\d\.\d{4}\.\d{3}$",
                    a.header("X-ServerApplication")), "R165")
    t.that(bool(a.header("Content-Length")) !=
           (a.header("Transfer-Encoding") == "chunked"), "R460, R1300")
    t.that(c.cookies, "R1221 Set-Cookie")
    r = Reader(a.body)
    t.same((r.u32(), r.u32()), (0, 0), "R1349, R210")
    t.that(r.u32() > 0, "R211 PollsMax")
    r.u32(), r.u32()
    t.that(isinstance(r.str8(), bytes), "R215 DnPrefix")
    t.that(len(r.wide()) > 0, "R216 DisplayName")
    r.take(r.u32())
    t.same(r.left(), 0, "R1352")
    c.disconnect()
    c.close()


def check_connect_errors(org):
    t = org.tally
    c = Client(org, "alice")
    a = c.call("Connect", connect_body("/o=nobody/cn=here"))
    t.same((a.status, code(a)), (200, "0"), "R49")
    r = Reader(a.body)
    status = r.u32()
    if status:
        r.take(r.u32())
        t.same(r.left(), 0, "R219, R225 the failure's fields")
    else:
        t.that(r.u32() != 0, "R1350 ErrorCode")
    c = Client(org, "alice")
    for body in (b"", b"no end", connect_body("x")[:-6],
                 connect_body("x") + b"extra"):
        a = c.call("Connect", body)
        t.same(code(a), "12", f"R148 a body of {len(body)} bytes")
    c.close()


def check_headers(org):
    t = org.tally
    c = Client(org, "alice")
    dn = connect_body(org.user_dn("alice"))
    a = c.call("Connect", dn, drop=("X-RequestType",))
    t.that(a.code in ("7", "5"), f"R143, R141 no X-RequestType: {a.code}")
    t.that((a.header("Content-Type") or "").startswith("text/html"),
           "R2038 of a failure")
    a = c.call("Connect", dn, drop=("X-RequestId",))
    t.same(a.code, "7", "R143 X-RequestId missing")
    a = c.call("Nonsense", dn)
    t.same((a.status, a.code), (200, "5"), "R141, R49")
    a = c.call("Connect", dn, Content_Type="text/plain")
    t.same(a.code, "4", "R140 a Content-Type")
    a = c.call("Connect", dn, X_DeviceInfo="some device")
    t.same(a.code, "0", "R2239")
    t.same(a.header("X-DeviceInfo"), None, "R2050")
    c.disconnect()
    c.close()


def plain_request(org, method, path, headers):
    link = http.client.HTTPConnection("127.0.0.1", org.plain, timeout=20)
    link.request(method, path, None, headers)
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer.status, answer.getheader("X-ResponseCode"), body


def check_verbs(org):
    t = org.tally
    c = Client(org, "alice")
    headers = c.headers("PING")
    status, x, _ = plain_request(org, "PUT", "/mapi/emsmdb/", headers)
    t.that(x == "2" or status == 405, f"R138 PUT: {status} {x}")
    status, x, _ = plain_request(org, "POST", "/mapi/nowhere/", headers)
    t.that(x == "3" or status == 404, f"R139 a path: {status} {x}")
    del headers["Authorization"]
    status, x, _ = plain_request(org, "POST", "/mapi/emsmdb/", headers)
    t.same(status, 401, "R35, R36, R1331")
    c.password = "wrong"
    a = c.call("PING")
    t.same(a.status, 401, "R1331")
    c.close()


def execute_body(rops=b"", handles=()):
    payload = struct.pack("<H", len(rops) + 2) + rops + b"".join(
        struct.pack("<I", h) for h in handles)
    buffer = rpc_header_ext(payload)
    return struct.pack("<II", 3, len(buffer)) + buffer + struct.pack(
        "<II", 0x10008, 0)


def check_cookies(org):
    t = org.tally
    c = Client(org, "alice")
    for kind, body in (("Execute", execute_body()),
                       ("Disconnect", struct.pack("<I", 0)),
                       ("NotificationWait", struct.pack("<II", 0, 0))):
        a = c.call(kind, body)
        t.same(a.code, "13", f"R149 {kind} without cookies")
    c.connect()
    good = dict(c.cookies)
    for name in good:
        c.cookies = {k: v for k, v in good.items() if k != name}
        a = c.call("Execute", execute_body())
        t.same(a.code, "13", f"R149 without {name}")
    c.cookies = dict.fromkeys(good, "nonsense")
    a = c.call("Execute", execute_body())
    t.that(a.code in ("6", "10"), f"R142, R146: {a.code}")
    c.cookies = good
    a = c.call("Execute", execute_body())
    t.same(a.code, "0", "R1236 the context is still there")
    t.that(any(k.lower() == "set-cookie" for k, _ in a.headers), "R1236")
    c.disconnect()
    a = c.call("Execute", execute_body())
    t.that(a.code in ("10", "6"), f"R2233, R2236, R1253: {a.code}")
    c.close()


def check_execute_body(org):
    t = org.tally
    c = Client(org, "alice")
    c.connect()
    a = c.call("Execute", execute_body())
    r = Reader(a.body)
    t.same((r.u32(), r.u32(), r.u32()), (0, 0, 0), "R1356, R1357, R1358")
    r.take(r.u32())
    r.take(r.u32())
    t.same(r.left(), 0, "R1360, R1361")
    for body in (b"", b"\0" * 7, execute_body() + b"more"):
        a = c.call("Execute", body)
        t.same(code(a), "12", f"R148 a body of {len(body)} bytes")
    a = c.call("PING")
    t.same((a.status, code(a)), (200, "0"), "R1247")
    t.same(a.body, b"", "R1249, R1460")
    a = c.call("Disconnect", struct.pack("<I", 0))
    r = Reader(a.body)
    t.same((r.u32(), r.u32()), (0, 0), "R1363, R1364")
    r.take(r.u32())
    t.same(r.left(), 0, "R1365")
    c.close()


def check_other_user(org):
    """R1224, R1225, R147: a context is its user's."""
    t = org.tally
    c = Client(org, "alice")
    c.connect()
    thief = Client(org, "bob")
    thief.cookies = dict(c.cookies)
    a = thief.call("Execute", execute_body())
    t.that(a.code in ("10", "11"), f"R1225, R147: {a.code}")
    t.same(a.code, "10", "R1225")
    a = c.call("Execute", execute_body())
    t.same(a.code, "0", "R1225 alice goes on")
    c.disconnect()
    c.close()
    thief.close()


def check_sequence(org):
    """R151: an old sequence cookie, and two requests at once."""
    t = org.tally
    c = Client(org, "alice")
    c.connect()
    old = dict(c.cookies)
    c.must("Execute", execute_body())
    fresh = dict(c.cookies)
    if old != fresh:
        c.cookies = dict(old)
        a = c.call("Execute", execute_body())
        t.same(a.code, "15", "R151 a stale sequence")
    c.cookies = fresh
    a = c.call("Execute", execute_body())
    t.that(a.code in ("0", "10", "15"), "R1228")
    c.close()


def check_reconnect(org):
    t = org.tally
    c = Client(org, "alice")
    c.connect()
    first = dict(c.cookies)
    c.connect()
    second = dict(c.cookies)
    t.that(first != second, "R1278 new cookies")
    c.cookies = first
    a = c.call("Execute", execute_body())
    t.that(a.code in ("10", "6"), f"R1277 the old context is gone: {a.code}")
    c.cookies = {k: v for k, v in second.items()
                 if "equence" not in k}
    a = c.call("Connect", connect_body(org.user_dn("alice")))
    t.same(a.code, "0", "R1279, R1329 without the sequence")
    c.disconnect()
    c.close()


def check_wait(org):
    """3.2.5.5: the wait is under way while an Execute runs."""
    t = org.tally
    s = Session(org, "alice", t)
    s.rop(0x29, s.store, struct.pack("<HB", 4, 1), out=True).ok("register")
    waiter = Client(org, "alice")
    waiter.cookies = dict(s.client.cookies)
    got = []

    def wait():
        start = time.monotonic()
        a = waiter.call("NotificationWait", struct.pack("<II", 0, 0))
        got.append((a, time.monotonic() - start))
    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    t.same(got, [], "R1258 not before an event")
    other = Session(org, "alice", t)
    other.new_message(other.inbox)
    thread.join(20)
    a, _ = got[0]
    t.same((a.status, code(a)), (200, "0"), "R1256")
    t.same(a.header("Transfer-Encoding"), "chunked", "R1230")
    t.that("PROCESSING" in a.lines, "R1238")
    r = Reader(a.body)
    t.same((r.u32(), r.u32(), r.u32()), (0, 0, 1), "R1369, R1371")
    r.take(r.u32())
    t.same(r.left(), 0, "R1374")
    s.close()
    other.close()
    waiter.close()

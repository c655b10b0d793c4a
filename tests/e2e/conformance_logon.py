# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCSTOR]: the ids are its own; those of [MS-OXCROPS] say so."""
import struct
import uuid

from conformance_wire import (ACCESS_DENIED, CORRUPT_DATA, EC_ERROR,
                              INVALID_PARAM, LOGIN_FAILURE, NOT_FOUND,
                              NOT_IMPLEMENTED, NOT_SUPPORTED, UNKNOWN_USER,
                              Answer, Session)

PRIVATE, PUBLIC_FLAG, MAPPING = 1, 2, 0x01000000


def prepare(org, tally):
    s = Session(org, "carol", tally)
    s.dn = org.user_dn("carol")
    return s


def logon(s, dn, flags=PRIVATE, opens=MAPPING, state=0, logon_id=0, size=None):
    text = dn.encode() + b"\0" if dn is not None else b""
    body = struct.pack("<BIIH", flags, opens, state,
                       len(text) if size is None else size) + text
    data, handles = s.raw(struct.pack("<BBB", 0xFE, logon_id, 0) + body,
                          [0xFFFFFFFF])
    return Answer(s, data, 0xFE, 0, handles)


def fields(s, a):
    out = {"flags": a.u8(), "folders": [a.u64() for _ in range(13)],
           "response": a.u8(), "mailbox": a.take(16), "replid": a.u16(),
           "replguid": a.take(16)}
    out["time"] = (a.u8(), a.u8(), a.u8(), a.u8(), a.u8(), a.u8(), a.u16())
    out["gwart"], out["state"] = a.u64(), a.u32()
    a.end("OXCROPS 2.2.3.1.2")
    return out


def check_logon(s):
    t = s.tally
    got = fields(s, logon(s, s.dn).ok("R166"))
    t.same(got["flags"], 1, "OXCROPS R70")
    t.that(all(got["folders"]) and len(set(got["folders"])) == 13,
           "R821, OXCROPS R53")
    t.same(got["response"] & 7, 7, "R123, R124, R126 the owner")
    t.same(uuid.UUID(bytes_le=got["mailbox"]),
           uuid.UUID(s.org.mailbox("carol")["guid"]), "OXCROPS R58")
    t.that(got["replguid"] != bytes(16) and got["replid"] != 0, "R1200")
    t.that(all(f & 0xFFFF == got["replid"] for f in got["folders"]),
           "OXCROPS R60")
    sec, minute, hour, weekday, day, month, year = got["time"]
    t.that(sec < 60 and minute < 60 and hour < 24 and weekday < 7 and
           1 <= day <= 31 and 1 <= month <= 12 and year > 2020,
           "OXCROPS R78 to R90")
    t.same(got["state"], 0, "R141, OXCROPS R4683")
    again = fields(s, logon(s, s.dn, state=0x1234).ok("OXCROPS R4677"))
    t.same(again["replguid"], got["replguid"], "R133, R1205")
    for opens in (0x4, 0x8, 0x400, 0x4 | 0x20000000):
        logon(s, s.dn, opens=MAPPING | opens).ok(f"R79, R84, R96 {opens:#x}")
    logon(s, s.dn, flags=PRIVATE | 2).ok("R59 Undercover is ignored")
    logon(s, s.dn, flags=PRIVATE | 4).ok("R2001 Ghosted is ignored")
    logon(s, s.dn.upper()).ok("OXCDATA 2.2.5.1 a DN in another case")
    logon(s, s.dn, opens=0).ok("R1046 the first mailbox, without mapping")


def check_logon_errors(s):
    t = s.tally
    logon(s, s.dn + "x").failed(UNKNOWN_USER, "R788, R174")
    logon(s, "/o=nowhere/cn=nobody").failed(UNKNOWN_USER, "R788")
    logon(s, s.dn, flags=0, opens=PUBLIC_FLAG).failed(
        LOGIN_FAILURE, "R59753 no public folders")
    a = logon(s, s.org.user_dn("bob"))
    t.among(a.ec, (ACCESS_DENIED, 0x3F2), "R3905, R188 another's mailbox")
    a.end("OXCROPS R135")
    for opens in (0x10, 0x40000000):
        a = logon(s, s.dn, opens=MAPPING | opens)
        t.same(a.ec, EC_ERROR, f"R1202 OpenFlags {opens:#x}")
    logon(s, s.dn, flags=PRIVATE | 0x40).failed(EC_ERROR,
                                                "R1202 LogonFlags")


def receive(s, text):
    return s.rop(0x27, s.store, text + b"\0")


def set_receive(s, fid, text):
    return s.rop(0x26, s.store, struct.pack("<Q", fid) + text + b"\0")


BAD_CLASSES = (b".x", b"x.", b"a..b", b"caf\xe9", b"tab\there",
               b"x" * 255)


def check_receive_folder(s):
    t = s.tally

    def got(text):
        a = receive(s, text).ok("R851")
        out = a.u64(), a.str8()
        a.end("OXCROPS 2.2.3.2")
        return out
    inbox = s.inbox
    t.same(got(b""), (inbox, b""), "R852, R3119, R782")
    t.same((got(b"IPM.Note")[0], got(b"IPM.Note")[1].upper()),
           (inbox, b"IPM"), "R847, R3120, R782")
    t.same((got(b"report.ipm")[0], got(b"report.ipm")[1].upper()),
           (inbox, b"REPORT.IPM"), "R847 whatever the case")
    t.same(got(b"MY.Class"), (inbox, b""), "R852, R1223")
    fid, h = s.new_folder(s.folder(inbox), "receives")
    set_receive(s, fid, b"MY.Class").ok("R59754").end("OXCROPS 2.2.3.3")
    t.same((got(b"MY.CLASS.Something")[0],
            got(b"my.class.Something")[1].upper()), (fid, b"MY.CLASS"),
           "R3122, R1224")
    t.same(got(b"MY.Classic"), (inbox, b""), "R847 whole parts")
    set_receive(s, inbox, b"my.class").ok("R862, R1235")
    t.same(got(b"MY.Class")[0], inbox, "R1235")
    set_receive(s, 0, b"MY.CLASS").ok("R864")
    t.same(got(b"MY.Class"), (inbox, b""), "R864")
    for bad in BAD_CLASSES:
        receive(s, bad).failed(INVALID_PARAM,
                               f"R59785, R203 to R207 {bad[:8]}")
        set_receive(s, fid, bad).failed(INVALID_PARAM,
                                        f"R858 {bad[:8]}")
    for text in (b"IPM", b"ipm"):
        set_receive(s, fid, text).failed(ACCESS_DENIED, "R859, R272")
    set_receive(s, fid, b"Report.IPM").failed(ACCESS_DENIED, "R272")
    set_receive(s, 0, b"").failed(EC_ERROR, "R860, R277")
    for rop, body in ((0x27, b"\0"), (0x26, struct.pack("<Q", fid) + b"a\0"),
                      (0x68, b"")):
        s.rop(rop, h, body).failed(NOT_SUPPORTED, "R239, R280, R325")


def check_receive_table(s):
    t = s.tally
    fid, _ = s.new_folder(s.folder(s.inbox), "table receives")
    set_receive(s, fid, b"A.Class").ok("R59754")
    a = s.rop(0x68, s.store).ok("R876")
    rows = [a.row([0x67480014, 0x001A001E, 0x30080040])
            for _ in range(a.u32())]
    a.end("R301, OXCROPS 2.2.3.4")
    found = {r[1].upper(): r for r in rows}
    t.that({b"", b"IPM", b"REPORT.IPM", b"IPC", b"A.CLASS"} <= set(found),
           f"R782, R876 {sorted(found)}")
    t.same(found[b"A.CLASS"][0], fid, "R870")
    t.that(found[b"A.CLASS"][2] > 0, "R873, R1030")


def check_store_state(s):
    a = s.rop(0x7B, s.store)
    if a.ec == 0:
        a.u32()
        a.end("R339")
    else:
        a.failed(NOT_IMPLEMENTED, "R882, R1091")


def check_public(s):
    t = s.tally
    a = s.rop(0x45, s.store, struct.pack("<Q", s.inbox)).ok("R917")
    t.same(a.u8(), 0, "R917")
    a.end("R1237")
    s.tally.that(s.rop(0x42, s.store, struct.pack("<Q", s.inbox)).ec != 0,
                 "R892 can fail")


def long_term(s, oid):
    a = s.rop(0x43, s.store, struct.pack("<Q", oid))
    if a.ec:
        return a, b""
    out = a.take(24)
    a.end("OXCROPS 2.2.3.8")
    return a, out


def short(s, ltid):
    a = s.rop(0x44, s.store, ltid)
    if a.ec:
        return a, 0
    out = a.u64()
    a.end("OXCROPS 2.2.3.9")
    return a, out


def check_ids(s):
    t = s.tally
    _, ltid = long_term(s, s.inbox)
    wire = struct.pack("<Q", s.inbox)
    t.same(ltid[16:], wire[2:] + b"\0\0", "R1244")
    t.same(short(s, ltid)[1], s.inbox, "R1252, R1253")
    t.same(long_term(s, s.inbox)[1], ltid, "R947")
    t.same(short(s, ltid[:22] + b"zz")[1], s.inbox,
           "R953 the padding is ignored")
    other = s.inbox & 0xFFFF | 0x123456 << 40
    _, l2 = long_term(s, other)
    t.same(l2[:16], ltid[:16], "R945 whether it exists or not")
    a, _ = long_term(s, s.inbox & ~0xFFFF | 0x7ABC)
    t.same(a.ec, NOT_FOUND, "R946, R452")
    a, _ = long_term(s, s.inbox & ~0xFFFF)
    t.same(a.ec, NOT_FOUND, "R3114 a REPLID of 0")
    guid = uuid.uuid4().bytes_le
    a, new = short(s, guid + b"\0\0\0\0\0\7\0\0")
    t.same(a.ec, 0, "R950")
    t.that(new & 0xFFFF not in (0, s.inbox & 0xFFFF), "R1246, R951")
    t.same(short(s, guid + b"\0\0\0\0\0\7\0\0")[1], new, "R952")
    t.same(long_term(s, new)[1], guid + b"\0\0\0\0\0\7\0\0", "R1243")
    a, _ = short(s, bytes(16) + b"\0\0\0\0\0\7\0\0")
    t.same(a.ec, INVALID_PARAM, "R94801, R1121")


def check_local_ids(s):
    t = s.tally
    a = s.rop(0x7F, s.store, struct.pack("<I", 100)).ok("OXCROPS 2.2.13.13")
    guid, first = a.take(16), a.take(6)
    a.end("OXCROPS 2.2.13.13")
    a = s.rop(0x7F, s.store, struct.pack("<I", 1)).ok("OXCROPS 2.2.13.13")
    t.same(a.take(16), guid, "the same REPLGUID")
    t.that(int.from_bytes(a.take(6), "big") >=
           int.from_bytes(first, "big") + 100, "a range of its own")


def read_user(s, ltid, offset=0, most=0):
    a = s.rop(0x63, s.store, ltid + struct.pack("<BIH", 0, offset, most))
    if a.ec:
        a.end()
        return a.ec, None, b""
    finished = a.u8()
    data = a.take(a.u16())
    a.end("OXCROPS 2.2.3.12")
    return 0, finished, data


def write_user(s, ltid, data, finished=1, offset=0, guid=b"\0" * 16):
    body = ltid + struct.pack("<BIH", finished, offset, len(data)) + data
    if offset == 0:
        body += guid
    return s.rop(0x64, s.store, body)


def idset(n):
    """[MS-OXCFXICS] 2.2.2.4.2: a REPLGUID, n single GLOBCNTs, the end."""
    out = uuid.UUID(int=5).bytes_le
    for i in range(n):
        out += b"\6" + (7 * i + 1).to_bytes(6, "big")
    return out + b"\0"


def check_per_user(s):
    t = s.tally
    db = uuid.uuid4().bytes_le
    ltid = uuid.uuid4().bytes_le + b"\0\0\0\0\1\1\0\0"
    t.same(read_user(s, ltid), (0, 1, b""), "R1255")
    blob = idset(10)
    write_user(s, ltid, blob, guid=db).ok("R1025").end("OXCROPS 2.2.3.13")
    t.same(read_user(s, ltid), (0, 1, blob), "R967, R992, R1010, R1011")
    t.same(read_user(s, ltid, 0, 20), (0, 0, blob[:20]),
           "R982, R1001, R1004, R1005")
    t.same(read_user(s, ltid, 20, 1000), (0, 1, blob[20:]), "R984, R1010")
    t.same(read_user(s, ltid, len(blob) + 1)[0], EC_ERROR, "R1260, R557")
    t.among(read_user(s, ltid, 0xFFFFFFFF)[0], (EC_ERROR, 0x4B6), "R1259")
    a = s.rop(0x60, s.store, db).ok("R956")
    t.same([a.take(24) for _ in range(a.u16())], [ltid], "R957, R958, R475")
    a.end("OXCROPS 2.2.3.10")
    a = s.rop(0x60, s.store, uuid.uuid4().bytes_le).ok("R960")
    t.same(a.u16(), 0, "R960")
    a = s.rop(0x61, s.store, ltid).ok("R964")
    t.same(a.take(16), db, "R964")
    a.end("OXCROPS 2.2.3.11")
    s.rop(0x61, s.store, uuid.uuid4().bytes_le + b"\0" * 7 + b"\1").failed(
        NOT_FOUND, "R1254")
    more = idset(20)
    write_user(s, ltid, more[:50], 0, guid=db).ok("R1013")
    write_user(s, ltid, more[50:], 1, 50).ok("R1014")
    t.same(read_user(s, ltid)[2], more, "R1014, R1024 replaced")
    write_user(s, ltid, more[:50], 0, guid=db).ok("R1013")
    write_user(s, ltid, more[40:], 1, 40).failed(EC_ERROR,
                                                 "R1033, R1019, R600")
    write_user(s, ltid, more[:50], 0, guid=db).ok("R1013")
    other = uuid.uuid4().bytes_le + b"\0\0\0\0\2\2\0\0"
    write_user(s, other, more[50:], 1, 50).failed(EC_ERROR,
                                                  "R1017, R1019, R601")
    write_user(s, ltid, b"garbage that is no IDSET", guid=db).failed(
        CORRUPT_DATA, "R1021, R603")
    t.same(read_user(s, ltid)[2], more, "R1015 validated before it is kept")


def check_two_logons(s):
    """OXCROPS 3.2.5.4, 2.2.3.1.1: logons in one session."""
    t = s.tally
    a = logon(s, s.dn, logon_id=1).ok("OXCROPS 2.2.3.1.1")
    second = a.handles[0]
    r = s.rop(0x02, second, struct.pack("<QB", s.inbox, 0), out=True,
              logon=1).ok("a folder of the second logon")
    r = s.rop(0x04, r.handle, b"\0", out=True, logon=0)
    t.same(r.ec, ACCESS_DENIED,
           "OXCROPS R457303 the handle of another logon")

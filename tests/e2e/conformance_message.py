# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCMSG] without attachments: the ids are its own; those of
[MS-OXCROPS] say so."""
import struct
import time

from conformance_wire import (EC_ERROR, NOT_FOUND, NULL_OBJECT,
                              OBJECT_MODIFIED, Reader, Session, Short,
                              tags, wide)

SUBJECT, FLAGS, MID, CLASS = 0x0037001F, 0x0E070003, 0x674A0014, 0x001A001F
CHANGE_KEY, MODIFIED, STATUS = 0x65E20102, 0x30080040, 0x0E170003
PREFIX, NORMALIZED = 0x003D001F, 0x0E1D001F


def prepare(org, tally):
    s = Session(org, "alice", tally)
    s.fid, s.fh = s.new_folder(s.folder(s.inbox), "message checks")
    s.dn = org.user_dn("alice")
    return s


# ---- recipients: [MS-OXCDATA] 2.8.3 ----

def smtp_row(name, address, columns=(), row=b"\0"):
    """RecipientFlags: Type SMTP, E, D, T (the same name), U."""
    return struct.pack("<H", 0x0003 | 0x08 | 0x10 | 0x40 | 0x200) + \
        wide(address) + wide(name) + struct.pack("<H", len(columns)) + row


def x500_row(name, dn):
    return struct.pack("<HBB", 0x0001 | 0x10 | 0x40 | 0x200, 0, 0) + \
        dn.encode() + b"\0" + wide(name) + struct.pack("<HB", 0, 0)


def recipient_row(r, size, columns):
    """What a RecipientRow says: name, address or DN, the columns."""
    start = r.at
    flags = r.u16()
    unicode = flags & 0x200
    text = r.wide if unicode else lambda: r.str8().decode("cp1252")
    out = {"type": flags & 7}
    if flags & 7 == 1:
        r.u8(), r.u8()
        out["dn"] = r.str8().decode()
    if flags & 7 in (6, 7):
        r.take(r.u16()), r.take(r.u16())
    if flags & 7 == 0 and flags & 0x8000:
        out["kind"] = r.str8().decode()
    if flags & 0x08:
        out["address"] = text()
    if flags & 0x10:
        out["name"] = text()
    if flags & 0x400:
        out["simple"] = text()
    if flags & 0x20:
        out["transmittable"] = text()
    n = r.u16()
    out["columns"] = r.row(columns[:n])
    if r.at - start != size:
        raise Short(f"a RecipientRow of {size} bytes takes {r.at - start}")
    return out


def modify_recipients(s, h, rows, columns=()):
    body = tags(*columns) + struct.pack("<H", len(rows))
    for row_id, kind, row in rows:
        body += struct.pack("<IBH", row_id, kind, len(row)) + row
    return s.rop(0x0E, h, body)


def read_recipients(s, h, first, columns, size=0x10008):
    a = s.rop(0x0F, h, struct.pack("<IH", first, 0), size=size)
    if a.ec:
        return a, []
    rows = []
    for _ in range(a.u8()):
        row_id, kind = a.u32(), a.u8()
        a.u16()
        s.tally.same(a.u16(), 0, "OXCROPS R1928 Reserved")
        row = recipient_row(a, a.u16(), columns)
        rows.append((row_id, kind, row))
    a.end("OXCROPS 2.2.6.6")
    return a, rows


def summary(s, a):
    """The success fields that RopOpenMessage and its like share."""
    out = {"named": a.u8(), "prefix": a.typed_string(),
           "subject": a.typed_string(), "count": a.u16()}
    columns = [a.u32() for _ in range(a.u16())]
    out["columns"], out["rows"] = columns, []
    for _ in range(a.u8()):
        kind = a.u8()
        a.u16()
        s.tally.same(a.u16(), 0, "OXCROPS R1730 Reserved")
        out["rows"].append((kind, recipient_row(a, a.u16(), columns)))
    a.end("OXCROPS 2.2.6.1")
    return out


def check_create(s):
    t = s.tally
    h = s.create_message(s.fid)
    want = {0x00170003: 1, CLASS: "IPM.Note", 0x00360003: 0, 0x0E02001F: "",
            0x0E03001F: "", 0x0E04001F: "", 0x0E1B000B: 0, 0x0E790003: 1,
            0x0FF40003: 3, 0x0FF70003: 1, 0x664A000B: 0}
    for tag, v in want.items():
        t.same(s.get(h, tag), v, f"R341 to R364 {tag:#x}")
    t.among(s.get(h, FLAGS), (9, 0x409), "R347, R1480")
    created, modified = s.get_props(h, 0x30070040, MODIFIED)
    now = (time.time() + 11644473600) * 1e7
    t.that(abs(created - now) < 60e7, "R356 PidTagCreationTime")
    t.same(modified, created, "R357")
    t.that(len(s.get(h, 0x300B0102)) == 16, "R358 PidTagSearchKey")
    t.same(s.get(h, 0x3FF10003), 0x409, "R359 PidTagMessageLocaleId")
    t.same(s.get(h, 0x66A10003), s.get(h, 0x3FF10003), "R365")
    for tag in (0x3FF8001F, 0x3FF90102, 0x3FFA001F, 0x3FFB0102):
        t.that(not isinstance(s.get(h, tag), tuple) and s.get(h, tag),
               f"R360 to R363 {tag:#x}")
    t.same(s.get(h, 0x3FFA001F), s.get(h, 0x3FF8001F), "R362")
    t.same(s.get(h, 0x3FFB0102), s.get(h, 0x3FF90102), "R363")
    t.that(s.get(h, 0x3FF90102).endswith(s.dn.encode() + b"\0"), "R361")
    t.same(s.get(s.fh, 0x36020003), 0, "R339 not before the save")
    mid = s.saved(h)
    t.same(s.get(s.fh, 0x36020003), 1, "R339")
    t.same(s.get(h, MID), mid, "R372")
    t.same(s.get(h, 0x0FF40003), 7, "OXCPRPT 2.2.1.1 PidTagAccess")
    a = s.rop(0x06, s.store, struct.pack("<HQB", 0xFFF, mid, 0), out=True)
    t.same(a.ec, NOT_FOUND, "no such folder")
    s.release(h)
    h = s.create_message(s.fid, 1)
    t.same(s.get(h, FLAGS) & 0x40, 0x40, "R527, R988 mfFAI")


def check_open(s):
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "RE: open me"))
    a = s.open_message(s.fid, mid).ok("R321")
    got = summary(s, a)
    t.same((got["named"], got["prefix"], got["subject"]),
           (0, "RE: ", "open me"), "OXCROPS R1704, R1707, R1710")
    t.same((got["count"], got["rows"]), (0, []), "R327, R330")
    again = s.open_message(s.fid, mid).ok("R1475").handle
    t.that(again != a.handle, "R1475 a different handle")
    none = (mid & 0xFFFF) | 0xFFFFFF << 40
    s.open_message(s.fid, none).failed(NOT_FOUND, "R323, R333")
    s.open_message(s.inbox, mid).failed(NOT_FOUND, "R1477")
    s.open_message(none, mid).failed(NOT_FOUND, "R333 no such folder")
    a = s.rop(0x03, again, struct.pack("<HQBQ", 0xFFF, s.fid, 3, mid),
              out=True)
    a.failed(NULL_OBJECT, "R1478")
    a = s.rop(0x03, s.fh, struct.pack("<HQBQ", 0xFFF, s.fid, 3, mid),
              out=True).ok("R1478 on a folder")
    s.open_message(s.fid, mid, flags=0xF0).ok("R1293 bits are ignored")
    h = s.message(s.fid, mid, 0)
    t.same(s.get(h, 0x0FF70003), 0, "R661 read only")
    t.same(s.get(s.message(s.fid, mid, 1), 0x0FF70003), 1, "R663")
    problems = s.set_props(h, (SUBJECT, "no"))
    a = s.save(h)
    t.that(problems or a.ec, "R1699 opened read only")
    t.same(s.get(s.message(s.fid, mid), SUBJECT), "RE: open me", "R1699")


def check_save(s):
    t = s.tally
    h = s.create_message(s.fid)
    a = s.save(h).ok("R372")
    t.same(a.u8(), 1, "OXCROPS R1816 InputHandleIndex")
    mid = a.u64()
    a.end("OXCROPS 2.2.6.3")
    one, two = s.message(s.fid, mid), s.message(s.fid, mid)
    s.set_props(one, (SUBJECT, "one"))
    s.set_props(two, (SUBJECT, "two"))
    t.same(s.get(one, SUBJECT), "one", "OXCPRPT R476")
    t.same(s.get(s.message(s.fid, mid), SUBJECT), ("error", NOT_FOUND),
           "R704 not before the save")
    before = s.get(one, CHANGE_KEY)
    s.saved(one, 2)
    t.that(s.get(one, CHANGE_KEY) != before, "R1501 a save changes the key")
    s.save(two).failed(OBJECT_MODIFIED, "R705, R1053")
    idle = s.message(s.fid, mid)
    t.same(s.get(s.message(s.fid, mid), SUBJECT), "one", "R705")
    s.saved(two, 4)
    t.same(s.get(s.message(s.fid, mid), SUBJECT), "two", "R724 ForceSave")
    s.save(idle).failed(OBJECT_MODIFIED, "R705 with nothing to save")
    s.set_props(two, (SUBJECT, "more"))
    s.saved(two, 0x0A)
    s.set_props(two, (SUBJECT, "again"))
    s.saved(two, 0x0C)
    t.same(s.get(s.message(s.fid, mid), SUBJECT), "again",
           "R719, R723 stays open for writing")
    a = s.save(s.fh)
    t.that(a.ec != 0, "on a folder")
    a.end()
    t.that(not isinstance(s.get(two, 0x67090040), tuple),
           "R1890 PidTagLocalCommitTime")


def check_transaction(s):
    """R704, and OXCPRPT R478: another session sees saves alone."""
    t = s.tally
    other = Session(s.org, "alice", t)
    mid = s.new_message(s.fid, (SUBJECT, "old"))
    h = s.message(s.fid, mid)
    s.set_props(h, (SUBJECT, "new"))
    t.same(other.get(other.message(s.fid, mid), SUBJECT), "old", "R704")
    s.saved(h)
    t.same(other.get(other.message(s.fid, mid), SUBJECT), "new", "R704")
    other.close()


def check_recipients(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.rop(0x0F, h, struct.pack("<IH", 0, 0)).failed(NOT_FOUND, "R403")
    s.rop(0x0D, h, struct.pack("<I", 0)).ok("R1491").end("R736")
    column = 0x3A20001F
    rows = [(0, 1, smtp_row("Bob", "bob@x.test", [column], b"\0" +
                            wide("extra"))),
            (1, 2, x500_row("Alice", s.dn)),
            (5, 3, smtp_row("Dan", "dan@x.test"))]
    modify_recipients(s, h, rows, [column]).ok("R389").end("R752")
    got = None
    a = s.rop(0x10, h, struct.pack("<H", 0)).ok("R412")
    got = summary(s, a)
    t.same(got["count"], 3, "R394, R327")
    columns = got["columns"]
    _, got = read_recipients(s, h, 0, columns)
    t.same([(r[0], r[1]) for r in got], [(0, 1), (1, 2), (5, 3)],
           "R1495, R328 in the order of RowId")
    t.same((got[0][2].get("name"), got[0][2].get("address")),
           ("Bob", "bob@x.test"), "R389 the data")
    t.that(got[1][2].get("dn", "").lower() == s.dn.lower(), "R389 X500DN")
    _, got = read_recipients(s, h, 1, columns)
    t.same([r[0] for r in got], [1, 5], "R401, R1054")
    a, _ = read_recipients(s, h, 3, columns)
    t.same(a.ec, NOT_FOUND, "R1055 no such row")
    mid = s.saved(h)
    t.same(s.get_props(h, 0x0E04001F, 0x0E03001F, 0x0E02001F),
           ["Bob", "Alice", "Dan"], "PidTagDisplayTo, -Cc, -Bcc")
    got = summary(s, s.open_message(s.fid, mid).ok("R327"))
    t.same((got["count"], [r[0] for r in got["rows"]]), (3, [1, 2, 3]),
           "R327, R328")
    modify_recipients(s, h, [(1, 2, b""), (0, 1, smtp_row("Rob", "r@x"))])
    _, got = read_recipients(s, h, 0, columns)
    t.same([(r[0], r[2]["name"]) for r in got], [(0, "Rob"), (5, "Dan")],
           "R390, R391, R393, R394")
    row = got[0][2]
    t.that("extra" not in repr(row), "R390 all properties are replaced")
    got = summary(s, s.open_message(s.fid, mid).ok("R395"))
    t.same(got["count"], 3, "R395, R382 not for other handles")
    s.rop(0x0D, h, struct.pack("<I", 77)).ok("R379 Reserved is ignored")
    s.rop(0x0F, h, struct.pack("<IH", 0, 0)).failed(NOT_FOUND, "R381")
    s.saved(h)
    got = summary(s, s.open_message(s.fid, mid).ok("R381"))
    t.same(got["count"], 0, "R381 once it is saved")
    for rop, body, cite in ((0x0D, struct.pack("<I", 0), "R1493"),
                            (0x0E, struct.pack("<HH", 0, 0), "R1982"),
                            (0x0F, struct.pack("<IH", 0, 0), "R1057"),
                            (0x10, struct.pack("<H", 0), "R1498")):
        s.rop(rop, s.fh, body).failed(NULL_OBJECT, cite)


def check_many_recipients(s):
    """R328, R400: what does not fit is read later."""
    t = s.tally
    h = s.create_message(s.fid)
    modify_recipients(s, h, [
        (i, 1, smtp_row(f"Person {i}" * 5, f"person{i}@example.test"))
        for i in range(300)]).ok("R389")
    mid = s.saved(h)
    got = summary(s, s.open_message(s.fid, mid).ok("R327"))
    t.same(got["count"], 300, "R327")
    t.that(0 < len(got["rows"]) <= 255, "R330 as many as fit")
    seen, columns = [], got["columns"]
    while len(seen) < 300:
        a, rows = read_recipients(s, h, seen[-1] + 1 if seen else 0, columns,
                                  size=8000)
        if a.ec or not rows:
            break
        seen += [r[0] for r in rows]
    t.same(seen, list(range(300)), "R400, R1054")
    data, _ = s.raw(struct.pack("<BBBIH", 0x0F, 0, 0, 0, 0), [h], 80)
    t.that(data[0] == 0xFF or data[2:6] == struct.pack("<I", 0x47D),
           "R1056, or OXCROPS 2.2.15.1")


def check_reload(s):
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "FW: cached"))
    h = s.message(s.fid, mid)
    got = summary(s, s.rop(0x10, h, struct.pack("<H", 0)).ok("R412"))
    t.same((got["prefix"], got["subject"], got["count"]),
           ("FW: ", "cached", 0), "OXCROPS R1969, R1972")


def check_subject(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "RE: it"))
    t.same(s.get_props(h, PREFIX, NORMALIZED), ["RE: ", "it"], "R65")
    s.set_props(h, (PREFIX, "AW: "))
    t.same(s.get(h, NORMALIZED), "it", "2.2.1.10")
    s.set_props(h, (NORMALIZED, "that"))
    t.same(s.get(h, SUBJECT), "AW: that", "2.2.1.46")


def set_status(s, mid, flags, mask, h=None):
    return s.rop(0x20, s.fh if h is None else h,
                 struct.pack("<QII", mid, flags, mask))


def check_status(s):
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "status"))
    h = s.message(s.fid, mid)
    before = s.get_props(h, CHANGE_KEY, MODIFIED)
    a = set_status(s, mid, 0x3000, 0x1000).ok("R416")
    t.same(a.u32(), 0, "R784 the flags before")
    a.end("OXCROPS 2.2.6.8")
    a = s.rop(0x1F, s.fh, struct.pack("<Q", mid)).ok("R421")
    t.same(a.u32(), 0x1000, "R416 those in both")
    a.end("OXCROPS 2.2.6.9")
    a = set_status(s, mid, 0x2000, 0x3000).ok("R416")
    t.same(a.u32(), 0x1000, "R784")
    t.same(s.rop(0x1F, s.fh, struct.pack("<Q", mid)).ok("R421").u32(),
           0x2000, "R416, R1500")
    t.same(s.get_props(s.message(s.fid, mid), CHANGE_KEY, MODIFIED), before,
           "R1501 nothing else changes")
    table = s.contents(s.fh)
    s.columns(table, MID, STATUS)
    t.that([mid, 0x2000] in s.rows(table, [MID, STATUS])[1], "R1421")
    set_status(s, mid, 0, 0, h).failed(NULL_OBJECT, "R1505")
    s.rop(0x1F, h, struct.pack("<Q", mid)).failed(NULL_OBJECT, "R1507")
    none = (mid & 0xFFFF) | 0xFFFFFF << 40
    set_status(s, none, 1, 1).failed(NOT_FOUND, "no such message")
    s.rop(0x1F, s.fh, struct.pack("<Q", none)).failed(NOT_FOUND,
                                                      "no such message")


def read_flags(s, flags, *mids, h=None, wait=0):
    return s.rop(0x66, s.fh if h is None else h, struct.pack(
        f"<BBH{len(mids)}Q", wait, flags, len(mids), *mids))


def check_read_flags(s):
    t = s.tally
    one, two = (s.new_message(s.fid, (SUBJECT, x), (FLAGS, 0))
                for x in "ab")

    def read(mid):
        return s.get(s.message(s.fid, mid), FLAGS) & 0x401
    before = s.get_props(s.message(s.fid, one), CHANGE_KEY, MODIFIED)
    t.same(read(one), 0, "R31 unread")
    a = read_flags(s, 0, one, two).ok("R815")
    t.same(a.u8(), 0, "R1674")
    a.end("OXCROPS 2.2.6.10")
    t.same((read(one), read(two)), (0x401, 0x401), "R815, R1141")
    a = read_flags(s, 4, one).ok("R822")
    t.same(read(one), 0, "R822, R1142 rfClearReadFlag")
    read_flags(s, 1, one).ok("R818 rfSuppressReceipt")
    t.same(read(one), 0x401, "R818")
    read_flags(s, 4, one).ok("R822")
    read_flags(s, 0x10, one).ok("R825 rfGenerateReceiptOnly")
    t.same(read(one), 0, "R825 no change")
    for flag in (0x20, 0x40):
        read_flags(s, flag, one).ok("R827, R829")
    t.same(s.get(s.message(s.fid, one), FLAGS) & 0x300, 0, "R827, R829")
    t.same(s.get_props(s.message(s.fid, one), CHANGE_KEY, MODIFIED), before,
           "R1703 nothing else changes")
    read_flags(s, 0, one, wait=1).ok("R426, R1510 no RopProgress")
    none = (one & 0xFFFF) | 0xFFFFFF << 40
    a = read_flags(s, 4, none, two).ok("R1514")
    t.that(a.u8() != 0, "R1514, R1674 PartialCompletion")
    t.same(read(two), 0, "R1514 the others are done")
    read_flags(s, 0).ok("[MS-OXCROPS] 2.2.6.10 none: all of them")
    h = s.message(s.fid, one)
    read_flags(s, 0, one, h=h).failed(NULL_OBJECT, "R1516", 1)


def set_read(s, h, flags):
    """ResponseHandleIndex 0, InputHandleIndex 1."""
    data, _ = s.raw(struct.pack("<BBBBB", 0x11, 0, 0, 1, flags), [s.fh, h])
    r = Reader(data)
    s.tally.same((r.u8(), r.u8()), (0x11, 0), "OXCROPS R2099, R2101")
    ec = r.u32()
    if ec == 0:
        s.tally.same(r.u8(), 0, "R920, R1841 ReadStatusChanged")
    s.collect(data[r.at:])
    return ec


def check_message_read_flag(s):
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "r"), (FLAGS, 0))
    h = s.message(s.fid, mid)
    before = s.get_props(h, CHANGE_KEY, MODIFIED)
    t.same(set_read(s, h, 0), 0, "R835")
    t.same(s.get(h, FLAGS) & 1, 1, "R537")
    t.same(s.get(s.message(s.fid, mid), FLAGS) & 1, 1, "R1710 at once")
    t.same(set_read(s, h, 4), 0, "R822")
    again = s.message(s.fid, mid)
    t.same(s.get(again, FLAGS) & 1, 0, "R822")
    t.same(s.get_props(again, CHANGE_KEY, MODIFIED), before, "R1710")
    t.same(set_read(s, s.fh, 0), NULL_OBJECT, "R1521")


def check_flags(s):
    """2.2.1.6: what a client may set, and until when."""
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (FLAGS, 0x8 | 0x80 | 0x2 | 0x20 | 0x100))
    got = s.get(h, FLAGS)
    t.same(got & 0x89, 0x88, "R31 mfUnsent and mfResend")
    t.same(got & 0x122, 0, "R516 the others are read-only")
    s.saved(h)
    s.set_props(h, (FLAGS, 1))
    s.save(h)
    t.same(s.get(h, FLAGS) & 0x89, 0x88, "R31 read-only once it is saved")


def check_read_only_save(s):
    """R1699 and R1671."""
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "ro"))
    h = s.message(s.fid, mid, 0)
    s.save(h).failed(EC_ERROR, "R1699")
    h = s.message(s.fid, mid)
    s.set_props(h, (SUBJECT, "kept"))
    s.saved(h, 1)
    t.among(s.get(h, 0x0FF70003), (0, 1), "R1671, R2192")
    t.same(s.get(h, SUBJECT), "kept", "R1671 it stays open")

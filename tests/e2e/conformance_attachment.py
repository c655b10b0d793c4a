# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCMSG], attachments and embedded messages: the ids are its own; those
of [MS-OXCROPS] say so."""
import struct

from conformance_wire import (NOT_FOUND, NOT_SUPPORTED, NULL_OBJECT, Answer,
                              Session)

SUBJECT, NUMBER, METHOD, DATA = 0x0037001F, 0x0E210003, 0x37050003, \
    0x37010102
HAS, SIZE, RENDER = 0x0E1B000B, 0x0E200003, 0x370B0003


def prepare(org, tally):
    s = Session(org, "bob", tally)
    s.fid, s.fh = s.new_folder(s.folder(s.inbox), "attachment checks")
    return s


def create(s, h):
    a = s.rop(0x23, h, out=True).ok("R861")
    n = a.u32()
    a.end("OXCROPS 2.2.6.13")
    return n, a.handle


def open_at(s, h, n, flags=3):
    return s.rop(0x22, h, struct.pack("<BI", flags, n), out=True)


def save(s, message, attachment, flags=0):
    """RopSaveChangesAttachment: it answers for the message."""
    data, handles = s.raw(struct.pack("<BBBBB", 0x25, 0, 0, 1, flags),
                          [message, attachment])
    return Answer(s, data, 0x25, 0, handles)


def attach(s, h, data=b"data"):
    n, at = create(s, h)
    s.set_props(at, (METHOD, 1), (DATA, data))
    save(s, h, at).ok("R462").end("R880")
    return n, at


def embed(s, at, flags=2, page=0xFFF):
    return s.rop(0x46, at, struct.pack("<HB", page, flags), out=True)


def embedded(s, a):
    """The fields of RopOpenEmbeddedMessage's success."""
    s.tally.same(a.u8(), 0, "OXCROPS R2258 Reserved")
    out = {"mid": a.u64(), "named": a.u8(), "prefix": a.typed_string(),
           "subject": a.typed_string(), "count": a.u16()}
    [a.u32() for _ in range(a.u16())]
    if a.u8() == 0:
        a.end("OXCROPS 2.2.6.16")
    return out


def valid(s, h):
    a = s.rop(0x52, h).ok("R1367")
    out = [a.u32() for _ in range(a.u32())]
    a.end("OXCROPS 2.2.6.18")
    return out


def check_create(s):
    t = s.tally
    h = s.create_message(s.fid)
    n, at = create(s, h)
    t.same(s.get(at, NUMBER), n, "R448, R867")
    t.same(s.get(at, RENDER), -1, "R451")
    t.same(s.get(at, 0x0FF70003), 1, "R450")
    t.that(s.get(at, SIZE) > 0, "R449")
    made, changed = s.get_props(at, 0x30070040, 0x30080040)
    t.same(made, changed, "R452, R453")
    t.same(s.get(at, 0x0FFE0003), 7, "OXCPRPT R47")
    t.same(valid(s, h), [], "R446 not before it is saved")
    again, _ = create(s, h)
    t.that(again != n, "R448")
    s.rop(0x23, s.fh, out=True).failed(NULL_OBJECT, "R1712")
    s.set_props(at, (METHOD, 1), (DATA, b"x"))
    save(s, h, at).ok("R875").end("R880")
    t.same(valid(s, h), [n], "R446")
    t.same(s.get(h, HAS), 1, "2.2.1.2 PidTagHasAttachments")
    mid = s.saved(h)
    m = s.message(s.fid, mid)
    t.same((s.get(m, HAS), s.get(m, 0x0E070003) & 0x10), (1, 0x10),
           "R523 mfHasAttach")


def check_not_before_message(s):
    """R1062, OXCPRPT R480: the database has it once the message is saved."""
    t = s.tally
    mid = s.saved(s.create_message(s.fid))
    m = s.message(s.fid, mid)
    n, at = attach(s, m)
    t.same(valid(s, s.message(s.fid, mid)), [], "R1062")
    s.saved(m)
    other = s.message(s.fid, mid)
    t.same(valid(s, other), [n], "R1062")
    o = open_at(s, other, n).ok("R436").end("R860").handle
    s.set_props(o, (DATA, b"new"))
    t.same(s.get(o, DATA), b"new", "OXCPRPT R479")
    t.same(s.get(open_at(s, s.message(s.fid, mid), n).handle, DATA),
           b"data", "OXCPRPT R480")
    save(s, other, o).ok("R462")
    t.same(s.get(open_at(s, s.message(s.fid, mid), n).handle, DATA),
           b"data", "R1062")
    s.saved(other)
    t.same(s.get(open_at(s, s.message(s.fid, mid), n).handle, DATA), b"new",
           "R1062")
    s.release(at)


def check_open(s):
    t = s.tally
    h = s.create_message(s.fid)
    n, _ = attach(s, h)
    open_at(s, h, n + 100).failed(NOT_FOUND, "R440")
    open_at(s, s.fh, n).failed(NULL_OBJECT, "R1620")
    s.saved(h)
    ro = open_at(s, h, n, 0).ok("R917").handle
    t.same(s.get(ro, 0x0FF70003), 0, "R917")
    problems = s.set_props(ro, (DATA, b"no"))
    a = save(s, h, ro)
    t.that(problems or a.ec, "R917 read only")
    t.same(s.get(open_at(s, h, n, 1).ok("R918").handle, 0x0FF70003), 1,
           "R918")


def check_save(s):
    t = s.tally
    h = s.create_message(s.fid)
    _, at = create(s, h)
    data, _ = s.raw(struct.pack("<BBBBB", 0x25, 0, 0, 1, 0), [s.fh, s.fh])
    t.same(struct.unpack_from("<I", data, 2)[0], NOT_SUPPORTED, "R467")
    for flags in (0x0A, 0x0C):
        save(s, h, at, flags).ok("R462").end()
    s.set_props(at, (DATA, b"still"))
    t.same(s.get(at, DATA), b"still", "R719 open for writing")


def check_delete(s):
    t = s.tally
    h = s.create_message(s.fid)
    n, at = attach(s, h)
    mid = s.saved(h)
    s.release(at)
    m = s.message(s.fid, mid)
    s.rop(0x24, m, struct.pack("<I", n)).ok("R868").end("R874")
    t.same(s.get(m, HAS), 0, "R469")
    t.same(valid(s, m), [], "R868")
    open_at(s, m, n).failed(NOT_FOUND, "R440")
    s.rop(0x24, m, struct.pack("<I", n)).failed(NOT_FOUND, "R1063")
    t.same(valid(s, s.message(s.fid, mid)), [n],
           "R1523 not before the save")
    s.saved(m)
    t.same(valid(s, s.message(s.fid, mid)), [], "R1523")
    s.rop(0x24, s.fh, struct.pack("<I", 0)).failed(NULL_OBJECT, "R1524")


def check_table(s):
    t = s.tally
    h = s.create_message(s.fid)
    one, _ = attach(s, h)
    two, _ = attach(s, h, b"more")
    a = s.rop(0x21, h, b"\0", out=True).ok("R490").end("OXCROPS 2.2.6.17")
    s.columns(a.handle, NUMBER, SIZE, METHOD)
    rows = s.rows(a.handle, [NUMBER, SIZE, METHOD])[1]
    t.same([(r[0], r[2]) for r in rows], [(one, 1), (two, 1)], "R490")
    t.same(valid(s, h), [one, two], "R1367")
    s.rop(0x21, s.fh, b"\0", out=True).failed(NULL_OBJECT, "R1526")
    a = s.rop(0x17, a.handle).ok("OXCTABL R493 all types of tables")
    t.same((a.u32(), a.u32()), (2, 2), "OXCTABL R491")


def check_embedded(s):
    t = s.tally
    h = s.create_message(s.fid)
    n, at = create(s, h)
    s.set_props(at, (METHOD, 5))
    a = embed(s, at, 0)
    t.that(a.ec != 0, f"R913 without Create: {a.ec:#x}")
    a = embed(s, at).ok("R913")
    got = embedded(s, a)
    t.same(got["count"], 0, "OXCROPS R2270")
    e = a.handle
    s.set_props(e, (SUBJECT, "RE: inside"))
    data, handles = s.raw(struct.pack("<BBBBB", 0x0C, 0, 0, 1, 0), [at, e])
    r = Answer(s, data, 0x0C, 0, handles).ok("R481")
    t.same(r.u8(), 1, "OXCROPS R1816")
    save(s, h, at).ok("R462")
    mid = s.saved(h)
    m = s.message(s.fid, mid)
    o = open_at(s, m, n).ok("R436").handle
    t.same(s.get(o, METHOD), 5, "2.2.2.9 afEmbeddedMessage")
    a = embed(s, o, 0).ok("R911")
    got = embedded(s, a)
    t.same((got["prefix"], got["subject"]), ("RE: ", "inside"),
           "OXCROPS R2265, R2268")
    t.same(s.get(a.handle, 0x0FF70003), 0, "R911 read only")
    a = embed(s, o, 1).ok("R912")
    t.same(s.get_props(a.handle, SUBJECT, 0x0FF70003), ["RE: inside", 1],
           "R912")
    s.rop(0x46, m, struct.pack("<HB", 0xFFF, 0), out=True).failed(
        NULL_OBJECT, "R1525")
    bad = embed(s, o, 1, page=12345)
    t.that(bad.ec in (0, 0x3EF), f"R1068 a code page: {bad.ec:#x}")


def check_embedded_unsaved(s):
    """R481: only the embedded message's own save puts it in."""
    t = s.tally
    h = s.create_message(s.fid)
    n, at = create(s, h)
    s.set_props(at, (METHOD, 5))
    e = embed(s, at).ok("R913").handle
    s.set_props(e, (SUBJECT, "lost"))
    save(s, h, at).ok("R462")
    mid = s.saved(h)
    o = open_at(s, s.message(s.fid, mid), n).ok("R436").handle
    a = embed(s, o, 0)
    t.that(a.ec or s.get(a.handle, SUBJECT) != "lost", "R481")


def check_deep(s):
    """An embedded message with an attachment of its own."""
    t = s.tally
    h = s.create_message(s.fid)
    n, at = create(s, h)
    s.set_props(at, (METHOD, 5))
    e = embed(s, at).ok("R913").handle
    inner, _ = attach(s, e, b"deep")
    s.raw(struct.pack("<BBBBB", 0x0C, 0, 0, 1, 0), [at, e])
    save(s, h, at).ok("R462")
    mid = s.saved(h)
    o = open_at(s, s.message(s.fid, mid), n).ok("R436").handle
    e = embed(s, o, 0).ok("R911").handle
    t.same(valid(s, e), [inner], "R1367 in an embedded message")
    t.same(s.get(open_at(s, e, inner).ok("R436").handle, DATA), b"deep",
           "R436")


def check_copy(s):
    """[MS-OXCPRPT] 3.2.5.8 between attachments and messages."""
    t = s.tally
    h = s.create_message(s.fid)
    attach(s, h, b"copied")
    d = s.create_message(s.fid)
    a = s.rop2(0x39, h, d, struct.pack("<BBBH", 0, 1, 0, 0)).ok(
        "OXCPRPT R181")
    t.same(len(valid(s, d)), 1, "OXCPRPT R181 WantSubObjects")
    d = s.create_message(s.fid)
    s.rop2(0x39, h, d, struct.pack("<BBBH", 0, 0, 0, 0)).ok("OXCPRPT R182")
    t.same(valid(s, d), [], "OXCPRPT R182")
    _, one = create(s, h)
    s.set_props(one, (DATA, b"1"), (0x3707001F, "name"))
    _, two = create(s, h)
    s.rop2(0x67, one, two, struct.pack("<BBHI", 0, 0, 1, DATA)).ok(
        "OXCPRPT R14903")
    t.same(s.get(two, DATA), b"1", "OXCPRPT R14903")
    s.rop2(0x39, h, one, struct.pack("<BBBH", 0, 1, 0, 0)).failed(
        NOT_SUPPORTED, "OXCPRPT R508, R821")

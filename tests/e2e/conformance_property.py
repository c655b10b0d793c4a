# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCPRPT] without streams: the ids are its own; those of [MS-OXCROPS]
say so."""
import struct
import uuid

from conformance_wire import (DST_NULL_OBJECT, INVALID_PARAM, MEMORY, NONE,
                              NOT_FOUND, NOT_SUPPORTED, NULL_OBJECT, Session,
                              tags, wide)

SUBJECT, BODY, IMPORTANCE = 0x0037001F, 0x1000001F, 0x00170003
PS_MAPI = uuid.UUID("00020328-0000-0000-C000-000000000046").bytes_le
HEADERS = uuid.UUID("00020386-0000-0000-C000-000000000046").bytes_le
MINE = uuid.UUID("5e0a2f1c-93d1-4c62-8d1c-0a7b4c3d2e1f").bytes_le


def prepare(org, tally):
    s = Session(org, "bob", tally)
    s.fid, s.fh = s.new_folder(s.folder(s.inbox), "property checks")
    return s


def get_all(s, h, limit=0, unicode=1):
    a = s.rop(0x08, h, struct.pack("<HH", limit, unicode)).ok("R471")
    out = dict(a.tagged() for _ in range(a.u16()))
    a.end("OXCROPS 2.2.8.4")
    return out


def get_list(s, h):
    a = s.rop(0x09, h).ok("R472")
    out = [a.u32() for _ in range(a.u16())]
    a.end("OXCROPS 2.2.8.5")
    return out


def delete(s, h, *which, rop=0x0B):
    a = s.rop(rop, h, tags(*which)).ok("R486")
    out = [(a.u16(), a.u32(), a.u32()) for _ in range(a.u16())]
    a.end("OXCROPS 2.2.8.8")
    return out


def check_specific(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "café"), (IMPORTANCE, 2))
    t.same(s.get_props(h, IMPORTANCE, SUBJECT), [2, "café"],
           "R45701 in the order asked for")
    t.same(s.get_props(h, IMPORTANCE, 0x1234001F),
           [2, ("error", NOT_FOUND)], "R457 one that is not there")
    t.same(s.get_props(h, 0x00370000, unicode=1), ["café"],
           "R458 PtypUnspecified as Unicode")
    t.same(s.get_props(h, 0x00370000, unicode=0), [b"caf\xe9"],
           "R459 PtypUnspecified as MBCS")
    t.same(s.get_props(h, 0x00170000), [2], "R458 what is no string")
    t.same(s.get_props(h, 0x0037001E), [b"caf\xe9"], "R460, R462")
    t.same(s.get_props(h, 0x0037001F, unicode=0), ["café"], "R460")
    t.same(s.get_props(h, 0x0FF40003, 0x0FFE0003), [3, 5],
           "R457003 computed; R45")
    mid = s.saved(h)
    for page, want in ((65001, "café".encode()), (437, b"caf\x82"),
                       (0xFFF, b"caf\xe9")):
        m = s.open_message(s.fid, mid, page=page).ok("R461").handle
        t.same(s.get(m, 0x0037001E), want, f"R461, R462 code page {page}")
    s.rop(0x07, NONE, struct.pack("<HH", 0, 0) + tags(SUBJECT)).failed(
        NULL_OBJECT, "OXCROPS R457302")


def check_large(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "s"), (BODY, "b" * 15000))
    got = s.get_props(h, SUBJECT, BODY)
    t.same((got[0], len(got[1]) if isinstance(got[1], str) else got[1]),
           ("s", 15000), "R62 what fits")
    stream = s.rop(0x2B, h, struct.pack("<IB", BODY, 2), out=True).ok("R271")
    for _ in range(3):
        s.rop(0x2D, stream.handle, struct.pack("<H", 30000) +
              b"x\0" * 15000).ok("R560")
    s.rop(0x5D, stream.handle).ok("R571")
    t.same(s.get_props(h, SUBJECT, BODY), ["s", ("error", MEMORY)],
           "R643 larger than the answer")
    t.same(get_all(s, h)[BODY & 0xFFFF0000 | 0xA], MEMORY,
           "R643 RopGetPropertiesAll")
    small = s.get_props(h, SUBJECT, limit=16)
    t.same(small, ["s"], "R63")
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "s"), (BODY, "b" * 100))
    all_values = get_all(s, h, limit=64)
    t.that(all_values.get(BODY & 0xFFFF0000 | 0xA) == MEMORY or
           BODY in all_values, "R644, R90701")


def check_all_and_list(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "all"), (0x66660003, 7))
    every = get_all(s, h)
    t.same((every.get(SUBJECT), every.get(0x66660003)), ("all", 7), "R471")
    t.that({SUBJECT, 0x66660003} <= set(get_list(s, h)), "R472")
    t.same(get_all(s, h, unicode=0).get(0x0037001E), b"all", "R8702, R459")
    for where in (s.fh, s.store):
        t.that(len(get_list(s, where)) > 3, "R472 on folders and logons")
        t.that(len(get_all(s, where)) > 3, "R471 on folders and logons")


def check_set(s):
    t = s.tally
    h = s.create_message(s.fid)
    pairs = [(0x66000002, -7), (0x66010003, -70000), (0x66020005, 1.5),
             (0x66030006, 12345), (0x6604000B, 1), (0x66050014, 1 << 40),
             (0x6606001F, "é\U0001F600"), (0x66070040, 132000000000000000),
             (0x66080048, MINE), (0x66090102, bytes(range(256))),
             (0x660A1003, [1, -2, 3]), (0x660B101F, ["a", "b"]),
             (0x660C1102, [b"x", b""]), (0x660D1002, [1, 2]),
             (0x660E1014, [1 << 33]), (0x660F1048, [MINE]),
             (0x66101040, [5]), (0x66110004, 0.5), (0x66120007, 2.5)]
    t.same(s.set_props(h, *pairs), [], "R475")
    got = s.get_props(h, *[p[0] for p in pairs])
    for (tag, want), v in zip(pairs, got):
        t.same(v, want, f"R475, R476 {tag:#x}")
    mid = s.saved(h)
    got = s.get_props(s.message(s.fid, mid), *[p[0] for p in pairs])
    t.same(got, [p[1] for p in pairs], "R478 kept by the save")
    s.set_props(h, (0x6606001E, b"caf\xe9"))
    t.same(s.get(h, 0x6606001F), "café", "R475 PtypString8")
    s.set_props(h, (0x66010003, 1), rop=0x79)
    t.same(s.get(h, 0x66010003), 1, "2.2.6 RopSetPropertiesNoReplicate")


def check_read_only(s):
    t = s.tally
    h = s.create_message(s.fid)
    for tag, v in ((0x0FF40003, 0), (0x0FF70003, 0), (0x0FFE0003, 1),
                   (0x65E20102, b"x"), (0x30070040, 1), (0x3FFA001F, "x"),
                   (0x0FF90102, b"x"), (0x300B0102, b"x"),
                   (0x0E1B000B, 1)):
        before = s.get(h, tag)
        problems = s.set_props(h, (SUBJECT, "ok"), (tag, v))
        t.same(s.get(h, tag), before, f"R47506 {tag:#x} is not set")
        t.that(all(p[0] == 1 and p[1] == tag for p in problems),
               f"R47505 the problem names {tag:#x}: {problems}")
    t.same(s.get(h, SUBJECT), "ok", "R475 the others are set")


def check_delete(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (0x66660003, 7), (0x6667001F, "x"))
    mid = s.saved(h)
    t.same(delete(s, h, 0x66660003), [], "R486")
    t.same(s.get(h, 0x66660003), ("error", NOT_FOUND), "R485, R874, R487")
    t.same(s.get(s.message(s.fid, mid), 0x66660003), 7,
           "R489 not before the save")
    s.saved(h)
    t.same(s.get(s.message(s.fid, mid), 0x66660003), ("error", NOT_FOUND),
           "R489")
    delete(s, h, 0x6667001F, rop=0x7A)
    t.same(s.get(h, 0x6667001F), ("error", NOT_FOUND),
           "2.2.8 RopDeletePropertiesNoReplicate")
    problems = delete(s, h, 0x0FF40003)
    t.that(not isinstance(s.get(h, 0x0FF40003), tuple) and
           all(p[1] == 0x0FF40003 for p in problems), "R48405 read-only")
    s.set_props(s.fh, (0x66680003, 1))
    t.same(s.get(s.folder(s.fid), 0x66680003), 1, "R846 folders at once")
    delete(s, s.fh, 0x66680003)
    t.same(s.get(s.folder(s.fid), 0x66680003), ("error", NOT_FOUND),
           "R492")
    s.set_props(s.store, (0x66690003, 1))
    t.same(s.get(s.store, 0x66690003), 1, "R847 logons at once")
    delete(s, s.store, 0x66690003)
    t.same(s.get(s.store, 0x66690003), ("error", NOT_FOUND), "R49201")


# ---- named properties ----

def lid(guid, n):
    return b"\0" + guid + struct.pack("<I", n)


def named(guid, name):
    data = wide(name)
    return b"\1" + guid + struct.pack("<B", len(data)) + data


def ids_of(s, *names, flags=2, h=None):
    a = s.rop(0x56, s.store if h is None else h, struct.pack(
        "<BH", flags, len(names)) + b"".join(names))
    if a.ec & 0x80000000:
        return a, []
    out = [a.u16() for _ in range(a.u16())]
    a.end("OXCROPS 2.2.8.1")
    return a, out


def read_name(a):
    kind, guid = a.u8(), a.take(16)
    if kind == 0xFF:
        return (0xFF,)
    if kind == 0:
        return 0, guid, a.u32()
    raw = a.take(a.u8())
    return 1, guid, raw.decode("utf-16-le").rstrip("\0")


def names_of(s, *ids, h=None):
    a = s.rop(0x55, s.store if h is None else h, struct.pack(
        f"<H{len(ids)}H", len(ids), *ids)).ok("R249")
    out = [read_name(a) for _ in range(a.u16())]
    a.end("OXCROPS 2.2.8.2")
    return out


def check_named(s):
    t = s.tally
    _, got = ids_of(s, lid(MINE, 0x8001), named(MINE, "Case"), flags=0)
    t.same(got, [0, 0], "R220, R226, R532 not there")
    a, got = ids_of(s, lid(MINE, 0x8001), named(MINE, "Case"),
                    named(MINE, "case"))
    t.same(a.ec, 0, "R533")
    t.that(all(0x8000 < i < 0xFFFF for i in got) and len(set(got)) == 3,
           f"R533 to R535 {got}")
    _, again = ids_of(s, named(MINE, "Case"), lid(MINE, 0x8001), flags=0)
    t.same(again, [got[1], got[0]], "R222, R530, R531")
    t.same(names_of(s, got[0], got[1], 0x0037, 0xFFFE),
           [(0, MINE, 0x8001), (1, MINE, "Case"), (0, PS_MAPI, 0x37),
            (0xFF,)], "R518 to R524")
    _, mapi = ids_of(s, lid(PS_MAPI, 0x37), named(PS_MAPI, "x"))
    t.same(mapi, [0x37, 0], "R642, R225")
    _, headers = ids_of(s, named(HEADERS, "X-Thing"))
    _, lower = ids_of(s, named(HEADERS, "x-thing"), flags=0)
    t.same(headers, lower, "R529 in lower case")
    t.same(names_of(s, headers[0]), [(1, HEADERS, "x-thing")], "R529")
    a, every = ids_of(s)
    t.that(set(got) | set(headers) <= set(every), "R526, R213, R217")
    m = s.create_message(s.fid)
    for h in (m, s.fh):
        t.same(ids_of(s, lid(MINE, 0x8001), flags=0, h=h)[1], got[:1],
               "R20701, R20703")
        t.same(names_of(s, got[0], h=h), [(0, MINE, 0x8001)],
               "R23701, R23703")


def check_bad_names(s):
    t = s.tally
    a, got = ids_of(s, b"\xff" + MINE)
    t.that(a.ec or got == [0], f"R220 a Kind of 0xFF {got} {a.ec:#x}")


def check_named_values(s):
    t = s.tally
    _, (one, two) = ids_of(s, lid(MINE, 0x8100), named(MINE, "two"))
    h = s.create_message(s.fid)
    s.set_props(h, (one << 16 | 3, 5), (two << 16 | 0x1F, "x"))
    t.same(s.get(h, 0x664A000B), 1, "PidTagHasNamedProperties")
    mid = s.saved(h)
    m = s.open_message(s.fid, mid).ok("R457001")
    t.that(m.u8() != 0, "OXCROPS R1704 HasNamedProperties")
    t.same(s.get_props(m.handle, one << 16 | 3, two << 16 | 0x1F), [5, "x"],
           "R457001")

    def query(flags, guid=None, h=m.handle):
        a = s.rop(0x5F, h, struct.pack("<BB", flags, guid is not None) +
                  (guid or b"")).ok("R495")
        ids = [a.u16() for _ in range(a.u16())]
        names = [read_name(a) for _ in ids]
        a.end("OXCROPS 2.2.8.10, R14203, R145")
        return dict(zip(ids, names))
    every = query(0)
    t.same((every.get(one), every.get(two)),
           ((0, MINE, 0x8100), (1, MINE, "two")), "R495, R145")
    t.that({n[0] for n in query(1).values()} == {0}, "R876 NoStrings")
    t.that({n[0] for n in query(2).values()} == {1}, "R877 NoIds")
    t.same(query(3), {}, "R876, R877")
    t.that({n[1] for n in query(0, MINE).values()} == {MINE}, "R878")
    t.that(MINE not in {n[1] for n in query(0, HEADERS).values()}, "R878")
    t.same(query(0xFC), every, "R87801, R87802 invalid bits")
    t.that({one, two} <= set(query(0, h=s.store)), "R126 on a logon")


# ---- copies ----

def copy_to(s, source, dest, flags=0, excluded=(), sub=1, wait=0):
    return s.rop2(0x39, source, dest, struct.pack("<BBB", wait, sub, flags) +
                  tags(*excluded))


def copy_props(s, source, dest, *which, flags=0, wait=0):
    return s.rop2(0x67, source, dest, struct.pack("<BB", wait, flags) +
                  tags(*which))


def problems(a):
    out = [(a.u16(), a.u32(), a.u32()) for _ in range(a.u16())]
    a.end("OXCROPS 2.2.8.11, 2.2.8.12")
    return out


def pair(s):
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "source"), (IMPORTANCE, 2), (0x66660003, 9))
    d = s.create_message(s.fid)
    s.set_props(d, (IMPORTANCE, 0))
    return h, d


def check_copy_properties(s):
    t = s.tally
    h, d = pair(s)
    t.same(problems(copy_props(s, h, d, SUBJECT, IMPORTANCE).ok("R500")), [],
           "R165")
    t.same(s.get_props(d, SUBJECT, IMPORTANCE, 0x66660003),
           ["source", 2, ("error", NOT_FOUND)], "R500, R265")
    h, d = pair(s)
    problems(copy_props(s, h, d, SUBJECT, IMPORTANCE, flags=2).ok("R879"))
    t.same(s.get(d, IMPORTANCE), 0, "R879, R264 NoOverwrite")
    t.same(s.get(h, SUBJECT), "source", "R15901")
    copy_props(s, h, d, SUBJECT, flags=4).failed(INVALID_PARAM, "R880")
    copy_props(s, h, d, SUBJECT, flags=0x80).failed(INVALID_PARAM, "R880")
    a = copy_props(s, h, NONE, SUBJECT)
    t.same(a.ec, DST_NULL_OBJECT, "R737, R738")
    t.same(a.u32(), 1, "R168 DestHandleIndex")
    a.end("R737, R738")
    copy_props(s, h, s.fh, SUBJECT).failed(NOT_SUPPORTED,
                                           "R150 of the same type")
    problems(copy_props(s, h, d, SUBJECT, wait=1).ok("R153"))
    mid = s.saved(s.create_message(s.fid))
    m = s.message(s.fid, mid)
    problems(copy_props(s, h, m, SUBJECT).ok("R500"))
    t.same(s.get(s.message(s.fid, mid), SUBJECT), ("error", NOT_FOUND),
           "R849 not before the save")
    _, one = s.new_folder(s.fh, "one")
    _, two = s.new_folder(s.fh, "two")
    s.set_props(one, (0x66660003, 3))
    problems(copy_props(s, one, two, 0x66660003).ok("R14902"))
    t.same(s.get(two, 0x66660003), 3, "R503 at once")
    copy_props(s, one, two, 0x66660003, flags=1).failed(NOT_SUPPORTED,
                                                        "R881")


def check_copy_to(s):
    t = s.tally
    h, d = pair(s)
    s.rop(0x23, h, out=True).ok("attachment")
    t.same(problems(copy_to(s, h, d, excluded=[0x66660003]).ok("R5070501")),
           [], "R192")
    t.same(s.get_props(d, SUBJECT, IMPORTANCE, 0x66660003),
           ["source", 2, ("error", NOT_FOUND)], "R191, R625")
    h, d = pair(s)
    problems(copy_to(s, h, d, flags=2).ok("R5070504"))
    t.same(s.get_props(d, IMPORTANCE, 0x66660003), [0, 9],
           "R5070504, R624 NoOverwrite")
    for bad in (4, 0x80):
        copy_to(s, h, d, flags=bad).failed(INVALID_PARAM, "R5070505")
    a = copy_to(s, h, NONE)
    t.same(a.ec, DST_NULL_OBJECT, "R739, R740")
    t.same(a.u32(), 1, "R196 DestHandleIndex")
    a.end("R739, R740")
    copy_to(s, h, s.fh).failed(NOT_SUPPORTED, "R508, R821")
    copy_to(s, s.store, h).failed(NOT_SUPPORTED, "R508, R821")
    problems(copy_to(s, h, d, wait=1).ok("R178"))


def check_copy_folders(s):
    t = s.tally
    _, one = s.new_folder(s.fh, "copied")
    _, two = s.new_folder(s.fh, "target")
    s.set_props(one, (0x66660003, 3))
    s.new_folder(one, "sub")
    problems(copy_to(s, one, two, excluded=[0x3001001F]).ok("R17203"))
    t.same(s.get(two, 0x66660003), 3, "R5070509 at once")
    s.hierarchy(two)
    t.same(s.count, 1, "R181 WantSubObjects")
    a = copy_to(s, one, two, excluded=[0x3001001F])
    t.that(a.ec == 0x80040604 or (a.ec == 0 and problems(a)), "R897")
    _, below = s.new_folder(one, "below")
    a = copy_to(s, one, below)
    t.that(a.ec == 0x8004060B, f"R89602 FolderCycle: {a.ec:#x}")
    _, bare = s.new_folder(s.fh, "bare")
    problems(copy_to(s, one, bare, sub=0, excluded=[0x3001001F]).ok("R182"))
    s.hierarchy(bare)
    t.same(s.count, 0, "R182")
    a = copy_to(s, one, bare, flags=1, sub=0, excluded=[0x3001001F])
    t.among(a.ec, (0, NOT_SUPPORTED), "R5070510")


def check_progress(s):
    """Nothing runs, so there is nothing to ask for."""
    a = s.rop(0x50, s.store, b"\0")
    s.tally.that(a.ec != 0, "OXCPRPT 3.2.5.20 nothing is under way")


def check_object_types(s):
    t = s.tally
    t.same(s.get(s.create_message(s.fid), 0x0FFE0003), 5, "R45")
    t.same(s.get(s.fh, 0x0FF40003) & 7, 7, "R16 to R18")
    h, d = pair(s)
    s.saved(h), s.saved(d)
    t.that(s.get(h, 0x0FF90102) != s.get(d, 0x0FF90102), "R50")
    problems(copy_to(s, h, d).ok("R51"))
    t.that(s.get(h, 0x0FF90102) != s.get(d, 0x0FF90102), "R51")


def check_no_tags(s):
    t = s.tally
    h = s.create_message(s.fid)
    t.same(s.get_props(h), [], "R45702 no tags, no values")
    s.set_props(h, (SUBJECT, "twice"))
    t.same(s.get_props(h, SUBJECT, SUBJECT), ["twice", "twice"], "R45701")
    t.same(s.set_props(h), [], "R107 no values, no problems")
    many = [0x66000003 + (i << 16) for i in range(400)]
    row = s.get_props(h, *many)
    t.same(len(row), 400, "R45701 many tags")


def check_message_cycle(s):
    """R896: into a message that the source contains."""
    h = s.create_message(s.fid)
    at = s.rop(0x23, h, out=True).ok("RopCreateAttachment").handle
    s.set_props(at, (0x37050003, 5))
    e = s.rop(0x46, at, struct.pack("<HB", 0xFFF, 2), out=True).ok(
        "RopOpenEmbeddedMessage").handle
    copy_to(s, h, e).failed(0x504, "R896 MessageCycle")


def check_wrong_types(s):
    """A tag asked for with another type than it has."""
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (0x66660003, 5))
    v = s.get(h, 0x6666001F)
    t.that(isinstance(v, tuple) and v[0] == "error", "R457 another type")
    problems = s.set_props(h, (0x6666000A, NOT_FOUND), (SUBJECT, "set"))
    t.same([p[:2] for p in problems], [(0, 0x6666000A)],
           "R47505 PtypErrorCode is no value")
    t.same(s.get(h, SUBJECT), "set", "R475 the others are set")
    t.same(s.get(h, 0x66660003), 5, "R475 nothing else changed")

# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCFOLD]: the ids are its own; those of [MS-OXCROPS] say so."""
import hashlib
import struct

from conformance_wire import (DUPLICATE_NAME, DST_NULL_OBJECT,
                              INVALID_PARAM, NONE, NOT_FOUND,
                              NOT_INITIALIZED, NOT_SEARCH_FOLDER,
                              NOT_SUPPORTED, SCOPE_VIOLATION, SEARCH_FOLDER,
                              Session, tagged, wide)

SUBJECT, NAME, FID, MID = 0x0037001F, 0x3001001F, 0x67480014, 0x674A0014
COUNT, UNREAD, SUBFOLDERS = 0x36020003, 0x36030003, 0x360A000B
COMMENT, KIND, DEPTH = 0x3004001F, 0x36010003, 0x30050003


def prepare(org, tally):
    s = Session(org, "alice", tally)
    s.inbox_h = s.folder(s.inbox)
    s.top, s.top_h = s.new_folder(s.inbox_h, "folder checks")
    return s


def some_id(s, fid):
    """An ID of this mailbox that is no folder."""
    return (fid & 0xFFFF) | 0xFFFFFF << 40


def check_open(s):
    t = s.tally
    a = s.rop(0x02, s.store, struct.pack("<QB", s.inbox, 0), out=True)
    a.ok("R24")
    t.same(a.u8(), 0, "R26 no rules")
    t.same(a.u8(), 0, "R30, R29 not ghosted")
    a.end("R554")
    s.open_folder(some_id(s, s.inbox)).failed(NOT_FOUND, "R46201, R469")
    s.open_folder(0).failed(NOT_FOUND, "R469 a FID of 0")
    for bit in (0x01, 0x02, 0x08, 0x10, 0x20, 0x40, 0x80):
        t.same(s.open_folder(s.inbox, flags=bit).ec, 0,
               f"R46501 to R46507 the invalid bit {bit:#x} is ignored")
    t.same(s.open_folder(s.inbox, base=s.top_h).ec, 0,
           "R473 called on a Folder object")
    table = s.contents(s.top_h)
    a = s.rop(0x02, table, struct.pack("<QB", s.inbox, 0), out=True)
    a.failed(NOT_SUPPORTED, "R473 neither a folder nor a logon")
    t.same(s.open_folder(s.inbox, flags=4).ec, 0, "R22 an existing folder")


def check_create(s):
    t = s.tally
    a = s.create_folder(s.top_h, "made", comment="why").ok("R58")
    fid = a.u64()
    t.same(a.u8(), 0, "R1197 IsExistingFolder in a private mailbox")
    a.end("R616")
    t.same(s.get_props(a.handle, NAME, COMMENT, FID, KIND),
           ["made", "why", fid, 1], "R54, R56, R10351, R811")
    s.create_folder(s.top_h, "made").failed(DUPLICATE_NAME, "R481, R493")
    a = s.create_folder(s.top_h, "made", existing=1).ok("R482")
    t.same(a.u64(), fid, "R482 the existing folder")
    t.same(a.u8(), 0, "R1197")
    a.end()
    a = s.create_folder(s.top_h, "new", existing=1).ok("R483")
    t.that(a.u64() != fid, "R483 a new folder")
    for kind in (0, 3, 255):
        s.create_folder(s.top_h, "odd", kind=kind).failed(
            INVALID_PARAM, f"R487 FolderType {kind}")
    s.create_folder(s.store, "odd").failed(NOT_SUPPORTED,
                                           "R495 on a logon")
    a = s.create_folder(s.top_h, "")
    t.that(a.ec != 0, "R477 a name is needed")
    a = s.rop(0x1C, s.top_h, struct.pack("<BBBB", 1, 0, 0, 0) +
              b"caf\xe9\0" + b"\0", out=True).ok("R49 not Unicode")
    t.same(s.get(a.handle, NAME), "café", "R49 in the session's code page")
    t.that(isinstance(s.get(s.new_folder(s.top_h, "bare")[1], COMMENT),
                      (str, tuple)), "R1034")


def check_delete(s):
    t = s.tally

    def delete(fid, flags, base=None):
        return s.rop(0x1D, s.top_h if base is None else base,
                     struct.pack("<BQ", flags, fid))
    fid, h = s.new_folder(s.top_h, "full")
    s.new_message(fid, (SUBJECT, "m"))
    sub, _ = s.new_folder(h, "sub")
    for flags, cite in ((0, "R371, R1079"), (4, "R371, R816, R817"),
                        (1, "R1079, R1080, R1081")):
        a = delete(fid, flags).ok(cite)
        t.that(a.u8() != 0, f"{cite} PartialCompletion")
        a.end("OXCROPS R66701")
        t.same(s.get_props(h, COUNT, SUBFOLDERS), [1, 1],
               f"{cite} nothing is deleted")
    for bit in (0x02, 0x08, 0x20, 0x40, 0x80):
        delete(fid, bit).failed(INVALID_PARAM, f"R1234 {bit:#x}", 1)
    a = delete(fid, 5).ok("R762, R763")
    t.same(a.u8(), 0, "R97")
    a.end()
    s.open_folder(fid).failed(NOT_FOUND, "R471")
    s.open_folder(sub).failed(NOT_FOUND, "R471 the subfolder")
    a = s.open_folder(fid, flags=4).ok("R22, R498 soft deleted")
    s.create_folder(a.handle, "below").failed(
        NOT_FOUND, "R1073 in a soft-deleted folder")
    table = s.hierarchy(s.top_h, 0x20)
    s.columns(table, FID)
    t.that([fid] in s.rows(table, [FID])[1], "R806 SoftDeletes lists it")
    gone, _ = s.new_folder(s.top_h, "hard")
    delete(gone, 0x10).ok("R764")
    s.open_folder(gone, flags=4).failed(NOT_FOUND, "R497")
    delete(some_id(s, fid), 5).failed(NOT_FOUND, "R507", 1)
    delete(fid, 5, s.store).failed(NOT_SUPPORTED, "R509", 1)
    root = s.folder(s.root)
    delete(s.root, 5, root).failed(NOT_SUPPORTED, "R2509 the root", 1)
    a = delete(s.inbox, 5, s.folder(s.ipm))
    t.that(a.ec != 0 or a.u8() != 0, "a special folder stays")
    t.same(s.open_folder(s.inbox).ec, 0, "the Inbox is there")


def hierarchy_names(s, h, flags):
    table = s.hierarchy(h, flags)
    count = s.count
    s.columns(table, NAME, DEPTH)
    rows = s.rows(table, [NAME, DEPTH])[1]
    s.tally.same(count, len(rows), "R318 RowCount")
    return rows


def check_hierarchy(s):
    t = s.tally
    _, h = s.new_folder(s.top_h, "tree")
    _, one = s.new_folder(h, "one")
    _, two = s.new_folder(one, "two")
    s.new_folder(two, "three")
    t.same(hierarchy_names(s, h, 0), [["one", 1]], "R802")
    t.same(sorted(hierarchy_names(s, h, 4)),
           [["one", 1], ["three", 3], ["two", 2]], "R801 Depth")
    t.same(hierarchy_names(s, h, 0x40 | 0x10 | 0x08 | 0x80), [["one", 1]],
           "R803, R805, R807, R809 known bits")
    t.same(hierarchy_names(s, h, 0x20), [], "R806")
    for bit in (0x01, 0x02):
        s.rop(0x04, h, bytes([bit]), out=True).failed(
            NOT_SUPPORTED, f"R314 invalid bit {bit:#x}")
    s.rop(0x04, s.store, b"\0", out=True).failed(NOT_SUPPORTED, "R658")
    t.same(s.get(h, SUBFOLDERS), 1, "R1029")
    t.same(s.get(two, 0x36010003), 1, "R811")
    t.same(s.get(s.folder(s.root), KIND), 0, "R810 FOLDER_ROOT")


def check_contents(s):
    t = s.tally
    fid, h = s.new_folder(s.top_h, "contents")
    mids = [s.new_message(fid, (SUBJECT, f"m{i}")) for i in range(3)]
    fai = s.new_message(fid, (SUBJECT, "hidden"), associated=1)

    def listed(flags):
        a = s.rop(0x05, h, bytes([flags]), out=True).ok("R333")
        count = a.u32()
        a.end()
        s.columns(a.handle, MID)
        rows = s.rows(a.handle, [MID])[1]
        t.same(count, len(rows), "R333 RowCount")
        return sorted(r[0] for r in rows)
    t.same(listed(0), sorted(mids), "R661")
    t.same(listed(2), [fai], "2.2.1.14.1 Associated")
    t.same(s.get(h, COUNT), 3, "R346 without FAI messages")
    s.delete(h, mids[0]).ok("R632")
    t.same(listed(0x20), [mids[0]], "2.2.1.14.1 SoftDeletes")
    t.same(listed(0x40 | 0x10), sorted(mids[1:]), "2.2.1.14.1")
    s.rop(0x05, h, b"\x01", out=True).failed(
        INVALID_PARAM, "R330, R1179 an invalid bit")
    s.rop(0x05, s.store, b"\0", out=True).failed(NOT_SUPPORTED, "R672")
    t.same(s.get(h, COUNT), 2, "R10345")


def check_delete_messages(s):
    t = s.tally
    fid, h = s.new_folder(s.top_h, "deletions")
    one, two, three = (s.new_message(fid, (SUBJECT, x)) for x in "abc")
    a = s.delete(h, one).ok("R632")
    t.same(a.u8(), 0, "R282")
    a.end("OXCROPS R94401")
    t.same(s.open_message(fid, one).ec, NOT_FOUND, "OXCMSG R326")
    t.same(s.open_message(fid, one, 7).ec, 0, "OXCMSG R325 soft deleted")
    a = s.delete(h, two, rop=0x91).ok("R1156")
    t.same(a.u8(), 0, "R1156")
    a.end()
    t.same(s.open_message(fid, two, 7).ec, NOT_FOUND, "R1156 hard deleted")
    for rop in (0x1E, 0x91):
        a = s.delete(h, some_id(s, three), rop=rop)
        t.that(a.ec or a.u8(), f"R1147 {rop:#x} one that is not there")
        s.delete(s.store, three, rop=rop).failed(
            NOT_SUPPORTED, "R638, R645 on a logon", 1)
    t.same(s.get(h, COUNT), 1, "R1147 the others stay")
    t.same(s.get(h, 0x670B0003), 2, "R3006 PidTagDeletedCountTotal")


def check_empty(s):
    t = s.tally
    for rop, cite in ((0x58, "R1129"), (0x92, "R1138")):
        fid, h = s.new_folder(s.top_h, f"empty {rop}")
        mid = s.new_message(fid, (SUBJECT, "m"))
        fai = s.new_message(fid, (SUBJECT, "f"), associated=1)
        sub, _ = s.new_folder(h, "below")
        a = s.rop(rop, h, b"\0\0").ok(cite)
        t.same(a.u8(), 0, f"{cite} R243")
        a.end("OXCROPS R89501")
        t.same(s.get_props(h, COUNT, SUBFOLDERS), [0, 0], f"{cite}, R618")
        t.same(s.open_message(fid, fai).ec, 0, "R617 FAI messages stay")
        soft = 0 if rop == 0x58 else NOT_FOUND
        t.same(s.open_message(fid, mid, 7).ec, soft, f"{cite} OpenSoftDeleted")
        t.same(s.open_folder(sub, flags=4).ec, soft, f"{cite} the subfolder")
        s.rop(rop, h, b"\0\1").ok("R617")
        t.same(s.open_message(fid, fai).ec, NOT_FOUND, "R617")
        s.rop(rop, s.store, b"\0\0").failed(NOT_SUPPORTED, "R625, R630", 1)
        s.rop(rop, s.folder(s.root), b"\0\0").failed(NOT_SUPPORTED,
                                                     "R1248 the root", 1)


def move_copy(s, source, dest, mids, copy, wait=0):
    return s.rop2(0x33, source, dest, struct.pack(
        f"<H{len(mids)}QBB", len(mids), *mids, wait, copy))


def check_move_copy_messages(s):
    t = s.tally
    fid, h = s.new_folder(s.top_h, "from")
    _, to = s.new_folder(s.top_h, "to")
    one, two = (s.new_message(fid, (SUBJECT, x)) for x in "ab")
    a = move_copy(s, h, to, [one], 1).ok("R159")
    t.same(a.u8(), 0, "R163")
    a.end("OXCROPS R77101")
    t.same((s.get(h, COUNT), s.get(to, COUNT)), (2, 1), "R159 a copy")
    move_copy(s, h, to, [two], 0).ok("R160")
    t.same((s.get(h, COUNT), s.get(to, COUNT)), (1, 2), "R160 a move")
    t.same(s.open_message(fid, two).ec, NOT_FOUND, "R160")
    a = move_copy(s, h, to, [one, some_id(s, fid)], 1).ok("R586")
    t.that(a.u8() != 0, "R586 PartialCompletion")
    move_copy(s, s.store, to, [one], 1).failed(NOT_SUPPORTED, "R590", 1)
    move_copy(s, h, s.store, [one], 1).failed(NOT_SUPPORTED, "R590", 1)
    a = move_copy(s, h, NONE, [one], 1)
    t.same(a.ec, DST_NULL_OBJECT, "OXCROPS R789")
    t.same(a.u32(), 1, "OXCROPS 2.2.4.6.3 DestHandleIndex")
    a.u8()
    a.end("OXCROPS 2.2.4.6.3")
    _, search = s.new_folder(s.top_h, "found", 2)
    move_copy(s, h, search, [one], 1).failed(SEARCH_FOLDER, "R1246", 1)
    a = move_copy(s, h, to, [one], 1, wait=1).ok("3.2.5.6 asynchronous")


def move_folder(s, source, dest, fid, name, rop=0x35, recursive=None):
    extra = b"" if recursive is None else bytes([recursive])
    return s.rop2(rop, source, dest, b"\0" + extra + struct.pack(
        "<BQ", 1, fid) + wide(name))


def check_move_folder(s):
    t = s.tally
    _, a_h = s.new_folder(s.top_h, "a")
    _, b_h = s.new_folder(s.top_h, "b")
    fid, h = s.new_folder(a_h, "moves")
    s.new_message(fid, (SUBJECT, "in it"))
    a = move_folder(s, a_h, b_h, fid, "moved").ok("R188")
    t.same(a.u8(), 0, "R190")
    a.end("OXCROPS 2.2.4.7.2")
    t.same(s.get(h, NAME), "moved", "R186")
    t.same([r[0] for r in hierarchy_names(s, b_h, 0)], ["moved"], "3.2.5.7")
    t.same(hierarchy_names(s, a_h, 0), [], "3.2.5.7")
    move_folder(s, a_h, b_h, some_id(s, fid), "x").failed(NOT_FOUND, "R600",
                                                          1)
    move_folder(s, s.store, b_h, fid, "x").failed(NOT_SUPPORTED, "R602", 1)
    move_folder(s, b_h, s.store, fid, "x").failed(NOT_SUPPORTED, "R602", 1)
    a = move_folder(s, b_h, NONE, fid, "x")
    t.same(a.ec, DST_NULL_OBJECT, "OXCROPS R832")
    t.same(a.u32(), 1, "OXCROPS 2.2.4.7.3")
    a.u8()
    a.end()
    a = move_folder(s, b_h, h, fid, "into itself")
    t.that(a.ec != 0, "a folder cannot go into itself")
    s.new_folder(a_h, "moved")
    move_folder(s, b_h, a_h, fid, "moved").failed(DUPLICATE_NAME,
                                                  "R1039 siblings", 1)


def check_copy_folder(s):
    t = s.tally
    _, a_h = s.new_folder(s.top_h, "ca")
    _, b_h = s.new_folder(s.top_h, "cb")
    fid, h = s.new_folder(a_h, "source")
    s.new_message(fid, (SUBJECT, "in it"))
    s.new_folder(h, "below")
    a = move_folder(s, a_h, b_h, fid, "flat", 0x36, 0).ok("R605")
    t.same(a.u8(), 0, "R219")
    a.end("OXCROPS 2.2.4.8")
    move_folder(s, a_h, b_h, fid, "deep", 0x36, 1).ok("R1122")
    t.same(sorted(r[0] for r in hierarchy_names(s, b_h, 4)),
           ["below", "deep", "flat"], "R1122 WantRecursive")
    table = s.hierarchy(b_h)
    s.columns(table, NAME, COUNT)
    t.same(sorted(s.rows(table, [NAME, COUNT])[1]),
           [["deep", 1], ["flat", 1]], "R605 the messages")
    move_folder(s, a_h, b_h, some_id(s, fid), "x", 0x36, 1).failed(
        NOT_FOUND, "R612", 1)
    move_folder(s, s.store, b_h, fid, "x", 0x36, 1).failed(NOT_SUPPORTED,
                                                           "R614", 1)
    a = move_folder(s, a_h, h, fid, "cycle", 0x36, 1)
    t.that(a.ec != 0, "a folder is not copied into itself")


def equal(tag, v):
    """A PropertyRestriction, RELOP_EQ."""
    return struct.pack("<BBI", 4, 4, tag) + tagged(tag, v)


def criteria(s, h, restriction, folders, flags):
    return s.rop(0x30, h, struct.pack("<H", len(restriction)) + restriction +
                 struct.pack(f"<H{len(folders)}QI", len(folders), *folders,
                             flags))


def found(s, h):
    table = s.contents(h)
    s.columns(table, SUBJECT)
    out = sorted(r[0] for r in s.rows(table, [SUBJECT])[1])
    s.release(table)
    return out


def get_criteria(s, h, flags):
    a = s.rop(0x31, h, bytes(flags)).ok("R134")
    restriction = a.take(a.u16())
    a.u8()
    folders = [a.u64() for _ in range(a.u16())]
    state = a.u32()
    a.end("OXCROPS 2.2.4.5.2")
    return restriction, folders, state


def check_search(s):
    t = s.tally
    fid, h = s.new_folder(s.top_h, "searched")
    sub, _ = s.new_folder(h, "below")
    for name in ("x", "y"):
        s.new_message(fid, (SUBJECT, name))
    s.new_message(sub, (SUBJECT, "x"))
    search, sh = s.new_folder(s.top_h, "search", 2)
    t.same(s.get(sh, KIND), 2, "R812 FOLDER_SEARCH")
    eq = equal(SUBJECT, "x")
    s.rop(0x31, sh, b"\1\1\1")
    criteria(s, sh, eq, [], 2).failed(NOT_INITIALIZED, "R1240, R566")
    criteria(s, sh, eq, [search], 2).failed(SCOPE_VIOLATION, "R1242, R1244")
    for bit in (0x10, 0x00100000, 0x80000000):
        criteria(s, sh, eq, [fid], 2 | bit).failed(INVALID_PARAM,
                                                   f"R116 {bit:#x}")
    criteria(s, h, eq, [s.inbox], 2).failed(NOT_SEARCH_FOLDER, "R570")
    criteria(s, s.store, eq, [fid], 2).failed(NOT_SUPPORTED, "R574")
    criteria(s, sh, eq, [fid], 2 | 8).ok("R119").end()
    t.same(found(s, sh), ["x"], "R515, R772 SHALLOW_SEARCH")
    restriction, folders, state = get_criteria(s, sh, [1, 1, 1])
    t.same((restriction, folders), (eq, [fid]), "R1103, R1104")
    t.same(state & 0x4, 0, "R789")
    t.same(get_criteria(s, sh, [1, 0, 0])[:2], (b"", []), "R136, R139")
    criteria(s, sh, b"", [], 2 | 4).ok("R105, R109, R1241").end()
    t.same(found(s, sh), ["x", "x"], "R770 RECURSIVE_SEARCH")
    t.same(get_criteria(s, sh, [1, 1, 1])[2] & 4, 4, "R789")
    mid = s.new_message(fid, (SUBJECT, "x"))
    t.same(found(s, sh), ["x"] * 3, "R1095 dynamic")
    m = s.message(fid, mid)
    s.set_props(m, (SUBJECT, "z"))
    s.saved(m)
    t.same(found(s, sh), ["x"] * 2, "R1096 ceases to match")
    criteria(s, sh, equal(SUBJECT, "y"), [], 2).ok("R519").end()
    t.same(found(s, sh), ["y"], "R519")
    s.rop(0x31, h, b"\1\1\1").failed(NOT_SEARCH_FOLDER, "R580")
    s.rop(0x31, s.store, b"\1\1\1").failed(NOT_SUPPORTED, "R582")
    s.rop(0x58, sh, b"\0\0").failed(NOT_SUPPORTED, "R1249", 1)
    t.same(s.get(s.folder(fid), COUNT), 3, "R1249 nothing went")
    s.create_folder(sh, "inside")
    parent = s.contents(sh)
    s.columns(parent, 0x0E090102)
    entry = s.rows(parent, [0x0E090102])[1][0][0]
    t.same(entry, s.get(s.folder(fid), 0x0FFF0102), "R1172")


def check_static_search(s):
    t = s.tally
    fid, _ = s.new_folder(s.top_h, "static")
    s.new_message(fid, (SUBJECT, "x"))
    _, sh = s.new_folder(s.top_h, "static search", 2)
    eq = equal(SUBJECT, "x")
    criteria(s, sh, eq, [fid], 0x40002).ok("R784").end()
    t.same(found(s, sh), ["x"], "R549")
    s.new_message(fid, (SUBJECT, "x"))
    t.same(found(s, sh), ["x"], "R1093")
    t.same(get_criteria(s, sh, [1, 1, 1])[2] & 0x10000, 0x10000, "R795")
    criteria(s, sh, b"", [], 0x40002).ok("R551").end()
    t.same(found(s, sh), ["x", "x"], "R551")


def check_properties(s):
    t = s.tally
    fid, h = s.new_folder(s.top_h, "properties")
    s.new_message(fid, (SUBJECT, "new"))
    m = s.message(fid, s.new_message(fid, (SUBJECT, "unread"),
                                     (0x0E070003, 0)))
    t.same(s.get(h, UNREAD), 1, "R10347 PidTagContentUnreadCount")
    s.release(m)
    s.set_props(h, (NAME, "renamed"), (0x3613001F, "IPF.Note"),
                (0x10F4000B, 1))
    t.same(s.get_props(s.folder(fid), NAME, 0x3613001F, 0x10F4000B),
           ["renamed", "IPF.Note", 1], "OXCPRPT R846 kept at once")
    problems = s.set_props(h, (FID, 4711))
    t.same(s.get(h, FID), fid, "R746 PidTagFolderId is read-only")
    t.among(len(problems), (0, 1), "OXCPRPT R47506")
    s.new_folder(s.top_h, "taken")
    problems = s.set_props(h, (NAME, "taken"))
    t.that(problems and s.get(h, NAME) == "renamed",
           "R1039 a sibling's name")
    parent = s.get(h, 0x0E090102)
    t.same(parent, s.get(s.top_h, 0x0FFF0102), "R10027")
    before = s.get(h, 0x663E0003)
    s.new_folder(h, "grows")
    t.that(s.get(h, 0x663E0003) > before, "R352 grows")
    t.that(s.get(h, 0x0E080003) > 0 and s.get(h, 0x0E080014) > 0,
           "R10353, R10354")
    for tag in (0x3007FFFF & 0x30070040, 0x30080040, 0x65E20102, 0x65E30102,
                0x0FF40003):
        t.that(not isinstance(s.get(h, tag), tuple),
               f"R746 {tag:#x} is there")




def check_search_source(s):
    """R121701, R121702: messages are moved and copied out of a search."""
    t = s.tally
    fid, h = s.new_folder(s.top_h, "search source")
    one, two = (s.new_message(fid, (SUBJECT, x)) for x in "ab")
    _, to = s.new_folder(s.top_h, "search target")
    _, sh = s.new_folder(s.top_h, "search for source", 2)
    criteria(s, sh, struct.pack("<BI", 8, SUBJECT), [fid], 2).ok("R515")
    a = move_copy(s, sh, to, [one], 1).ok("R121702")
    t.same(a.u8(), 0, "R121702 copied")
    t.same((s.get(h, COUNT), s.get(to, COUNT)), (2, 1), "R121702")
    a = move_copy(s, sh, to, [two], 0).ok("R121701")
    t.same(a.u8(), 0, "R121701 moved")
    t.same((s.get(h, COUNT), s.get(to, COUNT)), (1, 2), "R121701")
    t.same(found(s, sh), ["a"], "R1095 it leaves the search")
    t.same(s.get(sh, COUNT), 1, "R10345 of a search folder")
    a = s.delete(sh, one).ok("R632 in a search folder")
    t.same(a.u8(), 0, "R282")
    t.same(s.get(h, COUNT), 0, "R632 the message itself")


def check_conversations(s):
    """R1023, R1025: ConversationMembers on the Root folder."""
    t = s.tally
    root = s.folder(s.root)
    a = s.rop(0x05, root, b"\x80", out=True)
    t.same(a.ec, 0, "R1174, R10251")
    if a.ec == 0:
        a.u32()
        a.end()
        fid, _ = s.new_folder(s.top_h, "talk")
        mid = s.new_message(fid, (SUBJECT, "RE: talk of the town"),
                            (0x0070001F, "Talk of the town"))
        # [MS-OXOMSG] 2.2.1.2
        key = hashlib.md5("TALK OF THE TOWN".encode("utf-16le")).digest()
        s.columns(a.handle, MID)
        r = equal(0x30130102, key)
        b = s.rop(0x14, a.handle, struct.pack("<BH", 0, len(r)) + r)
        t.same(b.ec, 0, "R1174 a conversation that is there")
        t.same(s.rows(a.handle, [MID])[1], [[mid]], "R1023")
        r = equal(0x30130102, b"?" * 16)
        b = s.rop(0x14, a.handle, struct.pack("<BH", 0, len(r)) + r)
        t.same(b.ec, 0x496, "OXCTABL R723 ecConversationNotFound")


def check_soft_deleted_parent(s):
    """What lies in a soft-deleted folder is not in reach."""
    t = s.tally
    fid, h = s.new_folder(s.top_h, "goes away")
    mid = s.new_message(fid, (SUBJECT, "x"))
    s.rop(0x1D, s.top_h, struct.pack("<BQ", 5, fid)).ok("R498")
    a = s.open_message(fid, mid)
    t.that(a.ec != 0, "R471, OXCMSG R326")
    a = s.rop(0x06, s.store, struct.pack("<HQB", 0xFFF, fid, 0), out=True)
    t.that(a.ec != 0 or s.save(a.handle).ec != 0, "R471")
    s.release(h)
    again, _ = s.new_folder(s.top_h, "goes away")
    t.that(again != fid, "R1065 the name is free again")


def check_many(s):
    """R1147, R586: many messages in one ROP."""
    t = s.tally
    fid, h = s.new_folder(s.top_h, "many")
    mids = [s.new_message(fid, (SUBJECT, f"{i}")) for i in range(120)]
    _, to = s.new_folder(s.top_h, "many to")
    a = move_copy(s, h, to, mids, 0).ok("R160")
    t.same(a.u8(), 0, "R163")
    t.same((s.get(h, COUNT), s.get(to, COUNT)), (0, 120), "R160")
    t.same(s.get(to, UNREAD), 0, "R10347")

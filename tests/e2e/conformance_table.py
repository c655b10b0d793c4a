# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCTABL]: the ids are its own; those of [MS-OXCROPS] say so."""
import struct

from conformance_wire import (BUFFER_TOO_SMALL, INVALID_BOOKMARK,
                              INVALID_OBJECT, INVALID_PARAM, NOT_COLLAPSED,
                              NOT_EXPANDED, NOT_FOUND, NOT_SUPPORTED,
                              NULL_OBJECT, Session, tagged, tags)

SUBJECT, MID, IMPORTANCE, BODY = 0x0037001F, 0x674A0014, 0x00170003, \
    0x1000001F
INST, INSTNUM, ROWTYPE = 0x674D0014, 0x674E0003, 0x0FF50003
DEPTH, COUNT, NAME = 0x30050003, 0x36020003, 0x3001001F
BEGIN, CURRENT, END = 0, 1, 2
MESSAGES = 12


def prepare(org, tally):
    """Twelve messages m00 to m11, importance 0, 1, 2, 0, …"""
    s = Session(org, "alice", tally)
    h = s.folder(s.inbox)
    s.fid, s.fh = s.new_folder(h, "table checks")
    s.mids = [s.new_message(s.fid, (SUBJECT, f"m{i:02}"),
                            (IMPORTANCE, i % 3)) for i in range(MESSAGES)]
    return s


def sort(s, table, *orders, categories=0, expanded=0, flags=0):
    """orders: (tag, 0 up or 1 down or 4 the maximum)"""
    body = struct.pack("<BHHH", flags, len(orders), categories, expanded)
    body += b"".join(struct.pack("<HHB", t & 0xFFFF, t >> 16, o)
                     for t, o in orders)
    return s.rop(0x13, table, body)


def sorted_table(s, *columns, order=0):
    table = s.contents(s.fh)
    s.columns(table, *columns)
    a = sort(s, table, (SUBJECT, order)).ok("RopSortTable")
    a.u8()
    a.end("OXCROPS 2.2.5.2")
    return table


def subjects(s, table, **more):
    origin, rows = s.rows(table, [SUBJECT], **more)
    return origin, [r[0] for r in rows]


def names(first, last):
    return [f"m{i:02}" for i in range(first, last)]


def position(s, table):
    a = s.rop(0x17, table).ok("R491")
    out = a.u32(), a.u32()
    a.end("OXCROPS 2.2.5.7")
    return out


def seek(s, table, origin, count, want=1):
    a = s.rop(0x18, table, struct.pack("<BiB", origin, count, want))
    a.ok("R496")
    out = a.u8(), a.num("i")
    a.end("R156, R162")
    return out


def bookmark(s, table):
    a = s.rop(0x1B, table).ok("R522")
    mark = a.take(a.u16())
    a.end("OXCROPS 2.2.5.11")
    return mark


def seek_mark(s, table, mark, count=0, want=1):
    return s.rop(0x19, table, struct.pack("<H", len(mark)) + mark +
                 struct.pack("<iB", count, want))


def equal(tag, v, op=4):
    return struct.pack("<BBI", 4, op, tag) + tagged(tag, v)


def restrict(s, table, r, flags=0):
    return s.rop(0x14, table, struct.pack("<BH", flags, len(r)) + r)


def find(s, table, r, origin=BEGIN, flags=0, mark=b"", **more):
    return s.rop(0x4F, table, struct.pack("<BH", flags, len(r)) + r +
                 struct.pack("<BH", origin, len(mark)) + mark, **more)


def check_set_columns(s):
    t = s.tally
    table = s.contents(s.fh)
    for rop, body, cite in (
            (0x15, struct.pack("<BBH", 0, 1, 5), "R428, R476"),
            (0x4F, struct.pack("<BHBH", 0, 0, 0, 0), "R826"),
            (0x5A, struct.pack("<Q", 1), "R8261"),
            (0x59, struct.pack("<HQ", 0, 1), "R8263"),
            (0x89, struct.pack("<HI", 4, 0), "R8264"),
            (0x6B, struct.pack("<QI", 0, 0), "R8265"),
            (0x19, struct.pack("<HIiB", 4, 0, 0, 0), "R8266"),
            (0x6C, struct.pack("<HI", 4, 0), "R8267")):
        s.rop(rop, table, body).failed(NULL_OBJECT, f"{cite} {rop:#x}")
    a = s.rop(0x12, table, b"\0" + tags(SUBJECT)).ok("R426")
    t.same(a.u8(), 0, "R55 TBLSTAT_COMPLETE")
    a.end("OXCROPS 2.2.5.1")
    t.same(len(subjects(s, table)[1]), MESSAGES, "R427")
    a = s.rop(0x12, table, b"\1" + tags(SUBJECT)).ok("R781")
    t.same(a.u8(), 0, "R781 TBL_ASYNC")
    for bad in (0x00370000, 0x0037000A, 0x00370099):
        s.rop(0x12, table, b"\0" + tags(SUBJECT, bad)).failed(
            INVALID_PARAM, f"R435 {bad:#x}")
    for other in (s.fh, s.store):
        s.rop(0x12, other, b"\0" + tags(SUBJECT)).failed(NOT_SUPPORTED,
                                                         "R436")


def check_columns(s):
    t = s.tally
    table = sorted_table(s, SUBJECT, MID, IMPORTANCE, 0x0E07001F, 0x1234001F)
    columns = [SUBJECT, MID, IMPORTANCE, 0x0E07001F, 0x1234001F]
    rows = s.rows(table, columns, 1)[1]
    t.same(rows[0][:3], ["m00", s.mids[0], 0], "R116 the columns' order")
    t.same(rows[0][4], ("error", NOT_FOUND), "R116 one without a value")
    s.columns(table, 0x0037001E)
    t.same(s.rows(table, [0x0037001E], 1)[1], [[b"m01"]],
           "OXCDATA 2.8 PtypString8 as asked")


def check_truncation(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "z" * 400), (0x3A0C0102 & 0xFFFF0102, b"b" * 900))
    mid = s.saved(h)
    table = s.contents(s.fh)
    columns = [MID, SUBJECT, 0x3A0C0102]
    s.columns(table, *columns)
    row = [r for r in s.rows(table, columns)[1] if r[0] == mid][0]
    t.that(len(row[1].encode("utf-16-le")) <= 510 and row[1].startswith(
        "z" * 200), "R121, R122 a string")
    t.same(row[2], b"b" * 510, "R122 binary")
    t.same(len(s.get(s.message(s.fid, mid), SUBJECT)), 400, "R122 only there")
    s.release(h)
    s.delete(s.fh, mid, rop=0x91)


def check_query_rows(s):
    t = s.tally
    table = sorted_table(s, SUBJECT)
    t.same(subjects(s, table, count=5), (CURRENT, names(0, 5)),
           "R462, R726")
    t.same(position(s, table), (5, MESSAGES), "R136, R138")
    t.same(subjects(s, table, count=3, flags=1), (CURRENT, names(5, 8)),
           "R470 NoAdvance")
    t.same(position(s, table)[0], 5, "R470")
    t.same(subjects(s, table, count=50), (END, names(5, 12)), "R725")
    t.same(subjects(s, table, count=5), (END, []), "R467, R725")
    t.same(subjects(s, table, count=4, forward=0), (CURRENT, names(8, 12)),
           "R469 backwards")
    t.same(position(s, table)[0], 8, "R469")
    t.same(subjects(s, table, count=50, forward=0)[1], names(0, 8), "R469")
    origin, rows = subjects(s, table, count=5, forward=0)
    t.same((origin, rows), (BEGIN, []), "R784 backward at the beginning")
    t.same(position(s, table)[0], 0, "R784")
    t.same(subjects(s, table, count=2, flags=2), (CURRENT, names(0, 2)),
           "OXCROPS 2.2.5.4 EnablePackedBuffers")
    s.rop(0x15, s.fh, struct.pack("<BBH", 0, 1, 5)).failed(NOT_SUPPORTED,
                                                           "R477")
    seek(s, table, BEGIN, 0)
    a = s.rop(0x15, table, struct.pack("<BBH", 0, 1, 50), size=90)
    t.among(a.ec, (0,), "R464 as many rows as fit")
    a.u8()
    t.that(0 < a.u16() < MESSAGES, "R464, R466")


def check_too_small(s):
    """R478: a row that does not fit fails the ROP."""
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "a" * 250))
    mid = s.saved(h)
    table = sorted_table(s, SUBJECT)
    data, _ = s.raw(struct.pack("<BBBBBH", 0x15, 0, 0, 0, 1, 5), [table],
                    120)
    if t.that(data[0] in (0x15, 0xFF), "R466"):
        if data[0] == 0x15:
            t.same(struct.unpack_from("<I", data, 2)[0], BUFFER_TOO_SMALL,
                   "R466, R478")
    s.release(table, h)
    s.delete(s.fh, mid, rop=0x91)


def check_sort(s):
    t = s.tally
    table = sorted_table(s, SUBJECT, order=1)
    t.same(subjects(s, table)[1], names(0, 12)[::-1], "R77, R437")
    a = sort(s, table, (SUBJECT, 0), flags=1).ok("R438")
    t.same(a.u8(), 0, "R772")
    t.same(subjects(s, table)[1], names(0, 12), "R76, R438, R439")
    a = sort(s, table, (IMPORTANCE, 1), (SUBJECT, 0)).ok("R437")
    want = [f"m{i:02}" for i in sorted(range(12), key=lambda i:
                                       (-(i % 3), i))]
    t.same(subjects(s, table)[1], want, "R119 two keys")
    sort(s, s.hierarchy(s.fh), (NAME, 0)).failed(NOT_SUPPORTED,
                                                 "R450 a hierarchy table")
    sort(s, s.fh, (NAME, 0)).failed(NOT_SUPPORTED, "R450 no table")
    a = sort(s, table, (SUBJECT, 0), categories=2)
    t.same(a.ec, INVALID_PARAM, "R63 more categories than keys")


def check_restrict(s):
    t = s.tally
    table = sorted_table(s, SUBJECT)
    seek(s, table, BEGIN, 4)
    a = restrict(s, table, equal(IMPORTANCE, 1)).ok("R451")
    t.same(a.u8(), 0, "R94")
    a.end("OXCROPS 2.2.5.3")
    t.same(position(s, table), (0, 4), "R452, R453")
    t.same(subjects(s, table)[1], ["m01", "m04", "m07", "m10"],
           "R117, R452")
    restrict(s, table, equal(IMPORTANCE, 1), 1).ok("R774")
    both = struct.pack("<BH", 0, 2) + equal(IMPORTANCE, 1) + \
        equal(SUBJECT, "m05", 2)
    restrict(s, table, both).ok("OXCDATA 2.12.1 and")
    t.same(subjects(s, table)[1], ["m07", "m10"], "OXCDATA 2.12.5 >")
    either = struct.pack("<BH", 1, 2) + equal(SUBJECT, "m03") + \
        b"\2" + equal(SUBJECT, "m00", 2)
    restrict(s, table, either).ok("OXCDATA 2.12.2 or, 2.12.3 not")
    t.same(subjects(s, table)[1], ["m00", "m03"], "OXCDATA 2.12.2")
    content = struct.pack("<BHHI", 3, 1, 1, SUBJECT) + tagged(SUBJECT, "M1")
    restrict(s, table, content).ok("OXCDATA 2.12.4 a part, any case")
    t.same(subjects(s, table)[1], ["m10", "m11"], "OXCDATA 2.12.4")
    restrict(s, table, struct.pack("<BI", 8, 0x1234001F)).ok("exist")
    t.same(subjects(s, table)[1], [], "OXCDATA 2.12.9")
    restrict(s, table, struct.pack("<BBII", 6, 1, IMPORTANCE, 1)).ok("bits")
    t.same(subjects(s, table)[1], ["m01", "m04", "m07", "m10"],
           "OXCDATA 2.12.7 BMR_NEZ")
    restrict(s, table, b"").ok("R454 none")
    t.same(position(s, table), (0, MESSAGES), "R118")
    restrict(s, s.fh, b"").failed(NOT_SUPPORTED, "R461")
    hierarchy = s.hierarchy(s.folder(s.ipm))
    s.columns(hierarchy, NAME)
    restrict(s, hierarchy, equal(NAME, "Inbox")).ok("R833")
    t.same(s.rows(hierarchy, [NAME])[1], [["Inbox"]], "R833")


def check_seek(s):
    t = s.tally
    table = sorted_table(s, SUBJECT)
    t.same(seek(s, table, BEGIN, 5), (0, 5), "R496, R155")
    t.same(seek(s, table, CURRENT, 3), (0, 3), "R28")
    t.same(position(s, table)[0], 8, "R496")
    t.same(seek(s, table, CURRENT, 10), (1, 4), "R497")
    t.same(position(s, table)[0], MESSAGES, "R497")
    t.same(seek(s, table, END, -3), (0, -3), "R160")
    t.same(seek(s, table, CURRENT, -20), (1, -9), "R497 backwards")
    t.same(seek(s, table, BEGIN, 0), (0, 0), "R155")
    seek(s, table, BEGIN, 2, 0)
    t.same(position(s, table)[0], 2, "R151")
    a = s.rop(0x18, table, struct.pack("<BiB", 3, 0, 0))
    t.that(a.ec != 0, "R26 an origin of 3")
    s.rop(0x18, s.fh, struct.pack("<BiB", 0, 0, 0)).failed(NOT_SUPPORTED,
                                                           "R502")
    s.rop(0x17, s.fh).failed(NOT_SUPPORTED, "R495")


def check_fractional(s):
    t = s.tally
    table = sorted_table(s, SUBJECT)
    for n, d, want in ((1, 2, 6), (0, 7, 0), (7, 7, 12), (9, 7, 12),
                       (1, 12, 1)):
        s.rop(0x1A, table, struct.pack("<II", n, d)).ok(
            "R513 to R516").end("R207")
        t.same(position(s, table)[0], want, f"R514, R515, R516 {n}/{d}")
    a = s.rop(0x1A, table, struct.pack("<II", 1, 0))
    t.that(a.ec or position(s, table)[0] == MESSAGES, "R515 1/0")
    s.rop(0x1A, s.fh, struct.pack("<II", 1, 2)).failed(NOT_SUPPORTED, "R521")


def check_bookmarks(s):
    t = s.tally
    table = sorted_table(s, SUBJECT)
    seek(s, table, BEGIN, 4)
    mark = bookmark(s, table)
    t.that(len(mark) > 0, "R211")
    seek(s, table, BEGIN, 0)
    a = seek_mark(s, table, mark, 2).ok("R503")
    t.same((a.u8(), a.u8(), a.num("i")), (0, 0, 2), "R183, R188")
    a.end("OXCROPS 2.2.5.9")
    t.same(position(s, table)[0], 6, "R504")
    a = seek_mark(s, table, mark, 100).ok("R187")
    t.same((a.u8(), a.u8(), a.num("i")), (0, 1, 8), "R187")
    a = seek_mark(s, table, mark, -100).ok("R193")
    t.same((a.u8(), a.u8(), a.num("i")), (0, 1, -4), "R193")
    h = s.message(s.fid, s.mids[4])
    s.set_props(h, (SUBJECT, "m04"))
    s.saved(h)
    a = seek_mark(s, table, mark).ok("R503 after a change elsewhere")
    t.same(a.u8(), 0, "R183")
    s.rop(0x89, table, struct.pack("<H", len(mark)) + mark).ok(
        "R545").end("R255")
    seek_mark(s, table, mark).failed(INVALID_BOOKMARK, "R511, R2481")
    s.rop(0x89, table, struct.pack("<H", len(mark)) + mark).failed(
        INVALID_BOOKMARK, "R5521")
    for rop, cite in ((0x13, "R505, R537, R864"), (0x14, "R870, R868, R865"),
                      (0x81, "R871, R869, R863, R562")):
        mark = bookmark(s, table)
        if rop == 0x13:
            sort(s, table, (SUBJECT, 0)).ok(cite)
        elif rop == 0x14:
            restrict(s, table, b"").ok(cite)
        else:
            s.rop(0x81, table).ok(cite).end("R271")
            s.columns(table, SUBJECT)
        seek_mark(s, table, mark).failed(INVALID_BOOKMARK, cite)
        find(s, table, equal(SUBJECT, "m05"), 3, mark=mark).failed(
            INVALID_BOOKMARK, cite)
    for rop, body in ((0x1B, b""), (0x19, struct.pack("<HIiB", 4, 0, 0, 0)),
                      (0x89, struct.pack("<HI", 4, 0))):
        s.rop(rop, s.fh, body).failed(NOT_SUPPORTED, "R529, R512, R551")
    s.release(table)
    a = seek_mark(s, table, mark)
    t.among(a.ec, (NULL_OBJECT, INVALID_OBJECT), "R248, R552 released")


def check_gone_bookmark(s):
    """R506, R538: the row that a bookmark points to is deleted."""
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "m04x"), (IMPORTANCE, 0))
    table = sorted_table(s, SUBJECT)
    seek(s, table, BEGIN, 5)
    mark = bookmark(s, table)
    t.same(subjects(s, table, count=1)[1], ["m04x"], "R522")
    s.delete(s.fh, mid, rop=0x91)
    a = seek_mark(s, table, mark).ok("R506")
    t.same((a.u8(), a.u8(), a.num("i")), (1, 0, 0), "R182, R506")
    t.same(subjects(s, table, count=1)[1], ["m05"], "R184 the next row")
    a = find(s, table, equal(SUBJECT, "m04", 3), 3, mark=mark).ok("R538")
    t.same((a.u8(), a.u8()), (1, 1), "R238, R538 RowNoLongerVisible")
    t.same(a.row([SUBJECT]), ["m05"], "R240")
    a.end("R245")


def check_find(s):
    t = s.tally
    table = sorted_table(s, SUBJECT, MID)
    a = find(s, table, equal(IMPORTANCE, 2)).ok("R534")
    t.same((a.u8(), a.u8()), (0, 1), "R239, R243")
    t.same(a.row([SUBJECT, MID]), ["m02", s.mids[2]], "R540, R824")
    a.end("R245")
    t.same(position(s, table)[0], 2, "R535")
    a = find(s, table, equal(IMPORTANCE, 2), CURRENT).ok("R534")
    a.u8(), a.u8()
    t.same(a.row([SUBJECT, MID])[0], "m02", "R534 from the cursor itself")
    seek(s, table, CURRENT, 1)
    a = find(s, table, equal(IMPORTANCE, 2), CURRENT).ok("R534")
    a.u8(), a.u8()
    t.same(a.row([SUBJECT, MID])[0], "m05", "R534")
    a = find(s, table, equal(IMPORTANCE, 2), CURRENT, 1).ok("R226")
    a.u8(), a.u8()
    t.same(a.row([SUBJECT, MID])[0], "m02",
           "R241 backwards from the previous row")
    a = find(s, table, equal(IMPORTANCE, 1), END, 1).ok("R226")
    a.u8(), a.u8()
    t.same(a.row([SUBJECT, MID])[0], "m10", "R226 from the end")
    find(s, table, equal(SUBJECT, "none")).failed(NOT_FOUND,
                                                  "R536, R544001")
    find(s, s.fh, equal(SUBJECT, "x")).failed(NOT_SUPPORTED, "R544")
    mark = None
    seek(s, table, BEGIN, 7)
    mark = bookmark(s, table)
    a = find(s, table, equal(IMPORTANCE, 0), 3, mark=mark).ok("R239")
    t.same(a.u8(), 0, "R239")
    a.u8()
    t.same(a.row([SUBJECT, MID])[0], "m09", "R534 from a bookmark")


def check_reset(s):
    t = s.tally
    table = sorted_table(s, SUBJECT, order=1)
    restrict(s, table, equal(IMPORTANCE, 1)).ok("R451")
    seek(s, table, BEGIN, 2)
    s.rop(0x81, table).ok("R553").end("R271")
    s.rop(0x15, table, struct.pack("<BBH", 0, 1, 5)).failed(
        NULL_OBJECT, "R553, R554, R560")
    t.same(position(s, table), (0, MESSAGES), "R555, R561")
    s.rop(0x81, s.fh).failed(NOT_SUPPORTED, "R566")
    tree = s.rop(0x04, s.fh, b"\0", out=True)
    tree.ok("OXCFOLD R311")
    s.rop(0x81, tree.handle).failed(NOT_SUPPORTED, "R566 of folders")


def check_status(s):
    t = s.tally
    table = s.contents(s.fh)
    hierarchy = s.hierarchy(s.fh)
    for h in (table, hierarchy):
        a = s.rop(0x16, h).ok("R487")
        t.same(a.u8(), 0, "R33")
        a.end("OXCROPS 2.2.5.6")
        s.rop(0x38, h).failed(UNABLE, "R485, R402")
        a = s.rop(0x37, h).ok("R530, R531")
        count = a.u16()
        got = [a.u32() for _ in range(count)]
        t.that(count > 5, "R220")
        a.end("OXCROPS 2.2.5.12")
        t.that((SUBJECT if h == table else NAME) in got, "R530")
    for rop, cite in ((0x16, "R490"), (0x38, "R486"), (0x37, "R533")):
        s.rop(rop, s.fh).failed(NOT_SUPPORTED, cite)


UNABLE = 0x80040114


def check_hierarchy_table(s):
    """What hierarchy tables have to support as well."""
    t = s.tally
    table = s.hierarchy(s.folder(s.ipm))
    count = s.count
    s.columns(table, NAME)
    seek(s, table, BEGIN, 2)
    t.same(position(s, table), (2, count), "R844, R848")
    mark = bookmark(s, table)
    want = s.rows(table, [NAME], 1)[1]
    s.rop(0x1A, table, struct.pack("<II", 0, 1)).ok("R853")
    seek_mark(s, table, mark).ok("R852")
    t.same(s.rows(table, [NAME], 1)[1], want, "R852, R857")
    a = find(s, table, equal(NAME, "Inbox")).ok("R858")
    t.same((a.u8(), a.u8(), a.row([NAME])), (0, 1, ["Inbox"]), "R858")
    s.rop(0x89, table, struct.pack("<H", len(mark)) + mark).ok("R547")
    for rop, body, cite in (
            (0x59, struct.pack("<HQ", 0, 1), "R572"),
            (0x5A, struct.pack("<Q", 1), "R578"),
            (0x6B, struct.pack("<QI", 0, 0), "R584"),
            (0x6C, struct.pack("<HI", 4, 0), "R590")):
        s.rop(rop, table, body).failed(NOT_SUPPORTED,
                                       f"{cite} on a hierarchy table")


COLS = [SUBJECT, ROWTYPE, DEPTH, INST, COUNT, IMPORTANCE]


def categorized(s, expanded):
    table = s.contents(s.fh)
    s.columns(table, *COLS)
    sort(s, table, (IMPORTANCE, 0), (SUBJECT, 0), categories=1,
         expanded=expanded).ok("R70")
    return table


def check_categories(s):
    t = s.tally
    table = categorized(s, 1)
    rows = s.rows(table, COLS)[1]
    t.same(len(rows), 15, "R67 all categories are expanded")
    t.same([r[1] for r in rows[:5]], [3, 1, 1, 1, 1],
           "2.2.1.3 TBL_EXPANDED_CATEGORY, TBL_LEAF_ROW")
    t.same([r[2] for r in rows[:2]], [0, 1], "2.2.1.4 PidTagDepth")
    t.same((rows[0][4], rows[0][5]), (4, 0), "R20, the category's value")
    t.same([r[0] for r in rows[1:5]], ["m00", "m03", "m06", "m09"], "R72")
    head = rows[5][3]
    a = s.rop(0x5A, table, struct.pack("<Q", head)).ok("R573")
    t.same(a.u32(), 4, "R287")
    a.end("OXCROPS 2.2.5.17")
    s.rop(0x5A, table, struct.pack("<Q", head)).failed(NOT_EXPANDED, "R577")
    seek(s, table, BEGIN, 0)
    rows = s.rows(table, COLS)[1]
    t.same((len(rows), rows[5][1]), (11, 4), "R573 TBL_COLLAPSED_CATEGORY")
    a = s.rop(0x59, table, struct.pack("<HQ", 0, head)).ok("R567")
    t.same((a.u32(), a.u16()), (4, 0), "R278, R280")
    a.end("OXCROPS 2.2.5.16")
    s.rop(0x59, table, struct.pack("<HQ", 0, head)).failed(NOT_COLLAPSED,
                                                           "R571")
    for rop, body, cite in (
            (0x59, struct.pack("<HQ", 0, 0x123456), "R570"),
            (0x5A, struct.pack("<Q", 0x123456), "R576")):
        s.rop(rop, table, body).failed(NOT_FOUND, cite)
    for rop, body, cite in (
            (0x59, struct.pack("<HQ", 0, head), "R572"),
            (0x5A, struct.pack("<Q", head), "R578"),
            (0x6B, struct.pack("<QI", 0, 0), "R584"),
            (0x6C, struct.pack("<HI", 4, 0), "R590")):
        s.rop(rop, s.fh, body).failed(NOT_SUPPORTED, cite)


def check_collapsed_bookmark(s):
    """R182, R506: a header row that was collapsed."""
    t = s.tally
    table = categorized(s, 1)
    rows = s.rows(table, COLS)[1]
    seek(s, table, BEGIN, 2)
    mark = bookmark(s, table)
    s.rop(0x5A, table, struct.pack("<Q", rows[0][3])).ok("R573")
    a = seek_mark(s, table, mark).ok("R506")
    t.same(a.u8(), 1, "R182 the row's header is collapsed")
    t.same(s.rows(table, COLS, 1)[1][0][1], 3, "R184 the next row")


def check_expand_rows(s):
    t = s.tally
    table = categorized(s, 0)
    rows = s.rows(table, COLS)[1]
    t.same([r[1] for r in rows], [4, 4, 4], "R66 collapsed to begin with")
    t.same(position(s, table), (3, 3), "R491 the visible rows")
    a = s.rop(0x59, table, struct.pack("<HQ", 2, rows[1][3])).ok("R567")
    t.same(a.u32(), 4, "R278")
    n = a.u16()
    t.that(n <= 2, "R280, R281, R748")
    got = [a.row(COLS)[0] for _ in range(n)]
    t.same(got, ["m01", "m04"][:n], "R825, R273")
    a.end("R279")


def check_collapse_state(s):
    t = s.tally
    table = categorized(s, 0)
    rows = s.rows(table, COLS)[1]
    s.rop(0x59, table, struct.pack("<HQ", 0, rows[2][3])).ok("R567")
    a = s.rop(0x6B, table, struct.pack("<QI", rows[2][3], 0)).ok("R579")
    state = a.take(a.u16())
    a.end("OXCROPS 2.2.5.18")
    t.that(len(state) > 0, "R294")
    other = categorized(s, 1)
    a = s.rop(0x6C, other, struct.pack("<H", len(state)) + state).ok("R585")
    mark = a.take(a.u16())
    a.end("OXCROPS 2.2.5.19")
    row = s.rows(other, COLS, 1)[1][0]
    t.same((row[1], row[5]), (3, 2), "R587 the cursor is at the row")
    seek(s, other, BEGIN, 0)
    t.same([r[1] for r in s.rows(other, COLS)[1]], [4, 4, 3, 1, 1, 1, 1],
           "R585, R586")
    a = s.rop(0x6C, table, struct.pack("<H", len(state)) + state).ok("R585")
    mark = a.take(a.u16())
    t.that(len(mark) > 0, "R305")
    seek(s, table, BEGIN, 0)
    a = seek_mark(s, table, mark).ok("R305, R581 the bookmark")
    t.same(a.u8(), 0, "R581")
    row = s.rows(table, COLS, 1)[1][0]
    t.same((row[1], row[5]), (3, 2), "R305 the row of the bookmark")
    a = s.rop(0x6C, other, struct.pack("<H", 3) + b"abc")
    t.that(a.ec != 0, "R585 what is no state")


def check_maximum_category(s):
    """R81, R82: categories by the greatest subject in them."""
    t = s.tally
    table = s.contents(s.fh)
    s.columns(table, *COLS)
    sort(s, table, (IMPORTANCE, 0), (SUBJECT, 4), (SUBJECT, 1),
         categories=1, expanded=1).ok("R78")
    rows = s.rows(table, COLS)[1]
    heads = [r[5] for r in rows if r[1] == 3]
    t.among(heads == [2, 1, 0] or heads == [0, 1, 2], (True,), "R81")
    t.same([r[0] for r in rows[1:5]], sorted((r[0] for r in rows[1:5]),
                                             reverse=True), "R82")


def check_instances(s):
    """R433, R448: a multivalue column makes a row a value."""
    t = s.tally
    fid, h = s.new_folder(s.fh, "instances")
    mv, one = 0x8010101F, 0x8010301F
    a = s.rop(0x56, s.store, struct.pack("<BH", 2, 1) + b"\1" + bytes(
        range(16)) + b"\x0a" + "mv".encode("utf-16-le") + b"\0v\0\0\0"[:0] +
        "xy\0".encode("utf-16-le"))
    a.ok("named")
    a.u16()
    pid = a.u16() << 16
    mv, one = pid | 0x101F, pid | 0x301F
    s.new_message(fid, (SUBJECT, "two"), (mv, ["b", "a"]))
    s.new_message(fid, (SUBJECT, "none"))
    table = s.contents(h)
    s.columns(table, SUBJECT, one, INSTNUM)
    a = sort(s, table, (one, 0)).ok("R448")
    rows = s.rows(table, [SUBJECT, pid | 0x1F, INSTNUM])[1]
    t.same(len(rows), 3, "R433 a row a value")
    got = [(r[0], r[1]) for r in rows if r[0] == "two"]
    t.same(got, [("two", "a"), ("two", "b")], "R448 sorted by each value")


def check_live(s):
    """Rows that come and go while a table is open."""
    t = s.tally
    table = sorted_table(s, SUBJECT)
    seek(s, table, BEGIN, 6)
    mid = s.new_message(s.fid, (SUBJECT, "m00a"))
    t.same(position(s, table)[1], MESSAGES + 1, "R491 a new row")
    t.same(subjects(s, table, count=1)[1], ["m06"],
           "R462 the cursor stays at its row")
    s.delete(s.fh, mid, rop=0x91)
    t.same(position(s, table), (7, MESSAGES), "R491")


def check_restriction_kinds(s):
    """[MS-OXCDATA] 2.12.4 to 2.12.12, each over a few messages."""
    t = s.tally
    fid, h = s.new_folder(s.fh, "kinds")
    mv = 0x6690101F
    s.new_message(fid, (SUBJECT, "Alpha beta"), (IMPORTANCE, 2),
                  (0x66910003, 2), (0x66920102, b"12345"), (mv, ["p", "q"]))
    s.new_message(fid, (SUBJECT, "beta gamma"), (IMPORTANCE, 1),
                  (0x66910003, 2), (0x66920102, b"1"),
                  (0x66930040, 132000000000000000))
    m = s.create_message(fid)
    s.set_props(m, (SUBJECT, "attached"))
    at = s.rop(0x23, m, out=True).ok("RopCreateAttachment").handle
    s.set_props(at, (0x3707001F, "a.txt"))
    s.raw(struct.pack("<BBBBB", 0x25, 0, 0, 1, 0), [m, at])
    s.saved(m)
    table = s.contents(h)
    s.columns(table, SUBJECT)
    sort(s, table, (SUBJECT, 0)).ok("R437")

    def found(r):
        restrict(s, table, r).ok("R451")
        return [x[0].split()[0].lower() for x in s.rows(table,
                                                        [SUBJECT])[1]]

    def content(low, high, text):
        return struct.pack("<BHHI", 3, low, high, SUBJECT) + \
            tagged(SUBJECT, text)
    t.same(found(content(0, 1, "alpha BETA")), ["alpha"],
           "2.12.4 FL_FULLSTRING")
    t.same(found(content(0, 0, "alpha BETA")), [], "2.12.4 the case counts")
    t.same(found(content(2, 1, "BETA")), ["beta"], "2.12.4 FL_PREFIX")
    t.same(found(content(1, 0, "beta")), ["alpha", "beta"],
           "2.12.4 FL_SUBSTRING")
    for op, want in ((0, []), (1, ["beta"]), (2, ["alpha"]),
                     (3, ["alpha", "beta"]),
                     (4, ["beta"]), (5, ["alpha"])):
        r = struct.pack("<BH", 0, 2) + equal(IMPORTANCE, 1, op) + \
            struct.pack("<BI", 8, 0x66910003)
        t.same(found(r), want, f"2.12.5 relation {op}")
    t.same(found(struct.pack("<BBII", 5, 4, 0x66910003, IMPORTANCE)),
           ["alpha"],
           "2.12.6 two properties")
    t.same(found(struct.pack("<BBII", 7, 2, 0x66920102, 4)), ["alpha"],
           "2.12.8 a size")
    t.same(found(struct.pack("<BBII", 6, 0, 0x66910003, 1)), ["alpha", "beta"],
           "2.12.7 BMR_EQZ")
    t.same(found(struct.pack("<BI", 8, 0x66930040)), ["beta"], "2.12.9")
    sub = struct.pack("<BI", 9, 0x0E13000D) + struct.pack("<BI", 8,
                                                          0x3707001F)
    t.same(found(sub), ["attached"], "2.12.10 of the attachments")
    t.same(found(struct.pack("<BB", 10, 1) + tagged(0x66990003, 1) + b"\1" +
                 equal(IMPORTANCE, 2)), ["alpha"], "2.12.11 a comment")
    t.same(found(struct.pack("<BI", 11, 1) + struct.pack("<BI", 8,
                                                         SUBJECT)), ["alpha"],
           "2.12.12 a count")
    r = struct.pack("<BBI", 4, 4, mv) + tagged(0x6690001F, "q")
    t.same(found(r), ["alpha"], "2.12.5 any of several values")
    t.same(found(struct.pack("<BH", 0, 0)), ["alpha", "attached", "beta"],
           "2.12.1 and of nothing")
    t.same(found(struct.pack("<BH", 1, 0)), [], "2.12.2 or of nothing")


def check_collation(s):
    """Strings are sorted as people do, not by code points."""
    t = s.tally
    fid, h = s.new_folder(s.fh, "collation")
    for name in ("b", "B2", "a", "Ab", "é", "f", "e"):
        s.new_message(fid, (SUBJECT, name))
    table = s.contents(h)
    s.columns(table, SUBJECT)
    sort(s, table, (SUBJECT, 0)).ok("R76")
    t.same([r[0] for r in s.rows(table, [SUBJECT])[1]],
           ["a", "Ab", "b", "B2", "e", "é", "f"], "R76")


def check_missing_values(s):
    """Rows without the value that sorts are there, and at one end."""
    t = s.tally
    fid, h = s.new_folder(s.fh, "missing")
    for name, v in (("x", 5), ("none", None), ("y", 1)):
        pairs = [(SUBJECT, name)] + ([] if v is None else [(0x66910003, v)])
        s.new_message(fid, *pairs)
    table = s.contents(h)
    s.columns(table, SUBJECT)
    for order, want in ((0, ["none", "y", "x"]), (1, ["x", "y", "none"])):
        sort(s, table, (0x66910003, order)).ok("R76, R77")
        t.same([r[0] for r in s.rows(table, [SUBJECT])[1]], want,
               "R76, R77 no value comes before any")


def check_failed_columns(s):
    """R429: after a failure the columns are gone, or the old ones again."""
    t = s.tally
    table = sorted_table(s, SUBJECT)
    s.rop(0x12, table, b"\0" + tags(0x0037000A)).failed(INVALID_PARAM,
                                                        "R435")
    a = s.rop(0x15, table, struct.pack("<BBH", 0, 1, 1))
    if a.ec == 0:
        a.u8()
        t.same(a.u16(), 1, "R430 the previous columns")
    else:
        a.failed(NULL_OBJECT, "R429")
    s.columns(table, SUBJECT)
    t.same(len(subjects(s, table, count=1)[1]), 1, "R429 until it succeeds")


def check_two_levels(s):
    """R71, R72: categories within categories."""
    t = s.tally
    fid, h = s.new_folder(s.fh, "levels")
    for a, b in ((0, 0), (0, 1), (1, 0), (0, 1)):
        s.new_message(fid, (SUBJECT, f"s{a}{b}"), (IMPORTANCE, a),
                      (0x00360003, b))
    table = s.contents(h)
    columns = [ROWTYPE, DEPTH, IMPORTANCE, 0x00360003, COUNT]
    s.columns(table, *columns)
    sort(s, table, (IMPORTANCE, 0), (0x00360003, 1), (SUBJECT, 0),
         categories=2, expanded=2).ok("R71")
    rows = s.rows(table, columns)[1]
    t.same([(r[0], r[1]) for r in rows],
           [(3, 0), (3, 1), (1, 2), (1, 2), (3, 1), (1, 2), (3, 0), (3, 1),
            (1, 2)], "R71, R72, 2.2.1.3, 2.2.1.4")
    t.same([r[3] for r in rows if r[1] == 1], [1, 0, 0], "R77 within")
    t.same([r[4] for r in rows if r[1] == 0], [3, 1], "R20")
    sort(s, table, (IMPORTANCE, 0), (0x00360003, 1), (SUBJECT, 0),
         categories=2, expanded=1).ok("R66")
    rows = s.rows(table, columns)[1]
    t.same([(r[0], r[1]) for r in rows],
           [(3, 0), (4, 1), (4, 1), (3, 0), (4, 1)], "R66 the first level")

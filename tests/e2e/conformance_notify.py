# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCNOTIF]: the ids are its own; those of [MS-OXCROPS] say so."""
import struct
import threading
import time

from conformance_wire import Reader, Session

SUBJECT, FLAGS, MID, NAME = 0x0037001F, 0x0E070003, 0x674A0014, 0x3001001F
NEW, CREATED, DELETED, MODIFIED, MOVED, COPIED, SEARCH, TABLE = \
    2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100
ALL = CREATED | DELETED | MODIFIED | MOVED | COPIED


class Both:
    """One session that watches and one that acts."""

    def __init__(self, org, tally):
        self.tally = self.t = tally
        self.watch = Session(org, "carol", tally)
        self.act = Session(org, "carol", tally)
        self.inbox_h = self.act.folder(self.act.inbox)
        self.serial = 0

    def folder(self):
        self.serial += 1
        return self.act.new_folder(self.inbox_h, f"notify {self.serial}")

    def notes(self):
        """What has come since the last call; an Execute without ROPs asks
        (R337)."""
        for _ in range(40):
            data, _ = self.watch.raw(b"", [])
            self.watch.collect(data)
            if self.watch.notes:
                break
            time.sleep(0.02)
        out, self.watch.notes = self.watch.notes, []
        return [n for n in out if n.rop == 0x2A]

    def drain(self):
        data, _ = self.watch.raw(b"", [])
        self.watch.collect(data)
        self.watch.notes = []


def prepare(org, tally):
    return Both(org, tally)


def register(s, types, folder=None, message=0):
    body = struct.pack("<HB", types, folder is None)
    if folder is not None:
        body += struct.pack("<QQ", folder, message)
    return s.rop(0x29, s.store, body, out=True).ok("R287").end(
        "OXCROPS 2.2.14.1").handle


def of_type(notes, kind, handle=None):
    return [n for n in notes if n.type == kind and
            (handle is None or n.handle == handle)]


def check_messages(b):
    t, act = b.t, b.act
    fid, fh = b.folder()
    other, oh = b.folder()
    h = register(b.watch, ALL, fid)
    mid = act.new_message(fid, (SUBJECT, "new"))
    notes = b.notes()
    made = of_type(notes, CREATED, h)
    if t.that(len(made) == 1, "R42 ObjectCreated in the folder"):
        n = made[0]
        t.same((n.folder, n.mid, n.logon), (fid, mid, 0),
               "R170, R174, R97001")
        t.same(n.flags & 0xF000, 0x8000, "R122 a message")
    m = act.message(fid, mid)
    act.set_props(m, (SUBJECT, "changed"))
    act.saved(m)
    got = [n for n in of_type(b.notes(), MODIFIED, h) if n.message]
    if t.that(len(got) >= 1, "R44 ObjectModified"):
        t.same((got[0].folder, got[0].mid), (fid, mid), "R170, R174")
    act.rop2(0x33, fh, oh, struct.pack("<HQBB", 1, mid, 0, 1)).ok("copy")
    b.drain()
    h2 = register(b.watch, ALL, other)
    act.rop2(0x33, fh, oh, struct.pack("<HQBB", 1, mid, 0, 1)).ok("copy")
    got = of_type(b.notes(), COPIED, h2)
    if t.that(len(got) == 1, "R46 ObjectCopied"):
        t.same((got[0].folder, got[0].old_folder, got[0].old_mid),
               (other, fid, mid), "R182, R186")
    act.rop2(0x33, fh, oh, struct.pack("<HQBB", 1, mid, 0, 0)).ok("move")
    notes = b.notes()
    got = of_type(notes, MOVED)
    if t.that(len(got) >= 1, "R45 ObjectMoved"):
        t.same((got[0].folder, got[0].old_folder, got[0].old_mid),
               (other, fid, mid), "R170, R182, R186")
        mid = got[0].mid
    b.drain()
    act.delete(oh, mid, rop=0x91)
    got = of_type(b.notes(), DELETED, h2)
    if t.that(len(got) == 1, "R43 ObjectDeleted"):
        t.same((got[0].folder, got[0].mid), (other, mid), "R170, R174")
    b.watch.release(h, h2)


def check_counts(b):
    """R113, R116: the folder's counts."""
    t, act = b.t, b.act
    fid, _ = b.folder()
    h = register(b.watch, MODIFIED, fid)
    act.new_message(fid, (SUBJECT, "x"), (FLAGS, 0))
    got = [n for n in of_type(b.notes(), MODIFIED, h) if not n.message]
    if t.that(len(got) >= 1, "R44 the folder is modified"):
        n = got[0]
        t.same(n.flags & 0x3000, 0x3000, "R113, R116")
        t.same((n.total, n.unread, n.folder), (1, 1, fid),
               "R113, R116, R170")
    b.watch.release(h)
    act.new_message(fid, (SUBJECT, "y"))
    data, _ = b.watch.raw(b"", [])
    b.watch.collect(data)
    t.same(b.watch.notes, [], "OXCROPS R4568 a released subscription")


def check_folders(b):
    t, act = b.t, b.act
    fid, fh = b.folder()
    to, th = b.folder()
    b.drain()
    h = register(b.watch, ALL)
    sub, sh = act.new_folder(fh, "sub")
    got = [n for n in of_type(b.notes(), CREATED, h) if not n.message]
    if t.that(len(got) == 1, "R42 a folder, R52 the whole store"):
        t.same((got[0].folder, got[0].parent), (sub, fid), "R170, R178")
    act.set_props(sh, (NAME, "renamed"))
    got = [n for n in of_type(b.notes(), MODIFIED, h) if n.folder == sub]
    t.that(got, "R44 a folder's properties")
    b.drain()
    act.rop2(0x35, fh, th, struct.pack("<BBQ", 0, 1, sub) +
             "moved\0".encode("utf-16-le")).ok("RopMoveFolder")
    got = [n for n in of_type(b.notes(), MOVED, h) if not n.message]
    if t.that(len(got) == 1, "R45 a folder"):
        n = got[0]
        t.same((n.folder, n.parent, n.old_folder, n.old_parent),
               (sub, to, sub, fid), "R170, R178, R182, R190")
    b.drain()
    act.rop(0x1D, th, struct.pack("<BQ", 5, sub)).ok("RopDeleteFolder")
    got = [n for n in of_type(b.notes(), DELETED, h) if not n.message]
    if t.that(len(got) == 1, "R43 a folder"):
        t.same((got[0].folder, got[0].parent), (sub, to), "R170, R178")
    b.watch.release(h)


def check_scope(b):
    t, act = b.t, b.act
    fid, _ = b.folder()
    other, _ = b.folder()
    b.drain()
    one = register(b.watch, CREATED, fid)
    two = register(b.watch, CREATED, fid)
    third = register(b.watch, DELETED, fid)
    act.new_message(other, (SUBJECT, "elsewhere"))
    data, _ = b.watch.raw(b"", [])
    b.watch.collect(data)
    t.same(b.watch.notes, [], "R53 only within the scope")
    mid = act.new_message(fid, (SUBJECT, "here"))
    handles = sorted(n.handle for n in b.notes())
    t.same(handles, sorted([one, two]), "R291, R95, R40 each that asked")
    b.watch.release(one, two, third)
    h = register(b.watch, MODIFIED, fid, mid)
    m = act.message(fid, mid)
    act.set_props(m, (SUBJECT, "now"))
    act.saved(m)
    got = of_type(b.notes(), MODIFIED, h)
    t.that(got and all(n.mid == mid for n in got), "R39 one message")
    b.watch.release(h)


def check_search_complete(b):
    t, act = b.t, b.act
    fid, fh = b.folder()
    search, sh = act.new_folder(fh, "search", 2)
    b.drain()
    h = register(b.watch, SEARCH, search)
    r = struct.pack("<BI", 8, SUBJECT)
    act.rop(0x30, sh, struct.pack("<H", len(r)) + r + struct.pack(
        "<HQI", 1, act.inbox, 2)).ok("RopSetSearchCriteria")
    got = of_type(b.notes(), SEARCH, h)
    if t.that(got, "R47, R109 SearchCompleted"):
        t.same(got[0].folder, search, "R170")
    b.watch.release(h)


def check_table(b):
    t, act = b.t, b.act
    fid, fh = b.folder()
    first = act.new_message(fid, (SUBJECT, "b"))
    b.drain()
    w = b.watch
    wf = w.folder(fid)
    table = w.contents(wf)
    w.columns(table, MID, SUBJECT)
    w.rop(0x13, table, struct.pack("<BHHHHHB", 0, 1, 0, 0, 0x1F, 0x37,
                                   0)).ok("RopSortTable")
    act.release(act.message(fid, first))
    mid = act.new_message(fid, (SUBJECT, "early"))
    w.rows(table, [MID, SUBJECT])
    b.drain()
    mid = act.new_message(fid, (SUBJECT, "c"))
    got = [n for n in of_type(b.notes(), TABLE) if n.handle == table]
    if t.that(len(got) == 1 and got[0].event == 3, "R129, R256, R97 added"):
        n = got[0]
        t.same((n.folder, n.mid), (fid, mid), "R141, R145")
        t.same(n.after_mid, first, "R157 the row before it")
        r = Reader(n.row)
        t.same(r.row([MID, SUBJECT]), [mid, "c"], "R166, R166001")
        t.same(r.left(), 0, "R163")
    m = act.message(fid, mid)
    act.set_props(m, (SUBJECT, "a"))
    act.saved(m)
    got = [n for n in of_type(b.notes(), TABLE) if n.handle == table]
    t.that(got and all(n.event in (1, 3, 4, 5) for n in got) and
           any(n.event == 5 for n in got), "R131 TableRowModified")
    act.delete(fh, mid, rop=0x91)
    got = [n for n in of_type(b.notes(), TABLE) if n.handle == table]
    if t.that(len(got) == 1 and got[0].event == 4, "R130 TableRowDeleted"):
        t.same(got[0].mid, mid, "R145")
    w.rop(0x81, table).ok("RopResetTable")
    act.new_message(fid, (SUBJECT, "after"))
    data, _ = w.raw(b"", [])
    w.collect(data)
    t.same(w.notes, [], "R272 none after RopResetTable")
    quiet = w.contents(wf, 0x10)
    w.columns(quiet, MID)
    w.rows(quiet, [MID])
    act.new_message(fid, (SUBJECT, "quiet"))
    data, _ = w.raw(b"", [])
    w.collect(data)
    t.same(w.notes, [], "R258 NoNotifications")
    w.release(table, quiet, wf)


def check_hierarchy(b):
    t, act, w = b.t, b.act, b.watch
    fid, fh = b.folder()
    table = w.hierarchy(w.folder(fid))
    w.columns(table, NAME)
    w.rows(table, [NAME])
    b.drain()
    sub, _ = act.new_folder(fh, "row")
    got = [n for n in of_type(b.notes(), TABLE) if n.handle == table]
    if t.that(len(got) == 1 and got[0].event == 3, "R23 TableRowAdded"):
        t.same((got[0].folder, got[0].message), (sub, False), "R141")
    w.release(table)


def check_wait(b):
    """[MS-OXCMAPIHTTP] 3.2.5.5 and OXCROPS 3.1.5.1.3."""
    t, act, w = b.t, b.act, b.watch
    fid, _ = b.folder()
    b.drain()
    h = register(w, CREATED, fid)
    timer = threading.Timer(0.2, act.new_message, (fid, (SUBJECT, "wake")))
    start = time.monotonic()
    timer.start()
    t.same(w.client.wait(), 1, "MAPIHTTP 2.2.4.4.2 EventPending")
    timer.join()
    t.that(0.1 < time.monotonic() - start < 20,
           "MAPIHTTP R1258 not before the event")
    t.that(of_type(b.notes(), CREATED, h), "R332")
    w.release(h)


def check_pending(b):
    """R334, R349: what does not fit is announced by RopPending."""
    t, act, w = b.t, b.act, b.watch
    fid, _ = b.folder()
    b.drain()
    h = register(w, CREATED, fid)
    for i in range(30):
        act.new_message(fid, (SUBJECT, str(i)))
    data, _ = w.raw(b"", [], 400)
    w.collect(data)
    got = w.notes
    t.that(0 < len(got) < 31 and got[-1].rop == 0x6E and
           all(n.rop == 0x2A for n in got[:-1]), "R334, R338, R347")
    seen = len(got) - 1
    w.notes = []
    data, _ = w.raw(b"", [])
    w.collect(data)
    seen += len([n for n in w.notes if n.rop == 0x2A])
    t.same(seen, 30, "R345 each of them")
    w.notes = []
    w.release(h)
    act.close()

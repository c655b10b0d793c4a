# SPDX-License-Identifier: Apache-2.0
"""What the conformance checks share: bytes out, bytes in, and a tally.

Written from the requirements of the specifications alone; every ROP is
encoded where it is sent, so that a layout that the server has wrong cannot
come back right.
"""
import struct

from mapi import Client

NONE = 0xFFFFFFFF
SUCCESS = 0
# [MS-OXCDATA] 2.4
LOGIN_FAILURE, UNKNOWN_USER, ACCESS_DENIED = 0x80040111, 0x3EB, 0x80070005
EC_ERROR, INVALID_PARAM, NOT_FOUND = 0x80004005, 0x80070057, 0x8004010F
NOT_SUPPORTED, NOT_IMPLEMENTED = 0x80040102, 0x80040FFF
NULL_OBJECT, INVALID_OBJECT, DUPLICATE_NAME = 0x4B9, 0x80040108, 0x80040604
DST_NULL_OBJECT, OBJECT_MODIFIED = 0x503, 0x80040109
BUFFER_TOO_SMALL, INVALID_BOOKMARK = 0x47D, 0x80040405
UNABLE_TO_ABORT, NOT_COLLAPSED, NOT_EXPANDED = 0x80040114, 0x4F8, 0x4F7
NOT_INITIALIZED, NOT_SEARCH_FOLDER = 0x80040605, 0x461
SCOPE_VIOLATION, SEARCH_FOLDER = 0x490, 0x460
CORRUPT_DATA, RPC_FORMAT, TOO_BIG = 0x8004011B, 0x4B6, 0x80040305
STREAM_ACCESS, STREAM_SEEK, STREAM_PARAM = 0x80030005, 0x80030019, 0x80030057
STREAM_SIZE = 0x80030070
FOLDER_CYCLE, MESSAGE_CYCLE = 0x8004060B, 0x504
MEMORY, UNKNOWN_CODE_PAGE = 0x8007000E, 0x3EF


class Tally:
    """Counts checks; a failed one is told and does not end the test."""

    def __init__(self):
        self.good, self.bad = 0, []

    def that(self, condition, what):
        if condition:
            self.good += 1
        else:
            self.bad.append(what)
            print(f"not ok: {what}")
        return condition

    def same(self, got, want, what):
        def show(v):
            return f"{v:#x}" if isinstance(v, int) and \
                not isinstance(v, bool) else repr(v)
        return self.that(got == want, what + (
            "" if got == want else f": {show(got)}, not {show(want)}"))

    def among(self, got, wanted, what):
        return self.that(got in wanted, f"{what}" + (
            "" if got in wanted else f": {got:#x}"))


class Short(Exception):
    """A response that ends before its fields do."""


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        if self.at + n > len(self.data):
            raise Short(f"{n} bytes wanted at {self.at} of {len(self.data)}: "
                        f"{self.data.hex()}")
        self.at += n
        return self.data[self.at - n:self.at]

    def left(self):
        return len(self.data) - self.at

    def num(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def u8(self):
        return self.num("B")

    def u16(self):
        return self.num("H")

    def u32(self):
        return self.num("I")

    def u64(self):
        return self.num("Q")

    def str8(self):
        end = self.data.index(b"\0", self.at)
        text = self.take(end - self.at)
        self.take(1)
        return text

    def wide(self):
        start = self.at
        while self.take(2) != b"\0\0":
            pass
        return self.data[start:self.at - 2].decode("utf-16-le",
                                                   "surrogatepass")

    def typed_string(self):
        """[MS-OXCDATA] 2.11.7"""
        kind = self.u8()
        if kind in (0, 1):
            return None if kind == 0 else ""
        if kind in (2, 3):
            return self.str8().decode("ascii")
        if kind == 4:
            return self.wide()
        raise Short(f"a TypedString of type {kind}")

    def value(self, tag):
        """[MS-OXCDATA] 2.11.2, by the type of the tag."""
        kind = tag & 0xFFFF
        if kind == 0:
            return self.value(self.u16())
        simple = {2: "h", 3: "i", 4: "f", 5: "d", 6: "q", 7: "d", 0xA: "I",
                  0xB: "B", 0x14: "Q", 0x40: "Q"}
        if kind in simple:
            return self.num(simple[kind])
        if kind == 0x1E:
            return self.str8()
        if kind == 0x1F:
            return self.wide()
        if kind == 0x48:
            return self.take(16)
        if kind in (0x102, 0xFB):
            return self.take(self.u16())
        if kind & 0x1000:
            return [self.value(kind & 0xFFF) for _ in range(self.u32())]
        raise Short(f"a value of type {kind:#x}")

    def tagged(self):
        tag = self.u32()
        return tag, self.value(tag)

    def row(self, tags):
        """A PropertyRow ([MS-OXCDATA] 2.8.1); errors as ('error', code)."""
        if self.u8() == 0:
            return [self.value(t) for t in tags]
        out = []
        for tag in tags:
            kind = self.u16() if tag & 0xFFFF == 0 else tag & 0xFFFF
            flag = self.u8()
            if flag == 0:
                out.append(self.value(kind))
            elif flag == 0xA:
                out.append(("error", self.u32()))
            elif flag == 1:
                out.append(("none", 0))
            else:
                raise Short(f"a flag of {flag:#x}")
        return out


def wide(text):
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def value(tag, v):
    kind = tag & 0xFFFF
    simple = {2: "<h", 3: "<i", 4: "<f", 5: "<d", 6: "<q", 7: "<d",
              0xA: "<I", 0xB: "<B", 0x14: "<Q", 0x40: "<Q"}
    if kind in simple:
        return struct.pack(simple[kind], v)
    if kind == 0x1E:
        return v + b"\0"
    if kind == 0x1F:
        return wide(v)
    if kind == 0x48:
        return v
    if kind == 0x102:
        return struct.pack("<H", len(v)) + v
    if kind & 0x1000:
        return struct.pack("<I", len(v)) + b"".join(
            value(kind & 0xFFF, x) for x in v)
    raise ValueError(f"type {kind:#x}")


def tagged(tag, v):
    return struct.pack("<I", tag) + value(tag, v)


def tags(*all_tags):
    return struct.pack("<H", len(all_tags)) + b"".join(
        struct.pack("<I", t) for t in all_tags)


def values(*pairs):
    """Size, count and values, as RopSetProperties has them."""
    body = b"".join(tagged(t, v) for t, v in pairs)
    return struct.pack("<HH", len(body) + 2, len(pairs)) + body


class Answer(Reader):
    """The response of one ROP, after its header."""

    def __init__(self, session, data, rop, index, handles):
        super().__init__(data)
        self.session, self.handles = session, handles
        session.tally.same(self.u8(), rop, f"RopId of {rop:#x}'s answer")
        session.tally.same(self.u8(), index, f"handle index of {rop:#x}")
        self.ec = self.u32()
        self.rop = rop

    @property
    def handle(self):
        return self.handles[1]

    def end(self, cite=""):
        """Nothing follows but notifications."""
        while self.left() and self.data[self.at] in (0x2A, 0x6E):
            self.session.notification(self)
        self.session.tally.same(self.left(), 0,
                                f"{cite} bytes after {self.rop:#x}'s answer")
        return self

    def failed(self, ec, cite, extra=0):
        """The error, and nothing after it but extra bytes."""
        self.session.tally.same(self.ec, ec, cite)
        if self.ec:
            self.take(extra)
            self.end(cite)
        return self

    def ok(self, cite):
        if not self.session.tally.same(self.ec, 0, cite):
            raise Short(f"{cite}: {self.ec:#x}")
        return self


class Notification:
    pass


class Session:
    def __init__(self, org, user, tally, logon=True, **connect):
        self.tally, self.org = tally, org
        self.client = Client(org, user)
        self.client.connect(**connect)
        self.notes = []
        if logon:
            self.store, self.folders = self.client.logon()
            self.root, self.inbox = self.folders[0], self.folders[4]
            self.ipm = self.folders[3]

    def close(self):
        self.client.disconnect()
        self.client.close()

    def raw(self, rops, handles, size=0x10008):
        return self.client.execute(rops, handles, size)

    def rop(self, rop, handle, body=b"", out=False, logon=0, size=0x10008):
        """One ROP with one input handle, or one and an output handle."""
        head = struct.pack("<BBB", rop, logon, 0) + (b"\1" if out else b"")
        data, handles = self.raw(head + body, [handle, NONE], size)
        return Answer(self, data, rop, 1 if out else 0, handles)

    def rop2(self, rop, source, dest, body=b"", logon=0):
        """Source and destination; the answer names the source."""
        data, handles = self.raw(struct.pack("<BBBB", rop, logon, 0, 1) +
                                 body, [source, dest])
        return Answer(self, data, rop, 0, handles)

    def release(self, *handles):
        for h in handles:
            data, _ = self.raw(struct.pack("<BBB", 1, 0, 0), [h])
            self.collect(data)

    def collect(self, data):
        r = Reader(data)
        while r.left():
            self.notification(r)

    def notification(self, r):
        """[MS-OXCNOTIF] 2.2.1.4.1.2 and [MS-OXCROPS] 2.2.14.3"""
        n = Notification()
        n.rop = r.u8()
        if n.rop == 0x6E:
            n.session_index = r.u16()
            self.notes.append(n)
            return
        if n.rop != 0x2A:
            raise Short(f"{n.rop:#x} where a notification was due: "
                        f"{r.data[r.at - 1:].hex()}")
        n.handle, n.logon, n.flags = r.u32(), r.u8(), r.u16()
        n.type, n.message = n.flags & 0xFFF, bool(n.flags & 0x8000)
        if n.type == 0x100:
            self.table_notification(r, n)
        elif n.type != 0x400:
            self.object_notification(r, n)
        self.notes.append(n)

    @staticmethod
    def table_notification(r, n):
        n.event = r.u16()
        if n.event not in (3, 4, 5):
            return
        n.folder = r.u64()
        if n.message:
            n.mid, n.instance = r.u64(), r.u32()
        if n.event == 4:
            return
        n.after_folder = r.u64()
        if n.message:
            n.after_mid, n.after_instance = r.u64(), r.u32()
        n.row = r.take(r.u16())

    @staticmethod
    def object_notification(r, n):
        search = bool(n.flags & 0x4000)
        n.folder = r.u64()
        n.mid = r.u64() if n.message else None
        if n.type in (4, 8, 0x20, 0x40) and n.message == search:
            n.parent = r.u64()
        if n.type in (0x20, 0x40):
            n.old_folder = r.u64()
            if n.message:
                n.old_mid = r.u64()
            else:
                n.old_parent = r.u64()
        if n.type in (4, 0x10):
            count = r.u16()
            n.tags = None if count == 0xFFFF else [
                r.u32() for _ in range(count)]
        if n.flags & 0x1000:
            n.total = r.u32()
        if n.flags & 0x2000:
            n.unread = r.u32()
        if n.type == 2:
            n.message_flags = r.u32()
            n.message_class = r.wide() if r.u8() else r.str8().decode()

    # ---- what most checks need ----

    def open_folder(self, folder, base=None, flags=0):
        a = self.rop(0x02, self.store if base is None else base,
                     struct.pack("<QB", folder, flags), out=True)
        if a.ec == 0:
            a.u8(), a.u8()
            a.end()
        return a

    def folder(self, folder):
        return self.open_folder(folder).ok("RopOpenFolder").handle

    def create_folder(self, parent, name, kind=1, existing=0, comment=""):
        """The answer; a parent is a handle."""
        return self.rop(0x1C, parent, struct.pack("<BBBB", kind, 1, existing,
                                                  0) + wide(name) +
                        wide(comment), out=True)

    def new_folder(self, parent, name, kind=1):
        a = self.create_folder(parent, name, kind).ok("RopCreateFolder")
        fid = a.u64()
        a.u8()
        a.end()
        return fid, a.handle

    def create_message(self, folder, associated=0):
        """An unsaved message's handle, on the logon."""
        a = self.rop(0x06, self.store, struct.pack("<HQB", 0xFFF, folder,
                                                   associated), out=True)
        a.ok("RopCreateMessage")
        if a.u8():
            a.u64()
        a.end()
        return a.handle

    def open_message(self, folder, mid, flags=3, page=0xFFF):
        return self.rop(0x03, self.store, struct.pack("<HQBQ", page, folder,
                                                      flags, mid), out=True)

    def message(self, folder, mid, flags=3):
        return self.open_message(folder, mid, flags).ok(
            "RopOpenMessage").handle

    def set_props(self, handle, *pairs, rop=0x0A):
        """The property problems as (index, tag, code)."""
        a = self.rop(rop, handle, values(*pairs)).ok("RopSetProperties")
        out = [(a.u16(), a.u32(), a.u32()) for _ in range(a.u16())]
        a.end("R47505")
        return out

    def get_props(self, handle, *wanted, unicode=1, limit=0):
        a = self.rop(0x07, handle, struct.pack("<HH", limit, unicode) +
                     tags(*wanted)).ok("RopGetPropertiesSpecific")
        row = a.row(wanted)
        a.end("R457")
        return row

    def get(self, handle, tag):
        return self.get_props(handle, tag)[0]

    def save(self, handle, flags=0, folder=None):
        """RopSaveChangesMessage's answer; its header names the response
        handle index ([MS-OXCROPS] 2.2.6.3)."""
        data, handles = self.raw(struct.pack("<BBBBB", 0x0C, 0, 0, 1, flags),
                                 [self.store if folder is None else folder,
                                  handle])
        return Answer(self, data, 0x0C, 0, handles)

    def saved(self, handle, flags=0):
        a = self.save(handle, flags).ok("RopSaveChangesMessage")
        a.u8()
        mid = a.u64()
        a.end()
        return mid

    def new_message(self, folder, *pairs, associated=0):
        h = self.create_message(folder, associated)
        if pairs:
            self.set_props(h, *pairs)
        mid = self.saved(h)
        self.release(h)
        return mid

    def delete(self, folder_handle, *mids, rop=0x1E):
        a = self.rop(rop, folder_handle, struct.pack(
            f"<BBH{len(mids)}Q", 0, 0, len(mids), *mids))
        return a

    def contents(self, folder_handle, flags=0):
        a = self.rop(0x05, folder_handle, struct.pack("<B", flags), out=True)
        a.ok("RopGetContentsTable")
        a.count = a.u32()
        a.end()
        return a.handle

    def hierarchy(self, folder_handle, flags=0):
        a = self.rop(0x04, folder_handle, struct.pack("<B", flags), out=True)
        a.ok("RopGetHierarchyTable")
        self.count = a.u32()
        a.end()
        return a.handle

    def columns(self, table, *wanted):
        a = self.rop(0x12, table, b"\0" + tags(*wanted)).ok("RopSetColumns")
        a.u8()
        a.end()

    def rows(self, table, wanted, count=1000, forward=1, flags=0,
             size=0x10008):
        """Origin and rows."""
        a = self.rop(0x15, table, struct.pack("<BBH", flags, forward, count),
                     size=size).ok("RopQueryRows")
        origin = a.u8()
        out = [a.row(wanted) for _ in range(a.u16())]
        a.end("R465")
        return origin, out

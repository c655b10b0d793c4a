# SPDX-License-Identifier: Apache-2.0
"""Address book bodies in Python ([MS-OXCMAPIHTTP] 2.2.5, [MS-OXNSPI]).

It shares no code with the programs that it tests.
"""
import struct

import mapi

UNICODE, STRING8, INTEGER32, BOOLEAN = 0x1F, 0x1E, 0x03, 0x0B
BINARY, ERROR, OBJECT, MV = 0x102, 0x0A, 0x0D, 0x1000

DISPLAY_NAME, SMTP = 0x3001001F, 0x39FE001F
ENTRY_ID, OBJECT_TYPE, DISPLAY_TYPE = 0x0FFF0102, 0x0FFE0003, 0x39000003
EMAIL, SURNAME, ANR = 0x3003001F, 0x3A11001F, 0x360C001F
CONTAINER_ID, DEPTH, FLAGS = 0xFFFD0003, 0x30050003, 0x36000003
MEMBER, MANAGER, REPORTS = 0x8009000D, 0x8005000D, 0x800E000D
PROXIES, PHONE, CERTIFICATE = 0x800F101F, 0x3A08001F, 0x3A701102

SUCCESS, ERRORS_RETURNED, NOT_FOUND = 0, 0x00040380, 0x8004010F
INVALID_BOOKMARK, ACCESS_DENIED = 0x80040405, 0x80070005
INVALID_CODEPAGE, UNBIND_SUCCESS = 0x8004011E, 1
UNRESOLVED, AMBIGUOUS, RESOLVED = 0, 1, 2


class Reader:
    def __init__(self, data, code_page="cp1252"):
        self.data, self.at, self.code_page = data, 0, code_page

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def bytes(self, n):
        if self.at + n > len(self.data):
            raise ValueError("truncated")
        self.at += n
        return self.data[self.at - n:self.at]

    def utf16(self):
        end = self.at
        while self.data[end:end + 2] != b"\0\0":
            if end + 2 > len(self.data):
                raise ValueError("no terminator")
            end += 2
        text = self.data[self.at:end].decode("utf-16-le")
        self.at = end + 2
        return text

    def string8(self):
        end = self.data.index(b"\0", self.at)
        text = self.data[self.at:end].decode(self.code_page)
        self.at = end + 1
        return text

    def has(self):
        flag = self.take("B")
        if flag not in (0, 0xFF):
            raise ValueError(f"HasValue is {flag:#x}")
        return flag == 0xFF

    def single(self, kind):
        if kind == UNICODE:
            return self.utf16()
        if kind == STRING8:
            return self.string8()
        if kind == BINARY:
            return self.bytes(self.take("I"))
        if kind == OBJECT:
            return self.bytes(self.take("I"))
        if kind == BOOLEAN:
            return self.take("B") != 0
        if kind == INTEGER32:
            return self.take("i")
        if kind == ERROR:
            return Error(self.take("I"))
        raise ValueError(f"type {kind:#x}")

    def value(self, kind):
        """AddressBookPropertyValue, 2.2.1.1."""
        if kind in (UNICODE, STRING8, BINARY) or kind & MV:
            if not self.has():
                return None
        if not kind & MV:
            return self.single(kind)
        kind &= ~MV
        flagged = kind in (UNICODE, STRING8, BINARY)
        return [self.single(kind) if not flagged or self.has() else None
                for _ in range(self.take("I"))]

    def values(self):
        """AddressBookPropertyValueList, 2.2.1.3: pairs of tag, value."""
        out = []
        for _ in range(self.take("I")):
            tag = self.take("I")
            out.append((tag, self.value(tag & 0xFFFF)))
        return out

    def row(self, columns):
        """AddressBookPropertyRow, 2.2.1.7."""
        flagged = self.take("B")
        if flagged not in (0, 1):
            raise ValueError("row flags")
        out = []
        for tag in columns:
            kind = tag & 0xFFFF
            if kind == 0:
                kind = self.take("H")
            flag = self.take("B") if flagged else 0
            if flag == 0:
                out.append(self.value(kind))
            elif flag == 1:
                out.append(None)
            elif flag == 0x0A:
                out.append(Error(self.take("I")))
            else:
                raise ValueError("value flag")
        return out

    def rows(self):
        columns = self.u32s()
        return columns, [self.row(columns) for _ in range(self.take("I"))]

    def u32s(self):
        n = self.take("I")
        values = struct.unpack_from(f"<{n}I", self.data, self.at)
        self.at += 4 * n
        return list(values)

    def stat(self):
        return Stat(*self.take("IIIiIIIII"))

    def optional(self, read):
        return read() if self.has() else None

    def end(self):
        self.bytes(self.take("I"))
        if self.at != len(self.data):
            raise ValueError(f"{len(self.data) - self.at} bytes left over")


class Error(int):
    """A PtypErrorCode in the place of a value."""


class Stat:
    names = ("sort", "container", "current", "delta", "pos", "total",
             "code_page", "template", "locale")

    def __init__(self, sort=0, container=0, current=0, delta=0, pos=0,
                 total=0, code_page=1252, template=0x409, locale=0x409):
        (self.sort, self.container, self.current, self.delta, self.pos,
         self.total, self.code_page, self.template, self.locale) = (
             sort, container, current, delta, pos, total, code_page,
             template, locale)

    def pack(self):
        return struct.pack("<IIIiIIIII",
                           *(getattr(self, n) for n in self.names))


def opt(data):
    return b"\0" if data is None else b"\xff" + data


def u32s(values):
    return struct.pack(f"<I{len(values)}I", len(values), *values)


def utf16(text):
    return text.encode("utf-16-le") + b"\0\0"


def value(tag, v):
    kind = tag & 0xFFFF
    if kind == UNICODE:
        return b"\xff" + utf16(v)
    if kind == BINARY:
        return b"\xff" + struct.pack("<I", len(v)) + v
    if kind == BINARY | MV:
        return b"\xff" + struct.pack("<I", len(v)) + b"".join(
            b"\xff" + struct.pack("<I", len(x)) + x for x in v)
    return struct.pack("<i", v)


def tagged(tag, v):
    return struct.pack("<I", tag) + value(tag, v)


def restriction_content(tag, text, level=2):
    return struct.pack("<BHHI", 3, level, 1, tag) + b"\xff" + tagged(tag,
                                                                     text)


def restriction_property(tag, v, op=4):
    return struct.pack("<BBI", 4, op, tag) + b"\xff" + tagged(tag, v)


class Book(mapi.Client):
    """One session with the address book."""

    def __init__(self, org, user, **more):
        super().__init__(org, user, **more)
        self.path = "/mapi/nspi/"
        self.guid_of_server = None

    def ask(self, name, body, read=None, errors=(0,)):
        """Send a body without its auxiliary buffer; read what follows the
        error code."""
        answer = self.must(name, body + b"\0\0\0\0")
        r = Reader(answer.body)
        status, error = r.take("II")
        if status != 0:
            raise mapi.MapiError(name + " status", status)
        out = read(r) if read is not None else None
        r.end()
        if errors is not None and error not in errors:
            raise mapi.MapiError(name, error)
        return (out, error) if errors is None else out

    def bind(self, stat=None, errors=(0,)):
        stat = stat or Stat()
        return self.ask("Bind", struct.pack("<I", 0) + opt(stat.pack()),
                        lambda r: r.bytes(16), errors)

    def unbind(self):
        return self.ask("Unbind", struct.pack("<I", 0),
                        errors=(UNBIND_SUCCESS,))

    def hierarchy(self, flags=4, version=None, stat=None):
        body = struct.pack("<I", flags) + opt((stat or Stat()).pack())
        body += opt(None if version is None else struct.pack("<I", version))

        def read(r):
            page = r.take("I")
            got = r.optional(lambda: r.take("I"))
            rows = r.optional(lambda: [r.values() for _ in
                                       range(r.take("I"))])
            return page, got, rows
        return self.ask("GetSpecialTable", body, read)

    def rows(self, stat=None, columns=(DISPLAY_NAME,), count=100, table=(),
             flags=0, errors=(0,)):
        body = struct.pack("<I", flags) + opt((stat or Stat()).pack())
        body += u32s(list(table)) + struct.pack("<I", count)
        body += opt(None if columns is None else u32s(list(columns)))

        def read(r):
            return (r.optional(r.stat), r.optional(r.rows))
        return self.ask("QueryRows", body, read, errors)

    def props(self, mid, tags=None, flags=0, container=0,
              errors=(0, ERRORS_RETURNED)):
        body = struct.pack("<I", flags) + opt(
            Stat(container=container, current=mid).pack())
        body += opt(None if tags is None else u32s(list(tags)))

        def read(r):
            r.take("I")
            return r.optional(r.values)
        return self.ask("GetProps", body, read, errors)

    def resolve(self, names, tags=(DISPLAY_NAME,), container=0,
                errors=(0,)):
        body = struct.pack("<I", 0) + opt(Stat(container=container).pack())
        body += opt(u32s(list(tags)))
        body += opt(struct.pack("<I", len(names)) +
                    b"".join(utf16(n) for n in names))

        def read(r):
            r.take("I")
            return r.optional(r.u32s), r.optional(r.rows)
        return self.ask("ResolveNames", body, read, errors)

    def matches(self, stat, restriction=None, count=1000,
                columns=(DISPLAY_NAME,), errors=(0,)):
        body = struct.pack("<I", 0) + opt(stat.pack()) + b"\0"
        body += struct.pack("<I", 0) + opt(restriction) + b"\0"
        body += struct.pack("<I", count)
        body += opt(None if columns is None else u32s(list(columns)))

        def read(r):
            return (r.optional(r.stat), r.optional(r.u32s),
                    r.optional(r.rows))
        return self.ask("GetMatches", body, read, errors)

    def mids(self, dns):
        body = struct.pack("<I", 0) + opt(
            struct.pack("<I", len(dns)) +
            b"".join(d.encode() + b"\0" for d in dns))
        return self.ask("DNToMId", body, lambda r: r.optional(r.u32s))

    def seek(self, text, stat=None, columns=(DISPLAY_NAME,), table=None,
             errors=(0,)):
        body = struct.pack("<I", 0) + opt((stat or Stat()).pack())
        body += opt(tagged(DISPLAY_NAME, text))
        body += opt(None if table is None else u32s(table))
        body += opt(u32s(list(columns)))

        def read(r):
            return r.optional(r.stat), r.optional(r.rows)
        return self.ask("SeekEntries", body, read, errors)

    def update(self, stat, errors=(0,)):
        body = struct.pack("<I", 0) + opt(stat.pack()) + b"\x01"

        def read(r):
            return r.optional(r.stat), r.optional(lambda: r.take("i"))
        return self.ask("UpdateStat", body, read, errors)

    def compare(self, one, two, errors=(0,)):
        body = struct.pack("<I", 0) + opt(Stat().pack())
        body += struct.pack("<II", one, two)
        return self.ask("CompareMIds", body, lambda r: r.take("i"), errors)

    def resort(self, mids, current=0):
        body = struct.pack("<I", 0) + opt(Stat(current=current).pack())
        body += opt(u32s(mids))

        def read(r):
            return r.optional(r.stat), r.optional(r.u32s)
        return self.ask("ResortRestriction", body, read)

    def prop_list(self, mid, flags=0):
        return self.ask("GetPropList",
                        struct.pack("<III", flags, mid, 1252),
                        lambda r: r.optional(r.u32s))

    def columns(self, flags=0):
        return self.ask("QueryColumns", struct.pack("<II", 0, flags),
                        lambda r: r.optional(r.u32s))

    def template(self, kind=0, flags=1, dn=None, page=1252, lcid=0x409,
                 errors=(0,)):
        body = struct.pack("<II", flags, kind)
        body += opt(None if dn is None else dn.encode() + b"\0")
        body += struct.pack("<II", page, lcid)

        def read(r):
            r.take("I")
            return r.optional(r.values)
        return self.ask("GetTemplateInfo", body, read, errors)

    def mod_link(self, tag, mid, ids, flags=0, errors=(0,)):
        body = struct.pack("<III", flags, tag, mid) + opt(
            struct.pack("<I", len(ids)) +
            b"".join(struct.pack("<I", len(i)) + i for i in ids))
        return self.ask("ModLinkAtt", body, errors=errors)

    def mod_props(self, mid, tags, values, errors=(0,)):
        body = struct.pack("<I", 0) + opt(Stat(current=mid).pack())
        body += opt(None if tags is None else u32s(tags))
        body += opt(struct.pack("<I", len(values)) +
                    b"".join(tagged(t, v) for t, v in values))
        return self.ask("ModProps", body, errors=errors)

    def url(self, name, dn, errors=(0,)):
        return self.ask(name, struct.pack("<I", 0) + utf16(dn),
                        lambda r: r.utf16(), errors)

# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCPRPT], streams: the ids are its own; those of [MS-OXCROPS] say so."""
import struct

from conformance_wire import (ACCESS_DENIED, DST_NULL_OBJECT, NONE, NOT_FOUND,
                              NOT_SUPPORTED, STREAM_ACCESS, STREAM_PARAM,
                              STREAM_SEEK, STREAM_SIZE, Session)

BIN, BODY = 0x66660102, 0x1000001F
READ, WRITE, CREATE = 0, 1, 2


def prepare(org, tally):
    s = Session(org, "bob", tally)
    s.fid, s.fh = s.new_folder(s.folder(s.inbox), "stream checks")
    return s


def open_stream(s, h, tag, mode):
    a = s.rop(0x2B, h, struct.pack("<IB", tag, mode), out=True)
    if a.ec == 0:
        a.size = a.u32()
        a.end("OXCROPS 2.2.9.1")
    return a


def read(s, h, n, most=None):
    a = s.rop(0x2C, h, struct.pack("<H", n) + (
        b"" if most is None else struct.pack("<I", most)))
    if a.ec == 0:
        data = a.take(a.u16())
        a.end("R296")
        return data
    s.tally.same(a.u16(), 0, "R886 DataSize of a failure")
    a.end("R886")
    return a.ec


def write(s, h, data, rop=0x2D):
    a = s.rop(rop, h, struct.pack("<H", len(data)) + data)
    n = a.u32() if rop == 0xA3 else a.u16()
    a.end("OXCROPS 2.2.9.3")
    return a.ec, n


def size(s, h):
    a = s.rop(0x5E, h).ok("R575")
    n = a.u32()
    a.end("OXCROPS 2.2.9.6")
    return n


def seek(s, h, origin, offset):
    a = s.rop(0x2E, h, struct.pack("<Bq", origin, offset))
    if a.ec:
        return a.ec, None
    n = a.u64()
    a.end("OXCROPS 2.2.9.8")
    return 0, n


def with_bytes(s, data=bytes(range(100))):
    h = s.create_message(s.fid)
    s.set_props(h, (BIN, data))
    return h


def check_open(s):
    t = s.tally
    h = with_bytes(s)
    for mode in (READ, WRITE):
        t.same(open_stream(s, h, BIN, mode).ok("R267, R269").size, 100,
               "R547, R27601")
    open_stream(s, h, 0x66670102, READ).failed(NOT_FOUND, "R549")
    open_stream(s, h, 0x66670102, WRITE).failed(NOT_FOUND, "R549, R272")
    t.same(open_stream(s, h, 0x66670102, CREATE).ok("R272").size, 0, "R271")
    t.same(open_stream(s, h, BIN, CREATE).ok("R271").size, 0, "R271")
    open_stream(s, s.store, BIN, CREATE).failed(NOT_SUPPORTED, "R548")
    a = open_stream(s, h, 0x66680003, CREATE)
    t.that(a.ec != 0, "R25501 a type that has no stream")
    a = open_stream(s, s.fh, 0x6668001F, CREATE)
    t.that(a.ec != 0, "R256 binary alone on folders")
    table = s.contents(s.fh)
    open_stream(s, table, BIN, READ).failed(NOT_SUPPORTED, "R548")
    s.rop(0x2C, h, struct.pack("<H", 5)).failed(NOT_SUPPORTED,
                                                "R278 streams alone", 2)


def check_strings(s):
    t = s.tally
    h = s.create_message(s.fid)
    s.set_props(h, (BODY, "héllo"))
    a = open_stream(s, h, BODY, READ).ok("R25509")
    t.same(read(s, a.handle, 100), "héllo".encode("utf-16-le"),
           "R25509 PtypString without its NUL")
    a = open_stream(s, h, 0x1000001E, READ).ok("R25508")
    t.same(read(s, a.handle, 100), b"h\xe9llo", "R25508 PtypString8")
    a = open_stream(s, h, BODY, CREATE).ok("R271")
    write(s, a.handle, "new".encode("utf-16-le"))
    s.rop(0x5D, a.handle).ok("R571")
    t.same(s.get(h, BODY), "new", "R571")


def check_read(s):
    t = s.tally
    h = open_stream(s, with_bytes(s), BIN, READ).handle
    t.same(read(s, h, 10), bytes(range(10)), "R555, R55206, R546")
    t.same(read(s, h, 10), bytes(range(10, 20)), "R556")
    t.same(read(s, h, 0xBABE, 30), bytes(range(20, 50)), "R55205")
    t.same(read(s, h, 0xBABE, 0), b"", "R55205")
    t.same(read(s, h, 1000), bytes(range(50, 100)), "R552")
    t.same(read(s, h, 10), b"", "R552 at the end")
    t.same(seek(s, h, 1, 0), (0, 100), "R333")
    big = s.create_message(s.fid)
    a = open_stream(s, big, BIN, CREATE)
    for i in range(3):
        write(s, a.handle, bytes([i]) * 30000)
    seek(s, a.handle, 0, 0)
    data = read(s, a.handle, 0xBABE, 80000)
    t.that(len(data) > 20000 and data.startswith(b"\0" * 20000),
           "R285, R55205")
    t.same(seek(s, a.handle, 1, 0)[1], len(data), "R556")
    s.rop(0x2C, a.handle, struct.pack("<HI", 0xBABE, 0x80000000))
    data, _ = s.raw(struct.pack("<BBBH", 0x2C, 0, 0, 200), [h], 60)
    t.that(data[0] in (0x2C, 0xFF), "OXCROPS 2.2.15.1")


def check_write(s):
    t = s.tally
    m = with_bytes(s, b"0123456789")
    h = open_stream(s, m, BIN, WRITE).handle
    t.same(write(s, h, b"ab"), (0, 2), "R560, R304")
    t.same(write(s, h, b"cd", 0xA3), (0, 2), "R900001, R30401011")
    t.same(seek(s, h, 1, 0), (0, 4), "R561")
    t.same(s.get(m, BIN), b"abcd456789", "R56401 at once")
    t.same(size(s, h), 10, "R575")
    seek(s, h, 2, 0)
    t.same(write(s, h, b"e", 0x90), (0, 1), "R805, R393")
    t.same(s.get(m, BIN), b"abcd456789e", "R812")
    ro = open_stream(s, m, BIN, READ).handle
    ec, n = write(s, ro, b"x")
    t.same((ec, n), (STREAM_ACCESS, 0), "R900")
    t.same(s.get(m, BIN), b"abcd456789e", "R900")
    mid = s.saved(m)
    t.same(s.get(s.message(s.fid, mid), BIN), b"abcd456789e", "R56403")
    m = s.message(s.fid, mid)
    h = open_stream(s, m, BIN, CREATE).handle
    write(s, h, b"other")
    t.same(s.get(s.message(s.fid, mid), BIN), b"abcd456789e",
           "R56402 not before the save")


def check_folder(s):
    t = s.tally
    h = open_stream(s, s.fh, BIN, CREATE).ok("R25302").handle
    write(s, h, b"kept")
    s.rop(0x5D, h).ok("R571").end("OXCROPS 2.2.9.5")
    t.same(s.get(s.folder(s.fid), BIN), b"kept", "R56405 by the commit")
    h = open_stream(s, s.fh, BIN, CREATE).handle
    write(s, h, b"released")
    s.release(h)
    t.same(s.get(s.folder(s.fid), BIN), b"released", "R56405 by the release")


def check_seek(s):
    t = s.tally
    h = open_stream(s, with_bytes(s), BIN, WRITE).handle
    t.same(seek(s, h, 0, 30), (0, 30), "R581, R332")
    t.same(seek(s, h, 1, -10), (0, 20), "R332")
    t.same(seek(s, h, 2, -1), (0, 99), "R332")
    for origin, offset in ((0, -1), (1, -1000), (2, -101), (0, 1 << 31 | 1),
                           (0, 1 << 40)):
        t.same(seek(s, h, origin, offset)[0], STREAM_SEEK,
               f"R584, R582 {origin} {offset}")
    t.same(seek(s, h, 3, 0)[0], STREAM_PARAM, "R902")
    t.same(seek(s, h, 1, 0), (0, 99), "R584 the pointer stays")
    t.same(seek(s, h, 0, 120), (0, 120), "R583")
    t.same(size(s, h), 120, "R583 the stream is extended")
    seek(s, h, 0, 98)
    t.same(read(s, h, 50), bytes([98, 99]) + bytes(20), "R583 with zeros")


def check_size(s):
    t = s.tally
    m = with_bytes(s)
    h = open_stream(s, m, BIN, WRITE).handle
    s.rop(0x2F, h, struct.pack("<Q", 110)).ok("R57705").end("R32901")
    t.same(size(s, h), 110, "R57705")
    seek(s, h, 0, 99)
    t.same(read(s, h, 50), bytes([99]) + bytes(10), "R57706")
    s.rop(0x2F, h, struct.pack("<Q", 4)).ok("R57707")
    t.same(s.get(m, BIN), bytes(range(4)), "R57707")
    s.rop(0x2F, h, struct.pack("<Q", 10)).ok("R57706")
    t.same(s.get(m, BIN), bytes(range(4)) + bytes(6), "R57706, R57707")
    s.rop(0x2F, h, struct.pack("<Q", (1 << 31) + 1)).failed(
        STREAM_SIZE, "R321 the maximum, OXCDATA 2.4.2 StreamSizeError")
    ro = open_stream(s, m, BIN, READ).handle
    s.rop(0x2F, ro, struct.pack("<Q", 1)).failed(STREAM_ACCESS, "2.2.20")
    a = s.rop(0x5D, ro)
    t.that(a.ec in (0, STREAM_ACCESS, NOT_SUPPORTED), "2.2.18 read-only")


def check_copy(s):
    t = s.tally
    one, two = with_bytes(s), with_bytes(s, b"0123456789")
    a = open_stream(s, one, BIN, READ).handle
    b = open_stream(s, two, BIN, WRITE).handle
    seek(s, a, 0, 50)
    r = s.rop2(0x3A, a, b, struct.pack("<Q", 5)).ok("R592")
    t.same((r.u64(), r.u64()), (5, 5), "R592")
    r.end("OXCROPS 2.2.9.9")
    t.same(s.get(two, BIN), bytes(range(50, 55)) + b"56789", "R592")
    t.same((seek(s, a, 1, 0)[1], seek(s, b, 1, 0)[1]), (55, 5), "R591")
    r = s.rop2(0x3A, a, b, struct.pack("<Q", 500)).ok("R592")
    t.same((r.u64(), r.u64()), (45, 45), "R592 no more than there is")
    r = s.rop2(0x3A, a, NONE, struct.pack("<Q", 5))
    t.same(r.ec, DST_NULL_OBJECT, "R593")
    t.same(r.u32(), 1, "OXCROPS 2.2.9.9.3 DestHandleIndex")
    t.same((r.u64(), r.u64()), (0, 0), "OXCROPS 2.2.9.9.3")
    r.end("OXCROPS 2.2.9.9.3")


def check_clone(s):
    t = s.tally
    m = with_bytes(s, b"0123456789")
    a = open_stream(s, m, BIN, WRITE).handle
    seek(s, a, 0, 4)
    b = s.rop(0x3B, a, out=True).ok("R756").end("OXCROPS 2.2.9.13").handle
    t.same(seek(s, b, 1, 0), (0, 4), "R758")
    write(s, b, b"xy")
    t.same(seek(s, a, 1, 0), (0, 4), "R759")
    t.same(read(s, a, 6), b"xy6789", "R757 seen at once")


def lock(s, h, offset, n, rop=0x5B, flags=0):
    return s.rop(rop, h, struct.pack("<QQI", offset, n, flags))


def check_locks(s):
    t = s.tally
    m = with_bytes(s)
    mid = s.saved(m)
    a = open_stream(s, m, BIN, WRITE).handle
    lock(s, a, 10, 10).ok("R610").end("OXCROPS 2.2.9.10")
    other = Session(s.org, "bob", t)
    m2 = other.message(s.fid, mid)
    b = open_stream(other, m2, BIN, WRITE).handle
    lock(other, b, 15, 2).failed(ACCESS_DENIED, "R611")
    lock(other, b, 30, 2).ok("R610 another region")
    lock(other, b, 10, 10, 0x5C)
    lock(other, b, 15, 2).failed(ACCESS_DENIED, "R622")
    seek(other, b, 0, 10)
    t.that(read(other, b, 5) != bytes(range(10, 15)), "R380, R888 reading")
    t.that(write(other, b, b"no")[0] != 0, "R380, R888 writing")
    lock(s, a, 10, 10, 0x5C).ok("R62006").end("OXCROPS 2.2.9.11")
    t.same(read(other, b, 5), bytes(range(10, 15)), "R62006")
    lock(s, a, 10, 10, flags=1).ok("R379 only writing is excluded")
    seek(other, b, 0, 10)
    t.same(read(other, b, 5), bytes(range(10, 15)), "R379")
    seek(other, b, 0, 10)
    t.that(write(other, b, b"no")[0] != 0, "R379")
    t.same(write(s, a, b"mine")[0], 0, "R379 but the owner's")
    other.close()

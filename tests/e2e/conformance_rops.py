# SPDX-License-Identifier: Apache-2.0
"""[MS-OXCROPS] 2.2.1, 2.2.15, 3.1.5 and 3.2.5: the ids are its own."""
import struct

from conformance_wire import (ACCESS_DENIED, BUFFER_TOO_SMALL,
                              INVALID_OBJECT, MEMORY, NONE, NOT_FOUND,
                              NOT_SUPPORTED, NULL_OBJECT, Reader, Session,
                              tags)
from mapi import rpc_header_ext

SUBJECT = 0x0037001F


def prepare(org, tally):
    s = Session(org, "carol", tally)
    s.fid, s.fh = s.new_folder(s.folder(s.inbox), "rop checks")
    return s


def execute(s, payload, size=0x10008, flags=3):
    """The status, the error and the output of an Execute of any bytes."""
    buffer = rpc_header_ext(payload)
    answer = s.client.call("Execute", struct.pack("<II", flags,
                                                  len(buffer)) + buffer +
                           struct.pack("<II", size, 0))
    if answer.status != 200 or answer.code != "0" or \
            "X-ResponseCode" in answer.extra and \
            answer.extra["X-ResponseCode"] != "0":
        return answer, None, None
    status, error = struct.unpack_from("<II", answer.body)
    return answer, status, error


def open_folder_rop(fid, inp, out, logon=0):
    return struct.pack("<BBBBQB", 0x02, logon, inp, out, fid, 0)


def check_order(s):
    """Chained handles, and answers in the order of the requests."""
    t = s.tally
    rops = open_folder_rop(s.inbox, 0, 1) + struct.pack(
        "<BBBBB", 0x05, 0, 1, 2, 0) + struct.pack("<BBB", 0x12, 0, 2) + \
        b"\0" + tags(SUBJECT) + struct.pack("<BBB", 0x17, 0, 2)
    data, handles = s.raw(rops, [s.store, NONE, NONE])
    r = Reader(data)
    t.same((r.u8(), r.u8(), r.u32()), (2, 1, 0), "R4548, R4550 the first")
    r.take(2)
    t.same((r.u8(), r.u8(), r.u32()), (5, 2, 0), "R4558, R4559 the second")
    r.u32()
    t.same((r.u8(), r.u8(), r.u32()), (0x12, 2, 0), "R4550")
    r.u8()
    t.same((r.u8(), r.u8(), r.u32()), (0x17, 2, 0), "R4550, R4707")
    r.take(8)
    t.same(r.left(), 0, "R7 RopSize")
    t.same((len(handles), handles[0]), (3, s.store), "R4565")
    t.that(handles[1] not in (NONE, 0) or handles[1] != handles[2],
           "R4556, R4560")
    t.that(len(set(handles)) == 3, "R4556 an unused handle")
    s.release(handles[2], handles[1])


def check_failed_handle(s):
    t = s.tally
    rops = open_folder_rop(0x1234567890AB0001, 0, 1) + struct.pack(
        "<BBBBB", 0x05, 0, 1, 2, 0)
    data, _ = s.raw(rops, [s.store, NONE, NONE])
    r = Reader(data)
    r.take(2)
    t.same(r.u32(), NOT_FOUND, "OXCFOLD R469")
    t.same((r.u8(), r.u8(), r.u32()), (5, 2, NULL_OBJECT),
           "R457302 what the failed ROP would have opened")
    t.same(r.left(), 0, "R4550")


def check_handles(s):
    t = s.tally
    a = s.rop(0x04, 0x00FFFFFE, b"\0", out=True)
    a.failed(NULL_OBJECT, "R457302 a handle never assigned")
    s.rop(0x04, NONE, b"\0", out=True).failed(NULL_OBJECT, "R457302")
    h = s.folder(s.inbox)
    s.release(h)
    a = s.rop(0x04, h, b"\0", out=True)
    t.among(a.ec, (INVALID_OBJECT, NULL_OBJECT),
            "R457301 a handle that was released")
    t.same(a.ec, INVALID_OBJECT, "R457301 ecInvalidObject")
    data, _ = s.raw(struct.pack("<BBBB", 0x05, 0, 9, 1) + b"\0", [s.store])
    t.same(data[:6], struct.pack("<BBI", 5, 1, NULL_OBJECT),
           "R4712 an index out of the table")
    data, handles = s.raw(b"", [])
    t.same((data, handles), (b"", []), "R6 no ROPs at all")


def check_release(s):
    t = s.tally
    h = s.folder(s.inbox)
    data, _ = s.raw(struct.pack("<BBB", 1, 0, 0), [h])
    t.same(data, b"", "R4571, R4572 no response")
    data, _ = s.raw(struct.pack("<BBB", 1, 0, 0), [h])
    t.same(data, b"", "R4573 errors are ignored")
    data, _ = s.raw(struct.pack("<BBB", 1, 0, 0), [NONE])
    t.same(data, b"", "R4573")
    data, _ = s.raw(struct.pack("<BBB", 1, 0, 7), [s.store])
    t.same(data, b"", "R4573 an index out of the table")


def check_release_logon(s):
    t = s.tally
    other = Session(s.org, "carol", t)
    h = other.folder(other.inbox)
    other.release(other.store)
    a = other.rop(0x04, h, b"\0", out=True)
    t.that(a.ec != 0, "R4570 what the logon had opened is gone")
    a = other.rop(0x02, other.store, struct.pack("<QB", other.inbox, 0),
                  out=True)
    t.that(a.ec != 0, "R4570")
    other.close()


def check_logons(s):
    t = s.tally
    dn = s.org.user_dn("carol").encode() + b"\0"

    def logon(number):
        data, handles = s.raw(struct.pack(
            "<BBBBIIH", 0xFE, number, 0, 1, 0x01000000, 0, len(dn)) + dn,
            [NONE])
        t.same(data[:6], b"\xfe\0\0\0\0\0", f"2.2.3.1 LogonId {number}")
        return handles[0]
    one = logon(3)
    a = s.rop(0x02, one, struct.pack("<QB", s.inbox, 0), out=True, logon=3)
    h = a.ok("the second logon").handle
    a = s.rop(0x04, h, b"\0", out=True, logon=0)
    t.same(a.ec, ACCESS_DENIED, "R457303 from another logon")
    a = s.rop(0x04, s.fh, b"\0", out=True, logon=77)
    t.that(a.ec != 0, "R4555 a LogonId that is not logged on")
    logon(3)
    a = s.rop(0x04, h, b"\0", out=True, logon=3)
    t.that(a.ec != 0, "R28, R29 replaced: its objects are released")


def check_malformed(s):
    """R4551: what cannot be parsed fails the whole request."""
    t = s.tally
    cases = {
        "a ROP cut short": struct.pack("<HBB", 4, 0x05, 0),
        "RopSize beyond the buffer": struct.pack("<HBBB", 500, 1, 0, 0),
        "RopSize of 0": struct.pack("<H", 0),
        "an unknown ROP": struct.pack("<HBBB", 5, 0x00, 0, 0),
        "handles of 3 bytes": struct.pack("<HBBB", 5, 1, 0, 0) + b"abc",
        "a count beyond the buffer": struct.pack(
            "<HBBBBHI", 2 + 10, 0x12, 0, 0, 0, 60000, SUBJECT),
    }
    for what, payload in cases.items():
        answer, status, error = execute(s, payload + (
            b"" if what.startswith("handles") else struct.pack(
                "<I", s.store)))
        failed = answer.code != "0" or status or error or \
            answer.extra.get("X-ResponseCode", "0") != "0"
        t.that(failed, f"R4551 {what}")
        if status or error:
            t.same(error or status, 0x4B6, f"R4551 {what}")
    t.same(s.open_folder(s.inbox).ec, 0, "the session goes on")


def check_buffer_too_small(s):
    t = s.tally
    rows = struct.pack("<BBB", 0x68, 0, 0)
    state = struct.pack("<BBBQ", 0x45, 0, 0, s.inbox)
    data, handles = s.raw(rows + state, [s.store], 60)
    t.same(data[0], 0xFF, "R4655 RopBufferTooSmall")
    needed = struct.unpack_from("<H", data, 1)[0]
    t.that(needed > 60, f"R4444 SizeNeeded: {needed}")
    t.that(data[3:].startswith(rows + state),
           "R4447 the requests that were not executed")
    data, _ = s.raw(state + rows, [s.store], 60)
    t.same(data[:7], struct.pack("<BBIB", 0x45, 0, 0, 0),
           "R4517 the answers that fit come before it")
    t.same(data[7], 0xFF, "R4517, R4518")
    t.that(data[10:].startswith(rows) and state not in data[10:], "R4447")
    data, _ = s.raw(rows + state, [s.store], needed + 200)
    t.same(data[:6], struct.pack("<BBI", 0x68, 0, 0),
           "R4444 with room it is answered")
    h = s.create_message(s.fid)
    s.set_props(h, (SUBJECT, "x" * 2000))
    data, _ = s.raw(struct.pack("<BBBHH", 0x07, 0, 0, 0, 1) + tags(SUBJECT),
                    [h], 300)
    t.same(data, struct.pack("<BBIBBI", 0x07, 0, 0, 1, 0xA, MEMORY),
           "OXCPRPT R643 a value that does not fit")


def check_writes_once(s):
    """What does not fit is not done twice: it is not done at all."""
    t = s.tally
    rops = struct.pack("<BBBB", 0x1C, 0, 0, 1) + struct.pack(
        "<BBBB", 1, 1, 0, 0) + "made once\0".encode("utf-16-le") + b"\0\0"
    for size in range(20, 60, 4):
        answer, status, error = execute(s, struct.pack(
            "<H", len(rops) + 2) + rops + struct.pack("<II", s.fh, NONE),
            size)
        if status == 0 and error == 0:
            length = struct.unpack_from("<I", answer.body, 12)[0]
            data, _ = s.client.unpack(answer.body[16:16 + length])
            if data[0] == 0x1C:
                t.same(struct.unpack_from("<I", data, 2)[0], 0,
                       "R4447 it was not executed before")
                return
    t.that(False, "R4444 no size was enough")


def check_ends_buffer(s):
    """OXCTABL R501, R510, R528: after these failures the rest is not run."""
    t = s.tally
    rest = struct.pack("<BBB", 0x09, 0, 0)
    for rop, body in ((0x18, struct.pack("<BiB", 0, 1, 0)),
                      (0x19, struct.pack("<HIiB", 4, 0, 0, 0)),
                      (0x1B, b"")):
        data, _ = s.raw(struct.pack("<BBB", rop, 0, 0) + body + rest,
                        [s.fh])
        t.same(data, struct.pack("<BBI", rop, 0, NOT_SUPPORTED),
               f"OXCTABL R501, R510, R528 {rop:#x}")


def check_unsupported(s):
    """Each ROP of [MS-OXCROPS] without a handler answers, and the next ROP
    is still run."""
    t = s.tally
    requests = {0x32: b"\0", 0x34: struct.pack("<QQ", s.fid, 1), 0x49: b"",
                0x47: b"", 0x6D: b"", 0x57: struct.pack("<HH", 0, 0),
                0x86: b"\0" * 6}
    for rop, body in requests.items():
        data, _ = s.raw(struct.pack("<BBB", rop, 0, 0) + body + struct.pack(
            "<BBB", 0x7B, 0, 0), [s.store])
        r = Reader(data)
        t.same(r.u8(), rop, f"R4550 {rop:#x}")
        r.u8()
        t.that(r.u32() != 0 or rop, f"{rop:#x} is refused")


def check_query_rows_small(s):
    """OXCTABL R466, R478 in an answer with room for the error alone."""
    t = s.tally
    mid = s.new_message(s.fid, (SUBJECT, "y" * 200))
    table = s.contents(s.fh)
    s.columns(table, SUBJECT)
    data, _ = s.raw(struct.pack("<BBBBBH", 0x15, 0, 0, 0, 1, 5), [table], 60)
    t.that(data[0] == 0xFF or data[:6] == struct.pack(
        "<BBI", 0x15, 0, BUFFER_TOO_SMALL), "OXCTABL R466, R478")
    s.delete(s.fh, mid, rop=0x91)

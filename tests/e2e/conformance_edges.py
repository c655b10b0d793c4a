# SPDX-License-Identifier: Apache-2.0
"""Other servers, disabled mailboxes, code pages, several logons: the ids are
those of [MS-OXCSTOR] unless they say otherwise."""
import struct
import time

from conformance_wire import (NONE, NOT_FOUND, UNKNOWN_CODE_PAGE,
                              UNKNOWN_USER, Answer, Session, tagged)
from mapi import Client, MapiError

SUBJECT, SUBJECT8, NAME8 = 0x0037001F, 0x0037001E, 0x3001001E
WRONG_SERVER, SERVER_PAUSED = 0x478, 0x47F
CYRILLIC = "привет"


def prepare(org, tally):
    org.tally = tally
    org.posthouse("server", "new", "OTHER", "--fqdn", "other.example.test")
    org.posthouse("database", "new", "OTHERDB", "--server", "OTHER")
    org.user("dave", mailbox=False)
    org.posthouse("mailbox", "new", "dave", "--database", "OTHERDB")
    org.user("erin")
    org.user("frank", mailbox=False)
    return org


def logon(s, dn, number=0):
    text = dn.encode() + b"\0"
    data, handles = s.raw(struct.pack(
        "<BBBBIIH", 0xFE, number, 0, 1, 0x01000000, 0, len(text)) + text,
        [NONE])
    return Answer(s, data, 0xFE, 0, handles)


def check_redirect(org):
    t = org.tally
    s = Session(org, "alice", t, logon=False)
    dn = org.user_dn("dave")
    a = logon(s, dn)
    t.same(a.ec, WRONG_SERVER, "R790, R183")
    t.same(a.u8(), 1, "OXCROPS R120 LogonFlags")
    n = a.u8()
    name = a.take(n)
    a.end("OXCROPS 2.2.3.1.4")
    t.that(name.endswith(b"\0") and name.index(b"\0") == n - 1 and
           b"OTHER" in name.upper(), f"R116, OXCROPS R126, R127 {name}")
    codes = [logon(s, dn).ec for _ in range(6)]
    t.same(codes[-1], SERVER_PAUSED, "R3103, R192 more than five attempts")
    s.close()


def check_no_mailbox(org):
    t = org.tally
    s = Session(org, "alice", t, logon=False)
    logon(s, org.user_dn("frank")).failed(UNKNOWN_USER, "R59746")
    s.close()


def refusal(org, user):
    """Why the user cannot log on, once the daemon has noticed."""
    ec = 0
    for _ in range(30):
        time.sleep(0.1)
        try:
            s = Session(org, user, org.tally, logon=False)
        except MapiError as error:
            return error.code
        ec = logon(s, org.user_dn(user)).ec
        s.close()
        if ec:
            break
    return ec


def check_disabled(org):
    t = org.tally
    s = Session(org, "erin", t)
    org.posthouse("mailbox", "set", "erin", "--disabled")
    t.among(refusal(org, "erin"), (UNKNOWN_USER, 0x96C), "R794, R178")
    org.posthouse("mailbox", "set", "erin", "--enabled")
    s.close()


def session(org, user, page):
    """A session in another code page; None if the Connect was refused."""
    s = Session.__new__(Session)
    s.tally, s.org, s.notes, s.client = org.tally, org, [], Client(org, user)
    body = org.user_dn(user).encode() + b"\0" + struct.pack(
        "<IIIII", 0, page, 0x419, 0x419, 0)
    a = s.client.must("Connect", body)
    if struct.unpack_from("<I", a.body)[0] or \
            struct.unpack_from("<I", a.body, 4)[0]:
        return None
    return s


def check_unknown_code_page(org):
    t = org.tally
    s = session(org, "alice", 31337)
    if s is None:
        t.that(True, "R3102 refused when connecting")
        return
    logon(s, org.user_dn("alice")).failed(UNKNOWN_CODE_PAGE, "R3102, R176")


def check_code_page(org):
    """[MS-OXCPRPT] R462, R465: the logon's code page is the session's."""
    t = org.tally
    s = session(org, "alice", 1251)
    if not t.that(s is not None, "a Connect in code page 1251"):
        return
    s.store, s.folders = s.client.logon()
    s.inbox = s.folders[4]
    raw = CYRILLIC.encode("cp1251")
    fh = s.folder(s.inbox)
    a = s.rop(0x1C, fh, struct.pack("<BBBB", 1, 0, 0, 0) + raw + b"\0\0",
              out=True).ok("OXCFOLD R49")
    fid = a.u64()
    t.same(s.get_props(a.handle, 0x3001001F, NAME8), [CYRILLIC, raw],
           "OXCFOLD R49, OXCPRPT R465")
    h = s.create_message(fid)
    s.set_props(h, (SUBJECT8, raw), (0x6666101E, [raw]))
    t.same(s.get_props(h, SUBJECT, SUBJECT8, 0x6666101F),
           [CYRILLIC, raw, [CYRILLIC]], "OXCPRPT R462")
    t.same(s.get_props(h, 0x00370000, unicode=0), [raw], "OXCPRPT R459")
    mid = s.saved(h)
    table = s.contents(a.handle)
    s.columns(table, SUBJECT8, 0x674A0014)
    t.same(s.rows(table, [SUBJECT8, 0x674A0014])[1], [[raw, mid]],
           "OXCDATA 2.8 PtypString8 in rows")
    r = struct.pack("<BBI", 4, 4, SUBJECT8) + tagged(SUBJECT8, raw)
    s.rop(0x14, table, struct.pack("<BH", 0, len(r)) + r).ok("RopRestrict")
    t.same(len(s.rows(table, [SUBJECT8, 0x674A0014])[1]), 1,
           "OXCDATA 2.12 PtypString8 in restrictions")
    stream = s.rop(0x2B, h, struct.pack("<IB", SUBJECT8, 0), out=True)
    if stream.ec == 0:
        got = s.rop(0x2C, stream.handle, struct.pack("<H", 100)).ok("read")
        t.same(got.take(got.u16()), raw, "OXCPRPT R25508")
    s.rop(0x1D, fh, struct.pack("<BQ", 0x15, fid)).ok("RopDeleteFolder")
    s.close()


def check_across_logons(org):
    """Messages from one logon to another of the same session: done, or
    refused with an error."""
    t = org.tally
    s = Session(org, "alice", t)
    a = logon(s, org.user_dn("alice"), 1).ok("the second logon")
    second = a.handles[0]
    fid, fh = s.new_folder(s.folder(s.inbox), "across")
    mid = s.new_message(fid, (SUBJECT, "goes"))
    to = s.rop(0x02, second, struct.pack("<QB", s.folders[5], 0), out=True,
               logon=1).ok("a folder of the second logon").handle
    a = s.rop2(0x33, fh, to, struct.pack("<HQBB", 1, mid, 0, 0))
    if a.ec == 0:
        t.same(a.u8(), 0, "OXCFOLD R163")
        a.end("OXCFOLD 2.2.1.6")
        t.same(s.open_message(fid, mid).ec, NOT_FOUND, "OXCFOLD R160")
    else:
        a.failed(a.ec, "OXCROPS R457303", 1)
        t.same(s.open_message(fid, mid).ec, 0, "nothing is lost")
    s.rop(0x1D, s.folder(s.inbox), struct.pack("<BQ", 0x15, fid))
    s.close()


def check_all_too_large(org):
    """[MS-OXCPRPT] R467: values that each fit, and together do not."""
    t = org.tally
    s = Session(org, "alice", t)
    h = s.create_message(s.inbox)
    for i in range(6):
        s.set_props(h, (0x66660102 + (i << 16), b"x" * 9000))
    rops = struct.pack("<BBBHH", 0x08, 0, 0, 0, 1)
    try:
        data, _ = s.raw(rops, [h])
    except MapiError as error:
        t.same(error.code, 0x3F0, "OXCPRPT R467")
    else:
        t.same(data[:6], b"\x08\0\0\0\0\0", "OXCPRPT R643 or it is answered")
        t.that(len(data) <= 0x8000, "OXCROPS R7 RopSize has 16 bits")
    s.close()


def check_sort_locale(org):
    t = org.tally
    s = Session(org, "alice", t)
    v = s.get(s.store, 0x67050003)
    t.that(v == ("error", NOT_FOUND) or v > 0, "R3104, R3105")
    for tag in (0x661B0102, 0x661C001F, 0x66190102):
        t.that(not isinstance(s.get(s.store, tag), tuple),
               f"2.2.2.1 {tag:#x} of a logon")
    s.set_props(s.store, (0x661D000B, 0))
    t.same(s.get(s.store, 0x661D000B), 0, "2.2.2.1 PidTagOutOfOfficeState")
    s.close()


def check_long_names(org):
    """A folder's name may be long, and hold what UTF-16 has pairs for."""
    t = org.tally
    s = Session(org, "alice", t)
    fh = s.folder(s.inbox)
    for name in ("n" * 200, "\U0001F4EC post", "a/b\\c"):
        fid, h = s.new_folder(fh, name)
        t.same(s.get(h, 0x3001001F), name, "OXCFOLD R54")
        s.rop(0x1D, fh, struct.pack("<BQ", 0x15, fid)).ok("delete")
    s.close()


READ_ONLY = {
    0x0E9B0003: "R3055001", 0x340E0003: "R3055005", 0x36020003: "R3055006",
    0x661B0102: "R3055007", 0x661C001F: "R3055008", 0x0E080003: "R3055009",
    0x0E080014: "R3055010", 0x66190102: "R3055011", 0x66C30003: "R3055012",
}


def check_logon_properties(org):
    t = org.tally
    s = Session(org, "erin", t)
    for tag, cite in READ_ONLY.items():
        before = s.get(s.store, tag)
        t.that(not isinstance(before, tuple), f"{cite} {tag:#x} is there")
        kind = tag & 0xFFFF
        new = {3: 77, 0x14: 77, 0x102: b"mine", 0x1F: "mine"}[kind]
        problems = s.set_props(s.store, (tag, new))
        t.same(s.get(s.store, tag), before, f"{cite} {tag:#x} is read-only")
        t.that(all(p[1] == tag for p in problems), f"{cite} problems")
    for tag in (0x666D0003, 0x666A0003, 0x666E0003):
        v = s.get(s.store, tag)
        t.that(v == ("error", NOT_FOUND) or v >= -1,
               f"R645, R647, R649 {tag:#x}")
    t.same(s.get(s.store, 0x66C30003), 1252, "2.2.2.1.1 PidTagCodePageId")
    t.same(s.get(s.store, 0x66A10003), 0x409, "PidTagLocaleId")
    t.that(s.get(s.store, 0x66190102).endswith(
        org.user_dn("erin").encode() + b"\0"), "R664")
    t.same(s.get(s.store, 0x661C001F), "erin", "R657")
    for tag, v in ((0x3004001F, "a comment"), (0x661D000B, 1),
                   (0x661D000B, 0)):
        t.same(s.set_props(s.store, (tag, v)), [], "R6280, R3068004")
        t.same(s.get(s.store, tag), v, f"R6280, R3068004 {tag:#x}")
    s.close()


def check_store_contents(org):
    """R651, R658, R1141: what is cumulative."""
    t = org.tally
    s = Session(org, "erin", t)
    count, size = s.get_props(s.store, 0x36020003, 0x0E080014)
    t.same(s.get(s.store, 0x340E0003), 0, "R1141 no search folder")
    fid, _ = s.new_folder(s.folder(s.inbox), "counted")
    s.new_message(fid, (SUBJECT, "x" * 200))
    s.new_message(fid, (SUBJECT, "hidden"), associated=1)
    got, larger = s.get_props(s.store, 0x36020003, 0x0E080014)
    t.same(got, count + 1, "R651 without FAI messages")
    t.that(larger > size, "R660")
    _, sh = s.new_folder(s.folder(s.inbox), "search", 2)
    r = struct.pack("<BI", 8, SUBJECT)
    s.rop(0x30, sh, struct.pack("<H", len(r)) + r + struct.pack(
        "<HQI", 1, fid, 2)).ok("RopSetSearchCriteria")
    t.same(s.get(s.store, 0x340E0003), 0x01000000, "R1141001")
    s.close()

# SPDX-License-Identifier: Apache-2.0
"""The address book over HTTP: every request type, container and kind of
recipient, with an encoder and a decoder of its own.

usage: test_nspi.py BUILD
"""
import json
import struct
import sys
import time
import uuid

import mapi
import nspi
from nspi import Book, Stat
from posthouse import Organisation

UNICODE_NAME = nspi.DISPLAY_NAME


def make(org):
    for user, name, given, surname in (
            ("alice", "Alice Ångström", "Alice", "Ångström"),
            ("bob", "Bob Smith", "Bob", "Smith"),
            ("carol", "Carol Smithers", "Carol", "Smithers")):
        org.user(user, "--display-name", name, "--given-name", given,
                 "--surname", surname)
    org.posthouse("user", "set", "bob", "--manager", "alice",
                  "--department", "Sales", "--office", "7/101")
    org.posthouse("user", "set", "carol", "--manager", "alice",
                  "--set", "l=Kiel")
    org.posthouse("group", "new", "staff", "--display-name", "Staff",
                  "--member", "bob", "--member", "carol@example.test",
                  "--owner", "alice")
    org.posthouse("group", "new", "sales", "--display-name", "Sales",
                  "--filter", "(department=Sales)")
    org.posthouse("contact", "new", "supplier", "--display-name",
                  "Zoë Supplier", "--address", "zoe@example.net")
    org.posthouse("room", "new", "room1", "--display-name", "Room 1",
                  "--capacity", "12")
    org.posthouse("recipient", "new", "news", "--kind", "public folder",
                  "--display-name", "News")
    org.posthouse("recipient", "new", "quote", "--kind", "agent",
                  "--display-name", "Quote of the Day")
    org.posthouse("list", "new", "North", "--filter", "(l=Kiel*)")


def names(rows):
    return [row[0] for row in rows[1]]


def mid_of(book, name):
    _, (_, rows) = book.rows(columns=(UNICODE_NAME, 0x0FF60102))
    return {r[0]: struct.unpack("<I", r[1])[0] for r in rows}[name]


def check_session(org):
    """[MS-OXCMAPIHTTP] 2.2.5.1, 2.2.5.2, 3.2.5: contexts and cookies."""
    book = Book(org, "alice")
    server = book.bind()
    assert len(server) == 16 and any(server)
    assert set(book.cookies) == {"MapiContext", "MapiSequence"}
    answer = book.must("PING")
    cookies = [v for k, v in answer.headers if k.lower() == "set-cookie"]
    assert all("path=/mapi/nspi" in c for c in cookies) and cookies
    # R1994: the same GUID in every session of the process.
    other = Book(org, "bob")
    assert other.bind() == server
    # Another's context is none (10); the mailbox's is none here.
    thief = Book(org, "bob")
    thief.cookies = dict(book.cookies)
    assert thief.call("Unbind", bytes(8)).code == "10"
    box = mapi.Client(org, "alice")
    box.connect()
    box.path = "/mapi/nspi/"
    assert box.call("Unbind", bytes(8)).code == "10"
    box.path = "/mapi/emsmdb/"
    box.cookies = dict(book.cookies)
    assert box.call("Execute", bytes(16)).code == "10"
    # Types of the other endpoint, none, and unknown ones.
    assert book.call("Execute", bytes(16)).code == "5"
    assert box.call("Bind", bytes(9)).code == "5"
    assert book.call("QueryTables", b"").code == "5"
    # Bodies that are none; cookies that are missing.
    assert book.call("QueryRows", b"\1").code == "12"
    bare = Book(org, "alice")
    assert bare.call("QueryColumns", bytes(12)).code == "13"
    book.unbind()
    assert book.call("Unbind", bytes(8)).code == "10"
    # An unknown code page binds nothing.
    fresh = Book(org, "alice")
    fresh.bind(Stat(code_page=1200), errors=(nspi.INVALID_CODEPAGE,))
    assert not fresh.cookies, fresh.cookies
    for client in (book, other, thief, box, bare, fresh):
        client.close()


def check_headers(org):
    """Both content types, both spellings of GUIDs, query in any case."""
    book = Book(org, "alice")
    guid = str(uuid.uuid4())
    for request_id in (f"{{{guid}}}:1", f"{guid}:2"):
        for kind in ("application/mapi-http", "application/octet-stream"):
            for query in ("", "?MailboxId=x@example.test",
                          f"?mailboxId={guid}@example.test"):
                book.path = "/mapi/nspi/" + query
                answer = book.call("PING", Content_Type=kind,
                                   X_RequestId=request_id)
                want = "3" if "=x@" in query else "0"
                assert answer.code == want, (request_id, kind, query)
    book.close()


def check_containers(org):
    book = Book(org, "alice")
    book.bind()
    page, version, rows = book.hierarchy()
    assert page == 1252 and len(rows) == 7
    want = {
        "Global Address List": ["Alice Ångström", "Bob Smith",
                                "Carol Smithers", "News",
                                "Quote of the Day", "Room 1", "Sales",
                                "Staff", "Zoë Supplier"],
        "All Users": ["Alice Ångström", "Bob Smith", "Carol Smithers"],
        "All Groups": ["Sales", "Staff"],
        "All Contacts": ["Zoë Supplier"],
        "All Rooms": ["Room 1"],
        "Public Folders": ["News"],
        "North": ["Carol Smithers"],
    }
    for row in rows:
        # R1863: these, in this order.
        assert [t for t, _ in row] == [
            nspi.ENTRY_ID, nspi.FLAGS, nspi.DEPTH, nspi.CONTAINER_ID,
            nspi.DISPLAY_NAME, 0xFFFB000B]
        row = dict(row)
        container = row[nspi.CONTAINER_ID] & 0xFFFFFFFF
        state, got = book.rows(Stat(container=container))
        name = row[nspi.DISPLAY_NAME]
        assert names(got) == want[name], (name, names(got))
        assert state.total == len(want[name])
        assert state.current == 2 and state.delta == 0
        # R1865: PermanentEntryID, DT_CONTAINER, the DN's two forms.
        entry = row[nspi.ENTRY_ID]
        assert struct.unpack_from("<I", entry, 24)[0] == 0x100
        dn = entry[28:-1].decode()
        assert dn == "/" if container == 0 else dn.startswith("/guid=")
        if container:
            assert book.mids([dn]) == [container]
    assert book.hierarchy(version=version)[2] is None
    book.hierarchy(flags=2)
    book.rows(Stat(container=0x1234), errors=(nspi.INVALID_BOOKMARK,))
    book.close()


def check_positions(org):
    book = Book(org, "alice")
    book.bind()
    state, got = book.rows(count=2)
    assert names(got) == ["Alice Ångström", "Bob Smith"]
    assert (state.pos, state.total) == (2, 9)
    state, got = book.rows(state, count=2)
    assert names(got) == ["Carol Smithers", "News"]
    state, delta = book.update(Stat(current=2, delta=-1))
    assert (state.pos, delta) == (8, -1)
    state, delta = book.update(Stat(current=1, pos=1, total=2))
    assert state.pos == 4
    state, got = book.seek("ro")
    assert state.pos == 5 and names(got)[0] == "Room 1"
    book.seek("zzz", errors=(nspi.NOT_FOUND,))
    alice, bob = mid_of(book, "Alice Ångström"), mid_of(book, "Bob Smith")
    assert book.compare(alice, bob) < 0 < book.compare(bob, alice)
    state, mids = book.resort([bob, alice, 0x7FFFFFF], current=bob)
    assert mids == [alice, bob] and state.pos == 1 and state.total == 2
    _, got = book.rows(table=[bob, 0x7FFFFFF, alice], count=3)
    assert got[1][0] == ["Bob Smith"] and got[1][2] == ["Alice Ångström"]
    assert got[1][1] == [nspi.Error(nspi.NOT_FOUND)]
    book.close()


def check_properties(org):
    book = Book(org, "alice")
    book.bind()
    bob = mid_of(book, "Bob Smith")
    tags = (UNICODE_NAME, 0x3001001E, nspi.SMTP, nspi.OBJECT_TYPE,
            nspi.PROXIES, 0x3A170000, nspi.MANAGER, 0x3A18001F)
    got = dict(book.props(bob, tags))
    assert got[UNICODE_NAME] == got[0x3001001E] == "Bob Smith"
    assert got[nspi.SMTP] == "bob@example.test"
    assert got[nspi.OBJECT_TYPE] == 6
    assert got[nspi.PROXIES] == ["SMTP:bob@example.test"]
    assert got[0x3A17000A] == nspi.NOT_FOUND
    assert got[0x3A18001F] == "Sales"
    alice = mid_of(book, "Alice Ångström")
    # 8 bits are of the STAT's code page.
    assert dict(book.props(alice, (0x3001001E,)))[0x3001001E] == \
        "Alice Ångström"
    listed = book.prop_list(bob)
    assert [t for t, _ in book.props(bob)] == listed
    assert 0x8005000D in listed
    assert 0x8005000D not in book.prop_list(bob, flags=1)
    assert 0x3001001F in book.columns(0x80000000)
    assert 0x3001001E in book.columns()
    # Permanent and ephemeral entry IDs.
    permanent = dict(book.props(bob, (nspi.ENTRY_ID,)))[nspi.ENTRY_ID]
    ephemeral = dict(book.props(bob, (nspi.ENTRY_ID,), flags=2))[
        nspi.ENTRY_ID]
    assert permanent[0] == 0 and len(ephemeral) == 32
    assert ephemeral[0] == 0x87
    assert struct.unpack_from("<I", ephemeral, 28)[0] == bob
    dn = permanent[28:-1].decode()
    assert "/cn=Recipients/cn=" in dn and book.mids(
        [dn, "/o=x"]) == [bob, 0]
    for kind in (0, 1, 2, 3, 6):
        row = dict(book.template(kind, flags=5))
        rows, = struct.unpack_from("<I", row[0x00010102], 4)
        assert rows > 3
    book.close()


def check_names(org):
    book = Book(org, "bob")
    book.bind()
    asked = ["bob", "smith", "nobody", "", "=Smith", "zoe", "al ang",
             "carol@example.test", "7/1"]
    mids, got = book.resolve(asked)
    r, a, u = nspi.RESOLVED, nspi.AMBIGUOUS, nspi.UNRESOLVED
    assert mids == [r, a, u, u, r, r, r, r, r], mids
    assert names(got) == ["Bob Smith", "Bob Smith", "Zoë Supplier",
                          "Alice Ångström", "Carol Smithers", "Bob Smith"]
    book.close()


def check_matches(org):
    book = Book(org, "alice")
    book.bind()

    def matches(restriction):
        return names(book.matches(Stat(), restriction)[2])

    assert matches(nspi.restriction_property(nspi.ANR, "smith")) == [
        "Bob Smith", "Carol Smithers"]
    assert matches(nspi.restriction_content(nspi.SURNAME, "smithe")) == [
        "Carol Smithers"]
    assert matches(nspi.restriction_property(nspi.DISPLAY_TYPE, 1)) == [
        "Staff"]
    staff, alice = mid_of(book, "Staff"), mid_of(book, "Alice Ångström")
    for mid, tag, want in (
            (staff, nspi.MEMBER, ["Bob Smith", "Carol Smithers"]),
            (alice, nspi.REPORTS, ["Bob Smith", "Carol Smithers"]),
            (mid_of(book, "Bob Smith"), 0x8008000D, ["Staff"]),
            (alice, 0x8024000D, ["Staff"])):
        state, mids, got = book.matches(Stat(sort=1000, container=tag,
                                             current=mid))
        assert names(got) == want, (hex(tag), names(got))
        assert state.container == mid and len(mids) == len(want)
    book.close()


def check_changes(org):
    book, bob = Book(org, "alice"), Book(org, "bob")
    book.bind()
    bob.bind()
    staff, room = mid_of(book, "Staff"), mid_of(book, "Room 1")
    entry = dict(book.props(room, (nspi.ENTRY_ID,)))[nspi.ENTRY_ID]
    table = Stat(sort=1000, container=nspi.MEMBER, current=staff)
    # Who manages a list changes its members; others don't.
    bob.mod_link(nspi.MEMBER, staff, [entry],
                 errors=(nspi.ACCESS_DENIED,))
    book.mod_link(nspi.MEMBER, staff, [entry])
    assert "Room 1" in names(bob.matches(table)[2])
    book.mod_link(nspi.MEMBER, staff, [entry], flags=1)
    assert "Room 1" not in names(bob.matches(table)[2])
    # A certificate of one's own.
    own = mid_of(bob, "Bob Smith")
    bob.mod_props(own, [], [(nspi.CERTIFICATE, [b"cert"]),
                            (nspi.PHONE, "+49 431 1")])
    got = dict(book.props(own, (nspi.CERTIFICATE, nspi.PHONE)))
    assert got == {nspi.CERTIFICATE: [b"cert"], nspi.PHONE: "+49 431 1"}
    bob.mod_props(own, [nspi.CERTIFICATE], [])
    assert dict(book.props(own, (nspi.CERTIFICATE,)))[
        0x3A70000A] == nspi.NOT_FOUND
    book.mod_props(own, [], [(nspi.PHONE, "1")],
                   errors=(nspi.ACCESS_DENIED,))
    # What commands change is seen, and Minimal Entry IDs stay.
    org.posthouse("user", "set", "bob", "--display-name", "Zz Bob")
    org.posthouse("contact", "remove", "supplier")
    for _ in range(100):
        _, (_, rows) = book.rows()
        if [r[0] for r in rows][-1] == "Zz Bob":
            break
        __import__("time").sleep(0.05)
    assert [r[0] for r in rows][-1] == "Zz Bob"
    assert dict(book.props(own, (UNICODE_NAME,)))[UNICODE_NAME] == "Zz Bob"
    # Both changes are in the record.
    book.close()
    bob.close()


def check_urls(org):
    book = Book(org, "alice")
    book.bind()
    box = json.loads(org.posthouse("mailbox", "show", "alice",
                                   "--json"))
    guid = box["guid"]
    url = book.url("GetMailboxUrl", "/o=First Organization/ou=Exchange "
                   "Administrative Group (FYDIBOHF23SPDLT)/"
                   "cn=Configuration/cn=Servers/"
                   f"cn={guid}@example.test")
    assert url == (f"https://mail.example.test/mapi/emsmdb/"
                   f"?MailboxId={guid}@example.test"), url
    url = book.url("GetAddressBookUrl", org.user_dn("alice"))
    assert "/mapi/nspi/?MailboxId=" in url, url
    book.url("GetAddressBookUrl", "/o=x", errors=(nspi.NOT_FOUND,))
    # Also without a session.
    bare = Book(org, "alice")
    bare.url("GetAddressBookUrl", org.user_dn("alice"))
    book.close()
    bare.close()


def check_bad_input(org):
    """Cut and bent bodies: X-ResponseCode 12 or an answer, and no crash."""
    book = Book(org, "alice")
    book.bind()
    body = (struct.pack("<I", 2) + nspi.opt(Stat().pack()) +
            nspi.u32s([1, 2]) + struct.pack("<I", 5) +
            nspi.opt(nspi.u32s([UNICODE_NAME])) + bytes(4))
    for cut in range(0, len(body)):
        assert book.call("QueryRows", body[:cut]).code == "12"
    assert book.call("QueryRows", body + b"\0").code == "12"
    for at in range(len(body)):
        bent = bytearray(body)
        bent[at] ^= 0xFF
        assert book.call("QueryRows", bytes(bent)).code in ("0", "12")
    deep = b"\2" * 200 + b"\x08" + struct.pack("<I", UNICODE_NAME)
    answer = book.call(
        "GetMatches", struct.pack("<I", 0) + nspi.opt(Stat().pack()) +
        b"\0" + bytes(4) + nspi.opt(deep) + b"\0" + bytes(4) + b"\0" +
        bytes(4))
    assert answer.code == "12"
    book.unbind()
    book.close()


def check_files(org):
    """Recipients as LDIF and CSV: imported, in the address book, exported."""
    def write(name, text):
        path = f"{org.folder}/{name}"
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return path

    out = org.posthouse("recipients", "import", write("new.ldif", """\
version: 1

dn: cn=crew
objectClass: top
objectClass: group
mailNickname: crew
displayName: Crew
mail: crew@example.test
member: cn=Åke,ou=people
member: bob@example.test

dn: cn=Åke,ou=people
objectClass: contact
mailNickname: ake
displayName:: w4VrZSBCb3Jn
givenName: Åke
sn: Borg
mail: ake@example.net
manager: alice
otherTelephone: 1
otherTelephone: 2
"""))
    assert "2 made, 0 changed" in out, out
    crew = json.loads(org.posthouse("recipient", "show", "crew", "--json"))
    assert sorted(crew["member"]) == ["ake", "bob"], crew
    book = Book(org, "alice")
    book.bind()
    # A daemon that runs follows within a second.
    end = time.monotonic() + 5
    while book.resolve(["Borg"])[0] != [2]:
        assert time.monotonic() < end, book.resolve(["Borg"])
        time.sleep(0.1)
    # CSV: what it has no column for stays.
    out = org.posthouse("recipients", "import", write("more.csv",
        "objectClass,mailNickname,title,otherTelephone\r\n"
        'contact,ake,"Smith, Black",3|4\r\nroom,room2,,\r\n'))
    assert "1 made, 1 changed" in out, out
    ake = json.loads(org.posthouse("recipient", "show", "ake", "--json"))
    assert ake["title"] == "Smith, Black" and ake["manager"] == "alice", ake
    assert ake["displayName"] == "Åke Borg", ake
    assert ake["otherTelephone"] == ["3", "4"], ake
    # What is exported can be imported and exported again, the same.
    for name in ("all.ldif", "all.csv"):
        path = f"{org.folder}/{name}"
        org.posthouse("recipients", "export", path)
        with open(path, encoding="utf-8") as f:
            before = f.read()
        assert "ake@example.net" in before
        out = org.posthouse("recipients", "import", path)
        assert out.startswith("0 made"), out
        org.posthouse("recipients", "export", path)
        with open(path, encoding="utf-8") as f:
            assert f.read() == before, name
    text = org.posthouse("recipients", "export", "-", "--format", "csv")
    assert text.startswith("objectClass,"), text[:80]
    # What is wrong is named with its line.
    for text, word in (("sn: x\n", "dn"),
                       ("dn: x\nmailNickname: y\n", "objectClass"),
                       ("dn: x\nobjectClass: contact\n", "mailNickname"),
                       ("dn: x\nobjectClass: user\nmailNickname: no1\n",
                        "no such user"),
                       ("dn: x\nobjectClass: contact\nmailNickname: z1\n"
                        "manager: cn=nobody\n", "nobody")):
        org.posthouse("recipients", "import", write("bad.ldif", text),
                      status=1)
        assert word in org.stderr and "line" in org.stderr, org.stderr
    book.unbind()
    book.close()


def main():
    with Organisation(sys.argv[1]) as org:
        make(org)
        org.start()
        for check in (check_session, check_headers, check_containers,
                      check_positions, check_properties, check_names,
                      check_matches, check_urls, check_bad_input,
                      check_changes, check_files):
            check(org)
            print(f"ok: {check.__name__}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Recipients from LDAP: the same tests over Samba's Active Directory (with
Kerberos) and over OpenLDAP (with a password).

usage: test_ldap.py BUILD
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import domain
from posthouse import Organisation, Tests, free_port


class OpenLdap:
    """slapd in a scratch folder."""

    schema = "openldap"
    base = "dc=example,dc=test"
    name = "slapd"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="posthouse-slapd-")
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.process = None
        os.mkdir(f"{self.folder}/db")
        with open(f"{self.folder}/slapd.conf", "w", encoding="ascii") as f:
            f.write(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {self.folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload memberof
database mdb
suffix "{self.base}"
rootdn "cn=admin,{self.base}"
rootpw secret
directory {self.folder}/db
overlay syncprov
overlay memberof
""")
        self.start()
        self.ldif(f"""dn: {self.base}
changetype: add
objectClass: dcObject
objectClass: organization
dc: example
o: Example
""")

    def settings(self):
        with open(f"{self.folder}/password", "w", encoding="ascii") as f:
            f.write("secret\n")
        return f"""
[ldap]
url = ldap://127.0.0.1:1 {self.url}
base = {self.base}
bind_dn = cn=admin,{self.base}
password_file = {self.folder}/password
schema = openldap
databases = cn=second,{self.base}: DB2; DB1
admins = cn=admins,{self.base}
page = 3
poll = 200 ms
"""

    def start(self):
        self.process = subprocess.Popen(
            ["/usr/sbin/slapd", "-f", f"{self.folder}/slapd.conf", "-h",
             self.url, "-d", "0"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if domain.listens(self.port):
                return
            time.sleep(0.05)
        raise RuntimeError("slapd does not listen")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)

    def ldif(self, text):
        subprocess.run(["ldapmodify", "-x", "-H", self.url, "-D",
                        f"cn=admin,{self.base}", "-w", "secret"],
                       input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def dn(self, name):
        return f"cn={name},{self.base}"

    def add_user(self, name, **attributes):
        text = f"dn: {self.dn(name)}\nchangetype: add\n" \
               f"objectClass: inetOrgPerson\ncn: {name}\nuid: {name}\n" \
               f"sn: {name}\n"
        for key, value in attributes.items():
            text += f"{key}: {value}\n"
        self.ldif(text)

    def add_group(self, name, members, mail=None):
        text = f"dn: {self.dn(name)}\nchangetype: add\n" \
               f"objectClass: groupOfNames\nobjectClass: extensibleObject\n" \
               f"cn: {name}\n"
        text += f"uid: {name}\n"
        for member in members or ["nobody"]:
            text += f"member: {self.dn(member)}\n"
        if mail:
            text += f"mail: {mail}\n"
        self.ldif(text)

    def modify(self, name, how, attribute, value):
        self.ldif(f"dn: {self.dn(name)}\nchangetype: modify\n{how}: "
                  f"{attribute}\n{attribute}: {value}\n")

    def set_member(self, group, member):
        self.modify(group, "add", "member", self.dn(member))

    def remove(self, name):
        self.ldif(f"dn: {self.dn(name)}\nchangetype: delete\n")


class SambaAd:
    """The domain's controller, by Kerberos with the keytab of MX1$."""

    schema = "ad"
    base = "DC=example,DC=test"
    name = "Samba AD"

    def __init__(self, dc):
        self.dc = dc
        self.url = "ldap://dc1.example.test"
        # What Samba adds some time after its start.
        dc.modify("DC1$", {"servicePrincipalName": [
            "HOST/dc1.example.test", "HOST/DC1", "ldap/dc1.example.test",
            "ldap/DC1"]})

    def settings(self):
        keytab = self.dc.keytab("MX1$", "HTTP/mx1.example.test")
        return f"""
[ldap]
url = ldap://127.0.0.1:1 {self.url}
base = {self.base}
keytab = {keytab}
schema = ad
databases = CN=second,CN=Users,{self.base}: DB2; DB1
admins = CN=admins,CN=Users,{self.base}
page = 3
poll = 200 ms
"""

    def ldif(self, text):
        env = self.dc.kinit("administrator")
        subprocess.run(["ldapmodify", "-Q", "-N", "-Y", "GSSAPI", "-H", self.url],
                       input=text, text=True, check=True, env=env,
                       stdout=subprocess.DEVNULL)

    def dn(self, name):
        return f"CN={name},CN=Users,{self.base}"

    def add_user(self, name, **attributes):
        text = f"dn: {self.dn(name)}\nchangetype: add\n" \
               f"objectClass: user\nsAMAccountName: {name}\n" \
               f"userPrincipalName: {name}@example.test\n"
        for key, value in attributes.items():
            text += f"{key}: {value}\n"
        self.ldif(text)

    def add_group(self, name, members, mail=None):
        text = f"dn: {self.dn(name)}\nchangetype: add\n" \
               f"objectClass: group\nsAMAccountName: {name}\n"
        for member in members:
            text += f"member: {self.dn(member)}\n"
        if mail:
            text += f"mail: {mail}\n"
        self.ldif(text)

    modify = OpenLdap.modify
    set_member = OpenLdap.set_member
    remove = OpenLdap.remove

    def stop(self):
        self.dc.stop()

    def close(self):
        pass


class Checks:
    def __init__(self, org, server):
        self.org, self.server = org, server

    def sync(self, *options):
        done = json.loads(self.org.posthouse("ldap", "sync", "--json",
                                             *options))
        assert done["skipped"] == 0, self.org.stderr
        return done

    def user(self, name):
        return json.loads(self.org.posthouse("user", "show", name,
                                             "--json"))

    def mailboxes(self):
        rows = json.loads(self.org.posthouse("mailbox", "list", "--json"))
        return {row["address"].split("@")[0]: row["database"] for row in rows}

    def group(self, name):
        return json.loads(self.org.posthouse("group", "show", name,
                                             "--json"))

    def look_writes_nothing(self):
        rows = json.loads(self.org.posthouse("ldap", "look", "--max", "50",
                                             "--json"))
        kinds = {r["account"]: r["kind"] for r in rows}
        assert kinds["carol"] == "user" and kinds["sales"] == "group", kinds
        self.org.posthouse("user", "show", "carol", status=1)

    def first_pass_brings_all(self):
        done = self.sync()
        assert done["full"] and done["written"] >= 4, done
        # The first URL is dead: the next one has answered.
        assert done["server"] == self.server.url, done
        carol = self.user("carol")
        assert carol["display_name"] == "Carol Ångström", carol
        assert carol["addresses"][0] == "carol@example.test", carol
        assert carol["legacy_dn"].startswith("/o=First Organization/ou="
                                             "Exchange Administrative "
                                             "Group (FYDIBOHF23SPDLT)/"
                                             "cn=Recipients/cn="), carol
        databases = self.mailboxes()
        assert databases["local"] == "Mailbox Database 1", databases
        assert databases["carol"] == "DB1", databases
        assert databases["dave"] == "DB2", databases
        assert self.user("dave")["is_admin"] is True
        # erin has no address, and so no mailbox.
        assert self.user("erin")["display_name"] == "Erin"
        members = self.group("sales")["member"]
        assert sorted(members) == ["carol", "dave"], members

    def nothing_new_writes_nothing(self):
        done = self.sync("--full")
        assert done["full"] and done["written"] == 0, done
        done = self.sync()
        assert not done["full"] and done["written"] == 0, done

    def changes_are_seen(self):
        guid, dn = self.user("carol")["guid"], self.user("carol")["legacy_dn"]
        self.server.modify("carol", "replace", "displayName", "Carol B")
        done = self.sync()
        assert not done["full"] and done["written"] == 1, done
        carol = self.user("carol")
        assert carol["display_name"] == "Carol B", carol
        assert carol["guid"] == guid and carol["legacy_dn"] == dn

    def new_members_are_seen(self):
        self.server.add_user("frank", mail="frank@example.test",
                             displayName="Frank")
        self.server.set_member("sales", "frank")
        self.sync()
        members = self.group("sales")["member"]
        assert sorted(members) == ["carol", "dave", "frank"], members

    def the_rules_group_moves_people(self):
        """Membership in a group that a rule names is seen at once."""
        self.server.set_member("admins", "frank")
        self.sync()
        assert self.user("frank")["is_admin"] is True

    def a_removed_user_cannot_log_on(self):
        self.server.remove("frank")
        done = self.sync()
        if done["removed"] == 0:
            # Where deleted objects may not be read, age shows it.
            done = self.sync("--full")
        assert done["removed"] == 1, done
        assert self.user("frank")["disabled"] is True
        assert self.mailboxes()["frank"] == "DB1"

    def nobody_is_not_believed(self):
        """A wrong base and filter do not put everybody out."""
        disabled = self.user("carol")["disabled"]
        with open(self.org.conf, encoding="utf-8") as f:
            text = f.read()
        broken = text.replace(f"base = {self.server.base}\n",
                              f"base = {self.server.dn('carol')}\n"
                              "filter = (objectClass=device)\n")
        assert broken != text
        try:
            with open(self.org.conf, "w", encoding="utf-8") as f:
                f.write(broken)
            self.org.posthouse("ldap", "sync", status=1)
            assert "nobody below" in self.org.stderr, self.org.stderr
        finally:
            with open(self.org.conf, "w", encoding="utf-8") as f:
                f.write(text)
        assert self.user("carol")["disabled"] is disabled

    def ours_is_not_touched(self):
        assert self.user("local")["disabled"] is False

    def the_daemon_follows(self):
        self.org.start()
        self.server.modify("carol", "replace", "displayName", "Carol C")
        for _ in range(300):
            if self.user("carol")["display_name"] == "Carol C":
                break
            time.sleep(0.1)
        assert self.user("carol")["display_name"] == "Carol C", \
            self.org.diagnosis()
        assert self.org.stop() == 0

    def status(self, name, password):
        return subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
             "--basic", "-u", f"{name}:{password}",
             f"http://127.0.0.1:{self.org.plain}/mapi/emsmdb/"],
            capture_output=True, text=True, check=True).stdout

    def basic_asks_ldap(self):
        """Passwords of LDAP's users are LDAP's."""
        self.org.start()
        assert self.status("carol", "open sesame") == "200", \
            self.org.diagnosis()
        assert self.status("carol@example.test", "open sesame") == "200"
        assert self.status("EXAMPLE\\carol", "open sesame") == "200"
        assert self.status("carol", "wrong") == "401"
        assert self.status("carol", "") == "401"
        assert self.status("nobody", "open sesame") == "401"
        assert self.status("local", self.org.passwords["local"]) == "200"
        assert self.status("local", "wrong") == "401"
        # The mailbox is made at the first logon.
        with open(f"{self.org.folder}/pw", "w", encoding="ascii") as f:
            f.write("open sesame\n")
        self.org.posthouse(
            "analyze", "--email", "carol@example.test", "--write", "--url",
            f"http://127.0.0.1:{self.org.plain}/mapi/emsmdb/",
            "--password-file", f"{self.org.folder}/pw")
        assert self.org.stop() == 0

    def wrong_credentials_are_named(self):
        with open(self.org.conf, encoding="utf-8") as f:
            text = f.read()
        broken = text.replace("/password\n", "/wrong\n") if \
            self.server.schema == "openldap" else \
            text.replace(".keytab\n", ".no-keytab\n")
        if self.server.schema == "openldap":
            with open(f"{self.server.folder}/wrong", "w",
                      encoding="ascii") as f:
                f.write("wrong\n")
        try:
            with open(self.org.conf, "w", encoding="utf-8") as f:
                f.write(broken)
            self.org.posthouse("ldap", "sync", status=1)
            text_of_error = self.org.stderr
        finally:
            with open(self.org.conf, "w", encoding="utf-8") as f:
                f.write(text)
        words = "password_file" if self.server.schema == "openldap" \
            else "keytab"
        assert words in text_of_error, text_of_error
        assert self.server.url in text_of_error, text_of_error

    def it_answers_while_ldap_is_away(self):
        self.sync()
        self.server.stop()
        self.org.posthouse("ldap", "sync", status=1)
        status = json.loads(self.org.posthouse("ldap", "status", "--json",
                                               status=1))
        assert status["error"] != "" and status["objects"] >= 4, status
        assert status["age_seconds"] >= 0, status
        assert self.user("carol")["display_name"] == "Carol C"


def fill(server):
    password = {"userPassword": "open sesame"} \
        if server.schema == "openldap" else {}
    server.add_user("carol", mail="carol@example.test",
                    displayName="Carol Ångström", title="Chief", **password)
    server.add_user("dave", mail="dave@example.test", displayName="Dave",
                    manager=server.dn("carol"))
    server.add_user("erin", displayName="Erin")
    server.add_group("sales", ["carol", "dave"], "sales@example.test")
    server.add_group("second", ["dave"])
    server.add_group("admins", ["dave"])


def run(tests, build, server):
    fill(server)
    with Organisation(build, server.settings()) as org:
        org.user("local")
        org.posthouse("database", "new", "DB1")
        org.posthouse("database", "new", "DB2")
        checks = Checks(org, server)
        names = ["look_writes_nothing", "first_pass_brings_all",
                 "nothing_new_writes_nothing", "changes_are_seen",
                 "new_members_are_seen", "the_rules_group_moves_people",
                 "a_removed_user_cannot_log_on", "ours_is_not_touched",
                 "the_daemon_follows", "wrong_credentials_are_named",
                 "it_answers_while_ldap_is_away"]
        if server.schema == "openldap":
            # A domain has Kerberos and NTLM; and its change counter is not
            # bound to the base, so that only age would start a full pass.
            names[8:8] = ["nobody_is_not_believed", "basic_asks_ldap"]
        for name in names:
            failed = tests.failed
            tests.run(getattr(checks, name))
            if tests.failed > failed:
                print(f"   (over {server.name})")
    server.close()


def main():
    domain.enter()
    tests = Tests()
    run(tests, sys.argv[1], OpenLdap())
    with domain.Domain() as dc:
        run(tests, sys.argv[1], SambaAd(dc))
    tests.finish()


main()

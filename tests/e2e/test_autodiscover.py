#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Autodiscover as clients ask it: curl, both forms, good and bad.

usage: test_autodiscover.py BUILD
"""
import json
import subprocess
import sys
import xml.etree.ElementTree as ET

from posthouse import HOST, Organisation, Tests, free_port

REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/" \
          "requestschema/2006"
RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/" \
           "responseschema/2006a"
ANY = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/" \
      "2006}"
OUTLOOK = "{" + RESPONSE + "}"
METRICS = free_port()
SETTINGS = f"""
[metrics]
listen = 127.0.0.1:{METRICS} plain
[autodiscover]
redirect = moved.test https://mail.new.test/autodiscover/autodiscover.xml, \
renamed.test example.test
"""


def request(email, schema=RESPONSE):
    return (f'<?xml version="1.0" encoding="utf-8"?><Autodiscover '
            f'xmlns="{REQUEST}"><Request><EMailAddress>{email}'
            f'</EMailAddress><AcceptableResponseSchema>{schema}'
            f'</AcceptableResponseSchema></Request></Autodiscover>')


class Suite:
    def __init__(self, org):
        self.org = org

    def curl(self, path, *options, user="alice", body=None):
        """status, headers in lower case, body."""
        command = ["curl", "-s", "-i", "--max-time", "30", "--cacert",
                   f"{self.org.folder}/test-ca.pem", "--resolve",
                   f"{HOST}:{self.org.tls}:127.0.0.1", *options]
        if user is not None:
            command += ["--basic", "--user",
                        f"{user}:{self.org.passwords[user]}"]
        if body is not None:
            command += ["--data-binary", "@-", "-H",
                        "Content-Type: text/xml"]
        command.append(f"https://{HOST}:{self.org.tls}{path}")
        out = subprocess.run(command, input=(body or "").encode(),
                             capture_output=True, check=True).stdout.decode()
        head, _, text = out.partition("\r\n\r\n")
        lines = head.split("\r\n")
        headers = [tuple(h.split(": ", 1)) for h in lines[1:]]
        return int(lines[0].split()[1]), headers, text

    def ask(self, email, *options, capability="1", user="alice", **more):
        if capability is not None:
            options += ("-H", f"X-MapiHttpCapability: {capability}")
        status, headers, text = self.curl(
            "/autodiscover/autodiscover.xml", *options, user=user,
            body=request(email, **more))
        assert status == 200, status
        assert ("Content-Type", "text/xml; charset=utf-8") in headers
        return ET.fromstring(text)

    def error(self, tree):
        error = tree.find(f"{ANY}Response/{ANY}Error")
        assert error is not None, ET.tostring(tree)
        assert error.get("Time").count(":") == 2 and int(error.get("Id"))
        return int(error.find(f"{ANY}ErrorCode").text)

    def account(self, tree):
        account = tree.find(f"{OUTLOOK}Response/{OUTLOOK}Account")
        assert account is not None, ET.tostring(tree)
        return account

    def text(self, node, path):
        found = node.find("/".join(OUTLOOK + p for p in path.split("/")))
        return None if found is None else found.text

    def test_mapi_http(self):
        """3.2.5.1: mapiHttp and neither EXCH nor EXPR; the URLs lead to the
        mailbox."""
        guid = self.org.mailbox("alice")["guid"]
        tree = self.ask("alice@example.test")
        response = tree.find(f"{OUTLOOK}Response")
        assert self.text(response, "User/AutoDiscoverSMTPAddress") == \
            "alice@example.test"
        assert self.text(response, "User/LegacyDN") == \
            self.org.user_dn("alice")
        account = self.account(tree)
        assert self.text(account, "Action") == "settings"
        protocols = account.findall(f"{OUTLOOK}Protocol")
        assert len(protocols) == 1
        assert protocols[0].get("Type") == "mapiHttp"
        assert protocols[0].get("Version") == "1"
        url = self.text(protocols[0], "MailStore/InternalUrl")
        assert url == f"https://{HOST}/mapi/emsmdb/?MailboxId=" \
            f"{guid}@example.test", url
        url = self.text(protocols[0], "AddressBook/InternalUrl")
        assert url == f"https://{HOST}/mapi/nspi/?MailboxId=" \
            f"{guid}@example.test", url

    def test_other_mailbox(self):
        """A delegate asks for the mailbox that is shared with it."""
        account = self.account(self.ask("bob@example.test"))
        guid = self.org.mailbox("bob")["guid"]
        assert guid in ET.tostring(account).decode()

    def test_older_clients(self):
        for capability in (None, "0", "x", "-1"):
            account = self.account(self.ask("alice@example.test",
                                            capability=capability))
            types = [self.text(p, "Type")
                     for p in account.findall(f"{OUTLOOK}Protocol")]
            assert types == ["EXCH", "EXPR", "WEB"], types
            text = ET.tostring(account).decode()
            for absent in ("OABUrl", "ASUrl", "OOFUrl", "EwsUrl", "OWAUrl"):
                assert absent not in text

    def test_errors(self):
        assert self.error(self.ask("carol@example.test")) == 500
        assert self.error(self.ask("alice@elsewhere.test")) == 500
        assert self.error(self.ask("alice@example.test",
                                   schema="urn:other")) == 601
        for body in ("", "hello", "<Autodiscover/>", "<a>" * 1000,
                     '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
                     + request("&e;")):
            status, _, text = self.curl("/autodiscover/autodiscover.xml",
                                        body=body)
            assert status == 200
            assert self.error(ET.fromstring(text)) == 600
            assert "root:" not in text

    def test_too_large(self):
        status, _, _ = self.curl("/autodiscover/autodiscover.xml",
                                 body="x" * 70000)
        assert status == 413, status

    def metric(self, name):
        text = subprocess.run(
            ["curl", "-s", f"http://127.0.0.1:{METRICS}/metrics"],
            capture_output=True, text=True, check=True).stdout
        return next(float(line.split()[1]) for line in text.splitlines()
                    if line.startswith(f"posthouse_autodiscover_{name}_"))

    def test_metrics(self):
        before = [self.metric(n) for n in ("settings", "errors", "json")]
        self.ask("alice@example.test")
        self.ask("carol@example.test")
        self.json("?Email=alice@example.test&Protocol=AutodiscoverV1")
        after = [self.metric(n) for n in ("settings", "errors", "json")]
        assert after == [n + 1 for n in before], (before, after)

    def test_redirects(self):
        account = self.account(self.ask("a@renamed.test"))
        assert self.text(account, "Action") == "redirectAddr"
        assert self.text(account, "RedirectAddr") == "a@example.test"
        account = self.account(self.ask("a@moved.test"))
        assert self.text(account, "Action") == "redirectUrl"
        assert self.text(account, "RedirectUrl") == \
            "https://mail.new.test/autodiscover/autodiscover.xml"

    def test_get(self):
        status, _, text = self.curl("/Autodiscover/Autodiscover.xml")
        assert status == 200
        assert self.error(ET.fromstring(text)) == 600

    def test_unauthorized(self):
        for body in (None, request("alice@example.test")):
            status, headers, text = self.curl(
                "/autodiscover/autodiscover.xml", user=None, body=body)
            assert status == 401 and text == ""
            assert any(n == "WWW-Authenticate" and v.startswith("Basic")
                       for n, v in headers), headers

    def test_other_methods_and_paths(self):
        status, headers, _ = self.curl("/autodiscover/autodiscover.xml",
                                       "-X", "DELETE")
        assert status == 405 and ("Allow", "GET, POST") in headers
        for path in ("/autodiscover/", "/autodiscover/other.xml",
                     "/autodiscover/autodiscover.xmlx"):
            assert self.curl(path)[0] == 404, path

    def json(self, query):
        status, headers, text = self.curl(
            f"/autodiscover/autodiscover.json{query}", user=None)
        assert ("Content-Type",
                "application/json; charset=utf-8") in headers
        return status, json.loads(text)

    def test_json(self):
        good = {"Protocol": "AutodiscoverV1", "Url":
                f"https://{HOST}/autodiscover/autodiscover.xml"}
        query = "?Protocol=AutodiscoverV1"
        for name in ("alice", "nobody"):
            assert self.json(f"?Email={name}@example.test&Protocol="
                             "autodiscoverv1") == (200, good)
            assert self.json(f"/v1.0/{name}@example.test{query}") == \
                (200, good)
        assert self.json(query)[0] == 400
        assert self.json("?Email=a@elsewhere.test&Protocol="
                         "AutodiscoverV1")[1]["ErrorCode"] == "UserNotFound"
        assert self.json("?Email=alice@example.test&Protocol=Ews")[1][
            "ErrorCode"] == "InvalidProtocol"

    def test_url_changes(self):
        """What the administrator sets is in the next answer."""
        self.org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                           "MAIL\\mapi (Default Web Site)", "-ExternalUrl",
                           "https://mail.example.org/mapi")
        for _ in range(100):
            text = ET.tostring(self.ask("alice@example.test")).decode()
            if "https://mail.example.org/mapi/emsmdb/" in text:
                return
        raise AssertionError(text)

    def test_dns(self):
        text = self.org.posthouse("dns")
        assert "_autodiscover._tcp.example.test." in text
        text = self.org.posthouse("dns", "--scp")
        assert "77378F46-2C66-4aa9-A6A6-3E7A48B19596" in text
        records = json.loads(self.org.posthouse("dns", "--json"))
        assert any(r["type"] == "SRV" for r in records)


    def analyze(self, *options, status=0):
        with open(f"{self.org.folder}/pw", "w", encoding="ascii") as f:
            f.write(self.org.passwords["alice"] + "\n")
        url = f"https://{HOST}:{self.org.tls}/autodiscover/autodiscover.xml"
        return json.loads(self.org.posthouse(
            "analyze", "--json", "--email", "alice@example.test",
            "--autodiscover-url", url, "--address", "127.0.0.1",
            "--ca-file", f"{self.org.folder}/test-ca.pem",
            "--password-file", f"{self.org.folder}/pw", *options,
            status=status))

    def test_vdir_found_by_the_analyzer(self):
        """The analyzer finds its way as a client does, and gets in."""
        self.org.posthouse("Set-MapiVirtualDirectory", "-Identity",
                           "MAIL\\mapi (Default Web Site)", "-InternalUrl",
                           f"https://{HOST}:{self.org.tls}/mapi")
        for _ in range(100):
            if f"{HOST}:{self.org.tls}/mapi/" in \
                    ET.tostring(self.ask("alice@example.test")).decode():
                break
        tree = self.analyze()
        assert tree["status"] == "Success", tree["result"]
        assert tree["autodiscover"]["status"] == "Success"
        tree = self.analyze("--user", "nobody", status=1)
        assert tree["status"] == "Error", tree["result"]


def main():
    tests = Tests()
    with Organisation(sys.argv[1], SETTINGS) as org:
        org.user("alice")
        org.user("bob")
        org.start()
        suite = Suite(org)
        for name in sorted(dir(Suite)):
            if name.startswith("test_"):
                tests.run(getattr(suite, name))
        if tests.failed:
            print(org.diagnosis())
    tests.finish()


main()

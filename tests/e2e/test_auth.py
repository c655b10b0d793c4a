# SPDX-License-Identifier: Apache-2.0
"""Every way to log on, against front end and back end, in a domain.

usage: test_auth.py BUILD [TEST ...]

curl does the handshakes as it does them for everybody; what curl cannot do
(another connection's token, channel bindings) is done with gss.py.
"""
import os
import signal
import sys
import threading
import time

import domain
import gss
import jwt
from posthouse import Tests
from servers import Server, Servers

E2016 = "Version 15.1 (Build 2507.6)"
FOLDER = os.path.join(domain.SCRATCH, "auth")
PATH = "/mapi/emsmdb/"
METHODS = {"Basic": "Basic", "Ntlm": "NTLM", "Negotiate": "Negotiate",
           "OAuth": "Bearer"}
ALL = ("Basic", "Ntlm", "Negotiate", "OAuth")
# Where a user can arrive: front end, a mailbox server's own directory, and
# its back-end one.
PLACES = (("FE1", 443), ("MX1", 443), ("MX1", 444))


class Auth:
    def __init__(self, servers, dc, issuer):
        self.servers, self.dc, self.issuer = servers, dc, issuer
        self.ticket = {name: dc.kinit(name) for name in ("alice", "bob")}
        self.source = "127.0.1.0"

    def run(self, tests, test):
        """Each test comes from an address of its own: failures are throttled
        by address."""
        last = int(self.source.rsplit(".", 1)[1]) + 1
        self.source = f"127.0.1.{last}"
        tests.run(test)

    # ---- settings ----

    def methods(self, *names):
        """IISAuthenticationMethods of every virtual directory."""
        self.set(f"-IISAuthenticationMethods {', '.join(names)}")

    def set(self, parameters):
        self.servers.shell("Get-MapiVirtualDirectory | "
                           f"Set-MapiVirtualDirectory {parameters}")
        time.sleep(0.6)   # a daemon looks every 250 ms

    # ---- clients ----

    def curl(self, *options, place=PLACES[0], **more):
        return self.servers.curl(place[0], PATH, "--interface", self.source,
                                 *options, port=place[1], **more)

    def connection(self, place=PLACES[0]):
        return gss.Connection(self.servers.servers[place[0]].fqdn, place[1],
                              self.servers.ca, source=self.source)

    def ntlm(self, connection, user="alice", password=None, binding=None):
        return gss.Initiator(
            "NTLM", connection.host, user=f"EXAMPLE\\{user}",
            password=password or self.servers.passwords[user],
            binding=binding)

    def kerberos(self, connection, user="alice", binding=None, env=None):
        return gss.Initiator(
            "Negotiate", connection.host, binding=binding,
            ccache=(env or self.ticket[user])["KRB5CCNAME"])

    # ---- what is expected ----

    @staticmethod
    def is_user(answer, user):
        body = answer.body.decode(errors="replace")
        assert answer.status == 200 and user in body, \
            f"{user} expected: {answer}"

    @staticmethod
    def refused(answer, *methods):
        """401 that lists exactly these, one header field each."""
        fields = answer.fields.get("www-authenticate", [])
        listed = sorted(value.split()[0] for value in fields)
        expected = sorted(METHODS[name] for name in methods or ALL)
        assert answer.status == 401 and listed == expected, \
            f"401 with {expected} expected: {answer}"

    # ---- tests ----

    def challenge(self):
        for names in (("Negotiate",), ("Basic",), ("Ntlm", "OAuth"),
                      ("Ntlm", "OAuth", "Negotiate"), ALL):
            self.methods(*names)
            for place in PLACES:
                answer = self.curl(place=place)
                self.refused(answer, *names)
                assert answer.body == b"", answer.body

    def basic(self):
        for place in PLACES:
            for user in ("alice", "EXAMPLE\\alice", "alice@example.test"):
                self.is_user(self.curl("--basic", user=user, place=place),
                             "alice")

    def basic_wrong(self):
        for place in PLACES:
            wrong = self.curl("--basic", user="alice", password="wrong",
                              place=place)
            unknown = self.curl("--basic", user="nobody", password="wrong",
                                place=place)
            self.refused(wrong)
            self.refused(unknown)
            assert wrong.fields.keys() == unknown.fields.keys(), \
                f"{wrong}\n{unknown}"
            assert wrong.body == unknown.body

    def curl_ntlm(self):
        for place in PLACES:
            for user in ("EXAMPLE\\alice", "alice", "alice@example.test"):
                answer = self.curl("--ntlm", user=user, place=place)
                self.is_user(answer, "alice")
                assert answer.statuses == [401, 200], answer
                assert answer.field("Persistent-Auth") == "true", answer

    def curl_ntlm_wrong(self):
        for place in PLACES:
            for user in ("EXAMPLE\\alice", "EXAMPLE\\nobody"):
                self.refused(self.curl("--ntlm", user=user, password="wrong",
                                       place=place))

    def curl_kerberos(self):
        for place in PLACES:
            for user in ("alice", "bob"):
                answer = self.curl("--negotiate", "-u", ":",
                                   env=self.ticket[user], place=place)
                self.is_user(answer, user)
                assert answer.field("Persistent-Auth") == "true", answer
                assert answer.field("WWW-Authenticate").startswith(
                    "Negotiate "), f"the server's own token: {answer}"

    def curl_no_ticket(self):
        env = {**os.environ, "KRB5CCNAME": f"FILE:{FOLDER}/no-ccache"}
        self.refused(self.curl("--negotiate", "-u", ":", env=env))

    def curl_ntlm_in_spnego(self):
        for place in PLACES:
            env = gss.ntlm_user_file(FOLDER, domain.NETBIOS, "bob",
                                     self.servers.passwords["bob"])
            self.is_user(self.curl("--negotiate", "-u", ":", env=env,
                                   place=place), "bob")
            env = gss.ntlm_user_file(FOLDER, domain.NETBIOS, "bob", "wrong")
            self.refused(self.curl("--negotiate", "-u", ":", env=env,
                                   place=place))

    def not_offered(self):
        self.methods("Basic")
        for place in PLACES:
            self.refused(self.curl("--ntlm", user="alice", place=place),
                         "Basic")
            self.refused(self.curl("--negotiate", "-u", ":",
                                   env=self.ticket["alice"], place=place),
                         "Basic")
            connection = self.connection(place)
            answer = connection.handshake(self.ntlm(connection), "GET", PATH)
            assert answer.status == 401, answer
            assert answer.all("WWW-Authenticate")[0].startswith("Basic")
            self.refused(self.bearer(self.issuer.token(
                "alice@example.test"), place), "Basic")
        self.methods("Ntlm")
        for place in PLACES:
            self.refused(self.curl("--basic", user="alice", place=place),
                         "Ntlm")
        self.methods(*ALL)

    def connection_keeps_user(self):
        for place in PLACES:
            connection = self.connection(place)
            answer = connection.request("GET", PATH)
            assert answer.status == 401, answer
            answer = connection.handshake(self.ntlm(connection), "GET", PATH)
            self.is_user(answer, "alice")
            for _ in range(3):
                answer = connection.request("GET", PATH)
                self.is_user(answer, "alice")
                assert answer.field("Persistent-Auth") == "true", answer
            assert self.connection(place).request("GET", PATH).status == 401
            # A new Authorization header begins anew.
            answer = connection.handshake(self.kerberos(connection, "bob"),
                                          "GET", PATH)
            self.is_user(answer, "bob")
            answer = connection.handshake(
                self.ntlm(connection, password="wrong"), "GET", PATH)
            assert answer.status == 401, answer
            assert connection.request("GET", PATH).status == 401

    def handshake_stays_on_connection(self):
        for place in PLACES:
            first, second = self.connection(place), self.connection(place)
            initiator = self.ntlm(first)
            token = initiator.step()
            answer = first.request("GET", PATH, {
                "Authorization": "NTLM " + encode(token)})
            token = initiator.step(answer.token("NTLM"))
            answer = second.request("GET", PATH, {
                "Authorization": "NTLM " + encode(token)})
            assert answer.status == 401, answer
            assert second.request("GET", PATH).status == 401

    def two_users_alternate(self):
        """Over one front end, whose connections to the back end are
        shared."""
        connections = {}
        for user in ("alice", "bob"):
            connections[user] = self.connection()
            answer = connections[user].handshake(
                self.ntlm(connections[user], user), "GET", PATH)
            self.is_user(answer, user)
        for _ in range(25):
            for user, connection in connections.items():
                self.is_user(connection.request("GET", PATH), user)

    def users_at_once(self):
        wrong = []

        def ask(user, how):
            try:
                for _ in range(5):
                    connection = self.connection()
                    self.is_user(connection.handshake(how(
                        connection, user), "GET", PATH), user)
                    for _ in range(5):
                        self.is_user(connection.request("GET", PATH), user)
                    connection.close()
            except Exception as error:  # pylint: disable=broad-except
                wrong.append(error)

        threads = [threading.Thread(target=ask, args=(user, how))
                   for user in ("alice", "bob")
                   for how in (self.ntlm, self.kerberos)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong

    def bindings(self, checking, place):
        """Statuses with the right binding, without one, with a wrong one."""
        self.set(f"-ExtendedProtectionTokenChecking {checking}")
        statuses = []
        for how in (self.ntlm, self.kerberos):
            for kind in ("right", "none", "wrong"):
                connection = self.connection(place)
                binding = {"right": connection.binding(), "none": None,
                           "wrong": b"tls-server-end-point:" + bytes(32)}
                answer = connection.handshake(
                    how(connection, binding=binding[kind]), "GET", PATH)
                statuses.append(answer.status)
        return statuses

    def extended_protection(self):
        expected = {"None": [200, 200, 200] * 2,
                    "Allow": [200, 200, 401] * 2,
                    "Require": [200, 401, 401] * 2}
        try:
            for checking, statuses in expected.items():
                # The back end's own would concern the hop as well.
                for place in PLACES[:2]:
                    seen = self.bindings(checking, place)
                    assert seen == statuses, \
                        f"{checking} at {place}: {seen}"
        finally:
            self.set("-ExtendedProtectionTokenChecking None")

    def bearer(self, token, place=PLACES[0]):
        return self.curl("-H", f"Authorization: Bearer {token}", place=place)

    def bearer_good(self):
        for place in PLACES:
            self.is_user(self.bearer(self.issuer.token(
                "alice@example.test"), place), "alice")

    def bearer_forged(self):
        now = int(time.time())
        other = jwt.Issuer(os.path.join(FOLDER, "other"))
        user = "alice@example.test"
        forged = {
            "expired": self.issuer.token(user, exp=now - 3600),
            "not yet": self.issuer.token(user, nbf=now + 3600),
            "without expiry": self.issuer.token(user, exp=None),
            "audience": self.issuer.token(user, aud="https://else.test"),
            "issuer": self.issuer.token(user, iss="https://else.test"),
            "alg none": self.issuer.token(user, alg="none"),
            "HS256": self.issuer.token(user, alg="HS256"),
            "unknown kid": self.issuer.token(user, kid="two"),
            "another's key": self.issuer.token(user, key=other.key),
            "unknown user": self.issuer.token("nobody@example.test"),
            "no token": "not.a.token",
        }
        for place in PLACES:
            for name, token in forged.items():
                answer = self.bearer(token, place)
                assert answer.status == 401, f"{name} at {place}: {answer}"
                self.refused(answer)

    def bearer_empty(self):
        for place in PLACES:
            answer = self.curl("-H", "Authorization: Bearer", place=place)
            self.refused(answer)
            said = [value for value in answer.fields["www-authenticate"]
                    if value.startswith("Bearer ")]
            assert said and "authorization_uri=" in said[0], answer

    def key_rolls_over(self):
        for account, place in (("FE1$", PLACES[0]), ("MX1$", PLACES[1])):
            name = account[:-1].lower()
            old = self.dc.kinit("alice")
            self.is_user(self.curl("--negotiate", "-u", ":", env=old,
                                   place=place), "alice")
            self.dc.set_password(account)
            self.dc.keytabs.clear()
            self.dc.keytab(account, f"HTTP/{name}.{domain.DNS}",
                           f"HTTP/{name}")
            self.is_user(self.curl("--negotiate", "-u", ":", env=old,
                                   place=place), "alice")
            self.is_user(self.curl("--negotiate", "-u", ":",
                                   env=self.dc.kinit("alice"), place=place),
                         "alice")

    def helper_dies(self):
        """Kill the helpers in mid-handshake: the client is asked again."""
        for place in PLACES[:2]:
            connection = self.connection(place)
            initiator = self.ntlm(connection)
            answer = connection.request("GET", PATH, {
                "Authorization": "NTLM " + encode(initiator.step())})
            token = initiator.step(answer.token("NTLM"))
            daemon = self.servers.servers[place[0]].process.pid
            for pid in domain.descendants(daemon):
                os.kill(pid, signal.SIGKILL)
            answer = connection.request("GET", PATH, {
                "Authorization": "NTLM " + encode(token)})
            assert answer.status in (401, 503), answer
            assert answer.token("NTLM") is None, answer
            for _ in range(50):
                answer = connection.handshake(self.ntlm(connection), "GET",
                                              PATH)
                if answer.status == 200:
                    break
                time.sleep(0.1)
            self.is_user(answer, "alice")

    def servers_end(self):
        for name in self.servers.servers:
            status = self.servers.stop(name)
            assert status == 0, f"{name}: {status}\n" + \
                self.servers.diagnosis(name)


def encode(token):
    return gss.base64.b64encode(token).decode()


def main():
    domain.enter()
    layout = [Server("MX1", E2016, "mailbox"),
              Server("FE1", E2016, "frontend")]
    os.makedirs(os.path.join(FOLDER, "other"))
    issuer = jwt.Issuer(FOLDER)
    oauth = f"""[oauth]
jwks_file = {issuer.jwks}
issuer = {issuer.name}
audience = {issuer.audience}
authorization_uri = https://idp.example.test/authorize
"""
    tests = Tests()
    with domain.Domain() as dc, Servers(
            sys.argv[1], os.path.join(FOLDER, "servers"), layout, dc,
            oauth) as servers:
        for user in ("alice", "bob"):
            servers.user(user, "MX1")
        servers.start()
        auth = Auth(servers, dc, issuer)
        auth.methods(*ALL)
        for test in (auth.challenge, auth.basic, auth.basic_wrong,
                     auth.curl_ntlm, auth.curl_ntlm_wrong,
                     auth.curl_kerberos, auth.curl_no_ticket,
                     auth.curl_ntlm_in_spnego, auth.not_offered,
                     auth.connection_keeps_user,
                     auth.handshake_stays_on_connection,
                     auth.two_users_alternate, auth.users_at_once,
                     auth.extended_protection, auth.bearer_good,
                     auth.bearer_forged, auth.bearer_empty,
                     auth.key_rolls_over, auth.helper_dies,
                     auth.servers_end):
            if not sys.argv[2:] or test.__name__ in sys.argv[2:]:
                auth.run(tests, test)
        if tests.failed:
            for name in servers.servers:
                print(f"-- the log of {name}\n{servers.diagnosis(name)}")
    tests.finish()


main()

# SPDX-License-Identifier: Apache-2.0
"""What the domain's KDC allows in constrained delegation, as in
doc/delegation.md: S4U2Self and S4U2Proxy, [MS-SFU] 3.1.5.

usage: test_delegation.py BUILD S4U
"""
import subprocess
import sys

import domain
from posthouse import Tests

FE1 = "FE1$@EXAMPLE.TEST"
ALICE = "alice@EXAMPLE.TEST"
MX1 = "HTTP@mx1.example.test"
REFUSED = "KDC can't fulfill requested option"
# userAccountControl: NORMAL_ACCOUNT, and with it ACCOUNTDISABLE or
# NOT_DELEGATED.
NORMAL, DISABLED, SENSITIVE = "512", "514", str(512 + 0x100000)


class Delegation:
    def __init__(self, program, dc):
        self.program = program
        self.dc = dc
        self.keytabs = {name: dc.keytab(f"{name}$", f"HTTP/{name.lower()}."
                                        f"{domain.DNS}")
                        for name in ("FE1", "FE2", "MX1", "MX2")}

    def s4u(self, account=FE1, user=ALICE, target=MX1, keytab=None,
            to="MX1"):
        done = subprocess.run(
            [self.program, keytab or self.keytabs[account.split("$")[0]],
             account, user, target, self.keytabs[to]],
            capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def expect(self, text, **options):
        said = self.s4u(**options)
        assert text in said, f"expected {text!r}: {said}"

    def listed_service(self):
        self.expect(f"accepted as {ALICE}")
        self.expect(f"accepted as {ALICE}", target="HTTP@mx2.example.test",
                    to="MX2")

    def service_not_listed(self):
        self.expect(f"S4U2Proxy: Unspecified GSS failure.  Minor code may "
                    f"provide more information; {REFUSED}",
                    target="HTTP@fe2.example.test", to="FE2")

    def account_without_rights(self):
        said = self.s4u(account="MX1$@EXAMPLE.TEST",
                        target="HTTP@mx2.example.test", to="MX2")
        assert "S4U2Proxy:" in said and REFUSED in said, said

    def unknown_user(self):
        said = self.s4u(user="nobody@EXAMPLE.TEST")
        assert "S4U2Self:" in said, said
        assert "Client not found in Kerberos database" in said, said

    def unknown_service(self):
        self.expect("Server not found in Kerberos database",
                    target="HTTP@mx9.example.test")

    def account_is_not_a_service_name(self):
        self.expect("not found in Kerberos database",
                    account="HTTP/fe1.example.test@EXAMPLE.TEST",
                    keytab=self.keytabs["FE1"])

    def sensitive_user(self):
        self.dc.modify("bob", {"userAccountControl": SENSITIVE})
        said = self.s4u(user="bob@EXAMPLE.TEST")
        self.dc.modify("bob", {"userAccountControl": NORMAL})
        assert "S4U2Self: ok" in said and REFUSED in said, said

    def disabled_user(self):
        self.dc.modify("bob", {"userAccountControl": DISABLED})
        said = self.s4u(user="bob@EXAMPLE.TEST")
        self.dc.modify("bob", {"userAccountControl": NORMAL})
        assert "S4U2Self:" in said and "policy rejects" in said, said

    def user_by_upn(self):
        self.expect(r"accepted as alice\@example.test@EXAMPLE.TEST",
                    user="upn:alice@example.test")

    def without_any_protocol(self):
        spns = ["HTTP/mx1.example.test"]
        self.dc.delegate("FE1$", spns, any_protocol=False)
        said = self.s4u()
        self.dc.delegate("FE1$", spns)
        assert "S4U2Self: ok" in said and REFUSED in said, said
        self.expect(f"accepted as {ALICE}")

    def old_key(self):
        old = self.dc.keytab("FE2$", path=f"{self.dc.folder}/old.keytab")
        self.dc.set_password("FE2$")
        self.expect("Preauthentication failed", keytab=old,
                    account="FE2$@EXAMPLE.TEST")


def main():
    domain.enter()
    tests = Tests()
    with domain.Domain() as dc:
        delegation = Delegation(sys.argv[2], dc)
        for test in (delegation.listed_service,
                     delegation.service_not_listed,
                     delegation.account_without_rights,
                     delegation.unknown_user, delegation.unknown_service,
                     delegation.account_is_not_a_service_name,
                     delegation.sensitive_user, delegation.disabled_user,
                     delegation.user_by_upn,
                     delegation.without_any_protocol, delegation.old_key):
            tests.run(test)
    tests.finish()


main()

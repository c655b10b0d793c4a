#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An Active Directory domain of Samba's, in namespaces of its own.

A test that wants a domain starts like this:

    import domain
    domain.enter()              # first of all: see below
    with domain.Domain() as dc:
        ...

enter() starts the script anew in private mount, network, process and host
name namespaces, and returns only there.  Inside, /etc is a private copy, /run,
/var/tmp and Samba's folders are empty and in memory, and only the loopback interface
is there, with every port free: nothing that runs inside touches the machine,
several can run at once, and everything inside ends with the script, however
it ends.  A machine that does not allow namespaces is an error that says so,
never a skip.

Domain() provisions EXAMPLE.TEST (NetBIOS name EXAMPLE) and starts its domain
controller: KDC, LDAP and winbind, all on 127.0.0.1.  It has

  users       alice, bob, administrator, passwords in dc.passwords
  computers   MX1$, MX2$, FE1$, FE2$ with SPNs HTTP/fqdn, HTTP/name, at
              addresses of their own (ADDRESSES) that /etc/hosts knows by
              name: mx1.example.test is 127.0.0.11 and so on
  keytabs     dc.keytab("FE1$", "HTTP/fe1.example.test", ...): path of a
              keytab with these principals, made once
  delegation  FE1$ and FE2$ may delegate to HTTP of both MX, from any protocol
              (constrained delegation with protocol transition)

and these methods:

  dc.user(name, password, **attributes)        add a user
  dc.computer("MX3$", ["HTTP/..."])            add a computer with SPNs
  dc.modify(account, {attribute: [values]})    replace attributes
  dc.delegate("FE1$", ["HTTP/..."], any_protocol=True)
  dc.set_password(account, password=None)      a new key version (kvno)
  dc.keytab(account, *principals, path=None)   export; adds to the file if it
                                               is there: key versions gather
  dc.kinit(user)     log on; the environment (KRB5CCNAME) for commands
  dc.kinit_keytab(principal, keytab)           the same from a keytab
  dc.wbinfo(*args)   what winbind says
  dc.run(command, **options)                   subprocess.run, checked
  dc.folder                                    scratch folder, in memory

From the command line it runs a command, or a shell, inside a domain:

    tests/e2e/domain.py [command [argument ...]]

with the environment DOMAIN_FOLDER, DOMAIN_KEYTAB_<NAME> (MX1, ...; HTTP and
the account itself) and DOMAIN_PASSWORD_<USER> (ALICE, ...).
"""
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

REALM = "EXAMPLE.TEST"
DNS = "example.test"
NETBIOS = "EXAMPLE"
ADDRESSES = {
    "dc1": "127.0.0.1", "mail": "127.0.0.1", "autodiscover": "127.0.0.1",
    "mx1": "127.0.0.11", "mx2": "127.0.0.12",
    "fe1": "127.0.0.21", "fe2": "127.0.0.22",
}
MARK = "POSTHOUSE_NAMESPACES"
OUTER = "POSTHOUSE_OUTER"         # process outside, of those who get in
# The one that has Samba's modules; another may come first on the PATH.
SAMBAS_PYTHON = "/usr/bin/python3"
SCRATCH = "/run/posthouse-test"

# What Samba keeps, and where the tests keep it.
SAMBA = ["/var/lib/samba", "/var/cache/samba", "/var/log/samba"]


class Failed(Exception):
    """Something of the domain did not work; the text says what."""


# --- namespaces -----------------------------------------------------------

def unshare_options():
    """Options with which unshare works here; ends the program without."""
    common = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork",
              "--mount-proc", "--kill-child"]
    tries = [common] if os.geteuid() == 0 else []
    tries.append(["--user", "--map-root-user", *common])
    said = []
    for options in tries:
        done = subprocess.run(["unshare", *options, "true"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return options
        said.append(done.stderr.strip())
    print("domain: this machine does not allow mount and network namespaces "
          f"({'; '.join(dict.fromkeys(said))}).\nRun as root; in a container, give it "
          "CAP_SYS_ADMIN (docker run --privileged); without root, allow "
          "user namespaces.", file=sys.stderr)
    print("0 passed, 1 failed")
    sys.exit(1)


def enter(argv=None):
    """Come back inside private namespaces; argv: what to start instead of
    this script."""
    if os.environ.get(MARK) == "1":
        os.environ[MARK] = "2"
        make_private()
        return
    if os.environ.get(MARK) == "2":
        return
    os.environ[MARK] = "1"
    os.environ[OUTER] = str(os.getpid())
    for name in ("KRB5_CONFIG", "KRB5CCNAME", "KRB5_KTNAME"):
        os.environ.pop(name, None)
    # The shell is process 1 inside: it collects what others leave behind.
    argv = argv or [sys.executable, *sys.argv]
    command = ["unshare", *unshare_options(), "sh", "-c",
               '"$@"; exit $?', "sh", *argv]
    sys.stdout.flush()
    os.execvp(command[0], command)


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def make_private():
    """/run in memory; /etc and Samba's folders private; lo up."""
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for name in ("lock", "samba", "posthouse-test"):
        os.makedirs(os.path.join("/run", name))
    os.chmod(SCRATCH, 0o755)
    # Kerberos keeps its replay caches there; a clone may lie there as well.
    if not any(os.path.abspath(path).startswith("/var/tmp/")
               for path in (os.getcwd(), *sys.argv)):
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/var/tmp")
    # Without root of the machine, some files cannot be read: no matter.
    subprocess.run(["cp", "-a", "/etc", f"{SCRATCH}/etc"], check=False,
                   stderr=subprocess.DEVNULL)
    mount("--bind", f"{SCRATCH}/etc", "/etc")
    for folder in SAMBA:
        private = SCRATCH + folder.replace("/", "_")
        os.makedirs(private)
        mount("--bind", private, folder)
    os.makedirs("/var/lib/samba/private")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    socket.sethostname("dc1")
    for name in ("/etc/samba/smb.conf", "/etc/krb5.conf", "/etc/krb5.keytab",
                 "/etc/resolv.conf", "/etc/hosts"):
        if os.path.lexists(name):
            os.unlink(name)
    write("/etc/resolv.conf", "")
    write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n" + "".join(
        f"{address} {name}.{DNS} {name}\n"
        for name, address in ADDRESSES.items()))
    # Names come from /etc/hosts alone, accounts from the files.
    write("/etc/nsswitch.conf",
          "passwd: files\ngroup: files\nhosts: files\n"
          "services: files\nprotocols: files\n")
    write("/etc/krb5.conf", f"""[libdefaults]
	default_realm = {REALM}
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	forwardable = true
	udp_preference_limit = 0
	default_ccache_name = FILE:{SCRATCH}/krb5cc_%{{uid}}
[realms]
	{REALM} = {{
		kdc = 127.0.0.1
		admin_server = 127.0.0.1
	}}
[domain_realm]
	.{DNS} = {REALM}
	{DNS} = {REALM}
""")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


# --- the domain -----------------------------------------------------------

class Domain:
    """See the top of the file."""

    def __init__(self, folder=None):
        if os.environ.get(MARK) != "2":
            raise Failed("call domain.enter() first")
        self.folder = folder or os.path.join(SCRATCH, "domain")
        os.makedirs(self.folder, exist_ok=True)
        self.process = None
        self.keytabs = {}
        self.passwords = {"administrator": "Secret-of-administrator-1"}
        try:
            self.provision()
            self.populate()
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def provision(self):
        write("/etc/samba/smb.conf", f"""[global]
	realm = {REALM}
	workgroup = {NETBIOS}
	netbios name = DC1
	server role = active directory domain controller
	server services = rpc, ldap, cldap, kdc, winbindd
	interfaces = 127.0.0.1/8
	bind interfaces only = yes
	ldap server require strong auth = no
	log level = 1
	ldb:nosync = yes
	tdb:no_sync = yes
[sysvol]
	path = /var/lib/samba/sysvol
[netlogon]
	path = /var/lib/samba/sysvol/{DNS}/scripts
""")

    def populate(self):
        work = [{"do": "provision",
                 "password": self.passwords["administrator"]},
                {"do": "policy"}]
        for name in ("alice", "bob"):
            self.passwords[name] = f"secret of {name}"
            work.append({"do": "user", "name": name,
                         "password": self.passwords[name],
                         "attributes": {"mail": f"{name}@{DNS}"}})
        targets = []
        for name in ("mx1", "mx2", "fe1", "fe2"):
            spns = [f"HTTP/{name}.{DNS}", f"HTTP/{name}"]
            targets += spns if name.startswith("mx") else []
            work.append(self.computer_work(f"{name.upper()}$", spns))
        for name in ("FE1$", "FE2$"):
            work.append({"do": "delegate", "account": name, "spns": targets,
                         "any_protocol": True})
        self.work(*work)

    def computer_work(self, account, spns):
        password = secrets.token_urlsafe(24)
        self.passwords[account] = password
        return {"do": "computer", "account": account, "spns": list(spns),
                "password": password}

    def work(self, *items):
        """Let a process of its own, with Samba's modules, do these."""
        done = subprocess.run(
            [SAMBAS_PYTHON, os.path.abspath(__file__), "--populate"],
            input=json.dumps(items), capture_output=True, text=True,
            check=False)
        if done.returncode != 0:
            raise Failed(f"domain: {[item['do'] for item in items]}: "
                         f"{done.stderr}")

    def start(self):
        log = open(os.path.join(self.folder, "samba.log"), "ab")
        self.process = subprocess.Popen(
            ["samba", "-F", "--no-process-group", "-M", "single"],
            stdin=subprocess.PIPE, stdout=log, stderr=log)
        log.close()
        for _ in range(600):
            if self.process.poll() is not None:
                raise Failed(f"samba ended: {self.log()}")
            if listens(88) and listens(389) and self.winbind_ready():
                break
            time.sleep(0.1)
        else:
            raise Failed(f"the domain controller is not ready: {self.log()}")
        # As on an installed system: who may ask winbind for NTLM.
        subprocess.run(["chgrp", "winbindd_priv",
                        "/var/lib/samba/winbindd_privileged"], check=False,
                       stderr=subprocess.DEVNULL)

    def winbind_ready(self):
        user = f"{NETBIOS}\\alice%{self.passwords['alice']}"
        return subprocess.run(["wbinfo", "-a", user], capture_output=True,
                              check=False).returncode == 0

    def log(self):
        path = os.path.join(self.folder, "samba.log")
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def stop(self):
        """End the domain controller and what it started, by their ids."""
        if self.process is None:
            return
        ids = [self.process.pid, *descendants(self.process.pid)]
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        for pid in ids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    # What tests use.

    def run(self, command, **options):
        """Run, and take a failure for one; the CompletedProcess."""
        options = {"capture_output": True, "text": True, **options}
        done = subprocess.run(command, check=False, **options)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: status {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
        return done

    def user(self, name, password, **attributes):
        self.passwords[name] = password
        self.work({"do": "user", "name": name, "password": password,
                   "attributes": attributes})

    def computer(self, account, spns):
        self.work(self.computer_work(account, spns))

    def modify(self, account, attributes):
        self.work({"do": "modify", "account": account,
                   "attributes": attributes})

    def delegate(self, account, spns, any_protocol=True):
        self.work({"do": "delegate", "account": account, "spns": spns,
                   "any_protocol": any_protocol})

    def set_password(self, account, password=None):
        self.passwords[account] = password or secrets.token_urlsafe(24)
        self.work({"do": "password", "account": account,
                   "password": self.passwords[account]})

    def keytab(self, account, *principals, path=None):
        """The account's own principal comes first."""
        path = path or self.keytab_path(account)
        wanted = [account, *principals]
        if self.keytabs.get(path) != wanted:
            self.work({"do": "keytab", "path": path, "principals": wanted})
            self.keytabs[path] = wanted
        return path

    def keytab_path(self, account):
        name = account.rstrip("$").lower()
        return os.path.join(self.folder, f"{name}.keytab")

    def kinit(self, user, password=None):
        cache = os.path.join(self.folder, f"ccache-{user}-"
                             f"{secrets.token_hex(4)}")
        env = {**os.environ, "KRB5CCNAME": f"FILE:{cache}"}
        self.run(["kinit", f"{user}@{REALM}"], env=env,
                 input=(password or self.passwords[user]) + "\n")
        return env

    def kinit_keytab(self, principal, keytab):
        cache = os.path.join(self.folder, f"ccache-{secrets.token_hex(4)}")
        env = {**os.environ, "KRB5CCNAME": f"FILE:{cache}"}
        self.run(["kinit", "-k", "-t", keytab, principal], env=env)
        return env

    def wbinfo(self, *args):
        return self.run(["wbinfo", *args]).stdout


def listens(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


def descendants(pid):
    """Those of every thread: a child belongs to the one that started it."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children",
                      encoding="ascii") as children:
                for child in children.read().split():
                    found += [int(child), *descendants(int(child))]
    except OSError:
        pass
    return found


# --- what needs Samba's own modules, in a process of its own ---------------

def provision(password, lp):
    # pylint: disable=import-outside-toplevel,import-error
    import logging
    from samba import dsdb
    from samba.auth import system_session
    from samba.provision import provision as samba_provision
    logger = logging.getLogger("provision")
    logger.setLevel(logging.ERROR)
    # There is no file server, so the ACLs of its shares can be left out:
    # they would need root of the machine.
    samba_provision(logger, system_session(), smbconf=lp.configfile,
                    realm=REALM, domain=NETBIOS, hostname="dc1",
                    hostip="127.0.0.1", adminpass=password,
                    serverrole="active directory domain controller",
                    dom_for_fun_level=dsdb.DS_DOMAIN_FUNCTION_2008_R2,
                    dns_backend="NONE", lp=lp, skip_sysvolacl=True)


def populate(items):
    # pylint: disable=import-outside-toplevel,import-error
    from samba.param import LoadParm
    lp = LoadParm()
    lp.load_default()
    if items and items[0]["do"] == "provision":
        provision(items.pop(0)["password"], lp)
    accounts = Accounts(lp)
    for item in items:
        getattr(accounts, item.pop("do"))(**item)


class Accounts:
    """What a domain controller's administrator does; Samba's modules."""
    # pylint: disable=import-outside-toplevel,import-error

    def __init__(self, lp):
        from samba.auth import system_session
        from samba.samdb import SamDB
        self.lp = lp
        self.db = SamDB(session_info=system_session(), lp=lp)

    def entry(self, account):
        found = self.db.search(expression=f"(sAMAccountName={account})",
                               attrs=["userAccountControl"])
        if len(found) != 1:
            raise SystemExit(f"no account {account}")
        return found[0]

    def replace(self, dn, attributes):
        import ldb
        message = ldb.Message(dn)
        for name, values in attributes.items():
            values = values if isinstance(values, list) else [values]
            message[name] = ldb.MessageElement(
                values, ldb.FLAG_MOD_REPLACE, name)
        self.db.modify(message)

    def policy(self):
        import ldb
        self.replace(ldb.Dn(self.db, self.db.domain_dn()),
                     {name: "0" for name in (
                         "pwdProperties", "minPwdLength", "minPwdAge",
                         "pwdHistoryLength", "maxPwdAge")})

    def user(self, name, password, attributes):
        self.db.newuser(name, password, useusernameascn=True)
        if attributes:
            self.modify(name, attributes)

    def modify(self, account, attributes):
        self.replace(self.entry(account).dn, attributes)

    def password(self, account, password):
        self.db.setpassword(f"(sAMAccountName={account})", password,
                            force_change_at_next_login=False)

    def computer(self, account, spns, password):
        name = account.rstrip("$")
        self.db.newcomputer(name)
        self.password(account, password)
        self.modify(account, {
            "dNSHostName": f"{name.lower()}.{DNS}",
            "servicePrincipalName": spns,
            # RC4 and both AES, as computers that join set it.
            "msDS-SupportedEncryptionTypes": "28"})

    def delegate(self, account, spns, any_protocol):
        from samba import dsdb
        entry = self.entry(account)
        flags = int(str(entry["userAccountControl"]))
        bit = dsdb.UF_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION
        flags = flags | bit if any_protocol else flags & ~bit
        self.replace(entry.dn, {"userAccountControl": str(flags),
                                "msDS-AllowedToDelegateTo": spns})

    def keytab(self, path, principals):
        from samba.credentials import Credentials
        from samba.net import Net
        import samba.dckeytab  # noqa: F401 (gives Net.export_keytab)
        creds = Credentials()
        creds.guess(self.lp)
        for principal in principals:
            Net(creds, self.lp).export_keytab(keytab=path,
                                              principal=principal)


def main():
    if sys.argv[1:2] == ["--populate"]:
        populate(json.load(sys.stdin))
        return
    enter()
    with Domain() as dc:
        env = {**os.environ, "DOMAIN_FOLDER": dc.folder}
        for name in ("mx1", "mx2", "fe1", "fe2"):
            env[f"DOMAIN_KEYTAB_{name.upper()}"] = dc.keytab(
                f"{name.upper()}$", f"HTTP/{name}.{DNS}", f"HTTP/{name}")
        for name in ("alice", "bob", "administrator"):
            env[f"DOMAIN_PASSWORD_{name.upper()}"] = dc.passwords[name]
        command = sys.argv[1:] or [os.environ.get("SHELL", "/bin/sh")]
        status = subprocess.run(command, env=env, check=False).returncode
    shutil.rmtree(dc.folder, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A front end and mailbox servers of one organisation, without a domain.

    with Site(build) as site:
        site.user("alice", "MX1")
        site.start()
        client = site.client("alice")

FE is on 127.0.0.1, MX1 (15.0) on 127.0.0.2, MX2 (15.1) on 127.0.0.3; ports
are free ones.  Each is a daemon with a configuration of its own; they share
the organisation's database, and NTLM between them comes from it.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import mapi

FE, MX1, MX2 = "FE", "MX1", "MX2"
VERSIONS = {FE: "Version 15.1 (Build 2507.6)",
            MX1: "Version 15.0 (Build 1210.3)",
            MX2: "Version 15.1 (Build 2507.6)"}
ADDRESSES = {FE: "127.0.0.1", MX1: "127.0.0.2", MX2: "127.0.0.3"}
CURE = ("Get-MapiVirtualDirectory | Set-MAPIVirtualDirectory "
        "-IISAuthenticationMethods Basic, Ntlm, OAuth, Negotiate")


class Failed(Exception):
    """A command ended with another status than was expected."""


def free_port(address):
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]


def wait_until(what, check, seconds=20):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise Failed(f"waited in vain: {what}")
        time.sleep(0.02)


class Daemon:
    def __init__(self, site, name, roles, settings=""):
        self.site, self.name, self.roles = site, name, roles
        self.address = ADDRESSES[name]
        self.plain, self.tls = (free_port(self.address) for _ in range(2))
        self.back = free_port(self.address)
        self.folder = os.path.join(site.folder, name)
        self.conf = os.path.join(self.folder, "posthouse.conf")
        self.settings = settings
        self.process = None
        os.makedirs(os.path.join(self.folder, "data"))
        os.makedirs(os.path.join(self.folder, "mailboxes"))

    def fqdn(self):
        return f"{self.name.lower()}.example.test"

    def write(self):
        back = f"listen_backend = {self.address}:{self.back} tls" \
            if "mailbox" in self.roles else ""
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write(f"""
[server]
name = {self.name}
data = data
directory = ../organisation.db
roles = {self.roles}
pid_file = posthoused.pid
auth_helper = {self.site.build}/src/cmd/posthouse-auth
[http]
listen = {self.address}:{self.plain} plain
listen = {self.address}:{self.tls} tls
{back}
[tls]
certificate = ../{self.name}.pem
key = ../{self.name}.key
[auth]
ntlm = local
[frontend]
ca_file = ../ca.pem
connect_timeout = 1 s
probe = 200 ms
{self.site.frontend if self.name == FE else ""}
[limits]
pending_period = {self.site.pending}
drain_timeout = 10 s
{self.settings}
[log]
file = posthoused.log
""")

    def start(self):
        with open(os.path.join(self.folder, "stderr"), "ab") as log:
            self.process = subprocess.Popen(
                [self.site.program("posthoused"), "--config", self.conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def listens():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended: {self.diagnosis()}")
            try:
                socket.create_connection((self.address, self.plain),
                                         1).close()
                return True
            except OSError:
                return False
        wait_until(f"{self.name} does not listen", listens, 60)

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(60)
        self.process = None

    def diagnosis(self):
        text = ""
        for name in ("stderr", "posthoused.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()[-3000:]
        return text

    def log(self):
        with open(os.path.join(self.folder, "posthoused.log"),
                  encoding="utf-8") as f:
            return f.read()


class Site:
    pending = "1 s"

    def __init__(self, build, frontend="", servers=(MX1, MX2), cure=True):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="posthouse-frontend-")
        self.frontend = frontend
        self.passwords = {}
        self.daemons = {FE: Daemon(self, FE, "frontend")}
        for name in servers:
            self.daemons[name] = Daemon(self, name, "mailbox")
        self.make_certificates()
        for daemon in self.daemons.values():
            daemon.write()
        self.make_organisation()
        if cure:
            self.shell(CURE)
        fe = self.daemons[FE]
        self.plain, self.tls = fe.plain, fe.tls

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for daemon in self.daemons.values():
            daemon.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        return os.path.join(self.build, "src/cmd", name)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def make_certificates(self):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-subj", "/CN=Test CA", "-keyout", "ca.key",
                     "-out", "ca.pem")
        for daemon in self.daemons.values():
            self.certificate(daemon.name, daemon.address)

    def certificate(self, name, address, days="30"):
        with open(f"{self.folder}/{name}.ext", "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:{name.lower()}.example.test,"
                    f"IP:{address}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={name}", "-keyout", f"{name}.key",
                     "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem",
                     "-CAkey", "ca.key", "-CAcreateserial", "-days", days,
                     "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def make_organisation(self):
        fe = self.daemons[FE]
        self.posthouse("org", "init", "--domain", "example.test",
                       "--server", FE, "--fqdn", fe.fqdn(),
                       "--version", VERSIONS[FE])
        for name, daemon in self.daemons.items():
            if name == FE:
                continue
            self.posthouse("server", "new", name, "--fqdn", daemon.fqdn(),
                           "--version", VERSIONS[name], "--roles",
                           "mailbox")
            self.posthouse("database", "new", f"{name} Database",
                           "--server", name, "--path",
                           f"{daemon.folder}/mailboxes")
            self.url(name, f"https://{daemon.address}:{daemon.back}/mapi")

    def url(self, name, url):
        """Where front ends reach a server."""
        self.cmdlet("Set-MapiVirtualDirectory", "-Identity",
                    f"{name}\\mapi (Exchange Back End)", "-InternalUrl",
                    url)

    def posthouse(self, *args, server=FE, status=0, stdin=None, timeout=120):
        done = subprocess.run(
            [self.program("posthouse"), "--config",
             self.daemons[server].conf, *args], input=stdin,
            capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != status:
            raise Failed(f"posthouse {' '.join(args)}: status "
                         f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def cmdlet(self, *args):
        env = {**os.environ, "POSTHOUSE_CONFIG": self.daemons[FE].conf}
        done = subprocess.run([self.program("posthouse"), *args], env=env,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Failed(f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def shell(self, line):
        """A line as an administrator pastes it."""
        links = os.path.join(self.folder, "bin")
        if not os.path.exists(links):
            os.makedirs(links)
            for name in ("Get-MapiVirtualDirectory",
                         "Set-MAPIVirtualDirectory",
                         "Set-MapiVirtualDirectory"):
                os.symlink(self.program("posthouse"),
                           os.path.join(links, name))
        env = {**os.environ, "POSTHOUSE_CONFIG": self.daemons[FE].conf,
               "PATH": links + ":" + os.environ["PATH"]}
        subprocess.run(["sh", "-c", line], env=env, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def user(self, name, server):
        self.passwords[name] = f"secret of {name}"
        self.posthouse("user", "new", name, "--password-stdin",
                       stdin=self.passwords[name] + "\n")
        self.posthouse("mailbox", "new", name, "--database",
                       f"{server} Database", server=server)

    def user_dn(self, name):
        return json.loads(self.posthouse("user", "show", name,
                                         "--json"))["legacy_dn"]

    def mailbox_id(self, name):
        shown = json.loads(self.posthouse("mailbox", "show", name, "--json"))
        return f"{shown['guid']}@example.test"

    def start(self, *names):
        for name in names or self.daemons:
            self.daemons[name].start()

        def all_up():
            try:
                return all(self.backend(name)["up"] for name in self.daemons
                           if name != FE)
            except Failed:        # its socket comes last
                return False
        wait_until("the front end does not find the back ends", all_up)

    def client(self, user, timeout=60, mailbox_id=None):
        client = mapi.Client(self, user, timeout=timeout)
        if mailbox_id:
            client.path += "?MailboxId=" + mailbox_id
        return client

    def status(self):
        return json.loads(self.posthouse("daemon", "status", "--json"))

    def backend(self, name):
        fqdn = self.daemons[name].fqdn()
        return next(b for b in self.status()["backends"]
                    if b["server"] == fqdn)

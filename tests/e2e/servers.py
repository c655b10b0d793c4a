# SPDX-License-Identifier: Apache-2.0
"""Several daemons that share one organisation, each at its own address.

    domain.enter()
    with domain.Domain() as dc, Servers(build, folder, LAYOUT, dc) as servers:
        servers.user("alice", "MX1")
        servers.start()
        servers.curl("FE1", "/mapi/emsmdb/", "--ntlm", user="alice")

The daemons listen on ports 443 (clients) and 444 (servers) of the addresses
that domain.ADDRESSES gives their names, so this runs in namespaces alone.  dc
is the domain whose keys the servers use; without one the organisation is on
its own.
"""
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

import domain

PROGRAMS = "src/cmd"
USER = "posthouse-test"           # in a private /etc/passwd
CMDLETS = ["Get-MapiVirtualDirectory", "Set-MapiVirtualDirectory",
           "Set-MAPIVirtualDirectory", "New-MapiVirtualDirectory",
           "Remove-MapiVirtualDirectory", "Get-ExchangeServer",
           "Get-Mailbox", "Get-MailboxDatabase", "Test-MapiConnectivity",
           "Search-AdminAuditLog", "Format-List", "Format-Table"]


class Failed(Exception):
    """A command ended with another status than was expected."""


class Server:
    """One daemon: name ("MX1"), AdminDisplayVersion, roles."""

    def __init__(self, name, version, *roles, settings=""):
        self.name, self.version, self.roles = name, version, roles
        self.settings = settings
        self.fqdn = f"{name.lower()}.{domain.DNS}"
        self.address = domain.ADDRESSES[name.lower()]
        self.process = None

    def place(self, folder):
        self.folder = os.path.join(folder, self.name.lower())
        self.conf = os.path.join(self.folder, "posthouse.conf")
        self.log = os.path.join(self.folder, "posthoused.log")

    def listens(self):
        """Ports that must answer before it is ready."""
        return (443, 444) if "mailbox" in self.roles else (443,)


class Servers:
    def __init__(self, build, folder, layout, dc=None, settings=""):
        self.build = os.path.abspath(build)
        self.folder = folder
        self.dc = dc
        self.settings = settings
        self.ntlm = False
        self.run_as = self.make_user()
        self.servers = {server.name: server for server in layout}
        self.passwords = dict(dc.passwords) if dc else {}
        os.makedirs(folder)
        self.make_certificates()
        for server in layout:
            server.place(folder)
            os.makedirs(os.path.join(server.folder, "data"))
            self.write_conf(server)
        self.give_to_user()
        self.make_organisation(layout)
        self.make_links()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            self.stop(server.name, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    # What it is made of.

    def make_user(self):
        """Whom the daemons become, as on an installed system; "" where root
        is not root of the machine, or nobody else may run the programs."""
        with open("/proc/self/uid_map", encoding="ascii") as mapping:
            if os.geteuid() != 0 or mapping.read().split()[2] == "1":
                return ""
        # In a private /etc: see domain.enter.
        if subprocess.run(["id", USER], capture_output=True,
                          check=False).returncode != 0:
            subprocess.run(["useradd", "--system", "--no-create-home",
                            "--home-dir", "/nonexistent", USER], check=True)
        if self.dc:
            subprocess.run(["usermod", "-aG", "winbindd_priv", USER],
                           check=True)
        may = subprocess.run(["setpriv", "--reuid", USER, "--clear-groups",
                              "test", "-x", self.program("posthouse-auth")],
                             check=False)
        return USER if may.returncode == 0 else ""

    def give_to_user(self):
        """Keys and folders; before the first command."""
        if self.run_as == "":
            return
        for server in self.servers.values():
            for path in (server.folder, f"{server.folder}/data"):
                shutil.chown(path, self.run_as)
            for suffix in ("pem", "key"):
                shutil.chown(f"{self.folder}/{server.name.lower()}.{suffix}",
                             self.run_as)
            if self.dc:
                shutil.chown(self.dc.keytab_path(f"{server.name}$"),
                             self.run_as)
        shutil.chown(self.folder, self.run_as)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def make_certificates(self):
        """A CA, and a certificate of each server; in namespaces the
        machine's own list of CAs is private, and holds this one as well."""
        self.ca = os.path.join(self.folder, "ca.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
                     "-subj", "/CN=Test CA", "-keyout", "ca.key",
                     "-out", "ca.pem")
        for server in self.servers.values():
            self.certificate(server)
        trusted = "/etc/ssl/certs/ca-certificates.crt"
        if os.environ.get(domain.MARK) == "2" and os.path.exists(trusted):
            with open(self.ca, encoding="ascii") as ca, \
                    open(trusted, "a", encoding="ascii") as out:
                out.write(ca.read())

    def certificate(self, server, days=365):
        name = server.name.lower()
        domain.write(f"{self.folder}/{name}.ext",
                     f"subjectAltName=DNS:{server.fqdn},"
                     f"DNS:autodiscover.{domain.DNS},"
                     f"IP:{server.address}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={server.fqdn}", "-keyout", f"{name}.key",
                     "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem",
                     "-CAkey", "ca.key", "-CAcreateserial", "-days",
                     str(days), "-extfile", f"{name}.ext",
                     "-out", f"{name}.pem")

    def write_conf(self, server):
        name = server.name.lower()
        ntlm, keytab = "local" if self.ntlm else "off", ""
        if self.dc:
            ntlm = "winbind"
            keytab = "keytab = " + self.dc.keytab(
                f"{server.name}$", f"HTTP/{server.fqdn}", f"HTTP/{name}")
        back = f"listen_backend = {server.address}:444 tls" \
            if "mailbox" in server.roles else ""
        domain.write(server.conf, f"""# {server.name}: {server.version}
[server]
name = {server.name}
data = data
directory = ../organisation.db
roles = {' '.join(server.roles)}
{f"user = {self.run_as}" if self.run_as else ""}
pid_file = posthoused.pid
auth_helper = {self.build}/{PROGRAMS}/posthouse-auth
[http]
listen = {server.address}:443 tls
{back}
[metrics]
listen = {server.address}:9100
[tls]
certificate = ../{name}.pem
key = ../{name}.key
[auth]
ntlm = {ntlm}
{keytab}
[frontend]
ca_file = ../ca.pem
[log]
file = posthoused.log
audit = audit.log
{server.settings}
{self.settings}
""")

    def turn_ntlm_on(self):
        """From the organisation's own passwords; before start."""
        self.ntlm = True
        for server in self.servers.values():
            self.write_conf(server)

    def make_organisation(self, layout):
        first, *others = layout
        self.posthouse("org", "init", "--domain", domain.DNS, "--server",
                       first.name, "--fqdn", first.fqdn, "--database",
                       f"{first.name} Database", "--database-path",
                       f"{first.folder}/mailboxes", "--version",
                       first.version, "--methods", "default")
        self.posthouse("server", "set", first.name, "--roles",
                       ",".join(first.roles))
        for server in others:
            self.posthouse("server", "new", server.name, "--fqdn",
                           server.fqdn, "--version", server.version,
                           "--roles", ",".join(server.roles))
            if "mailbox" in server.roles:
                os.makedirs(f"{server.folder}/mailboxes")
                if self.run_as:
                    shutil.chown(f"{server.folder}/mailboxes", self.run_as)
                self.posthouse("database", "new",
                               f"{server.name} Database", "--server",
                               server.name, "--path",
                               f"{server.folder}/mailboxes",
                               server=server.name)

    def make_links(self):
        """A folder with the cmdlets, as "make install" puts them."""
        self.bin = os.path.join(self.folder, "bin")
        os.makedirs(self.bin)
        for name in ["posthouse", *CMDLETS]:
            os.symlink(self.program("posthouse"),
                       os.path.join(self.bin, name))

    # Commands.

    def program(self, name):
        return os.path.join(self.build, PROGRAMS, name)

    def first(self):
        return next(iter(self.servers))

    def environment(self, server=None):
        """For a shell in which the cmdlets are on the PATH."""
        conf = self.servers[server or self.first()].conf
        return {**os.environ, "POSTHOUSE_CONFIG": conf,
                "PATH": self.bin + ":" + os.environ["PATH"]}

    def posthouse(self, *args, server=None, status=0, stdin=None,
                  env=None, timeout=120):
        """Run the command with a server's configuration; its output."""
        conf = self.servers[server or self.first()].conf
        done = subprocess.run(
            [self.program("posthouse"), "--config", conf, *args],
            input=stdin, capture_output=True, text=True, timeout=timeout,
            env=env, check=False)
        if status is not None and done.returncode != status:
            raise Failed(f"posthouse {' '.join(args)}: status "
                         f"{done.returncode}, not {status}\n{done.stdout}"
                         f"{done.stderr}")
        self.stderr, self.status = done.stderr, done.returncode
        return done.stdout

    def shell(self, line, server=None, status=0):
        """Run a line of a POSIX shell, as an administrator pastes it."""
        done = subprocess.run(["sh", "-c", line], capture_output=True,
                              text=True, env=self.environment(server),
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode != status:
            raise Failed(f"{line}: status {done.returncode}\n{done.stdout}"
                         f"{done.stderr}")
        self.stderr = done.stderr
        return done.stdout

    def user(self, name, server, *options, password=None):
        """A user, with the domain's password if there is a domain, and a
        mailbox on this server."""
        self.passwords.setdefault(name, password or f"secret of {name}")
        self.posthouse("user", "new", name, "--password-stdin", *options,
                       stdin=self.passwords[name] + "\n")
        self.posthouse("mailbox", "new", name, "--database",
                       f"{server} Database", server=server)

    def mailbox_id(self, name):
        shown = json.loads(self.posthouse("mailbox", "show", name, "--json"))
        return f"{shown['guid']}@{domain.DNS}"

    def url(self, server, name=None, service="emsmdb"):
        query = f"?MailboxId={self.mailbox_id(name)}" if name else ""
        return f"https://{self.servers[server].fqdn}/mapi/{service}/{query}"

    def password_file(self, name):
        path = os.path.join(self.folder, f"{name}.password")
        domain.write(path, self.passwords[name] + "\n")
        os.chmod(path, 0o600)
        return path

    # The daemons.

    def start(self, *names):
        started = [self.servers[name] for name in names or self.servers]
        for server in started:
            with open(os.path.join(server.folder, "stderr"), "ab") as log:
                server.process = subprocess.Popen(
                    [self.program("posthoused"), "--config", server.conf],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for server in started:
            self.wait_for(server)
        # A server that starts for the first time makes the key of its signed
        # names; the others learn of its key within a quarter of a second.
        time.sleep(0.6)

    def wait_for(self, server):
        for _ in range(600):
            if server.process.poll() is not None:
                raise Failed(f"posthoused of {server.name} ended:\n"
                             f"{self.diagnosis(server.name)}")
            if all(domain.listens(port, server.address)
                   for port in server.listens()):
                return
            time.sleep(0.05)
        raise Failed(f"posthoused of {server.name} does not listen:\n"
                     f"{self.diagnosis(server.name)}")

    def stop(self, name, how=signal.SIGTERM, timeout=60):
        process = self.servers[name].process
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(how)
        status = process.wait(timeout)
        self.servers[name].process = None
        return status

    def metrics(self, name):
        """Name with labels, as in the text, to value."""
        address = self.servers[name].address
        with urllib.request.urlopen(f"http://{address}:9100/metrics",
                                    timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {key: float(value) for key, _, value in
                (line.rpartition(" ") for line in lines
                 if line and not line.startswith("#"))}

    def diagnosis(self, name):
        text = ""
        for log in ("stderr", "posthoused.log"):
            path = os.path.join(self.servers[name].folder, log)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()[-4000:]
        return text

    # A client.

    def curl(self, server, path, *options, user=None, password=None,
             env=None, port=443):
        """One request by curl; see Answer."""
        url = f"https://{self.servers[server].fqdn}:{port}{path}"
        command = ["curl", "-sS", "-i", "--noproxy", "*", "--max-time", "30",
                   "--cacert", self.ca, *options]
        if user is not None:
            name = user.split("\\")[-1].split("@")[0]
            secret = self.passwords.get(name, "") if password is None \
                else password
            command += ["-u", f"{user}:{secret}"]
        done = subprocess.run([*command, url], capture_output=True,
                              env=env, check=False)
        return Answer(done)


class Answer:
    """What curl got: statuses of all answers, the last one's header fields
    (name in lower case to list of values) and its body."""

    def __init__(self, done):
        self.error = done.stderr.decode(errors="replace")
        self.statuses, self.all = [], []
        rest = done.stdout
        while rest.startswith(b"HTTP/"):
            head, _, rest = rest.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            self.statuses.append(int(lines[0].split()[1]))
            fields = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                fields.setdefault(name.lower(), []).append(value.strip())
            self.all.append(fields)
        self.body = rest
        self.fields = self.all[-1] if self.all else {}
        self.status = self.statuses[-1] if self.statuses else 0

    def field(self, name):
        return self.fields.get(name.lower(), [None])[0]

    def __str__(self):
        return (f"{self.statuses} {self.fields} {self.body[:500]!r} "
                f"{self.error}")

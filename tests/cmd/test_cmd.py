#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""posthouse and posthoused as a person uses them, from the outside.

usage: test_cmd.py POSTHOUSE POSTHOUSED POSTHOUSE_AUTH
"""
import base64
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

POSTHOUSE, POSTHOUSED, AUTH = (os.path.abspath(p) for p in sys.argv[1:4])
ROOT = os.geteuid() == 0
NOUNS = ["org", "certificate", "server", "database", "user", "mailbox",
         "changes", "cmdlets",
         "daemon", "import", "export", "analyze", "bench"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Organisation(unittest.TestCase):
    """A configuration and a folder of its own for each test."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="phcmd.")
        os.chmod(self.folder, 0o755)
        self.conf = os.path.join(self.folder, "posthouse.conf")
        self.data = os.path.join(self.folder, "data")
        self.tls, self.plain = free_port(), free_port()
        self.daemon = self.log = None
        self.write_conf()

    def tearDown(self):
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if self.log is not None:
            self.log.close()
        shutil.rmtree(self.folder)

    def write_conf(self, more=""):
        user = "user = nobody\n" if ROOT else ""
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"[server]\nname = mx1.example.test\ndata = data\n{user}"
                    f"auth_helper = {AUTH}\n"
                    f"[http]\nlisten = 127.0.0.1:{self.tls} tls\n"
                    f"listen = 127.0.0.1:{self.plain} plain\n"
                    f"[tls]\ncertificate = cert.pem\nkey = key.pem\n{more}")

    def run_raw(self, *args, stdin=""):
        return subprocess.run(args, input=stdin, capture_output=True,
                              text=True, timeout=120, check=False)

    def posthouse(self, *args, status=0, stdin=""):
        done = self.run_raw(POSTHOUSE, "--config", self.conf, *args,
                            stdin=stdin)
        self.assertEqual(done.returncode, status,
                         f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *args, **kw):
        return json.loads(self.posthouse(*args, "--json", **kw))

    def refused(self, *args, status=1, says="", stdin=""):
        done = self.run_raw(POSTHOUSE, "--config", self.conf, *args,
                            stdin=stdin)
        self.assertEqual(done.returncode, status, f"{args}: {done}")
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def init(self):
        self.posthouse("org", "init", "--domain", "example.test",
                       "--test-ca")

    def add_alice(self):
        self.posthouse("user", "new", "alice", "--display-name", "Alice",
                       "--password-stdin", stdin="secret\n")
        self.posthouse("mailbox", "new", "alice")

    # The daemon

    def start(self, env=None):
        self.log = open(os.path.join(self.folder, "err.log"), "w+",
                        encoding="utf-8")
        self.daemon = subprocess.Popen([POSTHOUSED, "--config", self.conf],
                                       stderr=self.log, env=env)
        for _ in range(600):
            if self.daemon.poll() is not None or self.get(
                    "/mapi/healthcheck.htm") == 200:
                break
            time.sleep(0.05)
        self.assertIsNone(self.daemon.poll(), self.log_text())

    def log_text(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(60), 0, self.log_text())
        self.log.close()
        self.daemon = self.log = None

    def get(self, path, password=None):
        headers = {}
        if password is not None:
            token = base64.b64encode(f"alice:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.plain,
                                                timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()


    def wait_for(self, status, password):
        """The daemon follows within a second; a machine may be busy."""
        until = time.monotonic() + 10
        while (self.get("/mapi/emsmdb/", password) != status and
               time.monotonic() < until):
            time.sleep(0.1)
        self.assertEqual(self.get("/mapi/emsmdb/", password), status)


class Usage(Organisation):
    def test_help(self):
        whole = self.run_raw(POSTHOUSE, "--help")
        self.assertEqual((whole.returncode, whole.stderr), (0, ""))
        for noun in NOUNS:
            self.assertIn(f"  {noun}", whole.stdout)
            one = self.run_raw(POSTHOUSE, noun, "--help")
            self.assertEqual((one.returncode, one.stderr), (0, ""), noun)
            self.assertIn("usage: posthouse", one.stdout)
        for line in self.run_raw(POSTHOUSE, "--help").stdout.splitlines():
            words = line.split()
            if not line.startswith("  ") or words[0] not in NOUNS:
                continue
            one = self.run_raw(POSTHOUSE, *words[:2], "-h")
            self.assertEqual(one.returncode, 0, line)
            self.assertIn("--config FILE", one.stdout)

    def test_version(self):
        for program in POSTHOUSE, POSTHOUSED:
            done = self.run_raw(program, "--version")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"^posthoused? \d+\.\d+")

    def test_wrong_usage(self):
        for args, says in [
                ([], "which command?"), (["frob"], "no command \"frob\""),
                (["user"], "needs a verb"),
                (["user", "frob"], "no command \"user frob\""),
                (["user", "new"], "something is missing: ACCOUNT"),
                (["user", "new", "a", "b"], "\"b\" is too much"),
                (["user", "new", "--frob"], "no option --frob"),
                (["user", "new", "a", "--upn"], "needs a value"),
                (["user", "new", "a", "--admin=yes"], "takes no value"),
                (["user", "new", "a", "--upn", "x", "--upn", "y"], "twice"),
                (["user", "new", "a", "--password", "x"],
                 "no option --password"),
                (["org", "init"], "--domain is missing"),
                (["mailbox", "new", "a", "--lcid", "en"], "write a number"),
                (["server", "new", "X"], "--fqdn is missing"),
                (["-x"], "no option -x")]:
            text = self.refused(*args, status=2, says=says)
            self.assertIn("--help", text)

    def test_no_configuration(self):
        done = self.run_raw(POSTHOUSE, "--config", "/nonexistent", "user",
                            "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent", done.stderr)
        self.write_conf("[limits]\nexpirashun = 1 s\n")
        self.refused("user", "list", says="did you mean \"expiration\"?")

    def test_no_organisation(self):
        self.refused("user", "list", says="org init")
        self.refused("daemon", "status", says="no daemon runs")

    def test_posthoused_usage(self):
        for args in ["--frob"], ["too", "much"], ["--config"]:
            done = self.run_raw(POSTHOUSED, *args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn("--help", done.stderr)
        done = self.run_raw(POSTHOUSED, "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("SIGHUP", done.stdout)


class Directory(Organisation):
    def test_init(self):
        self.init()
        org = self.json("org", "show")
        self.assertEqual(org["domains"], ["example.test"])
        server, = self.json("server", "list")
        self.assertEqual((server["name"], server["fqdn"], server["make"]),
                         ("MX1", "mx1.example.test", "Posthouse"))
        database, = self.json("database", "list")
        self.assertEqual(database["path"],
                         os.path.join(self.data, "mailboxes"))
        self.assertEqual(os.stat(self.data).st_mode & 0o777, 0o700)
        key = os.stat(os.path.join(self.folder, "key.pem"))
        self.assertEqual(key.st_mode & 0o777, 0o600)
        if ROOT:
            nobody = pwd.getpwnam("nobody").pw_uid
            for folder, _, files in os.walk(self.data):
                for path in [folder] + [os.path.join(folder, f)
                                        for f in files]:
                    self.assertEqual(os.stat(path).st_uid, nobody, path)
        # Nothing that exists is overwritten.
        self.refused("org", "init", "--domain", "example.test",
                     says="remove it first")
        self.refused("certificate", "new", says="remove it first")

    def test_org(self):
        self.init()
        self.posthouse("org", "set", "--name", "Örg", "--add-domain",
                       "example.org")
        self.assertIn("example.test, example.org",
                      self.posthouse("org", "show"))
        self.refused("org", "set", "--add-domain", "no domain",
                     says="not a domain name")
        self.posthouse("org", "set", "--remove-domain", "example.test")
        self.assertEqual(self.json("org", "show")["domains"],
                         ["example.org"])

    def test_servers(self):
        self.init()
        self.posthouse("server", "new", "EX1", "--fqdn", "ex1.example.test",
                       "--make", "Exchange", "--version-text",
                       "Version 15.1 (Build 2507.6)")
        self.assertEqual(self.json("server", "show", "ex1")["version"],
                         "Version 15.1 (Build 2507.6)")
        self.posthouse("server", "set", "EX1", "--name", "EX2")
        self.posthouse("database", "new", "DB 2", "--server", "EX2",
                       "--path", "/elsewhere")
        self.refused("server", "remove", "EX2", says="databases are active")
        self.posthouse("database", "set", "DB 2", "--server", "MX1")
        self.posthouse("server", "remove", "EX2")
        self.posthouse("database", "remove", "db 2")
        self.refused("server", "show", "EX2", says="server list")

    def test_table(self):
        self.init()
        self.posthouse("user", "new", "alice", "--display-name", "Ålice")
        self.posthouse("user", "new", "bob", "--address",
                       "bob@example.test", "--address", "b@example.test")
        head, alice, bob = self.posthouse("user", "list").splitlines()
        for title in "ACCOUNT", "NAME", "ADDRESSES", "ADMIN":
            self.assertIn(title, head)
        self.assertEqual(head.index("ADDRESSES"),
                         alice.index("alice@example.test"))
        self.assertEqual(head.index("ADDRESSES"),
                         bob.index("bob@example.test, b@example.test"))

    def test_user(self):
        self.init()
        out = self.posthouse("user", "new", "alice")
        self.assertIn("without a password", out)
        user = self.json("user", "show", "alice@example.test")
        self.assertFalse(user["has_password"])
        self.assertTrue(user["legacy_dn"].startswith(
            "/o=First Organization/ou=Exchange Administrative Group "
            "(FYDIBOHF23SPDLT)/cn=Recipients/cn="))
        self.assertNotIn("password\":", json.dumps(user).replace(
            "has_password", ""))
        path = os.path.join(self.folder, "pw")
        with open(path, "w", encoding="utf-8") as f:
            f.write("secret\nmore\n")
        os.chmod(path, 0o600)
        self.posthouse("user", "set", "alice", "--password-file", path,
                       "--admin", "--display-name", "A B")
        user = self.json("user", "show", user["guid"])
        self.assertTrue(user["has_password"] and user["is_admin"])
        self.posthouse("user", "set", "alice", "--no-admin", "--disabled")
        user = self.json("user", "show", "alice")
        self.assertTrue(user["disabled"] and not user["is_admin"])
        self.refused("user", "set", "alice", "--disabled", "--enabled",
                     status=2, says="exclude each other")
        self.refused("user", "set", "alice", "--password-stdin",
                     says="empty", stdin="\n")
        self.refused("user", "set", "alice", "--password-stdin",
                     says="empty", stdin="")
        self.refused("user", "set", "alice", "--password-file",
                     "/nonexistent", says="/nonexistent")
        self.refused("user", "new", "alice", says="is taken")
        self.refused("user", "new", "a b", says="can't be an account")
        self.refused("user", "new", "x", "--address", "x@other.test",
                     says="--add-domain")
        self.posthouse("user", "remove", "alice")
        self.refused("user", "show", "alice", says="user list")

    def test_mailbox(self):
        self.init()
        self.refused("mailbox", "new", "alice", says="no user \"alice\"")
        self.posthouse("user", "new", "alice", "--password-stdin",
                       stdin="secret\n")
        self.refused("mailbox", "show", "alice", says="mailbox new alice")
        box = self.json("mailbox", "new", "alice", "--quota-warn", "10",
                        "--lcid", "0x0407")
        self.assertEqual((box["quota_warn"], box["lcid"]), (10240, 0x407))
        self.assertTrue(os.path.exists(box["path"]))
        if ROOT:
            self.assertEqual(os.stat(box["path"]).st_uid,
                             pwd.getpwnam("nobody").pw_uid)
        self.refused("mailbox", "new", "alice", says="has a mailbox")
        self.refused("user", "remove", "alice", says="remove it first")
        self.assertIn("alice@example.test",
                      self.posthouse("mailbox", "list"))
        self.assertEqual(self.json("mailbox", "show", "alice")
                         ["quota_state"], "ok")
        self.posthouse("mailbox", "set", "alice", "--quota-no-send", "20",
                       "--disabled")
        box = self.json("mailbox", "show", box["guid"])
        self.assertTrue(box["disabled"])
        self.assertEqual(box["quota_no_send"], 20480)
        self.assertIn("sound", self.posthouse("mailbox", "check", "alice"))
        self.assertEqual(self.json("mailbox", "check", "alice"),
                         {"problems": 0})
        copy = os.path.join(self.data, "copy.db")
        self.posthouse("mailbox", "backup", "alice", copy)
        self.assertGreater(os.path.getsize(copy), 10000)
        self.refused("mailbox", "backup", "alice", copy)
        self.assertEqual(self.json("mailbox", "purge", "alice"),
                         {"purged": 0})
        out = self.posthouse("mailbox", "remove", "alice")
        self.assertIn(box["path"], out)
        self.assertTrue(os.path.exists(box["path"]))
        box = self.json("mailbox", "new", "alice")
        self.posthouse("mailbox", "remove", "alice", "--purge")
        self.assertEqual([f for f in os.listdir(os.path.dirname(box["path"]))
                          if box["guid"] in f], [])
        self.assertEqual([f for f in os.listdir(self.data)
                          if f.startswith("staging.")], [])

    def test_failed_mailbox_leaves_nothing(self):
        self.init()
        self.posthouse("user", "new", "alice")
        shutil.rmtree(os.path.join(self.data, "mailboxes"))
        with open(os.path.join(self.data, "mailboxes"), "w",
                  encoding="utf-8"):
            pass
        self.refused("mailbox", "new", "alice", says="mailboxes")
        self.assertEqual(self.json("mailbox", "list"), [])

    def test_another_server(self):
        self.init()
        self.posthouse("server", "new", "MX2", "--fqdn", "mx2.example.test")
        self.posthouse("database", "new", "DB2", "--server", "MX2")
        self.posthouse("user", "new", "bob")
        out = self.posthouse("mailbox", "new", "bob", "--database", "DB2")
        self.assertIn("mx2.example.test", out)
        self.refused("mailbox", "check", "bob", says="mx2.example.test")
        self.refused("mailbox", "remove", "bob", "--purge",
                     says="mx2.example.test")


class Check(Organisation):
    def check(self, status):
        done = self.run_raw(POSTHOUSED, "--config", self.conf, "--check")
        self.assertEqual(done.returncode, status, done)
        return done.stdout + done.stderr

    def test_check(self):
        text = self.check(1)
        self.assertIn("cert.pem", text)
        self.assertIn(f"{self.data}: ", text)
        self.init()
        self.assertIn("fine", self.check(0))
        os.remove(os.path.join(self.folder, "cert.pem"))
        os.remove(os.path.join(self.folder, "key.pem"))
        old = os.path.join(self.folder, "old.pem")
        self.posthouse("certificate", "new", "--host", "alias.example.test")
        self.assertIn("fine", self.check(0))
        shutil.copy(os.path.join(self.folder, "cert.pem"), old)
        os.remove(os.path.join(self.folder, "cert.pem"))
        os.remove(os.path.join(self.folder, "key.pem"))
        self.posthouse("certificate", "new")
        shutil.copy(old, os.path.join(self.folder, "cert.pem"))
        self.assertIn("is not the PEM key of the certificate",
                      self.check(1))

    def test_does_not_start(self):
        done = self.run_raw(POSTHOUSED, "--config", self.conf)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cert.pem", done.stderr)
        self.init()
        with open(self.conf, "a", encoding="utf-8") as f:
            f.write("[tls]\nkey = twice\n")
        done = self.run_raw(POSTHOUSED, "--config", self.conf)
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)

    def test_unknown_server(self):
        self.init()
        with open(self.conf, encoding="utf-8") as f:
            text = f.read()
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("mx1.example.test", "other.example.test"))
        done = self.run_raw(POSTHOUSED, "--config", self.conf)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no server other.example.test", done.stderr)


class Daemon(Organisation):
    def test_whole_life(self):
        self.init()
        self.add_alice()
        notify = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(notify)
            os.chmod(notify, 0o777)
            s.settimeout(30)
            self.start(dict(os.environ, NOTIFY_SOCKET=notify))
            self.assertEqual(s.recv(100), b"READY=1")
            self.assertIn(" ready ", self.log_text())
            self.stop()
            self.assertEqual(s.recv(100), b"STOPPING=1")
        self.assertFalse(os.path.exists(
            os.path.join(self.data, "admin.sock")))
        # And once more.
        self.start()
        self.stop()

    def test_privileges(self):
        if not ROOT:
            self.skipTest("needs root")
        self.init()
        self.start()
        with open(f"/proc/{self.daemon.pid}/status",
                  encoding="utf-8") as f:
            status = f.read()
        nobody = pwd.getpwnam("nobody").pw_uid
        self.assertIn(f"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}\n",
                      status)
        self.assertIn("CapEff:\t0000000000000000", status)
        self.stop()

    def test_password_is_followed(self):
        self.init()
        self.add_alice()
        self.start()
        self.assertEqual(self.get("/mapi/emsmdb/"), 401)
        self.assertEqual(self.get("/mapi/emsmdb/", "wrong"), 401)
        self.assertEqual(self.get("/mapi/emsmdb/", "secret"), 200)
        self.posthouse("user", "set", "alice", "--password-stdin",
                       stdin="other\n")
        self.wait_for(401, "secret")
        self.assertEqual(self.get("/mapi/emsmdb/", "other"), 200)
        self.posthouse("user", "set", "alice", "--disabled")
        self.wait_for(401, "other")
        self.stop()

    def test_commands_go_through_it(self):
        self.init()
        self.add_alice()
        self.start()
        status = self.json("daemon", "status")
        self.assertEqual(status["pid"], self.daemon.pid)
        self.assertIn("sound", self.posthouse("mailbox", "check", "alice"))
        self.posthouse("user", "new", "bob")
        box = self.json("mailbox", "new", "bob")
        self.assertTrue(os.path.exists(box["path"]))
        copy = os.path.join(self.data, "copy.db")
        self.posthouse("mailbox", "backup", "bob", copy)
        self.posthouse("mailbox", "remove", "bob", "--purge")
        self.assertFalse(os.path.exists(box["path"]))
        self.assertGreaterEqual(
            self.json("daemon", "status")["mailboxes"]["opened"], 1)
        self.stop()

    def test_second_daemon(self):
        self.init()
        self.start()
        first, self.tls, self.plain = self.conf, free_port(), free_port()
        self.conf = os.path.join(self.folder, "second.conf")
        self.write_conf()
        done = self.run_raw(POSTHOUSED, "--config", self.conf)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another daemon", done.stderr)
        self.conf = first
        self.posthouse("daemon", "status")
        self.stop()

    def fingerprint(self):
        return ssl.get_server_certificate(("127.0.0.1", self.tls))

    def test_reload(self):
        self.init()
        log = os.path.join(self.data, "x.log")
        self.write_conf(f"[log]\nfile = {log}\n")
        self.start()
        old = self.fingerprint()
        os.rename(log, log + ".1")
        for name in "cert.pem", "key.pem":
            os.remove(os.path.join(self.folder, name))
        self.posthouse("certificate", "new")
        self.assertEqual(self.fingerprint(), old)
        self.daemon.send_signal(signal.SIGHUP)
        for _ in range(100):
            if self.fingerprint() != old:
                break
            time.sleep(0.05)
        self.assertNotEqual(self.fingerprint(), old)
        for _ in range(100):
            with open(log, encoding="utf-8") as f:
                text = f.read()
            if "reload result=ok" in text:
                break
            time.sleep(0.05)
        self.assertIn("reload result=ok", text)
        # A broken one is refused, and the good one stays.
        good = self.fingerprint()
        with open(os.path.join(self.folder, "cert.pem"), "w",
                  encoding="utf-8") as f:
            f.write("broken\n")
        self.daemon.send_signal(signal.SIGHUP)
        for _ in range(100):
            with open(log, encoding="utf-8") as f:
                if "reload error=" in f.read():
                    break
            time.sleep(0.1)
        with open(log, encoding="utf-8") as f:
            self.assertIn("reload error=", f.read())
        self.assertEqual(self.fingerprint(), good)
        self.stop()

    def test_trusted(self):
        """Clients that trust the test CA accept the certificate."""
        self.init()
        self.start()
        context = ssl.create_default_context(
            cafile=os.path.join(self.folder, "test-ca.pem"))
        for name in "localhost", "127.0.0.1", "mx1.example.test":
            with socket.create_connection(("127.0.0.1", self.tls)) as raw:
                with context.wrap_socket(raw, server_hostname=name) as s:
                    self.assertIn(s.version(), ("TLSv1.2", "TLSv1.3"))
        self.stop()

    def test_killed(self):
        """What a killed daemon leaves behind is in nobody's way."""
        self.init()
        self.add_alice()
        self.start()
        self.daemon.kill()
        self.daemon.wait()
        self.log.close()
        self.assertIn("sound", self.posthouse("mailbox", "check", "alice"))
        self.start()
        self.assertEqual(self.get("/mapi/emsmdb/", "secret"), 200)
        self.stop()


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1] + sys.argv[4:],
                           exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, "
          f"{bad} failed", flush=True)
    sys.exit(bad > 0)

# SPDX-License-Identifier: Apache-2.0
"""A scratch organisation with a real daemon, for end-to-end tests.

    with Organisation(build) as org:
        org.start()
        …

Everything lies in a temporary folder; the daemon listens on 127.0.0.1 and is
ended by its pid.
"""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

HOST = "mail.example.test"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Failed(Exception):
    """A command ended with another status than was expected."""


class Organisation:
    def __init__(self, build, settings=""):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="posthouse-test-")
        self.conf = os.path.join(self.folder, "posthouse.conf")
        self.plain, self.tls = free_port(), free_port()
        self.daemon = None
        self.settings = settings
        self.passwords = {}
        self.write_conf()
        self.posthouse("org", "init", "--domain", "example.test",
                       "--server", "MAIL", "--fqdn", HOST, "--test-ca")

    def write_conf(self):
        libexec = os.path.join(self.build, "src/cmd/posthouse-auth")
        with open(self.conf, "w", encoding="utf-8") as conf:
            conf.write(f"""
[server]
name = MAIL
data = data
pid_file = posthoused.pid
auth_helper = {libexec}
[http]
listen = 127.0.0.1:{self.plain} plain
listen = 127.0.0.1:{self.tls} tls
[tls]
certificate = server.pem
key = server.key
[log]
file = posthoused.log
{self.settings}
""")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        return os.path.join(self.build, "src/cmd", name)

    def posthouse(self, *args, status=0, stdin=None, timeout=300):
        """Run the command; its standard output."""
        done = subprocess.run(
            [self.program("posthouse"), "--config", self.conf, *args],
            input=stdin, capture_output=True, text=True, timeout=timeout,
            check=False)
        if done.returncode != status:
            raise Failed(f"posthouse {' '.join(args)}: status "
                         f"{done.returncode}, not {status}\n{done.stdout}"
                         f"{done.stderr}")
        self.stderr = done.stderr
        return done.stdout

    def user(self, name, *options, mailbox=True):
        self.passwords[name] = f"secret of {name}"
        self.posthouse("user", "new", name, "--password-stdin", *options,
                       stdin=self.passwords[name] + "\n")
        if mailbox:
            self.posthouse("mailbox", "new", name)

    def mailbox(self, name):
        return json.loads(self.posthouse("mailbox", "show", name, "--json"))

    def user_dn(self, name):
        return json.loads(self.posthouse("user", "show", name,
                                         "--json"))["legacy_dn"]

    def start(self, **environment):
        log = open(os.path.join(self.folder, "stderr"), "ab")
        self.daemon = subprocess.Popen(
            [self.program("posthoused"), "--config", self.conf],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, **environment})
        log.close()
        for _ in range(600):
            if self.daemon.poll() is not None:
                raise Failed(f"posthoused ended: {self.diagnosis()}")
            try:
                socket.create_connection(("127.0.0.1", self.plain),
                                         1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failed("posthoused does not listen")

    def diagnosis(self):
        text = ""
        for name in ("stderr", "posthoused.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()[-4000:]
        return text

    def stop(self, how=signal.SIGTERM, timeout=60):
        """End the daemon; its exit status, None if there was none."""
        if self.daemon is None:
            return None
        if self.daemon.poll() is None:
            self.daemon.send_signal(how)
        try:
            status = self.daemon.wait(timeout)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            raise Failed("posthoused did not end") from None
        self.daemon = None
        return status

    def tls_context(self):
        context = ssl.create_default_context(
            cafile=os.path.join(self.folder, "test-ca.pem"))
        return context


class Tests:
    """Runs functions, counts, and ends with the line that CI reads."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, function, *args):
        try:
            function(*args)
            self.passed += 1
        except Exception as error:  # pylint: disable=broad-except
            import traceback
            self.failed += 1
            print(f"not ok: {function.__name__}: {error}")
            traceback.print_exc()

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        raise SystemExit(self.failed > 0)

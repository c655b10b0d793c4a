# SPDX-License-Identifier: Apache-2.0
"""A small MAPI over HTTP client in Python ([MS-OXCMAPIHTTP], [MS-OXCROPS]).

It shares no code with the programs that it tests: what both sides of a codec
got wrong in the same way would show here.
"""
import base64
import http.client
import struct
import uuid


class MapiError(Exception):
    """A MAPI error code, or an X-ResponseCode."""

    def __init__(self, what, code):
        super().__init__(f"{what}: {code:#x}")
        self.code = code


def rpc_header_ext(payload):
    """[MS-OXCRPC] 2.2.2.1: one buffer, plain, the last."""
    return struct.pack("<HHHH", 0, 4, len(payload), len(payload)) + payload


class Answer:
    """One HTTP answer, taken apart."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.getheaders()
        self.raw = response.read()
        self.code = self.header("X-ResponseCode")
        self.lines, self.extra, self.body = [], {}, self.raw
        if self.status == 200 and self.code == "0" and (
                self.header("Content-Type") or "").startswith(
                    "application/mapi-http"):
            self.split()

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    def split(self):
        head, _, self.body = self.raw.partition(b"\r\n\r\n")
        for line in head.decode("ascii").split("\r\n"):
            if ":" in line:
                key, _, value = line.partition(":")
                self.extra[key] = value.strip()
            else:
                self.lines.append(line)


class Client:
    """One session context on one connection."""

    def __init__(self, org, user, tls=False, password=None, timeout=60):
        self.org, self.user = org, user
        self.password = password or org.passwords.get(user, "")
        self.cookies = {}
        self.requests = 0
        self.guid = str(uuid.uuid4())
        self.path = "/mapi/emsmdb/"
        if tls:
            context = org.tls_context()
            context.check_hostname = False
            self.http = http.client.HTTPSConnection(
                "127.0.0.1", org.tls, context=context, timeout=timeout)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", org.plain,
                                                   timeout=timeout)

    def close(self):
        self.http.close()

    def headers(self, request_type):
        self.requests += 1
        secret = f"{self.user}:{self.password}".encode()
        headers = {
            "Authorization": "Basic " + base64.b64encode(secret).decode(),
            "Content-Type": "application/mapi-http",
            "X-RequestType": request_type,
            "X-RequestId": f"{{{self.guid}}}:{self.requests}",
            "X-ClientInfo": f"{{{self.guid}}}",
            "X-ClientApplication": "Outlook/16.0.1.2",
        }
        if self.cookies:
            headers["Cookie"] = "; ".join(
                f"{k}={v}" for k, v in self.cookies.items())
        return headers

    def call(self, request_type, body=b"", drop=(), **more):
        headers = self.headers(request_type)
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        for name in drop:
            headers.pop(name, None)
        self.http.request("POST", self.path, body, headers)
        answer = Answer(self.http.getresponse())
        for key, value in answer.headers:
            if key.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        return answer

    def must(self, request_type, body=b""):
        answer = self.call(request_type, body)
        if answer.status != 200 or answer.code != "0":
            raise MapiError(f"{request_type}: HTTP {answer.status}, "
                            "X-ResponseCode", int(answer.code or -1))
        return answer

    def connect(self, dn=None, flags=0):
        dn = self.org.user_dn(self.user) if dn is None else dn
        body = dn.encode() + b"\0" + struct.pack("<IIIII", flags, 1252,
                                                 0x409, 0x409, 0)
        answer = self.must("Connect", body)
        status, error = struct.unpack_from("<II", answer.body)
        if status or error:
            raise MapiError("Connect", error or status)
        return answer

    def disconnect(self):
        answer = self.must("Disconnect", struct.pack("<I", 0))
        return struct.unpack_from("<II", answer.body)

    def wait(self):
        answer = self.must("NotificationWait", struct.pack("<II", 0, 0))
        status, error, event = struct.unpack_from("<III", answer.body)
        if status or error:
            raise MapiError("NotificationWait", error)
        return event

    def execute(self, rops, handles=(), size=0x10008):
        """The ROPs of the answer and its handles."""
        payload = struct.pack("<H", len(rops) + 2) + rops
        payload += b"".join(struct.pack("<I", h) for h in handles)
        buffer = rpc_header_ext(payload)
        answer = self.must("Execute", struct.pack("<II", 3, len(buffer)) +
                           buffer + struct.pack("<II", size, 0))
        status, error, _, length = struct.unpack_from("<IIII", answer.body)
        if status or error:
            raise MapiError("Execute", error or status)
        return self.unpack(answer.body[16:16 + length])

    @staticmethod
    def unpack(buffer):
        version, flags, length, _ = struct.unpack_from("<HHHH", buffer)
        assert version == 0 and flags & 3 == 0, "packed though not wanted"
        payload = buffer[8:8 + length]
        (rops,) = struct.unpack_from("<H", payload)
        return payload[2:rops], list(struct.unpack(
            f"<{(len(payload) - rops) // 4}I", payload[rops:]))

    # ---- ROPs ----

    def logon(self, dn=None):
        """RopLogon; the handle, and the 13 folder IDs."""
        dn = (dn or self.org.user_dn(self.user)).encode() + b"\0"
        rops, handles = self.execute(
            struct.pack("<BBBBIIH", 0xFE, 0, 0, 1, 0x01000004, 0, len(dn)) +
            dn, [0xFFFFFFFF])
        self.check(rops, 0xFE)
        return handles[0], struct.unpack_from("<13Q", rops, 7)

    @staticmethod
    def check(rops, rop_id):
        """The ROP's answer is a success; else MapiError."""
        assert rops and rops[0] == rop_id, f"answered with {rops[:8].hex()}"
        (error,) = struct.unpack_from("<I", rops, 2)
        if error:
            raise MapiError(f"ROP {rop_id:#x}", error)

    def save_message(self, logon, folder, subject, body):
        """Create, set, save in one Execute; the message ID."""
        values = b""
        for tag, text in ((0x001A001F, "IPM.Note"), (0x0037001F, subject),
                          (0x1000001F, body)):
            values += struct.pack("<I", tag) + text.encode("utf-16-le") + \
                b"\0\0"
        rops = struct.pack("<BBBBHQB", 0x06, 0, 0, 1, 0x0FFF, folder, 0)
        rops += struct.pack("<BBBHH", 0x0A, 0, 1, len(values) + 2, 3) + values
        rops += struct.pack("<BBBBB", 0x0C, 0, 1, 1, 0)
        out, handles = self.execute(rops, [logon, 0xFFFFFFFF])
        self.check(out, 0x06)
        at = 7 + (8 if out[6] else 0)
        self.check(out[at:], 0x0A)
        (problems,) = struct.unpack_from("<H", out, at + 6)
        at += 8 + 10 * problems
        self.check(out[at:], 0x0C)
        (mid,) = struct.unpack_from("<Q", out, at + 7)
        self.release(handles[1])
        return mid

    def release(self, handle):
        self.execute(struct.pack("<BBB", 0x01, 0, 0), [handle])

    def read_strings(self, logon, folder, mid, tags):
        """Open the message and read PtypString properties."""
        rops = struct.pack("<BBBBHQBQ", 0x03, 0, 0, 1, 0x0FFF, folder, 0, mid)
        out, handles = self.execute(rops, [logon, 0xFFFFFFFF])
        self.check(out, 0x03)
        rops = struct.pack("<BBBHHH", 0x07, 0, 0, 0, 1, len(tags))
        rops += b"".join(struct.pack("<I", t) for t in tags)
        out, _ = self.execute(rops, [handles[1]])
        self.check(out, 0x07)
        values, at = [], 7
        flagged = out[6]
        for _ in tags:
            if flagged:
                at += 1
                if out[at - 1] == 0x0A:
                    values.append(None)
                    at += 4
                    continue
                assert out[at - 1] == 0, "flag of a value"
            end = at
            while out[end:end + 2] != b"\0\0":
                end += 2
            values.append(out[at:end].decode("utf-16-le"))
            at = end + 2
        self.release(handles[1])
        return values

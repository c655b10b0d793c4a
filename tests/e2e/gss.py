# SPDX-License-Identifier: Apache-2.0
"""NTLM and Negotiate from the client's side, one step at a time.

curl does a handshake whole, over the connection it likes, and has no channel
binding; here a test says which token goes over which connection.

    connection = Connection("fe1.example.test", 443, ca)
    initiator = Initiator("NTLM", connection.host, user="EXAMPLE\\alice",
                          password="...", binding=connection.binding())
    answer = connection.handshake(initiator, "GET", "/mapi/emsmdb/")
"""
import base64
import ctypes
import ctypes.util
import hashlib
import http.client
import os
import ssl

# The names of types and constants are those of RFC 2744.
U32 = ctypes.c_uint32
CONTINUE = 1                      # GSS_S_CONTINUE_NEEDED
INDEFINITE = 0xFFFFFFFF
INITIATE = 1
MUTUAL = 2
KRB5 = bytes.fromhex("2a864886f712010202")
SPNEGO = bytes.fromhex("2b0601050502")
NTLMSSP = bytes.fromhex("2b06010401823702020a")
NT_USER = bytes.fromhex("2a864886f71201020101")
NT_SERVICE = bytes.fromhex("2a864886f71201020104")


class Buffer(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]


class Oid(ctypes.Structure):
    _fields_ = [("length", U32), ("elements", ctypes.c_char_p)]


class OidSet(ctypes.Structure):
    _fields_ = [("count", ctypes.c_size_t),
                ("elements", ctypes.POINTER(Oid))]


class Bindings(ctypes.Structure):
    _fields_ = [("initiator_addrtype", U32), ("initiator_address", Buffer),
                ("acceptor_addrtype", U32), ("acceptor_address", Buffer),
                ("application_data", Buffer)]


class Element(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Store(ctypes.Structure):
    _fields_ = [("count", U32), ("elements", ctypes.POINTER(Element))]


class GssError(Exception):
    """A call of GSSAPI failed; the text is the library's own."""


LIB = ctypes.CDLL("libgssapi_krb5.so.2")


def oid(elements):
    return Oid(len(elements), elements)


def oid_set(*elements):
    array = (Oid * len(elements))(*[oid(e) for e in elements])
    return OidSet(len(elements), array)


def buffer(data):
    out = Buffer(len(data), ctypes.cast(ctypes.create_string_buffer(
        data, len(data)), ctypes.c_void_p))
    return out


def call(name, *args):
    minor = U32()
    major = getattr(LIB, name)(ctypes.byref(minor), *args)
    if major >> 16:
        raise GssError(f"{name}: {status(major, 1)} {status(minor.value, 2)}")
    return major


def status(value, kind):
    text, more, minor = Buffer(), U32(0), U32()
    LIB.gss_display_status(ctypes.byref(minor), U32(value), kind, None,
                           ctypes.byref(more), ctypes.byref(text))
    return ctypes.string_at(text.value, text.length).decode() \
        if text.value else str(value)


def import_name(text, kind):
    name = ctypes.c_void_p()
    data, kind = buffer(text.encode()), oid(kind)
    call("gss_import_name", ctypes.byref(data), ctypes.byref(kind),
         ctypes.byref(name))
    return name


class Initiator:
    """One handshake.  scheme: "NTLM" (raw) or "Negotiate"; with a password:
    NTLM inside; with a ccache ("FILE:..."): Kerberos."""

    def __init__(self, scheme, host, user=None, password=None, ccache=None,
                 binding=None):
        self.scheme = scheme
        self.mech = oid(NTLMSSP if scheme == "NTLM" else SPNEGO)
        self.target = import_name(f"HTTP@{host}", NT_SERVICE)
        self.context, self.cred = ctypes.c_void_p(), ctypes.c_void_p()
        self.done = False
        self.keep = []
        self.bindings = None
        if binding is not None:
            self.bindings = Bindings(application_data=self.kept(binding))
        if password is not None:
            self.with_password(user, password)
        else:
            self.with_ccache(ccache)

    def kept(self, data):
        self.keep.append(buffer(data))
        return self.keep[-1]

    def with_password(self, user, password):
        mechs = oid_set(NTLMSSP)
        secret = buffer(password.encode())
        call("gss_acquire_cred_with_password", import_name(user, NT_USER),
             ctypes.byref(secret), U32(INDEFINITE),
             ctypes.byref(oid_set(NTLMSSP) if self.scheme == "NTLM" else
                          oid_set(SPNEGO, NTLMSSP)),
             INITIATE, ctypes.byref(self.cred), None, None)
        if self.scheme != "NTLM":
            call("gss_set_neg_mechs", self.cred, ctypes.byref(mechs))

    def with_ccache(self, ccache):
        elements = (Element * 1)(Element(b"ccache", ccache.encode()))
        store = Store(1, elements)
        call("gss_acquire_cred_from", None, U32(INDEFINITE),
             ctypes.byref(oid_set(KRB5, SPNEGO)), INITIATE,
             ctypes.byref(store), ctypes.byref(self.cred), None, None)
        call("gss_set_neg_mechs", self.cred, ctypes.byref(oid_set(KRB5)))

    def step(self, token=b""):
        """The next token; b"" if none is needed."""
        out, given = Buffer(), buffer(token)
        major = call("gss_init_sec_context", self.cred,
                     ctypes.byref(self.context), self.target,
                     ctypes.byref(self.mech), U32(MUTUAL), U32(0),
                     ctypes.byref(self.bindings) if self.bindings else None,
                     ctypes.byref(given) if token else None, None,
                     ctypes.byref(out), None, None)
        self.done = not major & CONTINUE
        return ctypes.string_at(out.value, out.length) if out.length else b""


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read()

    def all(self, name):
        return [value for key, value in self.headers
                if key.lower() == name.lower()]

    def field(self, name):
        return (self.all(name) or [None])[0]

    def token(self, scheme):
        """What the server says after the scheme's name; None: nothing."""
        for value in self.all("WWW-Authenticate"):
            word, _, rest = value.partition(" ")
            if word.lower() == scheme.lower() and rest:
                return base64.b64decode(rest)
        return None

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Connection:
    """One TCP connection, which never opens another by itself."""

    def __init__(self, host, port, ca, tls=True, source=None):
        self.host = host
        source = (source, 0) if source else None
        if tls:
            self.http = http.client.HTTPSConnection(
                host, port, timeout=60, source_address=source,
                context=ssl.create_default_context(cafile=ca))
        else:
            self.http = http.client.HTTPConnection(host, port, timeout=60,
                                                   source_address=source)
        self.http.connect()
        self.http.auto_open = 0

    def binding(self):
        """RFC 5929, tls-server-end-point."""
        certificate = self.http.sock.getpeercert(True)
        return b"tls-server-end-point:" + hashlib.sha256(
            certificate).digest()

    def request(self, method, path, headers=None, body=None):
        self.http.request(method, path, body, headers or {})
        return Answer(self.http.getresponse())

    def handshake(self, initiator, method, path, headers=None, body=None):
        """All steps on this connection; the last answer."""
        token = initiator.step()
        for _ in range(5):
            answer = self.request(method, path, {
                **(headers or {}), "Authorization": f"{initiator.scheme} "
                + base64.b64encode(token).decode()}, body)
            back = answer.token(initiator.scheme)
            if answer.status != 401 or back is None:
                if back is not None and not initiator.done:
                    initiator.step(back)
                return answer
            token = initiator.step(back)
            if not token:
                return answer
        raise GssError("the handshake does not end")

    def close(self):
        self.http.close()


def ntlm_user_file(folder, domain, user, password):
    """For curl --negotiate: NTLM inside SPNEGO, without a ticket."""
    path = os.path.join(folder, f"ntlm-{user}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{domain}:{user}:{password}\n")
    return {**os.environ, "NTLM_USER_FILE": path,
            "KRB5CCNAME": f"FILE:{folder}/no-ccache"}

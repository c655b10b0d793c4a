# SPDX-License-Identifier: Apache-2.0
"""JSON Web Tokens (RFC 7519) good and forged, signed by openssl."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An identity provider: an RSA key, its JWKS file, and its tokens."""

    def __init__(self, folder, name="https://idp.example.test",
                 audience="https://mail.example.test", kid="one"):
        self.name, self.audience, self.kid = name, audience, kid
        self.key = os.path.join(folder, f"jwt-{kid}.pem")
        self.jwks = os.path.join(folder, "jwks.json")
        self.run("genrsa", "-out", self.key, "2048")
        self.public = self.run("rsa", "-in", self.key, "-pubout")
        self.write_jwks()

    @staticmethod
    def run(*args, given=None):
        return subprocess.run(["openssl", *args], input=given, check=True,
                              capture_output=True).stdout

    def write_jwks(self):
        modulus = self.run("rsa", "-in", self.key, "-noout", "-modulus")
        number = bytes.fromhex(modulus.decode().strip().partition("=")[2])
        with open(self.jwks, "w", encoding="utf-8") as f:
            json.dump({"keys": [{
                "kty": "RSA", "use": "sig", "kid": self.kid, "alg": "RS256",
                "n": base64url(number), "e": "AQAB"}]}, f)

    def claims(self, user, **changes):
        now = int(time.time())
        claims = {"iss": self.name, "aud": self.audience, "upn": user,
                  "iat": now, "nbf": now - 10, "exp": now + 600}
        claims.update(changes)
        return {k: v for k, v in claims.items() if v is not None}

    def token(self, user, alg="RS256", kid=None, key=None, **changes):
        """alg: RS256, none, or HS256 with the public key for the secret."""
        head = {"typ": "JWT", "alg": alg, "kid": kid or self.kid}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in
                          (head, self.claims(user, **changes)))
        signature = b""
        if alg == "RS256":
            signature = self.run("dgst", "-sha256", "-sign", key or self.key,
                                 given=signed.encode())
        elif alg == "HS256":
            signature = hmac.new(self.public, signed.encode(),
                                 hashlib.sha256).digest()
        return f"{signed}.{base64url(signature)}"

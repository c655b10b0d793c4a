# SPDX-License-Identifier: Apache-2.0
"""mapi.Client through a front end, over TLS, as a user with a ticket or with
a password by NTLM: the connection is authenticated first, and holds."""
import json

import gss
import mapi


class GssClient(mapi.Client):
    """servers: servers.Servers; env: of Domain.kinit, or None for NTLM."""

    def __init__(self, servers, server, user, env=None, port=443):
        # pylint: disable=super-init-not-called
        self.servers, self.user = servers, user
        self.server = servers.servers[server]
        self.cookies, self.requests = {}, 0
        self.guid = str(mapi.uuid.uuid4())
        self.path = self.path_of(user)
        self.connection = gss.Connection(self.server.fqdn, port, servers.ca)
        self.http = self.connection.http
        self.env = env
        self.password = ""        # mapi.Client's headers name it

    def path_of(self, user):
        return f"/mapi/emsmdb/?MailboxId={self.servers.mailbox_id(user)}"

    def dn(self):
        shown = self.servers.posthouse("user", "show", self.user, "--json")
        return json.loads(shown)["legacy_dn"]

    def initiator(self):
        if self.env is not None:
            return gss.Initiator("Negotiate", self.server.fqdn,
                                 ccache=self.env["KRB5CCNAME"],
                                 binding=self.connection.binding())
        return gss.Initiator("NTLM", self.server.fqdn,
                             user=f"EXAMPLE\\{self.user}",
                             password=self.servers.passwords[self.user],
                             binding=self.connection.binding())

    def log_on(self):
        """The handshake, on a GET; its answer."""
        return self.connection.handshake(self.initiator(), "GET",
                                         "/mapi/emsmdb/")

    def headers(self, request_type):
        headers = super().headers(request_type)
        del headers["Authorization"]
        return headers

    def connect(self, dn=None, flags=0):
        answer = self.log_on()
        if answer.status != 200:
            raise mapi.MapiError("authentication: HTTP", answer.status)
        return super().connect(dn or self.dn(), flags)

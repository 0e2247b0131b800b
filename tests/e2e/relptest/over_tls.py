# SPDX-License-Identifier: Apache-2.0
"""A case over TLS: its receivers and its forward speak TLS, and both show a certificate."""

import atexit
import shutil
import ssl
import tempfile

from relptest.pki import Pki

_made = []


def pki():
    """One for the process: making keys takes its time."""
    if not _made:
        folder = tempfile.mkdtemp(prefix="relptest-pki-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _made.append(Pki(folder))
    return _made[0]


def context(server, ca=None, version=None):
    """Of a server that takes the clients of this CA, and nobody else; None: it asks nobody for
    a certificate."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(server.cert, server.key)
    if ca:
        c.load_verify_locations(ca)
        c.verify_mode = ssl.CERT_REQUIRED
    if version:
        c.minimum_version = c.maximum_version = version
    return c


class OverTls:
    """In front of a test class of relptest.case.Case, whose tests are then run over TLS."""

    SERVER = "server"
    tls_version = None

    def setUp(self):
        server = pki().server(self.SERVER)
        self.tls_context = context(server, server.ca, self.tls_version)
        self.tls_dir = pki().tls_dir("forward", pki().client())
        self.tls_recv = ("--tls", "--ca", server.ca, "--cert", server.cert, "--key", server.key)
        super().setUp()

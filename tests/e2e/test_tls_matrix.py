# SPDX-License-Identifier: Apache-2.0
"""relpbox over TLS with the parts that it meets: imrelp and omrelp with both of their TLS
libraries, openssl s_server and s_client. Every cell of docs/TLS-MATRIX.md is tried here; with
RELPBOX_WRITE_MATRIX=1 the table is written anew, else it has to be what is tried."""

import concurrent.futures
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

from relptest import case, proc, rsyslog, tls_matrix, tls_openssl, tls_rsyslog
from relptest.pki import Pki
from relptest.tls_matrix import FROM, TO

N = 20
MESSAGES = [b"seq=%d a message" % n for n in range(1, N + 1)]
TABLE = os.path.join(case.ROOT, "docs", "TLS-MATRIX.md")
GARDENER = "rsyslog-relp.extensions.gardener.cloud/v1alpha1"
SEQ = re.compile(rb"by=(\w+) seq=(\d+) ")
PATIENCE = 30 * case.SLOW  # seconds until what has to come has come
JOBS = 4  # they mostly wait for each other

needs_rsyslog = unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")


def setUpModule():
    Certificates.make()


def tearDownModule():
    Certificates.folder.cleanup()


class Certificates:
    """Made once for all cases."""

    @classmethod
    def make(cls):
        import tempfile
        cls.folder = tempfile.TemporaryDirectory(prefix="relptest-pki-")
        cls.pki = Pki(cls.folder.name)
        cls.checks = tls_matrix.checks(cls.pki)
        cls.keys = tls_matrix.keys_and_chains(cls.pki)
        cls.rows = cls.checks + cls.keys
        by_id = {r.id: r for r in cls.rows}
        cls.peers = [by_id[i] for i in ("name", "cn", "sha256", "own-name", "server-only")]
        cls.peers += cls.keys
        cls.bundle = tls_matrix.bundle(cls.pki, cls.rows)

    @classmethod
    def cross(cls):
        rows = tls_matrix.cross(cls.pki)
        assert tls_matrix.bundle(cls.pki, rows + cls.rows) == cls.bundle
        return rows


def imrelp_params(row, lib, version=None):
    ca = Certificates.bundle if lib == "openssl" else None
    return tls_rsyslog.tls(lib, version=version, **row.rsyslog_server(ca))


def omrelp_params(row, lib, version=None, **other):
    ca = Certificates.bundle if lib == "openssl" else None
    return tls_rsyslog.tls(lib, version=version, **dict(row.rsyslog_client(ca), **other))


def whole(numbers):
    """All of them, in order, each once."""
    return numbers == list(range(1, N + 1))


class MatrixCase(case.Case):
    def each(self, work, cells):
        """work(*cell) for all of them, some at a time; each that failed is a failure of its own."""
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            jobs = [(cell, pool.submit(work, *cell)) for cell in cells]
        for cell, job in jobs:
            with self.subTest(cell=" ".join(str(getattr(c, "id", c)) for c in cell)):
                job.result()

    def keep(self, process):
        """It ends with the test, at once: rsyslogd would take its time."""
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    # --- relpbox as the client ----------------------------------------------------------

    def send(self, row, port, limit="30s"):
        """relp-send, which reports the TLS version that it saw."""
        options = row.send_options() + ["--raw", "--timeout", limit, "-v"]
        return proc.run("relp-send", *options, "%s:%d" % (row.target, port),
                        stdin=b"".join(b"by=send " + m + b"\n" for m in MESSAGES))

    def forward(self, row, name, port):
        """forward, which ends by itself once all is acknowledged: (exit code or None, its talk)."""
        folder = self.path("forward-" + name)
        os.mkdir(folder)
        config = os.path.join(folder, "relp.yaml")
        relp = {"target": row.target, "port": port, "loggingRules": [{"severity": 7}],
                "tls": {"enabled": True, "secretReferenceName": "tls", "authMode": row.auth,
                        "permittedPeer": row.client_takes}}
        argv = [case.RELPBOX, "forward", "--config", config, "--input", "stdin",
                "--spool-dir", os.path.join(folder, "spool"), "--hostname", "node"]
        if row.client:
            document = {"apiVersion": GARDENER, "kind": "RsyslogRelpConfig", **relp}
            files = Certificates.pki.tls_dir("tls-" + name, row.client, row.server.ca)
            argv += ["--tls-dir", files]
        else:
            document = {"apiVersion": "relpbox/v1alpha1", "kind": "Forward",
                        "tls": {"ca": row.server.ca}, "rsyslogRelpConfig": relp}
        with open(config, "w", encoding="utf-8") as f:
            json.dump(document, f)  # which is YAML too
        text = b"".join(b"<13>Nov 21 12:00:00 test: by=forward " + m + b"\n" for m in MESSAGES)
        try:
            done = subprocess.run(argv, input=text, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired as e:
            return None, e.stderr
        return done.returncode, done.stderr


def by_program(lines):
    """{b"send" or b"forward": [numbers]}"""
    out = {}
    for line in lines:
        m = SEQ.search(line)
        if m:
            out.setdefault(m[1], []).append(int(m[2]))
    return out


def datagrams(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(path)
        for m in MESSAGES:
            s.send(b"<13>Nov 21 20:51:31 prog: by=omrelp " + m)


@needs_rsyslog
class ToImrelp(MatrixCase):
    def matrix(self, lib, version, rows):
        params = {r.id: imrelp_params(r, lib, version) for r in rows}
        name = "%s-%s" % (lib, version)
        server = self.keep(tls_rsyslog.ImrelpTls(
            self.dir, self.path("arrived-" + name), lib, params, "imrelp-" + name))
        self.each(lambda *c: self.one(server, version, *c),
                  [(r, program) for r in rows for program in ("send", "forward")
                   if program == "send" or not r.reason(TO, lib)])

    def one(self, server, version, row, program):
        port = server.ports[row.id]
        if program == "send":
            done = self.send(row, port)
            code, said = done.code, done.stderr
        else:
            code, said = self.forward(row, "%s-%s-%s" % (row.id, server.lib, version), port)
        said = "exit code %s\n%s\nrsyslogd said:\n%s" % (
            code, said.decode(errors="replace"), "\n".join(
                line for line in server.lines if "[%d]" % port in line))
        arrived = lambda: by_program(server.arrived().get(row.id, [])).get(program.encode(), [])
        if row.reason(TO, server.lib):
            self.assertNotEqual(code, 0, said)
            self.assertEqual(arrived(), [], said)
            return
        self.assertEqual(code, 0, said)
        proc.wait_until(lambda: len(arrived()) >= N, "all are in the file of rsyslogd\n" + said,
                        PATIENCE)
        self.assertTrue(whole(arrived()), arrived())
        if program == "send":
            self.assertIn("TLS " + version, done.stdout.decode())

    def test_gnutls_12(self):
        self.matrix("gnutls", "1.2", Certificates.rows)

    def test_gnutls_13(self):
        self.matrix("gnutls", "1.3", Certificates.rows)

    def test_openssl_12(self):
        self.matrix("openssl", "1.2", Certificates.rows)

    def test_openssl_13(self):
        self.matrix("openssl", "1.3", Certificates.rows)

    @case.long
    def test_every_check_with_every_key(self):
        rows = Certificates.cross()
        for lib in tls_rsyslog.LIBS:
            for version in tls_rsyslog.VERSIONS:
                self.matrix(lib, version, rows)


@needs_rsyslog
class FromOmrelp(MatrixCase):
    """One relp-recv a row, in which all four omrelps end."""

    count = 0

    def test_every_row(self):
        self.matrix([r for r in Certificates.rows if r.reason(FROM, "gnutls") != "client-only"])

    @case.long
    def test_every_check_with_every_key(self):
        rows = Certificates.cross()
        for i in range(0, len(rows), 48):
            self.matrix(rows[i:i + 48])

    def matrix(self, rows):
        receivers = {r.id: self.receiver_for(r) for r in rows}
        omrelps = []
        for lib in tls_rsyslog.LIBS:
            for version in tls_rsyslog.VERSIONS:
                actions = {}
                for r in rows:
                    name = "%s_%s_%s" % (r.id, lib, version.replace(".", ""))
                    actions[name] = (receivers[r.id].port, omrelp_params(r, lib, version), r.target)
                name = "omrelp%d-%s-%s" % (self.count, lib, version)
                omrelps.append(self.keep(tls_rsyslog.OmrelpTls(
                    self.dir, lib, actions, name, version)))
        self.count += 1
        for o in omrelps:
            datagrams(o.socket)
        for o in omrelps:
            for r in rows:
                version = "1.2" if o.socket.endswith("1.2.s") else "1.3"
                with self.subTest(cell="%s %s %s" % (r.id, o.lib, version)):
                    self.one(o, receivers[r.id], r, version)

    def receiver_for(self, row):
        path = self.path("received-" + row.id)
        receiver = self.keep(proc.Receiver("--output", path, *row.recv_options()))
        receiver.output = path
        return receiver

    def one(self, omrelp, receiver, row, version):
        name = "%s_%s_%s" % (row.id, omrelp.lib, version.replace(".", ""))
        said = lambda: "relp-recv said:\n%s\nomrelp said:\n%s" % (
            receiver.stderr, "\n".join(
                line for line in omrelp.lines if ":%d" % receiver.port in line))
        lines = lambda: tls_rsyslog.read(receiver.output).get(name, [])
        arrived = lambda: by_program(lines()).get(b"omrelp", [])
        if row.reason(FROM, omrelp.lib):
            # it has tried, and could not
            proc.wait_until(lambda: ":%d" % receiver.port in omrelp.stderr, "omrelp tells",
                            PATIENCE)
            self.assertEqual(arrived(), [], said())
            return
        try:
            proc.wait_until(lambda: len(arrived()) >= N, "all are in the file of relp-recv",
                            PATIENCE)
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, said())) from None
        self.assertTrue(whole(arrived()), arrived())


@needs_rsyslog
class Pins(MatrixCase):
    """The version that a column names is the one that rsyslog speaks there."""

    def test_imrelp_speaks_the_version_of_the_column_alone(self):
        row = Certificates.rows[0]
        for lib in tls_rsyslog.LIBS:
            for version in tls_rsyslog.VERSIONS:
                server = self.keep(tls_rsyslog.ImrelpTls(
                    self.dir, self.path("arrived"), lib, {"in": imrelp_params(row, lib, version)},
                    "imrelp-%s-%s" % (lib, version)))
                with self.subTest(cell="%s %s" % (lib, version)):
                    for other in tls_rsyslog.VERSIONS:
                        spoken = version_of(server.ports["in"], row.client, other)
                        self.assertEqual(spoken, version if version == other else None)

    def test_omrelp_speaks_the_version_of_the_column_from_the_first_connection_on(self):
        row = Certificates.rows[0]
        for lib in tls_rsyslog.LIBS:
            for version in tls_rsyslog.VERSIONS:
                listener, spoken = self.python_server(row.server)
                client = self.keep(tls_rsyslog.OmrelpTls(
                    self.dir, lib, {"out": (listener, omrelp_params(row, lib, version))},
                    "omrelp-%s-%s" % (lib, version), version))
                datagrams(client.socket)
                with self.subTest(cell="%s %s" % (lib, version)):
                    proc.wait_until(lambda: spoken, "omrelp connects")
                    self.assertEqual(spoken[0], version)

    def python_server(self, leaf):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.load_cert_chain(leaf.cert, leaf.key)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        spoken = []

        def once():
            sock, _ = listener.accept()
            with sock, ctx.wrap_socket(sock, server_side=True) as tls:
                spoken.append(tls.version().replace("TLSv", ""))
        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        return listener.getsockname()[1], spoken


def version_of(port, leaf, version):
    """"1.2" or "1.3", when a client that speaks this one alone gets on with the server; or None."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    ctx.load_cert_chain(leaf.cert, leaf.key)
    only = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
    ctx.minimum_version = ctx.maximum_version = only
    try:
        with socket.create_connection(("127.0.0.1", port)) as s, ctx.wrap_socket(s) as tls:
            return tls.version().replace("TLSv", "")
    except OSError:
        return None


@needs_rsyslog
class Reasons(MatrixCase):
    """What is said to fail for rsyslog's sake fails between two rsyslogs as well."""

    def test_imrelp_and_omrelp_alone(self):
        rows = [r for r in Certificates.rows if r.client_takes]
        servers, clients = {}, {}
        for lib in tls_rsyslog.LIBS:
            servers[lib] = self.keep(tls_rsyslog.ImrelpTls(
                self.dir, self.path("arrived-" + lib), lib,
                {r.id: imrelp_params(r, lib) for r in rows}))
        for lib in tls_rsyslog.LIBS:
            clients[lib] = self.keep(tls_rsyslog.OmrelpTls(self.dir, lib, {
                "%s_%s_%s" % (r.id, s, lib): (servers[s].ports[r.id], omrelp_params(r, lib))
                for r in rows for s in servers}))
            datagrams(clients[lib].socket)
        for s in servers:
            for c in clients:
                for r in rows:
                    with self.subTest(cell="%s: omrelp %s to imrelp %s" % (r.id, c, s)):
                        self.pair(servers[s], clients[c], r)

    def pair(self, server, client, row):
        def arrived():
            mark = b"_%s " % client.lib.encode()
            lines = [m for m in server.arrived().get(row.id, []) if mark in m]
            return by_program(lines).get(b"omrelp", [])

        if not row.reason(TO, server.lib) and not row.reason(FROM, client.lib):
            proc.wait_until(lambda: len(arrived()) >= N, "all arrived", PATIENCE)
            self.assertTrue(whole(arrived()), arrived())
            return
        tried = ":%d" % server.ports[row.id]
        proc.wait_until(lambda: tried in client.stderr, "omrelp tells that it could not",
                        PATIENCE)
        self.assertEqual(arrived(), [])

    def test_a_client_without_certificate_and_openssl_checks_no_name(self):
        rows = {r.id: r for r in Certificates.rows}
        row = rows["server-only"]
        server = self.keep(tls_rsyslog.ImrelpTls(self.dir, self.path("arrived"), "openssl", {
            "in": imrelp_params(row, "openssl")}))
        other = {"permitted": ["other.test"]}
        client = self.keep(tls_rsyslog.OmrelpTls(self.dir, "openssl", {
            "without": (server.ports["in"], omrelp_params(row, "openssl", **other)),
            "with": (server.ports["in"], omrelp_params(rows["name"], "openssl", **other))}))
        datagrams(client.socket)
        arrived = lambda: b"\n".join(server.arrived().get("in", []))
        proc.wait_until(lambda: len(SEQ.findall(arrived())) >= N, "all arrived")
        client.wait_line("authentication error 'no permited name found")
        self.assertNotIn(b"with by", arrived().replace(b"without", b""))


class Openssl(MatrixCase):
    """s_server and s_client, with every kind of key, and every suite and group that we have."""

    def cells(self):
        return [(r, v) for r in Certificates.peers for v in tls_rsyslog.VERSIONS]

    def test_s_server(self):
        self.each(self.to_server, [(r, v, program) for r, v in self.cells()
                                   for program in ("send", "forward")])

    def test_an_rsa_server_in_tls_12_signs_with_what_we_can_check(self):
        """Found here: asked for PSS first, it took PSS, which Mbed TLS 3.6.6 calls illegal."""
        for row in Certificates.keys:
            if row.id.startswith("rsa-"):
                self.to_server(row, "1.2", "send")

    def test_s_client(self):
        self.each(self.from_client, [(r, v) for r, v in self.cells() if r.client_takes])

    def test_every_suite_and_group(self):
        cells = tls_matrix.openssl_options(Certificates.keys)
        self.each(lambda name, v, row, more: self.to_server(row, v, "send", more), cells)
        self.each(lambda name, v, row, more: self.from_client(row, v, more), cells)

    def to_server(self, row, version, program, more=()):
        client_ca = row.client.ca if row.client else row.server.ca
        with tls_openssl.Server(row.server, client_ca, version, row.asks, more) as server:
            if program == "send":
                done = self.send(row, server.port)
                code, said = done.code, done.stderr
            else:
                code, said = self.forward(row, "%s-%s" % (row.id, version), server.port)
            self.assertEqual(code, 0, said.decode(errors="replace") + server.said.decode())
            self.assertEqual(server.end(), 0)
            got = by_program(server.messages)
        self.assertEqual(list(got), [program.encode()])
        self.assertTrue(whole(got[program.encode()]), got)

    def from_client(self, row, version, more=()):
        path = self.path("received-%s-%s%s" % (row.id, version, "".join(more)))
        messages = [b"by=client " + m for m in MESSAGES]
        with proc.Receiver("--output", path, *row.recv_options()) as receiver, tls_openssl.Client(
                receiver.port, row.client, row.server.ca, version, messages, more) as client:
            code = client.end()
            told = receiver.stderr + client.said.decode(errors="replace")
        self.assertEqual(code, 0, told)
        self.assertEqual([data for _, _, data in client.answers[1:]], [b"200 OK"] * N + [b""], told)
        with open(path, "rb") as f:
            self.assertTrue(whole(by_program(f).get(b"client")), told)


class Table(case.Case):
    def test_the_table_is_what_is_tried(self):
        text = tls_matrix.document(Certificates.checks, Certificates.keys, Certificates.peers, N,
                                   versions() if os.environ.get("RELPBOX_WRITE_MATRIX") else "-")
        if os.environ.get("RELPBOX_WRITE_MATRIX"):
            with open(TABLE, "w", encoding="utf-8") as f:
                f.write(text)
        with open(TABLE, encoding="utf-8") as f:
            there = f.read()
        # by what it was made differs between machines
        made = lambda t: re.sub(r"(?m)^Made with .*$", "", t)
        self.assertEqual(made(there), made(text),
                         "out of date: RELPBOX_WRITE_MATRIX=1 tests/e2e/run tls_matrix")


def versions():
    """Of the parts on this machine, for the table."""
    def of(*argv, pattern=r"(\d+\.\d[\w.]*)"):
        out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        m = re.search(pattern, out.stdout.decode(errors="replace"))
        return m[1] if m else "?"
    package = lambda name: of("dpkg-query", "-W", "-f", "${Version}", name)
    return "rsyslog %s, librelp %s, GnuTLS %s and OpenSSL %s" % (
        of(rsyslog.available() or "rsyslogd", "-v"), package("librelp0"), package("libgnutls30"),
        of("openssl", "version"))


if __name__ == "__main__":
    unittest.main()

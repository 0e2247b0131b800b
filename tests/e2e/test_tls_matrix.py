# SPDX-License-Identifier: Apache-2.0
"""relpbox over TLS with the parts that it meets: imrelp and omrelp with both of their TLS
libraries, openssl s_server and s_client. Every cell of docs/TLS-MATRIX.md is tried here; with
RELPBOX_WRITE_MATRIX=1 the table is written anew, else it has to be what is tried."""

import concurrent.futures
import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

from relptest import case, proc, rsyslog, tls_matrix, tls_openssl, tls_rsyslog
from relptest.forward import relp_config
from relptest.pki import Pki
from relptest.tls_matrix import FROM, TO

N = 20
MESSAGES = [b"seq=%d a message" % n for n in range(1, N + 1)]
TABLE = os.path.join(case.ROOT, "docs", "TLS-MATRIX.md")
SEQ = re.compile(rb"by=(\w+) seq=(\d+) ")
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
        cls.rows = tls_matrix.checks(cls.pki) + tls_matrix.keys_and_chains(cls.pki)


def whole(numbers):
    """All of them, in order, each once."""
    return numbers == list(range(1, N + 1))


class MatrixCase(case.Case):
    def each(self, work, cells):
        """work(cell) for all of them, some at a time; each that failed is a failure of its own."""
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            jobs = [(cell, pool.submit(work, cell)) for cell in cells]
        for cell, job in jobs:
            with self.subTest(cell=" ".join(str(getattr(c, "id", c)) for c in cell)):
                job.result()

    def keep(self, process):
        self.addCleanup(process.__exit__, None, None, None)
        return process

    # --- relpbox as the client ----------------------------------------------------------

    def send(self, row, port, limit="10s"):
        """relp-send; which TLS version it saw stands in what it says of itself."""
        options = row.send_options() + ["--raw", "--timeout", limit, "-v"]
        return proc.run("relp-send", *options, "%s:%d" % (row.target, port),
                        stdin=b"".join(b"by=send " + m + b"\n" for m in MESSAGES))

    def forward(self, row, name, port):
        """forward, which ends by itself once all is acknowledged: (exit code or None, what it said)."""
        folder = self.path("forward-" + name)
        os.mkdir(folder)
        files = os.path.join(folder, "tls")
        os.mkdir(files)
        for source, target in ((row.server.ca, "ca.crt"), (row.client and row.client.cert, "tls.crt"),
                               (row.client and row.client.key, "tls.key")):
            if source:
                os.symlink(source, os.path.join(files, target))
        config = os.path.join(folder, "relp.yaml")
        policy = {"enabled": True, "secretReferenceName": "tls", "authMode": row.auth}
        if row.client_takes:
            policy["permittedPeer"] = row.client_takes
        with open(config, "w", encoding="utf-8") as f:
            f.write(relp_config(port, target=row.target, tls=policy))
        argv = [case.RELPBOX, "forward", "--config", config, "--tls-dir", files, "--input", "stdin",
                "--spool-dir", os.path.join(folder, "spool"), "--hostname", "node"]
        text = b"".join(b"<13>Nov 21 12:00:00 test: by=forward " + m + b"\n" for m in MESSAGES)
        try:
            done = subprocess.run(argv, input=text, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=20 * case.SLOW, check=False)
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


@needs_rsyslog
class ToImrelp(MatrixCase):
    def matrix(self, lib, version, rows):
        params = {r.id: tls_rsyslog.tls(lib, version=version, **r.rsyslog_server()) for r in rows}
        server = self.keep(tls_rsyslog.ImrelpTls(self.dir, self.path("arrived"), lib, params))
        self.each(lambda c: self.one(server, version, *c),
                  [(r, program) for r in rows for program in ("send", "forward")
                   if program == "send" or not r.reason(TO, lib)])

    def one(self, server, version, row, program):
        port = server.ports[row.id]
        if program == "send":
            done = self.send(row, port)
            code, said = done.code, done.stderr
        else:
            code, said = self.forward(row, row.id, port)
        said = "exit code %s\n%s\nrsyslogd said:\n%s" % (
            code, said.decode(errors="replace"), "\n".join(
                line for line in server.lines if "[%d]" % port in line))
        arrived = lambda: by_program(server.arrived().get(row.id, [])).get(program.encode(), [])
        if row.reason(TO, server.lib):
            self.assertNotEqual(code, 0, said)
            self.assertEqual(arrived(), [], said)
            return
        self.assertEqual(code, 0, said)
        proc.wait_until(lambda: len(arrived()) >= N, "all are in the file of rsyslogd\n" + said, 10)
        self.assertTrue(whole(arrived()), arrived())
        if program == "send":
            self.assertIn("TLS " + version, said)

    def test_gnutls_12(self):
        self.matrix("gnutls", "1.2", Certificates.rows)

    def test_gnutls_13(self):
        self.matrix("gnutls", "1.3", Certificates.rows)

    def test_openssl_12(self):
        self.matrix("openssl", "1.2", Certificates.rows)

    def test_openssl_13(self):
        self.matrix("openssl", "1.3", Certificates.rows)


@needs_rsyslog
class FromOmrelp(MatrixCase):
    """One relp-recv a row, in which all four omrelps end."""

    def test_all(self):
        rows = [r for r in Certificates.rows if r.reason(FROM, "gnutls") != "client-only"]
        receivers = {r.id: self.receiver_for(r) for r in rows}
        omrelps = []
        for lib in tls_rsyslog.LIBS:
            for version in tls_rsyslog.VERSIONS:
                actions = {}
                for r in rows:
                    name = "%s_%s_%s" % (r.id, lib, version.replace(".", ""))
                    actions[name] = (receivers[r.id].port, tls_rsyslog.tls(
                        lib, version=version, **r.rsyslog_client()), r.target)
                omrelps.append(self.keep(tls_rsyslog.OmrelpTls(
                    self.dir, lib, actions, "omrelp-%s-%s" % (lib, version))))
        for o in omrelps:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.connect(o.socket)
                for m in MESSAGES:
                    s.send(b"<13>Nov 21 20:51:31 prog: by=omrelp " + m)
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
        arrived = lambda: by_program(tls_rsyslog.read(receiver.output).get(name, [])).get(b"omrelp", [])
        if row.reason(FROM, omrelp.lib):
            # it has tried, and could not
            proc.wait_until(lambda: ":%d" % receiver.port in omrelp.stderr, "omrelp tells of it", 20)
            self.assertEqual(arrived(), [], said())
            return
        try:
            proc.wait_until(lambda: len(arrived()) >= N, "all are in the file of relp-recv", 15)
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, said())) from None
        self.assertTrue(whole(arrived()), arrived())


if __name__ == "__main__":
    unittest.main()

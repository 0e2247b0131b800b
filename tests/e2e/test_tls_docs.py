# SPDX-License-Identifier: Apache-2.0
"""docs/TLS.md: the commands that it has people type make certificates that work."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from relptest import proc

DOC = os.path.join(proc.TOP, "docs", "TLS.md")


def commands():
    """The one block of the page that is marked as shell."""
    with open(DOC, encoding="utf-8") as f:
        found = re.findall(r"^```sh\n(.*?)^```$", f.read(), re.M | re.S)
    assert len(found) == 1, found
    return found[0]


@unittest.skipUnless(shutil.which("openssl"), "there is no openssl")
class Certificates(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name

    def make(self, script):
        done = subprocess.run(["sh", "-eu"], input=script.encode(), cwd=self.dir, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def relpbox(self, *args):
        done = subprocess.run([os.path.abspath(proc.relpbox()), *args], cwd=self.dir,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=proc.LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        return done.stdout

    def try_them(self):
        server = proc.Process(
            [os.path.abspath(proc.relpbox()), "relp-recv", "--listen", "127.0.0.1:0",
             "--output", "log", "--tls", "--ca", "ca.crt", "--cert", "server.crt",
             "--key", "server.key", "--permitted-peer", "*.nodes.example.com"], cwd=self.dir)
        self.addCleanup(server.stop)
        port = server.wait_line(r"^listening on 127\.0\.0\.1:(\d+)").group(1)
        for peer in ("logs.example.com", "*.example.com", "log*.example.com"):
            self.relpbox("relp-send", "--tls", "--ca", "ca.crt", "--cert", "node.crt", "--key",
                         "node.key", "--permitted-peer", peer, "127.0.0.1:" + port, "to " + peer)
        with open(os.path.join(self.dir, "forward.yaml"), "w", encoding="utf-8") as f:
            f.write("apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1\n"
                    "kind: RsyslogRelpConfig\ntarget: 127.0.0.1\nport: %s\n"
                    "loggingRules:\n- severity: 7\ntls:\n  enabled: true\n" % port)
        self.relpbox("forward", "--check-config", "--config", "forward.yaml", "--tls-dir", "tls")
        self.relpbox("relp-send", "--from-config", "forward.yaml", "--tls-dir", "tls", "by its address")
        with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
            self.assertEqual(len(f.readlines()), 4)

    def test_as_they_stand(self):
        self.make(commands())
        self.try_them()

    def test_with_rsa(self):
        ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
        self.assertEqual(commands().count(ec), 3)
        self.make(commands().replace(ec, "-newkey rsa:2048"))
        self.try_them()


if __name__ == "__main__":
    unittest.main()

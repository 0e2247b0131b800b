# SPDX-License-Identifier: Apache-2.0
"""`relpbox forward` by TLS: files that come late, change and break; refusals of either side."""

import os
import re
import shutil
import ssl
import subprocess
import unittest

from relptest import proc, rsyslog
from relptest.case import Case, RELPBOX, SLOW, needs_root
from relptest.feed import Feeder, Held, Sender
from relptest.forward import Forward, relp_config
from relptest.imrelp import Imrelp
from relptest.pki import Pki
from relptest.tlsfront import TlsFront

OWN = """\
apiVersion: relpbox/v1alpha1
kind: Forward
tls: %s
rsyslogRelpConfig:
  target: 127.0.0.1
  port: %d
%s  loggingRules:
  - severity: 7
"""


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.pki = Pki(self.path("pki"))
        self.server = self.pki.server()
        self.node = self.pki.client("node")
        self.sender = None

    def front(self, ca=True, **how):
        """A receiver behind TLS; ca True: clients of the same CA alone."""
        r = self.receiver()
        r.front = TlsFront(self, r.port, self.server, self.server.ca if ca is True else ca, **how)
        return r

    def forward(self, port, cert=None, **how):
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        if "tls_dir" not in how:
            how["tls_dir"] = self.pki.tls_dir("dir", cert or self.node, self.server.ca)
        how.setdefault("rotate_within", "0")
        f = Forward(self, port, held=[held], **how)
        self.sender = Sender(held.path)
        self.addCleanup(self.sender.close)
        return f

    def send(self, count, first=1):
        self.sender.numbered("a", range(first, first + count))

    def lay(self, cert, ca=None):
        self.pki.tls_dir("dir", cert, ca or self.server.ca)

    def check(self, *args, text=None):
        path = self.write("c.yaml", text or relp_config(514))
        p = subprocess.run([RELPBOX, "forward", "--check-config", "--config", path, *args],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * SLOW)
        return p.returncode, p.stderr.decode()


class Delivery(Tls):
    def test_it_delivers_and_status_tells_of_it(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLS 1.2"), (ssl.TLSVersion.TLSv1_3, "TLS 1.3")):
            with self.subTest(name):
                self.setUp()
                r = self.front(version=version)
                f = self.forward(r.front.port).start()
                self.send(100)
                r.wait_distinct("a", 100)
                self.assert_exact(r, "a", 100)
                status = f.wait_empty()
                tls = status["tls"]
                self.assertEqual(tls["version"], name)
                self.assertRegex(tls["cipher"], "^TLS")
                self.assertEqual(tls["peer_subject"], "CN=server.test")
                self.assertEqual(tls["peer_fingerprint"], self.server.sha256)
                self.assertIn(tls["certificate_days_left"], (364, 365))
                self.assertRegex(tls["certificate_not_after"], r"^20\d\d-\d\d-\d\dT")
                self.assertRegex(tls["ca_not_after"], r"^20\d\d-\d\d-\d\dT")
                self.assertEqual(tls["files_trouble"], "")
                self.assertIsNone(tls["last_failure"])
                self.assertEqual(status["counts"]["tls_handshakes"], 1)
                self.assertEqual(r.front.shaken[0].client, self.node.sha256)
                self.assertTrue(f.said("by TLS"), f.talk())
                text = f.command("status").stdout.decode()
                self.assertIn("tls:        " + name, text)
                self.assertIn("CN=server.test, " + self.server.sha256, text)
                self.assertIn("our certificate ends 20", text)
                f.term()

    def test_plain_says_so(self):
        r = self.receiver()
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        f = Forward(self, r.port, held=[held]).start()
        self.assertIsNone(f.status()["tls"])
        self.assertIn("records are sent in plain", f.command("status").stdout.decode())
        f.term()

    def test_the_files_by_our_own_document(self):
        where = self.pki.tls_dir("dir", self.node, self.server.ca)
        single = "{ca: %s, cert: %s, key: %s}" % tuple(
            os.path.join(where, n) for n in ("ca.crt", "tls.crt", "tls.key"))
        for tls, more in (("{directory: %s, rotateWithin: 5m}" % where, ""),
                          (single, "  tls: {enabled: true}\n"),
                          ("{ca: %s}" % self.server.ca, "")):
            with self.subTest(tls):
                r = self.front(ca=None)
                f = Forward(self, 1, config=OWN % (tls, r.front.port, more), inputs=["stdin"],
                            stdin=subprocess.PIPE, notify=False,
                            spool=self.path("spool%d" % r.port))
                f.start(ready=False)
                f.process.stdin.write(b"<14>a: src=a seq=1\n")
                f.process.stdin.close()
                r.wait_stored(1)
                self.assertEqual(f.wait_exit(), 0, f.talk())

    def test_without_permitted_peer_the_name_of_the_target_counts(self):
        self.server = self.pki.server("other", san=["other.test"])
        r = self.front()
        f = self.forward(r.front.port).start()
        self.send(1)
        f.wait_said("wanted 127.0.0.1")
        self.assertEqual(f.status()["tls"]["last_failure"]["cause"], "peer-name")
        f.term()
        self.assertEqual(r.stored, 0)
        f.args += ["--permitted-peer", "*.test"]
        f.start()
        r.wait_stored(1)
        f.term()

    def test_a_fingerprint_needs_no_chain(self):
        self.server = self.pki.server("self", ca=None)
        r = self.front(ca=self.node.ca)
        f = self.forward(r.front.port, auth_mode="fingerprint", permitted_peer=self.server.sha1).start()
        self.send(10)
        r.wait_stored(10)
        f.term()
        self.assert_exact(r, "a", 10)

    def test_the_rest_is_drained_by_tls(self):
        r = self.front()
        f = self.forward(r.front.port).start()
        self.send(1)
        r.wait_stored(1)
        self.server = self.pki.server("bad", ca="bad-ca")
        r.front.use(self.server)
        r.front.break_all()
        f.wait_said("suspended")
        self.send(20, 2)
        f.wait_status(lambda s: s["spool"]["records"] >= 20)
        f.term()
        # the last good configuration was run with --tls-dir: never in plain
        p = f.command("spool", "drain")
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"forward ran with --tls-dir", p.stderr)
        # nor by the document that it ran by, which has no word of TLS
        p = f.command("spool", "drain", "--config", f.config)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"forward ran with --tls-dir", p.stderr)
        p = f.command("spool", "drain", "--tls-dir", self.path("no"))
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"No such file", p.stderr)
        r.front.use(self.pki.server(), self.node.ca)
        where = self.pki.path("dir")
        p = f.command("spool", "drain", "--tls-dir", where)
        self.assertEqual((p.returncode, p.stdout), (0, b"20 records were delivered\n"), p.stderr)
        self.assert_exact(r, "a", 21)


class Files(Tls):
    def test_files_that_are_missing_at_the_start_hold_up_the_delivery_alone(self):
        r = self.front()
        f = self.forward(r.front.port, tls_dir=self.pki.path("dir")).start()
        self.send(100)
        status = f.wait_status(lambda s: s["counts"]["taken"] >= 100)
        self.assertFalse(status["delivering"])
        self.assertIn("No such file", status["tls"]["files_trouble"])
        self.assertIn(self.pki.path("dir"), status["tls"]["files_trouble"])
        self.assertGreaterEqual(status["counts"]["tls_reload_failures"], 1)
        self.assertEqual(status["spool"]["records"], 100)
        self.assertRegex(f.talk(), "is suspended: TLS cannot be spoken: .*No such file")
        self.assertIn("No such file", f.wait_note("STATUS="))
        self.assertEqual(r.front.failures + r.front.shaken, [])
        # one after the other, as they come
        whole = self.pki.tls_dir("whole", self.node, self.server.ca)
        os.mkdir(self.pki.path("dir"))
        for name in ("tls.crt", "ca.crt", "tls.key"):
            shutil.copy(os.path.join(whole, name), self.pki.path("dir", ))
        r.wait_distinct("a", 100)
        f.wait_empty()
        self.assert_exact(r, "a", 100)
        self.assertTrue(f.said("works again"))
        f.term()

    def rotated(self, change, load=20000):
        """Under load change() makes other.* of the directory's; returns the forward."""
        r = self.front()
        f = self.forward(r.front.port).start()
        feeder = Feeder(self, self.path("in"), source="b", count=load, rate=10000)
        r.wait_distinct("b", load // 10)
        change()
        self.until(lambda: len(r.front.shaken) >= 2, 20, f.talk)
        feeder.wait()
        r.wait_distinct("b", load)
        self.assert_exact(r, "b", load)
        self.assertEqual(len(r.sequences["b"]), load, "duplicates")
        self.assertEqual([s.client for s in r.front.shaken], [self.node.sha256, self.other.sha256])
        counts = f.wait_empty()["counts"]
        self.assertEqual(counts["tls_reloads"], 1)
        self.assertEqual(counts["tls_renewals"], 1)
        self.assertEqual(counts["tls_handshakes"], 2)
        self.assertEqual(counts["failures"], 0)
        self.assertEqual(counts["resent"], 0)
        return f

    def test_new_files_are_used_without_a_restart_and_nothing_is_lost(self):
        self.other = self.pki.client("other")
        self.rotated(lambda: self.lay(self.other)).term()

    def test_a_link_that_points_elsewhere(self):
        self.other = self.pki.client("other")
        self.lay(self.node)
        mount = self.path("mount")
        os.mkdir(mount)
        for n, cert in (("1", self.node), ("2", self.other)):
            os.rename(self.pki.tls_dir("d" + n, cert, self.server.ca), os.path.join(mount, n))
        os.symlink("1", os.path.join(mount, "..data"))
        for n in ("ca.crt", "tls.crt", "tls.key"):
            os.symlink("..data/" + n, os.path.join(mount, n))

        def swap():
            os.symlink("2", os.path.join(mount, "..new"))
            os.rename(os.path.join(mount, "..new"), os.path.join(mount, "..data"))
        made = self.forward

        def forward(port):
            return made(port, tls_dir=mount)
        self.forward = forward
        self.rotated(swap).term()

    def test_a_half_written_pair_waits_for_its_other_half(self):
        r = self.front()
        f = self.forward(r.front.port).start()
        self.send(1)
        r.wait_stored(1)
        other = self.pki.client("other")
        shutil.copy(other.cert, self.pki.path("dir/tls.crt"))
        f.wait_status(lambda s: s["tls"]["files_trouble"])
        self.assertEqual(f.counts()["tls_reloads"], 0)
        r.front.break_all()
        self.send(1, 2)
        r.wait_stored(2)
        self.assertEqual(r.front.shaken[-1].client, self.node.sha256)
        shutil.copy(other.key, self.pki.path("dir/tls.key"))
        f.wait_status(lambda s: s["counts"]["tls_reloads"] == 1 and not s["tls"]["files_trouble"])
        self.until(lambda: r.front.shaken[-1].client == other.sha256)
        f.term()

    def test_a_broken_new_file_keeps_the_old_one_and_says_so(self):
        r = self.front()
        f = self.forward(r.front.port).start()
        self.send(1)
        r.wait_stored(1)
        with open(self.pki.path("dir/ca.crt"), "w", encoding="ascii") as file:
            file.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        status = f.wait_status(lambda s: s["tls"]["files_trouble"])
        self.assertIn("ca.crt", status["tls"]["files_trouble"])
        self.assertEqual(status["counts"]["tls_reload_failures"], 1)
        f.wait_said("ca.crt")
        self.assertIn("tls trouble: ", f.command("status").stdout.decode())
        r.front.break_all()
        self.send(1, 2)
        r.wait_stored(2)
        self.lay(self.node)
        f.wait_status(lambda s: not s["tls"]["files_trouble"])
        f.term()

    def test_another_ca_alone_renews_the_connection_too(self):
        r = self.front()
        f = self.forward(r.front.port).start()
        self.send(1)
        r.wait_stored(1)
        both = self.pki.file("both.crt", open(self.server.ca).read() + open(self.pki.ca("new").cert).read())
        shutil.copy(both, self.pki.path("dir/ca.crt"))
        self.until(lambda: len(r.front.shaken) == 2, 20, f.talk)
        self.assertEqual(f.counts()["tls_renewals"], 1)
        f.term()

    def test_a_key_that_others_may_read_is_told(self):
        r = self.front()
        f = self.forward(r.front.port)
        os.chmod(self.pki.path("dir/tls.key"), 0o644)
        f.start()
        self.assertRegex(f.talk(), "tls.key.*(read|others)")
        f.term()


class Refusals(Tls):
    def quiet(self, f, r, seconds=3):
        """It tries again with pauses, not in a loop."""
        before = f.counts()
        self.until(lambda: f.counts()["failures"] >= before["failures"] + 2, 30)
        self.assertLess(f.counts()["failures"], 30)
        self.assertEqual(r.stored, 0)

    def refused(self, r, f, cause, words, mend):
        f.start()
        self.send(50)
        status = f.wait_status(lambda s: s["tls"]["last_failure"])
        self.assertIn(status["tls"]["last_failure"]["cause"], cause, f.talk())
        self.quiet(f, r)
        self.assertRegex(f.talk(), words)
        self.assertEqual(f.talk().count(" is suspended: "), 1, f.talk())
        counts = f.counts()
        self.assertGreaterEqual(counts["tls_handshake_failures"], 3)
        self.assertEqual(f.status()["spool"]["records"], 50)
        mend()
        r.wait_distinct("a", 50)
        self.assert_exact(r, "a", 50)
        f.term()

    def test_a_receiver_of_another_ca_is_refused_until_it_is_mended(self):
        good, self.server = self.server, self.pki.server("bad", ca="bad-ca")
        r = self.front(ca=self.node.ca)
        f = self.forward(r.front.port, tls_dir=self.pki.tls_dir("dir", self.node))
        self.refused(r, f, ["peer-unknown-ca"], "suspended: .*CN=bad.test.*; [0-9]+ records wait",
                     lambda: r.front.use(good, self.node.ca))

    def test_our_certificate_is_refused_until_we_have_another(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                self.setUp()
                r = self.front(version=version)
                f = self.forward(r.front.port, self.pki.client("stranger", ca="strange"))
                self.refused(r, f, ["we-refused"], "suspended: .*refuse",
                             lambda: self.lay(self.node))

    def test_plain_against_tls_is_told(self):
        r = self.receiver()
        f = self.forward(r.port)
        f.start()
        self.send(1)
        status = f.wait_status(lambda s: s["tls"]["last_failure"])
        self.assertIn(status["tls"]["last_failure"]["cause"], ("plain-relp", "not-tls", "closed"))
        self.assertEqual(r.stored, 0)
        r.errors.clear()
        f.term()
        r.errors.clear()

    def test_a_silent_handshake_has_an_end(self):
        r = self.front()
        r.front.silent = True
        f = self.forward(r.front.port, fields={"timeout": 1}).start()
        self.send(5)
        f.wait_said("the handshake was not done within 1 s")
        self.assertEqual(f.status()["tls"]["last_failure"]["cause"], "timeout")
        f.wait_said("the handshake was not done within 1 s")
        r.front.silent = False
        r.wait_stored(5)
        f.term()


class Options(Tls):
    ENABLED = "tls: {enabled: true, secretReferenceName: s}\n"
    OFF = "tls: {enabled: false}\n"

    def test_what_does_not_go_together_is_refused(self):
        where = self.pki.tls_dir("dir", self.node)
        for text, args, words in (
                (self.ENABLED, [], "nothing says where the certificates are: --tls-dir"),
                (self.OFF, ["--tls-dir", where], "tls.enabled is false, but --tls-dir"),
                (self.OFF, ["--auth-mode", "name"], "--auth-mode is for TLS"),
                ("", ["--permitted-peer", "a"], "--permitted-peer is for TLS"),
                ("", ["--rotate-within", "1m"], "--rotate-within is for TLS"),
                ("", ["--tls-dir", ""], "--tls-dir is empty"),
                ("", ["--tls-dir", where, "--rotate-within", "x"], "--rotate-within takes a time"),
                ("", ["--tls-dir", where, "--auth-mode", "fingerprint"], "permittedPeer .*is needed"),
                ("", ["--tls-dir", where, "--permitted-peer", "SHA1:00"], "--permitted-peer"),
                ("tls: {enabled: true, authMode: fingerprint}\n", ["--tls-dir", where],
                 r"tls\.permittedPeer: Required"),
                ("tls: {enabled: true, authMode: fingerprint, permittedPeer: ['SHA1:0']}\n",
                 ["--tls-dir", where], r"tls\.permittedPeer\[0\]: Invalid"),
                ("tls: {permittedPeer: ['SHA1:" + 40 * "0" + "']}\n", ["--tls-dir", where],
                 "nobody is permitted")):
            with self.subTest(words):
                code, err = self.check(*args, text=relp_config(514) + text)
                self.assertIn(code, (1, 2))
                self.assertRegex(err, words)
                r = self.receiver()
                f = Forward(self, r.port, config=relp_config(r.port) + text, notify=False,
                            inputs=["stdin"])
                f.args += args
                f.start(ready=False)
                self.assertIn(f.wait_exit(), (1, 2))
                self.assertRegex(f.talk(), words)
                self.assertEqual(r.connects, 0)

    def test_tls_dir_with_a_document_that_does_not_mention_tls_is_tls(self):
        r = self.receiver()
        f = self.forward(r.port).start()
        self.send(1)
        f.wait_status(lambda s: s["tls"]["last_failure"])
        self.assertEqual(r.stored, 0)
        r.errors.clear()
        f.term()
        r.errors.clear()

    def test_check_config_reads_the_files(self):
        where = self.pki.tls_dir("dir", self.node)
        self.assertEqual(self.check("--tls-dir", where), (0, ""))
        code, err = self.check("--tls-dir", self.path("no"))
        self.assertEqual(code, 1)
        self.assertRegex(err, r"no/ca\.crt.*No such file")
        shutil.copy(self.server.key, self.pki.path("dir/tls.key"))
        code, err = self.check("--tls-dir", where)
        self.assertEqual(code, 1)
        self.assertIn("tls.key", err)
        os.truncate(self.pki.path("dir/tls.crt"), 100)
        code, err = self.check("--tls-dir", where)
        self.assertEqual(code, 1)
        self.assertIn("tls.crt", err)

    def test_check_config_warns_of_what_is_over(self):
        old = self.pki.client("old", ca=self.pki.ca("old-ca", days=(-20, -5)), days=(-10, -5))
        code, err = self.check("--tls-dir", self.pki.tls_dir("dir", old))
        self.assertEqual(code, 0)
        self.assertRegex(err, "(?i)tls.crt.*(expired|ended)")
        self.assertRegex(err, "ca.crt: CA certificate 1 is expired")
        where = self.pki.tls_dir("dir", self.node)
        os.chmod(self.pki.path("dir/tls.key"), 0o644)
        code, err = self.check("--tls-dir", where)
        self.assertEqual(code, 0)
        self.assertIn("tls.key", err)

    @needs_root
    def test_check_config_says_what_it_may_not_read_and_is_content(self):
        path = self.write("c.yaml", relp_config(514))
        p = subprocess.run([RELPBOX, "forward", "--check-config", "--config", path, "--tls-dir",
                            self.pki.tls_dir("dir", self.node)], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=30 * SLOW, user=65534)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertRegex(p.stderr, b"tls.key.*Permission denied.*not checked")

    def test_dry_run_needs_no_files(self):
        p = subprocess.run([RELPBOX, "forward", "--dry-run", "--config", self.write(
            "c.yaml", relp_config(514) + self.ENABLED)], input=b"<12>a: x\n",
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30 * SLOW)
        self.assertEqual((p.returncode, p.stderr), (0, b""))
        self.assertIn(b"loggingRules[0] takes it", p.stdout)


class LastGood(Tls):
    BROKEN = "tls: {enabled: true}\nx: [1, {\n"

    def after_good(self, text, config=None, **how):
        """A good one ran; now there is another document. Returns forward and receiver."""
        r = self.front()
        f = self.forward(r.front.port, config=config and config % r.front.port, **how).start()
        f.term()
        f.was = len(r.front.shaken)
        self.write("relp.yaml", text)
        return f, r

    def test_one_with_tls_stands_in_for_a_broken_one_with_a_trace_of_it(self):
        f, r = self.after_good(relp_config(1) + self.BROKEN)
        f.start()
        self.assertIn("last one that worked", f.status()["attention"])
        self.send(5)
        r.wait_stored(5)
        self.assertEqual(r.front.shaken[-1].client, self.node.sha256)
        f.term()

    def test_so_does_one_that_names_its_files(self):
        where = self.pki.tls_dir("dir", self.node)
        config = OWN.replace("%s", "{directory: %s}" % where, 1).replace("%s", "", 1)
        f, r = self.after_good(relp_config(1) + self.BROKEN, config, tls_dir=where)
        i = f.args.index("--tls-dir")
        del f.args[i:i + 2]
        i = f.args.index("--rotate-within")
        del f.args[i:i + 2]
        f.start()
        self.send(5)
        r.wait_stored(5)
        f.term()

    def test_one_that_ran_with_tls_by_an_option_does_not_stand_in_without_it(self):
        for text in (relp_config(1) + self.BROKEN, "x: [1, {\n"):
            with self.subTest(text):
                self.setUp()
                f, r = self.after_good(text)
                i = f.args.index("--tls-dir")
                del f.args[i:i + 2]
                i = f.args.index("--rotate-within")
                del f.args[i:i + 2]
                f.start(ready=False)
                self.assertEqual(f.wait_exit(), 1, f.talk())
                self.assertIn("not used", f.talk())
                self.assertEqual(len(r.front.shaken), f.was)


class WithRelpRecv(Tls):
    """Our own receiver, whose files change too."""

    def recv(self, *args):
        self.theirs = self.pki.tls_dir("recv", self.server)
        self.port = getattr(self, "port", None) or proc.free_port()
        self.out = self.path("arrived")
        p = self.spawn([RELPBOX, "relp-recv", "--listen", "127.0.0.1:%d" % self.port, "--raw",
                        "--output", self.out, "--append", "--tls", "--ca", self.theirs + "/ca.crt",
                        "--cert", self.theirs + "/tls.crt", "--key", self.theirs + "/tls.key",
                        *args], name="recv")
        proc.wait_for_port(self.port)
        return p

    def arrived(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, "rb") as f:
            return [int(n) for n in re.findall(rb"src=b seq=(\d+)", f.read())]

    def test_both_sides_have_new_files_under_load(self):
        self.recv("--permitted-peer", "*.test")
        f = self.forward(self.port).start()
        feeder = Feeder(self, self.path("in"), source="b", count=20000, rate=8000)
        self.until(lambda: len(self.arrived()) > 2000)
        self.pki.tls_dir("recv", self.pki.server("server2"))
        self.lay(self.pki.client("other"))
        f.wait_status(lambda s: s["counts"]["tls_renewals"] == 1)
        feeder.wait()
        f.wait_empty()
        self.assertEqual(self.arrived(), list(range(1, 20001)))
        self.assertEqual(f.counts()["failures"], 0)
        f.term()

    def test_it_refuses_us_and_is_told_otherwise(self):
        p = self.recv("--permitted-peer", "somebody.else")
        f = self.forward(self.port).start()
        feeder = Feeder(self, self.path("in"), source="b", count=100)
        status = f.wait_status(lambda s: s["tls"]["last_failure"])
        self.assertIn(status["tls"]["last_failure"]["cause"], ("we-refused", "we-dropped"))
        self.assertEqual(self.arrived(), [])
        feeder.wait()
        self.end(p)
        self.recv("--permitted-peer", "node.test")
        f.wait_empty()
        self.assertEqual(self.arrived(), list(range(1, 101)))
        f.term()


@unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")
class WithImrelp(Tls):
    def imrelp(self, lib, server=None, peers='"node.test", "other.test"', mode="name"):
        server = server or self.server
        return Imrelp(self, params='tls="on" tls.caCert="%s" tls.myCert="%s" tls.myPrivKey="%s" '
                      'tls.authMode="%s" tls.permittedPeer=[%s]' % (
                          self.node.ca, server.cert, server.key, mode, peers),
                      module='tls.tlslib="%s"' % lib).start()

    def test_a_rotation_into_a_real_imrelp(self):
        for lib in ("gnutls", "openssl"):
            with self.subTest(lib):
                self.setUp()
                i = self.imrelp(lib)
                f = self.forward(i.port).start()
                other = self.pki.client("other")
                feeder = Feeder(self, self.path("in"), source="b", count=5000, rate=5000)
                i.wait_distinct("b", 500)
                self.lay(other)
                f.wait_status(lambda s: s["counts"]["tls_handshakes"] == 2)
                feeder.wait()
                i.wait_distinct("b", 5000)
                f.wait_empty()
                self.assertEqual(len(i.records()), 5000)
                self.assertEqual(f.counts()["failures"], 0, f.talk())
                f.term()

    def test_our_certificate_is_refused_by_a_real_imrelp(self):
        for lib in ("gnutls", "openssl"):
            with self.subTest(lib):
                self.setUp()
                i = self.imrelp(lib, peers='"somebody.else"')
                f = self.forward(i.port).start()
                self.send(10)
                status = f.wait_status(lambda s: s["tls"]["last_failure"])
                self.assertIn(status["tls"]["last_failure"]["cause"], ("we-refused", "we-dropped"))
                self.until(lambda: f.counts()["failures"] >= 3)
                self.assertLess(f.counts()["failures"], 20)
                self.assertEqual(f.status()["spool"]["records"], 10)
                i.process.__exit__()
                i.params = i.params.replace("somebody.else", "node.test")
                i.start()
                i.wait_records(10)
                f.term()


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""relp-send as a doctor of TLS: what it shows, and which stage it blames for each way to fail."""

import json
import os
import re
import socket
import ssl
import subprocess
import threading
import unittest

from relptest import proc, pty_run, relp, rsyslog, tls_rsyslog
from relptest.case import Case
from relptest.forward import relp_config
from relptest.pki import Pki
from relptest.relp import CLOSE, OK, SERVERCLOSE, Server
from relptest.tlsfront import TlsFront

QUICK = ("--connect-timeout", "2s", "--timeout", "5s")


def json_of(result):
    return {o["stage"]: o for o in map(json.loads, result.stdout.decode().splitlines())}


class Doctor(Case):
    def setUp(self):
        super().setUp()
        self.pki = Pki(self.path("pki"))
        self.server = self.pki.server()
        self.client = self.pki.client()

    def front(self, cert=None, ca=None, upstream=None, version=None):
        if upstream is None:
            peer = Server()
            self.addCleanup(peer.stop)
            upstream = peer.port
        return TlsFront(self, upstream, cert or self.server, ca, version)

    def send(self, port, *args, host="127.0.0.1", ca=None, cert=None, timeout=QUICK):
        own = ["--cert", cert.cert, "--key", cert.key] if cert else []
        anchor = ["--ca", ca or self.server.ca] if ca is not False else []
        return proc.run("relp-send", *timeout, "--tls", *anchor, *own, *args, f"{host}:{port}")

    def stages(self, *args, code=0, **more):
        result = self.send(args[0], "--json", *args[1:], **more)
        self.assertEqual(result.code, code, (result, result.stdout))
        stages = json_of(result)
        self.assertEqual(stages["result"]["exit_code"], code)
        return stages

    def fails(self, stage, cause, code, port, *args, **more):
        """The stage that failed; those before it went well."""
        stages = self.stages(port, *args, code=code, **more)
        names = list(stages)
        self.assertEqual(names[-2], stage, stages)
        self.assertTrue(all(stages[n]["ok"] for n in names[:-2]))
        if cause:
            self.assertEqual(stages["tls"]["cause"], cause)
            self.assertIn("hint", stages[stage])
        return stages[stage]


class Shown(Doctor):
    def test_the_chain_and_what_was_agreed_on(self):
        middle = self.pki.intermediate()
        second = self.pki.server("second", ca=middle)
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLS 1.2"), (ssl.TLSVersion.TLSv1_3, "TLS 1.3")):
            with self.subTest(name):
                front = self.front(second, self.server.ca, version=version)
                tls = self.stages(front.port, cert=self.client, host="localhost")["tls"]
                self.assertEqual((tls["version"], tls["cause"]), (name, "good"))
                self.assertEqual(tls["server_name"], "localhost")
                self.assertEqual(tls["own_certificate"], "sent")
                leaf, above = tls["chain"]
                self.assertEqual((leaf["sha1"], leaf["sha256"]), (second.sha1, second.sha256))
                self.assertEqual(above["sha256"], middle.sha256)
                self.assertEqual((leaf["subject"], leaf["key"]), ("CN=second.test", "EC P-256"))
                self.assertEqual(leaf["issuer"], above["subject"])
                self.assertIn({"kind": "dns", "name": "second.test"}, leaf["names"])
                self.assertIn({"kind": "ip", "name": "127.0.0.1"}, leaf["names"])
                self.assertIn(leaf["days_left"], (364, 365))
                self.assertEqual((leaf["ca"], above["ca"]), (False, True))

    def test_a_fingerprint_can_be_pasted(self):
        front = self.front()
        text = self.send(front.port, "--quit-after", "tls").stdout.decode()
        for kind in ("SHA1", "SHA256"):
            shown = re.search(rf"^ +({kind}:[0-9A-F:]+)$", text, re.MULTILINE)[1]
            self.stages(front.port, "--auth-mode", "fingerprint", "--permitted-peer", shown, ca=False)

    def test_the_name_that_is_sent(self):
        names = []
        front = self.front()
        front.context.sni_callback = lambda sock, name, context: names.append(name)
        stages = self.stages(front.port, host="localhost")
        self.assertEqual(stages["tls"]["server_name"], "localhost")
        self.assertNotIn("server_name", self.stages(front.port)["tls"])
        self.assertEqual(names, ["localhost", None])

    def test_our_certificate(self):
        stages = self.stages(self.front().port, cert=self.client)
        self.assertEqual(stages["configuration"]["certificate"][0]["sha256"], self.client.sha256)
        self.assertEqual(stages["configuration"]["warnings"], [])
        self.assertEqual(stages["tls"]["own_certificate"], "not-asked")

    def test_a_key_that_others_may_read(self):
        os.chmod(self.client.key, 0o644)
        stages = self.stages(self.front().port, cert=self.client)
        self.assertRegex(stages["configuration"]["warnings"][0], "client.key")

    def test_the_transcript_shows_what_is_inside(self):
        result = self.send(self.front().port, "-v", "--quit-after", "open")
        self.assertEqual(result.code, 0, result)
        text = result.stdout.decode()
        self.assertRegex(text, "(?m)^~> 1 open ")
        self.assertRegex(text, "(?m)^<~ 1 rsp ")
        self.assertNotRegex(text, "(?m)^(->|<-)")

    def test_sizes_each_with_a_handshake(self):
        peer = Server(message=lambda n, m: SERVERCLOSE if len(m) > 16384 else OK)
        self.addCleanup(peer.stop)
        front = self.front(ca=self.server.ca, upstream=peer.port)
        stages = self.stages(front.port, "--probe-size", code=17, cert=self.client)
        self.assertEqual([z["result"] for z in stages["messages"]["sizes"]],
                         ["accepted"] * 6 + ["session closed"] * 3)
        self.assertEqual(len(front.shaken), 4)

    def test_quit_after_tls_opens_no_session(self):
        peer = Server()
        self.addCleanup(peer.stop)
        stages = self.stages(self.front(upstream=peer.port).port, "--quit-after", "tls")
        self.assertEqual(list(stages), ["configuration", "dns", "tcp", "tls", "result"])
        self.assertEqual(peer.opens, 0)

    def test_what_a_certificate_says_is_escaped(self):
        evil = "\x1b[31m\x07\u009b2J\u202e\nhint: all is well"
        cert = self.pki.leaf("evil", cn=evil, san=[b"a\x1b[2Jb.test", "IP:127.0.0.1"])
        front = self.front(cert)
        for how in (["-v"], ["--json"], ["--quit-after", "tls"]):
            for good in (True, False):
                args = [*how, "--auth-mode", "fingerprint", "--permitted-peer",
                        cert.sha256 if good else self.server.sha256]
                result = self.send(front.port, *args, ca=False)
                self.assertEqual(result.code, 0 if good else 13, result)
                code, shown = pty_run.run("relp-send", "--tls", *args, f"127.0.0.1:{front.port}")
                self.assertEqual(code, result.code)
                for text in (result.stdout, result.stderr, shown):
                    self.assertNotRegex(text, rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2\x9b|\xe2\x80\xae")
                    self.assertNotRegex(text, rb"(?m)^hint: all is well")
                self.assertIn(rb"[31m", result.stdout)


class Refused(Doctor):
    """The other side is not who it should be: 13."""

    def check(self, cert, cause, *args, **more):
        tls = self.fails("tls", cause, 13, self.front(cert).port, *args, **more)
        self.assertEqual(tls["chain"][0]["sha256"], cert.sha256)
        return tls

    def test_another_ca(self):
        self.check(self.pki.server("other", ca="other-ca"), "peer-unknown-ca")

    def test_another_name(self):
        tls = self.check(self.server, "peer-name", "--permitted-peer", "log.example.com")
        self.assertEqual(tls["wanted"], "log.example.com")
        self.assertIn("server.test", tls["is"])

    def test_another_fingerprint(self):
        tls = self.check(self.server, "peer-fingerprint", "--auth-mode", "fingerprint",
                         "--permitted-peer", self.client.sha1, ca=False)
        self.assertEqual(tls["wanted"], self.client.sha1)

    def test_expired(self):
        tls = self.check(self.pki.server("old", days=(-20, -10)), "peer-expired")
        self.assertIn(tls["chain"][0]["days_left"], (-10, -11))

    def test_not_yet_valid(self):
        self.check(self.pki.server("soon", days=(10, 20)), "peer-not-yet-valid")

    def test_it_says_so_in_words(self):
        result = self.send(self.front().port, "--permitted-peer", "log.example.com", "--quit-after", "tls")
        text = result.stdout.decode()
        self.assertRegex(text, r"(?m)^tls +FAIL .*log.example.com")
        self.assertRegex(text, r"(?m)^        wanted: log.example.com\n        is:     .*server.test")
        self.assertRegex(text, r"(?m)^result +FAIL .*exit code 13: the receiver is not who it should be")


class Broken(Doctor):
    """No TLS, or our certificate was refused: 12."""

    def test_our_certificate_is_refused(self):
        other = self.pki.client("other", ca="other-ca")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            front = self.front(ca=self.server.ca, version=version)
            self.fails("tls", "we-refused", 12, front.port, cert=other)
            self.fails("tls", "we-refused", 12, front.port)

    def test_dropped_after_the_handshake(self):
        """As OpenSSL's imrelp does: a good handshake, and then a bare serverclose; or the end."""
        for action in (SERVERCLOSE, CLOSE):
            peer = Server(open=action)
            self.addCleanup(peer.stop)
            front = self.front(ca=self.server.ca, upstream=peer.port)
            tls = self.fails("tls", "we-dropped", 12, front.port, cert=self.client)
            self.assertIn("client certificate", tls["seen"])

    def test_without_any_certificate_of_ours_it_is_open_that_failed(self):
        peer = Server(open=CLOSE)
        self.addCleanup(peer.stop)
        self.fails("open", None, 17, self.front(upstream=peer.port).port)

    def test_anonymous_only(self):
        port = proc.free_port()
        self.spawn(["openssl", "s_server", "-quiet", "-nocert", "-cipher", "aNULL@SECLEVEL=0", "-tls1_2",
                    "-port", str(port)], stdin=subprocess.DEVNULL)
        proc.wait_for_port(port)
        self.fails("tls", "nothing-common", 12, port)

    def test_silent_in_the_handshake(self):
        front = self.front()
        front.silent = True
        tls = self.fails("tls", None, 12, front.port, timeout=("--timeout", "500ms"))
        self.assertIn("handshake", tls["seen"])
        self.assertIs(tls["probe_speaks_relp"], False)

    def test_closes_in_the_handshake(self):
        with Server(connect=CLOSE) as peer:
            tls = self.fails("tls", None, 12, peer.port)
        self.assertIs(tls["probe_speaks_relp"], False)

    def test_not_tls(self):
        with Server(connect=b"SSH-2.0-OpenSSH_9.2\r\n") as peer:
            self.fails("tls", "not-tls", 12, peer.port)

    def test_plain_relp(self):
        """relp-recv answers a hello with words of RELP, librelp too."""
        with proc.Receiver() as receiver:
            tls = self.fails("tls", None, 12, receiver.port)
            self.assertIn("plain RELP", tls["seen"])

    def test_plain_relp_that_says_nothing_to_a_hello(self):
        """Only a second connection tells."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            for _ in range(2):
                sock, _ = listener.accept()
                with sock:
                    data = sock.recv(65536)
                    if data.startswith(b"1 open"):
                        sock.sendall(relp.frame(1, b"rsp", b"200 OK\n" + relp.OFFERS))
                        sock.recv(65536)
                        sock.sendall(relp.frame(2, b"rsp"))

        threading.Thread(target=serve, daemon=True).start()
        tls = self.fails("tls", None, 12, listener.getsockname()[1])
        self.assertIn("this port speaks plain RELP", tls["seen"])
        self.assertIs(tls["probe_speaks_relp"], True)

    def test_tls_where_plain_was_spoken(self):
        front = self.front()
        result = proc.run("relp-send", *QUICK, "--json", f"127.0.0.1:{front.port}")
        stages = json_of(result)
        self.assertEqual(result.code, 14, result)
        self.assertIn("this port speaks TLS", stages["open"]["seen"])

    def test_tls_that_drops_a_plain_open_silently(self):
        """Only a second connection tells."""
        front = self.front()
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve():
            sock, _ = listener.accept()
            sock.close()
            sock, _ = listener.accept()
            with sock, socket.create_connection(("127.0.0.1", front.port)) as up:
                up.sendall(sock.recv(65536))
                sock.sendall(up.recv(65536))

        threading.Thread(target=serve, daemon=True).start()
        result = proc.run("relp-send", *QUICK, "--json", f"127.0.0.1:{listener.getsockname()[1]}")
        stages = json_of(result)
        self.assertEqual(result.code, 14, result)
        self.assertIs(stages["open"]["probe_speaks_tls"], True)
        self.assertIn("a TLS ServerHello", proc.run("relp-send", *QUICK, "--quit-after", "open",
                      f"127.0.0.1:{self.silent_tls()}").stdout.decode())

    def silent_tls(self):
        """A port that answers a plain open with nothing, and a hello with a ServerHello."""
        front = self.front()
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        held = []

        def serve():
            sock, _ = listener.accept()
            held.append(sock)
            sock, _ = listener.accept()
            with sock, socket.create_connection(("127.0.0.1", front.port)) as up:
                up.sendall(sock.recv(65536))
                sock.sendall(up.recv(65536))

        self.addCleanup(lambda: [s.close() for s in held])
        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]


class Files(Doctor):
    """What is wrong with our own files is a matter of the configuration: 2."""

    def check(self, words, *args):
        result = proc.run("relp-send", "--tls", *args, "--json", f"127.0.0.1:{proc.free_port()}")
        stages = json_of(result)
        self.assertEqual(result.code, 2, result)
        self.assertEqual(list(stages), ["configuration", "result"])
        self.assertRegex(stages["configuration"]["seen"], words)

    def test_they_are_not_there(self):
        self.check("/nonexistent", "--ca", "/nonexistent")

    def test_the_key_of_another(self):
        self.check("key", "--ca", self.server.ca, "--cert", self.client.cert, "--key", self.server.key)

    def test_cut_off(self):
        with open(self.client.cert, "rb") as f:
            path = self.write("cut.crt", f.read()[:300])
        self.check("cut.crt", "--ca", self.server.ca, "--cert", path, "--key", self.client.key)


class FromConfig(Doctor):
    def conf(self, port, tls="  enabled: true\n  secretReferenceName: x\n"):
        return self.write("relp.yaml", relp_config(port) + "tls:\n" + tls)

    def run_with(self, port, *args, **more):
        directory = self.pki.tls_dir("dir", self.client, self.server.ca)
        return proc.run("relp-send", "--from-config", self.conf(port, **more), "--tls-dir", directory,
                        "--json", *args)

    def test_as_forward_would(self):
        front = self.front(ca=self.server.ca)
        result = self.run_with(front.port)
        self.assertEqual(result.code, 0, (result, result.stdout))
        stages = json_of(result)
        self.assertEqual(stages["configuration"]["auth_mode"], "name")
        self.assertEqual(front.shaken[0].client, self.client.sha256)

    def test_files_that_the_document_names(self):
        front = self.front(ca=self.server.ca)
        path = self.write("forward.yaml", f"""\
apiVersion: relpbox/v1alpha1
kind: Forward
tls: {{ca: {self.server.ca}, cert: {self.client.cert}, key: {self.client.key}}}
rsyslogRelpConfig:
  target: 127.0.0.1
  port: {front.port}
  loggingRules:
  - severity: 7
""")
        result = proc.run("relp-send", "--from-config", path, "--json")
        self.assertEqual(result.code, 0, (result, result.stdout))
        self.assertEqual(json_of(result)["configuration"]["key"], self.client.key)
        self.assertEqual(front.shaken[0].client, self.client.sha256)

    def test_its_permitted_peer(self):
        tls = "  enabled: true\n  secretReferenceName: x\n  authMode: %s\n  permittedPeer: ['%s']\n"
        front = self.front()
        for mode, peer, code in (("name", "server.test", 0), ("name", "other.test", 13),
                                 ("fingerprint", self.server.sha1, 0), ("fingerprint", self.client.sha1, 13)):
            result = self.run_with(front.port, tls=tls % (mode, peer))
            self.assertEqual(result.code, code, (mode, peer, result.stdout))

    def test_options_go_over_it(self):
        front = self.front()
        self.assertEqual(self.run_with(front.port, "--permitted-peer", "other.test").code, 13)
        self.assertEqual(self.run_with(front.port, "--auth-mode", "fingerprint", "--permitted-peer",
                                       self.server.sha1).code, 0)


@unittest.skipUnless(rsyslog.available(), "no rsyslog with imrelp")
class RealReceivers(Doctor):
    def start(self, lib, **inputs):
        daemon = tls_rsyslog.ImrelpTls(self.dir, self.path("arrived-" + lib), lib, inputs)
        self.addCleanup(daemon.__exit__)
        return daemon

    def test_imrelp(self):
        """Good, and refused in each of the silent ways."""
        other = self.pki.client("other", ca="other-ca")
        unwanted = self.pki.client("unwanted")
        for lib in tls_rsyslog.LIBS:
            daemon = self.start(lib, mutual=tls_rsyslog.tls(
                lib, **tls_rsyslog.identity(self.server), auth="name", permitted=["client.test"]))
            port = daemon.ports["mutual"]
            with self.subTest(lib):
                stages = self.stages(port, "--count", "10", cert=self.client)
                self.assertEqual(stages["messages"]["acknowledged"], 10)
                for cert in (other, unwanted, None):
                    tls = self.fails("tls", None, 12, port, cert=cert)
                    self.assertIn(tls["cause"], ("we-refused", "we-dropped"))
                self.fails("tls", "peer-name", 13, port, "--permitted-peer", "x", cert=self.client)
                result = proc.run("relp-send", *QUICK, "--json", f"127.0.0.1:{port}")
                self.assertEqual(result.code, 14, result)
                self.assertIn("this port speaks TLS", json_of(result)["open"]["seen"])

    def test_imrelp_in_plain(self):
        for lib in tls_rsyslog.LIBS:
            daemon = self.start(lib, plain="")
            tls = self.fails("tls", None, 12, daemon.ports["plain"])
            self.assertIn("plain RELP", tls["seen"])

    def test_what_arrives_of_each_size(self):
        """An imrelp as it comes cuts and says 200; the command that is printed shows it."""
        daemon = self.start("gnutls", plain="")
        result = proc.run("relp-send", "--probe-size", f"127.0.0.1:{daemon.ports['plain']}")
        self.assertEqual(result.code, 0, result)
        text = result.stdout.decode()
        self.assertEqual(len(re.findall(r"(?m)^ +\d+ bytes  accepted", text)), 9)
        command = re.search(r"(?m)^ +(awk .*) FILE$", text)[1]
        proc.wait_until(lambda: len(daemon.arrived().get("plain", ())) == 9, "all sizes arrived")
        shown = subprocess.run(["sh", "-c", f"{command} {daemon.output}"], capture_output=True, check=True)
        self.assertEqual(shown.stdout.decode().splitlines(), [
            "size=1024 whole", "size=2048 whole", "size=4096 whole", "size=8096 whole", "size=8192 CUT",
            "size=16384 CUT", "size=32768 CUT", "size=65536 CUT", "size=131072 CUT"])


if __name__ == "__main__":
    unittest.main()

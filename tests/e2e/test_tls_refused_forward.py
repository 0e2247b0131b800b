# SPDX-License-Identifier: Apache-2.0
"""forward and receivers that it has to refuse, or that refuse it: one clear line
(testdata/tls/refused/forward), ever longer pauses instead of a tight loop, all is kept, and
delivered once the cause is mended. All of them run at the same time: they mostly wait.
"""

import concurrent.futures
import re
import time
import unittest

from relptest import golden, relp
from relptest import tls_peers as peers
from relptest.case import Case, SLOW
from relptest.feed import Held, Sender
from relptest.forward import Forward
from relptest.pki import Pki
from relptest.tls_peers import RawServer, TlsServer, context

RECORDS = 50
WATCHED = 5  # s; full jitter: 0 to 1 s, then to 2 s, to 4 s, ...
TRIES = 12  # in that time, at the most: half of them would have to be drawn from near 0
HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"

# name: (words, the receiver as it should not be)
CASES = {
    "wrong-ca": ("issued by .*CA other", lambda p: TlsServer(context(
        True, p.server("other-ca", ca="other", cn="server.test")))),
    "wrong-name": ("wanted server.test.*logs.test", lambda p: TlsServer(context(
        True, p.server("logs")))),
    "expired": ("expired on", lambda p: TlsServer(context(
        True, p.server("expired", cn="server.test", days=(-20, -10))))),
    "self-signed": ("signed by itself", lambda p: TlsServer(context(
        True, p.server("self", cn="server.test", ca=None)))),
    "refuses-us": ("refuses our certificate", lambda p: TlsServer(context(
        True, p.server(), ca=p.ca("other").cert))),
    "drops-us": ("dropped us", lambda p: TlsServer(context(
        True, p.server(), ca=p.ca().cert), open=relp.CLOSE)),
    "serverclose": ("dropped us", lambda p: TlsServer(context(
        True, p.server(), ca=p.ca().cert), open=relp.SERVERCLOSE)),
    "anonymous-only": ("in common", lambda p: TlsServer(context(True, anonymous=True))),
    "plain-relp": ("speaks plain RELP", lambda p: peers.PlainServer()),
    "http": ("not speak TLS", lambda p: RawServer(peers.say(HTTP))),
    "closed-at-once": ("closed the connection", lambda p: RawServer(peers.say())),
    "reset-at-once": ("reset", lambda p: RawServer(peers.say(then="reset"))),
    "garbage-after": ("not a RELP frame", lambda p: TlsServer(context(
        True, p.server()), connect=HTTP)),
}


class One(Case):
    """One forward and its receiver, in a folder of its own; not collected as a test."""

    def prepare(self, name, pki, server):
        self.name, self.server = name, server
        held = Held(self.path("in"))
        self.addCleanup(held.close)
        self.sender = Sender(held.path)
        self.addCleanup(self.sender.close)
        self.forward = Forward(self, server.port, held=[held], rotate_within="0",
                               fields={"tls": {"enabled": True, "authMode": "name",
                                               "permittedPeer": ["server.test"]}},
                               tls_dir=pki.tls_dir("dir-" + name, pki.client(), pki.ca().cert))

    def failures(self, words):
        return [line for line in self.forward.talk().splitlines() if "suspended" in line and re.search(words, line)]


class Refused(Case):
    def test_all_is_kept_and_tried_again_in_good_time(self):
        pki = Pki(self.path("pki"))
        pki.server()
        runs = {}
        for name, (_, serve) in CASES.items():
            one = One()
            one.setUp()
            self.addCleanup(one.doCleanups)
            server = serve(pki)
            self.addCleanup(lambda s=server: s.stop())
            one.prepare(name, pki, server)
            runs[name] = one
        with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
            jobs = {n: pool.submit(self.refused, r, pki, CASES[n][0]) for n, r in runs.items()}
        for name, job in jobs.items():
            with self.subTest(name):
                job.result()

    def refused(self, one, pki, words):
        f = one.forward.start()
        one.sender.numbered("a", range(1, RECORDS + 1))
        one.until(lambda: one.failures(words), 15, lambda: "%s: a line with %r; it said:\n%s" % (
            one.name, words, f.talk()))
        begin = one.server.sessions
        cpu = f.cpu_seconds()
        time.sleep(WATCHED)
        tries = one.server.sessions - begin
        self.assertLessEqual(tries, TRIES, one.name)
        self.assertLess(f.cpu_seconds() - cpu, 0.5 * SLOW, one.name)
        # the rest of the outage is told by its length, at its end
        self.assertEqual(len(one.failures(words)), 1, f.talk())
        status = f.status()
        self.assertEqual(status["spool"]["records"], RECORDS, one.name)
        self.assertRegex(status["last_error"]["text"], words)
        self.assertEqual([m for m in getattr(one.server, "messages", [])], [])
        # how many wait depends on which came first, the records or the refusal
        line = re.sub(r"; \d+ records? waits?$", "", one.failures(words)[0])
        golden.check(self, "tls/refused/forward/" + one.name, line + "\n")
        self.mend(one, pki)

    @staticmethod
    def good(pki, port):
        try:
            return TlsServer(context(True, pki.server(), ca=pki.ca().cert), port=port)
        except OSError:
            return None

    def mend(self, one, pki):
        one.server.stop()
        with one.until(lambda: self.good(pki, one.server.port), 10, "the port is free again") as good:
            one.until(lambda: len(good.accepted) >= RECORDS, 60, lambda: "%s: delivery" % one.name)
            one.forward.wait_empty()
            numbers = [int(re.search(rb"seq=(\d+)", m)[1]) for m in good.accepted]
            self.assertEqual(numbers, list(range(1, RECORDS + 1)), one.name)
            one.forward.term()


del Case  # so that it is not collected here

if __name__ == "__main__":
    unittest.main()

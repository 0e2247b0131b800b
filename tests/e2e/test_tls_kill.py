# SPDX-License-Identifier: Apache-2.0
"""The core's tests of kills and of full spools once more, over TLS."""

import unittest

import test_delivery
import test_full
import test_kill
import test_unwanted
from relptest import over_tls, rsyslog, tls_rsyslog
from relptest.case import long
from relptest.feed import Feeder
from relptest.forward import Forward
from relptest.imrelp import Imrelp
from relptest.over_tls import OverTls


class Forwarder(OverTls, test_kill.Forwarder):
    pass


class Restarts(OverTls, test_kill.Restarts):
    pass


class TheReceiver(OverTls, test_kill.TheReceiver):
    pass


class RealOne(OverTls, test_kill.RealOne):
    pass


@unittest.skipUnless(rsyslog.available(), "no rsyslogd with imrelp and omrelp")
class RealImrelp(OverTls, test_kill.Kill):
    """rsyslogd killed and started again under load; it writes before it acknowledges."""

    def killed(self, lib):
        server = over_tls.pki().server()
        r = Imrelp(self, tls_rsyslog.tls(lib, server.ca, server.cert, server.key, "name",
                                         ["client.test"]),
                   ruleset='queue.type="Direct"', module='tls.tlslib="%s"' % lib).start()
        f = Forward(self, r.port, held=[self.held]).start()
        feeder = Feeder(self, self.held.path, rate=4000)
        for _ in range(3):
            more = len(r.load().get("a", ())) + 1000
            self.until(lambda: len(r.load().get("a", ())) > more, what="more records")
            r.kill()
            r.start()
        n = feeder.stop()
        s = f.wait_empty(60)
        r.wait_distinct("a", n)
        self.assert_exact(r, "a", n, breaks=3)
        self.assertEqual(s["counts"]["set_aside"], 0)
        self.assertGreaterEqual(s["counts"]["tls_handshakes"], 4)
        f.term()

    def test_with_gnutls(self):
        self.killed("gnutls")

    def test_with_openssl(self):
        self.killed("openssl")


class Rebind(OverTls, test_delivery.Rebind):
    pass


class Full(OverTls, test_full.Plain):
    pass


@long
class Rate(OverTls, test_delivery.Rate):
    pass


@long
class GivingUp(OverTls, test_delivery.GivingUp):
    pass


@long
class Sizes(OverTls, test_delivery.Sizes):
    pass


@long
class Unwanted(OverTls, test_unwanted.Unwanted):
    pass


@long
class Ill(OverTls, test_unwanted.Ill):
    pass


if __name__ == "__main__":
    unittest.main()

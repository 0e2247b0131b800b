# SPDX-License-Identifier: Apache-2.0
"""The core's tests of kills and of full spools once more, over TLS."""

import unittest

import test_delivery
import test_full
import test_kill
import test_unwanted
from relptest.case import long
from relptest.over_tls import OverTls


class Forwarder(OverTls, test_kill.Forwarder):
    pass


class Restarts(OverTls, test_kill.Restarts):
    pass


class TheReceiver(OverTls, test_kill.TheReceiver):
    pass


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

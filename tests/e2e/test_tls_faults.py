# SPDX-License-Identifier: Apache-2.0
"""The core's tests of faults once more, over TLS: what fails there is to fail here as well."""

import ssl
import unittest

import test_disk
import test_faults
from relptest.case import long
from relptest.over_tls import OverTls


class Away(OverTls, test_faults.Away):
    SILENT, ENDED = "handshake", "right after the TLS handshake"


@long
class AwayByTls12(Away):
    tls_version = ssl.TLSVersion.TLSv1_2


class Breaking(OverTls, test_faults.Breaking):
    pass


class Addresses(OverTls, test_disk.Addresses):
    SERVER = "receiver"  # whose certificate has the name that these ask for


@long
class Enospc(OverTls, test_disk.Enospc):
    pass


@long
class Failing(OverTls, test_disk.Failing):
    pass


@long
class Dns(OverTls, test_disk.Dns):
    SERVER = "receiver"


if __name__ == "__main__":
    unittest.main()

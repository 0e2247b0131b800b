#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/fuzz/tls_keys.h: keys and certificates for the TLS harnesses.

They are checked in, because a fuzzer's finding must stay one; so they are valid
from 2000 to 9999, and of use to nobody. Run it again only when the corpora in
testdata/fuzz/tls_* are made anew too.
"""

import datetime
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from relptest.pki import Pki  # noqa: E402

FROM = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
DAYS = (0, (datetime.datetime(9999, 12, 31, tzinfo=datetime.timezone.utc) - FROM).days)


def text(name, path):
    with open(path, encoding="ascii") as f:
        lines = "".join('\t"%s\\n"\n' % line for line in f.read().splitlines())
    return "static const char %s[] =\n%s;\n" % (name, lines.rstrip("\n"))


def main():
    out = ["// SPDX-License-Identifier: Apache-2.0",
           "/* Made by make_tls_keys.py: known to everybody, for the fuzz harnesses alone. */",
           "#ifndef FUZZ_TLS_KEYS_H", "#define FUZZ_TLS_KEYS_H", ""]
    with tempfile.TemporaryDirectory() as folder:
        pki = Pki(folder)
        pki.now = FROM
        ca = pki.ca("ca", days=DAYS)
        middle = pki.intermediate("middle", days=DAYS)
        out.append(text("key_ca", ca.cert))
        for name, kind in (("ec", "ec"), ("rsa", "rsa")):
            for side in ("client", "server"):
                cert = pki.leaf("%s_%s" % (side, name), cn=side + ".test", key=kind, days=DAYS,
                                ca=middle if kind == "rsa" else "ca")
                out.append(text("key_%s_cert" % cert.name, cert.cert))
                out.append(text("key_%s_key" % cert.name, cert.key))
                out.append("static const char key_%s_sha256[] =\n\t\"%s\";\n"
                           % (cert.name, cert.sha256))
    out.append("#endif\n")
    with open(os.path.join(HERE, "tls_keys.h"), "w", encoding="ascii") as f:
        f.write("\n".join(out))


main()

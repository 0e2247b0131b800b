# SPDX-License-Identifier: Apache-2.0
"""What test_tls_matrix.py tries: certificates and checks (rows), programs of rsyslog (columns),
what of it rsyslog cannot do (reasons), and the table of it all as docs/TLS-MATRIX.md shows it."""

from dataclasses import dataclass, field

from relptest.tls_rsyslog import LIBS, VERSIONS

SERVER, CLIENT = "log.example.test", "node1.nodes.example.test"
TO, FROM = "to", "from"  # relpbox sends to imrelp, relpbox receives from omrelp
WAYS = [(d, lib, v) for d in (TO, FROM) for lib in LIBS for v in VERSIONS]
LIB_NAMES = {"gnutls": "GnuTLS", "openssl": "OpenSSL"}


@dataclass
class Row:
    """One set-up of both sides. server_takes, client_takes: permittedPeer of that side."""

    id: str
    title: str
    server: object
    client: object  # None: it has no certificate
    auth: str = "name"
    server_takes: list = field(default_factory=list)
    client_takes: list = field(default_factory=list)
    asks: bool = True  # the server wants a certificate of the client
    target: str = "127.0.0.1"  # what the client connects to
    rsyslog_auth: str = None  # imrelp's and omrelp's authMode, where it is called otherwise
    trusted: bool = True  # rsyslog is given the other side's CA
    cannot: dict = field(default_factory=dict)  # {(direction, lib): reason}
    notes: dict = field(default_factory=dict)  # {(direction, lib): note}: it works, but

    def reason(self, direction, lib):
        return self.cannot.get((direction, lib))

    def rsyslog_server(self, ca=None):
        """The arguments of tls_rsyslog.tls() for imrelp, without library and version. ca: see
        bundle()."""
        own = self.client.ca if self.client else self.server.ca
        return {"ca": ca or (own if self.trusted else None),
                "cert": self.server.cert, "key": self.server.key,
                "auth": (self.rsyslog_auth or self.auth) if self.asks else None,
                "permitted": self.server_takes if self.asks else ()}

    def rsyslog_client(self, ca=None):
        own = {"cert": self.client.cert, "key": self.client.key} if self.client else {}
        return {"ca": ca or (self.server.ca if self.trusted else None),
                "auth": self.rsyslog_auth or self.auth,
                "permitted": self.client_takes, **own}

    def send_options(self):
        """Of relp-send."""
        out = ["--tls"]
        if self.client:
            out += ["--cert", self.client.cert, "--key", self.client.key]
        if self.auth == "name":
            out += ["--ca", self.server.ca]
        return out + self._policy(self.client_takes)

    def recv_options(self):
        """Of relp-recv."""
        out = ["--tls", "--cert", self.server.cert, "--key", self.server.key]
        if not self.asks:
            return out + ["--allow-no-client-cert"]
        if self.auth == "name":
            out += ["--ca", self.client.ca]
        return out + self._policy(self.server_takes)

    def _policy(self, permitted):
        out = ["--auth-mode", self.auth]
        for p in permitted:
            out += ["--permitted-peer", p]
        return out


REASONS = {
    "gnutls-wants-one": "imrelp with GnuTLS asks every client for a certificate and drops one that "
                        "has none; without `authMode` it drops everyone.",
    "openssl-sha1": "librelp with OpenSSL knows SHA-1 fingerprints alone; `SHA256:...` never matches.",
    "openssl-chain": "librelp with OpenSSL wants a chain to `tls.caCert` in fingerprint mode too, "
                     "which a self-signed certificate has not.",
    "gnutls-anonymous": "omrelp with GnuTLS and without `tls.myCert` offers anonymous suites alone, "
                        "which relpbox does not speak.",
}
NOTES = {
    "openssl-no-name": "omrelp with OpenSSL and without a certificate of its own checks the chain, "
                       "but not the name, whatever `authMode` says. relpbox in its place checks both.",
}


def pair(pki, kind, **both):
    """A server's and a client's certificate, each for its purpose alone."""
    return (pki.leaf("server-" + kind, cn="server", san=[SERVER], eku=("server",), **both),
            pki.leaf("client-" + kind, cn="client", san=[CLIENT], eku=("client",), **both))


def named(kind, title, server, client):
    return Row(kind, title, server, client, "name", [CLIENT], [SERVER])


def keys_and_chains(pki, kinds=("ec", "rsa")):
    """Every pair of keys, without an intermediate and with one (whose key is the other kind)."""
    out = []
    pki.intermediate("between", key="rsa")
    for ca, chain in (("ca", "root, leaf"), ("between", "root, intermediate, leaf")):
        made = {k: pair(pki, k + "-" + ca, key=k, ca=ca) for k in kinds}
        for s in kinds:
            for c in kinds:
                out.append(named("%s-%s-%s" % (s, c, ca), "%s | %s | %s" % (KEYS[s], KEYS[c], chain),
                                 made[s][0], made[c][1]))
    return out


KEYS = {"ec": "EC P-256", "rsa": "RSA 2048", "p384": "EC P-384", "p521": "EC P-521",
        "rsa3072": "RSA 3072"}


def cross(pki):
    """Every check with every pair of keys and both lengths of chain."""
    out = []
    pki.intermediate("between", key="rsa")
    for ca in ("ca", "between"):
        for names in ("san", "cn"):
            made = {k: crossed_pair(pki, "%s-%s-%s" % (names, k, ca), names, key=k, ca=ca)
                    for k in CROSSED}
            out += [row for s in CROSSED for c in CROSSED
                    for row in crossed(names, "%s-%s-%s" % (s, c, ca), made[s][0], made[c][1])]
    return out


def crossed_pair(pki, name, names, **how):
    s, c = ({"cn": SERVER, "san": []}, {"cn": CLIENT, "san": []}) if names == "cn" else (
        {"cn": "server", "san": [SERVER]}, {"cn": "client", "san": [CLIENT]})
    return (pki.leaf("x-server-" + name, eku=("server",), **s, **how),
            pki.leaf("x-client-" + name, eku=("client",), **c, **how))


def crossed(names, name, s, c):
    wild = Row("wildcard-%s-%s" % (names, name), "", s, c, "name", ["*.nodes.example.test"],
               ["*.example.test"])
    if names == "cn":
        return [Row("cn-" + name, "", s, c, "name", [CLIENT], [SERVER]), wild]
    return [
        Row("name-" + name, "", s, c, "name", [CLIENT], [SERVER]), wild,
        Row("sha1-" + name, "", s, c, "fingerprint", [c.sha1], [s.sha1]),
        Row("sha256-" + name, "", s, c, "fingerprint", [c.sha256], [s.sha256],
            cannot=everywhere("openssl", "openssl-sha1")),
    ]


CROSSED = ("ec", "p384", "rsa", "rsa3072")


def everywhere(lib, reason):
    return {(d, lib): reason for d in (TO, FROM)}


def checks(pki):
    """Every way to say who may talk."""
    s, c = pair(pki, "plain")
    own = Row("own-name", "no `permittedPeer`: the target's own name", pki.server("local"), c,
              "name", [CLIENT], [], target="localhost")
    address = Row("own-address", "no `permittedPeer`: the target's own address",
                  pki.server("local"), c, "name", [CLIENT], [])
    for row in (own, address):
        row.cannot = {(FROM, lib): "client-only" for lib in LIBS}
    return [
        named("name", "name, a DNS name of the certificate", s, c),
        Row("wildcard", "wildcard, `*.nodes.example.test`", s, c, "name",
            ["*.nodes.example.test"], ["*.example.test"]),
        Row("part", "wildcard, `node*.nodes.example.test`", s, c, "name",
            ["node*.nodes.example.test"], ["l*.example.test"]),
        Row("one-of-many", "name, the last of several permitted", s, c, "name",
            ["a.test", "*.b.test", CLIENT], ["a.test", "*.b.test", SERVER]),
        named("cn", "common name alone, no other name",
              pki.leaf("server-cn", cn=SERVER, san=[]), pki.leaf("client-cn", cn=CLIENT, san=[])),
        own, address,
        Row("chain", "the chain alone (rsyslog: `certvalid`)", s, c, "name", [], [SERVER],
            rsyslog_auth="certvalid"),
        Row("sha1", "SHA-1 fingerprint", s, c, "fingerprint", [c.sha1], [s.sha1]),
        Row("sha256", "SHA-256 fingerprint", s, c, "fingerprint", [c.sha256], [s.sha256],
            cannot=everywhere("openssl", "openssl-sha1")),
        *pinned(pki),
        Row("server-only", "server only: the client has no certificate", s, None, "name", [],
            [SERVER], asks=False, cannot={(TO, "gnutls"): "gnutls-wants-one",
                                          (FROM, "gnutls"): "gnutls-anonymous"},
            notes={(FROM, "openssl"): "openssl-no-name"}),
        Row("not-asked", "server only: the client has one, nobody asks", s, c, "name", [],
            [SERVER], asks=False, cannot={(TO, "gnutls"): "gnutls-wants-one"}),
    ]


def pinned(pki):
    title = "SHA-1 fingerprint of a self-signed certificate, "
    s, c = (pki.leaf(n, ca=None, san=[n]) for n in ("server-self", "client-self"))
    known_s, known_c = (pki.leaf(n, ca=None, san=[n]) for n in ("server-known", "client-known"))
    return [
        Row("self-signed", title + "in no `tls.caCert`", s, c, "fingerprint", [c.sha1], [s.sha1],
            trusted=False, cannot=everywhere("openssl", "openssl-chain")),
        Row("self-signed-ca", title + "in rsyslog's `tls.caCert` too", known_s, known_c,
            "fingerprint", [known_c.sha1], [known_s.sha1]),
    ]


SUITES = {  # as OpenSSL names them; of TLS 1.2 by the server's kind of key
    "1.3": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
    "1.2": {kind: ["ECDHE-%s-%s" % (name, s) for s in (
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")]
        for kind, name in (("ec", "ECDSA"), ("rsa", "RSA"))},
}
GROUPS = ["X25519", "P-256", "P-384", "P-521"]


def openssl_options(keys):
    """(suite or group, version, row, options of s_server and s_client): one cell each."""
    by_id = {r.id: r for r in keys}
    out = []
    for kind in ("ec", "rsa"):
        row = by_id["%s-%s-ca" % (kind, kind)]
        for suite in SUITES["1.2"][kind]:
            out.append((suite, "1.2", row, ["-cipher", suite]))
    for suite in SUITES["1.3"]:
        out.append((suite, "1.3", row, ["-ciphersuites", suite]))
    for group in GROUPS:
        for version in VERSIONS:
            out.append((group, version, row, ["-groups", group]))
    return out


def bundle(pki, rows):
    """A file of all CAs of the rows. librelp with OpenSSL takes the first tls.caCert that it is
    given for the whole process, so there every input and action is given this one."""
    paths = {leaf.ca for r in rows if r.trusted for leaf in (r.server, r.client) if leaf}
    texts = []
    for path in sorted(paths):
        with open(path, encoding="ascii") as f:
            texts.append(f.read())
    return pki.file("bundle.crt", "".join(texts))


# --- the table --------------------------------------------------------------------------


def mark(row, direction, lib, numbers):
    what = row.cannot.get((direction, lib)) or row.notes.get((direction, lib))
    if what == "client-only":
        return "-"
    word = "no" if row.reason(direction, lib) else "yes"
    return word if what is None else "%s [%d]" % (word, numbers[what])


def table(head, rows, numbers):
    """Markdown: a row each; the columns are WAYS."""
    columns = head + ["%s %s, %s" % ("imrelp" if d == TO else "omrelp", LIB_NAMES[lib], v)
                      for d, lib, v in WAYS]
    out = ["| %s |" % " | ".join(columns), "|" + "---|" * len(columns)]
    for row in rows:
        cells = [mark(row, d, lib, numbers) for d, lib, _ in WAYS]
        out.append("| %s | %s |" % (row.title, " | ".join(cells)))
    return out


def footnotes(rows):
    """{reason or note: its number}, in the order of the table."""
    out = {}
    for row in rows:
        for d, lib, _ in WAYS:
            what = row.cannot.get((d, lib)) or row.notes.get((d, lib))
            if what and what != "client-only":
                out.setdefault(what, len(out) + 1)
    return out


PEERS = [(peer, v) for peer in ("s_server", "s_client") for v in VERSIONS]


def openssl_table(head, rows):
    columns = head + ["%s, %s" % p for p in PEERS]
    out = ["| %s |" % " | ".join(columns), "|" + "---|" * len(columns)]
    for row in rows:
        # what is the client's alone has no meaning where openssl is the client
        cells = ["-" if peer == "s_client" and not row.client_takes else "yes" for peer, _ in PEERS]
        out.append("| %s | %s |" % (row.title.replace(" | ", ", "), " | ".join(cells)))
    return out


DOCUMENT = """\
<!-- Made by tests/e2e/test_tls_matrix.py: RELPBOX_WRITE_MATRIX=1 tests/e2e/run tls_matrix -->
# TLS with rsyslog and with openssl

What works, cell by cell: in each, {n} messages are sent and found on the other side, in order and
each once, in every run of the tests. `imrelp` columns: `relp-send` and `forward` each deliver to
it. `omrelp` columns: it delivers to `relp-recv`. The version is held to on the other side. A "no"
has its cause in rsyslog: the same set-up fails between an omrelp and an imrelp with no relpbox in
it, and works as soon as the cause is taken away.

Made with {versions}.

## Who may talk
Both sides check the other in the same way. EC keys, signed by the root.

{checks}

{footnotes}

## Keys and chains
Checked by name on both sides; certificates are for one purpose alone, serverAuth or clientAuth. The
intermediate stands behind the leaf in `tls.crt` and `tls.myCert`; the other side knows the root alone.

{keys}

## openssl s_server and s_client
As peers that speak RELP by way of a script: `relp-send` and `forward` to `s_server`, `s_client` to
`relp-recv`.

{openssl}

With TLS 1.2 and the suites {suites12}, with TLS 1.3 and the suites {suites13}, one at a time; with
both and the groups {groups}, one at a time.

## What to know of librelp 1.11
Seen while this was made, each between two rsyslogs:

- With OpenSSL, `tls.caCert` of the first input or action that is set up counts for all of the process:
  one that names another CA is checked against the first one's.
- With OpenSSL, `tls.tlscfgcmd` belongs to the process as well, and counts from the connection after
  the one that it was set for: omrelp's first connection still speaks what the system allows.
- With OpenSSL, omrelp actions whose first connections come at the same time race: about one start in
  ten, some find no CA, refuse a good server ("unable to get local issuer certificate ... DISABLING
  action"), and keep a processor busy for good. In these tests one connects before the others.
- A GnuTLS omrelp does not show its certificate to a server that names the CAs it wants, when its own
  is not among them. relp-recv names none in fingerprint mode, so that pinned certificates are shown.
"""


def document(checks, keys, peers, n, versions):
    """The text of docs/TLS-MATRIX.md."""
    numbers = footnotes(checks + keys)
    told = {**REASONS, **NOTES}
    code = lambda names: ", ".join("`%s`" % name for name in names)
    return DOCUMENT.format(
        n=n, versions=versions, checks="\n".join(table(["check"], checks, numbers)),
        footnotes="\n".join("%d. %s" % (i, told[what])
                            for what, i in numbers.items()),
        keys="\n".join(table(["server's key", "client's key", "chain"], keys, numbers)),
        openssl="\n".join(openssl_table(["what"], peers)),
        suites12=code(SUITES["1.2"]["ec"] + SUITES["1.2"]["rsa"]), suites13=code(SUITES["1.3"]),
        groups=code(GROUPS))

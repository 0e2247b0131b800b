# SPDX-License-Identifier: Apache-2.0
"""rsyslog's TLS: imrelp and omrelp with GnuTLS or OpenSSL, held to one version where asked.

A library is chosen for the whole process (module(load=... tls.tlslib=...)), so one rsyslogd holds
any number of inputs or actions of one library. With GnuTLS the version and the CA belong to the
input. With OpenSSL they belong to the process, because librelp 1.11 has one SSL_CTX: the first
tls.caCert counts, and a tls.tlscfgcmd counts from the connection after the one it was set for. Give
every input of such a process the same version, and the same file of CAs.
"""

import os
import socket

from . import proc, rsyslog

LIBS = ("gnutls", "openssl")
VERSIONS = ("1.2", "1.3")

# no waiting at the end, and not for long before; but a busy machine is no reason to send again
_OMRELP = 'timeout="30" conn.timeout="5" action.resumeRetryCount="-1" action.resumeInterval="1" ' \
          'queue.type="LinkedList" queue.size="100000" queue.timeoutShutdown="200" ' \
          'queue.timeoutActionCompletion="200"'


OPENSSL_CNF = """\
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = default
[default]
MinProtocol = TLSv{0}
MaxProtocol = TLSv{0}
"""


def pin(lib, version):
    """The parameters of an input or an action that hold it to "1.2" or "1.3"; None: as it is."""
    if version is None:
        return ""
    if lib == "gnutls":
        return f'tls.prioritystring="NORMAL:-VERS-ALL:+VERS-TLS{version}"'
    return f'tls.tlscfgcmd="Protocol=-ALL,TLSv{version}"'


def tls(lib, ca=None, cert=None, key=None, auth=None, permitted=(), version=None):
    """The TLS parameters of input(type="imrelp") and action(type="omrelp").

    ca, cert, key: paths. auth: "name", "fingerprint", "certvalid"; None leaves tls.authMode out.
    permitted: entries of tls.permittedPeer. Without cert librelp speaks anonymous suites alone.
    """
    out = ['tls="on"']
    for name, value in (("caCert", ca), ("myCert", cert), ("myPrivKey", key), ("authMode", auth)):
        if value is not None:
            out.append(f'tls.{name}="{value}"')
    if permitted:
        out.append("tls.permittedPeer=[%s]" % ",".join(f'"{p}"' for p in permitted))
    out.append(pin(lib, version))
    return " ".join(filter(None, out))


def identity(leaf):
    """ca, cert and key of a certificate of relptest.pki, as arguments of tls()."""
    return {"ca": leaf.ca, "cert": leaf.cert, "key": leaf.key}


class ImrelpTls(rsyslog.Rsyslogd):
    """An rsyslogd of one library with many inputs.

    inputs: {name: parameters}, as tls() makes them. .ports[name]; what arrives at an input stands
    in output as "NAME RAWMESSAGE", one a line.
    """

    def __init__(self, folder, output, lib, inputs, name=None, limit=proc.LIMIT):
        self.output = output
        self.ports = dict(zip(inputs, proc.free_ports(len(inputs))))
        self.lib = lib
        config = [f'global(net.enableDNS="off")\nmodule(load="imrelp" tls.tlslib="{lib}")\n'
                  'template(name="raw" type="string" string="%inputname% %rawmsg%\\n")\n']
        for n, params in inputs.items():
            config.append(f'input(type="imrelp" name="{n}" port="{self.ports[n]}" '
                          f'address="127.0.0.1" ruleset="in" {params})\n')
        config.append(f'ruleset(name="in") {{\n  action(type="omfile" file="{output}" '
                      'template="raw" flushOnTXEnd="on")\n}\n')
        super().__init__(folder, "".join(config), name or "imrelp-" + lib)
        wanted = set(self.ports.values())
        try:
            # not by connecting: each attempt is a failed handshake in its log
            proc.wait_until(lambda: wanted <= proc.listening(), f"imrelp listens on {wanted}", limit)
        except AssertionError as e:
            self.__exit__()
            raise AssertionError(f"{e}; rsyslogd said:\n{self.stderr}") from None

    def arrived(self):
        """{input: [raw message]}, whole lines alone."""
        return read(self.output)


class OmrelpTls(rsyslog.Rsyslogd):
    """An rsyslogd of one library with many actions.

    actions: {name: (port, parameters)} or {name: (port, parameters, target)}. What comes as a
    datagram to .socket is sent by every action, as "NAME MESSAGE". lib: None leaves it to rsyslog.
    version: holds the whole process to it with OpenSSL, whose first connections know nothing of
    tls.tlscfgcmd yet.
    """

    def __init__(self, folder, lib, actions, name=None, version=None):
        name = name or f"omrelp-{lib}"
        self.lib = lib
        self.socket = os.path.join(folder, name + ".s")
        library = f' tls.tlslib="{lib}"' if lib else ""
        config = [f'module(load="omrelp"{library})\n'
                  'module(load="imuxsock" SysSock.Use="off")\n'
                  f'input(type="imuxsock" Socket="{self.socket}" ruleset="out" '
                  'RateLimit.Interval="0")\n']
        for n in actions:
            config.append(f'template(name="t-{n}" type="string" string="{n} %msg%")\n')
        config.append('ruleset(name="out") {\n')
        first = None
        if lib == "openssl" and len(actions) > 1:
            first = Hello()
            params = next(iter(actions.values()))[1]
            config.append(f'  if $programname == "first" then {{\n    action(type="omrelp" '
                          f'target="127.0.0.1" port="{first.port}" action.resumeRetryCount="0" '
                          f'{params})\n    stop\n  }}\n')
        for n, (port, params, *target) in actions.items():
            host = target[0] if target else "127.0.0.1"
            config.append(f'  action(type="omrelp" name="{n}" target="{host}" port="{port}" '
                          f'template="t-{n}" {_OMRELP} {params})\n')
        config.append("}\n")
        env = None
        if version and lib == "openssl":
            env = dict(os.environ, OPENSSL_CONF=os.path.join(folder, name + ".cnf"))
            with open(env["OPENSSL_CONF"], "w", encoding="ascii") as f:
                f.write(OPENSSL_CNF.format(version))
        super().__init__(folder, "".join(config), name, env)
        try:
            proc.wait_until(lambda: os.path.exists(self.socket), f"{self.socket} exists")
            if first:
                first.wait(self.socket)
        except AssertionError as e:
            self.__exit__()
            raise AssertionError(f"{e}; rsyslogd said:\n{self.stderr}") from None


class Hello:
    """A listener that waits for one ClientHello and hangs up.

    librelp with OpenSSL sets up its SSL_CTX at the first connection of the process, without a lock:
    of actions that connect at the same time some find no CA in it, refuse their server, and then
    turn in circles for ever. So one connects before all the others.
    """

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def wait(self, path):
        with self.listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(path)
            s.send(b"<13>Nov 21 20:51:31 first: connect")
            self.listener.settimeout(proc.LIMIT)
            try:
                sock, _ = self.listener.accept()
                with sock:
                    sock.settimeout(proc.LIMIT)
                    sock.recv(1)
            except OSError as e:
                raise AssertionError(f"omrelp does not connect: {e}") from None


def read(path):
    """{first word: [rest]} of the whole lines of a file; empty where there is no file yet."""
    out = {}
    try:
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        return out
    for line in data.split(b"\n")[:-1]:
        name, _, rest = line.partition(b" ")
        out.setdefault(name.decode(errors="backslashreplace"), []).append(rest)
    return out

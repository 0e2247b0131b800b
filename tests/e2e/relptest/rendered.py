# SPDX-License-Identifier: Apache-2.0
"""What Gardener's extension puts on a node for a RsyslogRelpConfig: rsyslog's 60-audit.conf.

    rendered.conf({"target": "logs.example.test", "port": 514, "loggingRules": [{"severity": 7}]})

The configuration is a dict with the fields of the API, None for what is absent. What is rendered is
what rsyslog reads of the original, in its order: objects, parameters, expressions, line ends of the
rules; blanks and comments are our own. Places (paths, sockets, the script) can be others, so that a
test runs it: see Places.
"""

import unicodedata

GO_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
              "\v": "\\v", '"': '\\"', "\\": "\\\\"}
NOT_PRINTED = ("C", "Z")  # categories: other, separators


def go_quote(text):
    """Go's strconv.Quote. text: str, or bytes that need not be UTF-8. Returns str.

    Which characters are printable depends on the version of Unicode that Go and Python were made
    with: characters of the last few years may differ.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return '"' + "".join(map(_go_char, text)) + '"'


def _go_char(c):
    n = ord(c)
    if 0xDC80 <= n <= 0xDCFF:  # a byte that is no UTF-8
        return "\\x%02x" % (n - 0xDC00)
    if c in GO_ESCAPES:
        return GO_ESCAPES[c]
    if c == " " or unicodedata.category(c)[0] not in NOT_PRINTED:
        return c
    if n < 0x20 or n == 0x7F:
        return "\\x%02x" % n
    return "\\u%04x" % n if n < 0x10000 else "\\U%08x" % n


class Places:
    """Where things stand on a node; a test that runs rsyslogd gives its own.

    statistics=False leaves the two modules and the ruleset of the metrics out: they have no value
    of the configuration in them, and cost a third of the time of a check.
    """

    def __init__(self, socket="/run/systemd/journal/syslog", spool="/var/log/rsyslog",
                 tls="/etc/ssl/rsyslog",
                 script="/var/lib/rsyslog-relp-configurator/process-rsyslog-pstats.sh",
                 statistics=True):
        self.socket, self.spool, self.tls, self.script = socket, spool, tls, script
        self.statistics = statistics


NODE = Places()
SHOOT = {"project": "proj", "shoot": "shoot1", "uid": "6b3e2f2c-0c4e-4e0a-9e57-0d2a7f6a9f11"}

_PROPERTIES = ["hostname", "pri", "syslogtag", "timestamp", "procid", "msgid", "msg"]


def template(shoot=None):
    s = shoot or SHOOT
    out = ['template(name="SyslogForwarderTemplate" type="list") {', '  constant(value=" ")']
    for name in ("project", "shoot", "uid"):
        out += ['  constant(value="%s")' % s[name], '  constant(value=" ")']
    for name in _PROPERTIES:
        date = ' dateFormat="rfc3339"' if name == "timestamp" else ""
        out += ['  property(name="%s"%s)' % (name, date), '  constant(value=" ")']
    return "\n".join(out + ["}", ""])


def _modules(tls, places):
    lib = ' tls.tlslib="%s"' % tls["tlsLib"] if tls.get("tlsLib") else ""
    out = ['module(load="omrelp"%s)' % lib]
    if places.statistics:
        out += ['module(load="omprog")',
                'module(load="impstats" interval="60" format="json" resetCounters="off" '
                'ruleset="process_stats" bracketing="on")']
    out.append('input(type="imuxsock" Socket="%s")' % places.socket)
    if places.statistics:
        out.append('ruleset(name="process_stats") {\n  action(type="omprog" '
                   'name="to_pstats_processor" binary="%s")\n}' % places.script)
    return out


def tls_parameters(tls, places=NODE):
    """Those of the action for config["tls"], each as NAME="VALUE"."""
    out = []
    if tls:
        out += ['tls="on"', 'tls.caCert="%s/ca.crt"' % places.tls,
                'tls.myCert="%s/tls.crt"' % places.tls, 'tls.myPrivKey="%s/tls.key"' % places.tls]
    if tls.get("authMode"):
        out.append('tls.authmode="%s"' % tls["authMode"])
    if tls.get("permittedPeer"):
        out.append("tls.permittedpeer=[%s]" % ",".join(map(go_quote, tls["permittedPeer"])))
    return out


def _action(config, tls, places):
    def given(field, parameter):
        value = config.get(field)
        if value is None:
            return []
        if isinstance(value, bool):
            value = "on" if value else "off"
        return ['%s="%s"' % (parameter, value)]

    out = ['name="rsyslog-relp"', 'type="omrelp"', 'target="%s"' % config.get("target", ""),
           'port="%d"' % (config.get("port") or 0), 'queue.type="linkedlist"',
           'queue.size="100000"', 'queue.filename="rsyslog-relp-queue"',
           'queue.saveOnShutdown="on"', 'queue.spoolDirectory="%s"' % places.spool,
           'queue.maxDiskSpace="48m"', 'Template="SyslogForwarderTemplate"']
    out += given("rebindInterval", "rebindInterval")
    out += given("timeout", "timeout")
    out += given("resumeRetryCount", "action.resumeRetryCount")
    out += given("reportSuspensionContinuation", "action.reportSuspensionContinuation")
    out += tls_parameters(tls, places)
    return "\n".join(['ruleset(name="relp_action_ruleset") {', "  action("] +
                     ["    " + line for line in out] + ["  )", "}", ""])


def expression(rule):
    """The filter of one logging rule."""
    out = []
    if rule.get("programNames"):
        out.append("$programname == [%s]" % ",".join(map(go_quote, rule["programNames"])))
    if rule.get("severity") is not None:
        out.append("$syslogseverity <= %d" % rule["severity"])
    content = rule.get("messageContent") or {}
    for field, wanted in (("regex", 1), ("exclude", 0)):
        if content.get(field) is not None:
            out.append("re_match($msg, %s) == %d" % (go_quote(content[field]), wanted))
    return " and ".join(out)


def rule_lines(rule):
    return "if %s then {\n  call relp_action_ruleset\n  stop\n}\n" % expression(rule)


def conf(config, places=NODE, shoot=None):
    """The whole file, as text."""
    tls = config.get("tls") or {}
    if not tls.get("enabled"):
        tls = {}
    out = [template(shoot)] + _modules(tls, places) + [_action(config, tls, places)]
    return "\n".join(out + [rule_lines(r) for r in config.get("loggingRules") or []])

# SPDX-License-Identifier: Apache-2.0
"""What a real rsyslogd makes of quoted texts and of long lines of its configuration.

Quoted texts: each alone in a rule, checked by `rsyslogd -N1` (refused or not); then one running
rsyslogd sets a variable to each that was not refused and writes their values to a file.
Lines: a rule with a list of program names, checked by -N1; then a running rsyslogd is sent a message
of every name of the list, and writes which ones the rule matched.
"""

import concurrent.futures
import os
import re
import socket
import subprocess

from relptest import proc, rendered, rsyslog

SEPARATOR = b"@@@%d@@@"
JOBS = 2


def percent(data):
    """For a field of a table: one line, no tab, printable."""
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x25 else "%%%02x" % b for b in data)


def texts():
    """The quoted texts that are tried, as bytes."""
    out = [rendered.go_quote(b"a%cb" % n) for n in range(256)]
    unicodes = "é\u0301漢😀\xa0\xad\x80\x85\u200b\u2028\u202e\ufeff\ue000\ufffd\uffff\U000e0001\U0010ffff"
    out += [rendered.go_quote("a%sb" % c) for c in unicodes]
    out += [rendered.go_quote(t) for t in (b"", b"$", b"a$", b"$a", b"\0", b"a\0", b"\\", b'"', b"\\\"",
                                           b"\\\\", b"\\d+\\.", b"\xc3", b"a\xffb\xfe", "ü\0ü",
                                           b"^ (a|b) \\[x\\] 'y' \"z\"", b"tab\there", b"\\$", b"%msg%",
                                           b"`echo`", b"/* x */", b"# x")]
    # what Go does not write, but the lexer knows or not
    out += ['"a\\%cb"' % n for n in range(0x21, 0x7F)]
    out += ['"%s"' % t for t in ("\\1", "\\12", "\\101", "\\1011", "\\377", "\\400", "\\777", "\\000b",
                                 "\\x", "\\x4", "\\x41", "\\x412", "\\xAb", "\\xg1", "\\x00b", "\\X41",
                                 "\\u0041", "\\U00000041", "\\'", "'", "\\\\x41", "\\\\\\x41", "a\\\\$")]
    seen = dict.fromkeys(t.encode("utf-8", "surrogateescape") for t in out)
    return list(seen)


def refused(folder, texts_):
    """{text: True where `rsyslogd -N1` says that the configuration has an error}"""
    def one(pair):
        number, text = pair
        path = os.path.join(folder, "quoted-%d.conf" % number)
        with open(path, "wb") as f:
            # contains takes any text: no regex that would be judged too
            f.write(b"if $msg contains %s then {\n  stop\n}\n"
                    b'action(type="omfile" file="/dev/null")\n' % text)
        return check(path, folder, number)[0] != 0

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return dict(zip(texts_, pool.map(one, enumerate(texts_))))


def check(path, folder, number=0):
    """(exit code, what it says) of `rsyslogd -N1`."""
    done = subprocess.run(
        [rsyslog.available(), "-N1", "-f", path, "-i", os.path.join(folder, "pid-%d" % number)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode(errors="backslashreplace")


class Asked:
    """A running rsyslogd that writes what template makes of what is sent to it."""

    def __init__(self, folder, name, rules):
        self.output = os.path.join(folder, name + ".out")
        self.socket = os.path.join(folder, name + ".s")
        path = os.path.join(folder, name + ".rules")
        with open(path, "wb") as f:
            f.write(rules)
        config = ('module(load="imuxsock" SysSock.Use="off")\n'
                  f'input(type="imuxsock" Socket="{self.socket}" ruleset="in" '
                  f'RateLimit.Interval="0")\ninclude(file="{path}")\n')
        self.daemon = rsyslog.Rsyslogd(folder, config, name)

    def __enter__(self):
        proc.wait_until(lambda: os.path.exists(self.socket), "rsyslogd opens its socket")
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()

    def send(self, datagrams):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(self.socket)
            for d in datagrams:
                s.send(d)

    def until(self, end):
        def there():
            try:
                with open(self.output, "rb") as f:
                    data = f.read()
            except FileNotFoundError:
                return None
            return data if end in data else None

        return proc.wait_until(there, "rsyslogd has written all")


def values(folder, texts_):
    """{text: the bytes that rsyslogd takes}; none of them may be refused."""
    out = [b'template(name="t" type="list") {\n']
    for n in range(len(texts_)):
        out.append(b' constant(value="%s") property(name="$.v%d")\n' % (SEPARATOR % n, n))
    out.append(b' constant(value="%s")\n}\nruleset(name="in") {\n' % (SEPARATOR % len(texts_)))
    for n, text in enumerate(texts_):
        out.append(b"  set $.v%d = %s;\n" % (n, text))
    output = os.path.join(folder, "values.out").encode()
    out.append(b'  action(type="omfile" file="%s" template="t")\n}\n' % output)
    with Asked(folder, "values", b"".join(out)) as asked:
        asked.send([b"<13>Nov 21 20:51:31 test: hello"])
        parts = re.split(rb"@@@(\d+)@@@", asked.until(SEPARATOR % len(texts_)))
    assert parts[1::2] == [b"%d" % n for n in range(len(texts_) + 1)]
    return dict(zip(texts_, parts[2::2]))


SIMPLE = {ord(k): ord(v) for k, v in zip("abfnrtv\"\\'$", "\a\b\f\n\r\t\v\"\\'$")}
ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.S)


def unquoted(text):
    """What the escapes of a text say: Go's, and octal ones, the single quote and the dollar sign."""
    def one(m):
        if m[1] or m[4]:
            return bytes([int(m[1] or m[4], 16 if m[1] else 8) & 0xFF])
        if m[2] or m[3]:
            return chr(int(m[2] or m[3], 16)).encode("utf-8", "surrogatepass")
        return bytes([SIMPLE[m[5][0]]]) if m[5][0] in SIMPLE else m[0]

    return ESCAPE.sub(one, text[1:-1])


def table(folder):
    """[(text, "same" | "changed" | "refused", what is taken)]: changed: not what its escapes say."""
    bad = refused(folder, texts())
    taken = values(folder, [t for t in bad if not bad[t]])
    out = []
    for text in bad:
        if bad[text]:
            out.append((text, "refused", b""))
            continue
        same = unquoted(text) == taken[text]
        out.append((text, "same" if same else "changed", taken[text]))
    return out


# --- long lines ---------------------------------------------------------------------------


PIECE = 10239  # bytes of a line that rsyslogd reads at a time
TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|[A-Za-z0-9_$]+|[<>=!]+', re.S)


def line(pad, count):
    """A rule's first line, and the program names in it. pad: the length of the first name."""
    names = ["x" * pad] + ["p%04d" % n for n in range(count)]
    text = rendered.rule_lines({"programNames": names, "severity": 7}).split("\n")[0]
    return text.encode(), [n.encode() for n in names]


def line_verdict(folder, pad, count):
    """"whole", "torn" (some names never match, and nothing is said) or "refused"."""
    text, names = line(pad, count)
    path = os.path.join(folder, "line-%d-%d.conf" % (pad, count))
    output = os.path.join(folder, "line-%d-%d.out" % (pad, count))
    action = b'action(type="omfile" file="%s" template="t")\n' % output.encode()
    rules = (b'template(name="t" type="string" string="%%programname%%\\n")\nruleset(name="in") {\n'
             b"%s\n%s}\nif $programname == \"end\" then {\n%s}\n}\n" % (text, action, action))
    with open(path, "wb") as f:
        f.write(rules + b'action(type="omfile" file="/dev/null")\n')
    if check(path, folder, 1000 * pad + count)[0] != 0:
        return "refused"
    with Asked(folder, "line-%d-%d" % (pad, count), rules) as asked:
        asked.send(b"<13>Nov 21 20:51:31 %s: hello" % n for n in names + [b"end"])
        got = asked.until(b"end\n").split()
    return "whole" if got == names + [b"end"] else "torn"


def lines(folder):
    """[(pad, count, verdict)]: the cut wanders over all that a line has."""
    jobs = [(pad, 1300) for pad in range(1, 10)]  # over a name, its quotes and the comma
    # over what stands behind the names, and behind the end of the line
    jobs += [(pad, 1270) for pad in range(1, 70)]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return [(*j, v) for j, v in zip(jobs, pool.map(lambda j: line_verdict(folder, *j), jobs))]

# SPDX-License-Identifier: Apache-2.0
"""relp-send as a doctor: what it tells of each stage, in words and as JSON, without TLS."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from relptest import case, proc, pty_run, relp
from relptest.forward import RULES, relp_config
from relptest.relp import CLOSE, OK, REFUSE, RESET, SERVERCLOSE, SILENT, STALL, Server, frame

QUICK = ("--connect-timeout", "300ms", "--timeout", "500ms")
STAGES = ["configuration", "dns", "tcp", "open", "messages", "close", "result"]


def send(port, *args, **more):
    return proc.run("relp-send", *QUICK, f"127.0.0.1:{port}", *args, **more)


def json_of(result):
    """{stage: object}, in the order of the lines."""
    lines = [json.loads(line) for line in result.stdout.decode().splitlines()]
    return {one["stage"]: one for one in lines}


def report_of(text):
    """{stage: (word, what was seen)} of a report in text."""
    return {m[1]: (m[2], m[3]) for m in
            re.finditer(r"^(\w+) +(OK|FAIL) +[\d.]+ m?s  (.*)$", text, re.MULTILINE)}


class Report(unittest.TestCase):
    def test_nothing_is_said_when_all_is_well(self):
        for more in ({"stdin": b"a line\n"}, {}):
            with Server() as server:
                result = send(server.port, *([] if more else ["word"]), **more)
                self.assertEqual((result.code, result.stdout, result.stderr), (0, b"", b""))

    def test_a_terminal_without_message_is_a_ping(self):
        with Server() as server:
            code, shown = pty_run.run("relp-send", f"127.0.0.1:{server.port}")
            self.assertEqual(code, 0, shown)
            self.assertEqual(server.messages, [])
            self.assertEqual((server.opens, server.closes), (1, 1))
        report = report_of(shown.decode())
        self.assertEqual(list(report), [s for s in STAGES if s != "messages"])
        self.assertEqual({w for w, _ in report.values()}, {"OK"})
        self.assertIn(b"relptest", shown)

    def test_verbose_tells_all_stages_and_frames(self):
        with Server() as server:
            result = send(server.port, "-v", "--raw", "hello", "you")
        self.assertEqual(result.code, 0)
        text = result.stdout.decode()
        self.assertEqual(list(report_of(text)), STAGES)
        for line in ("=== connecting to 127.0.0.1", "-> 1 open ", "<- 1 rsp ", "-> 2 syslog 5 hello",
                     "<- 2 rsp 6 200 OK", "-> 3 syslog 3 you", "=== message 2 is acknowledged after",
                     "-> 4 close 0", "<- 4 rsp 0"):
            self.assertRegex(text, "(?m)^" + line)

    def test_a_failure_alone_where_nobody_watches(self):
        result = send(proc.free_port(), "word")
        self.assertEqual(result.code, 11)
        self.assertEqual(result.stdout, b"")
        text = result.stderr.decode()
        self.assertRegex(text, "^relpbox relp-send: tcp: 127.0.0.1:.*connection refused")
        self.assertIn("hint: ", text)
        self.assertNotIn("configuration", text)

    def test_a_failure_on_a_terminal_has_the_stages_before_it(self):
        code, shown = pty_run.run("relp-send", f"127.0.0.1:{proc.free_port()}", "word")
        self.assertEqual(code, 11)
        report = report_of(shown.decode())
        self.assertEqual([(s, w) for s, (w, _) in report.items()],
                         [("configuration", "OK"), ("dns", "OK"), ("tcp", "FAIL")])

    def test_quit_after(self):
        for i, stage in enumerate(STAGES[:-1]):
            with self.subTest(stage), Server() as server:
                words = ["word"] if stage in ("messages", "close") else []
                result = send(server.port, "--quit-after", stage, *words)
                self.assertEqual(result.code, 0, result)
                wanted = [s for s in STAGES[:i + 1] if s != "messages" or words] + ["result"]
                self.assertEqual(list(report_of(result.stdout.decode())), wanted)
                self.assertEqual(len(server.messages), len(words))
                # who opened a session closes it
                self.assertEqual(server.closes, server.opens)

    def test_quit_after_open_reads_no_input(self):
        with Server() as server:
            result = send(server.port, "--quit-after", "open", stdin=b"a line\n")
            self.assertEqual((result.code, server.messages), (0, []))

    def test_usage(self):
        for args in (["--quit-after", "tea", "h:1"], ["--quit-after", "tls", "h:1"],
                     ["--count", "0", "h:1"], ["--count", "2", "h:1", "word"],
                     ["--size", "2M", "h:1"], ["--rate", "x", "h:1"], ["-4", "-6", "h:1"],
                     ["--probe-size", "--count", "2", "h:1"], ["--probe-size", "h:1", "word"],
                     ["--probe-size", "-f", "x", "h:1"], ["--tls-dir", "/x", "h:1"],
                     ["--ca", "/x", "h:1"]):
            result = proc.run("relp-send", *args)
            self.assertEqual(result.code, 2, (args, result))
            self.assertEqual(result.stdout, b"")
            self.assertTrue(result.stderr)


class Json(unittest.TestCase):
    def test_each_stage_is_an_object(self):
        with Server() as server:
            result = send(server.port, "--json", "a", "b")
        self.assertEqual((result.code, result.stderr), (0, b""))
        stages = json_of(result)
        self.assertEqual(list(stages), STAGES)
        for one in stages.values():
            self.assertIs(one["ok"], True)
            self.assertGreaterEqual(one["ms"], 0)
        self.assertEqual(stages["configuration"]["port"], server.port)
        self.assertEqual(stages["dns"]["addresses"][0]["family"], "ipv4")
        self.assertEqual(stages["tcp"]["addresses"][0]["result"], "connected")
        self.assertIn("relp_software=relptest", stages["open"]["offers_theirs"])
        self.assertIn("commands=syslog", stages["open"]["offers_ours"])
        self.assertEqual([stages["messages"][k] for k in ("messages", "sent", "acknowledged", "refused")],
                         [2, 2, 2, 0])
        self.assertIs(stages["close"]["answered"], True)
        self.assertEqual(stages["result"]["exit_code"], 0)

    def test_a_refused_message(self):
        with Server(message=lambda n, _: REFUSE if n == 2 else OK) as server:
            stages = json_of(send(server.port, "--json", "a", "b"))
        self.assertEqual(stages["messages"]["refusals"], ["message 2 was refused: 500 refused by the test"])
        self.assertIs(stages["messages"]["ok"], False)
        self.assertEqual(stages["result"]["exit_code"], 15)

    def test_a_failure(self):
        stages = json_of(send(proc.free_port(), "--json", "a"))
        self.assertEqual(list(stages), ["configuration", "dns", "tcp", "result"])
        self.assertEqual(stages["tcp"]["addresses"][0]["result"], "refused")
        self.assertIn("hint", stages["tcp"])
        self.assertEqual(stages["result"]["exit_code"], 11)

    def test_the_transcript_stays_out_of_it(self):
        with Server() as server:
            result = send(server.port, "--json", "-v", "--raw", "hello")
        self.assertEqual(list(json_of(result)), STAGES)
        self.assertIn(b"-> 2 syslog 5 hello", result.stderr)


class Names(case.Case):
    """With an /etc of their own."""

    def etc(self, hosts, resolv="nameserver 127.0.0.9\noptions timeout:1 attempts:1\n"):
        script = (f'mount --bind {self.write("hosts", hosts)} /etc/hosts && '
                  f'mount --bind {self.write("resolv", resolv)} /etc/resolv.conf && exec "$@"')
        return ["unshare", "-m", "sh", "-c", script, "-", case.RELPBOX, "relp-send", *QUICK]

    def run_in(self, etc, *args):
        done = subprocess.run([*etc, *args], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=proc.LIMIT, check=False)
        return proc.Result(done.returncode, done.stdout, done.stderr)

    def full_listener(self, host, port):
        """Nobody is let in any more: a connect waits for ever."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(3):
            s = socket.socket()
            self.addCleanup(s.close)
            s.setblocking(False)
            s.connect_ex((host, port))

    @case.needs_mounts
    def test_each_address_has_its_own_result(self):
        with Server(host="127.0.0.3") as server:
            self.full_listener("127.0.0.2", server.port)
            etc = self.etc("127.0.0.1 log.test\n127.0.0.2 log.test\n127.0.0.3 log.test\n127.0.0.4 log.test\n")
            result = self.run_in(etc, "--json", f"log.test:{server.port}")
        self.assertEqual(result.code, 0, result)
        stages = json_of(result)
        self.assertEqual(len(stages["dns"]["addresses"]), 4)
        self.assertEqual([a["result"] for a in stages["tcp"]["addresses"]],
                         ["refused", "time-out", "connected", "not-tried"])
        self.assertGreater(stages["tcp"]["addresses"][1]["ms"], 250)

    @case.needs_mounts
    def test_no_address_takes_it(self):
        port = proc.free_port()
        self.full_listener("127.0.0.2", port)
        etc = self.etc("127.0.0.1 log.test\n127.0.0.2 log.test\n")
        result = self.run_in(etc, "-v", f"log.test:{port}")
        self.assertEqual(result.code, 11, result)
        text = result.stdout.decode()
        self.assertRegex(text, r"127.0.0.1:\d+  connection refused.*  [\d.]+ ms")
        self.assertRegex(text, r"127.0.0.2:\d+  no answer to the connect.*  [\d.]+ ms")
        self.assertRegex(text, r"hint: .*ss -ltn.*firewall drops")

    @case.needs_mounts
    def test_a_name_of_the_other_family(self):
        result = self.run_in(self.etc("127.0.0.1 log.test\n"), "-6", "-v", "log.test:1")
        self.assertEqual(result.code, 10, result)
        self.assertIn(b"log.test has no IPv6 address", result.stdout)
        self.assertIn(b"127.0.0.1:1 (other family, not used)", result.stdout)

    @case.needs_mounts
    def test_addresses_of_one_family(self):
        with Server() as server:
            etc = self.etc("127.0.0.1 log.test\n::1 log.test\n")
            result = self.run_in(etc, "-4", "--json", f"log.test:{server.port}")
            self.assertEqual(result.code, 0, result)
            self.assertEqual([a["address"] for a in json_of(result)["tcp"]["addresses"]],
                             [f"127.0.0.1:{server.port}"])
            # nobody listens there, and the other is not taken in its place
            result = self.run_in(etc, "-6", "--json", f"log.test:{server.port}")
            self.assertEqual(result.code, 11, result)
            self.assertEqual([a["address"] for a in json_of(result)["tcp"]["addresses"]],
                             [f"[::1]:{server.port}"])

    @case.needs_mounts
    def test_a_name_server_that_is_silent(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.9", 53))
        result = self.run_in(self.etc(""), "log.test:1", "word")
        self.assertEqual(result.code, 10, result)
        self.assertRegex(result.stderr.decode(), "not resolved within 300 ms(.|\n)*hint: .*resolv.conf")

    def test_a_name_that_does_not_exist(self):
        result = proc.run("relp-send", "no-such-name.invalid:1", "x")
        self.assertEqual(result.code, 10)
        self.assertRegex(result.stderr.decode(), "^relpbox relp-send: dns: (.|\n)*hint: ")

    @unittest.skipUnless(os.geteuid() == 0 and
                         subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL,
                                        check=False).returncode == 0, "needs root and unshare -n")
    def test_no_route(self):
        done = subprocess.run(["unshare", "-n", case.RELPBOX, "relp-send", "--json", "192.0.2.1:514"],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        stages = {o["stage"]: o for o in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(done.returncode, 11)
        self.assertEqual(stages["tcp"]["addresses"][0]["result"], "no-route")
        self.assertIn("knows no way", stages["tcp"]["hint"])


class Open(unittest.TestCase):
    def check(self, code, words, *args, **server):
        with Server(**server) as peer:
            result = send(peer.port, *args, "word")
        self.assertEqual(result.code, code, result)
        self.assertRegex(result.stderr.decode(), words)

    def test_refused(self):
        self.check(14, "open: open was refused: 500 refused by the test(.|\n)*its own log tells why",
                   open=REFUSE)

    def test_not_relp(self):
        self.check(14, "look like HTTP(.|\n)*is it the right port", open=b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.check(14, "look like SSH", connect=b"SSH-2.0-OpenSSH_9.2\r\n")

    def test_an_alert_is_tls(self):
        self.check(14, "this port speaks TLS|first bytes look like TLS", open=b"\x15\x03\x01\x00\x02\x02\x46")

    def test_silent(self):
        self.check(16, "no answer to open(.|\n)*no TLS answer", open=SILENT)
        self.check(16, "no answer to open(.|\n)*no TLS answer", connect=STALL)

    def test_closed(self):
        for action in (CLOSE, RESET):
            self.check(17, "open: (.|\n)*no TLS answer", open=action)
        # a serverclose is RELP: nothing else is asked
        self.check(17, r"open: .*serverclose\)\n        hint:", open=SERVERCLOSE)

    def test_closed_by_one_who_never_looked(self):
        self.check(17, "open: ", connect=RESET)

    def test_this_port_speaks_tls(self):
        """openssl s_server, which drops who does not say hello."""
        port = proc.free_port()
        with subprocess.Popen(["openssl", "s_server", "-quiet", "-nocert", "-cipher", "aNULL@SECLEVEL=0",
                               "-port", str(port)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as s_server:
            try:
                proc.wait_for_port(port)
                result = send(port, "word")
                self.assertEqual(result.code, 14, result)
                self.assertIn(b"this port speaks TLS, and was spoken to in plain", result.stderr)
                stages = json_of(send(port, "--json", "word"))
                self.assertIs(stages["open"]["ok"], False)
            finally:
                s_server.kill()


class Escaped(unittest.TestCase):
    """What a stranger says reaches no terminal as it is."""

    EVIL = b"\x1b[31m\x07\xc2\x9b2J\x00\xe2\x80\xae"

    def check(self, *args, words=(b"word",), **server):
        for how in ((), ("-v",), ("--json",)):
            with Server(**server) as peer:
                result = send(peer.port, *how, *args, *words)
            with Server(**server) as peer:
                code, shown = pty_run.run("relp-send", *QUICK, *how, *args, f"127.0.0.1:{peer.port}", *words)
            self.assertIn(result.code, range(18))
            self.assertEqual(code, result.code)
            for text in (result.stdout, result.stderr, shown):
                self.assertNotRegex(text, rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2\x9b|\xe2\x80\xae")
            yield result

    def test_offers(self):
        data = b"200 OK\nrelp_version=0\nrelp_software=" + self.EVIL + b"\ncommands=syslog"
        got = list(self.check(open=frame(1, b"rsp", data)))
        self.assertEqual([r.code for r in got], [0, 0, 0])
        self.assertIn(rb"\x1b[31m", got[1].stdout)
        self.assertIn(rb"\u001b[31m", got[2].stdout)

    def test_a_refused_open(self):
        self.assertEqual({r.code for r in self.check(open=frame(1, b"rsp", b"500 " + self.EVIL))}, {14})

    def test_a_refused_message(self):
        answer = lambda n, _: frame(n + 1, b"rsp", b"500 " + self.EVIL)
        self.assertEqual({r.code for r in self.check(message=answer)}, {15})

    def test_no_relp_at_all(self):
        self.assertEqual({r.code for r in self.check(open=self.EVIL)}, {14})

    def test_an_answer_to_close(self):
        self.assertEqual({r.code for r in self.check(close=self.EVIL)}, {0})


class Load(unittest.TestCase):
    def test_count_and_size(self):
        with Server() as server:
            result = send(server.port, "--json", "--count", "500", "--size", "300")
            self.assertEqual(result.code, 0, result)
            stages = json_of(result)
            run = re.search(rb"src=(\w+) seq=1 of=500", server.messages[0])[1]
            numbers = [int(re.search(rb"src=%s seq=(\d+) " % run, m)[1]) for m in server.messages]
            self.assertEqual(numbers, list(range(1, 501)))
            self.assertEqual({len(m) for m in server.messages}, {300})
            self.assertTrue(all(b" relpbox-test: " in m for m in server.messages))
        latency = stages["messages"]["latency_us"]
        quantiles = [latency[k] for k in ("p50", "p90", "p99", "p99_9", "max")]
        self.assertEqual(quantiles, sorted(quantiles))
        self.assertGreater(stages["messages"]["per_second"], 0)

    def test_a_size_too_small_for_what_is_in_it(self):
        with Server() as server:
            self.assertEqual(send(server.port, "--count", "1", "--size", "1").code, 0)
            self.assertRegex(server.messages[0], rb" seq=1 of=1 $")

    def test_the_tag_can_be_another(self):
        with Server() as server:
            send(server.port, "--count", "1", "-t", "mine")
            self.assertIn(b" mine: ", server.messages[0])

    def test_rate(self):
        with Server() as server:
            stages = json_of(send(server.port, "--json", "--count", "100", "--rate", "200"))
        self.assertGreater(stages["messages"]["ms"], 450)
        self.assertLess(stages["messages"]["per_second"], 220)

    def test_rate_of_lines(self):
        with Server() as server:
            result = send(server.port, "--json", "--rate", "100", stdin=b"x\n" * 30)
            self.assertEqual(len(server.messages), 30)
        self.assertGreater(json_of(result)["messages"]["ms"], 250)

    def test_latency_is_that_of_the_answers(self):
        def slow(n, _):
            time.sleep(0.05)
            return OK
        with Server(message=slow) as server:
            stages = json_of(send(server.port, "--json", "--count", "5", "--window", "1"))
        self.assertGreater(stages["messages"]["latency_us"]["p50"], 49000)
        self.assertLess(stages["messages"]["latency_us"]["max"], 500000)

    def test_progress_on_a_terminal_alone(self):
        with Server() as server:
            args = ("--count", "60", "--rate", "40", f"127.0.0.1:{server.port}")
            code, shown = pty_run.run("relp-send", *args)
            self.assertEqual(code, 0)
            self.assertRegex(shown, rb"\r\d+ of 60 sent, \d+ acknowledged, \d+ a second\x1b\[K")
            # it is gone when the report comes
            self.assertRegex(shown, rb"\x1b\[K\r\x1b\[Kmessages ")
            self.assertEqual(proc.run("relp-send", *args).stderr, b"")


class Sizes(unittest.TestCase):
    SIZES = [1024, 2048, 4096, 8096, 8192, 16384, 32768, 65536, 131072]

    def run_with(self, message):
        with Server(message=message) as server:
            result = send(server.port, "--json", "--probe-size")
            return result, json_of(result), server

    def test_all_accepted(self):
        result, stages, server = self.run_with(OK)
        self.assertEqual(result.code, 0, result)
        self.assertEqual([len(m) for m in server.messages], self.SIZES)
        self.assertEqual({s["result"] for s in stages["messages"]["sizes"]}, {"accepted"})
        for m, size in zip(server.messages, self.SIZES):
            self.assertRegex(m, rb"probe=%s size=%d x+ END-%d$" % (
                stages["messages"]["probe"].encode(), size, size))
        self.assertEqual((server.sessions, server.closes), (1, 1))

    def test_refused(self):
        result, stages, server = self.run_with(lambda n, m: REFUSE if len(m) > 8192 else OK)
        self.assertEqual(result.code, 15, result)
        self.assertEqual([s["result"] for s in stages["messages"]["sizes"]], ["accepted"] * 5 + ["refused"] * 4)
        self.assertEqual(stages["messages"]["sizes"][5]["error"], "500 refused by the test")
        self.assertEqual(server.errors, [])

    def test_refused_and_closed(self):
        """As a receiver does that answers 500 and ends the session."""
        def answer(n, m):
            if len(m) <= 8192:
                return OK
            return frame(0, b"serverclose")
        result, stages, server = self.run_with(answer)
        self.assertEqual(result.code, 17, result)
        self.assertEqual([s["result"] for s in stages["messages"]["sizes"]],
                         ["accepted"] * 5 + ["session closed"] * 4)
        self.assertEqual([len(m) for m in server.messages], self.SIZES)

    def test_closed(self):
        for action in (CLOSE, RESET, SERVERCLOSE):
            with self.subTest(action):
                result, stages, server = self.run_with(lambda n, m, a=action: a if len(m) > 4096 else OK)
                self.assertEqual(result.code, 17, result)
                self.assertEqual([s["result"] for s in stages["messages"]["sizes"]],
                                 ["accepted"] * 3 + ["session closed"] * 6)
                self.assertEqual(server.sessions, 7)

    def test_no_answer(self):
        result, stages, _ = self.run_with(lambda n, m: SILENT if len(m) > 65536 else OK)
        self.assertEqual(result.code, 16, result)
        self.assertEqual(stages["messages"]["sizes"][8]["result"], "no answer")

    def test_the_receiver_goes_away(self):
        """No further session can be had: that is the end."""
        with Server(connect=lambda session: CLOSE if session > 1 else OK, message=CLOSE) as server:
            result = send(server.port, "--json", "--probe-size")
        self.assertEqual(result.code, 17, result)


class Signals(unittest.TestCase):
    def interrupt(self, signo, **server):
        with Server(**server) as peer:
            with proc.Relpbox("relp-send", *QUICK, "--timeout", "20s", "--raw", f"127.0.0.1:{peer.port}",
                              stdin=subprocess.PIPE) as sender:
                sender.popen.stdin.write(b"a\nb\nc\n")
                sender.popen.stdin.flush()
                peer.wait_messages(3)
                sender.signal(signo)
                code = sender.wait()
                sender.popen.stdin.close()
                sender.popen.stdin = None
                return code, sender.stderr, peer

    def test_it_closes_well(self):
        code, said, peer = self.interrupt(signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertIn("interrupted; 3 of 3 messages are acknowledged", said)
        self.assertEqual(peer.closes, 1)
        self.assertEqual(self.interrupt(signal.SIGTERM)[0], 143)

    def test_who_does_not_answer_does_not_hold_it_up(self):
        code, said, _ = self.interrupt(signal.SIGINT, message=lambda n, _: SILENT if n == 3 else OK)
        self.assertEqual(code, 130)
        self.assertIn("2 of 3 messages are acknowledged", said)

    def test_before_there_is_a_session(self):
        with Server(open=SILENT) as peer:
            with proc.Relpbox("relp-send", f"127.0.0.1:{peer.port}", "word") as sender:
                proc.wait_until(lambda: peer.opens, "open came")
                sender.signal(signal.SIGINT)
                self.assertEqual(sender.wait(), 130)
                self.assertIn("open: interrupted by SIGINT", sender.stderr)

    def test_ctrl_c_on_a_terminal(self):
        with Server() as peer:
            with pty_run.Terminal("relp-send", "--count", "100000", "--rate", "50",
                                  f"127.0.0.1:{peer.port}") as t:
                peer.wait_messages(5)
                os.kill(t.popen.pid, signal.SIGINT)
                self.assertEqual(t.end(), 130)
            self.assertRegex(t.shown, rb"messages +FAIL .*interrupted; \d+ of 100000 messages are acknowledged")
            self.assertRegex(t.shown, rb"exit code 130: ended by a signal")


class FromConfig(case.Case):
    def conf(self, port, more=""):
        rules = RULES + '  programNames: ["x"]\n'
        return self.write("relp.yaml", relp_config(port, rules) + more)

    def test_as_forward_would(self):
        with Server() as server:
            result = proc.run("relp-send", "--from-config", self.conf(server.port), "--json", "word")
            self.assertEqual(result.code, 0, result)
            self.assertEqual(len(server.messages), 1)
        stages = json_of(result)
        self.assertEqual(stages["configuration"]["port"], server.port)
        self.assertTrue(stages["configuration"]["from_config"].endswith("relp.yaml"))

    def test_its_time_limits(self):
        with Server(open=SILENT) as server:
            result = proc.run("relp-send", "--from-config", self.conf(server.port, "timeout: 1\n"), "word")
        self.assertEqual(result.code, 16, result)
        self.assertIn(b"no answer to open within 1 s", result.stderr)

    def test_a_broken_one(self):
        result = proc.run("relp-send", "--from-config", self.conf(1, "nosuch: 1\n"), "word")
        self.assertEqual(result.code, 2, result)
        self.assertRegex(result.stderr.decode(), r"relp.yaml:\d+:\d+: error: (.|\n)*nosuch(.|\n)*configuration: ")
        result = proc.run("relp-send", "--from-config", "/nonexistent", "word")
        self.assertEqual(result.code, 2, result)

    def test_what_contradicts_it(self):
        conf = self.conf(1)
        for args in (["127.0.0.1:1"], ["--tls"], ["--ca", "/x"], ["--window", "3"], ["--timeout", "1s"],
                     ["--connect-timeout", "1s"], ["--permitted-peer", "x"], ["--auth-mode", "name"]):
            result = proc.run("relp-send", "--from-config", conf, *args)
            self.assertEqual(result.code, 2, (args, result))
            self.assertRegex(result.stderr + result.stdout, b"--from-config|--tls-dir is needed")

    def test_tls_is_asked_for_and_there_are_no_files(self):
        result = proc.run("relp-send", "--from-config", self.conf(1, "tls:\n  enabled: true\n  secretReferenceName: x\n"),
                          "--quit-after", "configuration")
        self.assertEqual(result.code, 2, result)
        self.assertIn(b"--tls-dir", result.stdout)


if __name__ == "__main__":
    unittest.main()

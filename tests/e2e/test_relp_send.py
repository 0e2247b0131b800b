# SPDX-License-Identifier: Apache-2.0
"""relp-send: what it sends, and its exit code for each way in which it can fail."""

import re
import socket
import subprocess
import tempfile
import unittest

from relptest import proc, seq
from relptest.relp import CLOSE, OK, REFUSE, RESET, SERVERCLOSE, SILENT, STALL, Server, frame

QUICK = ("--connect-timeout", "300ms", "--timeout", "500ms")


def send(server, *args, **more):
    return proc.run("relp-send", *QUICK, f"127.0.0.1:{server.port}", *args, **more)


class Sends(unittest.TestCase):
    def sent(self, *args, **more):
        with Server() as server:
            result = send(server, *args, **more)
            self.assertEqual(result.code, 0, result)
            self.assertEqual(result.stderr, b"", result)
            self.assertEqual(server.errors, [])
            self.assertEqual(server.closes, 1)
            return server.messages

    def test_messages_of_the_command_line(self):
        got = self.sent("-t", "prog", "-p", "auth.err", "one two", "", "three")
        self.assertEqual([re.sub(rb"^<35>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ ", b"", m) for m in got],
                         [b"prog: one two", b"prog: ", b"prog: three"])

    def test_the_same_as_logger(self):
        """Byte for byte what logger(1) sends over TCP, the time aside."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        where = ["-n", "127.0.0.1", "-T", "-P", str(listener.getsockname()[1])]
        for style in ("--rfc3164", "--rfc5424"):
            for extra in ([], ["-t", "a b"], ["-t", "prog", "-p", "local7.debug"], ["-p", "crit"]):
                try:
                    logger = subprocess.Popen(["logger", *where, style, *extra, "words\x01 and\nmore"])
                except FileNotFoundError:
                    self.skipTest("no logger(1)")
                peer, _ = listener.accept()
                with peer:
                    want = b""
                    while data := peer.recv(65536):
                        want += data
                logger.wait()
                ours = [] if style == "--rfc3164" else [style]
                got = self.sent(*ours, *extra, "words\x01 and\nmore")[0] + b"\n"
                for time in (rb"\w{3} [ \d]\d \d\d:\d\d:\d\d", rb"\d{4}-\S+T\S+", rb'syncAccuracy="\d+"'):
                    want, got = re.sub(time, b"TIME", want), re.sub(time, b"TIME", got)
                self.assertEqual(got, want)

    def test_pid(self):
        self.assertRegex(self.sent("-i", "-t", "prog", "x")[0], rb" prog\[\d+\]: x$")

    def test_lines_of_standard_input(self):
        self.assertEqual(self.sent("--raw", stdin=b"a\n\nb\x00c\nlast"), [b"a", b"", b"b\x00c", b"last"])

    def test_lines_of_a_file(self):
        with tempfile.NamedTemporaryFile() as f:
            f.write(b"a\nb\n")
            f.flush()
            self.assertEqual(self.sent("--raw", "-f", f.name), [b"a", b"b"])
        with Server() as server:
            self.assertEqual(send(server, "-f", "/nonexistent").code, 1)

    def test_nothing_on_standard_input_is_no_failure(self):
        self.assertEqual(self.sent(stdin=b""), [])

    def test_many(self):
        got = self.sent("--raw", stdin=seq.lines(1, 20000))
        self.assertTrue(seq.Account(seq.numbers(got), 1, 20000).exact)

    def test_a_message_larger_than_the_window(self):
        big = b"x" * 1040000
        got = self.sent("--raw", stdin=b"a\n" + big + b"\nb\n")
        self.assertEqual([len(m) for m in got], [1, len(big), 1])

    def test_a_line_over_the_limit(self):
        with Server() as server:
            result = send(server, "--raw", stdin=b"a\n" + b"x" * 3000000)
            self.assertEqual(result.code, 1, result)
            self.assertEqual(server.messages, [b"a"])
            self.assertIn(b"longer than", result.stderr)

    def test_a_line_is_sent_before_the_next_comes(self):
        with Server() as server:
            with proc.Relpbox("relp-send", "--raw", f"127.0.0.1:{server.port}",
                              stdin=subprocess.PIPE) as sender:
                for n in range(1, 4):
                    sender.popen.stdin.write(b"line %d\n" % n)
                    sender.popen.stdin.flush()
                    server.wait_messages(n)
                sender.popen.stdin.close()
                self.assertEqual(sender.wait(), 0)

    def test_ipv6(self):
        try:
            server = Server(host="::1")
        except OSError:
            self.skipTest("no IPv6 on loopback")
        with server:
            result = proc.run("relp-send", "--raw", f"[::1]:{server.port}", "x")
            self.assertEqual(result.code, 0, result)
            self.assertEqual(server.messages, [b"x"])


class ExitCodes(unittest.TestCase):
    def check(self, code, words, stdin=seq.lines(1, 10), **server):
        with Server(**server) as peer:
            result = send(peer, "--raw", stdin=stdin)
        self.assertEqual(result.code, code, result)
        self.assertRegex(result.stderr.decode(), words)
        return peer

    def test_usage(self):
        for args in ([], ["host"], ["host:99999"], ["::1:20514"], ["h:1", "--bogus"],
                     ["-p", "nosuch.err", "h:1"], ["-p", "user.nosuch", "h:1"],
                     ["--timeout", "soon", "h:1"], ["-f", "x", "h:1", "word"]):
            result = proc.run("relp-send", *args)
            self.assertEqual(result.code, 2, (args, result))
            self.assertTrue(result.stderr)

    def test_dns(self):
        result = proc.run("relp-send", "no-such-name.invalid:20514", "x")
        self.assertEqual(result.code, 10, result)

    def test_connection_refused(self):
        result = proc.run("relp-send", f"127.0.0.1:{proc.free_port()}", "x")
        self.assertEqual(result.code, 11, result)
        self.assertIn(b"connection refused", result.stderr)

    def test_connect_time_out(self):
        """A listener whose queue is full lets no more in."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
            fillers.append(s)
        result = proc.run("relp-send", *QUICK, f"127.0.0.1:{port}", "x")
        for s in [*fillers, listener]:
            s.close()
        self.assertEqual(result.code, 11, result)
        self.assertIn(b"no answer to the connect", result.stderr)

    def test_open_refused(self):
        self.check(14, "refused by the test", open=REFUSE)

    def test_open_answered_without_syslog(self):
        self.check(14, "syslog", open=frame(1, b"rsp", b"200 OK\nrelp_version=0\ncommands=other"))

    def test_not_relp(self):
        self.check(14, "not a RELP frame", open=b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.check(14, "not a RELP frame", connect=b"220 mail.example.com ESMTP\r\n")

    def test_what_a_stranger_says_is_escaped(self):
        result = self.check(14, r"\\x1b", open=frame(1, b"rsp", b"500 \x1b[31mred"))
        self.assertTrue(result)

    def test_silent_at_connect(self):
        self.check(16, "no answer to open", connect=STALL)

    def test_silent_at_open(self):
        self.check(16, "no answer to open", open=SILENT)

    def test_closed_at_open(self):
        self.check(17, "closed", open=CLOSE)
        self.check(17, "reset", open=RESET)
        self.check(17, "serverclose", open=SERVERCLOSE)

    def test_one_message_refused(self):
        peer = self.check(15, r"message 3 was refused: 500 refused by the test(.|\n)*9 of 10",
                          message=lambda n, _: REFUSE if n == 3 else OK)
        self.assertEqual(len(peer.messages), 10)
        self.assertEqual(peer.closes, 1)

    def test_all_messages_refused(self):
        self.check(15, "0 of 10", message=REFUSE)

    def test_silent_at_a_message(self):
        self.check(16, "9 of 10", message=lambda n, _: SILENT if n == 10 else OK)

    def test_closed_at_a_message(self):
        for action in (CLOSE, RESET, SERVERCLOSE):
            with self.subTest(action):
                self.check(17, "of 10 messages", message=lambda n, _, a=action: a if n == 5 else OK)

    def test_a_wrong_answer(self):
        self.check(17, "waits for none", message=lambda n, _: frame(99, b"rsp", b"200 OK"))

    def test_answers_before_a_close_count(self):
        """Answers that arrived before the end are read and counted."""
        self.check(17, "4 of 10", message=lambda n, _: CLOSE if n == 5 else OK)

    def test_closed_when_all_is_answered(self):
        for action in (CLOSE, RESET, SERVERCLOSE, SILENT):
            with self.subTest(action):
                self.check(0, "^$", close=action)

    def test_answer_to_close_with_text(self):
        self.check(0, "^$", close=frame(12, b"rsp", b"200 OK"))

    def test_open_answered_as_logstash_does(self):
        data = b"200 OK relp_version=0\nrelp_software=logstash,1.1.1,http://logstash.net\ncommands=syslog"
        self.check(0, "^$", open=frame(1, b"rsp", data))

    def test_a_silent_receiver_under_load(self):
        """Nothing is read: the socket fills up, and still the time limit holds."""
        self.check(16, "no answer to messages", stdin=b"x" * 1000000 + b"\n" + b"y" * 1000000 + b"\n",
                   message=STALL)


if __name__ == "__main__":
    unittest.main()

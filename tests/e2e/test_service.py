# SPDX-License-Identifier: Apache-2.0
"""forward under a service manager: sockets passed to it, and what it tells back."""

import os
import socket
import time
import unittest

from relptest.case import SLOW, Case
from relptest.feed import Held, Sender
from relptest.forward import Forward


class ListenFds(Case):
    def held(self, name):
        h = Held(self.path(name))
        self.addCleanup(h.close)
        return h

    def send(self, path, source, numbers):
        s = Sender(path)
        s.numbered(source, numbers)
        s.close()

    def test_a_passed_socket_is_read_and_outlives_forward(self):
        r = self.receiver()
        h = self.held("syslog")
        inode = os.stat(h.path).st_ino
        f = Forward(self, r.port, held=[h], names="syslog.socket").start()
        self.assertTrue(f.status()["inputs"][0]["passed_by_service_manager"])
        self.send(h.path, "a", range(1, 6))
        r.wait_distinct("a", 5)
        f.term()
        self.assertEqual(os.stat(h.path).st_ino, inode, "the socket is not ours to remove")
        self.send(h.path, "a", range(6, 11))  # nobody reads now
        f.start()
        r.wait_distinct("a", 10)
        f.term()
        self.assertEqual(self.assert_exact(r, "a", 10), 0)

    def test_each_socket_goes_to_the_input_of_its_path(self):
        r = self.receiver()
        one, two = self.held("one"), self.held("two")
        f = Forward(self, r.port, held=[two, one],
                    inputs=["unix:" + one.path, "unix:" + two.path]).start()
        self.assertEqual([(i["path"], i["passed_by_service_manager"])
                          for i in f.status()["inputs"]],
                         [(one.path, True), (two.path, True)])
        self.send(one.path, "a", range(1, 21))
        self.send(two.path, "b", range(1, 21))
        r.wait_stored(40)
        self.assert_exact(r, "a", 20)
        self.assert_exact(r, "b", 20)
        f.term()

    def test_a_socket_that_no_input_names_is_told_and_not_read(self):
        r = self.receiver()
        one, other = self.held("one"), self.held("other")
        f = Forward(self, r.port, held=[other, one], inputs=["unix:" + one.path]).start()
        self.assertTrue(f.said(other.path), f.talk())
        self.send(one.path, "a", [1])
        r.wait_stored(1)
        f.term()

    def test_a_socket_of_another_type_is_told_and_not_read(self):
        r = self.receiver()
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(stream.close)
        stream.bind(self.path("stream"))
        stream.listen()
        one = self.held("one")
        f = Forward(self, r.port, held=[stream, one], inputs=["unix:" + one.path]).start()
        self.assertTrue(f.said("not a unix datagram socket"), f.talk())
        f.term()

    def test_a_passed_socket_and_one_of_our_own(self):
        r = self.receiver()
        one = self.held("one")
        f = Forward(self, r.port, held=[one],
                    inputs=["unix:" + self.path("own"), "unix:" + one.path]).start()
        self.assertEqual([i["passed_by_service_manager"] for i in f.status()["inputs"]],
                         [False, True])
        self.send(self.path("own"), "a", range(1, 11))
        self.send(one.path, "b", range(1, 11))
        r.wait_stored(20)
        f.term()

    def test_sockets_for_another_process_are_not_taken(self):
        """LISTEN_PID is not ours: the socket is somebody's, and answered on."""
        r = self.receiver()
        one = self.held("one")
        f = Forward(self, r.port, held=[one], listen_pid=False, notify=False)
        f.start(ready=False)
        self.assertEqual(f.wait_exit(), 1, f.talk())
        self.assertTrue(f.said(one.path), f.talk())


class Notify(Case):
    def forward(self, r, **how):
        return Forward(self, r.port, inputs=["unix:" + self.path("syslog")], **how)

    def test_ready_without_a_receiver_when_inputs_are_open(self):
        r = self.receiver()
        r.kill()
        f = self.forward(r).start()
        s = Sender(self.path("syslog"))  # it can be sent to at once
        s.numbered("a", [1])
        s.close()
        f.wait_note("STATUS=")
        f.term()

    def test_no_ready_when_it_can_not_start(self):
        r = self.receiver()
        h = Held(self.path("syslog"))
        self.addCleanup(h.close)
        f = self.forward(r)
        f.start(ready=False)
        self.assertEqual(f.wait_exit(), 1)
        with self.assertRaises(AssertionError):
            f.wait_note("READY=1", 0.1)

    def test_stopping_is_told(self):
        f = self.forward(self.receiver()).start()
        f.term()
        f.wait_note("STOPPING=1")

    def test_status_tells_the_state_in_words(self):
        r = self.receiver()
        f = self.forward(r).start()
        f.wait_note("STATUS=")
        self.assertIn("port %d" % r.port, f.wait_note("STATUS="))
        f.term()

    def feeds(self, f, seconds=1.5):
        """How many times the watchdog is fed in this time, once it is fed at all."""
        f.notes = [n for n in f.notes if not n.startswith("WATCHDOG")]
        f.wait_note("WATCHDOG=1")
        f.notes.clear()
        end = time.monotonic() + seconds
        n = 0
        while time.monotonic() < end:
            try:
                n += f.notify.recv(65536).decode().count("WATCHDOG=1")
            except TimeoutError:
                pass
        return n

    def test_the_watchdog_is_fed_when_idle_and_with_the_receiver_away(self):
        r = self.receiver()
        f = self.forward(r, env={"WATCHDOG_USEC": "400000"}).start()
        self.assertGreaterEqual(self.feeds(f), 4 // SLOW)
        r.kill()
        f.wait_status(lambda j: not j["delivering"])
        self.assertGreaterEqual(self.feeds(f), 4 // SLOW)
        f.term()

    def test_the_watchdog_is_fed_with_a_full_spool(self):
        r = self.receiver()
        r.kill()
        f = self.forward(r, env={"WATCHDOG_USEC": "400000"}, spool_max="1MiB").start()
        s = Sender(self.path("syslog"))
        for n in range(1500):
            s.send("src=a seq=%d %s" % (n, "x" * 1000))
        s.close()
        f.wait_status(lambda j: j["counts"]["dropped_spool_full"] > 0)
        self.assertGreaterEqual(self.feeds(f), 4 // SLOW)
        f.term()

    def test_no_watchdog_unless_it_is_asked_for(self):
        f = self.forward(self.receiver()).start()
        f.wait_note("STATUS=")
        f.term()
        f.wait_note("STOPPING=1")
        self.assertFalse([n for n in f.notes if n.startswith("WATCHDOG")])

    def test_no_notify_socket_at_all(self):
        r = self.receiver()
        f = self.forward(r, notify=False).start(ready=False)
        r.wait(lambda: r.opens, 20, "a session")
        f.term()


if __name__ == "__main__":
    unittest.main()

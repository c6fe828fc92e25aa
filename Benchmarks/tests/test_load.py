"""The prober and the watch over a proxy, against servers that misbehave."""

import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from unittest import TestCase

import cell
import load
import peers
from cases import CASES
from counting.app import ScriptedApp
from processes import Child, DidNotStart, free_port, parents

SMALL = CASES[0]
POST = next(case for case in CASES if case.name == "post-64k")


def serve_once(answer):
    """A port on which one connection is given `answer` after its first bytes, and is closed."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with listener, connection:
            connection.recv(65536)
            connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


class Probe(TestCase):
    def test_accepts_a_right_answer(self):
        app = ScriptedApp(SMALL)
        self.addCleanup(app.close)
        self.assertIsNone(load.probe(app.port, SMALL))

    def test_accepts_a_chunked_answer(self):
        port = serve_once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + b"x" * 20 + b"\r\n9;a=b\r\n" + b"y" * 9 + b"\r\n0\r\n\r\n")
        self.assertIsNone(load.probe(port, SMALL))

    def test_tells_what_is_wrong(self):
        wrong = {
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n": "status 502",
            b"HTTP/1.1 302 Found\r\nContent-Length: 29\r\n\r\n" + b"x" * 29: "status 302",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc": "3 body bytes instead of 29",
            b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\nabc": "3 of 29 body bytes came",
            b"": "the connection was closed without an answer",
        }
        for answer, said in wrong.items():
            self.assertEqual(load.probe(serve_once(answer), SMALL), said)

    def test_knows_when_the_app_did_not_read_the_whole_body(self):
        app = ScriptedApp(POST)
        self.addCleanup(app.close)
        self.assertIsNone(load.probe(app.port, POST))
        port = serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n00012")
        self.assertEqual(load.probe(port, POST), "the app read 12 bytes of a body of 65536")


class Watch(TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def child(self, *command):
        child = Child(command, min(os.sched_getaffinity(0)), Path(self.directory.name) / "output")
        self.addCleanup(child.stop)
        return child

    def test_a_process_that_ends_is_reported_with_its_last_words(self):
        child = self.child("sh", "-c", "echo bad option; exit 3")
        with self.assertRaisesRegex(DidNotStart, "ended with status 3 before answering: bad option"):
            child.wait_until(lambda: False, "answering")

    def test_a_process_that_hangs_is_reported(self):
        with self.assertRaisesRegex(DidNotStart, "not answering within 0.1 s"):
            self.child("sleep", "60").wait_until(lambda: False, "answering", seconds=0.1)

    def test_stopping_reaches_descendants_that_ignore_the_signal(self):
        script = "import os,signal,time; signal.signal(15, signal.SIG_IGN); os.fork(); print('up', flush=True); time.sleep(60)"
        child = self.child(sys.executable, "-c", script)
        child.wait_until(lambda: child.log.read_text().count("up") == 2, "up")
        family = child.tree()
        self.assertEqual(len(family), 2)
        child.stop(patience=0.1)
        self.assertEqual(family.keys() & parents().keys(), set())

    def test_a_cell_reports_a_proxy_that_does_not_start(self):
        peer = peers.Peer("broken", lambda: "/bin/false", (), "nginx.conf", lambda binary, config: [binary, config],
                          lambda setting: dict.fromkeys(("request_buffering", "buffers", "forwarding", "routes"), ""))
        bench = cell.Bench(Path(self.directory.name), "wrk", free_port(), min(os.sched_getaffinity(0)), 1, 1, 1, 1024, True)
        sample = cell.run(bench, cell.Entrant(peer, "/bin/false"), SMALL)
        self.assertIn("did not start: ended with status 1", sample["failure"])

"""The prober and the watch over a proxy, against servers that misbehave."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from unittest import TestCase, skipUnless

import cell
import load
import peers
import secure
from cases import CASES
from counting.app import ScriptedApp
from processes import Child, DidNotStart, free_port, parents

SMALL = CASES[0]
POST = next(case for case in CASES if case.name == "post-64k")
STREAMS = next(case for case in CASES if case.name == "h2-small")
HANDSHAKES = next(case for case in CASES if case.name == "tls-handshake")


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


H2LOAD = """Application protocol: h2
finished in 1.00s, 8000.00 req/s, 750.52KB/s
requests: 8171 total, 8248 started, 8000 done, 8000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 8001 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 750.52KB (768528) total, 382.81KB (392000) headers (space savings 50.51%), 226.56KB (232000) data
"""
S_TIME = """Collecting connection statistics for 1 seconds
****tttt

8 connections in 0.31s; 1622.58 connections/user sec, bytes read 1376
8 connections in 2 real seconds, 172 bytes read per connection
"""


class Reports(TestCase):
    def test_of_h2load_count_whole_answers(self):
        self.assertEqual(load.read_h2load(H2LOAD, STREAMS), {"succeeded": 8000, "data": 232000})

    def test_of_h2load_tell_what_is_wrong(self):
        wrong = {
            "protocol: h2\n": ("protocol: http/1.1\n", "the protocol was not HTTP/2"),
            "0 failed": ("7 failed", "7 failed of 8000 requests"),
            "0 5xx": ("3 5xx", "3 5xx of 8000 requests"),
            "8000 succeeded": ("0 succeeded", "no request was answered"),
            "(232000) data": ("(231999) data", "answers too short: 231999 bytes in 8000 answers"),
        }
        for text, (instead, said) in wrong.items():
            with self.assertRaisesRegex(load.BadLoad, re.escape(said)):
                load.read_h2load(H2LOAD.replace(text, instead), STREAMS)
        with self.assertRaisesRegex(load.BadLoad, "gave no result: cannot connect"):
            load.read_h2load("cannot connect", STREAMS)

    def test_of_s_time_count_connections_and_bytes(self):
        self.assertEqual(load.read_s_time(S_TIME), (8, 1376))

    def test_of_s_time_with_a_resumed_handshake_are_refused(self):
        with self.assertRaisesRegex(load.BadLoad, "not a full one"):
            load.read_s_time(S_TIME.replace("**tt", "**rt"))

    def test_of_s_time_without_a_connection_are_refused(self):
        with self.assertRaisesRegex(load.BadLoad, "gave no result"):
            load.read_s_time(S_TIME.replace("8 connections in", "0 connections in"))


@skipUnless(shutil.which("openssl"), "openssl is not installed")
class OverTLS(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = Path(folder.name)
        secure.prepare(self.directory)

    def serve(self, answer, connections=1):
        """A port on which so many connections get `answer` over TLS, and are closed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "pair.pem")
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with listener:
                for _ in range(connections):
                    plain, _ = listener.accept()
                    try:
                        with context.wrap_socket(plain, server_side=True) as connection:
                            connection.recv(65536)
                            connection.sendall(answer)
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def test_the_prober_reads_the_answer(self):
        right = b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n" + b"x" * 29
        self.assertIsNone(load.probe(self.serve(right), HANDSHAKES))
        self.assertEqual(load.probe(self.serve(right.replace(b"200", b"503")), HANDSHAKES), "status 503")

    def test_the_prober_does_not_take_an_answer_without_tls(self):
        self.assertIsNotNone(load.probe(serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n" + b"x" * 29), HANDSHAKES))

    def test_the_clients_settings_leave_one_suite_and_one_group(self):
        done = subprocess.run(["openssl", "ciphers", "-s", "-tls1_3"], capture_output=True, text=True, timeout=20,
                              env={**os.environ, **secure.client_environment(self.directory)})
        self.assertEqual(done.stdout.strip(), "TLS_AES_128_GCM_SHA256")

    def test_every_template_that_speaks_tls_has_a_place_for_it(self):
        for peer in peers.PEERS:
            text = (peers.CONFIGS / peer.config).read_text()
            if secure.has(peer.name):
                filled = secure.values(peer.name, True, 1, self.directory)
                for name in (name for name, value in filled.items() if value):
                    self.assertIn("@{" + name + "}", text, peer.name)
                self.assertIn(str(self.directory), "".join(filled.values()), peer.name)
                self.assertNotIn(str(self.directory), "".join(secure.values(peer.name, False, 0, self.directory).values()), peer.name)


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
        bench = cell.Bench(Path(self.directory.name), load.Programs("wrk", None, None, {}), free_port(), free_port(), min(os.sched_getaffinity(0)), 1, 1, 1, 1024, True)
        sample = cell.run(bench, cell.Entrant(peer, "/bin/false"), SMALL)
        self.assertIn("did not start: ended with status 1", sample["failure"])

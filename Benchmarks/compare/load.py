"""The load: wrk for requests per second, plain sockets for a probe and for idle connections."""

import gzip
import json
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from processes import Child

SCRIPT = Path(__file__).parent / "load.lua"


class BadLoad(Exception):
    """The proxy gave no usable answers. The text says what was wrong."""


@dataclass(frozen=True)
class Load:
    """What wrk counted."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    """Median latency in microseconds."""
    p99: float


def run_wrk(wrk, port, case, seconds, core, log):
    """Runs wrk for `seconds` on `core`. Raises BadLoad unless every answer was a good one and none was missing."""
    command = [wrk, "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "5s", "-s", SCRIPT]
    for name, value in case.fields:
        command += ["-H", f"{name}: {value}"]
    command += [f"http://127.0.0.1:{port}{case.path}", "--", case.method, str(case.body_bytes)]
    log.unlink(missing_ok=True)
    child = Child(command, core, log)
    try:
        child.process.wait(seconds + 15)
    except subprocess.TimeoutExpired:
        raise BadLoad("wrk itself did not end in time") from None
    finally:
        child.stop()
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("RESULT "):
            break
    else:
        raise BadLoad(f"wrk gave no result: {child.last_words()}")
    counted = json.loads(line.removeprefix("RESULT "))
    if counted["requests"] == 0:
        raise BadLoad("no request was answered")
    bad = {kind: counted[kind] for kind in ("status", "connect", "read", "write", "timeout") if counted[kind]}
    if bad:
        raise BadLoad(", ".join(f"{count} {kind} errors" for kind, count in bad.items()) + f" in {counted['requests']} requests")
    if not case.coding and counted["bytes"] < counted["requests"] * case.answer_bytes:
        raise BadLoad(f"answers too short: {counted['bytes']} bytes in {counted['requests']} answers")
    return Load(counted["requests"], counted["microseconds"] / 1e6, counted["bytes"], counted["p50"], counted["p99"])


class Client:
    """One keep-alive connection that sends a case's request and reads the whole answer."""

    def __init__(self, port, case, seconds=5):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"{case.method} {case.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in case.fields]
        if case.body_bytes:
            lines.append(f"Content-Length: {case.body_bytes}")
        self.coding = ""
        """The content coding of the last answer."""
        self.request = "\r\n".join(lines).encode() + b"\r\n\r\n" + b"x" * case.body_bytes

    def send(self):
        self.socket.sendall(self.request)

    def receive(self):
        """The answer as (status, body), the body without its coding. Raises OSError when there is none that is whole."""
        with self.socket.makefile("rb") as stream:
            words = stream.readline().split(None, 2)
            if len(words) < 2:
                raise OSError("the connection was closed without an answer")
            length, chunked, self.coding = None, False, ""
            while (line := stream.readline()) not in (b"\r\n", b"\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"transfer-encoding":
                    chunked = value.strip().lower() == b"chunked"
                elif name.lower() == b"content-encoding":
                    self.coding = value.strip().lower().decode()
            if chunked:
                body = b""
                while size := int(stream.readline().split(b";")[0], 16):
                    body += stream.read(size)
                    stream.readline()
                while stream.readline() not in (b"\r\n", b""):
                    pass
            else:
                body = stream.read() if length is None else stream.read(length)
                if length is not None and len(body) != length:
                    raise OSError(f"{len(body)} of {length} body bytes came")
        return int(words[1]), gzip.decompress(body) if self.coding == "gzip" else body

    def close(self):
        self.socket.close()


def probe(port, case):
    """None when one request gets the right answer; otherwise what was wrong with it."""
    try:
        client = Client(port, case)
        try:
            client.send()
            status, body = client.receive()
        finally:
            client.close()
    except (OSError, EOFError, ValueError) as problem:
        return str(problem)
    if not 200 <= status <= 299:
        return f"status {status}"
    if client.coding != case.coding:
        return f"its coding is {client.coding or 'none'} instead of {case.coding or 'none'}"
    if case.answer_bytes and len(body) != case.answer_bytes:
        return f"{len(body)} body bytes instead of {case.answer_bytes}"
    # The app answers a POST with the number of bytes that it read.
    if case.body_bytes and int(body) < case.body_bytes:
        return f"the app read {int(body)} bytes of a body of {case.body_bytes}"
    return None


class IdleConnections:
    """Keep-alive connections that have each had one answer and now wait."""

    def __init__(self):
        self.clients = []

    def open(self, port, case, count, at_once=64):
        """Opens `count` connections, `at_once` of them busy at a time, and takes one answer on each."""
        while len(self.clients) < count:
            batch = [Client(port, case) for _ in range(min(at_once, count - len(self.clients)))]
            self.clients += batch
            self._ask(batch)

    def ask_all(self, at_once=64):
        """One more request on each connection: proof that all of them are still open."""
        for start in range(0, len(self.clients), at_once):
            self._ask(self.clients[start:start + at_once])

    def _ask(self, batch):
        try:
            for client in batch:
                client.send()
            for client in batch:
                status, _ = client.receive()
                if status != 200:
                    raise BadLoad(f"status {status} on an idle connection")
        except OSError as problem:
            raise BadLoad(f"an idle connection was lost: {problem}") from None

    def close(self):
        for client in self.clients:
            client.close()
        self.clients = []


def settled(reading, seconds=4, step=0.25):
    """Takes `reading()` until three in a row agree, or time is up; the last one is returned."""
    deadline = time.monotonic() + seconds
    values = [reading()]
    while time.monotonic() < deadline and not (len(values) >= 3 and values[-1] == values[-2] == values[-3]):
        time.sleep(step)
        values.append(reading())
    return values[-1]

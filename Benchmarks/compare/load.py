"""The load: wrk for requests per second, plain sockets for a probe and for idle connections."""

import gzip
import json
import re
import socket
import ssl
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
    p50: float | None
    """Median latency in microseconds; None where the program does not tell it."""
    p99: float | None


@dataclass(frozen=True)
class Programs:
    """The load generators, and the environment in which those that speak TLS all offer the same."""

    wrk: str
    h2load: str | None
    openssl: str | None
    environment: dict


def run(programs, port, case, seconds, core, log):
    """The load of `case` for `seconds` on `core`. Raises BadLoad unless every answer was a good one and none was missing."""
    generator = run_streams if case.streams else run_handshakes if case.handshakes else run_wrk
    return generator(programs, port, case, seconds, core, log)


def run_streams(programs, port, case, seconds, core, log):
    """Runs h2load. Raises as `run`."""
    text = h2load_output(programs, port, case, ["-D", str(seconds), f"-c{case.connections}", f"-m{case.streams}"], seconds, core, log)
    counted = read_h2load(text, case)
    # What is under way at the end is neither answered nor failed.
    return Load(counted["succeeded"], float(seconds), counted["data"], None, None)


def probe_streams(programs, port, case, core, log):
    """None when one request over HTTP/2 gets the right answer; otherwise what was wrong with it."""
    try:
        read_h2load(h2load_output(programs, port, case, ["-n1", "-c1", "-m1"], 5, core, log), case)
    except BadLoad as problem:
        return str(problem)
    return None


def h2load_output(programs, port, case, arguments, seconds, core, log):
    command = [programs.h2load, "-t1", *arguments]
    for name, value in case.fields:
        command += ["-H", f"{name}: {value}"]
    return finish([Child([*command, f"https://127.0.0.1:{port}{case.path}"], core, fresh(log), programs.environment)], seconds + 15)[0]


def read_h2load(text, case):
    """The counts in h2load's report, as {"succeeded": whole answers, "data": bytes of bodies}. Raises BadLoad unless all is well."""
    counted = {name: int(count) for count, name in re.findall(r"(\d+) (done|succeeded|failed|timeout|[2345]xx)\b", text)}
    data = re.search(r"\((\d+)\) data", text)
    if "succeeded" not in counted or not data:
        raise BadLoad(f"h2load gave no result: {text[-200:]}")
    if "Application protocol: h2\n" not in text:
        raise BadLoad("the protocol was not HTTP/2")
    if counted["succeeded"] == 0:
        raise BadLoad("no request was answered")
    bad = {name: counted[name] for name in ("failed", "timeout", "3xx", "4xx", "5xx") if counted.get(name)}
    if bad:
        raise BadLoad(", ".join(f"{count} {name}" for name, count in bad.items()) + f" of {counted['done']} requests")
    if int(data[1]) < counted["succeeded"] * case.answer_bytes:
        raise BadLoad(f"answers too short: {data[1]} bytes in {counted['succeeded']} answers")
    return {"succeeded": counted["succeeded"], "data": int(data[1])}


def run_handshakes(programs, port, case, seconds, core, log):
    """Runs `openssl s_time`, one process for each connection at a time. wrk and h2load would resume sessions. Raises as `run`."""
    began = time.monotonic()
    # It counts seconds of the clock, the one that has begun as well, so it runs up to one longer than it is told.
    command = [programs.openssl, "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", str(seconds), "-www", case.path]
    texts = finish([Child(command, core, fresh(log.with_suffix(f".{number}")), programs.environment) for number in range(case.connections)],
                   seconds + 15)
    elapsed = time.monotonic() - began
    requests, answers = map(sum, zip(*(read_s_time(text) for text in texts)))
    if answers < requests * case.answer_bytes:
        raise BadLoad(f"answers too short: {answers} bytes in {requests} answers")
    return Load(requests, elapsed, answers, None, None)


def read_s_time(text):
    """(connections, bytes read) of one run of s_time. Raises BadLoad when a connection failed or resumed a session."""
    total = re.search(r"(\d+) connections in \d+ real seconds, (\d+) bytes read per connection", text)
    marks = re.search(r"^[*rt]+", text, re.M)
    if not total or not marks or int(total[1]) == 0:
        raise BadLoad(f"s_time gave no result: {text[-200:]}")
    if "r" in marks[0]:
        raise BadLoad("a handshake was not a full one")
    return int(total[1]), int(total[1]) * int(total[2])


def fresh(log):
    log.unlink(missing_ok=True)
    return log


def finish(children, seconds):
    """Waits for load generators, stops them, and returns what each has printed."""
    deadline = time.monotonic() + seconds
    try:
        for child in children:
            child.process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise BadLoad("the load generator itself did not end in time") from None
    finally:
        for child in children:
            child.stop()
    return [child.log.read_text(errors="replace") for child in children]


def run_wrk(programs, port, case, seconds, core, log):
    """Runs wrk for `seconds` on `core`. Raises BadLoad unless every answer was a good one and none was missing."""
    command = [programs.wrk, "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "5s", "-s", SCRIPT]
    for name, value in case.fields:
        command += ["-H", f"{name}: {value}"]
    # wrk sends the host as the server name, and an address is not one (RFC 6066 §3).
    origin = f"https://localhost:{port}" if case.secure else f"http://127.0.0.1:{port}"
    command += [f"{origin}{case.path}", "--", case.method, str(case.body_bytes)]
    text, = finish([Child(command, core, fresh(log), programs.environment)], seconds + 15)
    for line in text.splitlines():
        if line.startswith("RESULT "):
            break
    else:
        raise BadLoad(f"wrk gave no result: {text[-200:]}")
    counted = json.loads(line.removeprefix("RESULT "))
    if counted["requests"] == 0:
        raise BadLoad("no request was answered")
    bad = {kind: counted[kind] for kind in ("status", "connect", "read", "write", "timeout") if counted[kind]}
    if bad:
        raise BadLoad(", ".join(f"{count} {kind} errors" for kind, count in bad.items()) + f" in {counted['requests']} requests")
    if not case.coding and counted["bytes"] < counted["requests"] * case.answer_bytes:
        raise BadLoad(f"answers too short: {counted['bytes']} bytes in {counted['requests']} answers")
    return Load(counted["requests"], counted["microseconds"] / 1e6, counted["bytes"], counted["p50"], counted["p99"])


# Certificates of a run are made for it, and nobody looks at them.
TRUSTING = ssl._create_unverified_context()


class Client:
    """One keep-alive connection that sends a case's request and reads the whole answer."""

    def __init__(self, port, case, seconds=5):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if case.secure:
            self.socket = TRUSTING.wrap_socket(self.socket, server_hostname="localhost")
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

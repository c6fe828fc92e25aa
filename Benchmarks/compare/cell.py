"""One cell of the table: one proxy, one case, one round. Everything is started for it and stopped after it."""

import json
import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import load
import peers
import secure
from cases import Case, route_path
from measure import CoreTime, ProcessorTime, resident_bytes, wait_until_quiet
from processes import Child, DidNotStart, free_port


@dataclass(frozen=True)
class Entrant:
    """A proxy in one case, perhaps with a number of routes, and with a set of filters."""

    peer: peers.Peer
    binary: str
    routes: int = 0
    filters: str = "none"
    names_filters: bool = False
    """There are several rows of one proxy."""

    @property
    def name(self):
        if self.names_filters:
            return f"{self.peer.name}, filters: {self.filters}"
        return f"{self.peer.name}, {self.routes:,} routes" if self.routes else self.peer.name


@dataclass(frozen=True)
class Bench:
    """What all cells share."""

    directory: Path
    programs: load.Programs
    app_port: int
    app_streams_port: int
    """Where the app speaks HTTP/2."""
    proxy_core: int
    load_core: int
    seconds: int
    warm_up: int
    files: int
    forwarding: bool
    patience: int = 0
    """Seconds to wait, before a cell, until others leave both cores alone."""


def start_app(nginx, directory, core, files):
    """Starts the app behind all proxies. Returns (child, port, port for HTTP/2)."""
    (directory / "files").mkdir()
    (directory / "files" / "16k").write_bytes(bytes(range(256)) * 64)
    # What a POST falls through to; the static files' refusal needs a file (see configs/backend.conf).
    (directory / "files" / "post").touch()
    (directory / "files" / "1m").write_bytes(bytes(range(256)) * 4096)
    (directory / "files" / "10m").write_bytes(bytes(range(256)) * 40960)
    setting = peers.Setting(directory, free_port(), 0, files, forwarding=False)
    (directory / "files" / "100k.json").write_bytes(json_text(100_000))
    secure.prepare(directory)
    streams_port = free_port()
    config = peers.write_config("backend.conf", setting, {"streams_port": streams_port})
    child = Child([nginx, "-c", config], core, directory / "backend.log")
    try:
        child.wait_until(lambda: load.probe(setting.port, Case("", "")) is None, "answering")
    except BaseException:
        child.stop()
        raise
    return child, setting.port, streams_port


def json_text(length):
    """A JSON list of records such as an API gives, padded to `length` bytes. The same every time."""
    numbers = random.Random(2026)
    words = [bytes(numbers.choices(b"aeinorstlmdcpu", k=numbers.randint(3, 9))).decode() for _ in range(400)]
    text = b"["
    while True:
        record = json.dumps({
            "id": f"{numbers.getrandbits(128):032x}", "name": "-".join(numbers.choices(words, k=2)), "status": numbers.choice(["active", "queued", "error"]),
            "size": numbers.randint(0, 1 << 32), "created_at": f"2026-{numbers.randint(1, 12):02}-{numbers.randint(1, 28):02}T{numbers.randint(0, 23):02}:00:00Z",
            "tags": numbers.choices(words, k=3), "description": " ".join(numbers.choices(words, k=12)), "owner": {"id": numbers.randint(1, 99), "visible": True},
        }).encode()
        if len(text) + len(record) + 2 > length:
            return text + b"{}" + b" " * (length - len(text) - 3) + b"]"
        text += record + b","


def start(bench, entrant, case, directory):
    """Starts the proxy and waits until it answers `case` rightly. Returns (child, port). Raises DidNotStart."""
    for attempt in range(3):
        setting = peers.Setting(directory, free_port(), bench.app_streams_port if case.app_streams else bench.app_port, bench.files,
                                bench.forwarding, entrant.routes, entrant.filters, case.secure, case.streams, case.app_streams)
        command, environment = peers.start_command(entrant.peer, entrant.binary, setting)
        child = Child(command, bench.proxy_core, directory / f"output-{attempt}", environment)
        wrong = "nothing was tried"

        def ready():
            nonlocal wrong
            wrong = load.probe(setting.port, case)
            return wrong is None

        try:
            child.wait_until(ready, "answering")
            if case.streams and (wrong := load.probe_streams(bench.programs, setting.port, case, bench.load_core, directory / "probe")):
                raise DidNotStart("no right answer over HTTP/2")
            return child, setting.port
        except DidNotStart as problem:
            child.stop()
            # Between our choice of the port and its bind, another socket can have taken it: only then is it tried again.
            if attempt < 2 and "in use" in child.last_words(20).lower():
                continue
            raise DidNotStart(f"{problem} (last try: {wrong})") from None
        except BaseException:
            child.stop()
            raise


def run(bench, entrant, case):
    """Measures one cell. Returns a dictionary: the figures, or {"failure": why}."""
    if case.routes:
        case = replace(case, path=route_path(entrant.routes // 2) + "/items?id=7")
    if bench.patience:
        wait_until_quiet((bench.proxy_core, bench.load_core), bench.patience)
    with tempfile.TemporaryDirectory(dir=bench.directory) as name:
        try:
            child, port = start(bench, entrant, case, Path(name))
        except DidNotStart as problem:
            return {"failure": f"did not start: {problem}"}
        family = child.tree()
        try:
            figures = memory(bench, child, port, case) if case.idle else speed(bench, child, port, case, Path(name))
            # A master that replaces a crashed worker makes a crash look like a few lost connections, or like nothing.
            return figures if child.tree() == family else {"failure": f"crashed: one of its processes ended: {child.last_words()}"}
        except (load.BadLoad, OSError) as problem:
            how = child.ended() or (child.tree() != family and "one of its processes ended")
            return {"failure": f"crashed: {how}: {problem}: {child.last_words()}" if how else str(problem)}
        finally:
            child.stop()


def speed(bench, child, port, case, directory):
    """Processor time per request under load."""
    log = directory / "load"
    load.run(bench.programs, port, case, bench.warm_up, bench.load_core, log)
    family = child.tree()
    before, core_before = ProcessorTime.of(family), CoreTime.of(bench.proxy_core)
    counted = load.run(bench.programs, port, case, bench.seconds, bench.load_core, log)
    total, user, system = ProcessorTime.of(family).since(before)
    core = CoreTime.of(bench.proxy_core)
    elapsed = counted.seconds * 1e6
    return {
        "microseconds": total / counted.requests,
        "user": user / counted.requests,
        "system": system / counted.requests,
        "requests_per_second": counted.requests / counted.seconds,
        "p50": counted.p50,
        "p99": counted.p99,
        "requests": counted.requests,
        "answer_bytes": counted.bytes / counted.requests,
        "busy": total / elapsed,
        "disturbed": max(0.0, core.working - core_before.working - total) / elapsed,
        "stolen": (core.stolen - core_before.stolen) / elapsed,
    }


def memory(bench, child, port, case):
    """Resident memory per idle connection."""
    warm = load.IdleConnections()
    connections = load.IdleConnections()
    try:
        # Buffers and app connections of ordinary traffic first: they are not the idle connections' cost.
        warm.open(port, case, 64)
        warm.ask_all()
        warm.close()
        before = load.settled(lambda: resident_bytes(child.tree()))
        connections.open(port, case, case.idle)
        after = load.settled(lambda: resident_bytes(child.tree()))
        connections.ask_all()
    finally:
        warm.close()
        connections.close()
    return {"bytes_per_connection": (after - before) / case.idle, "before": before, "after": after}

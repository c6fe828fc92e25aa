"""Runs a proxy under a valgrind tool with an exact number of requests."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import load
import peers
import secure
from counting.app import ScriptedApp
from processes import Child, free_port


class CannotCount(Exception):
    """No count could be taken. The text says why."""


# Proxies that can be run as one process that does not fork; valgrind then sees all of their work.
SINGLE_PROCESS = {"sluice": [], "nginx": ["-g", "master_process off;"], "haproxy": []}


@dataclass(frozen=True)
class Counting:
    """What is run."""

    peer: str
    binary: str
    case: object
    requests: int
    warm_up: int
    connections: int
    config: str = None
    """A template in place of the peer's own."""


def find(peer, binary):
    """The binary of `peer`: the one given, or where it usually is. Raises CannotCount."""
    known = {entry.name: entry for entry in peers.PEERS}
    path = binary or known[peer].find()
    if not path or not shutil.which(path):
        raise CannotCount(f"there is no binary of {peer}" + (f" at {path}" if path else "; give --binary PATH"))
    for tool, package in (("valgrind", "valgrind"), ("strip", "binutils")):
        if not shutil.which(tool):
            raise CannotCount(f"{tool} is not installed (Debian: apt-get install {package})")
    return str(Path(path).absolute())


def run(counting, tool, requests, read):
    """Starts the proxy under `tool` (valgrind arguments; "{out}" is the result file), sends warm-up + `requests`
    requests, stops it and returns `read(result file)`. Raises CannotCount."""
    peers.WORK.mkdir(exist_ok=True)
    peer = next(entry for entry in peers.PEERS if entry.name == counting.peer)
    if counting.config:
        peer = replace(peer, config=str(Path(counting.config).absolute()))
    with tempfile.TemporaryDirectory(prefix="count-", dir=peers.WORK) as name:
        # What all proxies share, as the certificate, is above a proxy's own folder.
        secure.prepare(Path(name))
        directory = Path(name) / "proxy"
        directory.mkdir()
        app = ScriptedApp(counting.case)
        setting = peers.Setting(directory, free_port(), app.port, 1024, forwarding=True, secure=counting.case.secure)
        command, environment = peers.start_command(peer, without_debug_info(counting.binary, directory), setting)
        command += SINGLE_PROCESS[counting.peer]
        result = directory / "result"
        arguments = [part.format(out=result) for part in tool]
        # The first core: one thread runs at a time under valgrind anyway.
        child = Child(["valgrind", *arguments, *command], 0, directory / "output", environment)
        try:
            child.wait_until(lambda: load.probe(setting.port, counting.case) is None, "answering", seconds=90)
            drive(setting.port, counting.case, counting.warm_up, counting.connections)
            drive(setting.port, counting.case, requests, counting.connections)
            child.stop(patience=60)
            if not result.exists():
                raise CannotCount(f"valgrind wrote no result: {child.last_words()}")
            return read(result)
        except (OSError, load.BadLoad) as problem:
            raise CannotCount(f"{problem}; {child.ended() or 'still running'}: {child.last_words()}") from None
        finally:
            child.stop()
            app.close()


def without_debug_info(binary, directory):
    """A copy of `binary` in `directory` with its symbols but without debug information: valgrind 3.19, Debian 12's, gives up
    on the DWARF 5 that Swift's compiler writes."""
    copy = directory / Path(binary).name
    done = subprocess.run(["strip", "--strip-debug", "-o", copy, binary], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotCount(f"strip failed (Debian: apt-get install binutils): {done.stderr.strip()}")
    return str(copy)


def drive(port, case, requests, connections):
    """Sends exactly `requests` requests, one at a time, over `connections` kept connections in turn (or over a new one
    for each request, in a case that closes). One at a time: what a request costs then does not depend on timing."""
    closes = case.handshakes or ("Connection", "close") in case.fields
    clients = [] if closes else [load.Client(port, case, 60) for _ in range(connections)]
    try:
        for number in range(requests):
            client = load.Client(port, case, 60) if closes else clients[number % connections]
            client.send()
            status, _ = client.receive()
            if closes:
                client.close()
            if status != 200:
                raise load.BadLoad(f"status {status}")
    finally:
        for client in clients:
            client.close()


def twice(counting, tool, read):
    """The results of N and of 2 N requests: their difference is N requests, with start and stop taken out."""
    return run(counting, tool, counting.requests, read), run(counting, tool, 2 * counting.requests, read)

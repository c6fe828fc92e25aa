"""Sluice and real proxies side by side, in one run. See Benchmarks/README.md.

    python3 Benchmarks/compare [--quick] [--peers sluice,nginx] [--cases small-64,body-16k] [--rounds N] [--json FILE]

Exit status: 0 when every cell has a figure, 1 when one failed, 2 for wrong arguments or a missing tool, 130 after ^C.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import cell
import filters
import peers
import load
import report
import secure
from cases import CASES
from processes import DidNotStart, raise_file_limit
from summary import Row

QUICK_CASES = ("small-64", "body-16k")


def arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/compare", description=__doc__.split("\n")[0])
    known = ", ".join(peer.name for peer in peers.PEERS)
    parser.add_argument("--quick", action="store_true", help=f"one round of 1 s, the cases {', '.join(QUICK_CASES)} unless --cases is given")
    parser.add_argument("--peers", metavar="NAMES", help=f"only these, comma-separated: {known}")
    parser.add_argument("--cases", metavar="NAMES", help=f"only these: {', '.join(case.name for case in CASES)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds over all proxies (5)")
    parser.add_argument("--seconds", type=int, metavar="S", help="measured seconds of each cell (3)")
    parser.add_argument("--warm-up", type=int, default=1, metavar="S", help="seconds of load before each (1)")
    parser.add_argument("--sluice-binary", metavar="PATH", help="instead of .build/release/sluice")
    parser.add_argument("--binary", action="append", default=[], metavar="NAME=PATH", help="another build of a peer; can be repeated")
    parser.add_argument("--forwarding", choices=("usual", "none"), default="usual",
                        help="whether proxies add X-Forwarded-For and -Proto where that is a choice (usual)")
    parser.add_argument("--proxy-core", type=int, default=0, metavar="N")
    parser.add_argument("--load-core", type=int, default=1, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="all figures of all rounds, for programs")
    parser.add_argument("--markdown", metavar="FILE", help="the tables, besides standard output")
    parser.add_argument("--wait-quiet", type=int, default=0, metavar="S",
                        help="before each cell wait, at most S seconds, until others leave both cores alone (0)")
    parser.add_argument("--lock", metavar="FILE", help="hold this file's flock during each round of a case, to take turns with builds")
    asked = parser.parse_args()
    asked.rounds = asked.rounds or (1 if asked.quick else 5)
    asked.seconds = asked.seconds or (1 if asked.quick else 3)
    if asked.rounds < 1 or asked.seconds < 1 or asked.warm_up < 1:
        parser.error("--rounds, --seconds and --warm-up are at least 1")
    if asked.proxy_core == asked.load_core or not {asked.proxy_core, asked.load_core} <= os.sched_getaffinity(0):
        parser.error("two different cores are needed, one for the proxy and one for the load and the app")
    return parser, asked


def names(parser, text, known, what):
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in known:
            parser.error(f"no {what} is called {name}; there are {', '.join(known)}")
    return chosen


def find_peers(parser, asked):
    """The peers asked for. Returns ({name: (Peer, binary)}, {name: what the report says})."""
    known = {peer.name: peer for peer in peers.PEERS}
    chosen = names(parser, asked.peers, known, "peer") if asked.peers else list(known)
    given = {"sluice": asked.sluice_binary} if asked.sluice_binary else {}
    for entry in asked.binary:
        name, _, path = entry.partition("=")
        if name not in known or not path:
            parser.error(f"--binary takes NAME=PATH, with one of {', '.join(known)}")
        given[name] = path
    found, said = {}, {}
    for name in chosen:
        base = name.split("-")[0]
        path = given.get(name) or given.get(base)
        if path and not os.access(path, os.X_OK):
            parser.error(f"not an executable file: {path}")
        path = path or known[name].find()
        if path:
            path = str(Path(path).absolute())
            found[name] = (known[name], path)
            if not known[name].only_when_named or asked.peers:
                said[name] = {"version": peers.version_of(known[name], path), "binary": path}
        elif not known[name].only_when_named:
            said[name] = {"missing": "not built" if name == "sluice" else "not installed"}
    return found, said


def entrants(case, found, named):
    """The proxies of one case. A variant takes part in the cases that name it, or in all when it was asked for."""
    for peer, binary in found.values():
        if peer.only_when_named and not named and peer.name not in case.variants:
            continue
        if case.secure and not secure.has(peer.name) or not peers.speaks_to(peer.name, case.app_streams):
            continue
        if not case.routes:
            several = len(case.filters) > 1
            if several and peer.name != "sluice":
                continue
            yield from (cell.Entrant(peer, binary, 0, name, several) for name in case.filters if filters.has(peer.name, name))
        elif peer.has_routes and not peer.only_when_named:
            yield from (cell.Entrant(peer, binary, routes) for routes in case.routes)


@contextlib.contextmanager
def turn(path):
    """Holds the lock file, if there is one."""
    if not path:
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    return {"processor": f"{model}, {os.cpu_count()} cores", "kernel": platform.release(), "date": time.strftime("%Y-%m-%d %H:%M %Z")}


def measure(asked, bench, cases, found):
    """All rounds: for each round, for each case, each proxy in turn. Returns [(case, rows)] and whether ^C cut it short."""
    results = [(case, [Row(entrant.name, entrant.peer.name, entrant.routes, [], entrant.filters) for entrant in case_entrants], case_entrants)
               for case in cases for case_entrants in [list(entrants(case, found, asked.peers))]]
    stopped = False
    try:
        for number in range(1, asked.rounds + 1):
            for case, rows, case_entrants in results:
                with turn(asked.lock):
                    for row, entrant in zip(rows, case_entrants):
                        row.rounds.append(cell.run(bench, entrant, case))
                        print(f"round {number}/{asked.rounds}  {case.name:15} {entrant.name:24} {in_words(row.rounds[-1])}",
                              file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        stopped = True
    measured = [(case, [row for row in rows if row.rounds]) for case, rows, _ in results]
    return [(case, rows) for case, rows in measured if rows], stopped


def in_words(sample):
    """One cell's outcome for the progress line."""
    if "failure" in sample:
        return f"FAILED: {sample['failure']}"
    if "bytes_per_connection" in sample:
        return f"{sample['bytes_per_connection']:.0f} bytes per connection"
    return f"{sample['microseconds']:.2f} µs, {sample['requests_per_second']:.0f}/s"


def main():
    parser, asked = arguments()
    known_cases = {case.name: case for case in CASES}
    chosen = names(parser, asked.cases, known_cases, "case") if asked.cases else list(QUICK_CASES if asked.quick else known_cases)
    cases = [known_cases[name] for name in chosen]
    wrk, app = shutil.which("wrk"), peers.program("nginx")()
    if not wrk or not app:
        parser.error("wrk and nginx are needed whatever is compared: run Benchmarks/compare/install")
    for tool, needed in (("openssl", any(case.secure for case in cases)), ("h2load", any(case.streams for case in cases))):
        if needed and not shutil.which(tool):
            parser.error(f"{tool} is needed for these cases: run Benchmarks/compare/install")
    found, said = find_peers(parser, asked)
    if not found:
        parser.error("none of the proxies asked for is here: run Benchmarks/compare/install, or make a release build")

    files = raise_file_limit(32768)
    lacking = [case.name for case in cases if case.idle and files < case.idle + 1000]
    if lacking:
        parser.error(f"the limit on open files is {files} (ulimit -Hn); too low for {', '.join(lacking)}")

    # ^C and SIGTERM unwind through every `finally`, which stops the children.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    peers.WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=peers.WORK) as name:
        directory = Path(name)
        backend, app_port, app_streams_port = cell.start_app(app, directory, asked.load_core, files)
        try:
            programs = load.Programs(wrk, shutil.which("h2load"), shutil.which("openssl"), secure.client_environment(directory))
            bench = cell.Bench(directory, programs, app_port, app_streams_port, asked.proxy_core, asked.load_core, asked.seconds, asked.warm_up,
                               files, asked.forwarding == "usual", asked.wait_quiet)
            results, stopped = measure(asked, bench, cases, found)
        finally:
            backend.stop()

    settings = {
        "rounds": f"{asked.rounds}, each {asked.seconds} s after a warm-up of {asked.warm_up} s; proxy on core "
                  f"{asked.proxy_core}, the load and the app (nginx) on core {asked.load_core}",
        "forwarding fields": asked.forwarding,
    }
    if stopped:
        settings["STOPPED EARLY"] = "these are the rounds up to then"
    text = report.markdown(machine(), settings, said, results)
    if asked.markdown:
        Path(asked.markdown).write_text(text)
    if asked.json:
        Path(asked.json).write_text(json.dumps({
            "machine": machine(), "settings": settings, "peers": said,
            "cases": [{"name": case.name, "title": case.title, "target": case.target and dataclasses.asdict(case.target),
                       "rows": [dataclasses.asdict(row) for row in rows]} for case, rows in results],
        }, indent=1) + "\n")
    print(text)
    if stopped:
        return 130
    return 1 if any(row.failures() for _, rows in results for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    except DidNotStart as problem:
        print(f"the app behind the proxies did not start: {problem}", file=sys.stderr)
        sys.exit(2)

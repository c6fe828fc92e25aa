"""The arguments that `instructions` and `allocations` share."""

import argparse

from cases import CASES
from counting.valgrind import SINGLE_PROCESS, Counting, find

# The scripted client speaks HTTP/1.1 and resumes no sessions.
SHAPES = {case.name: case for case in CASES
          if not case.idle and not case.routes and not case.streams and case.name not in ("small-256", "body-10m", "tls-resumed")}


def parser(program, description, requests):
    made = argparse.ArgumentParser(prog=f"Benchmarks/{program}", description=description)
    made.add_argument("--binary", metavar="PATH", help="instead of .build/release/sluice")
    made.add_argument("--peer", choices=SINGLE_PROCESS, default="sluice", help="another proxy, for comparison (sluice)")
    made.add_argument("--config", metavar="FILE", help="instead of the peer's template in Benchmarks/compare/configs, whose names it may hold")
    made.add_argument("--case", choices=SHAPES, default="small-64", help="the traffic, as in Benchmarks/compare (small-64)")
    made.add_argument("--requests", type=int, default=requests, metavar="N", help=f"counts the difference of N and 2 N requests ({requests})")
    made.add_argument("--warm-up", type=int, default=100, metavar="N", help="requests before those (100)")
    made.add_argument("--connections", type=int, default=1, metavar="N", help="kept client connections, used in turn (1)")
    made.add_argument("--json", metavar="FILE", help="all figures, for programs")
    return made


def counting(parser, asked):
    """What to run, from the parsed arguments. Raises CannotCount."""
    if min(asked.requests, asked.warm_up, asked.connections) < 1:
        parser.error("--requests, --warm-up and --connections are at least 1")
    return Counting(asked.peer, find(asked.peer, asked.binary), SHAPES[asked.case], asked.requests, asked.warm_up, asked.connections, asked.config)

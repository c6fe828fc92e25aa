"""Reads dhat's result file: heap allocations by the place that made them."""

import json
import re
from collections import defaultdict

TOOL = ["--tool=dhat", "--dhat-out-file={out}", "--num-callers=20", "-q"]


def read(path):
    """{stack of function names, innermost first: (blocks, bytes)} of everything ever allocated.

    A call to malloc, calloc, realloc, memalign and their kin is one block each; so every allocation of Swift's runtime
    is one too. Memory from mmap is not heap."""
    with open(path, errors="replace") as file:
        result = json.load(file)
    # "0x1091D3: serve (in /run-1/proxy)"; the address and the folder differ between runs.
    names = [re.sub(r"\(in [^)]*/", "(in ", entry.split(": ", 1)[-1]) for entry in result["ftbl"]]
    places = defaultdict(lambda: (0, 0))
    for place in result["pps"]:
        stack = tuple(names[index] for index in place["fs"])
        blocks, size = places[stack]
        places[stack] = (blocks + place["tbk"], size + place["tb"])
    return dict(places)


def grown(once, twice):
    """What the second run allocated more than the first, most blocks first: [(stack, blocks, bytes)]."""
    found = []
    for stack in once.keys() | twice.keys():
        blocks, size = (after - before for before, after in zip(once.get(stack, (0, 0)), twice.get(stack, (0, 0))))
        if blocks or size:
            found.append((stack, blocks, size))
    return sorted(found, key=lambda entry: -entry[1])

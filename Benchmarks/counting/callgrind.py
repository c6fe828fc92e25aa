"""Reads callgrind's result file: instructions and calls of each function."""

from collections import defaultdict
from dataclasses import dataclass, field

TOOL = ["--tool=callgrind", "--callgrind-out-file={out}", "--compress-strings=no", "--compress-pos=no", "-q"]


@dataclass
class Profile:
    """Totals of one run."""

    instructions: int = 0
    own: dict = field(default_factory=lambda: defaultdict(int))
    """Instructions of each (function, file name of its object) itself, without what it calls."""
    calls: dict = field(default_factory=lambda: defaultdict(int))
    """How often each (function, file name of its object) was called."""
    callers: dict = field(default_factory=lambda: defaultdict(int))
    """How often one function called another, by (caller, called)."""


def read(path):
    """The profile in the result file `path`."""
    profile = Profile()
    objectname, function = "", ""
    called_object = called = None
    after_calls = False
    with open(path, errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line[:1].isdigit():
                # "line cost"; the one after "calls=" is the cost of the call and belongs to the function called.
                if not after_calls:
                    profile.own[function, objectname] += int(line.split()[1])
                after_calls = False
            elif line.startswith("fn="):
                function = line[3:]
            elif line.startswith("ob="):
                objectname = line.rpartition("/")[2].removeprefix("ob=")
            elif line.startswith("cob="):
                called_object = line.rpartition("/")[2].removeprefix("cob=")
            elif line.startswith("cfn="):
                called = line[4:]
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
                profile.calls[called, called_object or objectname] += count
                profile.callers[function, called] += count
                called_object = None
                after_calls = True
            elif line.startswith("totals:"):
                profile.instructions = int(line.split()[1])
    return profile

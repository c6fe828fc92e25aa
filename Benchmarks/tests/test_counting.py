"""Readers of valgrind's result files."""

import json
import tempfile
from pathlib import Path
from unittest import TestCase

from counting import callgrind, dhat

CALLGRIND = """version: 1
positions: line
events: Ir

ob=/usr/bin/proxy
fl=a.c
fn=serve
10 100
cfn=parse
calls=3 20
10 900
11 5
cob=/lib/libc.so.6
cfn=malloc
calls=1 0
11 40
fn=parse
20 900

ob=/lib/libc.so.6
fl=malloc.c
fn=malloc
0 40

totals: 1045
"""


class ResultFiles(TestCase):
    def read(self, reader, text):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "result"
            path.write_text(text)
            return reader(path)

    def test_callgrind_costs_are_a_functions_own(self):
        profile = self.read(callgrind.read, CALLGRIND)
        self.assertEqual(profile.instructions, 1045)
        self.assertEqual(profile.own["serve", "proxy"], 105)
        self.assertEqual(profile.own["parse", "proxy"], 900)
        self.assertEqual(profile.own["malloc", "libc.so.6"], 40)
        self.assertEqual(sum(profile.own.values()), profile.instructions)
        self.assertEqual(profile.calls["parse", "proxy"], 3)
        self.assertEqual(profile.calls["malloc", "libc.so.6"], 1)
        self.assertEqual(dict(profile.callers), {("serve", "parse"): 3, ("serve", "malloc"): 1})

    def test_dhat_places_are_told_apart_by_names_not_addresses(self):
        def result(address, blocks):
            return json.dumps({"ftbl": ["[root]", f"{address}: malloc (in /{address}/x)", f"0x1: serve (in /{address}/y)"],
                               "pps": [{"tbk": blocks, "tb": blocks * 16, "fs": [1, 2]}]})
        once, twice = self.read(dhat.read, result("0x48417B4", 107)), self.read(dhat.read, result("0x58417B4", 207))
        self.assertEqual(dhat.grown(once, twice), [(("malloc (in x)", "serve (in y)"), 100, 1600)])
        self.assertEqual(dhat.grown(once, once), [])

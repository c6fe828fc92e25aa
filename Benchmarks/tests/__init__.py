"""Tests of the benchmark programs: `python3 -m unittest discover -t Benchmarks -s Benchmarks/tests`."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
sys.path += [str(BENCHMARKS / "compare"), str(BENCHMARKS)]

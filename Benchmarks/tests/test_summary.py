"""The decision rules, on made-up rounds."""

import unittest
from unittest import TestCase

import report
from cases import CASES
from summary import Row, best_peer, valid, verdict

SMALL = CASES[0]
KEYS = ("answer_bytes", "user", "system", "requests_per_second", "p50", "p99", "busy", "disturbed", "stolen")


def row(peer, *costs, routes=0):
    rounds = [{"failure": cost} if isinstance(cost, str) else {"microseconds": cost, **dict.fromkeys(KEYS, 0)} for cost in costs]
    return Row(peer, peer, routes, rounds)


class Ratios(TestCase):
    def test_are_taken_within_a_round(self):
        # The machine is twice as slow in the second round; the ratio is 0.9 in each all the same.
        mine, other = row("sluice", 9, 18, 9), row("nginx", 10, 20, 10)
        spread = mine.ratio(other)
        self.assertAlmostEqual(spread.low, 0.9)
        self.assertAlmostEqual(spread.high, 0.9)

    def test_skip_a_round_that_either_failed(self):
        spread = row("sluice", 5, "crashed", 8).ratio(row("nginx", "crashed", 10, 10))
        self.assertEqual((spread.middle, spread.low, spread.high), (0.8, 0.8, 0.8))


class BestPeer(TestCase):
    def test_is_never_sluice_and_never_invalid(self):
        rows = [row("sluice", 1, 1), row("caddy", 2, "crashed"), row("nginx", 4, 4), row("haproxy", 3, 3)]
        self.assertEqual(best_peer(rows).name, "haproxy")
        self.assertFalse(valid(rows[1]))

    def test_is_none_without_peers(self):
        self.assertIsNone(best_peer([row("sluice", 1)]))


class Verdicts(TestCase):
    def said(self, *costs):
        return verdict(SMALL, [row("sluice", *costs), row("nginx", *[10] * len(costs))])

    def test_need_five_rounds(self):
        self.assertTrue(self.said(5, 5, 5, 5).startswith("no verdict (4 of 5"))

    def test_tell_four_outcomes_apart(self):
        self.assertTrue(self.said(9, 9, 9, 9, 9.2).startswith("met in every round"))
        self.assertTrue(self.said(9, 9, 9, 9.3, 9.3).startswith("met by the median"))
        self.assertTrue(self.said(9, 9, 9.3, 9.3, 9.3).startswith("missed by the median"))
        self.assertTrue(self.said(9.3, 9.3, 9.3, 9.3, 9.3).startswith("missed in every round"))

    def test_are_not_given_when_sluice_failed_once(self):
        self.assertTrue(self.said(5, 5, "crashed", 5, 5, 5).startswith("invalid"))

    def test_are_not_given_on_a_busy_machine(self):
        busy = row("sluice", *[5] * 5)
        for sample in busy.rounds[:3]:
            sample["disturbed"] = 0.4
        rows = [busy, row("nginx", *[10] * 5)]
        self.assertTrue(verdict(SMALL, rows).startswith("no verdict (most rounds were disturbed): 0.500 of nginx"))
        self.assertEqual(report.notes(rows), ["* sluice: others, or the hypervisor, had 40% to 40% of its core in round 1, 2, 3"])

    def test_compare_routes_with_fewer_routes_of_sluice_itself(self):
        case = next(case for case in CASES if case.routes)
        rows = [row("sluice", *[10] * 5, routes=10), row("sluice", *[10.4] * 5, routes=10_000), row("nginx", *[1] * 5, routes=10)]
        self.assertTrue(verdict(case, rows).startswith("met in every round: 1.040"))


    def test_show_the_memory_of_connections_over_tls_without_a_target(self):
        case = next(case for case in CASES if case.idle and case.secure)
        self.assertIsNone(verdict(case, [Row("sluice", "sluice", 0, [{"bytes_per_connection": 14_000, "before": 0, "after": 0}] * 5)]))


class Tables(TestCase):
    def test_have_a_dash_for_a_latency_that_is_not_known(self):
        untold = row("nginx", 10)
        untold.rounds[0].update(p50=None, p99=None)
        self.assertIn("| – | – | 0% |", report.markdown({}, {}, {}, [(SMALL, [untold])]))

    def test_name_every_failure_and_mark_the_row(self):
        text = report.markdown({}, {}, {"h2o": {"missing": "not installed"}},
                               [(SMALL, [row("nginx", 10, "crashed: killed by SIGSEGV"), row("caddy", "no request was answered")])])
        self.assertIn("nginx, round 2: FAILED: crashed: killed by SIGSEGV", text)
        self.assertIn("10.00 (10.00–10.00) INVALID", text)
        self.assertIn("| caddy | failed |", text)
        self.assertIn("h2o | not compared: not installed", text)


if __name__ == "__main__":
    unittest.main()

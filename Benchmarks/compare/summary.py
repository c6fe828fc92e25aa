"""From rounds to figures: medians, ratios within a round, and verdicts by the rules of Benchmarks/README.md."""

from dataclasses import dataclass
from statistics import median

from cases import FILTERS_TARGET, IDLE_TARGET, ROUTES_TARGET

# Fewer valid rounds than this give a figure but no verdict.
ROUNDS_FOR_A_VERDICT = 5
# A round is disturbed when others used more than this of the proxy's core, or the hypervisor took more of it.
DISTURBANCE = 0.03


@dataclass(frozen=True)
class Spread:
    """A median with the lowest and highest value."""

    middle: float
    low: float
    high: float

    @staticmethod
    def of(values):
        return Spread(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True)
class Row:
    """One entrant's rounds in one case; a failed round is {"failure": why}."""

    name: str
    peer: str
    routes: int
    rounds: list
    filters: str = "none"

    def good(self):
        return [sample for sample in self.rounds if "failure" not in sample]

    def failures(self):
        return [sample["failure"] for sample in self.rounds if "failure" in sample]

    def disturbances(self):
        """{round number: share of the proxy's core that others had} of the disturbed rounds."""
        shares = {number: max(sample.get("disturbed", 0), sample.get("stolen", 0)) for number, sample in enumerate(self.rounds, 1)}
        return {number: share for number, share in shares.items() if share > DISTURBANCE}

    def spread(self, key):
        return Spread.of([sample[key] for sample in self.good()])

    def ratio(self, other, key="microseconds"):
        """This row's figure over another row's, round by round: what slows the whole machine cancels out."""
        pairs = zip(self.rounds, other.rounds)
        return Spread.of([mine[key] / its[key] for mine, its in pairs if key in mine and its.get(key)])


    def difference(self, other, key="microseconds"):
        """How much more this row's figure is than another row's, round by round."""
        return Spread.of([mine[key] - its[key] for mine, its in zip(self.rounds, other.rounds) if key in mine and key in its])


def valid(row):
    """A row in which any round failed gives no figure that may be compared."""
    return bool(row.rounds) and not row.failures()


def best_peer(rows):
    """The peer, not Sluice, with the lowest median processor time; None when no peer has a valid row."""
    peers = [row for row in rows if row.peer != "sluice" and valid(row)]
    return min(peers, key=lambda row: row.spread("microseconds").middle, default=None)


def row_named(rows, name):
    return next((row for row in rows if row.name == name), None)


def same_peer_fewest_routes(rows, row):
    return min((other for other in rows if other.peer == row.peer), key=lambda other: other.routes)


def verdict(case, rows):
    """What the decision rule says about Sluice in this case, as text; None when the case has no target or Sluice no row."""
    mine = [row for row in rows if row.peer == "sluice"]
    if not mine:
        return None
    if not all(valid(row) for row in mine):
        return "invalid: Sluice failed in a round"
    if case.idle and case.secure:
        return None
    if case.idle:
        figure, limit, unit = mine[0].spread("bytes_per_connection"), IDLE_TARGET, " bytes"
        against = "per idle connection"
    elif len(case.filters) > 1:
        plain, filtered = (next((row for row in mine if row.filters == name), None) for name in case.filters)
        if not plain or not filtered:
            return None
        figure, limit, unit, against = filtered.difference(plain), FILTERS_TARGET, " µs", "more than without filters"
    elif case.routes:
        if len(mine) < 2:
            return None
        low, high = min(mine, key=lambda row: row.routes), max(mine, key=lambda row: row.routes)
        figure, limit, unit, against = high.ratio(low), ROUTES_TARGET, "", f"of its own figure with {low.routes} routes"
    elif case.target:
        other = best_peer(rows) if case.target.against == "best" else row_named(rows, case.target.against)
        if other is None or not valid(other):
            return f"no verdict: no valid figure of {case.target.against}"
        figure, limit, unit, against = mine[0].ratio(other), case.target.ratio, "", f"of {other.name}"
    else:
        return None
    text = f"{figure.middle:.0f}{unit}" if unit == " bytes" else f"{figure.middle:.3f}{unit}"
    said = f"{text} {against}, target at most {limit}{unit}"
    if len(mine[0].rounds) < ROUNDS_FOR_A_VERDICT:
        return f"no verdict ({len(mine[0].rounds)} of {ROUNDS_FOR_A_VERDICT} rounds): {said}"
    if any(2 * len(row.disturbances()) > len(row.rounds) for row in mine):
        return f"no verdict (most rounds were disturbed): {said}"
    if figure.high <= limit:
        return f"met in every round: {said}"
    if figure.middle <= limit:
        return f"met by the median, not in every round (highest {figure.high:.3f}): {said}"
    if figure.low <= limit:
        return f"missed by the median, met in some round (lowest {figure.low:.3f}): {said}"
    return f"missed in every round: {said}"

"""The tables, in markdown."""

from summary import best_peer, row_named, same_peer_fewest_routes, valid, verdict

# A round in which others used more of the proxy's core than this is named under the table.
DISTURBANCE = 0.03


def markdown(machine, settings, peers, results):
    """The whole report. `results` is a list of (case, rows)."""
    lines = ["# Sluice and its peers", ""]
    lines += [f"* {key}: {value}" for key, value in {**machine, **settings}.items()]
    lines += ["", "| proxy | version |", "| --- | --- |"]
    lines += [f"| {name} | {entry.get('version') or 'not compared: ' + entry['missing']} |" for name, entry in peers.items()]
    for case, rows in results:
        lines += ["", f"## {case.name}: {case.title}", ""]
        lines += memory_table(rows) if case.idle else speed_table(case, rows)
        said = verdict(case, rows)
        if said:
            lines += ["", f"Sluice: {said}."]
        remarks = notes(rows)
        if remarks:
            lines += [""] + remarks
    return "\n".join(lines) + "\n"


def speed_table(case, rows):
    reference = "its own with fewest routes" if case.routes else "nginx"
    head = ["proxy", "CPU µs/request (min–max)", "user", "system", f"to {reference}", "to best peer", "requests/s", "p50 µs", "p99 µs", "core busy", "bytes/answer"]
    best = best_peer(rows)
    ordered = rows if case.routes else sorted(rows, key=lambda row: row.spread("microseconds").middle if row.good() else float("inf"))
    body = []
    for row in ordered:
        if not row.good():
            body.append([row.name, "failed"] + [""] * (len(head) - 2))
            continue
        base = same_peer_fewest_routes(rows, row) if case.routes else row_named(rows, "nginx")
        cost = row.spread("microseconds")
        mark = "" if valid(row) else " INVALID"
        body.append([
            row.name, f"{cost.middle:.2f} ({cost.low:.2f}–{cost.high:.2f}){mark}",
            f"{row.spread('user').middle:.2f}", f"{row.spread('system').middle:.2f}",
            ratio_text(row, base), ratio_text(row, best),
            f"{row.spread('requests_per_second').middle:.0f}", latency(row, 'p50'), latency(row, 'p99'),
            f"{row.spread('busy').middle:.0%}", f"{row.spread('answer_bytes').middle:.0f}"])
    return table(head, body)


def memory_table(rows):
    head = ["proxy", "bytes per idle connection (min–max)", "resident before, MiB", "resident with all open, MiB"]
    ordered = sorted(rows, key=lambda row: row.spread("bytes_per_connection").middle if row.good() else float("inf"))
    body = []
    for row in ordered:
        if not row.good():
            body.append([row.name, "failed", "", ""])
            continue
        cost = row.spread("bytes_per_connection")
        mark = "" if valid(row) else " INVALID"
        body.append([row.name, f"{cost.middle:.0f} ({cost.low:.0f}–{cost.high:.0f}){mark}",
                     f"{row.spread('before').middle / 2**20:.1f}", f"{row.spread('after').middle / 2**20:.1f}"])
    return table(head, body)


def latency(row, key):
    """The median of a percentile over rounds; a dash where the load generator does not tell it."""
    return f"{row.spread(key).middle:.0f}" if all(sample[key] is not None for sample in row.good()) else "–"


def ratio_text(row, other):
    spread = row.ratio(other) if other and valid(other) else None
    return f"{spread.middle:.3f}" if spread else "–"


def table(head, body):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(head) - 1)) + " |"]
    return lines + ["| " + " | ".join(cells) + " |" for cells in body]


def notes(rows):
    found = []
    for row in rows:
        for number, sample in enumerate(row.rounds, 1):
            if "failure" in sample:
                found.append(f"* {row.name}, round {number}: FAILED: {sample['failure']}")
        disturbances = row.disturbances()
        if disturbances:
            found.append(f"* {row.name}: others, or the hypervisor, had {min(disturbances.values()):.0%} to "
                         f"{max(disturbances.values()):.0%} of its core in round {', '.join(map(str, disturbances))}")
    return found

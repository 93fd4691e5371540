"""Measures what workers that share their limits send, and what that costs: `python -m tests.cluster.limits`.

It starts a PostgreSQL server, a sandbox and workers as processes of their own. Everything stays on this machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from tests import postgres as postgres_server
from tests.benchmarks.figures import Figure
from tests.benchmarks.report import table
from tests.cluster.sendings import Arrivals, new_campaign, run_campaigns, sandbox, workers

REQUESTS, WINDOW = 10, 2.0
RATE = 50
ROWS = {"window": 90, "rate": 900}
QUICK = {"window": 30, "rate": 150}


def measure(journal: str, count: int, rows: dict[str, int]) -> Iterator[Figure]:
    """The figures of so many workers."""
    yield from _window(journal, count, rows["window"])
    yield from _control(journal, count, rows["window"])
    yield from _campaigns(journal, count, rows["window"])
    yield from _rate(journal, count, rows["rate"])
    yield from _death(journal, count, rows["rate"])


def _shares(rows: int, count: int) -> list[int]:
    return [rows // count + (number < rows % count) for number in range(count)]


def _window(journal: str, count: int, rows: int) -> Iterator[Figure]:
    """Ten requests in two seconds, which are counted for all workers together."""
    campaign = new_campaign(journal)
    with sandbox("--limit", f"{REQUESTS}/{WINDOW:g}") as server:
        with workers(journal, campaign, server, _shares(rows, count)) as made:
            made.go()
            warnings = sum(result["warnings"] for result in made.results())
        seen = Arrivals.at(server)
    assert len(seen.times) - seen.refused == rows, seen
    note = f"{count} workers, one address, {rows} rows, {REQUESTS} in {WINDOW:g} s"
    least = (ceil(rows / REQUESTS) - 1) * WINDOW
    yield Figure("shared window: answers 429", [seen.refused], at_most=0, note=note)
    yield Figure("shared window: warnings of other senders", [warnings], at_most=0, note=note)
    yield Figure("shared window: time ÷ the least possible", [seen.seconds / least], at_most=1.1, note=note)


def _control(journal: str, count: int, rows: int) -> Iterator[Figure]:
    """Workers that name one address differently: if the server refused nothing then, the figures above mean nothing."""
    with sandbox("--limit", f"{REQUESTS}/{WINDOW:g}") as server:
        with workers(journal, new_campaign(journal), server, _shares(rows, count), alike=False) as made:
            made.go()
            warnings = sum(result["warnings"] for result in made.results())
        seen = Arrivals.at(server)
    yield Figure("control, an egress for each: answers 429", [seen.refused], at_least=1, note=f"{count} workers")
    enough = 1 if rows >= ROWS["window"] else None  # it takes some windows to be sure
    yield Figure("control, an egress for each: warnings of other senders", [warnings], at_least=enough)


def _campaigns(journal: str, count: int, rows: int) -> Iterator[Figure]:
    """Whole runs of different campaigns at the same time."""
    with sandbox("--limit", f"{REQUESTS}/{WINDOW:g}") as server, tempfile.TemporaryDirectory() as folder:
        reports = run_campaigns(Path(folder), journal, server, _shares(rows, count))
        seen = Arrivals.at(server)
    assert sum(report["sent"] for report in reports) == rows, reports
    note = f"{count} × campaign run, one address, {rows} rows, {REQUESTS} in {WINDOW:g} s"
    least = (ceil(rows / REQUESTS) - 1) * WINDOW
    yield Figure("campaigns side by side: answers 429", [seen.refused], at_most=0, note=note)
    yield Figure("campaigns side by side: time ÷ the least possible", [seen.seconds / least], at_most=1.1, note=note)


def _rate(journal: str, count: int, rows: int) -> Iterator[Figure]:
    campaign = new_campaign(journal)
    with sandbox() as server:
        with workers(journal, campaign, server, _shares(rows, count), rate=str(RATE)) as made:
            made.go()
            results = made.results()
        seen = Arrivals.at(server)
    note = f"{count} workers, {rows} rows"
    own = [result["exchanges"] / result["seconds"] for result in results]
    asking = [1000 * result["asking"] / result["exchanges"] for result in results]
    yield Figure(f"shared rate of {RATE}/s: requests per second", [(rows - 1) / seen.seconds], note=note)
    yield Figure(f"shared rate of {RATE}/s: most in 1 s", [seen.most_within(1.0)], at_most=52, note=note)
    yield Figure(f"shared rate of {RATE}/s: most in 0.1 s", [seen.most_within(0.1)], at_most=7, note=note)
    yield Figure("exchanges with the database per second and worker", [statistics.mean(own)], at_most=8, note=note)
    yield Figure("the same of all workers", [sum(own)], note=note)
    yield Figure("time of an exchange", asking, "ms", note=note)


def _death(journal: str, count: int, rows: int) -> Iterator[Figure]:
    """One worker is killed in the middle: the others have the whole rate soon, and never more."""
    campaign = new_campaign(journal)
    with sandbox() as server:
        with workers(journal, campaign, server, [10 * rows, *_shares(rows, count)[1:]], rate=str(RATE)) as made:
            made.go()
            time.sleep(1.5)
            made.running[0].kill()
            killed_at = time.time()
            made.results()
        seen = Arrivals.at(server)
    after = [at for at in seen.times if at > killed_at]
    lapsed = RATE * (after[-1] - killed_at) - len(after)
    yield Figure("one worker killed: times that lapsed", [lapsed], at_most=RATE * 0.5 + 2)
    yield Figure("one worker killed: most in 1 s", [seen.most_within(1.0)], at_most=52)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table.

    Returns:
        1 if a target is missed.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.limits", description=__doc__)
    parser.add_argument("--workers", type=int, default=3, help="how many; default: 3")
    parser.add_argument("--quick", action="store_true", help="few rows")
    options = parser.parse_args(arguments)
    postgres_server.announce(Path(tempfile.gettempdir()))
    try:
        figures = list(measure(postgres_server.address(), options.workers, QUICK if options.quick else ROWS))
    finally:
        postgres_server.stop()
    print(*table(figures), sep="\n")
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

"""`check` with `where` and a suppression list against `check` without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.bench import Bench, alternately
from tests.benchmarks.children import run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.measures import MEGABYTE, whole_processes

if TYPE_CHECKING:
    from pathlib import Path

WHERE = 'ward != "Phường 3, Quận 4" and order | int > 0'
"""True of all but one row in sixty, and of a different text in every row."""


def measure_row_rules(bench: Bench) -> list[Figure]:
    """Both as whole processes; the orders of some rows are in the suppression list."""
    stop = _suppression_list(bench)
    figures = []
    for suffix in (".xlsx", ".csv"):
        check = ("-m", "campaign", "check", bench.campaign(suffix, bench.sizes.rows), "-q")
        rules = ("--where", WHERE, "--suppress", f"order={stop}")
        pairs = alternately(
            bench.sizes.rounds,
            lambda check=check, rules=rules: run_python(*check, *rules),  # type: ignore[misc] # bound by default
            lambda check=check: run_python(*check),  # type: ignore[misc] # as above
        )
        listed = f"{bench.sizes.many:,} suppressed"
        figures.append(whole_processes(f"check {suffix} with where and {listed} ÷ without", pairs, 1.3))
        peak = max(own.peak for own, _ in pairs) / MEGABYTE
        figures.append(Figure(f"peak memory of check {suffix} with where and {listed}", [peak], "MB", at_most=200))
    return figures


def _suppression_list(bench: Bench) -> Path:
    path = bench.folder / f"stop-{bench.sizes.many}.csv"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            file.write("Phone\n")
            file.writelines(f"{number * 7919 % 10_000_000:07}\n" for number in range(bench.sizes.many))
    return path

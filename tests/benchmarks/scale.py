"""`check` and planning of millions of rows: time that is linear in rows, and memory that is not."""

from __future__ import annotations

import json

from tests.benchmarks.bench import Bench
from tests.benchmarks.children import Ended, run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.measures import MEGABYTE


def measure_scale(bench: Bench) -> list[Figure]:
    """The largest list against a tenth of it, and those between; takes half an hour."""
    sizes = [max(10, bench.sizes.most * share // 10) for share in (1, 2, 5, 10)]
    checked, planned = [], []
    for rows in sizes:
        campaign = bench.campaign(".csv", rows)
        bench.say(f"checking {rows:,} rows")
        checked.append(run_python("-m", "campaign", "check", campaign, "-q"))
        journal, bodies = bench.folder / "scale.journal.db", bench.folder / "scale.jsonl"
        bench.say(f"planning {rows:,} rows")
        planned.append(run_python("-m", "tests.benchmarks.parts", "plan", campaign, journal, bodies))
        for left in (*bench.folder.glob("scale.*"), campaign.parent / "list.csv"):
            left.unlink()
    return [
        *_figures("check", sizes, checked),
        *_figures("planning into the journal", sizes, planned),
    ]


def _figures(what: str, sizes: list[int], ended: list[Ended]) -> list[Figure]:
    per_row = [each.cpu / rows * 1e6 for rows, each in zip(sizes, ended, strict=True)]
    note = ", ".join(
        f"{rows / 1e6:g} million: {each.cpu:,.0f} s of CPU time, {each.peak / MEGABYTE:.0f} MB"
        for rows, each in zip(sizes, ended, strict=True)
    )
    seconds = {"seconds": [each.seconds for each in ended], "parts": [_parts(each.output) for each in ended]}
    return [
        Figure(
            f"{what}, CPU time of a row, {sizes[-1]:,} ÷ {sizes[0]:,} rows", [per_row[-1] / per_row[0]], at_most=1.2
        ),
        Figure(
            f"{what}, peak memory of {sizes[-1]:,} rows",
            [ended[-1].peak / MEGABYTE],
            "MB",
            at_most=120,
            note=note,
            details=seconds,
        ),
    ]


def _parts(output: str) -> object:
    return json.loads(output) if output.startswith("{") else None

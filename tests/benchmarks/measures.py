"""The figures that compare campaign with the libraries that it is built on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import Bench, alternately
from tests.benchmarks.children import Ended, run_python
from tests.benchmarks.figures import Figure

READ = (
    "import sys, openpyxl\n"
    "for row in openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True): pass"
)
MEGABYTE = 1_000_000
MANY_IN_FLIGHT = 64

SLICES = 10
"""Slices of a delivery, alternating with the bare loop: the speed of a shared machine changes within half a minute."""


def measure_deliver(bench: Bench) -> list[Figure]:
    """`deliver` against a bare loop: the seconds of the loops themselves, without process start-up."""
    return [_deliver_figure(bench, concurrency) for concurrency in (bench.sizes.concurrency, MANY_IN_FLIGHT)]


def _deliver_figure(bench: Bench, concurrency: int) -> Figure:
    pairs = [_delivered_slice_by_slice(bench, str(concurrency)) for _ in range(bench.sizes.rounds)]
    rows = bench.sizes.rows
    return Figure(
        f"messages/s ÷ bare aiohttp loop, {concurrency} in flight",
        [bare["post"] / own["deliver"] for own, bare in pairs],
        at_least=0.6,
        cpu=[bare["post cpu"] / own["deliver cpu"] for own, bare in pairs],
        note=f"{_rate(rows, [own['deliver'] for own, _ in pairs])} ÷ "
        f"{_rate(rows, [bare['post'] for _, bare in pairs])}",
        details={"rows": rows, "deliver": [own for own, _ in pairs], "bare": [bare for _, bare in pairs]},
    )


def _delivered_slice_by_slice(bench: Bench, concurrency: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the seconds of one whole delivery and of the bare loop with the same bodies."""
    journal, bodies = bench.planned
    copy, some = bench.folder / "delivered.journal.db", bench.folder / "slice.jsonl"
    shutil.copyfile(journal, copy)
    lines = bodies.read_bytes().splitlines(keepends=True)
    size = ceil(len(lines) / SLICES)
    slices = (lines[start : start + size] for start in range(0, len(lines), size))

    def deliver() -> dict[str, float]:
        return _parts("tests.benchmarks.parts", "deliver", copy, bench.url, concurrency, str(size))

    def post() -> dict[str, float]:
        some.write_bytes(b"".join(next(slices)))
        return _parts("tests.benchmarks.bare", bench.url, concurrency, some)

    pairs = alternately(ceil(len(lines) / size), deliver, post)
    copy.unlink()
    return _together([delivered for delivered, _ in pairs]), _together([posted for _, posted in pairs])


def _together(slices: Sequence[dict[str, float]]) -> dict[str, float]:
    return {part: sum(each[part] for each in slices) for part in slices[0]}


def measure_check(bench: Bench) -> list[Figure]:
    """`check` against openpyxl, both as whole processes."""
    campaign = bench.campaign(".xlsx", bench.sizes.rows)
    workbook = bench.list_of(".xlsx", bench.sizes.rows)
    pairs = alternately(
        bench.sizes.rounds,
        lambda: run_python("-m", "campaign", "check", campaign, "-q"),
        lambda: run_python("-c", READ, workbook),
    )
    return [whole_processes("check ÷ openpyxl read-only", pairs, 1.4)]


def measure_run(bench: Bench) -> list[Figure]:
    """A whole run against a script that reads, posts and writes the same cells, both as whole processes."""
    _, bodies = bench.planned
    rows = bench.sizes.rows
    workbook, copy = bench.list_of(".xlsx", rows), bench.folder / "copy.xlsx"

    def run() -> Ended:
        ended, report = bench.send("run", bench.campaign(".xlsx", rows))
        assert report["sent"] == rows, report
        return ended

    def bare() -> Ended:
        concurrency = str(bench.sizes.concurrency)
        return run_python("-m", "tests.benchmarks.bare", bench.url, concurrency, bodies, workbook, copy)

    pairs = alternately(bench.sizes.rounds, run, bare)
    return [
        whole_processes(
            f"run ÷ (bare read + bare loop + bare write of {columns})",
            [(own, _without(done, other)) for own, done in pairs],
            1.5,
        )
        for columns, other in (("the list's 8 columns", "write results"), ("the results' 16 columns", "write"))
    ]


def _without(ended: Ended, part: str) -> Ended:
    """A bare process with the time of one of its parts subtracted."""
    parts = json.loads(ended.output)
    return ended._replace(seconds=ended.seconds - parts[part], cpu=ended.cpu - parts[f"{part} cpu"])


def measure_memory(bench: Bench) -> list[Figure]:
    """Peak memory of a run, which sends nine tenths of the rows, and of its resume, which sends the rest."""
    rows, many = bench.sizes.rows, bench.sizes.many
    lists = ((".xlsx", rows), (".csv", rows), (".csv", many))
    found = {each: _peaks(bench, *each) for each in dict.fromkeys(lists)}
    peaks = {each: max(ended.peak for ended in both) / MEGABYTE for each, both in found.items()}
    return [
        *(_peak(suffix, count, found[suffix, count]) for suffix, count in lists),
        Figure(
            f"peak memory, {many:,} ÷ {rows:,} rows of .csv",
            [peaks[".csv", many] / (peaks[".csv", rows] or 1)],
            at_most=1.1,
        ),
    ]


def measure_help(bench: Bench) -> list[Figure]:
    """`campaign --help` against an import of click, both as whole processes."""
    pairs = alternately(
        bench.sizes.rounds * bench.sizes.helps,
        lambda: run_python("-m", "campaign", "--help"),
        lambda: run_python("-c", "import click"),
    )
    return [whole_processes("campaign --help ÷ import click", pairs, 3.0)]


def _peaks(bench: Bench, suffix: str, rows: int) -> tuple[Ended, Ended]:
    campaign = bench.campaign(suffix, rows)
    bench.say(f"delivering {rows:,} rows of {suffix}")
    ended, _ = bench.send("run", campaign, "--limit", str(rows - rows // 10))
    resumed, report = bench.send("resume", campaign)
    assert report["sent"] == rows, report
    return ended, resumed


def _peak(suffix: str, rows: int, both: tuple[Ended, Ended]) -> Figure:
    run, resume = both
    return Figure(
        f"peak memory, {rows:,} rows of {suffix}",
        [max(run.peak, resume.peak) / MEGABYTE],
        "MB",
        at_most=150,
        note=f"run {run.peak / MEGABYTE:.0f}, resume {resume.peak / MEGABYTE:.0f}",
        details={"seconds": [run.seconds, resume.seconds], "cpu": [run.cpu, resume.cpu]},
    )


def _parts(module: str, *arguments: str | Path) -> dict[str, float]:
    parts = json.loads(run_python("-m", module, *arguments).output)
    assert isinstance(parts, dict)
    return parts


def _rate(rows: int, seconds: Sequence[float]) -> str:
    return f"{rows / median(seconds):,.0f}/s"


def whole_processes(name: str, pairs: Sequence[tuple[Ended, Ended]], at_most: float) -> Figure:
    """The ratio of the times of two processes, and of their CPU times."""
    own, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    middle = [median(ended.seconds for ended in side) for side in (own, bare)]
    return Figure(
        name,
        [first.seconds / second.seconds for first, second in pairs],
        at_most=at_most,
        cpu=[first.cpu / second.cpu for first, second in pairs if second.cpu > 0],
        note=f"{middle[0]:.2f} s ÷ {middle[1]:.2f} s",
        details={
            side: [ended._replace(output="")._asdict() for ended in each]
            for side, each in (("campaign", own), ("bare", bare))
        },
    )

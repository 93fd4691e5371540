"""The figures that compare campaign with the libraries that it is built on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.bench import Bench, alternately
from tests.benchmarks.children import Ended, run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import ENDPOINT

READ = (
    "import sys, openpyxl\n"
    "for row in openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True): pass"
)
READ_CSV = "import csv, sys\nfor row in csv.reader(open(sys.argv[1], encoding='utf-8', newline='')): pass"
DIGITS = 'channel = "livechat"\n[payload]\ntoken = "{{ id }}"\nrid = "{{ id }}"\nmsg = "Xin chào {{ id }}"\n'
MEGABYTE = 1_000_000


def measure_check(bench: Bench) -> list[Figure]:
    """`check` against openpyxl, both as whole processes."""
    campaign = bench.campaign(".xlsx", bench.sizes.rows)
    workbook = bench.list_of(".xlsx", bench.sizes.rows)
    pairs = alternately(
        bench.sizes.rounds,
        lambda: run_python("-m", "campaign", "check", campaign, "-q"),
        lambda: run_python("-c", READ, workbook),
    )
    return [whole_processes("check ÷ openpyxl read-only", pairs, 0.75)]


def measure_short_rows(bench: Bench) -> list[Figure]:
    """`check` of rows of one digit against `csv.reader`, for half as many rows and for all; both as whole processes."""
    figures = []
    for rows in (bench.sizes.short // 2, bench.sizes.short):
        digits = bench.folder / f"digits-{rows}.csv"
        digits.write_text("id\n" + "".join(f"{number % 10}\n" for number in range(rows)), encoding="utf-8")
        template = bench.folder / "digits.toml"
        template.write_text(DIGITS, encoding="utf-8")
        check = ("-m", "campaign", "check", digits, "--template", template, "--server", bench.url, "-q")
        pairs = alternately(
            bench.sizes.rounds,
            lambda check=check: run_python(*check, good=(0, 1, 2)),  # type: ignore[misc] # bound by default
            lambda digits=digits: run_python("-c", READ_CSV, digits),  # type: ignore[misc] # as above
        )
        figures.append(whole_processes(f"check ÷ csv.reader, {rows:,} rows of one digit", pairs, 50))
    return figures


def measure_results(bench: Bench) -> list[Figure]:
    """The results workbook of a whole run against openpyxl writing as many cells of the same kinds."""
    campaign = bench.campaign(".xlsx", bench.sizes.rows)
    bench.send("run", campaign)
    out, copy = bench.folder / "out.xlsx", bench.folder / "copy.xlsx"
    pairs = alternately(
        bench.sizes.rounds,
        lambda: json.loads(run_python("-m", "tests.benchmarks.parts", "results", campaign, out).output),
        lambda: json.loads(run_python("-m", "tests.benchmarks.parts", "copy", out, copy).output),
    )
    middle = [median(side) for side in zip(*((own["results"], bare["copy"]) for own, bare in pairs), strict=True)]
    return [
        Figure(
            "results workbook ÷ openpyxl write-only of the same cells",
            [own["results"] / bare["copy"] for own, bare in pairs],
            at_most=0.4,
            cpu=[own["results cpu"] / bare["copy cpu"] for own, bare in pairs],
            note=f"{middle[0]:.1f} s ÷ {middle[1]:.1f} s",
            details={"campaign": [own for own, _ in pairs], "bare": [bare for _, bare in pairs]},
        )
    ]


def measure_run(bench: Bench) -> list[Figure]:
    """A whole run against a script that reads, posts and writes the same cells, both as whole processes."""
    _, bodies = bench.planned()
    rows = bench.sizes.rows
    workbook, copy = bench.list_of(".xlsx", rows), bench.folder / "copy.xlsx"

    def run() -> Ended:
        ended, report = bench.send("run", bench.campaign(".xlsx", rows))
        assert report["sent"] == rows, report
        return ended

    def bare() -> Ended:
        concurrency = str(bench.sizes.concurrency)
        return run_python("-m", "tests.benchmarks.bare", bench.url + ENDPOINT, concurrency, bodies, workbook, copy)

    pairs = alternately(bench.sizes.rounds, run, bare)
    return [
        whole_processes(
            f"run ÷ (bare read + bare loop + bare write of {columns})",
            [(own, _without(done, other)) for own, done in pairs],
            1.0,
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
    return [whole_processes("campaign --help ÷ import click", pairs, 1.5)]


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
        at_most=120,
        note=f"run {run.peak / MEGABYTE:.0f}, resume {resume.peak / MEGABYTE:.0f}",
        details={"seconds": [run.seconds, resume.seconds], "cpu": [run.cpu, resume.cpu]},
    )


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

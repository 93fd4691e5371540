"""Measures every figure of docs/explanation/speed.md, each pair side by side: `python -m tests.benchmarks`.

Everything stays on this machine and in a temporary folder, except that npm fetches newman if it is not installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.alternatives import measure_alternatives
from tests.benchmarks.bench import QUICK, Bench, Sizes
from tests.benchmarks.children import running
from tests.benchmarks.deliveries import measure_deliver, measure_kitechat, measure_one_destination
from tests.benchmarks.figures import Figure
from tests.benchmarks.history import append, changes, write_table
from tests.benchmarks.limits import measure_default_limit, measure_limiter
from tests.benchmarks.measures import (
    measure_check,
    measure_help,
    measure_memory,
    measure_results,
    measure_run,
    measure_short_rows,
)
from tests.benchmarks.report import machine, table, write_json
from tests.benchmarks.row_rules import measure_row_rules
from tests.benchmarks.scale import measure_scale

MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "help": measure_help,
    "check": measure_check,
    "short-rows": measure_short_rows,
    "row-rules": measure_row_rules,
    "deliver": measure_deliver,
    "kitechat": measure_kitechat,
    "one-destination": measure_one_destination,
    "results": measure_results,
    "run": measure_run,
    "memory": measure_memory,
    "limiter": measure_limiter,
    "default-limit": measure_default_limit,
    "scale": measure_scale,
    "alternatives": measure_alternatives,
}

LONG = ("default-limit", "scale")
"""Measured only where they are named: 4 minutes, and half an hour."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON.

    Returns:
        1 if a target is missed.
    """
    options = _parser().parse_args(arguments)
    sizes = _sizes(options)
    names = options.only or [name for name in MEASURES if name not in LONG]
    with tempfile.TemporaryDirectory() as folder, running("-m", "tests.benchmarks.server") as url:
        bench = Bench(Path(folder), url.strip(), sizes, _say, fetches=not options.quick)
        bench.warm_up()
        figures = list(_measured(bench, names))
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(*table(figures), sep="\n")
    if options.json:
        write_json(options.json, figures, sizes)
    if options.history:
        print(*changes(options.history, figures), sep="\n")
        append(options.history, figures, sizes)
    if options.history and options.readme:
        write_table(options.readme, options.history)
    return int(any(figure.met is False for figure in figures))


def _measured(bench: Bench, names: Sequence[str]) -> Iterator[Figure]:
    for name in names:
        bench.say(f"measuring {name}")
        for figure in MEASURES[name](bench):
            bench.say(" ".join(list(table([figure]))[-1].split()))
            yield figure


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, help="rows of the workbook; default: 100,000")
    add("--many", type=int, help="rows of the larger CSV file; default: 1,000,000")
    add("--rounds", type=int, help="number of rounds; default: 5")
    names = f"{', '.join(MEASURES)}; without it, all but {' and '.join(LONG)}"
    add("--only", nargs="+", choices=MEASURES, metavar="NAME", help=f"measure only these: {names}")
    add("--quick", action="store_true", help="a few rows, to test the benchmarks; the figures mean nothing")
    add("--json", type=Path, metavar="FILE", help="also write every measurement to this file")
    add("--history", type=Path, metavar="FILE", help="compare with the figures in this file, and append these")
    add("--readme", type=Path, metavar="FILE", help="write the newest figures of the history into this file's table")
    return parser


def _sizes(options: argparse.Namespace) -> Sizes:
    given = {name: value for name in ("rows", "many", "rounds") if (value := getattr(options, name)) is not None}
    return replace(QUICK if options.quick else Sizes(), **given)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Measures what many machines cost and bring (CLUSTER.md, section 8): `python -m tests.cluster.figures`.

It starts PostgreSQL, servers that respond at once or after 100 ms, and `campaign worker` processes, all on this
machine. `python -m tests.cluster.limits` measures what workers send together.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from campaign.journal.cluster import open_cluster
from tests import postgres
from tests.benchmarks.bench import alternately
from tests.benchmarks.children import ROOT, run_python, running
from tests.benchmarks.figures import Figure
from tests.benchmarks.lists import write_campaign
from tests.benchmarks.report import machine, table
from tests.crash.harness import environment

SETTINGS = ("track_activities = on",)
"""PostgreSQL as it comes."""

WATCHED = ("--watch-only", "--yes", "--json", "-q")
TICKS = os.sysconf("SC_CLK_TCK")
LEAST_SHARE = 0.02
"""Of the rows of a run at its beginning and its end, that share is not measured."""


@dataclass
class Bench:
    """What the measures share.

    Attributes:
        folder: for all files.
        database: the address of the database.
        home: the folder of its server.
        rounds: how often a pair is measured.
        small: the factor of all sizes.
    """

    folder: Path
    database: str
    home: Path
    rounds: int = 3
    small: float = 1.0
    _names: Iterator[int] = field(default_factory=itertools.count)

    def rows(self, count: int) -> int:
        return max(60, int(count * self.small))

    def campaign(self, rows: int, server: str, concurrency: int) -> Path:
        """A campaign of its own, to Kitechat."""
        folder = self.folder / f"c{next(self._names)}"
        folder.mkdir()
        run_python("-m", "tests.benchmarks.lists", folder / "list.csv", str(rows))
        file = write_campaign(folder / "list.csv", server, "kitechat")
        text = f'name = "{folder.name}"\n{file.read_text(encoding="utf-8")}'
        file.write_text(f'{text}[throttle]\nrate = "100000/s"\nconcurrency = {concurrency}\n', encoding="utf-8")
        return file

    def number(self, query: str) -> int:
        """The one number that a query finds."""
        with psycopg.connect(self.database) as connection:
            (found,) = connection.execute(query.encode()).fetchone() or (0,)
        return int(found)

    @contextlib.contextmanager
    def workers(self, count: int, concurrency: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Workers as processes; they are at work when the block begins."""
        options = ("--journal", self.database, "--concurrency", str(concurrency), "-q")
        made = [_campaign("worker", *options, "--name", f"w{number}") for number in range(count)]
        try:
            with open_cluster(self.database) as store:
                _wait(lambda: len(store.workers()) == count)
            yield made
        finally:
            for process in made:
                process.terminate()
            for process in made:
                process.communicate(timeout=60)

    def server_seconds(self) -> float:
        """The CPU time of PostgreSQL, all its processes."""
        first = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        return sum(_cpu(pid, with_children=pid == first) for pid in [first, *_children(first)])


def _campaign(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "campaign", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(), cwd=ROOT)


def _wait(is_so: Callable[[], object], within: float = 120.0) -> None:
    until = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def _cpu(pid: int, *, with_children: bool = False) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, numbers[11 : 15 if with_children else 13])) / TICKS
    return 0.0


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _asked(server: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{server}/times") as response:
        found = json.load(response)
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True)
class Sent:
    """A delivery: rows a second between the first and the last request, and CPU time a row."""

    speed: float
    worker: float = 0.0
    server: float = 0.0


def _in_file(bench: Bench, server: str, rows: int, concurrency: int) -> Sent:
    process = _campaign("run", bench.campaign(rows, server, concurrency), "--yes", "--json", "-q")
    return _sent(process, server, rows)


def _sent(process: subprocess.Popen[bytes], server: str, rows: int) -> Sent:
    report = json.loads(process.communicate(timeout=300)[0])
    assert report["sent"] == rows, report
    found = _asked(server)
    assert found["count"] == rows, found
    return Sent((rows - 1) / found["seconds"])


def _by_workers(bench: Bench, server: str, rows: int, concurrency: int, count: int = 1) -> Sent:
    with bench.workers(count, concurrency) as workers:
        time.sleep(1)
        before, own = bench.server_seconds(), sum(_cpu(each.pid) for each in workers)
        process = _campaign("run", bench.campaign(rows, server, concurrency), "--journal", bench.database, *WATCHED)
        found = _sent(process, server, rows)
        own = sum(_cpu(each.pid) for each in workers) - own
        return Sent(found.speed, own / rows, (bench.server_seconds() - before) / rows)


def measure_workers(bench: Bench) -> Iterator[Figure]:
    """1, 2 and 4 workers of 32 requests under way, where a response takes 100 ms."""
    found: dict[int, list[Sent]] = {1: [], 2: [], 4: []}
    with running("-m", "tests.benchmarks.server", "0.1") as line:
        for _ in range(bench.rounds):
            for count, each in found.items():
                each.append(_by_workers(bench, line.strip(), bench.rows(2400 * count), 32, count))
    for count, target in ((2, 1.7), (4, 2.2)):
        ratios = [many.speed / one.speed for many, one in zip(found[count], found[1], strict=True)]
        speed, own = (statistics.median(getattr(each, name) for each in found[count]) for name in ("speed", "worker"))
        note = f"{speed:,.0f} rows/s, {1e6 * own:,.0f} µs of CPU time a row in the workers"
        yield Figure(f"{count} workers ÷ 1, a response after 100 ms", ratios, at_least=target, note=note)
    alone = found[1]
    note = f"{1e6 * statistics.median(each.worker for each in alone):,.0f} µs of CPU time a row"
    yield Figure("1 worker, a response after 100 ms", [each.speed for each in alone], "rows/s", note=note)


def measure_journals(bench: Bench) -> Iterator[Figure]:
    """One worker against `campaign run` with a file, both to Kitechat."""
    with running("-m", "tests.benchmarks.server") as line:
        server = line.strip()
        for concurrency, target, rows in ((64, 0.8, bench.rows(30_000)), (8, 0.4, bench.rows(15_000))):
            pairs = alternately(
                bench.rounds,
                lambda rows=rows, concurrency=concurrency: _by_workers(bench, server, rows, concurrency),  # type: ignore[misc] # bound by default
                lambda rows=rows, concurrency=concurrency: _in_file(bench, server, rows, concurrency),  # type: ignore[misc] # as above
            )
            speeds = [statistics.median(each.speed for each in side) for side in zip(*pairs, strict=True)]
            yield Figure(
                f"PostgreSQL ÷ SQLite, one worker, Kitechat, {concurrency} in flight",
                [own.speed / file.speed for own, file in pairs],
                at_least=target,
                note=f"{speeds[0]:,.0f} ÷ {speeds[1]:,.0f} rows/s",
            )


def measure_server_cpu(bench: Bench) -> Iterator[Figure]:
    """CPU time of PostgreSQL a row, at the beginning of a long run and at its end."""
    rows = bench.rows(120_000)
    samples: list[tuple[int, float]] = []
    with running("-m", "tests.benchmarks.server") as line, bench.workers(1, 64):
        command = ("run", bench.campaign(rows, line.strip(), 64), "--journal", bench.database, *WATCHED)
        process, count = _campaign(*command), 0
        while process.poll() is None:
            count += int(_asked(line.strip())["count"])
            samples.append((count, bench.server_seconds()))
            time.sleep(0.25)
        assert json.loads(process.communicate()[0])["sent"] == rows
    for name, low, high in (("the first", LEAST_SHARE, 0.18), ("the last", 0.83, 1 - LEAST_SHARE)):
        inside = [each for each in samples if low * rows <= each[0] <= high * rows]
        if len(inside) < 2:
            continue
        (first, before), (last, after) = inside[0], inside[-1]
        value = 1e6 * (after - before) / (last - first)
        note = f"rows {first:,} to {last:,} of {rows:,}"
        yield Figure(f"CPU time of PostgreSQL a row, 64 in flight, {name}", [value], "µs", at_most=100, note=note)


def measure_planning(bench: Bench) -> Iterator[Figure]:
    """Planning into a database against planning into a file."""
    rows = bench.rows(100_000)
    file = bench.campaign(rows, "http://127.0.0.1:9", 8)
    numbers = itertools.count()

    def plan(where: str) -> dict[str, float]:
        found = json.loads(run_python("-m", "tests.cluster.planning", file, where).output)
        assert isinstance(found, dict)
        return found

    pairs = alternately(
        bench.rounds, lambda: plan(bench.database), lambda: plan(str(bench.folder / f"plan{next(numbers)}.db"))
    )
    for part, name in (("plan", "planning"), ("store", "what the journal takes of it")):
        seconds = [statistics.median(each[part] for each in side) for side in zip(*pairs, strict=True)]
        note = f"{rows / seconds[0]:,.0f} and {rows / seconds[1]:,.0f} rows/s"
        values = [own[part] / other[part] for own, other in pairs]
        yield Figure(f"{name}, {rows:,} rows, PostgreSQL ÷ SQLite", values, at_most=1.0, note=note)


def measure_ends(bench: Bench) -> Iterator[Figure]:
    """Takeover after a kill and after SIGTERM, and how soon nothing leaves after `campaign stop`."""
    held = "SELECT count(*) FROM campaign.shard JOIN campaign.worker ON holder = worker.worker WHERE process = {}"
    with running("-m", "tests.benchmarks.server", "0.1") as line, bench.workers(3, 4) as workers:
        file = bench.campaign(bench.rows(40_000), line.strip(), 4)
        process = _campaign("run", file, "--journal", bench.database, *WATCHED)
        _wait(lambda: all(bench.number(held.format(each.pid)) for each in workers))
        for place, end, within in ((0, signal.SIGKILL, 70), (1, signal.SIGTERM, 2)):
            began = time.monotonic()
            workers[place].send_signal(end)
            _wait(lambda place=place: not bench.number(held.format(workers[place].pid)))  # type: ignore[misc] # bound
            yield Figure(f"takeover after {end.name}", [time.monotonic() - began], "s", at_most=within)
        _asked(line.strip())
        began = time.monotonic()
        run_python("-m", "campaign", "stop", file, "--journal", bench.database, "-q", good=(0, 3))
        asked = time.monotonic() - began
        process.communicate(timeout=60)
        before = _asked(line.strip())
        ended = time.monotonic() - began
        time.sleep(3)
        assert not _asked(line.strip())["count"], "a request left after the end"
        note = f"the command took {asked:.1f} s; the watcher had ended after {ended:.1f} s"
        yield Figure("stop asked → last request left", [before["seconds"]], "s", at_most=2 + 0.1, note=note)


def measure_idle(bench: Bench) -> Iterator[Figure]:
    """Statements a second of one worker that has nothing to do; each is a transaction of its own."""
    count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    seconds = 30 * bench.small
    with bench.workers(1, 64):
        time.sleep(12 * bench.small)
        before = bench.number(count)
        time.sleep(seconds)
        asked = bench.number(count) - before
    yield Figure("idle worker: transactions a second", [asked / seconds], at_most=3)


MEASURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "journals": measure_journals,
    "workers": measure_workers,
    "server-cpu": measure_server_cpu,
    "planning": measure_planning,
    "ends": measure_ends,
    "idle": measure_idle,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table.

    Returns:
        1 if a target is missed.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.figures", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds; default: 3")
    parser.add_argument("--only", nargs="+", choices=MEASURES, metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="a few rows, to test this; the figures mean nothing")
    options = parser.parse_args(arguments)
    postgres.announce(Path(tempfile.gettempdir()))
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, postgres.own_server(SETTINGS) as (address, _):
        home = Path(address.rpartition("host=")[2])
        bench = Bench(Path(folder), address, home, 1 if options.quick else options.rounds, 0.02 if options.quick else 1)
        for name in options.only or MEASURES:
            for figure in MEASURES[name](bench):
                found.append(figure)
                print(list(table([figure]))[-1], file=sys.stderr, flush=True)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(*table(found), sep="\n")
    return int(any(figure.met is False for figure in found))


if __name__ == "__main__":
    sys.exit(main())

"""`deliver` against bare loops with the same bodies: the seconds of the loops themselves, without process start-up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median

from tests.benchmarks.bench import Bench, alternately
from tests.benchmarks.children import run_python
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import ENDPOINT, KITECHAT

MANY_IN_FLIGHT = 64

SLICES = 10
"""Slices of a delivery, alternating with the bare loop: the speed of a shared machine changes within half a minute."""


@dataclass(frozen=True)
class Delivery:
    """A measured delivery.

    Attributes:
        kind: which of the templates.
        endpoint: the path on the server.
        against: the name of the bare loop.
        at_least: the target.
        commits: whether the bare loop makes a commit before each group of requests.
    """

    kind: str
    endpoint: str
    against: str
    at_least: float
    commits: bool = False


LIVECHAT = Delivery("livechat", ENDPOINT, "bare aiohttp loop", 0.85)
ONE_DESTINATION = Delivery("one destination", ENDPOINT, "bare serial loop", 0.7)
KITECHAT_ROWS = Delivery("kitechat", KITECHAT, "bare aiohttp loop with a commit before each group", 0.8, commits=True)


def measure_deliver(bench: Bench) -> list[Figure]:
    """Livechat, where rows are reserved together."""
    return [_figure(bench, LIVECHAT, concurrency) for concurrency in (bench.sizes.concurrency, MANY_IN_FLIGHT)]


def measure_kitechat(bench: Bench) -> list[Figure]:
    """Kitechat, where each attempt waits for the disk."""
    return [_figure(bench, KITECHAT_ROWS, concurrency) for concurrency in (bench.sizes.concurrency, MANY_IN_FLIGHT)]


def measure_one_destination(bench: Bench) -> list[Figure]:
    """All rows to one conversation, one after the other."""
    return [_figure(bench, ONE_DESTINATION, 1)]


def _figure(bench: Bench, delivery: Delivery, concurrency: int) -> Figure:
    pairs = [_slice_by_slice(bench, delivery, str(concurrency)) for _ in range(bench.sizes.rounds)]
    rows = bench.sizes.rows
    own, bare = [own["deliver"] for own, _ in pairs], [bare["post"] for _, bare in pairs]
    commit = f", a bare commit {1000 * median(bare['commit'] for _, bare in pairs):.1f} ms" if delivery.commits else ""
    return Figure(
        f"messages/s ÷ {delivery.against}, {delivery.kind}, {concurrency} in flight",
        [mine["post"] / own["deliver"] for own, mine in pairs],
        at_least=delivery.at_least,
        cpu=[mine["post cpu"] / own["deliver cpu"] for own, mine in pairs],
        note=f"{rows / median(own):,.0f}/s ÷ {rows / median(bare):,.0f}/s{commit}",
        details={"rows": rows, "deliver": [own for own, _ in pairs], "bare": [bare for _, bare in pairs]},
    )


def _slice_by_slice(bench: Bench, delivery: Delivery, concurrency: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the seconds of one whole delivery and of the bare loop with the same bodies."""
    journal, bodies = bench.planned(delivery.kind)
    copy, some = bench.folder / "delivered.journal.db", bench.folder / "slice.jsonl"
    shutil.copyfile(journal, copy)
    lines = bodies.read_bytes().splitlines(keepends=True)
    size = ceil(len(lines) / SLICES)
    slices = (lines[start : start + size] for start in range(0, len(lines), size))
    # With all rows to one destination, the pool is as large as for any list: only one of its workers has a row.
    workers = str(bench.sizes.concurrency) if delivery is ONE_DESTINATION else concurrency

    def deliver() -> dict[str, float]:
        return _parts("tests.benchmarks.parts", "deliver", copy, bench.url, workers, str(size))

    def post() -> dict[str, float]:
        some.write_bytes(b"".join(next(slices)))
        database = bench.folder / "bare.db"
        database.unlink(missing_ok=True)
        last = [database] if delivery.commits else []
        return _parts("tests.benchmarks.bare", bench.url + delivery.endpoint, concurrency, some, *last)

    pairs = alternately(ceil(len(lines) / size), deliver, post)
    copy.unlink()
    return _together([delivered for delivered, _ in pairs]), _together([posted for _, posted in pairs])


def _together(slices: Sequence[dict[str, float]]) -> dict[str, float]:
    """The sums of all slices; of a commit, which is one commit's time, the median."""
    return {part: (median if part == "commit" else sum)([each[part] for each in slices]) for part in slices[0]}


def _parts(module: str, *arguments: str | Path) -> dict[str, float]:
    parts = json.loads(run_python("-m", module, *arguments).output)
    assert isinstance(parts, dict)
    return parts

"""A server with Rocket.Chat's rate limiter: how often a run exceeds the limit, and its time over the minimum."""

from __future__ import annotations

import json
import re
import urllib.request
from math import ceil
from typing import Any

from tests.benchmarks.bench import Bench
from tests.benchmarks.children import run_python, running
from tests.benchmarks.figures import Figure

REQUESTS = 10
"""Requests per window, as by default in Rocket.Chat (Administration → Rate Limiter)."""
DEFAULT_WINDOW = 60.0
DEFAULT_ROWS = 50


def measure_limiter(bench: Bench) -> list[Figure]:
    """Ten requests in each of many short windows."""
    rounds = [_limited_run(bench, bench.sizes.limited_rows, bench.sizes.window) for _ in range(bench.sizes.rounds)]
    return _figures(rounds, f"{bench.sizes.limited_rows} rows", bench.sizes.window, 1.03)


def measure_default_limit(bench: Bench) -> list[Figure]:
    """Ten requests a minute: takes minutes, so it is measured on request only."""
    round_ = _limited_run(bench, DEFAULT_ROWS, DEFAULT_WINDOW)
    return _figures([round_], f"{DEFAULT_ROWS} rows", DEFAULT_WINDOW, 1.01)


def _limited_run(bench: Bench, rows: int, window: float) -> tuple[int, float]:
    """Return the number of 429 responses according to the server, and the time ÷ the least possible."""
    campaign = bench.campaign(".csv", rows)
    sandbox = ("-m", "campaign", "sandbox", "--port", "0", "--limit", f"{REQUESTS}/{window:g}")
    with running(*sandbox, says_on_stderr=True) as line:
        found = re.search(r"http://[\d.]+:\d+", line)
        assert found is not None, line
        arguments = ("run", campaign, "--server", found[0], "--yes", "--json", "-q")
        report = json.loads(run_python("-m", "campaign", *arguments).output)
        assert report["sent"] == rows, report
        with urllib.request.urlopen(f"{found[0]}/sandbox/ledger") as response:
            entries: list[dict[str, Any]] = json.load(response)["entries"]
    least = (ceil(rows / REQUESTS) - 1) * window
    return sum(entry["status"] == 429 for entry in entries), report["seconds"] / least


def _figures(rounds: list[tuple[int, float]], note: str, window: float, most: float) -> list[Figure]:
    limit = f"{REQUESTS} requests in {window:g} s"
    return [
        Figure(f"429 responses under {limit}", [refused for refused, _ in rounds], at_most=0, note=note),
        Figure(f"time under {limit} ÷ the least possible", [ratio for _, ratio in rounds], at_most=most, note=note),
    ]

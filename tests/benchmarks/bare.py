"""The baseline of campaign: a bare aiohttp loop and bare openpyxl. Only the status of a response is checked.

`python -m tests.benchmarks.bare URL CONCURRENCY BODIES` posts the lines of a file to a URL.
`python -m tests.benchmarks.bare URL CONCURRENCY BODIES DATABASE` makes one commit before each group of requests.
`python -m tests.benchmarks.bare URL CONCURRENCY BODIES WORKBOOK COPY` does what a run does: reads the workbook, posts,
and writes the same cells: once those that it read, and once all columns of a run's results.
Each prints the seconds of its parts as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from math import ceil
from pathlib import Path

import aiohttp
from openpyxl import Workbook, load_workbook

Cells = tuple[object, ...]

RESULT = ("Sent", None, "13a0e27a7178b28d49d8a94708281c0b", 200, 1, datetime.fromisoformat("2026-01-05 08:30:15"), 1.2)
"""The result columns of a row, besides its own cells and its number."""


async def post_all(url: str, bodies: Sequence[bytes], concurrency: int) -> int:
    """Post every body, `concurrency` at a time; return the number of 200 responses."""
    waiting = iter(bodies)
    good = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal good
        for body in waiting:
            async with session.post(url, data=body) as response:
                await response.read()
                good += response.status == 200

    connector = aiohttp.TCPConnector(limit=concurrency)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session, asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work(session))
    return good


async def post_groups(url: str, bodies: Sequence[bytes], concurrency: int, database: Path) -> tuple[int, float]:
    """Post `concurrency` bodies at a time, each time after one commit that would survive a power cut.

    Returns:
        The number of 200 responses, and the seconds of the commits.
    """
    good, spent = 0, 0.0

    async def post(session: aiohttp.ClientSession, body: bytes) -> bool:
        async with session.post(url, data=body) as response:
            await response.read()
            return response.status == 200

    connector = aiohttp.TCPConnector(limit=concurrency)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            connection.execute("CREATE TABLE attempt (number INTEGER)")
            for start in range(0, len(bodies), concurrency):
                began = time.perf_counter()
                connection.execute("INSERT INTO attempt VALUES (?)", [start])
                spent += time.perf_counter() - began
                group = bodies[start : start + concurrency]
                good += sum(await asyncio.gather(*(post(session, body) for body in group)))
    return good, spent


def read(path: Path) -> list[Cells]:
    """Every row of a workbook's sheet."""
    sheet = load_workbook(path, read_only=True).worksheets[0]
    return list(sheet.iter_rows(values_only=True))


def write(path: Path, rows: Iterable[Cells]) -> None:
    """Write a workbook of these rows."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in rows:
        sheet.append(row)
    workbook.save(path)


@contextmanager
def timed(name: str, parts: dict[str, float]) -> Iterator[None]:
    """Record the elapsed seconds and the CPU seconds of a block."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    parts[name] = time.perf_counter() - began
    parts[f"{name} cpu"] = time.process_time() - busy


def main(url: str, concurrency: int, bodies: Path, files: Sequence[Path]) -> None:
    """Run the baseline and print the seconds."""
    parts: dict[str, float] = {}
    rows: list[Cells] = []
    whole_run = len(files) == 2
    if whole_run:
        with timed("read", parts):
            rows = read(files[0])
    lines = bodies.read_bytes().splitlines()
    with timed("post", parts):
        if files and not whole_run:
            good, commits = asyncio.run(post_groups(url, lines, concurrency, files[0]))
            parts["commit"] = commits / ceil(len(lines) / concurrency)
        else:
            good = asyncio.run(post_all(url, lines, concurrency))
    if whole_run:
        with timed("write", parts):
            write(files[1], rows)
        with timed("write results", parts):
            write(files[1], ((*row, *RESULT, number) for number, row in enumerate(rows, start=1)))
    if good != len(lines):
        sys.exit(f"{len(lines) - good} of {len(lines)} requests failed")
    print(json.dumps(parts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), [Path(each) for each in sys.argv[4:]])

"""Imports journals in processes of their own, and kills each before its Nth step: see test_import.

A step is a statement of SQL that changes the file, any in the database, or something written down in the lock file.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import psycopg

from campaign.journal.importing import open_import
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.witness import WitnessWriter
from tests.unit.journal.planning import NOON, planned

MOST = 300


def main(folder: Path, url: str) -> None:
    for number in range(1, MOST):
        place = folder / f"killed-{number}"
        place.mkdir()
        path = planned(place / f"{uuid.uuid4().hex}.journal.db", 3)
        cut_off(path)
        child = os.fork()
        if child == 0:
            _import(path, url, number)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            return
        if not os.WIFSIGNALED(status):
            sys.exit(f"step {number} has failed")
    sys.exit("it was never finished")


def cut_off(path: Path) -> None:
    """Cut a delivery off while its first row is sent."""

    async def begin() -> None:
        async with journal.attempt_log(1, session=session) as log:
            await log.begin(1, NOON)

    with SqliteJournal.open(path) as journal, journal.exclusive():
        session = journal.begin_session(1)
        asyncio.run(begin())


def _import(path: Path, url: str, number: int) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for kind, names in (
        (psycopg.Connection, ("execute",)),
        (psycopg.Cursor, ("execute", "executemany", "copy")),
        (WitnessWriter, ("note",)),
    ):
        for name in names:
            setattr(kind, name, _stepping(getattr(kind, name), step))
    with open_import(path, url, "an@host") as chosen:
        chosen._file._connection.set_trace_callback(lambda said: None if said.lstrip().startswith("SELECT") else step())
        if chosen.found() is None:
            chosen.perform(lambda _: None)


def _stepping(method: Any, step: Any) -> Any:  # noqa: ANN401 - any method
    def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as they come
        step()
        return method(*given, **named)

    return called


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

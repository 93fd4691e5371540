"""Imports copies of a journal in processes of their own, and kills each before its Nth step: see test_import.

A step is a statement of SQL that changes the file, any in the database, or something written down in the lock file.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import psycopg

from campaign.journal.importing import open_import
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.witness import WitnessWriter

MOST = 2000


def main(journal: Path, url: str) -> None:
    for number in range(1, MOST):
        place = journal.parent / f"killed-{number}"
        place.mkdir()
        path = place / f"{journal.name.removesuffix('.journal.db')}-{number}.journal.db"
        shutil.copy(journal, path)
        shutil.copy(f"{journal}.lock", f"{path}.lock")
        with SqliteJournal.open(path) as opened:
            opened.accept_place()
        child = os.fork()
        if child == 0:
            _import(path, url, number)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return
    sys.exit("it was never finished")


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

"""Begins a delivery in a process of its own and kills it before its Nth step, for every N: see test_wholeness.

A step is a statement of SQL, or something written down in the lock file.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.witness import WitnessWriter
from tests.unit.journal.planning import NOON, SENT


def main(planned: Path, most: int) -> None:
    for number in range(1, most):
        place = planned.parent / f"killed-{number}"
        place.mkdir()
        child = os.fork()
        if child == 0:
            _deliver(planned, place / "a.journal.db", number)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return
    sys.exit("it was never finished")


def _deliver(planned: Path, path: Path, number: int) -> None:
    shutil.copy(planned, path)
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == number:
            os.kill(os.getpid(), signal.SIGKILL)

    note = WitnessWriter.note

    def noted(self: WitnessWriter, **changes: object) -> None:
        step()
        note(self, **changes)

    WitnessWriter.note = noted  # type: ignore[method-assign]
    with SqliteJournal.open(path) as journal:
        journal.accept_place()
        journal._connection.set_trace_callback(step)
        with journal.exclusive():
            session = journal.begin_session(1)
            asyncio.run(_attempts(journal, session, step, path.parent))
            journal.end_session(session, None)


async def _attempts(journal: SqliteJournal, session: int, step: object, place: Path) -> None:
    async with journal.attempt_log(1, session=session) as log:
        assert isinstance(log, SqliteAttemptLog)
        log._writer._connection.set_trace_callback(step)  # type: ignore[arg-type]
        for seq in (1, 2, 3):
            attempt = await log.begin(seq, NOON)
            (place / f"sent-{seq}").touch()
            log.record_outcome(seq, attempt, "sent", SENT)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

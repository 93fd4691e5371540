"""The guard notices a journal that is destroyed in place, and takes no checkpoint for that."""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal.sqlite import SqliteJournal, guard
from campaign.journal.sqlite.place import arm
from campaign.journal.sqlite.wholeness import wal_of

from .planning import NOON, SENT, planned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from campaign.journal.sqlite.witness import WitnessWriter

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files from being written over")

CHECKPOINT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("INSERT INTO stop_request (by, at) VALUES ('x', 0)")
print(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
"""


def by_another_program(path: Path) -> None:
    time.sleep(0.02)  # the clock of a file's time ticks every few milliseconds
    before = path.stat().st_mtime_ns
    subprocess.run([sys.executable, "-c", CHECKPOINT, str(path)], check=True, stdout=subprocess.DEVNULL)
    assert path.stat().st_mtime_ns != before


def cut_short(path: Path) -> None:
    os.truncate(path, 8 * 4096)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def overwritten(path: Path) -> None:
    time.sleep(0.02)
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))


async def deliver(journal: SqliteJournal, rows: range, between: Callable[[], object] = lambda: None) -> None:
    session = journal.begin_session(1)
    async with journal.attempt_log(1, session=session) as log:
        for seq in rows:
            attempt = await log.begin(seq, NOON)
            log.record_outcome(seq, attempt, "sent", SENT)
            if seq == rows.start + len(rows) // 2:
                await asyncio.sleep(0.05)
                between()
    journal.end_session(session, None)


@POSIX
@pytest.mark.parametrize("act", [cut_short, emptied, overwritten])
def test_nothing_begins_once_the_main_file_was_destroyed(planned_path: Path, act: Callable[[Path], None]) -> None:
    with SqliteJournal.open(planned_path) as journal, journal.exclusive():
        began: list[int] = []

        async def work() -> None:
            async with journal.attempt_log(1, session=journal.begin_session(1)) as log:
                began.append(await log.begin(1, NOON))
                act(planned_path)
                began.append(await log.begin(2, NOON))

        with pytest.raises(JournalWriteError, match="overwritten or cut short by another program"):
            asyncio.run(work())
        assert began == [1]
        assert wal_of(planned_path).stat().st_size


@POSIX
def test_a_journal_that_was_emptied_while_open_is_refused_without_a_wait(planned_path: Path) -> None:
    with SqliteJournal.open(planned_path) as journal:
        assert journal.tally(1).rows
        emptied(planned_path)
        began = time.monotonic()
        with pytest.raises(JournalError, match="another program has emptied it"):
            journal.reopened()
        assert time.monotonic() - began < 5
    assert not planned_path.stat().st_size


def test_a_checkpoint_of_another_program_is_no_damage(planned_path: Path) -> None:
    with SqliteJournal.open(planned_path) as journal, journal.exclusive():
        asyncio.run(deliver(journal, range(1, 41), lambda: by_another_program(planned_path)))
        assert journal.tally(1).requests == 40


def test_a_journal_that_another_program_has_made_smaller_is_no_damage(planned_path: Path) -> None:
    def vacuum() -> None:
        with closing(sqlite3.connect(planned_path, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    with SqliteJournal.open(planned_path) as journal, journal.exclusive():
        journal._connection.execute("CREATE TABLE ballast AS SELECT randomblob(100000)")
        journal._connection.execute("DROP TABLE ballast")
        journal._rest()
        size = planned_path.stat().st_size
        asyncio.run(deliver(journal, range(1, 41), vacuum))
        assert planned_path.stat().st_size < size


def test_a_log_that_was_moved_is_not_moved_again_at_the_next_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = planned(tmp_path / "a.journal.db", 2000)
    monkeypatch.setattr(guard, "CHECKPOINT_AT", 1 << 20)
    at: list[int] = []
    commits: list[int] = []

    def counted_arm(connection: sqlite3.Connection, witness: WitnessWriter) -> bool:
        at.append(len(commits))
        return arm(connection, witness)

    check = guard.DeliveryGuard.before_commit

    def counted_commit(self: guard.DeliveryGuard, connection: sqlite3.Connection) -> None:
        commits.append(wal_of(path).stat().st_size)
        check(self, connection)

    monkeypatch.setattr(guard, "arm", counted_arm)
    monkeypatch.setattr(guard.DeliveryGuard, "before_commit", counted_commit)
    with SqliteJournal.open(path) as journal, journal.exclusive():
        asyncio.run(deliver(journal, range(1, 600)))
    assert len(at) > 2
    assert all(later - earlier > 20 for earlier, later in itertools.pairwise(at)), at

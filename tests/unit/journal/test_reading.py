"""Looking into a journal file without changing or holding it, whoever works on it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError, Problem
from campaign.journal import Activity, JournalStore, State, read_journal
from campaign.journal.manifests import encode_manifest
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.migrations import STEPS
from campaign.journal.sqlite.wholeness import wal_of
from campaign.operating_system import OWNER_ONLY

from .planning import FACTS, NOON, SENT, execute, planned, query

if TYPE_CHECKING:
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes of files are POSIX's")

KILLED = """
import asyncio, os, sys
from campaign.journal.sqlite import SqliteJournal
from tests.unit.journal.planning import NOON, SENT

async def work(journal):
    session = journal.begin_session(1, by="lan@ops")
    async with journal.attempt_log(1, session=session) as log:
        log.record_outcome(1, await log.begin(1, NOON), "sent", SENT)
        await log.begin(2, NOON)
        os._exit(9)

with SqliteJournal.open(sys.argv[1]) as journal, journal.exclusive():
    asyncio.run(work(journal))
"""


def states(journal: JournalStore) -> list[State]:
    return [result.state for result in journal.results(1)]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the index of a WAL, into which each reader writes how far it reads."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def killed(path: Path) -> Path:
    """A journal whose delivery was killed after one row, with another one under way."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(planned(path, 3))], check=False)
    assert ended.returncode == 9
    return path


def test_where_there_never_was_a_journal_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "a.journal.db", states) is None
    assert not list(tmp_path.iterdir())


def test_a_journal_at_rest_is_not_touched(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 3)
    before = contents(tmp_path)
    assert read_journal(path, states) == [State.PENDING] * 3
    assert contents(tmp_path) == before
    assert not path.with_name("a.journal.db-shm").exists()


def test_a_journal_whose_holder_was_killed_is_read_to_its_last_attempt_and_not_changed(tmp_path: Path) -> None:
    path = killed(tmp_path / "a.journal.db")
    before = contents(tmp_path)
    assert len(before["a.journal.db-wal"]) > 0

    def look(journal: JournalStore) -> tuple[object, ...]:
        (session,) = journal.sessions(1)
        return states(journal), journal.holder(), session.ended_at, session.by

    assert read_journal(path, look) == ([State.SENT, State.SENDING, State.PENDING], None, None, "lan@ops")
    assert contents(tmp_path) == before
    with SqliteJournal.open(path) as journal, journal.exclusive():
        assert states(journal) == [State.SENT, State.SENDING, State.PENDING]


async def test_a_journal_can_be_read_while_it_is_held_and_written_to(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    with SqliteJournal.open(path) as journal, journal.exclusive():
        session = journal.begin_session(1)
        async with journal.attempt_log(1, session=session) as log:
            attempt = await log.begin(1, NOON)
            assert await asyncio.to_thread(read_journal, path, states) == [State.SENDING, State.PENDING]
            log.record_outcome(1, attempt, "sent", SENT)
            await log.begin(2, NOON)
            assert await asyncio.to_thread(read_journal, path, states) == [State.SENT, State.SENDING]
        journal.end_session(session, None)


def test_whoever_reads_cannot_write(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)

    def write(journal: JournalStore) -> None:
        with pytest.raises(JournalWriteError, match="readonly"):
            journal.discard(1)
        with pytest.raises(JournalWriteError, match="readonly"):
            journal.record_activity(1, Activity(None, None, None, None, NOON))

    read_journal(path, write)
    assert read_journal(path, states) == [State.PENDING] * 2


@POSIX
def test_a_mode_that_is_too_wide_stays_as_it_is(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    path.chmod(0o644)
    assert read_journal(path, states) == [State.PENDING] * 2
    assert path.stat().st_mode & 0o777 != OWNER_ONLY


def test_a_journal_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    path = killed(tmp_path / "a.journal.db")
    wal_of(path).unlink()
    with pytest.raises(JournalError, match="the journal is not whole"):
        read_journal(path, states)
    path.unlink()
    with pytest.raises(JournalError, match="the journal is gone"):
        read_journal(path, states)


def test_a_file_of_another_program_or_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE something (x)")
    with pytest.raises(JournalError, match="is not a journal of campaign"):
        read_journal(path, states)
    newer = planned(tmp_path / "b.journal.db", 1)
    execute(newer, f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(JournalError, match="was written by a newer campaign"):
        read_journal(newer, states)


# Another process begins meanwhile


@pytest.mark.parametrize("fails", [False, True], ids=["what was read may be outdated", "what was read was torn"])
def test_where_a_process_begins_to_write_meanwhile_the_journal_is_read_again(tmp_path: Path, *, fails: bool) -> None:
    path = planned(tmp_path / "a.journal.db", 2)
    looks = 0

    def look(journal: JournalStore) -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            wal_of(path).touch()
            if fails:
                raise JournalError(Problem("", "torn"))
        return len(states(journal))

    assert read_journal(path, look) == 2
    assert looks == 2


def test_an_error_that_has_another_cause_is_raised_at_once(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 2)

    def look(_: JournalStore) -> None:
        raise JournalError(Problem("", "torn"))

    with pytest.raises(JournalError, match="torn"):
        read_journal(path, look)


# Earlier versions


def of_version(path: Path, version: int) -> Path:
    """A journal as an earlier version left it: one row sent, and its session cut off."""
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        for step in STEPS[:version]:
            for statement in step.split(";"):
                made.execute(statement)
        made.execute("PRAGMA application_id = 0x63616D70")
        made.execute(f"PRAGMA user_version = {version}")
        made.execute("INSERT INTO run VALUES (1, ?, ?, ?, 1, NULL)", (encode_manifest(FACTS), b"s" * 32, NOON))
        made.execute(
            "INSERT INTO session (session, run, host, process, started_at) VALUES (1, 1, 'host', 77, ?)", (NOON,)
        )
        made.execute("INSERT INTO message VALUES (1, 1, 2, 'd', ?, '[\"t\"]')", (b'{"msg":"x"}',))
        made.execute("INSERT INTO status (run, seq, state, attempts) VALUES (1, 1, 'sent', 1)")
    return path


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_a_journal_of_an_earlier_version_is_read_and_not_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = of_version(tmp_path / "a.journal.db", version)
    before = path.read_bytes()

    def look(journal: JournalStore) -> tuple[object, ...]:
        run = journal.last_run()
        assert run is not None
        coverage, (session,) = journal.coverage([1]), journal.sessions(1)
        assert coverage is not None
        return journal.tally(1).count(State.SENT), coverage.sent, session.by, journal.activity(), journal.holder()

    assert read_journal(path, look) == (1, 1, "", None, None)
    assert path.read_bytes() == before
    assert query(path, "PRAGMA user_version") == [(version,)]


def test_the_steps_are_such_as_can_be_made_for_one_reader_alone() -> None:
    words = {statement.split()[0] for step in STEPS for statement in step.split(";")}
    assert words <= {"CREATE", "INSERT", "ALTER"}

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.opening import Opened
from campaign.journal.sqlite.schema import VERSION, connect, create, transaction
from campaign.operating_system import identity_of, spot_of

from .planning import ask, message, plan, planned, tell

if TYPE_CHECKING:
    from pathlib import Path


def journal_over(path: Path, connection: sqlite3.Connection) -> SqliteJournal:
    return SqliteJournal(path, Opened(connection, spot_of(path), identity_of(path)))


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")
def test_a_journal_and_what_sqlite_puts_beside_it_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with SqliteJournal.open_or_create(tmp_path / "a.journal.db") as journal:
            plan(journal, [message(2)])
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"a.journal.db": 0o600, "a.journal.db-wal": 0o600, "a.journal.db-shm": 0o600}


def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    with closing(create(tmp_path / "a.journal.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_file_that_appears_meanwhile_is_opened(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 3)
    with closing(create(path)) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (3,)


def test_a_file_cut_off_before_its_schema_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    path.touch()
    with SqliteJournal.open(path) as journal:
        assert journal.last_run() is None


def test_a_journal_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    with pytest.raises(JournalError, match=r"a\.journal\.db: there is no such journal; `campaign run` makes one"):
        SqliteJournal.open(path)
    assert not path.exists()


def test_a_journal_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    tell(path, f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalError, match=rf"newer campaign \(journal version {VERSION + 1}\); update campaign"):
        SqliteJournal.open(path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    tell(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is not a journal of campaign; move it out of the way"):
        SqliteJournal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"name;phone\n" * 500, b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 8000],
    ids=["CSV", "NUL", "ff"],
)
def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"the journal is damaged .*; restore it from a copy"):
        SqliteJournal.open(path)
    assert path.read_bytes() == content


def test_a_truncated_journal_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 5000)
    with path.open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) // 3)

    def read() -> None:
        with SqliteJournal.open(path) as journal:
            list(journal.results(1))

    with pytest.raises(JournalError, match=r"a\.journal\.db: the journal is damaged"):
        read()


def test_a_folder_cannot_be_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalWriteError, match="the journal cannot be written"):
        SqliteJournal.open(tmp_path)


def test_a_folder_that_is_not_there_cannot_hold_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalWriteError, match=r"cannot be written \(No such file.*make room or give write access"):
        SqliteJournal.open_or_create(tmp_path / "none" / "a.journal.db")


@pytest.mark.parametrize(
    ("pragma", "why"),
    [("query_only = ON", "attempt to write a readonly database"), ("max_page_count = 1", "database or disk is full")],
    ids=["read-only", "full"],
)
def test_what_cannot_be_written_is_said_and_changes_nothing(tmp_path: Path, pragma: str, why: str) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        journal = journal_over(path, connection)
        with pytest.raises(JournalWriteError, match=why) as raised:
            plan(journal, [message(row) for row in range(2, 500)])
        assert raised.value.exit_code == 2
    assert ask(path, "SELECT count(*) FROM message") == [(1,)]


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(create(tmp_path / "a.journal.db")) as connection:

        def insert(divisor: int) -> None:
            with transaction(connection):
                connection.execute("INSERT INTO run (run, facts, secret, created_at) VALUES (1, '', '', ?)", (1,))
                connection.execute("UPDATE run SET created_at = ?", (1 / divisor,))

        with pytest.raises(ZeroDivisionError, match="division by zero"):
            insert(0)
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
        insert(1)
    assert ask(tmp_path / "a.journal.db", "SELECT count(*) FROM run") == [(1,)]


def test_a_journal_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    with closing(connect(path)) as connection, closing(sqlite3.connect(path, isolation_level=None)) as other:
        connection.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalWriteError, match="database is locked"):
            journal_over(path, connection).seal(1)
        other.execute("COMMIT")
        journal_over(path, connection).seal(1)

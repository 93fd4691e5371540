from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.opening import Opened
from campaign.journal.sqlite.schema import VERSION, connect, create, transaction
from campaign.operating_system import identity_of, spot_of

from .planning import execute, message, plan, planned, query

if TYPE_CHECKING:
    from pathlib import Path


def journal_over(path: Path, connection: sqlite3.Connection) -> SqliteJournal:
    return SqliteJournal(path, Opened(connection, spot_of(path), identity_of(path)))


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")
def test_a_journal_and_its_sqlite_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
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


def test_a_file_created_meanwhile_is_opened(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 3)
    with closing(create(path)) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (3,)


def test_a_file_without_its_schema_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    path.touch()
    with SqliteJournal.open(path) as journal:
        assert journal.last_run() is None


def test_opening_a_missing_journal_does_not_create_it(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    with pytest.raises(JournalError, match=r"a\.journal\.db: there is no such journal; `campaign run` makes one"):
        SqliteJournal.open(path)
    assert not path.exists()


def test_a_journal_from_a_newer_version_is_refused_unchanged(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    execute(path, f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalError, match=rf"newer campaign \(journal version {VERSION + 1}\); update campaign"):
        SqliteJournal.open(path)


def test_another_programs_database_is_refused_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    execute(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is not a journal of campaign; move it out of the way"):
        SqliteJournal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"name;phone\n" * 500, b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 8000],
    ids=["CSV", "NUL", "ff"],
)
def test_a_file_that_is_not_a_database_is_reported_as_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"the journal is damaged .*; restore it from a copy"):
        SqliteJournal.open(path)
    assert path.read_bytes() == content


def test_a_truncated_journal_is_reported_as_damaged(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 5000)
    with path.open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) // 3)

    def read() -> None:
        with SqliteJournal.open(path) as journal:
            list(journal.results(1))

    with pytest.raises(JournalError, match=r"a\.journal\.db: the journal is damaged"):
        read()


def test_a_folder_cannot_be_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="is not a file; move it out of the way"):
        SqliteJournal.open(tmp_path)


def test_a_missing_folder_cannot_contain_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalWriteError, match=r"cannot be written \(No such file.*make room or give write access"):
        SqliteJournal.open_or_create(tmp_path / "none" / "a.journal.db")


@pytest.mark.parametrize(
    ("pragma", "why"),
    [("query_only = ON", "attempt to write a readonly database"), ("max_page_count = 1", "database or disk is full")],
    ids=["read-only", "full"],
)
def test_a_write_error_is_raised_and_changes_nothing(tmp_path: Path, pragma: str, why: str) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        journal = journal_over(path, connection)
        with pytest.raises(JournalWriteError, match=why) as raised:
            plan(journal, [message(row) for row in range(2, 500)])
        assert raised.value.exit_code == 2
    assert query(path, "SELECT count(*) FROM message") == [(1,)]


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
    assert query(tmp_path / "a.journal.db", "SELECT count(*) FROM run") == [(1,)]


def test_a_write_waits_for_another_process(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    with closing(connect(path)) as connection, closing(sqlite3.connect(path, isolation_level=None)) as other:
        connection.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalWriteError, match="database is locked"):
            journal_over(path, connection).seal(1)
        other.execute("COMMIT")
        journal_over(path, connection).seal(1)


CREATE = """
import sys
from campaign.journal.sqlite import SqliteJournal
print("ready", flush=True)
sys.stdin.readline()
with SqliteJournal.open_or_create(sys.argv[1]) as journal:
    assert journal.last_run() is None
"""


def test_processes_that_create_a_journal_at_once_all_open_it(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CREATE, str(tmp_path / "a.journal.db")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            _, stderr = process.communicate(timeout=60)
            assert (process.returncode, stderr) == (0, "")


def test_a_relative_path_stays_the_same_file_where_the_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with SqliteJournal.open_or_create("a.journal.db") as journal:
        plan(journal, [message(2)])
        monkeypatch.chdir(tmp_path / "elsewhere")
        with journal.exclusive(), journal.reopened() as again:
            assert again.tally(1).rows == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []

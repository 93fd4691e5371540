"""A journal that is imported into a database: the same there, and nothing is sent from the file any more."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.errors import JournalBusyError, JournalError, JournalWriteError, RunStateError
from campaign.journal import State, examine_journal, open_journal
from campaign.journal.importing import JournalImport, file_beside, open_import
from campaign.journal.postgres import PostgresJournal
from campaign.journal.postgres.imports import JournalImports
from campaign.journal.sqlite import SqliteJournal, export
from campaign.journal.sqlite.export import JournalExport
from campaign.journal.sqlite.imported import ImportedJournal, import_of
from campaign.journal.transfer import Transferred
from tests import postgres as postgres_server

from .made_up import MadeUp, told
from .planning import NOON, execute, message, plan, planned, query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal file that is not there yet, whose campaign no other test has."""
    return tmp_path / f"c{uuid.uuid4().hex}.journal.db"


@pytest.fixture
def other_database(postgres: str) -> Iterator[str]:
    """The address of another database, without tables."""
    name = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def name(file: Path) -> str:
    return file.name.removesuffix(".journal.db")


def imported(
    file: Path, url: str, *, moved: bool = False, added: Callable[[int], object] = lambda _: None
) -> tuple[Transferred, bool]:
    """Import a file; how much is in the database then, and whether it was there before."""
    with open_import(file, url, "an@host", moved=moved) as chosen:
        known = chosen.found()
        return (chosen.perform(added), False) if known is None else (known, True)


def told_there(file: Path, url: str) -> dict[str, object]:
    with open_journal(url, campaign=name(file)) as journal:
        return told(journal)


def runs_there(file: Path, url: str) -> int:
    with open_journal(url, campaign=name(file)) as journal:
        return len(journal.runs())


def is_open_to_deliveries(file: Path) -> bool:
    """Whether a delivery from a journal file could begin."""
    with SqliteJournal.open(file) as journal:
        try:
            with journal.exclusive():
                journal.begin_session(1)
        except JournalError as error:
            assert error.problems[0].code == "journal-imported"  # noqa: PT017 - what else is wrong is raised
            return False
        return True


# What is there afterwards


@pytest.mark.parametrize("seed", range(6))
def test_all_that_a_journal_tells_is_the_same_in_the_database(postgres: str, file: Path, seed: int) -> None:
    with open_journal(file) as journal:
        MadeUp(journal, seed).fill()
        before = told(journal)
        rows = sum(journal.tally(run.number).rows for run in journal.runs())
    assert imported(file, postgres) == (Transferred(len(before["runs"]), rows), False)  # type: ignore[arg-type] # a list
    assert told_there(file, postgres) == before
    with SqliteJournal.open(file) as journal:  # and the file can still be read
        assert told(journal) == before
    assert not is_open_to_deliveries(file)


STAYS_BEHIND = {"place", "stop_request", "imported"}
"""Tables about the file itself."""

READ_BY_THE_JOURNAL = {"accepted", "decision"}
"""Tables that are read as ever, with the methods of the journal."""


def test_every_column_of_a_file_is_carried_over(file: Path) -> None:
    planned(file, 1)
    source = inspect.getsource(export)
    tables = [table for (table,) in query(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {
        f"{table}.{column}"
        for table in set(tables) - STAYS_BEHIND - READ_BY_THE_JOURNAL
        for _, column, *_ in query(file, f"PRAGMA table_info({table})")
    }
    assert len(columns) > 60
    assert {each for each in columns if not re.search(rf"\b{each.partition('.')[2]}\b", source)} == {"session.token"}


def test_what_is_made_up_has_every_state(tmp_path: Path) -> None:
    found = set()
    for seed in range(6):
        with open_journal(tmp_path / f"{seed}.journal.db") as journal:
            MadeUp(journal, seed).fill()
            found |= {state for run in journal.runs() for state in journal.tally(run.number).states}
    assert found == set(State)


def test_a_long_run_is_copied_in_parts(postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.journal.sqlite.export.BATCH", 7)
    monkeypatch.setattr("campaign.journal.postgres.imports.ANALYZE_FROM", 50)
    planned(file, 100)
    with SqliteJournal.open(file) as journal:
        before = told(journal)
    parts: list[int] = []
    assert imported(file, postgres, added=parts.append)[0] == Transferred(1, 100)
    assert parts == [*[7] * 14, 2]
    assert told_there(file, postgres) == before


def test_a_plan_that_was_cut_off_in_the_database_is_no_obstacle(postgres: str, file: Path) -> None:
    with open_journal(postgres, campaign=name(file)) as journal:
        run = journal.begin_run(plan_of(file))
        journal.add(run.number, 1, [message(2)])
    assert imported(planned(file, 3), postgres)[0] == Transferred(1, 3)
    with open_journal(postgres, campaign=name(file)) as journal:
        assert journal.tally(1).rows == 3


def plan_of(file: Path) -> Any:  # noqa: ANN401 - a manifest
    with open_journal(file.with_name("other.journal.db")) as journal:
        return plan(journal, []).manifest


def test_an_import_that_is_repeated_changes_nothing(postgres: str, file: Path) -> None:
    planned(file, 3)
    assert imported(file, postgres)[1] is False
    with open_journal(postgres, campaign=name(file)) as journal:
        journal.leave_unsent(1, "abandoned there")
    before = told_there(file, postgres)
    assert imported(file, postgres) == (Transferred(1, 3), True)
    assert told_there(file, postgres) == before


# Killed, cut off and refused in between


class KilledError(BaseException):
    """In place of the end of the process: what clears up is not reached."""


def die(*_: object, **_given: object) -> None:
    raise KilledError


def dying_after(method: Callable[..., Any]) -> Callable[..., Any]:
    def called(*given: Any, **named: Any) -> None:  # noqa: ANN401 - as they come
        method(*given, **named)
        raise KilledError

    return called


def dying_batches(self: JournalExport, run: int) -> Iterator[Any]:
    yield from BATCHES(self, run)
    raise KilledError


BATCHES = JournalExport.batches

KILLS: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "before the mark": (ImportedJournal, "begin_import", die),
    "before the mark is in the main file": (ImportedJournal, "_rest", die),
    "after the mark": (ImportedJournal, "begin_import", dying_after(ImportedJournal.begin_import)),
    "before a row is copied": (JournalImports, "_add_run", die),
    "while rows are copied": (JournalExport, "batches", dying_batches),
    "after the commit": (JournalImports, "copy", dying_after(JournalImports.copy)),
    "before the file says that it is done": (ImportedJournal, "finish_import", die),
    "after all": (ImportedJournal, "finish_import", dying_after(ImportedJournal.finish_import)),
}
LATE = ("after the commit", "before the file says that it is done", "after all")


@pytest.mark.parametrize("kill", KILLS)
def test_an_import_that_is_killed_is_gone_on_with_and_nothing_can_be_sent_from_both(
    postgres: str, file: Path, kill: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_journal(file) as journal:
        MadeUp(journal, 3).fill()
        before = told(journal)
    with monkeypatch.context() as patch:
        patch.setattr(JournalImport, "_after", die)
        patch.setattr(*KILLS[kill])
        with pytest.raises(KilledError):
            imported(file, postgres)
    there = runs_there(file, postgres)
    assert bool(there) is (kill in LATE)
    assert kill == "before the mark" or not is_open_to_deliveries(file)
    assert imported(file, postgres)[1] is bool(there)
    assert told_there(file, postgres) == before
    assert not is_open_to_deliveries(file)


def test_an_import_that_fails_leaves_the_file_as_it_was(
    postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)

    def full(*_: object) -> None:
        raise psycopg.errors.DiskFull("no space left")

    monkeypatch.setattr(JournalImports, "_add_run", full)
    with pytest.raises(JournalWriteError, match="no space left"):
        imported(file, postgres)
    assert runs_there(file, postgres) == 0
    assert is_open_to_deliveries(file)


def test_an_import_that_was_committed_is_done_although_the_answer_was_lost(
    postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)
    copy = JournalImports.copy

    def lost(self: JournalImports, source: JournalExport, by: str, added: Callable[[int], object]) -> Transferred:
        copy(self, source, by, added)
        raise JournalWriteError

    monkeypatch.setattr(JournalImports, "copy", lost)
    assert imported(file, postgres) == (Transferred(1, 3), False)
    assert not is_open_to_deliveries(file)


def test_where_it_is_not_known_whether_it_was_committed_nothing_is_sent_from_the_file(
    postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)

    def gone(*_: object) -> None:
        monkeypatch.setattr(JournalImports, "find", gone)
        raise JournalWriteError

    with monkeypatch.context() as patch:
        patch.setattr(JournalImports, "copy", gone)
        patch.setattr(JournalImports, "find", JournalImports.find)
        with pytest.raises(JournalWriteError, match=r"is not known .* so nothing is sent from the file; repeat"):
            imported(file, postgres)
    monkeypatch.undo()
    assert not is_open_to_deliveries(file)
    assert imported(file, postgres)[1] is False


def test_the_file_is_not_imported_while_another_program_reads_it(postgres: str, file: Path) -> None:
    planned(file, 3)
    with open_import(file, postgres, "an@host") as chosen, closing(sqlite3.connect(file)) as reader:
        chosen._file._connection.execute("PRAGMA busy_timeout = 0")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM run").fetchone()
        with pytest.raises(JournalWriteError, match="locked by a program that reads it"):
            chosen.perform(lambda _: None)
    assert is_open_to_deliveries(file)


@pytest.mark.slow
def test_a_server_that_crashes_while_rows_are_copied_has_nothing_of_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.sqlite.export.BATCH", 7)
    planned(file, 20)
    with postgres_server.own_server() as (address, restart):
        with pytest.raises(JournalWriteError, match="the journal cannot be written"):
            imported(file, address, added=lambda _: restart())
        assert runs_there(file, address) == 0
        assert is_open_to_deliveries(file)
        assert imported(file, address)[0] == Transferred(1, 20)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_wherever_an_import_is_killed_it_is_gone_on_with(postgres: str, tmp_path: Path) -> None:
    script = [sys.executable, "-m", "tests.unit.journal.kill_import", str(tmp_path), postgres]
    subprocess.run(script, check=True, timeout=300, cwd=ROOT)
    killed = sorted(tmp_path.glob("killed-*/*.journal.db"))
    assert len(killed) > 40
    stages = set()
    for each in killed:
        with PostgresJournal.open(postgres, name(each)) as copy, copy.exclusive():  # the server has noticed
            there = len(copy.runs())
        marked = import_of(each)[1] is not None
        with SqliteJournal.open(each) as journal:
            before = told(journal)
        assert marked or not there, each
        assert is_open_to_deliveries(each) is not marked, each
        stages.add((marked, bool(there)))
        assert imported(each, postgres)[1] is bool(there), each
        assert not marked or told_there(each, postgres) == before, each
        assert not is_open_to_deliveries(each), each
    assert stages == {(False, False), (True, False), (True, True)}


# Taken back


def test_an_import_that_did_not_reach_the_database_can_be_taken_back(
    postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)
    with monkeypatch.context() as patch:
        patch.setattr(JournalImport, "_after", die)
        patch.setattr(JournalImports, "copy", die)
        with pytest.raises(KilledError):
            imported(file, postgres)
    assert not is_open_to_deliveries(file)
    with open_import(file, postgres, "an@host") as chosen:
        chosen.take_back()
    assert is_open_to_deliveries(file)
    with open_import(file, postgres, "an@host") as chosen, pytest.raises(RunStateError, match="was not begun"):
        chosen.take_back()


def test_an_import_that_is_in_the_database_is_not_taken_back(postgres: str, file: Path) -> None:
    imported(planned(file, 3), postgres)
    with open_import(file, postgres, "an@host") as chosen, pytest.raises(RunStateError, match="cannot be taken back"):
        chosen.take_back()
    assert not is_open_to_deliveries(file)


# Refused


def test_another_campaign_of_that_name_is_not_mixed_with_it(postgres: str, file: Path) -> None:
    with open_journal(postgres, campaign=name(file)) as journal:
        plan(journal, [message(2)])
    with pytest.raises(RunStateError, match=r"has run 1, which was planned from customers.xlsx on .* name of its own"):
        imported(planned(file, 3), postgres)
    assert is_open_to_deliveries(file)
    renamed = file.with_name(f"{name(file)}-2.journal.db")
    file.rename(renamed)
    file.with_name(f"{file.name}.lock").rename(renamed.with_name(f"{renamed.name}.lock"))
    assert imported(renamed, postgres)[0] == Transferred(1, 3)


def test_a_file_is_imported_under_one_name_only(postgres: str, file: Path) -> None:
    imported(planned(file, 3), postgres)
    renamed = file.with_name(f"{name(file)}-2.journal.db")
    file.rename(renamed)
    file.with_name(f"{file.name}.lock").rename(renamed.with_name(f"{renamed.name}.lock"))
    with pytest.raises(RunStateError, match=f"is in .* already, as campaign {name(file)}; give it that name again"):
        imported(renamed, postgres)
    assert runs_there(renamed, postgres) == 0


def test_copies_that_are_imported_at_the_same_time_are_there_once(
    postgres: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)
    other = tmp_path / "other" / f"{name(file)}-2.journal.db"
    other.parent.mkdir()
    shutil.copy(file, other)
    copy = JournalImports.copy

    def overtaken(self: JournalImports, *given: Any) -> Transferred:  # noqa: ANN401 - as they come
        monkeypatch.setattr(JournalImports, "copy", copy)
        imported(other, postgres, moved=True)
        return copy(self, *given)

    monkeypatch.setattr(JournalImports, "copy", overtaken)
    with pytest.raises(JournalError, match="has this journal by now; repeat the command"):
        imported(file, postgres)
    assert (runs_there(file, postgres), runs_there(other, postgres)) == (0, 1)
    with pytest.raises(RunStateError, match="as campaign"):
        imported(file, postgres)


def test_a_file_is_imported_into_one_database_only(postgres: str, other_database: str, file: Path) -> None:
    imported(planned(file, 3), postgres)
    with pytest.raises(RunStateError, match=r"was imported into .*, which is another database than"):
        imported(file, other_database)
    assert runs_there(file, other_database) == 0


def test_an_import_that_was_begun_elsewhere_is_finished_there_first(
    postgres: str, other_database: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)
    with monkeypatch.context() as patch:
        patch.setattr(JournalImport, "_after", die)
        patch.setattr(JournalImports, "copy", die)
        with pytest.raises(KilledError):
            imported(file, postgres)
    with pytest.raises(RunStateError, match="is being imported into"):
        imported(file, other_database)


def test_a_database_that_has_lost_the_import_does_not_get_it_again(postgres: str, file: Path) -> None:
    imported(planned(file, 3), postgres)
    with PostgresJournal.open(postgres, name(file)) as journal:
        journal.discard(1)
        with journal._database.transaction() as connection:
            connection.execute("DELETE FROM campaign.imported WHERE campaign = %s", (name(file),))
    for act in (JournalImport.found, JournalImport.take_back):
        with open_import(file, postgres, "an@host") as chosen, pytest.raises(RunStateError, match="not there any more"):
            act(chosen)


def test_a_copy_from_before_the_import_is_marked_too_unless_it_was_sent_from_since(
    postgres: str, file: Path, tmp_path: Path
) -> None:
    planned(file, 3)
    copies = [tmp_path / folder / file.name for folder in ("kept", "used")]
    for copy in copies:
        copy.parent.mkdir()
        shutil.copy(file, copy)
    imported(file, postgres)
    kept, used = copies
    assert "is a copy from before the import" in str(file_beside(kept, postgres, name(file), 1))
    with pytest.raises(JournalError, match="is a copy of"):
        imported(kept, postgres)
    assert imported(kept, postgres, moved=True)[1] is True
    assert not is_open_to_deliveries(kept)
    execute(used, "INSERT INTO attempt (run, seq, what, started_at) VALUES (1, 1, 'send', 7.0)")
    with pytest.raises(RunStateError, match="messages were sent from this copy of it since"):
        imported(used, postgres, moved=True)


def test_a_copy_that_is_put_back_in_the_place_of_an_imported_file_is_known(
    postgres: str, file: Path, tmp_path: Path
) -> None:
    planned(file, 3)
    shutil.copy(file, tmp_path / "backup")
    imported(file, postgres)
    shutil.copyfile(tmp_path / "backup", file)
    with pytest.raises(JournalError, match="is older than the last delivery from here"):
        SqliteJournal.open(file)


def test_a_delivery_that_was_under_way_on_another_machine_begins_nothing_more(postgres: str, file: Path) -> None:
    async def begin() -> None:
        async with journal.attempt_log(1, session=session) as log:
            await log.begin(1, NOON)

    with SqliteJournal.open(planned(file, 3)) as journal:
        with journal.exclusive():
            session = journal.begin_session(1)
        imported(file, postgres)  # as if the lock had not kept it out
        with pytest.raises(JournalBusyError, match="is at work on it"):
            asyncio.run(begin())
        assert [state for (state,) in query(file, "SELECT state FROM status")] == ["pending"] * 3


def test_a_file_or_a_campaign_in_use_is_not_imported(postgres: str, file: Path) -> None:
    planned(file, 3)
    for where in (file, postgres):
        with open_journal(where, campaign=name(file)) as journal, journal.exclusive():
            with pytest.raises(JournalBusyError, match="is being worked on by"):
                imported(file, postgres)
            assert import_of(file)[1] is None


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ("DELETE FROM status WHERE seq = 2", "run 1 has 3 messages and 2 states"),
        ("INSERT INTO attempt (run, seq, what, started_at) VALUES (1, 9, 'send', 1.0)", "attempts of row 9"),
        ("UPDATE status SET state = 'gone' WHERE seq = 2", "'gone' is not a valid State"),
        ("UPDATE message SET row = 3000000000 WHERE seq = 2", "3000000000 is too large"),
        ("UPDATE message SET body = 'a text' WHERE seq = 2", "str instead of bytes"),
        ("UPDATE message SET body = x'7B' WHERE seq = 2", "Expecting property name"),
        ("UPDATE run SET facts = '{}'", "'channel' is missing"),
        ("DELETE FROM place", "its place is not on record"),
    ],
    ids=["state", "attempt", "word", "number", "kind", "body", "facts", "place"],
)
def test_a_damaged_file_is_refused_and_nothing_of_it_is_copied(
    postgres: str, file: Path, damage: str, error: str
) -> None:
    with SqliteJournal.open(planned(file, 3)) as journal:
        execute(file, "DELETE FROM digest")
        with journal.exclusive():
            pass
    execute(file, damage)
    with pytest.raises(JournalError, match="damaged") as refused:
        imported(file, postgres)
    assert error in str(refused.value)
    assert runs_there(file, postgres) == 0
    assert import_of(file)[1] is None


def test_a_page_that_is_destroyed_is_noticed(postgres: str, file: Path) -> None:
    planned(file, 500)
    with file.open("r+b") as opened:
        opened.seek(-4096, os.SEEK_END)
        opened.write(bytes(4096))
    with pytest.raises(JournalError, match="damaged"):
        imported(file, postgres)
    assert runs_there(file, postgres) == 0


# The file beside the campaign


def test_a_campaign_is_gone_on_with_in_the_database_that_has_its_file(
    postgres: str, other_database: str, file: Path
) -> None:
    planned(file, 3)
    for url in (postgres, "postgresql://127.0.0.1:1/x"):
        assert "contains run 1 of this campaign" in str(file_beside(file, url, name(file), 1))
    imported(file, postgres)
    assert file_beside(file, postgres, name(file), 1) is None
    assert "its runs are not in" in str(file_beside(file, other_database, name(file), 1))
    with pytest.raises(JournalError, match="cannot be reached"):
        file_beside(file, "postgresql://127.0.0.1:1/x", name(file), 1)


def test_a_file_that_was_imported_is_named_by_doctor(postgres: str, file: Path) -> None:
    imported(planned(file, 3), postgres)
    (doubt,) = examine_journal(file).doubts
    assert doubt.code == "journal-imported"


def test_a_campaign_is_not_gone_on_with_while_its_import_is_not_done(
    postgres: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(file, 3)
    with monkeypatch.context() as patch:
        patch.setattr(JournalImport, "_after", die)
        patch.setattr(JournalImports, "copy", die)
        with pytest.raises(KilledError):
            imported(file, postgres)
    assert "finish it with `campaign journal import" in str(file_beside(file, postgres, name(file), 1))
    file.write_bytes(b"no journal")
    assert import_of(file) == ("", None)
    assert "contains run 1" in str(file_beside(file, postgres, name(file), 1))

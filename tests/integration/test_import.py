"""`campaign journal import`: a campaign that began in a file is gone on with in a database."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.journal import open_journal, shown_address
from campaign.journal.postgres import PostgresJournal
from campaign.journal.sqlite.schema import VERSION
from campaign.runs import RunObserver
from campaign.runs.importing import import_file, take_import_back
from tests.docs.shapes import ImportObject
from tests.integration.conftest import FAST, Campaign, RunningSandbox, kitechat_list, livechat_list

PASSWORD = "s3cret"


@pytest.fixture
def name() -> str:
    """A campaign's name that no other test has."""
    return f"c{uuid.uuid4().hex}"


@pytest.fixture
def file(tmp_path: Path, server: RunningSandbox, name: str) -> Path:
    """A campaign file for five livechat rows."""
    livechat_list(tmp_path / "list.csv", 5)
    return write(tmp_path / "offer.toml", name, server.url)


def write(path: Path, name: str, url: str, channel: str = "livechat") -> Path:
    text = f'name = "{name}"\ntemplate = "{channel}-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
    path.write_text(text, encoding="utf-8")
    return path


def journal_of(file: Path, name: str) -> Path:
    return file.with_name(f"{name}.journal.db")


def cut_off(path: Path, seq: int) -> None:
    """A row whose delivery was cut off before its request left."""

    async def begin() -> None:
        with open_journal(path) as journal, journal.exclusive():
            session = journal.begin_session(1)
            async with journal.attempt_log(1, session=session) as log:
                await log.begin(seq, 1_800_000_000.0)

    asyncio.run(begin())


def times(server: RunningSandbox) -> Counter[str]:
    """How often each message was taken."""
    return Counter(str(body.get("msg") or body) for body in server.bodies())


def with_password(address: str) -> str:
    user, at, rest = address.partition("@")
    return address if user.count(":") > 1 else f"{user}:{PASSWORD}{at}{rest}"


def test_what_waited_in_the_file_is_sent_from_the_database_and_nothing_twice(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    there, path = ("--journal", with_password(postgres)), journal_of(file, name)
    assert command("run", file, *FAST, "--limit", "2").code == 3
    moved = command("journal", "import", path, "--json", *there)
    expected = {"campaign": name, "database": shown_address(postgres), "state": "imported", "runs": 1, "rows": 5}
    assert (moved.code, moved.json) == (0, expected)
    ImportObject.model_validate(moved.json)
    assert f"Go on there: campaign resume {file} --journal {shown_address(postgres)}" in moved.stderr
    for refused in (
        command("resume", file, *FAST),
        command("run", file, *FAST, "--new"),
        command("abandon", file, "--yes"),
        command("undo", file, *FAST[:-1]),
        command("forget", file, "--yes"),
    ):
        assert refused.code == 2
        assert f"was imported into {shown_address(postgres)}: nothing is sent from here any more" in refused.stderr
    assert f"Next: campaign resume {file} --journal postgres" in " ".join(command("status", file).stdout.split())
    for readable, code in ((command("status", file), 0), (command("results", file, "--json"), 3)):
        assert readable.code == code
        assert "was imported into" in readable.stderr
    assert len(server.ledger.taken()) == 2
    gone_on = command("resume", file, *FAST, *there)
    assert (gone_on.code, gone_on.json["sent"]) == (0, 5)
    assert set(times(server).values()) == {1}
    assert len(times(server)) == 5
    said = [moved, gone_on, command("status", file, *there), command("results", file, *there)]
    assert [each.code for each in said] == [0] * 4
    assert PASSWORD not in "".join(each.stdout + each.stderr for each in said)
    assert PASSWORD.encode() not in path.read_bytes()


def test_rows_that_were_cut_off_are_read_back_in_the_database(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    assert command("run", file, *FAST, "--limit", "2").code == 3
    cut_off(journal_of(file, name), 3)
    assert command("journal", "import", journal_of(file, name), "--journal", postgres).code == 0
    assert command("resume", file, *FAST, "--journal", postgres).json["sent"] == 5
    assert sorted(times(server).values()) == [1] * 5


@pytest.mark.usefixtures("api_key")
def test_rows_that_were_cut_off_are_in_doubt_in_the_database_where_the_server_cannot_be_asked(
    command: Campaign, server: RunningSandbox, postgres: str, tmp_path: Path, name: str
) -> None:
    kitechat_list(tmp_path / "list.csv", 5)
    file = write(tmp_path / "offer.toml", name, server.url, "kitechat")
    assert command("run", file, *FAST, "--limit", "2").code == 3
    cut_off(journal_of(file, name), 3)
    assert command("journal", "import", journal_of(file, name), "--journal", postgres).code == 0
    report = command("resume", file, *FAST, "--journal", postgres).json
    assert (report["sent"], report["in_doubt"], report["pending"]) == (4, 1, 0)
    assert len(server.ledger.taken()) == 4
    assert command("resolve", file, "--rows", "4", "--as", "not-sent", "--yes", "--journal", postgres).code == 0
    assert command("resume", file, *FAST, "--journal", postgres).json["sent"] == 5


def test_later_runs_undo_and_forget_rest_on_what_was_imported(
    command: Campaign, postgres: str, file: Path, name: str
) -> None:
    there = ("--journal", postgres)
    assert command("run", file, *FAST).code == 0
    moved = command("journal", "import", journal_of(file, name), *there)
    assert f"Go on there: campaign status {file} --journal" in moved.stderr
    livechat_list(file.with_name("list.csv"), 7)
    again = command("run", file, *FAST, "--skip-sent", *there)
    assert (again.code, again.json["sent"], again.json["skipped"]) == (0, 2, 5)
    assert command("undo", file, "--run", "1", "--yes", "--json", *there).json["deleted"] == 5
    forgotten = command("forget", file, "--run", "1", "--yes", *there)
    assert forgotten.code == 0
    assert f"{journal_of(file, name)}, from which the journal was imported, contains them too" in forgotten.stderr
    assert not file.with_name(f"{name}.results (1).xlsx").exists()  # it knows the workbook as its own


def test_an_import_that_is_repeated_says_that_it_is_there(
    command: Campaign, postgres: str, file: Path, name: str
) -> None:
    assert command("run", file, *FAST, "--limit", "2").code == 3
    again = [command("journal", "import", journal_of(file, name), "--json", "--journal", postgres) for _ in range(2)]
    assert [(each.code, each.json["state"]) for each in again] == [(0, "imported"), (0, "already")]
    assert "are in" not in again[1].stderr
    assert "already; nothing was changed there" in again[1].stderr
    undone = command("journal", "import", journal_of(file, name), "--undo", "--journal", postgres)
    assert (undone.code, "cannot be taken back" in undone.stderr) == (2, True)
    assert command("resume", file, *FAST, "--journal", postgres).json["sent"] == 5


def test_a_campaign_whose_name_is_taken_is_imported_under_another_one(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    there, path = ("--journal", postgres), journal_of(file, name)
    assert command("run", file, *FAST, *there).code == 0
    file.with_name(f"{name}.results.xlsx").unlink()
    assert command("run", file, *FAST, "--limit", "2").code == 3
    refused = command("journal", "import", path, *there)
    assert (refused.code, "has run 1, which was planned from list.csv on" in refused.stderr) == (2, True)
    renamed = journal_of(file, f"{name}-2")
    path.rename(renamed)
    path.with_name(f"{path.name}.lock").rename(renamed.with_name(f"{renamed.name}.lock"))
    moved = command("journal", "import", renamed, *there)
    assert (moved.code, f"was {path} before; it is the same file" in moved.stderr) == (0, True)
    write(file, f"{name}-2", server.url)
    assert command("resume", file, *FAST, *there).json["sent"] == 5


def test_a_file_that_is_deleted_after_its_import_does_not_let_a_run_start_over(
    command: Campaign, server: RunningSandbox, postgres: str, file: Path, name: str
) -> None:
    path = journal_of(file, name)
    assert command("run", file, *FAST, "--limit", "2").code == 3
    assert command("journal", "import", path, "--journal", postgres).code == 0
    path.unlink()
    refused = command("run", file, *FAST)
    assert (refused.code, "the journal is gone" in refused.stderr) == (2, True)
    assert command("resume", file, *FAST, "--journal", postgres).json["sent"] == 5
    assert set(times(server).values()) == {1}


def test_a_marked_file_is_refused_with_any_other_database(
    command: Campaign, postgres: str, file: Path, name: str
) -> None:
    own = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {own}")
    other = urlsplit(postgres)._replace(path=f"/{own}").geturl()
    assert command("run", file, *FAST, "--limit", "2").code == 3
    assert command("journal", "import", journal_of(file, name), "-q", "--journal", postgres).stderr == ""
    for refused in (command("resume", file, *FAST, "--journal", other), command("status", file, "--journal", other)):
        assert refused.code == 2
        assert f"its runs are not in {shown_address(other)}; name that database" in refused.stderr


def test_an_import_that_was_begun_is_said_to_be_finished_or_taken_back(
    command: Campaign, postgres: str, file: Path, name: str
) -> None:
    path = journal_of(file, name)
    assert command("run", file, *FAST, "--limit", "2").code == 3
    with PostgresJournal.open(postgres, name) as journal:
        values = (shown_address(postgres), journal.imports.database_id)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO imported VALUES (1, ?, ?, 'an@host', 1.0, NULL)", values)
    for refused in (command("resume", file, *FAST), command("resume", file, *FAST, "--journal", postgres)):
        assert refused.code == 2
        assert f"finish it with `campaign journal import {path.name} --journal {shown_address(postgres)}`" in (
            refused.stderr
        )
    undone = command("journal", "import", path, "--undo", "--json", "--journal", postgres)
    assert (undone.code, undone.json["state"]) == (0, "undone")
    assert command("resume", file, *FAST).json["sent"] == 5


def as_it_is(_path: Path) -> None:
    """Nothing is done to the journal."""


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def text(path: Path) -> None:
    path.with_name(f"{path.name}.lock").unlink()
    path.write_bytes(b"this is no journal at all, but a text that is long enough" * 20)


def another_program(path: Path) -> None:
    path.with_name(f"{path.name}.lock").unlink()
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def copied(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.unlink()
    path.with_name("copy").rename(path)


def gone(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    gone(path)
    path.with_name(f"{path.name}.lock").unlink()
    with open_journal(path):
        pass


@pytest.mark.parametrize(
    ("change", "suffix", "error"),
    [
        (newer, ".journal.db", "was written by a newer campaign"),
        (text, ".journal.db", "is damaged (file is not a database)"),
        (another_program, ".journal.db", "is not a journal of campaign"),
        (copied, ".journal.db", "is a copy"),
        (gone, ".journal.db", "the journal is gone"),
        (empty, ".journal.db", "contains no run; there is nothing to import"),
        (as_it_is, ".sandbox.journal.db", "is the journal of rehearsals or tests, which stay in files"),
        (as_it_is, ".results.xlsx", "is not the name of a journal"),
    ],
    ids=["newer", "text", "another program's", "copy", "gone", "empty", "rehearsal", "workbook"],
)
def test_what_is_no_journal_of_a_campaign_is_refused_in_words(
    command: Campaign,
    postgres: str,
    *,
    file: Path,
    name: str,
    change: object,
    suffix: str,
    error: str,
) -> None:
    assert callable(change)
    assert command("run", file, *FAST, "--limit", "2").code == 3
    change(journal_of(file, name))
    refused = command("journal", "import", file.with_name(f"{name}{suffix}"), "--journal", postgres)
    assert refused.code == 2
    assert error in refused.stderr
    with open_journal(postgres, campaign=name) as journal:
        assert journal.runs() == []


def test_a_rehearsal_s_journal_under_another_name_is_refused(
    command: Campaign, postgres: str, file: Path, name: str
) -> None:
    assert command("run", file, *FAST, "--sandbox").code == 0
    path = journal_of(file, name)
    file.with_name(f"{name}.sandbox.journal.db").rename(path)
    file.with_name(f"{name}.sandbox.journal.db.lock").rename(path.with_name(f"{path.name}.lock"))
    refused = command("journal", "import", path, "--journal", postgres)
    assert (refused.code, "contains rehearsals and tests alone" in refused.stderr) == (2, True)


def test_a_database_has_to_be_named_and_be_there(
    command: Campaign, file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMPAIGN_JOURNAL", raising=False)
    assert command("run", file, *FAST, "--limit", "2").code == 3
    path = journal_of(file, name)
    for more, error in (
        ((), "names no database"),
        (("--journal", "postgresql://127.0.0.1:1/x"), "the database cannot be reached"),
        (("--journal", "mysql://db/x"), "is not the address of a PostgreSQL database"),
    ):
        refused = command("journal", "import", path, *more)
        assert refused.code == 2
        assert error in refused.stderr
    assert command("resume", file, *FAST).json["sent"] == 5


class Declines(RunObserver):
    """Answers no."""

    def agree(self, question: str) -> bool:
        assert "?" in question
        return False


def test_nothing_is_changed_where_the_operator_does_not_agree(
    command: Campaign, postgres: str, file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("run", file, *FAST, "--limit", "2").code == 3
    path = journal_of(file, name)
    for act in (import_file, take_import_back):
        assert act(path, postgres, "an@host", Declines()) is None
    monkeypatch.setattr("campaign.cli.observer.TerminalObserver.agree", Declines.agree)
    declined = command("journal", "import", path, "--journal", postgres)
    assert (declined.code, "Nothing was changed." in declined.stderr) == (2, True)
    assert command("resume", file, *FAST).json["sent"] == 5

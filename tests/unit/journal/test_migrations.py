"""A journal of the first version, as `campaign` 0.1 left it, and the steps that bring it up to date."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import JournalError
from campaign.journal import Origin, State
from campaign.journal.sqlite import SqliteJournal, schema
from campaign.journal.sqlite.migrations import FIRST, STEPS
from campaign.journal.sqlite.schema import APPLICATION_ID

from .planning import NOON, SENT, query

FACTS = {
    "channel": "livechat",
    "server": "https://chat.example.com",
    "template": "offer.json",
    "recipients": "/lists/customers.xlsx",
    "sheet": None,
    "headers": ["token", "rid", "msg"],
    "settings": {"throttle": {"rate": None, "concurrency": 8}, "delivery": {"timeout": 30.0}},
    "rehearsal": False,
}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Three rows, of which one is sent, one was cut off and one waits; the session was killed."""
    path = tmp_path / "a.journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        for statement in FIRST.split(";"):
            made.execute(statement)
        made.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        made.execute("PRAGMA user_version = 1")
        made.execute("INSERT INTO run VALUES (1, ?, ?, ?, 1, NULL)", (json.dumps(FACTS), b"s" * 32, NOON))
        made.execute("INSERT INTO session VALUES (1, 1, 'host', 77, ?, ?)", (NOON, NOON + 5))
        made.execute("INSERT INTO session VALUES (2, 1, 'host', 78, ?, NULL)", (NOON + 100,))
        for seq, state in enumerate(("sent", "sending", "pending"), start=1):
            made.execute("INSERT INTO message VALUES (1, ?, ?, 'd', ?, '[\"t\"]')", (seq, seq + 1, b'{"msg":"x"}'))
            made.execute("INSERT INTO status (run, seq, state, attempts) VALUES (1, ?, ?, 1)", (seq, state))
        made.execute("INSERT INTO attempt VALUES (1, 1, 1, 'send', ?, ?, 'sent', 200, '')", (NOON + 1, NOON + 2))
        made.execute("INSERT INTO attempt VALUES (2, 1, 2, 'send', ?, NULL, NULL, NULL, NULL)", (NOON + 104,))
    return path


def version(path: Path) -> object:
    return query(path, "PRAGMA user_version")[0][0]


def test_a_journal_of_the_first_version_is_brought_up_to_date_and_goes_on(first: Path) -> None:
    with SqliteJournal.open(first) as journal:
        assert version(first) == len(STEPS)
        run = journal.last_run()
        assert run is not None
        assert (run.manifest.headers, run.manifest.origin) == (("token", "rid", "msg"), Origin())
        assert [result.state for result in journal.results(1)] == [State.SENT, State.SENDING, State.PENDING]
        assert journal.tally(1).seconds == 9.0
        assert journal.displaced is None
        session = journal.begin_session(1)

        async def work() -> None:
            async with journal.attempt_log(1, session=session) as log:
                log.record_outcome(3, await log.begin(3, NOON + 200), "sent", SENT)

        asyncio.run(work())
        journal.end_session(session, None)
    with SqliteJournal.open(first) as journal:
        assert journal.tally(1).count(State.SENT) == 2


def test_what_an_earlier_step_made_is_never_changed(first: Path) -> None:
    rows = "SELECT * FROM run, message JOIN status USING (run, seq)"
    before = query(first, rows), query(first, "SELECT * FROM attempt")
    SqliteJournal.open(first).__exit__(None, None, None)
    assert (query(first, rows), query(first, "SELECT * FROM attempt")) == before


def test_a_step_that_is_appended_reaches_journals_of_every_version(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "b.journal.db"
    SqliteJournal.open_or_create(second).__exit__(None, None, None)
    monkeypatch.setattr(schema, "STEPS", (*STEPS, "CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('x')"))
    monkeypatch.setattr(schema, "VERSION", len(STEPS) + 1)
    for path in (first, second, tmp_path / "c.journal.db"):
        SqliteJournal.open_or_create(path).__exit__(None, None, None)
        assert (version(path), query(path, "SELECT * FROM note")) == (len(STEPS) + 1, [("x",)])


def test_a_step_that_fails_leaves_the_journal_as_it_was(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "STEPS", (*STEPS, "CREATE TABLE run (run INTEGER)"))
    with pytest.raises(JournalError, match="table run already exists"):
        SqliteJournal.open(first)
    assert version(first) == 1
    assert query(first, "SELECT count(*) FROM sqlite_master WHERE name = 'place'") == [(0,)]

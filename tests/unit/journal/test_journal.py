from __future__ import annotations

import os
import platform

from campaign.journal.sqlite import SqliteJournal

from .planning import NOON, attempt, message, plan, query


def test_a_discarded_plan_leaves_no_rows_in_the_file(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    plan(journal, [message(2), message(3)])
    journal.discard(2)
    assert [run.number for run in journal.runs()] == [1]
    for table in ("message", "status"):
        assert query(journal.path, f"SELECT DISTINCT run FROM {table}") == [(1,)]  # noqa: S608 - our own names
    assert plan(journal, []).number == 2


def test_a_killed_session_lasts_until_its_last_attempt(journal: SqliteJournal, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    for start in (NOON, NOON + 1000, NOON + 2000):
        times.append(start)
        journal.begin_session(1)
        attempt(journal, start + 4)
    assert journal.tally(1).seconds == 15.0
    times += [NOON + 3000, NOON + 3007]
    journal.end_session(journal.begin_session(1), None)
    assert journal.tally(1).seconds == 22.0


def test_a_session_records_its_process(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    journal.begin_session(1)
    assert query(journal.path, "SELECT host, process, ended_at FROM session") == [(platform.node(), os.getpid(), None)]

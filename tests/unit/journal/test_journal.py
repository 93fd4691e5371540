from __future__ import annotations

import os
import platform
import time

from campaign.journal import State
from campaign.journal.sqlite import SqliteJournal

from .planning import FACTS, NOON, ask, attempt, message, plan, tell


def test_an_empty_journal_has_no_run(journal: SqliteJournal) -> None:
    assert journal.last_run() is None
    assert journal.run(1) is None
    assert journal.runs() == []


def test_a_run_comes_back_as_it_was_planned(journal: SqliteJournal) -> None:
    begun = journal.begin_run(FACTS)
    found = journal.run(1)
    assert found == begun
    assert (begun.number, begun.manifest, begun.planned, begun.stop_reason) == (1, FACTS, False, None)
    assert abs(begun.created_at - time.time()) < 60


def test_a_run_is_planned_once_it_is_sealed(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    run = journal.run(1)
    assert run is not None
    assert run.planned


def test_runs_are_numbered_and_each_has_a_secret_of_its_own(journal: SqliteJournal) -> None:
    first, second = plan(journal, [message(2)]), plan(journal, [message(2)])
    assert [run.number for run in journal.runs()] == [1, 2]
    assert len(first.secret) == 32
    assert first.secret != second.secret
    last = journal.last_run()
    assert last is not None
    assert last.number == 2


def test_a_plan_that_is_taken_back_leaves_nothing(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    plan(journal, [message(2), message(3)])
    journal.discard(2)
    assert [run.number for run in journal.runs()] == [1]
    for table in ("message", "status"):
        assert ask(journal.path, f"SELECT DISTINCT run FROM {table}") == [(1,)]  # noqa: S608 - our own names
    assert plan(journal, []).number == 2


def test_half_a_character_does_not_stop_a_plan(journal: SqliteJournal) -> None:
    plan(journal, [message(2, State.INVALID, "bad \ud83d", "“\ud83d” is too short")])
    (reason,) = journal.reasons(1)
    assert (reason.kind, reason.example) == ("bad ?", "“?” is too short")


def test_the_time_of_all_deliveries_is_added_up(journal: SqliteJournal, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    times += [NOON, NOON + 10, NOON + 1000, NOON + 1005]
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    tally = journal.tally(1)
    assert (tally.seconds, tally.started_at, tally.ended_at) == (15.0, NOON, NOON + 1005)


def test_a_delivery_that_was_killed_lasted_until_its_last_attempt(journal: SqliteJournal, times: list[float]) -> None:
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


def test_a_delivery_that_was_killed_at_once_took_no_time(journal: SqliteJournal, times: list[float]) -> None:
    times += [NOON, NOON, NOON + 50]
    plan(journal, [message(2)])
    journal.begin_session(1)
    journal.begin_session(1)
    assert journal.tally(1).seconds == 0.0


def test_a_clock_that_jumps_back_makes_no_negative_time(journal: SqliteJournal, times: list[float]) -> None:
    times += [NOON, NOON, NOON - 3600, NOON - 3590, NOON - 3580]
    plan(journal, [message(2)])
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    assert journal.tally(1).seconds == 10.0


def test_a_session_names_its_process(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    journal.begin_session(1)
    assert ask(journal.path, "SELECT host, process, ended_at FROM session") == [(platform.node(), os.getpid(), None)]


def test_why_a_delivery_ended_is_kept_until_the_next_begins(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])

    def stop_reason() -> str | None:
        run = journal.run(1)
        assert run is not None
        return run.stop_reason

    journal.end_session(journal.begin_session(1), "interrupted")
    assert stop_reason() == "interrupted"
    journal.end_session(journal.begin_session(1), "half of a character: \udce9")
    assert stop_reason() == "half of a character: ?"
    session = journal.begin_session(1)
    assert stop_reason() is None
    journal.end_session(session, None)
    assert stop_reason() is None


def test_rows_that_were_cut_off_can_be_put_in_doubt(journal: SqliteJournal) -> None:
    plan(journal, [message(2), message(3)])
    plan(journal, [message(2)])
    tell(journal.path, "UPDATE status SET state = 'sending' WHERE seq = 1")
    journal.mark_cut_off_in_doubt(1)
    assert [(result.state, result.kind) for result in journal.results(1)] == [
        (State.IN_DOUBT, "cut off"),
        (State.PENDING, ""),
    ]
    assert [result.state for result in journal.results(2)] == [State.SENDING]

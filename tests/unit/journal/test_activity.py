"""What a journal tells of the waits of a delivery, of its first rows, and of attempts that were not made."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from campaign.journal import Activity, FirstRows, Outcome, State
from campaign.journal.sqlite import SqliteJournal
from campaign.schedule import Schedule, parse_days, parse_window
from campaign.settings import DeliverySettings, GateSettings, PaceSettings

from .planning import FACTS, NOON, execute, message, plan, planned, query
from .stores import STORES, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal import JournalStore

WAITS = Activity(2.5, 3600.0, "window", NOON + 3000, NOON, waited=120.0)


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


# Activity


def test_another_process_reads_it_while_the_journal_is_held(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    with SqliteJournal.open(path) as holder, SqliteJournal.open(path) as other, holder.exclusive():
        holder.record_activity(holder.begin_session(1), WAITS)
        assert other.activity() == WAITS


def test_recording_it_does_not_touch_the_main_file(tmp_path: Path) -> None:
    """The guard of a delivery reads the whole file where it has changed."""
    path = planned(tmp_path / "a.journal.db", 1)
    with SqliteJournal.open(path) as journal, journal.exclusive():
        session = journal.begin_session(1)
        before = path.stat()
        for second in range(1100):  # more pages of log than SQLite leaves without a checkpoint
            journal.record_activity(session, WAITS._replace(at=NOON + second))
        after = path.stat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        journal.end_session(session, None)


def test_it_is_recorded_from_any_thread(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    session = journal.begin_session(1)
    thread = threading.Thread(target=journal.record_activity, args=(session, WAITS))
    thread.start()
    thread.join()
    assert journal.activity() == WAITS


# How long a delivery takes


def test_a_wait_is_no_part_of_how_long_a_session_took(journal: JournalStore, times: list[float]) -> None:
    times += [NOON, NOON, NOON + 3600]
    plan(journal, [message(2)])
    session = journal.begin_session(1)
    journal.record_activity(session, WAITS._replace(at=NOON + 3599, waited=3000.0))
    journal.end_session(session, None)
    assert journal.tally(1).seconds == 600.0


@pytest.mark.parametrize("ended", [False, True], ids=["not ended", "another one has begun"])
def test_nor_of_one_that_was_cut_off_while_it_waited(journal: JournalStore, times: list[float], *, ended: bool) -> None:
    times += [NOON, NOON, NOON + 6000]
    plan(journal, [message(2), message(3)])
    session = journal.begin_session(1)

    async def work() -> None:
        async with journal.attempt_log(1) as log:
            attempt = await log.begin(1, NOON + 100)
            log.record_outcome(1, attempt, "sent", Outcome(State.SENT, at=NOON + 200))

    asyncio.run(work())
    journal.record_activity(session, WAITS._replace(at=NOON + 5000, waited=4700.0))
    if ended:
        journal.begin_session(1)
    assert journal.tally(1).seconds == 300.0


# The first rows


def test_the_first_rows_are_told_with_their_states(journal: JournalStore) -> None:
    rows = [message(2), message(3, State.INVALID), message(4), message(5, State.SKIPPED), message(6), message(7)]
    plan(journal, rows)

    async def work() -> None:
        async with journal.attempt_log(1) as log:
            log.record_outcome(1, await log.begin(1, NOON), "sent", Outcome(State.SENT, at=NOON))
            await log.begin(3, NOON)

    asyncio.run(work())
    first = journal.first_rows(1, 3)
    assert first == FirstRows(5, {State.SENT: 1, State.SENDING: 1, State.PENDING: 1})
    assert first.count(State.SENDING, State.PENDING) == 2
    assert journal.first_rows(1, 1000).last == 6
    assert journal.first_rows(1, 0) == FirstRows(0, {})


def test_a_run_of_which_nothing_is_sent_has_no_first_rows(journal: JournalStore) -> None:
    plan(journal, [message(2, State.INVALID), message(3, State.SKIPPED)])
    assert journal.first_rows(1, 20) == FirstRows(0, {})


# Attempts that were not made


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED, State.IN_DOUBT])
def test_an_attempt_that_was_not_made_leaves_no_trace(journal: JournalStore, state: State) -> None:
    plan(journal, [message(2)])

    async def work() -> int:
        async with journal.attempt_log(1) as log:
            before = Outcome(state, "kind", "why", at=NOON)
            log.record_outcome(1, await log.begin(1, NOON), "unclear", before)
            log.retract(1, await log.begin(1, NOON + 10), state)
        async with journal.attempt_log(1) as log:
            return await log.begin(1, NOON + 20)

    assert asyncio.run(work()) >= 2
    (row,) = journal.results(1)
    assert (row.kind, row.reason, row.attempts) == ("kind", "why", 2)
    assert journal.tally(1).requests == 2


def test_a_row_that_failed_and_is_asked_for_again_says_so(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])

    async def work() -> list[State]:
        async with journal.attempt_log(1) as log:
            log.record_outcome(1, await log.begin(1, NOON), "refused", Outcome(State.FAILED, at=NOON))
            log.record_outcome(2, await log.begin(2, NOON), "unclear", Outcome(State.IN_DOUBT, at=NOON))
        async with journal.attempt_log(1, (State.FAILED, State.IN_DOUBT)) as log:
            waiting = await log.waiting(0, 10)
            assert [row.again for row in waiting] == [True, True, False]
            return [row.state for row in waiting]

    assert asyncio.run(work()) == [State.FAILED, State.IN_DOUBT, State.PENDING]


# What a run was planned with


def test_schedule_and_gate_come_back_as_they_were_planned(journal: JournalStore) -> None:
    schedule = Schedule(datetime.fromisoformat("2026-11-27T09:00"), parse_window("22-6"), parse_days("fri"), "UTC")
    settings = DeliverySettings(rate=3.0, schedule=schedule, gate=GateSettings(20, 0.125))
    in_file = PaceSettings(None, 4, replace(schedule, window=None), None)
    journal.begin_run(replace(FACTS, settings=settings, pace_in_file=in_file))
    found = journal.run(1)
    assert found is not None
    assert (found.manifest.settings, found.manifest.pace_in_file) == (settings, in_file)


def test_a_journal_from_before_has_neither(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 1)
    execute(
        path, "UPDATE run SET facts = json_remove(facts, '$.settings.schedule', '$.settings.gate', '$.pace_in_file')"
    )
    with SqliteJournal.open(path) as journal:
        found = journal.run(1)
        assert found is not None
        assert (found.manifest.settings, found.manifest.pace_in_file) == (FACTS.settings, None)
    assert query(path, "SELECT count(*) FROM activity") == [(0,)]

"""What every journal store tells of its runs to whoever looks on, through the protocol alone."""

from __future__ import annotations

import asyncio
import os
import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaign.journal import Activity, Coverage, Outcome, PlannedRow, RunManifest, State
from campaign.journal.decisions import ALREADY_IN_DOUBT, ALREADY_SENT, SAME_KEY, earlier_row_text
from campaign.journal.deletions import MAY_BE_THERE, TAKEN_BACK, UNDO
from campaign.journal.digests import digest_of

from .planning import FACTS, NOON, message, plan
from .stores import STORES, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.journal import JournalStore

BUSY = Activity(rate=9.5, eta_seconds=12.0, waiting_for=None, until=None, at=NOON)
WAITING = Activity(rate=0.2, eta_seconds=None, waiting_for="server", until=NOON + 30, at=NOON + 1, stopping="\udce9")


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


def deliver(journal: JournalStore, states: Mapping[int, State], run: int = 1) -> None:
    async def work() -> None:
        async with journal.attempt_log(run) as log:
            for seq, state in states.items():
                log.record_outcome(seq, await log.begin(seq, NOON), str(state), Outcome(state, at=NOON))

    asyncio.run(work())


def undo(journal: JournalStore, run: int, rows: tuple[int, ...]) -> None:
    async def work() -> None:
        async with journal.attempt_log(run, MAY_BE_THERE, waiting=()) as log:
            for seq in rows:
                attempt = await log.begin(seq, NOON, UNDO)
                log.record_undo(seq, attempt, NOON, "deleted", Outcome(State.DELETED, TAKEN_BACK, at=NOON))

    asyncio.run(work())


# Who is at work


def test_a_journal_that_nobody_holds_has_no_holder(journal: JournalStore) -> None:
    assert journal.holder() is None
    with journal.exclusive():
        holder = journal.holder()
    assert holder is not None
    assert holder[:2] == (platform.node(), os.getpid())
    assert holder.is_local
    assert journal.holder() is None


def test_a_session_says_who_delivers(journal: JournalStore, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    times += [NOON, NOON + 9, NOON + 20]
    journal.end_session(journal.begin_session(1, by="lan@ops"), None)
    journal.begin_session(1)
    first, second = journal.sessions(1)
    assert first[1:] == (platform.node(), os.getpid(), NOON, NOON + 9, "lan@ops")
    assert (second.session, second.ended_at, second.by) == (first.session + 1, None, "")
    assert journal.sessions(7) == []


# What is done


def test_an_activity_takes_the_place_of_the_one_before(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    assert journal.activity() is None
    session = journal.begin_session(1)
    assert journal.activity() is None
    journal.record_activity(session, BUSY)
    assert journal.activity() == BUSY
    journal.record_activity(session, WAITING)
    assert journal.activity() == WAITING._replace(stopping="?")


def test_an_activity_that_arrives_late_changes_nothing(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    session = journal.begin_session(1)
    journal.record_activity(session, BUSY)
    journal.record_activity(session, BUSY._replace(rate=1.0, at=NOON - 1))
    assert journal.activity() == BUSY


def test_the_activity_of_a_session_that_has_ended_is_over(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    session = journal.begin_session(1)
    journal.record_activity(session, BUSY)
    journal.end_session(session, "interrupted")
    assert journal.activity() is None


def test_the_activity_of_a_delivery_that_was_cut_off_ends_with_the_next(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    journal.record_activity(journal.begin_session(1), BUSY)
    assert journal.activity() == BUSY
    journal.begin_session(1)
    assert journal.activity() is None


async def until(journal: JournalStore, activity: Activity) -> None:
    async with asyncio.timeout(10):
        while journal.activity() != activity:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


async def test_an_activity_goes_along_with_the_attempts(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    session = journal.begin_session(1)
    async with journal.attempt_log(1, session=session) as log:
        log.record_activity(session, BUSY)
        attempt = await log.begin(1, NOON)
        assert journal.activity() == BUSY
        log.record_outcome(1, attempt, "sent", Outcome(State.SENT, at=NOON))
        log.reserve([2], NOON)
        log.record_activity(session, BUSY._replace(rate=1.0))
        await until(journal, BUSY._replace(rate=1.0))
    assert [result.state for result in journal.results(1)] == [State.SENT, State.SENDING]


async def test_an_activity_is_recorded_alone_where_no_attempt_is_made(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    session = journal.begin_session(1)
    async with journal.attempt_log(1, session=session) as log:
        log.record_activity(session, BUSY)
        await until(journal, BUSY)


# Coverage


def test_where_there_is_no_run_there_is_no_coverage(journal: JournalStore) -> None:
    assert journal.coverage([]) is None


def test_one_run_covers_what_it_has_sent(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4), message(5, State.INVALID), message(6, State.SKIPPED)])
    deliver(journal, {1: State.SENT, 2: State.IN_DOUBT, 3: State.FAILED})
    coverage = journal.coverage([1])
    assert coverage == Coverage(run=1, rows=5, sent=1, in_doubt=1)
    assert coverage.not_sent == 3


def test_rows_that_an_earlier_or_a_later_run_has_sent_count_as_sent(journal: JournalStore) -> None:
    for _ in range(2):
        plan(journal, [message(2), message(3), message(4), message(5)])
    deliver(journal, {1: State.SENT, 2: State.IN_DOUBT, 3: State.IN_DOUBT})
    deliver(journal, {2: State.SENT, 3: State.FAILED}, run=2)
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=4, sent=2, in_doubt=1)
    assert journal.coverage([1]) == Coverage(run=1, rows=4, sent=1, in_doubt=2)


def test_the_list_that_counts_is_the_latest(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])
    plan(journal, [message(3), message(9)])
    deliver(journal, {1: State.SENT, 2: State.SENT})
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=2, sent=1, in_doubt=0)


def test_a_message_that_was_changed_is_another_one(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    deliver(journal, {1: State.SENT, 2: State.SENT})
    plan(journal, [message(2), message(3)._replace(digest=b"another one")])
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=2, sent=1, in_doubt=0)


KEYED = replace(FACTS, key=("order",), key_headers=("Số",))


def keyed(row: int, digest: bytes, key: bytes) -> PlannedRow:
    return message(row)._replace(digest=digest, key=key)


def test_rows_with_a_key_are_compared_by_it_whatever_their_messages_are(journal: JournalStore) -> None:
    plan(journal, [keyed(2, b"a", b"key 2"), keyed(3, b"b", b"key 3"), keyed(4, b"c", b"key 4")], KEYED)
    deliver(journal, {1: State.SENT, 2: State.SENT, 3: State.IN_DOUBT})
    rows = [keyed(2, b"changed", b"key 2"), keyed(3, b"b", b"another key"), keyed(4, b"also changed", b"key 4")]
    twin = keyed(5, b"whatever", b"key 2")._replace(state=State.SKIPPED, kind=SAME_KEY, reason="has the order of row 2")
    plan(journal, [*rows, twin], KEYED)
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=4, sent=2, in_doubt=1)
    deliver(journal, {2: State.SENT}, run=2)
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=4, sent=3, in_doubt=1)


@pytest.mark.parametrize("other", [FACTS, replace(KEYED, key=("no",)), replace(KEYED, key_headers=("Tên",))])
def test_runs_that_had_another_key_or_none_are_compared_by_message(journal: JournalStore, other: RunManifest) -> None:
    plan(journal, [keyed(2, b"a", b"key 2"), keyed(3, b"b", b"key 3")], other)
    deliver(journal, {1: State.SENT, 2: State.SENT})
    plan(journal, [keyed(2, b"a", b"another key"), keyed(3, b"changed", b"key 3")], KEYED)
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=2, sent=1, in_doubt=0)


def test_a_duplicate_has_its_message_from_the_row_that_it_repeats(journal: JournalStore) -> None:
    twin = message(3, State.SKIPPED, "duplicate", "exact duplicate of row 2")._replace(digest=message(2).digest)
    plan(journal, [message(2), twin, message(4)])
    assert journal.coverage([1]) == Coverage(run=1, rows=3, sent=0, in_doubt=0)
    deliver(journal, {1: State.SENT})
    assert journal.coverage([1]) == Coverage(run=1, rows=3, sent=2, in_doubt=0)


def test_rows_that_are_skipped_because_of_an_earlier_run_are_as_they_are_there(journal: JournalStore) -> None:
    rows = [message(number) for number in (2, 3, 4, 5)]
    plan(journal, [row._replace(digest=digest_of(row.body)) for row in rows])
    deliver(journal, dict.fromkeys((2, 3, 4), State.IN_DOUBT) | {1: State.SENT})
    kinds = (ALREADY_SENT, *[ALREADY_IN_DOUBT] * 3)
    skipped = [row._replace(state=State.SKIPPED, kind=kind, digest=None) for row, kind in zip(rows, kinds, strict=True)]
    plan(journal, skipped)
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=4, sent=1, in_doubt=3)
    journal.settle(1, [range(3, 4)], State.SENT, "it is there")
    journal.settle(1, [range(4, 5)], State.FAILED, "it is not")
    assert journal.coverage([1, 2]) == Coverage(run=2, rows=4, sent=2, in_doubt=1)


def test_a_row_that_an_earlier_run_had_sent_counts_no_more_once_that_message_was_deleted(journal: JournalStore) -> None:
    rows = [message(number)._replace(digest=digest_of(message(number).body)) for number in (2, 3, 4)]
    for _ in range(2):
        plan(journal, rows)
    deliver(journal, dict.fromkeys((1, 2, 3), State.SENT))
    deliver(journal, {1: State.SENT}, run=2)
    reasons = [f"sent already: {earlier_row_text(1, row.number)}" for row in rows]
    plan(
        journal,
        [
            row._replace(state=State.SKIPPED, kind=ALREADY_SENT, reason=reason, digest=None)
            for row, reason in zip(rows, reasons, strict=True)
        ],
    )
    assert journal.coverage([1, 2, 3]) == Coverage(run=3, rows=3, sent=3, in_doubt=0)
    undo(journal, 1, (1, 2))
    assert journal.coverage([1, 2, 3]) == Coverage(run=3, rows=3, sent=2, in_doubt=0)  # run 2 has sent row 2, too
    undo(journal, 1, (3,))
    undo(journal, 2, (1,))
    assert journal.coverage([1, 2, 3]) == Coverage(run=3, rows=3, sent=0, in_doubt=0)


def test_corrected_rows_of_a_sheet_to_fix_count_for_the_list_that_they_are_of(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3, State.INVALID), message(4), message(5)])
    deliver(journal, {1: State.SENT, 3: State.FAILED, 4: State.FAILED})
    corrected = [message(number)._replace(digest=b"corrected%d" % number, origin=(1, number)) for number in (3, 4, 5)]
    plan(journal, [*corrected, message(9)])
    deliver(journal, {1: State.SENT, 2: State.IN_DOUBT, 3: State.FAILED, 4: State.SENT}, run=2)
    assert journal.coverage([1, 2]) == Coverage(run=1, rows=4, sent=2, in_doubt=1)
    assert journal.coverage([2]) == Coverage(run=2, rows=4, sent=2, in_doubt=1)


def test_looking_for_coverage_leaves_nothing_behind(journal: JournalStore) -> None:
    for _ in range(2):
        plan(journal, [message(2), message(3)])
    deliver(journal, {1: State.SENT})
    assert journal.coverage([1, 2]) == journal.coverage([1, 2]) == Coverage(run=2, rows=2, sent=1, in_doubt=0)

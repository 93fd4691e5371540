"""The record of an undo: one suite for every journal store."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalBusyError
from campaign.journal import Outcome, State, open_journal
from campaign.journal.deletions import GONE, MAY_BE_THERE, TAKEN_BACK, UNDO, kind_of_refusal
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog

from .planning import NOON, SENT, message, plan, planned, query
from .test_store_contract import deliver, failed, journal, sent, states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from campaign.journal import JournalStore

__all__ = ["journal"]

DELETED = Outcome(State.DELETED, TAKEN_BACK, "deleted at noon", http_status=200, at=NOON + 9, latency=0.1)
KEPT = Outcome(State.SENT, kind_of_refusal("room-closed"), "not deleted: closed", http_status=400, at=NOON + 9)
UNSETTLED = Outcome(State.SENT, "", "server trouble", http_status=502, at=NOON + 9)


def undo(journal: JournalStore, outcomes: Mapping[int, Outcome | None], session: int | None = None) -> None:
    """Make one attempt to delete each message; None is an attempt without an outcome."""

    async def work() -> None:
        async with journal.attempt_log(1, MAY_BE_THERE, session, waiting=()) as log:
            for seq, outcome in outcomes.items():
                attempt = await log.begin(seq, NOON + 8, UNDO)
                if outcome:
                    log.record_undo(seq, attempt, NOON + 8, "deleted", outcome)

    asyncio.run(work())


def waiting(journal: JournalStore, rows: Sequence[range] = ()) -> list[tuple[int, bool]]:
    """The rows that an undo takes, and whether each was in doubt."""

    async def work() -> list[tuple[int, bool]]:
        async with journal.attempt_log(1, MAY_BE_THERE, rows=rows, waiting=()) as log:
            return [(row.row, row.doubted) for row in await log.waiting(0, 100)]

    return asyncio.run(work())


def test_an_undo_that_has_begun_leaves_its_row_as_it_was(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    deliver(journal, {1: sent()})
    before = list(journal.results(1))
    undo(journal, {1: None})
    assert list(journal.results(1)) == before
    assert journal.tally(1).requests == 2


def test_a_deleted_row_says_so_and_still_says_when_it_was_sent(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    deliver(journal, {1: sent()})
    (before,) = journal.results(1)
    undo(journal, {1: DELETED})
    (result,) = journal.results(1)
    assert result == before._replace(state=State.DELETED, kind=TAKEN_BACK, reason="deleted at noon")
    assert journal.tally(1).finished


def test_a_row_whose_message_is_kept_stays_sent_and_says_why(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    deliver(journal, {1: sent(), 2: sent()})
    undo(journal, {1: KEPT})
    (first, second) = journal.results(1)
    assert (first.state, first.kind, first.reason) == (State.SENT, "not deleted: room-closed", "not deleted: closed")
    assert (first.message_id, first.at) == ("abc", NOON)
    assert (second.state, second.kind) == (State.SENT, "")


def test_an_undo_that_settles_nothing_changes_no_row(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    deliver(journal, {1: sent()})
    before = list(journal.results(1))
    undo(journal, {1: UNSETTLED})
    assert list(journal.results(1)) == before


def test_an_undo_takes_rows_that_are_sent_or_in_doubt_and_no_others(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 8)])
    doubt = Outcome(State.IN_DOUBT, "unclear", "no answer", at=NOON)
    deliver(journal, {1: sent(), 2: doubt, 3: failed("x", "y"), 4: None, 5: sent()})
    assert waiting(journal) == [(2, False), (3, True), (6, False)]
    assert waiting(journal, [range(3, 5), range(6, 7)]) == [(3, True), (6, False)]
    undo(journal, {1: DELETED})
    assert waiting(journal) == [(3, True), (6, False)]


def test_a_delivery_takes_no_deleted_row(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    deliver(journal, {1: sent()})
    undo(journal, {1: DELETED})

    async def work() -> list[int]:
        async with journal.attempt_log(1, (State.FAILED, State.IN_DOUBT)) as log:
            return [row.row for row in await log.waiting(0, 100)]

    assert asyncio.run(work()) == [3]


def test_reasons_name_what_was_deleted_and_what_was_not(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    deliver(journal, dict.fromkeys(range(1, 6), sent()))
    gone = DELETED._replace(kind=GONE, reason="not there")
    undo(journal, {1: DELETED, 2: DELETED, 3: gone, 4: KEPT})
    found = {(reason.state, reason.kind): (reason.count, reason.rows) for reason in journal.reasons(1)}
    assert found == {
        (State.DELETED, TAKEN_BACK): (2, (2, 3)),
        (State.DELETED, GONE): (1, (4,)),
        (State.SENT, "not deleted: room-closed"): (1, (5,)),
    }


def test_a_deleted_message_counts_as_one_that_its_recipient_does_not_have(journal: JournalStore) -> None:
    run = plan(journal, [message(2), message(3)])
    deliver(journal, {1: sent(), 2: sent()})
    undo(journal, {1: DELETED, 2: KEPT})
    with journal.delivered_messages([run.number]) as find:
        assert find(b"%16d" % 2) is None
        assert find(b"%16d" % 3) is not None
    with journal.delivered_rows([run.number]) as find_row:
        assert find_row((1, 2)) is None
        assert find_row((1, 3)) is not None


def test_a_session_that_sends_nothing_leaves_the_reason_why_the_run_stopped(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    with journal.exclusive():
        journal.end_session(journal.begin_session(1), "the limit of 1 row is reached")
        session = journal.begin_session(1, sends=False)
        run = journal.run(1)
        assert run is not None
        assert run.stop_reason == "the limit of 1 row is reached"
        journal.end_session(session, run.stop_reason)


def test_no_undo_begins_once_another_session_has_begun(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    deliver(journal, {1: sent()})
    with journal.exclusive():
        session = journal.begin_session(1, sends=False)
        later = journal.begin_session(1)
        with pytest.raises(JournalBusyError, match="another"):
            undo(journal, {1: DELETED}, session)
        journal.end_session(later, None)
    assert states(journal) == [State.SENT]


async def test_an_undo_is_on_disk_when_begin_returns(tmp_path: Path) -> None:
    path = planned(tmp_path / "a.journal.db", 3)
    async with SqliteAttemptLog(path, 1) as log:
        log.record_outcome(2, await log.begin(2, NOON), "sent", SENT)
        attempt = await log.begin(2, NOON + 8, UNDO)
        begun = "SELECT seq, started_at, ended_at FROM attempt WHERE what = 'undo'"
        assert query(path, begun) == [(2, NOON + 8, None)]
        assert query(path, "SELECT state, attempts FROM status WHERE seq = 2") == [("sent", 1)]
        log.record_undo(2, attempt, NOON + 8, "deleted", DELETED)
    ended = "SELECT started_at, ended_at, outcome, http_status, detail FROM attempt WHERE what = 'undo'"
    assert query(path, ended) == [(NOON + 8, NOON + 9, "deleted", 200, "deleted at noon")]


def test_forgotten_rows_stay_deleted_without_their_reason(tmp_path: Path) -> None:
    with open_journal(tmp_path / "a.journal.db") as opened:
        plan(opened, [message(2)])
        deliver(opened, {1: sent()})
        undo(opened, {1: DELETED})
        opened.forget(1)
        (result,) = opened.results(1)
        assert (result.state, result.reason, result.message_id) == (State.DELETED, "", None)
    with SqliteJournal.open(tmp_path / "a.journal.db") as reopened, closing(reopened._connection):
        assert reopened.tally(1).count(State.DELETED) == 1

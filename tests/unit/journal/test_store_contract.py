"""The contract of a journal store: one suite for every implementation, through the protocol only."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from campaign.delivery.ports import SystemClock
from campaign.errors import JournalBusyError
from campaign.journal import Outcome, RecordedCell, State
from campaign.journal.attempts import RecordedAttempt

from .planning import FACTS, NOON, message, plan
from .stores import STORES, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.journal import JournalStore


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


def sent(at: float = NOON, message_id: str | None = "abc") -> Outcome:
    return Outcome(State.SENT, message_id=message_id, http_status=200, at=at, latency=0.5)


def failed(kind: str, reason: str) -> Outcome:
    return Outcome(State.FAILED, kind, reason, http_status=400, at=NOON)


def deliver(journal: JournalStore, outcomes: Mapping[int, Outcome | None], run: int = 1) -> None:
    """Make one attempt of each row; None is an attempt without an outcome."""

    async def work() -> None:
        async with journal.attempt_log(run) as log:
            begun = [log.begin(seq, outcome.at if outcome else NOON) for seq, outcome in outcomes.items()]
            for (seq, outcome), attempt in zip(outcomes.items(), await asyncio.gather(*begun), strict=True):
                if outcome:
                    log.record_outcome(seq, attempt, str(outcome.state), outcome)

    asyncio.run(work())


def states(journal: JournalStore, run: int = 1) -> list[State]:
    return [result.state for result in journal.results(run)]


# Runs


def test_an_empty_journal_has_no_run(journal: JournalStore) -> None:
    assert journal.last_run() is None
    assert journal.run(1) is None
    assert journal.run(10**20) is None
    assert journal.runs() == []


def test_a_run_comes_back_as_it_was_planned(journal: JournalStore) -> None:
    begun = journal.begin_run(FACTS)
    assert journal.run(1) == begun
    assert (begun.number, begun.manifest, begun.planned, begun.stop_reason) == (1, FACTS, False, None)
    assert abs(begun.created_at - time.time()) < 60


def test_a_run_is_planned_once_it_is_sealed(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    run = journal.run(1)
    assert run is not None
    assert run.planned


def test_runs_are_numbered_and_each_has_a_secret_of_its_own(journal: JournalStore) -> None:
    first, second = plan(journal, [message(2)]), plan(journal, [message(2)])
    assert [run.number for run in journal.runs()] == [1, 2]
    assert len(first.secret) == 32
    assert first.secret != second.secret
    last = journal.last_run()
    assert last is not None
    assert last.number == 2


def test_a_secret_is_not_in_a_repr(journal: JournalStore) -> None:
    run = plan(journal, [message(2)])
    assert "secret" not in repr(run)
    assert repr(run.secret) not in repr(run)


def test_a_plan_that_is_discarded_leaves_nothing(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    plan(journal, [message(2), message(3)])
    journal.discard(2)
    assert [run.number for run in journal.runs()] == [1]
    assert len(list(journal.results(1))) == 1
    assert plan(journal, []).number == 2


def test_a_closed_journal_can_be_read_again(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    journal.__exit__(None, None, None)
    with journal.reopened() as reopened:
        assert states(reopened) == [State.PENDING]


def test_a_journal_can_be_acquired_once(journal: JournalStore) -> None:
    with journal.exclusive(), pytest.raises(JournalBusyError, match="is being worked on by"), journal.exclusive():
        pytest.fail("held twice")
    with journal.exclusive():
        pass


def test_a_journal_is_released_after_an_error(journal: JournalStore) -> None:
    with pytest.raises(ZeroDivisionError, match="now"), journal.exclusive():
        raise ZeroDivisionError("now")
    with journal.exclusive():
        pass


def test_it_says_who_holds_it(journal: JournalStore) -> None:
    assert journal.holder() is None
    with journal.exclusive():
        holder = journal.holder()
        assert holder is not None
        assert holder.is_local
        assert "process" in holder.name
    assert journal.holder() is None


def test_nothing_of_a_new_one_is_missing(journal: JournalStore) -> None:
    assert not journal.may_lack


def test_a_delivery_without_an_end_on_record_is_told_from_one_that_has_ended(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    assert not journal.tally(1).unended
    session = journal.begin_session(1)
    assert journal.tally(1).unended
    journal.end_session(session, "enough")
    assert not journal.tally(1).unended


def test_a_run_that_is_left_unsent_has_no_stop_reason(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    journal.end_session(journal.begin_session(1), "enough")
    assert journal.leave_unsent(1, "abandoned") == 1
    found = journal.run(1)
    assert found is not None
    assert found.stop_reason is None


def test_it_is_in_its_place_and_nothing_is_to_be_said(journal: JournalStore) -> None:
    assert (list(journal.notes), journal.displaced) == ([], None)
    journal.accept_place()
    with journal.exclusive():
        assert list(journal.notes) == []


# Sessions


def test_the_durations_of_all_sessions_are_added(journal: JournalStore, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    times += [NOON, NOON + 10, NOON + 1000, NOON + 1005]
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    tally = journal.tally(1)
    assert (tally.seconds, tally.started_at, tally.ended_at) == (15.0, NOON, NOON + 1005)


def test_a_killed_session_lasts_until_its_last_attempt(journal: JournalStore, times: list[float]) -> None:
    times += [NOON, NOON, NOON + 1000, NOON + 1007]
    plan(journal, [message(2), message(3)])
    journal.begin_session(1)
    deliver(journal, {1: sent(NOON + 4)})
    journal.end_session(journal.begin_session(1), None)
    assert journal.tally(1).seconds == 11.0


def test_a_session_killed_at_once_has_no_duration(journal: JournalStore, times: list[float]) -> None:
    times += [NOON, NOON, NOON + 50]
    plan(journal, [message(2)])
    journal.begin_session(1)
    journal.begin_session(1)
    assert journal.tally(1).seconds == 0.0


def test_a_clock_that_is_set_changes_no_duration(journal: JournalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, steady = [NOON, NOON + 7209, NOON - 3600, NOON - 7200], [100.0, 109.0, 500.0, 510.0]
    plan(journal, [message(2)])
    monkeypatch.setattr(SystemClock, "epoch", lambda _: machine.pop(0))
    monkeypatch.setattr(SystemClock, "now", lambda _: steady.pop(0))
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    assert journal.tally(1).seconds == 19.0


async def test_a_session_that_another_one_followed_begins_nothing_more(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])
    with contextlib.suppress(JournalBusyError):  # what the first has under way is lost with it
        first = journal.begin_session(1)
        async with journal.attempt_log(1, session=first) as log:
            log.record_outcome(1, await log.begin(1, NOON), "sent", sent())
            second = journal.begin_session(1)
            with pytest.raises(JournalBusyError, match=r"another .* is at work on it"):
                await log.begin(2, NOON)
    assert states(journal) == [State.SENT, State.PENDING, State.PENDING]
    for act in (journal.check_session, lambda session: journal.end_session(session, None)):
        with pytest.raises(JournalBusyError, match="is at work on it"):
            act(first)
    journal.check_session(second)


def test_what_may_be_lost_is_treated_as_cut_off(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4, State.INVALID), message(5)])
    deliver(journal, {1: sent(), 2: failed("room-closed", "closed")})
    journal.begin_session(1, (State.FAILED,))
    journal.recover(1)
    assert states(journal) == [State.SENT, State.SENDING, State.INVALID, State.SENDING]


def test_the_stop_reason_is_kept_until_the_next_session(journal: JournalStore) -> None:
    plan(journal, [message(2)])

    def stop_reason() -> str | None:
        run = journal.run(1)
        assert run is not None
        return run.stop_reason

    journal.end_session(journal.begin_session(1), "interrupted")
    assert stop_reason() == "interrupted"
    journal.end_session(journal.begin_session(1), "a lone surrogate: \udce9")
    assert stop_reason() == "a lone surrogate: ?"
    session = journal.begin_session(1)
    assert stop_reason() is None
    journal.end_session(session, None)
    assert stop_reason() is None


# Attempts


def test_an_outcome_is_recorded_with_every_detail(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    deliver(journal, {1: sent()})
    (result,) = journal.results(1)
    assert result.cells == (RecordedCell("name 2"), RecordedCell("2", 2, "0"))
    assert result[2:10] == (State.SENT, "", "", "abc", 200, 1, NOON, 0.5)
    assert (result.seq, result.destination, result.body) == (1, message(2).destination, message(2).body)


def test_every_attempt_is_told_in_the_order_of_the_rows(journal: JournalStore) -> None:
    async def work() -> None:
        async with journal.attempt_log(1) as log:
            first, second = await log.begin(2, NOON), await log.begin(1, NOON + 1)
            log.record_outcome(2, first, "refused", failed("full", "the room is full"))
            log.record_outcome(1, second, "lost", Outcome(State.IN_DOUBT, "lost", "no response", at=NOON + 2))
            log.record_read_back(1, NOON + 3, "found", sent(NOON + 4))
            log.record_look_up(
                NOON + 5, "listed", Outcome(State.SENT, reason="3 messages", http_status=200, at=NOON + 6)
            )

    plan(journal, [message(2), message(3)])
    asyncio.run(work())
    assert list(journal.attempts(1)) == [
        RecordedAttempt(0, "look-up", NOON + 5, NOON + 6, "listed", 200, "3 messages"),
        RecordedAttempt(1, "send", NOON + 1, NOON + 2, "lost", None, "no response"),
        RecordedAttempt(1, "read-back", NOON + 3, NOON + 4, "found", 200, ""),
        RecordedAttempt(2, "send", NOON, NOON, "refused", 400, "the room is full"),
    ]


def test_an_attempt_that_never_ended_leaves_its_row_sending(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    deliver(journal, {1: None})
    assert states(journal) == [State.SENDING, State.PENDING]
    assert journal.tally(1).requests == 1


def test_interrupted_rows_can_be_put_in_doubt(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    plan(journal, [message(2)])
    deliver(journal, {1: None})
    deliver(journal, {1: None}, run=2)
    journal.mark_cut_off_in_doubt(1)
    assert [(result.state, result.kind) for result in journal.results(1)] == [
        (State.IN_DOUBT, "cut off"),
        (State.PENDING, ""),
    ]
    assert states(journal, 2) == [State.SENDING]


async def test_the_numbers_of_attempts_rise_over_all_sessions_of_a_run(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    numbers = []
    for _ in range(2):
        async with journal.attempt_log(1) as log:
            numbers += [await log.begin(1, NOON), await log.begin(2, NOON)]
    assert numbers == sorted(set(numbers))


async def test_a_read_back_counts_as_a_request(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    async with journal.attempt_log(1) as log:
        attempt = await log.begin(1, NOON)
        log.record_outcome(1, attempt, "unclear", Outcome(State.SENDING, "unclear", "reset", at=NOON + 1))
        log.record_read_back(1, NOON + 2, "sent", sent(NOON + 3))
    (result,) = journal.results(1)
    assert (result.state, result.attempts) == (State.SENT, 1)
    assert journal.tally(1).requests == 2


async def test_reservations_are_recorded_and_unused_ones_withdrawn(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])
    async with journal.attempt_log(1) as log:
        first, second = log.reserve([1, 2], NOON)
        await log.begin_reserved(first)
        log.record_outcome(1, first.attempt, "sent", sent())
        log.withdraw(second)
    assert states(journal) == [State.SENT, State.PENDING, State.PENDING]
    assert [result.attempts for result in journal.results(1)] == [1, 0, 0]
    assert journal.tally(1).requests == 1


async def test_a_row_whose_message_was_not_found_is_told_from_one_that_was_refused(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])
    async with journal.attempt_log(1) as log:
        for seq in (1, 2):
            attempt = await log.begin(seq, NOON)
            log.record_outcome(seq, attempt, "unclear", Outcome(State.SENDING, "unclear", "reset", at=NOON + 1))
            log.record_read_back(seq, NOON + 2, "absent", Outcome(State.PENDING, "absent", at=NOON + 3))
        log.record_outcome(2, await log.begin(2, NOON + 4), "not_taken", Outcome(State.PENDING, "not_taken", "429"))
    async with journal.attempt_log(1) as log:
        rows = [(row.seq, row.attempts, row.cut_off, row.absent) for row in await log.waiting(0, 10)]
    assert rows == [(1, 1, False, True), (2, 2, False, False), (3, 0, False, False)]


async def test_pending_rows_come_in_pages_in_sheet_order(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3, State.INVALID), message(4), message(5), message(6)])
    async with journal.attempt_log(1) as log:
        log.record_outcome(3, await log.begin(3, NOON), "sent", sent())
        await log.begin(4, NOON)
    async with journal.attempt_log(1) as log:
        page = await log.waiting(0, 2)
        assert [(row.seq, row.row, row.destination, row.cut_off, row.attempts) for row in page] == [
            (1, 2, "t/r2", False, 0),
            (4, 5, "t/r5", True, 1),
        ]
        assert page[0].body == message(2).body
        assert [row.seq for row in await log.waiting(4, 10)] == [5]


@pytest.mark.parametrize(("state", "doubted"), [(State.FAILED, False), (State.IN_DOUBT, True)], ids=str)
async def test_rows_to_retry_are_pending_rows_and_keep_their_state_until_sent(
    journal: JournalStore, state: State, *, doubted: bool
) -> None:
    plan(journal, [message(2), message(3)])
    async with journal.attempt_log(1) as log:
        log.record_outcome(1, await log.begin(1, NOON), "x", Outcome(state, "k", "why", at=NOON))
    async with journal.attempt_log(1) as log:
        assert [row.seq for row in await log.waiting(0, 10)] == [2]
    async with journal.attempt_log(1, (state,)) as log:
        assert [(row.seq, row.doubted) for row in await log.waiting(0, 10)] == [(1, doubted), (2, False)]
    assert states(journal) == [state, State.PENDING]


def test_a_lone_surrogate_is_harmless(journal: JournalStore) -> None:
    plan(journal, [message(2, State.INVALID, "bad \ud83d", "“\ud83d” is too short"), message(3)])
    deliver(journal, {2: failed("k\ud83d", "refused \ud83d")})
    assert {(reason.kind, reason.example) for reason in journal.reasons(1)} == {
        ("bad ?", "“?” is too short"),
        ("k?", "refused ?"),
    }


# Statistics


def test_rows_are_tallied_by_state(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4, State.INVALID), message(5, State.SKIPPED)])
    deliver(journal, {1: sent()})
    tally = journal.tally(1)
    assert tally.states == {State.SENT: 1, State.PENDING: 1, State.INVALID: 1, State.SKIPPED: 1}
    assert (tally.rows, tally.requests, tally.throttled, tally.finished) == (4, 1, 0, False)
    assert (tally.seconds, tally.started_at, tally.ended_at) == (0, None, None)


async def test_throttled_requests_are_counted(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    async with journal.attempt_log(1) as log:
        for result in ("not_taken", "not_taken", "sent"):
            log.record_outcome(1, await log.begin(1, NOON), result, sent())
    tally = journal.tally(1)
    assert (tally.requests, tally.throttled) == (3, 2)


def test_results_can_be_filtered_by_state(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3, State.INVALID), message(4, State.SKIPPED), message(5)])
    assert [result.row for result in journal.results(1, (State.INVALID, State.SKIPPED))] == [3, 4]
    assert list(journal.results(1, (State.SENT,))) == []


def test_reasons_are_grouped_most_common_first_and_skipped_last(journal: JournalStore) -> None:
    rows = [message(2, State.INVALID, "blank phone", "B2: the phone is blank")]
    rows += [message(row) for row in range(3, 11)]
    rows += [message(row, State.SKIPPED, "duplicate", "exact duplicate of row 3") for row in range(11, 31)]
    plan(journal, rows)
    deliver(journal, {2: sent(), **{seq: failed("room-closed", f"closed {seq}") for seq in range(3, 10)}})
    first, second, third = journal.reasons(1)
    assert (first.state, first.kind, first.example, first.count) == (State.FAILED, "room-closed", "closed 3", 7)
    assert first.rows == (4, 5, 6, 7, 8)
    assert (second.kind, second.count, second.rows) == ("blank phone", 1, (2,))
    assert (third.state, third.count) == (State.SKIPPED, 20)


def test_one_kind_in_two_states_gives_two_reasons(journal: JournalStore) -> None:
    plan(journal, [message(2, State.INVALID, "x"), message(3, State.SKIPPED, "x")])
    assert {reason.state for reason in journal.reasons(1)} == {State.INVALID, State.SKIPPED}


def test_messages_are_counted_per_minute(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    minute = NOON // 60 * 60
    moments = {seq: sent(at) for seq, at in enumerate((minute, minute + 59, minute + 61, minute + 6000), start=1)}
    deliver(journal, {**moments, 5: failed("k", "why")})
    assert journal.sent_by_time(1) == (60, [(minute, 2), (minute + 60, 1), (minute + 6000, 1)])


def test_messages_of_a_short_run_are_counted_per_second(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 6)])
    deliver(journal, {seq: sent(at) for seq, at in enumerate((NOON, NOON + 0.9, NOON + 1, NOON + 200), start=1)})
    assert journal.sent_by_time(1) == (1, [(NOON, 2), (NOON + 1, 1), (NOON + 200, 1)])


def test_a_long_run_is_counted_in_longer_intervals(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 502)])
    deliver(journal, {seq: sent(NOON + 120 * seq) for seq in range(1, 501)})
    span, counts = journal.sent_by_time(1)
    assert span == 300
    assert sum(count for _, count in counts) == 500


def test_a_run_without_sent_messages_has_no_counts(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    assert journal.sent_by_time(1) == (1, [])


def test_a_row_settled_as_sent_of_which_no_attempt_is_on_record_was_sent_at_no_known_time(
    journal: JournalStore,
) -> None:
    plan(journal, [message(2), message(3)])
    journal.recover(1)
    journal.mark_cut_off_in_doubt(1)
    journal.settle(1, [range(2, 3)], State.SENT, "by hand")
    assert states(journal) == [State.SENT, State.IN_DOUBT]
    assert journal.sent_by_time(1) == (1, [])

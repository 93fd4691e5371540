from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING

import pytest

from campaign.journal import Cell, Journal, State
from campaign.journal.reader import MOST_REASONS, PAGE

from .planning import FACTS, ask, message, plan, tell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = 1_800_000_000.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open_or_create(tmp_path / "a.journal.db") as opened:
        yield opened


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the machine's clock will say, one after the other."""
    coming: list[float] = []
    monkeypatch.setattr(time, "time", lambda: coming.pop(0))
    return coming


def in_state(journal: Journal, seq: int, state: State, kind: str = "", *, reason: str = "", at: float = NOON) -> None:
    """A row in a state, as delivery would leave it."""
    values = (state, kind, reason, at, seq)
    tell(journal.path, "UPDATE status SET state = ?, kind = ?, reason = ?, at = ? WHERE seq = ?", *values)


def attempt(journal: Journal, started_at: float, outcome: str | None = "sent", what: str = "send") -> None:
    tell(
        journal.path,
        "INSERT INTO attempt (run, seq, what, started_at, ended_at, outcome) VALUES (1, 1, ?, ?, ?, ?)",
        *(what, started_at, started_at + 1 if outcome else None, outcome),
    )


def test_an_empty_journal_has_no_run(journal: Journal) -> None:
    assert journal.last_run() is None
    assert journal.run(1) is None
    assert journal.runs() == []


def test_a_run_comes_back_as_it_was_planned(journal: Journal) -> None:
    begun = journal.begin_run(FACTS)
    found = journal.run(1)
    assert found == begun
    assert (begun.number, begun.facts, begun.planned, begun.stop_reason) == (1, FACTS, False, None)
    assert abs(begun.created_at - time.time()) < 60


def test_a_run_is_planned_once_it_is_sealed(journal: Journal) -> None:
    plan(journal, [message(2)])
    run = journal.run(1)
    assert run is not None
    assert run.planned


def test_runs_are_numbered_and_each_has_a_secret_of_its_own(journal: Journal) -> None:
    first, second = plan(journal, [message(2)]), plan(journal, [message(2)])
    assert [run.number for run in journal.runs()] == [1, 2]
    assert len(first.secret) == 32
    assert first.secret != second.secret
    last = journal.last_run()
    assert last is not None
    assert last.number == 2


def test_a_plan_that_is_taken_back_leaves_nothing(journal: Journal) -> None:
    plan(journal, [message(2)])
    plan(journal, [message(2), message(3)])
    journal.discard(2)
    assert [run.number for run in journal.runs()] == [1]
    for table in ("message", "status"):
        assert ask(journal.path, f"SELECT DISTINCT run FROM {table}") == [(1,)]  # noqa: S608 - our own names
    assert plan(journal, []).number == 2


def test_half_a_character_does_not_stop_a_plan(journal: Journal) -> None:
    plan(journal, [message(2, State.INVALID, "bad \ud83d", "“\ud83d” is too short")])
    (reason,) = journal.reasons(1)
    assert (reason.kind, reason.example) == ("bad ?", "“?” is too short")


def test_results_come_in_sheet_order_over_many_pages(journal: Journal) -> None:
    rows = range(2, 2 * PAGE + 5)
    run = journal.begin_run(FACTS)
    for start in range(0, len(rows), 700):
        journal.add(run.number, start + 1, [message(row) for row in rows[start : start + 700]])
    plan(journal, [message(99)])
    assert [result.row for result in journal.results(1)] == list(rows)


def test_a_result_says_all_that_is_known_of_a_row(journal: Journal) -> None:
    plan(journal, [message(2)])
    tell(
        journal.path,
        "UPDATE status SET state = 'sent', message_id = 'abc', http_status = 200, attempts = 2, at = ?, latency = 0.25",
        NOON,
    )
    (result,) = journal.results(1)
    assert result.cells == (Cell("name 2"), Cell("2", 2, "0"))
    assert result[2:] == (State.SENT, "", "", "abc", 200, 2, NOON, 0.25)


def test_results_can_be_asked_for_by_state(journal: Journal) -> None:
    plan(journal, [message(2), message(3, State.INVALID), message(4, State.SKIPPED), message(5)])
    assert [result.row for result in journal.results(1, (State.INVALID, State.SKIPPED))] == [3, 4]
    assert list(journal.results(1, (State.SENT,))) == []


def test_results_may_change_while_they_are_read(journal: Journal) -> None:
    plan(journal, [message(row) for row in range(2, PAGE + 12)])
    results = journal.results(1, (State.PENDING,))
    assert next(results).row == 2
    tell(journal.path, "UPDATE status SET state = 'sent'")
    assert len(list(results)) == PAGE - 1


def test_rows_are_tallied_by_state(journal: Journal) -> None:
    plan(journal, [message(2), message(3), message(4, State.INVALID), message(5, State.SKIPPED)])
    in_state(journal, 1, State.SENT)
    tally = journal.tally(1)
    assert tally.states == {State.SENT: 1, State.PENDING: 1, State.INVALID: 1, State.SKIPPED: 1}
    assert (tally.requests, tally.throttled, tally.seconds, tally.started_at, tally.ended_at) == (0, 0, 0, None, None)


def test_requests_are_tallied(journal: Journal) -> None:
    plan(journal, [message(2)])
    attempt(journal, NOON, "not_taken")
    attempt(journal, NOON + 1, "unclear")
    attempt(journal, NOON + 2, "sent", what="read-back")
    attempt(journal, NOON + 3, outcome=None)
    tally = journal.tally(1)
    assert (tally.requests, tally.throttled) == (4, 1)


def test_the_time_of_all_deliveries_is_added_up(journal: Journal, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    times += [NOON, NOON + 10, NOON + 1000, NOON + 1005]
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    tally = journal.tally(1)
    assert (tally.seconds, tally.started_at, tally.ended_at) == (15.0, NOON, NOON + 1005)


def test_a_delivery_that_was_killed_lasted_until_its_last_attempt(journal: Journal, times: list[float]) -> None:
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


def test_a_delivery_that_was_killed_at_once_took_no_time(journal: Journal, times: list[float]) -> None:
    times += [NOON, NOON, NOON + 50]
    plan(journal, [message(2)])
    journal.begin_session(1)
    journal.begin_session(1)
    assert journal.tally(1).seconds == 0.0


def test_a_clock_that_jumps_back_makes_no_negative_time(journal: Journal, times: list[float]) -> None:
    times += [NOON, NOON, NOON - 3600, NOON - 3590, NOON - 3580]
    plan(journal, [message(2)])
    journal.end_session(journal.begin_session(1), "interrupted")
    journal.end_session(journal.begin_session(1), None)
    assert journal.tally(1).seconds == 10.0


def test_a_session_names_its_process(journal: Journal) -> None:
    plan(journal, [message(2)])
    journal.begin_session(1)
    assert ask(journal.path, "SELECT host, process, ended_at FROM session") == [(platform.node(), os.getpid(), None)]


def test_why_a_delivery_ended_is_kept_until_the_next_begins(journal: Journal) -> None:
    plan(journal, [message(2)])

    def stop_reason() -> str | None:
        run = journal.run(1)
        assert run is not None
        return run.stop_reason

    journal.end_session(journal.begin_session(1), "interrupted")
    assert stop_reason() == "interrupted"
    session = journal.begin_session(1)
    assert stop_reason() is None
    journal.end_session(session, None)
    assert stop_reason() is None


def test_rows_that_were_cut_off_can_be_put_in_doubt(journal: Journal) -> None:
    plan(journal, [message(2), message(3)])
    plan(journal, [message(2)])
    tell(journal.path, "UPDATE status SET state = 'sending' WHERE seq = 1")
    journal.doubt_cut_off(1)
    assert [(result.state, result.kind) for result in journal.results(1)] == [
        (State.IN_DOUBT, "cut off"),
        (State.PENDING, ""),
    ]
    assert [result.state for result in journal.results(2)] == [State.SENDING]


def test_only_the_states_that_are_named_are_tried_again(journal: Journal) -> None:
    plan(journal, [message(row) for row in range(2, 6)])
    for seq, state in enumerate((State.SENT, State.FAILED, State.IN_DOUBT), start=1):
        in_state(journal, seq, state)
    journal.retry(1, [])
    journal.retry(1, [State.FAILED])
    assert [result.state for result in journal.results(1)] == [
        State.SENT,
        State.PENDING,
        State.IN_DOUBT,
        State.PENDING,
    ]


def test_reasons_are_grouped_the_commonest_first(journal: Journal) -> None:
    plan(
        journal,
        [
            message(2, State.INVALID, "blank phone", "B2: the phone is blank"),
            *(message(row) for row in range(3, 12)),
            message(12, State.INVALID, "blank phone", "B12: the phone is blank"),
        ],
    )
    for seq in range(3, 10):
        in_state(journal, seq, State.FAILED, "room-closed", reason=f"closed {seq}")
    in_state(journal, 2, State.SENT)
    commonest, other = journal.reasons(1)
    assert (commonest.state, commonest.kind, commonest.example, commonest.count) == (
        State.FAILED,
        "room-closed",
        "closed 3",
        7,
    )
    assert commonest.rows == (4, 5, 6, 7, 8)
    assert (other.kind, other.count, other.rows) == ("blank phone", 2, (2, 12))


def test_a_kind_in_two_states_is_two_reasons(journal: Journal) -> None:
    plan(journal, [message(2, State.INVALID, "x"), message(3, State.SKIPPED, "x")])
    assert {reason.state for reason in journal.reasons(1)} == {State.INVALID, State.SKIPPED}


def test_of_twenty_thousand_different_reasons_some_are_given_soon(journal: Journal) -> None:
    plan(journal, [message(row, State.INVALID, f"kind {row}", "why") for row in range(20_000)])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    journal._connection.set_progress_handler(count, 100_000)
    assert len(journal.reasons(1)) == MOST_REASONS
    assert steps < 500


def test_messages_are_counted_by_the_minute(journal: Journal) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    minute = NOON // 60 * 60
    for seq, at in enumerate((minute, minute + 59, minute + 61, minute + 600), start=1):
        in_state(journal, seq, State.SENT, at=at)
    in_state(journal, 5, State.FAILED, at=minute)
    assert journal.sent_per_minute(1) == (1, [(minute, 2), (minute + 60, 1), (minute + 600, 1)])


def test_a_long_run_is_counted_by_longer_spans(journal: Journal) -> None:
    plan(journal, [message(row) for row in range(2, 1002)])
    tell(journal.path, "UPDATE status SET state = 'sent', at = ? + 60 * seq", NOON)
    span, counts = journal.sent_per_minute(1)
    assert span == 5
    assert sum(count for _, count in counts) == 1000
    assert len(counts) <= 240


def test_nothing_sent_is_nothing_to_count(journal: Journal) -> None:
    plan(journal, [message(2)])
    assert journal.sent_per_minute(1) == (1, [])

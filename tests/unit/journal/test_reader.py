from __future__ import annotations

from campaign.journal import RecordedCell, State
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.reader import PAGE
from campaign.journal.store import MOST_REASONS

from .planning import FACTS, NOON, attempt, in_state, message, plan, tell


def test_results_come_in_sheet_order_over_many_pages(journal: SqliteJournal) -> None:
    rows = range(2, 2 * PAGE + 5)
    run = journal.begin_run(FACTS)
    for start in range(0, len(rows), 700):
        journal.add(run.number, start + 1, [message(row) for row in rows[start : start + 700]])
    plan(journal, [message(99)])
    assert [result.row for result in journal.results(1)] == list(rows)


def test_a_result_says_all_that_is_known_of_a_row(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    tell(
        journal.path,
        "UPDATE status SET state = 'sent', message_id = 'abc', http_status = 200, attempts = 2, at = ?, latency = 0.25",
        NOON,
    )
    (result,) = journal.results(1)
    assert result.cells == (RecordedCell("name 2"), RecordedCell("2", 2, "0"))
    assert result[2:] == (State.SENT, "", "", "abc", 200, 2, NOON, 0.25)


def test_results_can_be_asked_for_by_state(journal: SqliteJournal) -> None:
    plan(journal, [message(2), message(3, State.INVALID), message(4, State.SKIPPED), message(5)])
    assert [result.row for result in journal.results(1, (State.INVALID, State.SKIPPED))] == [3, 4]
    assert list(journal.results(1, (State.SENT,))) == []


def test_results_may_change_while_they_are_read(journal: SqliteJournal) -> None:
    plan(journal, [message(row) for row in range(2, PAGE + 12)])
    results = journal.results(1, (State.PENDING,))
    assert next(results).row == 2
    tell(journal.path, "UPDATE status SET state = 'sent'")
    assert len(list(results)) == PAGE - 1


def test_rows_are_tallied_by_state(journal: SqliteJournal) -> None:
    plan(journal, [message(2), message(3), message(4, State.INVALID), message(5, State.SKIPPED)])
    in_state(journal, 1, State.SENT)
    tally = journal.tally(1)
    assert tally.states == {State.SENT: 1, State.PENDING: 1, State.INVALID: 1, State.SKIPPED: 1}
    assert (tally.requests, tally.throttled, tally.seconds, tally.started_at, tally.ended_at) == (0, 0, 0, None, None)


def test_requests_are_tallied(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    attempt(journal, NOON, "not_taken")
    attempt(journal, NOON + 1, "unclear")
    attempt(journal, NOON + 2, "sent", what="read-back")
    attempt(journal, NOON + 3, outcome=None)
    tally = journal.tally(1)
    assert (tally.requests, tally.throttled) == (4, 1)


def test_reasons_are_grouped_the_commonest_first(journal: SqliteJournal) -> None:
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


def test_a_kind_in_two_states_is_two_reasons(journal: SqliteJournal) -> None:
    plan(journal, [message(2, State.INVALID, "x"), message(3, State.SKIPPED, "x")])
    assert {reason.state for reason in journal.reasons(1)} == {State.INVALID, State.SKIPPED}


def test_of_twenty_thousand_different_reasons_some_are_given_soon(journal: SqliteJournal) -> None:
    plan(journal, [message(row, State.INVALID, f"kind {row}", "why") for row in range(20_000)])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    journal._connection.set_progress_handler(count, 100_000)
    assert len(journal.reasons(1)) == MOST_REASONS
    assert steps < 500


def test_messages_are_counted_by_the_minute(journal: SqliteJournal) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    minute = NOON // 60 * 60
    for seq, at in enumerate((minute, minute + 59, minute + 61, minute + 600), start=1):
        in_state(journal, seq, State.SENT, at=at)
    in_state(journal, 5, State.FAILED, at=minute)
    assert journal.sent_per_minute(1) == (1, [(minute, 2), (minute + 60, 1), (minute + 600, 1)])


def test_a_long_run_is_counted_by_longer_spans(journal: SqliteJournal) -> None:
    plan(journal, [message(row) for row in range(2, 1002)])
    tell(journal.path, "UPDATE status SET state = 'sent', at = ? + 60 * seq", NOON)
    span, counts = journal.sent_per_minute(1)
    assert span == 5
    assert sum(count for _, count in counts) == 1000
    assert len(counts) <= 240


def test_nothing_sent_is_nothing_to_count(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    assert journal.sent_per_minute(1) == (1, [])

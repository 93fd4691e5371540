from __future__ import annotations

from campaign.journal import State
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.reader import PAGE
from campaign.journal.store import MOST_REASONS

from .planning import FACTS, NOON, attempt, execute, message, plan


def test_results_come_in_sheet_order_over_many_pages(journal: SqliteJournal) -> None:
    rows = range(2, 2 * PAGE + 5)
    run = journal.begin_run(FACTS)
    for start in range(0, len(rows), 700):
        journal.add(run.number, start + 1, [message(row) for row in rows[start : start + 700]])
    plan(journal, [message(99)])
    assert [result.row for result in journal.results(1)] == list(rows)


def test_results_can_change_while_they_are_read(journal: SqliteJournal) -> None:
    plan(journal, [message(row) for row in range(2, PAGE + 12)])
    results = journal.results(1, (State.PENDING,))
    assert next(results).row == 2
    execute(journal.path, "UPDATE status SET state = 'sent'")
    assert len(list(results)) == PAGE - 1


def test_requests_are_tallied(journal: SqliteJournal) -> None:
    plan(journal, [message(2)])
    attempt(journal, NOON, "not_taken")
    attempt(journal, NOON + 1, "unclear")
    attempt(journal, NOON + 2, "sent", what="read-back")
    attempt(journal, NOON + 3, outcome=None)
    tally = journal.tally(1)
    assert (tally.requests, tally.throttled) == (4, 1)


def test_twenty_thousand_different_reasons_are_summarised_quickly(journal: SqliteJournal) -> None:
    plan(journal, [message(row, State.INVALID, f"kind {row}", "why") for row in range(20_000)])
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    journal._connection.set_progress_handler(count, 100_000)
    assert len(journal.reasons(1)) == MOST_REASONS
    assert steps < 500

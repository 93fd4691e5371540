"""What every journal store tells of rows in doubt, and takes in of a look-up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalBusyError
from campaign.journal import Outcome, State, open_journal
from campaign.journal.doubts import (
    FOUND,
    MOST_SPANS,
    SentRow,
    Settlement,
    nearest,
    not_taken,
    still_in_doubt,
)
from campaign.journal.records import ABSENT

from .planning import NOON, message, plan
from .stores import STORES, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.journal import JournalStore
    from campaign.journal.doubts import DoubtfulRow

TIMEOUT = 20.0

UNCLEAR = Outcome(State.IN_DOUBT, "unclear", "no answer", at=NOON + 30, latency=30.0)
SENT = Outcome(State.SENT, message_id="abc", http_status=200, at=NOON + 30, latency=0.5)


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


def attempt(journal: JournalStore, seq: int, outcome: Outcome | None, at: float = NOON, run: int = 1) -> None:
    attempts(journal, {seq: outcome}, at, run)


def attempts(journal: JournalStore, outcomes: Mapping[int, Outcome | None], at: float = NOON, run: int = 1) -> None:
    async def work() -> None:
        async with journal.attempt_log(run) as log:
            numbers = await asyncio.gather(*(log.begin(seq, at) for seq in outcomes))
            for (seq, outcome), number in zip(outcomes.items(), numbers, strict=True):
                if outcome is not None:
                    log.record_outcome(seq, number, "sent" if outcome.state is State.SENT else "unclear", outcome)

    asyncio.run(work())


def doubts(journal: JournalStore, after: int = 0, most: int = 100) -> list[DoubtfulRow]:
    return journal.doubtful_rows(1, after, most, TIMEOUT)


def test_rows_in_doubt_come_in_sheet_order_and_a_page_at_a_time(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 8)])
    for seq in (5, 2, 4):
        attempt(journal, seq, UNCLEAR, NOON + seq)
    assert [(row.seq, row.row, row.destination, row.body) for row in doubts(journal)] == [
        (seq, seq + 1, f"t/r{seq + 1}", b'{"msg":"%d"}' % (seq + 1)) for seq in (2, 4, 5)
    ]
    assert [row.seq for row in doubts(journal, after=2, most=1)] == [4]


def test_the_attempts_of_a_row_are_those_without_a_conclusive_outcome(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)])
    attempt(journal, 1, UNCLEAR, NOON)
    attempt(journal, 1, UNCLEAR._replace(at=NOON + 130), NOON + 100)
    attempt(journal, 2, None, NOON + 7)
    journal.mark_cut_off_in_doubt(1)
    first, second = doubts(journal)
    assert (first.attempts, first.lost, first.reason) == (2, 2, "no answer")
    assert (first.began, first.last, first.ended) == (NOON, NOON + 100, NOON + 130)
    assert (second.attempts, second.lost) == (1, 1)
    assert (second.began, second.last, second.ended) == (NOON + 7, NOON + 7, NOON + 7 + TIMEOUT)


def test_a_row_whose_attempts_are_lost_began_with_its_run(journal: JournalStore) -> None:
    run = plan(journal, [message(2)])
    journal.recover(1)
    journal.mark_cut_off_in_doubt(1)
    (row,) = doubts(journal)
    assert (row.lost, row.began, row.last, row.ended) == (0, run.created_at, run.created_at, None)


def test_a_conversation_with_a_request_under_way_is_left_out(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3)._replace(destination="t/r2"), message(4)])
    attempt(journal, 1, UNCLEAR)
    attempt(journal, 2, None)
    attempt(journal, 3, UNCLEAR)
    assert [row.seq for row in doubts(journal)] == [3]


def test_a_row_that_is_found_is_sent_with_its_id(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [Settlement(1, 1, State.SENT, FOUND, "", "m1")])
    (result,) = journal.results(1)
    assert (result.state, result.kind, result.reason, result.message_id) == (State.SENT, FOUND, "", "m1")
    assert (result.at, result.attempts) == (NOON + 30, 1)
    assert doubts(journal) == []


def test_a_row_that_is_not_there_says_when_it_was_looked_for(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [still_in_doubt(doubts(journal)[0], "at noon, and not found", NOON + 40)])
    (row,) = doubts(journal)
    assert (row.looked_at, row.reason) == (NOON + 40, "no answer; looked for at noon, and not found")
    journal.settle_doubts(1, [still_in_doubt(row, "at one, and not found", row.looked_at)])
    (row,) = doubts(journal)
    assert (row.looked_at, row.reason) == (NOON + 40, "no answer; looked for at one, and not found")
    assert next(iter(journal.results(1))).kind == "unclear"


def test_a_row_that_was_not_taken_waits_again(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [not_taken(doubts(journal)[0])])

    async def waiting() -> list[tuple[int, bool]]:
        async with journal.attempt_log(1) as log:
            return [(row.seq, row.absent) for row in await log.waiting(0, 10)]

    assert asyncio.run(waiting()) == [(1, True)]
    assert next(iter(journal.results(1))).kind == ABSENT


def test_a_further_attempt_makes_an_earlier_look_up_worthless(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    (looked,) = doubts(journal)
    journal.settle_doubts(1, [still_in_doubt(looked, "at noon, and not found", NOON + 40)])
    attempt(journal, 1, UNCLEAR, NOON + 50)
    assert doubts(journal)[0].looked_at is None
    journal.settle_doubts(1, [not_taken(looked)])
    assert doubts(journal)[0].attempts == 2


def test_a_row_that_is_not_in_doubt_any_more_stays_as_it_is(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    (row,) = doubts(journal)
    journal.settle(1, [range(2, 3)], State.SENT, "settled as sent by hand")
    journal.settle_doubts(1, [not_taken(row)])
    (result,) = journal.results(1)
    assert (result.state, result.reason) == (State.SENT, "settled as sent by hand")


def test_a_session_that_another_one_followed_settles_nothing(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    session = journal.begin_session(1)
    journal.begin_session(1)
    with pytest.raises(JournalBusyError, match="is at work on it"):
        journal.settle_doubts(1, [not_taken(doubts(journal)[0])], session)
    assert len(doubts(journal)) == 1


def test_the_sent_rows_of_some_conversations_are_those_of_all_runs(journal: JournalStore) -> None:
    for _ in range(2):
        plan(journal, [message(2), message(3)])
    attempt(journal, 1, SENT)
    attempt(journal, 1, SENT._replace(message_id=None, at=NOON + 90), run=2)
    found = journal.sent_rows(["t/r2"], NOON)
    assert sorted(found, key=lambda row: row.at) == [
        SentRow(1, 1, b'{"msg":"2"}', "abc", NOON + 30, 0.5, kind=""),
        SentRow(2, 1, b'{"msg":"2"}', None, NOON + 90, 0.5, kind=""),
    ]
    assert [row.message_id for row in journal.sent_rows(["t/r2"], NOON + 100)] == ["abc"]


def test_confirmed_rows_are_those_around_the_attempts_that_are_in_doubt(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 42)])
    attempts(journal, {seq: SENT._replace(at=NOON + seq) for seq in range(1, 41)})
    found = journal.rows_around(1, [(NOON + 20.2, NOON + 20.7)])
    assert sorted(row.seq for row in found) == [*range(11, 21), *range(22, 32)]
    (twelfth,) = (row for row in found if row.seq == 12)
    assert twelfth == SentRow(1, 12, b'{"msg":"13"}', "abc", NOON + 12, 0.5, kind="")
    assert journal.rows_around(1, []) == []


def test_a_row_that_was_found_says_so(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [Settlement(1, 1, State.SENT, FOUND, "", "m1")])
    assert [row.kind for row in journal.sent_rows(["t/r2"], NOON)] == [FOUND]
    assert [row.kind for row in journal.rows_around(1, [(NOON - 1, NOON)])] == [FOUND]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="no span"),
        pytest.param([(5.5, 6.0)], list(range(12)), id="all around one"),
        pytest.param([(-1.0, -0.5)], list(range(10)), id="after one at the beginning"),
        pytest.param([(20.0, 21.0)], list(range(2, 12)), id="before one at the end"),
    ],
)
def test_the_nearest_attempts_are_those_before_and_after_a_span(
    spans: list[tuple[float, float]], expected: list[int]
) -> None:
    began = [float(number) for number in range(12)]
    assert sorted(nearest(spans, began, [each + 0.5 for each in began])) == expected


def test_the_nearest_attempts_do_not_overlap_a_span() -> None:
    assert nearest([(10.0, 12.0)], [5.0, 9.0, 11.0, 12.5], [6.0, 11.0, 13.0, 14.0]) == {0, 3}


def test_of_very_many_spans_a_part_is_looked_at_and_always_the_first_and_last() -> None:
    began = [float(number) for number in range(30_000)]
    found = nearest([(each + 0.6, each + 0.9) for each in began], began, [each + 0.5 for each in began])
    assert len(found) <= 2 * MOST_SPANS + 2
    assert {0, 29_999} <= found


def test_a_look_up_is_on_record_and_no_rows(journal: JournalStore) -> None:
    plan(journal, [message(2)])

    async def work() -> None:
        async with journal.attempt_log(1) as log:
            log.record_look_up(NOON, "listed", Outcome(State.IN_DOUBT, at=NOON + 1, latency=1.0, http_status=200))
            log.record_look_up(NOON, "not_taken", Outcome(State.IN_DOUBT, at=NOON + 2, latency=1.0, http_status=503))
            log.record_outcome(1, await log.begin(1, NOON + 3), "sent", SENT)

    asyncio.run(work())
    tally = journal.tally(1)
    assert (tally.requests, tally.throttled, tally.count(State.SENT)) == (3, 1, 1)


async def test_a_look_up_of_a_session_that_another_one_followed_is_not_recorded(tmp_path: Path) -> None:
    with open_journal(tmp_path / "a.journal.db") as journal:
        plan(journal, [message(2)])
        session = journal.begin_session(1)

        async def work() -> None:
            async with journal.attempt_log(1, session=session) as log:
                journal.begin_session(1)
                log.record_look_up(NOON, "listed", Outcome(State.IN_DOUBT, at=NOON + 1))

        with pytest.raises(JournalBusyError, match="is at work on it"):
            await work()
        assert journal.tally(1).requests == 0


def test_a_run_that_is_discarded_leaves_no_look_up(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [still_in_doubt(doubts(journal)[0], "at noon", NOON + 40)])
    journal.discard(1)
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    assert doubts(journal)[0].looked_at is None


def test_the_text_of_a_server_is_stored_as_far_as_it_can_be(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    attempt(journal, 1, UNCLEAR)
    journal.settle_doubts(1, [Settlement(1, 1, State.FAILED, "not delivered", "why \ud83d", "m\ud83d")])
    (result,) = journal.results(1)
    assert (result.reason, result.message_id) == ("why ?", "m?")

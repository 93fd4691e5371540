"""What every journal store keeps for second chances, through the protocol alone."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalBusyError
from campaign.journal import Decision, EarlierRow, Outcome, State, open_journal
from campaign.journal.digests import digest_of
from campaign.journal.sqlite.migrations import STEPS

from .planning import NOON, execute, message, plan, query
from .stores import STORES, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.journal import JournalStore


@pytest.fixture(params=STORES)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    with open_store(request, tmp_path) as opened:
        yield opened


def deliver(journal: JournalStore, states: Mapping[int, State], run: int = 1) -> None:
    async def work() -> None:
        async with journal.attempt_log(run) as log:
            for seq, state in states.items():
                attempt = await log.begin(seq, NOON)
                if state is not State.SENDING:
                    log.record_outcome(seq, attempt, "x", Outcome(state, "k", "why An", "id-1", 200, NOON, 0.1))

    asyncio.run(work())


def states(journal: JournalStore, run: int = 1) -> list[State]:
    return [result.state for result in journal.results(run)]


ENDS = {1: State.SENT, 2: State.IN_DOUBT, 3: State.FAILED, 4: State.SENDING}


def test_messages_are_looked_up_by_digest(journal: JournalStore) -> None:
    rows = [message(row) for row in range(2, 7)]
    plan(journal, rows)
    deliver(journal, ENDS)
    with journal.delivered_messages([1]) as find:
        assert [find(row.digest or b"") for row in rows] == [
            EarlierRow(1, 2, State.SENT, NOON),
            EarlierRow(1, 3, State.IN_DOUBT, NOON),
            None,
            EarlierRow(1, 5, State.SENDING, NOON),
            None,
        ]
    with journal.delivered_messages([]) as find:
        assert find(rows[0].digest or b"") is None


def test_that_a_message_was_sent_says_more_than_that_it_may_have_been(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    plan(journal, [message(2)])
    deliver(journal, {1: State.SENT}, run=1)
    deliver(journal, {1: State.IN_DOUBT}, run=2)
    with journal.delivered_messages([2, 1]) as find:
        assert find(message(2).digest or b"") == EarlierRow(1, 2, State.SENT, NOON)


def test_rows_are_looked_up_over_all_runs_that_were_planned_from_them(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4)])
    deliver(journal, {1: State.SENT, 2: State.FAILED, 3: State.FAILED})
    plan(journal, [message(2)._replace(origin=(1, 3)), message(3)._replace(origin=(1, 4))])
    deliver(journal, {1: State.SENT, 2: State.FAILED}, run=2)
    with journal.delivered_rows([1, 2]) as find:
        assert [find((1, row)) for row in (2, 3, 4)] == [
            EarlierRow(1, 2, State.SENT, NOON),
            EarlierRow(2, 2, State.SENT, NOON),
            None,
        ]
        assert find((2, 2)) is None


def test_a_plan_that_is_discarded_leaves_no_digest_and_no_origin(journal: JournalStore) -> None:
    for _ in range(2):
        plan(journal, [message(2)._replace(origin=(7, 3))])
        journal.discard(1)
    assert journal.last_run() is None


def test_waiting_rows_can_be_left_unsent(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 8)])
    deliver(journal, ENDS)
    assert journal.leave_unsent(1, "left unsent: \udce9") == 2
    assert states(journal) == [*ENDS.values(), State.SKIPPED, State.SKIPPED]
    assert [(result.kind, result.reason) for result in journal.results(1, (State.SKIPPED,))] == [
        ("abandoned", "left unsent: ?")
    ] * 2


def test_only_rows_in_doubt_are_settled(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 7)])
    deliver(journal, {**ENDS, 5: State.IN_DOUBT})
    journal.settle(1, [range(2, 6)], State.SENT, "by hand")
    assert states(journal) == [State.SENT, State.SENT, State.FAILED, State.SENDING, State.IN_DOUBT]
    assert journal.row_states(1, [range(6, 7), range(3, 5), range(4, 5), range(90, 95)]) == [
        (3, State.SENT),
        (4, State.FAILED),
        (6, State.IN_DOUBT),
    ]


async def test_rows_to_deliver_again_can_be_named(journal: JournalStore) -> None:
    plan(journal, [message(row) for row in range(2, 8)])
    async with journal.attempt_log(1) as log:
        for seq in (1, 2, 3):
            log.record_outcome(seq, await log.begin(seq, NOON), "x", Outcome(State.IN_DOUBT, "k", "why", at=NOON))
        await log.begin(4, NOON)
    async with journal.attempt_log(1, (State.IN_DOUBT,), rows=(range(2, 3), range(4, 5))) as log:
        assert [row.seq for row in await log.waiting(0, 10)] == [1, 3, 4, 5, 6]
    async with journal.attempt_log(1, waiting=(State.SENDING,)) as log:
        assert [row.seq for row in await log.waiting(0, 10)] == [4]


def test_what_is_forgotten_is_gone_and_what_was_counted_stays(journal: JournalStore) -> None:
    plan(journal, [message(2), message(3), message(4, State.INVALID, "“An” is too short", "B4: “An” is too short")])
    plan(journal, [message(2)])
    deliver(journal, {1: State.SENT, 2: State.FAILED})
    journal.forget(1)
    assert [(row.row, row.state, {cell.text for cell in row.cells}) for row in journal.results(1)] == [
        (2, State.SENT, {""}),
        (3, State.FAILED, {""}),
        (4, State.INVALID, {""}),
    ]
    assert {(row.kind, row.reason, row.message_id) for row in journal.results(1)} == {("", "", None)}
    assert {attempt.detail for attempt in journal.attempts(1)} == {""}
    with journal.delivered_messages([1]) as find:
        assert find(message(2).digest or b"") == EarlierRow(1, 2, State.SENT, NOON)
    (other,) = journal.results(2)
    assert other.cells[0].text == "name 2"


async def test_what_is_forgotten_does_not_wait_for_delivery_any_more(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    async with journal.attempt_log(1) as log:
        log.record_outcome(1, await log.begin(1, NOON), "x", Outcome(State.FAILED, "k", "why", at=NOON))
    journal.forget(1)
    async with journal.attempt_log(1, (State.FAILED,)) as log:
        assert await log.waiting(0, 10) == []


def test_what_is_forgotten_is_in_no_byte_of_the_files(tmp_path: Path) -> None:
    with open_journal(tmp_path / "a.journal.db") as journal:
        plan(journal, [message(row, reason="Nguyễn Văn An") for row in range(2, 400)])
        deliver(journal, {1: State.FAILED})
        assert any("Nguyễn".encode() in path.read_bytes() for path in tmp_path.iterdir())
        journal.forget(1)
        for path in tmp_path.iterdir():
            content = path.read_bytes()
            for text in ("Nguyễn", "why An", "name 3", "t/r3", '"msg":"3"', "id-1"):
                assert text.encode() not in content, (path.name, text)


def test_decisions_are_on_record_with_their_operator_and_time(journal: JournalStore, times: list[float]) -> None:
    times.append(NOON)
    plan(journal, [message(2)])
    times += [NOON, NOON + 1]
    journal.record_decision(1, "resolve", "an@host", "rows 3 as sent")
    journal.record_decision(1, "forget", "an@host")
    assert journal.decisions(1) == [
        Decision("resolve", "an@host", NOON, "rows 3 as sent"),
        Decision("forget", "an@host", NOON + 1, ""),
    ]
    assert journal.decisions(2) == []


def test_a_wish_to_stop_reaches_the_holder_and_ends_with_it(journal: JournalStore) -> None:
    with journal.exclusive():
        assert journal.stop_requested() is None
        with journal.reopened() as other:
            with pytest.raises(JournalBusyError, match="is being worked on by"), other.exclusive():
                pytest.fail("held twice")
            other.request_stop("an@host")
        assert journal.stop_requested() == "an@host"
        journal.acknowledge_stop()
        assert journal.stop_requested() is None
        journal.request_stop("an@host")
    with journal.exclusive():
        assert journal.stop_requested() is None


def test_a_workbook_that_contains_what_was_forgotten_is_not_replaced(journal: JournalStore) -> None:
    for digest in (b"1", b"2"):
        plan(journal, [message(2)])
        journal.record_workbook(int(digest), digest)
    journal.forget(1)
    assert [journal.wrote_workbook(digest) for digest in (b"1", b"2")] == [False, True]
    journal.record_workbook(1, b"3")  # written afterwards, without the data
    assert journal.wrote_workbook(b"3")


def test_workbooks_are_known_by_their_digest(journal: JournalStore) -> None:
    plan(journal, [message(2)])
    assert not journal.wrote_workbook(b"1")
    journal.record_workbook(1, b"1")
    journal.record_workbook(1, b"1")
    assert journal.wrote_workbook(b"1")
    assert not journal.wrote_workbook(b"2")


def test_each_run_has_an_id_of_its_own_that_is_not_its_secret(journal: JournalStore) -> None:
    first, second = plan(journal, [message(2)]), plan(journal, [message(2)])
    assert first.id != second.id
    assert first.secret.hex() not in first.id
    again = journal.run(1)
    assert again is not None
    assert again.id == first.id


def test_a_journal_from_before_is_given_the_tables_and_its_messages_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    body = b'{"_id":"x","token":"t","msg":"Ch\xc3\xa0o"}'
    with open_journal(path) as journal:
        plan(journal, [message(2)._replace(body=body)])
        deliver(journal, {1: State.SENT})
    for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", "".join(STEPS[2:])):
        execute(path, f"DROP TABLE {table}")
    execute(path, "ALTER TABLE session DROP COLUMN by")
    execute(path, "PRAGMA user_version = 2")
    with open_journal(path, create=False) as journal, journal.delivered_messages([1]) as find:
        assert find(digest_of(body) or b"") == EarlierRow(1, 2, State.SENT, NOON)
        assert digest_of(body) == digest_of(b'{"token":"t","msg":"Ch\xc3\xa0o"}')
        journal.forget(1)
    assert len(query(path, "SELECT digest FROM digest")) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

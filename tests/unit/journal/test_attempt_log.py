from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError
from campaign.journal import Outcome, State
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.writer import LINES_PER_STATEMENT

from .planning import execute, planned, query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

from .planning import NOON, SENT, STATUS, until_written

ATTEMPTS = "SELECT seq, what, started_at, ended_at, outcome, http_status, detail FROM attempt ORDER BY attempt"


async def until(condition: Callable[[], object]) -> None:
    """Wait at most ten seconds for something that happens on the writer thread."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the writer thread has no event to wait for
            await asyncio.sleep(0.001)


async def test_an_attempt_is_on_disk_when_begin_returns(planned_path: Path, tmp_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        await log.begin(7, NOON)
        assert query(planned_path, STATUS, 7) == [("sending", 1)]
        for name in ("a.journal.db", "a.journal.db-wal"):  # the file as after a power cut
            shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert query(tmp_path / "copy-a.journal.db", STATUS, 7) == [("sending", 1)]
    assert query(tmp_path / "copy-a.journal.db", ATTEMPTS) == [(7, "send", NOON, None, None, None, None)]


async def test_an_outcome_is_visible_to_other_connections_within_fifty_milliseconds(planned_path: Path) -> None:
    async def seconds(log: SqliteAttemptLog, seq: int) -> float:
        attempt = await log.begin(seq, NOON)
        began = time.perf_counter()
        log.record_outcome(seq, attempt, "sent", SENT)
        await until(lambda: query(planned_path, STATUS, seq) == [("sent", 1)])
        return time.perf_counter() - began

    async with SqliteAttemptLog(planned_path, 1) as log:
        assert min([await seconds(log, seq) for seq in range(1, 6)]) < 0.05


async def test_pending_rows_come_in_pages(planned_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        for seq, outcome in ((1, SENT), (3, Outcome(State.PENDING))):
            log.record_outcome(seq, await log.begin(seq, NOON), "x", outcome)
        await log.begin(2, NOON)
        first = await log.waiting(0, 3)
        assert [(row.seq, row.cut_off, row.attempts) for row in first] == [(2, True, 1), (3, False, 1), (4, False, 0)]
        assert (first[0].row, first[0].destination, first[0].body) == (3, "t/r3", b'{"msg":"3"}')
        assert [row.seq for row in await log.waiting(498, 100)] == [499, 500]
        assert await log.waiting(500, 100) == []


async def test_only_the_current_run_is_read(planned_path: Path) -> None:
    planned(planned_path, 3)
    async with SqliteAttemptLog(planned_path, 2) as log:
        assert len(await log.waiting(0, 100)) == 3
        await log.begin(1, NOON)
    assert query(planned_path, STATUS, 1) == [("pending", 0)]


async def test_attempts_that_begin_together_share_a_commit(planned_path: Path, groups: list[int]) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        await asyncio.gather(*(log.begin(seq, NOON) for seq in range(1, 501)))
    assert groups == [500]
    assert query(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(500,)]


async def test_an_attempt_that_ends_and_the_next_one_share_a_commit(planned_path: Path, groups: list[int]) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        first = await log.begin(1, NOON)
        log.record_outcome(1, first, "not_taken", Outcome(State.PENDING, "not_taken", "over the limit", at=NOON + 1))
        await log.begin(1, NOON + 2)
    assert groups == [1, 2]
    assert query(planned_path, STATUS, 1) == [("sending", 2)]
    assert [row[2:5] for row in query(planned_path, ATTEMPTS)] == [
        (NOON, NOON + 1, "not_taken"),
        (NOON + 2, None, None),
    ]


async def test_where_requests_are_faster_than_the_disk_rows_that_end_apart_share_a_commit(
    planned_path: Path, groups: list[int]
) -> None:
    async def row(log: SqliteAttemptLog, seq: int) -> None:
        attempt = await log.begin(seq, NOON)
        await asyncio.sleep(0.002 * seq)
        log.record_outcome(seq, attempt, "sent", Outcome(State.SENT, at=NOON + 1))
        await log.begin(seq + 10, NOON)

    async with SqliteAttemptLog(planned_path, 1) as log:
        log._gathering.note_commit(0.2)
        await asyncio.gather(*(row(log, seq) for seq in range(1, 5)))
    assert groups[0] == 4
    assert len(groups) < 5


async def test_events_during_a_commit_share_the_next_one(planned_path: Path, groups: list[int]) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            beginning = []
            for seq in range(1, 9):
                beginning.append(asyncio.ensure_future(log.begin(seq, NOON)))
                await asyncio.sleep(0.005)
            assert not any(begun.done() for begun in beginning)
            other.execute("ROLLBACK")
        assert await asyncio.gather(*beginning) == list(range(1, 9))
    assert groups == [1, 7]


async def test_a_group_is_written_whole_or_not_at_all(planned_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        number = LINES_PER_STATEMENT + 10  # fails in the group's second statement
        execute(
            planned_path, "INSERT INTO attempt (attempt, run, seq, what, started_at) VALUES (?, 1, 1, 'x', 0)", number
        )
        beginning = (log.begin(seq, NOON) for seq in range(2, 2 * LINES_PER_STATEMENT))
        refused = await asyncio.gather(*beginning, return_exceptions=True)
        assert {type(each) for each in refused} == {JournalError}
        log._writer.failure = None
    assert query(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(0,)]


async def test_remaining_events_are_written_on_close(planned_path: Path) -> None:
    count = 3 * LINES_PER_STATEMENT + 1
    async with SqliteAttemptLog(planned_path, 1) as log:
        attempt = await log.begin(1, NOON)
        for number in range(count):
            log.record_outcome(1, attempt, "sent", SENT._replace(message_id=f"id {number}"))
    assert query(planned_path, "SELECT message_id FROM status WHERE seq = 1") == [(f"id {count - 1}",)]


async def test_an_attempt_cancelled_before_it_is_written_leaves_no_doubt(planned_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        beginning = asyncio.ensure_future(log.begin(7, NOON))
        await asyncio.sleep(0)
        beginning.cancel()
        await until_written(log)
    assert query(planned_path, STATUS, 7) == [("pending", 0)]
    assert beginning.cancelled()


async def test_an_attempt_cancelled_while_it_is_written_may_be_on_record(planned_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        beginning = asyncio.ensure_future(log.begin(7, NOON))
        while not log._writing:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)
        beginning.cancel()
        await until_written(log)
    assert query(planned_path, STATUS, 7) == [("sending", 1)]


async def test_a_reader_does_not_delay_outcomes(planned_path: Path) -> None:
    async with SqliteAttemptLog(planned_path, 1) as log:
        attempt = await log.begin(7, NOON)
        with log._reading:
            reading = asyncio.ensure_future(log.waiting(0, 10))
            log.record_outcome(7, attempt, "sent", SENT)
            await until(lambda: query(planned_path, STATUS, 7) == [("sent", 1)])
            assert not reading.done()
        assert len(await reading) == 10


async def test_outcomes_are_written_after_a_cancelled_delivery(planned_path: Path) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            log.record_outcome(7, await log.begin(7, NOON), "sent", SENT)
            ended.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await ended.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert query(planned_path, STATUS, 7) == [("sent", 1)]

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError
from campaign.journal import Journal, Outcome, Recorder, State
from campaign.journal.events import AT_ONCE

from .planning import ask, planned, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

from .planning import NOON, SENT, STATUS, until_written

ATTEMPTS = "SELECT seq, what, started_at, ended_at, outcome, http_status, detail FROM attempt ORDER BY attempt"


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens on the writer thread, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - another thread has no event for us
            await asyncio.sleep(0.001)


async def test_an_attempt_is_on_disk_when_begin_returns(planned_path: Path, tmp_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        await recorder.begin(7, NOON)
        assert ask(planned_path, STATUS, 7) == [("sending", 1)]
        for name in ("a.journal.db", "a.journal.db-wal"):  # what a power cut would leave
            shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert ask(tmp_path / "copy-a.journal.db", STATUS, 7) == [("sending", 1)]
    assert ask(tmp_path / "copy-a.journal.db", ATTEMPTS) == [(7, "send", NOON, None, None, None, None)]


async def test_an_outcome_is_on_record_with_all_that_is_known(planned_path: Path) -> None:
    outcome = Outcome(State.FAILED, "room-closed", "the conversation is closed", None, 400, NOON + 1, 0.5)
    async with Recorder(planned_path, 1) as recorder:
        recorder.end(7, await recorder.begin(7, NOON), "refused", outcome)
    assert ask(planned_path, ATTEMPTS) == [(7, "send", NOON, NOON + 1, "refused", 400, "the conversation is closed")]
    with Journal.open(planned_path) as journal:
        (result,) = journal.results(1, (State.FAILED,))
    assert result[2:] == (State.FAILED, "room-closed", "the conversation is closed", None, 400, 1, NOON + 1, 0.5)


async def test_an_outcome_is_there_for_others_within_fifty_milliseconds(planned_path: Path) -> None:
    async def seconds(recorder: Recorder, seq: int) -> float:
        attempt = await recorder.begin(seq, NOON)
        began = time.perf_counter()
        recorder.end(seq, attempt, "sent", SENT)
        await until(lambda: ask(planned_path, STATUS, seq) == [("sent", 1)])
        return time.perf_counter() - began

    async with Recorder(planned_path, 1) as recorder:
        assert min([await seconds(recorder, seq) for seq in range(1, 6)]) < 0.05


async def test_a_read_back_is_a_request_of_its_own(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        attempt = await recorder.begin(7, NOON)
        recorder.end(7, attempt, "unclear", Outcome(State.SENDING, "unclear", "reset", at=NOON + 1))
        recorder.asked(7, NOON + 2, "sent", SENT)
    assert [row[:2] for row in ask(planned_path, ATTEMPTS)] == [(7, "send"), (7, "read-back")]
    assert ask(planned_path, STATUS, 7) == [("sent", 1)]
    with Journal.open(planned_path) as journal:
        assert journal.tally(1).requests == 2


async def test_attempts_are_numbered_on_from_the_last_delivery(planned_path: Path) -> None:
    numbers = []
    for _ in range(3):
        async with Recorder(planned_path, 1) as recorder:
            numbers += [await recorder.begin(1, NOON), await recorder.begin(2, NOON)]
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert ask(planned_path, STATUS, 1) == [("sending", 3)]


async def test_rows_that_wait_come_in_pages(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        for seq, outcome in ((1, SENT), (3, Outcome(State.PENDING))):
            recorder.end(seq, await recorder.begin(seq, NOON), "x", outcome)
        await recorder.begin(2, NOON)
        first = await recorder.waiting(0, 3)
        assert [(row.seq, row.cut_off, row.attempts) for row in first] == [(2, True, 1), (3, False, 1), (4, False, 0)]
        assert (first[0].row, first[0].destination, first[0].body) == (3, "t/r3", b'{"msg":"3"}')
        assert [row.seq for row in await recorder.waiting(498, 100)] == [499, 500]
        assert await recorder.waiting(500, 100) == []


async def test_only_the_run_in_hand_is_read(planned_path: Path) -> None:
    planned(planned_path, 3)
    async with Recorder(planned_path, 2) as recorder:
        assert len(await recorder.waiting(0, 100)) == 3
        await recorder.begin(1, NOON)
    assert ask(planned_path, STATUS, 1) == [("pending", 0)]


async def test_attempts_that_begin_together_share_a_commit(planned_path: Path, groups: list[int]) -> None:
    async with Recorder(planned_path, 1) as recorder:
        await asyncio.gather(*(recorder.begin(seq, NOON) for seq in range(1, 501)))
    assert groups == [500]
    assert ask(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(500,)]


async def test_an_attempt_that_ends_and_the_next_one_share_a_commit(planned_path: Path, groups: list[int]) -> None:
    async with Recorder(planned_path, 1) as recorder:
        first = await recorder.begin(1, NOON)
        recorder.end(1, first, "not_taken", Outcome(State.PENDING, "not_taken", "over the limit", at=NOON + 1))
        await recorder.begin(1, NOON + 2)
    assert groups == [1, 2]
    assert ask(planned_path, STATUS, 1) == [("sending", 2)]
    assert [row[2:5] for row in ask(planned_path, ATTEMPTS)] == [(NOON, NOON + 1, "not_taken"), (NOON + 2, None, None)]


async def test_what_happens_while_the_disk_is_busy_is_written_together(planned_path: Path, groups: list[int]) -> None:
    async with Recorder(planned_path, 1) as recorder:
        with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            beginning = []
            for seq in range(1, 9):
                beginning.append(asyncio.ensure_future(recorder.begin(seq, NOON)))
                await asyncio.sleep(0.005)
            assert not any(begun.done() for begun in beginning)
            other.execute("ROLLBACK")
        assert await asyncio.gather(*beginning) == list(range(1, 9))
    assert groups == [1, 7]


async def test_a_group_that_cannot_be_written_whole_is_not_written_in_part(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        number = AT_ONCE + 10  # of an attempt in the group's second statement
        tell(planned_path, "INSERT INTO attempt (attempt, run, seq, what, started_at) VALUES (?, 1, 1, 'x', 0)", number)
        beginning = (recorder.begin(seq, NOON) for seq in range(2, 2 * AT_ONCE))
        refused = await asyncio.gather(*beginning, return_exceptions=True)
        assert {type(each) for each in refused} == {JournalError}
        recorder._writer.failure = None
    assert ask(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(0,)]


async def test_what_is_left_is_written_when_it_closes(planned_path: Path) -> None:
    count = 3 * AT_ONCE + 1
    async with Recorder(planned_path, 1) as recorder:
        attempt = await recorder.begin(1, NOON)
        for number in range(count):
            recorder.end(1, attempt, "sent", SENT._replace(message_id=f"id {number}"))
    assert ask(planned_path, "SELECT message_id FROM status WHERE seq = 1") == [(f"id {count - 1}",)]


async def test_an_attempt_that_is_cancelled_before_it_is_written_leaves_no_doubt(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        beginning = asyncio.ensure_future(recorder.begin(7, NOON))
        await asyncio.sleep(0)
        beginning.cancel()
        await until_written(recorder)
    assert ask(planned_path, STATUS, 7) == [("pending", 0)]
    assert beginning.cancelled()


async def test_an_attempt_that_is_cancelled_while_it_is_written_may_be_on_record(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        beginning = asyncio.ensure_future(recorder.begin(7, NOON))
        while not recorder._writing:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0)
        beginning.cancel()
        await until_written(recorder)
    assert ask(planned_path, STATUS, 7) == [("sending", 1)]


async def test_outcomes_do_not_wait_for_somebody_who_reads(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        attempt = await recorder.begin(7, NOON)
        with recorder._reading:
            reading = asyncio.ensure_future(recorder.waiting(0, 10))
            recorder.end(7, attempt, "sent", SENT)
            await until(lambda: ask(planned_path, STATUS, 7) == [("sent", 1)])
            assert not reading.done()
        assert len(await reading) == 10


async def test_outcomes_are_written_although_the_delivery_was_cancelled(planned_path: Path) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        async with Recorder(planned_path, 1) as recorder:
            recorder.end(7, await recorder.begin(7, NOON), "sent", SENT)
            ended.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await ended.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert ask(planned_path, STATUS, 7) == [("sent", 1)]


async def test_half_a_character_from_a_server_does_no_harm(planned_path: Path) -> None:
    odd = Outcome(State.FAILED, "cut \ud83d", "cut \ud83d", "id \udcff", 400, NOON, 0.1)
    async with Recorder(planned_path, 1) as recorder:
        recorder.end(1, await recorder.begin(1, NOON), "refused", odd)
        recorder.asked(2, NOON, "absent", odd)
    with Journal.open(planned_path) as journal:
        results = list(journal.results(1, (State.FAILED,)))
    assert [(result.kind, result.reason, result.message_id) for result in results] == [("cut ?", "cut ?", "id ?")] * 2

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.row_queue import BYTES_AHEAD, FIRST_PAGE, PAGE, PAGE_BYTES, ROWS_AHEAD, RowQueue
from campaign.errors import JournalError, Problem
from campaign.journal import WaitingRow

if TYPE_CHECKING:
    from collections.abc import Sequence


class Rows:
    """A list to fetch rows from; records how far it was read."""

    def __init__(self, destinations: Sequence[str], size: int = 2) -> None:
        self.rows = [
            WaitingRow(seq, seq + 1, destination, b"x" * size, cut_off=False, attempts=0)
            for seq, destination in enumerate(destinations, start=1)
        ]
        self.fetched = 0
        self.pages: list[int] = []

    async def fetch(self, after: int, count: int) -> list[WaitingRow]:
        await asyncio.sleep(0)
        page = [row for row in self.rows if row.seq > after][:count]
        self.fetched += len(page)
        self.pages.append(len(page))
        return page


async def taken(queue: RowQueue) -> WaitingRow:
    async with asyncio.timeout(5):
        row = await queue.take()
    assert row is not None
    return row


async def all_of(queue: RowQueue) -> list[int]:
    """The positions of all rows, each finished before the next is taken."""
    seqs = []
    async with asyncio.timeout(5):
        while (row := await queue.take()) is not None:
            seqs.append(row.seq)
            queue.done(row)
    return seqs


async def nothing_ready(queue: RowQueue) -> asyncio.Task[WaitingRow | None]:
    """A task that waits for the next row, which is not available yet."""
    task = asyncio.ensure_future(queue.take())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_rows_to_one_destination_come_in_sheet_order() -> None:
    assert await all_of(RowQueue(Rows("abacbf").fetch)) == [1, 2, 4, 6, 3, 5]


async def test_an_empty_run_has_no_row() -> None:
    assert await RowQueue(Rows("").fetch).take() is None


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_every_page_is_read(count: int) -> None:
    queue = RowQueue(Rows([str(number) for number in range(count)]).fetch)
    assert await all_of(queue) == list(range(1, count + 1))


async def test_a_row_waits_for_the_one_before_it_to_the_same_destination() -> None:
    queue = RowQueue(Rows("aab").fetch)
    first = await taken(queue)
    assert (await taken(queue)).seq == 3
    waiting = await nothing_ready(queue)
    queue.done(first)
    assert (await waiting) == WaitingRow(2, 3, "a", b"xx", cut_off=False, attempts=0)


async def test_a_finished_destination_can_come_again() -> None:
    rows = Rows(["a", *(str(number) for number in range(PAGE)), "a"])
    queue = RowQueue(rows.fetch)
    queue.done(await taken(queue))
    assert [(await taken(queue)).seq for _ in range(PAGE + 1)][-1] == PAGE + 2


async def test_waiting_workers_are_released_at_the_end() -> None:
    queue = RowQueue(Rows("aa").fetch)
    first = await taken(queue)
    waiting = [await nothing_ready(queue) for _ in range(3)]
    queue.done(first)
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    last = next(task.result() for task in waiting if task.done())
    assert last is not None
    queue.done(last)
    assert [await task for task in waiting].count(None) == 2


async def test_no_more_rows_than_the_limit_are_taken() -> None:
    queue = RowQueue(Rows("aabc").fetch, limit=2)
    first = await taken(queue)
    assert (await taken(queue)).seq == 3
    queue.done(first)
    assert await queue.take() is None


async def test_waiting_workers_are_released_at_the_limit() -> None:
    queue = RowQueue(Rows("aaa").fetch, limit=2)
    first = await taken(queue)
    waiting = [await nothing_ready(queue) for _ in range(2)]
    queue.done(first)
    async with asyncio.timeout(5):
        found = await asyncio.gather(*waiting)
    assert found.count(None) == 1


async def test_upcoming_rows_are_those_that_are_free_and_then_those_behind_them_in_turns() -> None:
    queue = RowQueue(Rows("aababcc").fetch)
    first = await taken(queue)
    assert [row.seq for row in queue.upcoming(9)] == [3, 6, 2, 5, 7, 4]
    assert [row.seq for row in queue.upcoming(3)] == [3, 6, 2]
    queue.done(first)
    assert [row.seq for row in queue.upcoming(9)] == [3, 6, 2, 4, 5, 7]


async def test_upcoming_rows_are_no_more_than_the_limit() -> None:
    queue = RowQueue(Rows("aaaaa").fetch, limit=3)
    await taken(queue)
    assert [row.seq for row in queue.upcoming(9)] == [2, 3]


async def test_one_worker_is_woken_for_a_row() -> None:
    queue = RowQueue(Rows("aaa" + "b" * ROWS_AHEAD).fetch)
    first, _ = [await taken(queue) for _ in range(2)]
    woken = []

    async def work(name: int) -> None:
        row = await queue.take()
        woken.append((name, row and row.seq))

    tasks = [asyncio.ensure_future(work(number)) for number in range(8)]
    for _ in range(20):
        await asyncio.sleep(0)
    queue.done(first)
    for _ in range(20):
        await asyncio.sleep(0)
    assert woken == [(0, 2)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_workers_that_wait_end_when_the_rows_cannot_be_read() -> None:
    rows = Rows("a" * (2 * ROWS_AHEAD))
    failing = False

    async def fetch(after: int, count: int) -> list[WaitingRow]:
        if failing:
            raise JournalError(Problem("journal", "the file is gone"))
        return await rows.fetch(after, count)

    queue = RowQueue(fetch)
    first = await taken(queue)
    failing = True

    async def work() -> None:
        with contextlib.suppress(JournalError):
            while (row := await queue.take()) is not None and not failed:
                queue.done(row)
            return
        failed.append(True)

    failed: list[bool] = []
    workers = [asyncio.ensure_future(work()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.done(first)
    async with asyncio.timeout(5):
        await asyncio.gather(*workers)
    assert failed


async def test_the_look_ahead_for_other_destinations_is_bounded() -> None:
    rows = Rows(["a"] * (ROWS_AHEAD + 5 * PAGE) + ["b"])
    queue = RowQueue(rows.fetch)
    row = await taken(queue)
    waiting = await nothing_ready(queue)
    assert ROWS_AHEAD <= rows.fetched <= ROWS_AHEAD + PAGE
    queue.done(row)
    assert (await waiting) is not None


async def test_the_look_ahead_continues_as_rows_finish() -> None:
    count = ROWS_AHEAD + 3 * PAGE
    assert await all_of(RowQueue(Rows(["a"] * count).fetch)) == list(range(1, count + 1))


async def test_large_messages_shorten_the_look_ahead() -> None:
    rows = Rows(["a"] * (3 * PAGE), size=BYTES_AHEAD // PAGE)
    queue = RowQueue(rows.fetch)
    await taken(queue)
    waiting = await nothing_ready(queue)
    assert rows.fetched <= 2 * PAGE
    waiting.cancel()


async def test_longer_messages_are_read_in_smaller_pages() -> None:
    rows = Rows([str(number) for number in range(100)], size=PAGE_BYTES // 5)
    assert len(await all_of(RowQueue(rows.fetch))) == 100
    assert rows.pages == [FIRST_PAGE, *[5] * 16, 4]


async def test_a_read_error_is_raised_in_every_waiting_worker() -> None:
    async def fetch(after: int, count: int) -> list[WaitingRow]:  # noqa: ARG001 - a Fetch
        raise JournalError(Problem("journal", "is damaged"))

    queue = RowQueue(fetch)
    for _ in range(2):
        with pytest.raises(JournalError, match="is damaged"):
            await queue.take()


async def test_a_cancelled_wait_loses_no_row() -> None:
    queue = RowQueue(Rows("aa").fetch)
    first = await taken(queue)
    waiting = await nothing_ready(queue)
    waiting.cancel()
    queue.done(first)
    assert (await taken(queue)).seq == 2


@settings(max_examples=60, deadline=None)
@given(
    destinations=st.lists(st.sampled_from("abcdefgh"), max_size=60),
    workers=st.integers(1, 40),
    limit=st.one_of(st.none(), st.integers(0, 70)),
    pauses=st.lists(st.integers(0, 5), min_size=1, max_size=20),
)
def test_every_row_is_taken_once_and_in_order(
    destinations: list[str], workers: int, limit: int | None, pauses: list[int]
) -> None:
    async def deliver() -> list[WaitingRow]:
        queue = RowQueue(Rows(destinations).fetch, limit)
        order: list[WaitingRow] = []
        busy: Counter[str] = Counter()

        async def work() -> None:
            while (row := await queue.take()) is not None:
                order.append(row)
                busy[row.destination] += 1
                assert busy[row.destination] == 1
                for _ in range(pauses[row.seq % len(pauses)]):
                    await asyncio.sleep(0)
                busy[row.destination] -= 1
                queue.done(row)

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
        return order

    order = asyncio.run(deliver())
    assert len(order) == len({row.seq for row in order}) == min(len(destinations), limit if limit is not None else 99)
    for destination in set(destinations):
        seqs = [row.seq for row in order if row.destination == destination]
        assert seqs == sorted(seqs)

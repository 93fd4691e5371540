"""The row queue: rows in sheet order, one at a time for each destination."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryContext
    from campaign.journal.records import WaitingRow

Fetch: TypeAlias = Callable[[int, int], Awaitable[list["WaitingRow"]]]
"""Reads rows: at most the second number of them, after the place given by the first."""

PAGE, FIRST_PAGE = 256, 16
"""Rows read together; fewer at first, because the length of the messages is not known yet."""

PAGE_BYTES = 4 * 1024 * 1024
"""Size that a page aims at: the longer the messages, the fewer rows it has."""

ROWS_AHEAD = 2000
BYTES_AHEAD = 16 * 1024 * 1024


class RowQueue:
    """Hands out rows whose destination is free, and holds back the others; reads ahead within bounds."""

    def __init__(self, fetch: Fetch, limit: int | None = None) -> None:
        """Make a queue.

        Args:
            fetch: reads rows.
            limit: how many rows to hand out at most.
        """
        self._fetch = fetch
        self._left = limit
        self._ready: deque[WaitingRow] = deque()
        self._held_back: dict[str, deque[WaitingRow]] = {}  # an entry for each busy destination
        self._rows = 0
        self._bytes = 0
        self._last_seq = 0
        self._page = FIRST_PAGE
        self._exhausted = False
        self._fetching = asyncio.Lock()
        self._waiters: deque[asyncio.Future[None]] = deque()

    async def take(self) -> WaitingRow | None:
        """The next row whose destination is free, busy from now until `done`; None when there are no more rows.

        Raises:
            JournalError: the rows cannot be read.
        """
        row = None
        try:
            row = await self._next()
        finally:
            if row is None or self._left == 0:
                self._wake(len(self._waiters))  # what ends one worker ends them all
        return row

    async def _next(self) -> WaitingRow | None:
        while self._left != 0:
            if len(self._ready) < PAGE and self._may_fetch and not self._fetching.locked():
                await self._read_ahead()  # the other workers go on meanwhile
                continue
            if self._ready:
                if self._left is not None:
                    self._left -= 1
                row = self._ready.popleft()
                self._count(row, -1)
                return row
            if self._exhausted and not self._held_back:
                return None
            if self._may_fetch:
                await self._read_ahead()
            else:
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter
        return None

    def done(self, row: WaitingRow) -> None:
        """Free the row's destination for its next row."""
        behind = self._held_back[row.destination]
        if behind:
            self._ready.append(behind.popleft())
        else:
            del self._held_back[row.destination]
        self._wake(1)

    def upcoming(self, count: int) -> list[WaitingRow]:
        """The rows that `take` will return next, as far as they are known and at most `count`.

        Those whose destination is free come first; then, in turns, those behind a row of their destination.
        """
        count = count if self._left is None else min(count, self._left)
        rows = list(islice(self._ready, count))
        if len(rows) < count and self._rows > len(rows):
            behind = [iter(waiting) for waiting in self._held_back.values() if waiting]
            turns = chain.from_iterable(zip_longest(*behind))
            rows += islice((row for row in turns if row is not None), count - len(rows))
        return rows

    @property
    def _may_fetch(self) -> bool:
        return not self._exhausted and self._rows < ROWS_AHEAD and self._bytes < BYTES_AHEAD

    async def _read_ahead(self) -> None:
        async with self._fetching:
            if len(self._ready) >= PAGE or not self._may_fetch:
                return  # another worker has read meanwhile
            page = await self._fetch(self._last_seq, self._page)
            self._exhausted = len(page) < self._page
            self._enqueue(page)
            longest = max((len(row.body) for row in page), default=0)
            self._page = max(1, min(PAGE, PAGE_BYTES // max(1, longest)))

    def _enqueue(self, page: Sequence[WaitingRow]) -> None:
        for row in page:
            self._count(row, +1)
            self._last_seq = row.seq
            if row.destination in self._held_back:
                self._held_back[row.destination].append(row)
            else:
                self._held_back[row.destination] = deque()
                self._ready.append(row)
        self._wake(len(self._ready))

    def _wake(self, workers: int) -> None:
        """Wake as many workers as may find a row: to wake all for each row would cost more than to send it."""
        while workers > 0 and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                workers -= 1

    def _count(self, row: WaitingRow, sign: int) -> None:
        self._rows += sign
        self._bytes += sign * len(row.body)


async def waiting_rows(context: DeliveryContext, after: int, most: int) -> list[WaitingRow]:
    """The next rows of this round: none behind its last one, and none that an earlier round brought to an end."""
    log, last, done = context.log, context.last, context.finished.unsent
    if last is None and not done:
        return await log.waiting(after, most)
    found: list[WaitingRow] = []
    while len(found) < most:
        page = await log.waiting(after, most - len(found))
        within = [row for row in page if last is None or row.seq <= last]
        found += [row for row in within if not (row.again and done and row.seq in done)]
        if not page or len(within) < len(page):
            break
        after = page[-1].seq
    return found

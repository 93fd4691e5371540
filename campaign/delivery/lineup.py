"""Who is next: rows in sheet order, one at a time for each destination."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from campaign.journal import Waiting

Fetch: TypeAlias = Callable[[int, int], Awaitable[list["Waiting"]]]
"""Rows after a place in the run, so many at the most."""

PAGE, FIRST_PAGE = 256, 16
"""Rows that are read together: fewer at first, as nobody knows yet how long the messages are."""

PAGE_BYTES = 4 * 1024 * 1024
"""What they may come to: the longer the messages, the shorter a page."""

ROWS_AHEAD = 2000
BYTES_AHEAD = 16 * 1024 * 1024


class Lineup:
    """Hands out rows; holds back those whose destination is being sent to. Looks ahead a bounded way."""

    def __init__(self, fetch: Fetch, limit: int | None = None) -> None:
        """Make a lineup.

        Args:
            fetch: reads rows.
            limit: how many rows to hand out at the most.
        """
        self._fetch = fetch
        self._left = limit
        self._ready: deque[Waiting] = deque()
        self._behind: dict[str, deque[Waiting]] = {}  # of each destination that is busy, what waits behind
        self._rows = 0
        self._bytes = 0
        self._last_seq = 0
        self._page = FIRST_PAGE
        self._exhausted = False
        self._fetching = asyncio.Lock()
        self._freed = asyncio.Event()

    async def take(self) -> Waiting | None:
        """The next row whose destination is free, marked as busy until `done`; None when there is no more."""
        while self._left != 0:
            if len(self._ready) < PAGE and self._may_look and not self._fetching.locked():
                await self._look_ahead()  # the other workers go on meanwhile
                continue
            if self._ready:
                if self._left is not None:
                    self._left -= 1
                row = self._ready.popleft()
                self._count(row, -1)
                return row
            if self._exhausted and not self._behind:
                return None
            if not self._may_look:
                self._freed.clear()
                await self._freed.wait()
            else:
                await self._look_ahead()
        return None

    def done(self, row: Waiting) -> None:
        """The row's destination is free for its next row."""
        behind = self._behind[row.destination]
        if behind:
            self._ready.append(behind.popleft())
        else:
            del self._behind[row.destination]
        self._freed.set()

    def coming(self, count: int) -> list[Waiting]:
        """The rows that `take` gives next, as far as they are known and so many at the most."""
        return list(islice(self._ready, count if self._left is None else min(count, self._left)))

    @property
    def _may_look(self) -> bool:
        return not self._exhausted and self._rows < ROWS_AHEAD and self._bytes < BYTES_AHEAD

    async def _look_ahead(self) -> None:
        async with self._fetching:
            if len(self._ready) >= PAGE or not self._may_look:
                return  # another worker has looked, meanwhile
            page = await self._fetch(self._last_seq, self._page)
            self._exhausted = len(page) < self._page
            self._line_up(page)
            longest = max((len(row.body) for row in page), default=0)
            self._page = max(1, min(PAGE, PAGE_BYTES // max(1, longest)))

    def _line_up(self, page: Sequence[Waiting]) -> None:
        for row in page:
            self._count(row, +1)
            self._last_seq = row.seq
            if row.destination in self._behind:
                self._behind[row.destination].append(row)
            else:
                self._behind[row.destination] = deque()
                self._ready.append(row)

    def _count(self, row: Waiting, sign: int) -> None:
        self._rows += sign
        self._bytes += sign * len(row.body)

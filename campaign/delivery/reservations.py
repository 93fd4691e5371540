"""Reservations: rows that will be sent within the next moment are put on record together, before their turn.

Every attempt has to be on disk before its request's first byte leaves. Where rows follow each other quickly, waiting
for the disk at each row costs more than sending it. After a crash, a reserved row that was never sent is read back like
any row that was cut off; so reservations are only made for servers with a read-back, and only for as many rows as
they accept in a moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.delivery.ports import AttemptLog, Clock
    from campaign.delivery.row_queue import RowQueue
    from campaign.journal.records import Reservation

HORIZON = 0.1
"""Seconds to look ahead."""

FEWEST, MOST = 16, 256
"""Bounds for the rows reserved at once; below the lower one, waiting for the disk holds up no row."""


class Reservations:
    """Begins attempts: reserved ones at once, others by waiting for the log."""

    def __init__(self, log: AttemptLog, queue: RowQueue, clock: Clock, *, enabled: bool) -> None:
        self._log = log
        self._queue = queue
        self._clock = clock
        self._enabled = enabled
        self._reserved: dict[int, Reservation] = {}
        self._target = 0
        self._begun = 0
        self._since = clock.now()

    async def begin(self, seq: int) -> int:
        """Return the number of a row's next attempt once it is durable.

        Raises:
            JournalWriteError: the attempt is not on record.
        """
        if self._enabled:
            self._begun += 1
            if self._begun >= max(FEWEST, self._target // 4):
                self._look_ahead()
        reservation = self._reserved.get(seq)
        if reservation is None:
            return await self._log.begin(seq, self._clock.epoch())
        await self._log.begin_reserved(reservation)
        del self._reserved[seq]
        return reservation.attempt

    def withdraw_all(self) -> None:
        """Take back every reservation that was not used."""
        for reservation in self._reserved.values():
            self._log.withdraw(reservation)
        self._reserved.clear()

    def _look_ahead(self) -> None:
        now = self._clock.now()
        self._target = rows_to_reserve(self._begun, now - self._since, before=self._target)
        self._begun, self._since = 0, now
        upcoming = self._queue.upcoming(self._target)
        rows = [row.seq for row in upcoming if not row.attempts and row.seq not in self._reserved]
        if rows:
            reserved = self._log.reserve(rows, self._clock.epoch())
            self._reserved.update((reservation.seq, reservation) for reservation in reserved)


def rows_to_reserve(begun: int, seconds: float, *, before: int) -> int:
    """How many rows to have reserved, after `begun` attempts in `seconds`.

    At most twice as many as before: the rate limiter allows a small burst, which is not a pace.
    """
    most = min(MOST, max(FEWEST, 2 * before))
    rows = most if begun * HORIZON >= most * seconds else int(begun * HORIZON / seconds)
    return rows if rows >= FEWEST else 0

"""Looking ahead: rows that are sent within the next moment go on record together, before their turn comes.

Every attempt has to be on disk before its first byte leaves. Where rows follow each other fast, to wait for the disk at
each costs more than to send it. A row that is on record and was never sent, because of a crash, is asked about on
resume as any row cut off; so this is for servers that can be asked, and for as many rows as they take in a moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.delivery.clock import Clock
    from campaign.delivery.lineup import Lineup
    from campaign.delivery.surroundings import Record

WITHIN = 0.1
"""Seconds to look ahead."""

FEWEST, MOST = 16, 256
"""Rows on record ahead: where they would be fewer, the disk holds nobody up."""


class Ahead:
    """Announces rows at the pace at which rows are sent."""

    def __init__(self, lineup: Lineup, record: Record, clock: Clock) -> None:
        self._lineup = lineup
        self._record = record
        self._clock = clock
        self._rows = 0
        self._begun = 0
        self._since = clock.now()

    def one_begins(self) -> None:
        """A row is about to be sent: its turn has come."""
        self._begun += 1
        if self._begun >= max(FEWEST, self._rows // 4):
            self._look()

    def _look(self) -> None:
        now = self._clock.now()
        self._rows = rows_ahead(self._begun, now - self._since, before=self._rows)
        self._begun, self._since = 0, now
        coming = [row.seq for row in self._lineup.coming(self._rows) if not row.attempts]
        if coming:
            self._record.announce(coming, self._clock.epoch())


def rows_ahead(begun: int, seconds: float, *, before: int) -> int:
    """How many rows to have on record ahead, when so many began in so many seconds.

    At the most twice as many as before: the throttle lets a few leave at once, which is no pace.
    """
    most = min(MOST, max(FEWEST, 2 * before))
    rows = most if begun * WITHIN >= most * seconds else int(begun * WITHIN / seconds)
    return rows if rows >= FEWEST else 0

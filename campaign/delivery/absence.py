"""When a list is evidence that the server does not have a message: where it contains others of the time around it.

A list can be empty, cut at some length, late, or of another period than was asked for, and says so nowhere. So a row is
absent only where the list contains messages that are known to be taken, of the same account and kind, from before its
attempt and from after it. Of the earliest and the latest of a run one side is enough, if that message is near in time
and the server has confirmed it: of messages that are known from the list alone, none can be missing from it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.delivery.doubtful import Absent, Unclear
from campaign.journal.doubts import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.channels.look_up import Sought
    from campaign.delivery.doubtful import DoubtfulMessage

NEAR, NEXT = 600.0, 60.0
"""Seconds up to which a message is near that was sent before a row's attempt, and afterwards: where there is none from
before, the list may begin between the two."""

NO_EVIDENCE = "the server's list shows no other message of that time, by which it could be told whether it is complete"
NOT_ON_RECORD = "when it was sent is not on record"
UNDER_WAY = "its request may still be under way"
CLOCK_SET_BACK = "this machine's clock was set back since it was sent"

Alike: TypeAlias = tuple[str, str]
"""Account and kind: a key may list the messages of one account only, and a list may lack a kind of message."""


class Witness(NamedTuple):
    """A message in the list that is known to be this campaign's, and when it was taken by the local clock.

    Attributes:
        alike: its account and kind.
        earliest: it was not taken before.
        latest: nor afterwards.
        confirmed: whether the server has confirmed it, rather than the list alone.
    """

    alike: Alike
    earliest: float
    latest: float
    confirmed: bool


class Witnesses:
    """The witnesses of a list, in the order of time."""

    def __init__(self, witnesses: Iterable[Witness], awaited: Iterable[Alike]) -> None:
        """Sort witnesses.

        Args:
            witnesses: messages in the list.
            awaited: account and kind of messages that are not in the list yet, and may come.
        """
        self._latest: dict[tuple[Alike, bool], list[float]] = defaultdict(list)
        self._earliest: dict[tuple[Alike, bool], list[float]] = defaultdict(list)
        for each in witnesses:
            self._latest[each.alike, each.confirmed].append(each.latest)
            self._earliest[each.alike, each.confirmed].append(each.earliest)
        for times in (*self._latest.values(), *self._earliest.values()):
            times.sort()
        self._awaited = frozenset(awaited)

    def absence_of(self, row: DoubtfulMessage, at: float) -> Absent | Unclear:
        """Whether the list, which does not contain a row's message, should contain it.

        Args:
            row: the row.
            at: when the list was asked for, by the local clock.
        """
        if not math.isfinite(row.ended):
            return Unclear(row.seq, NOT_ON_RECORD)
        if at < row.ended:
            is_late = row.began <= at
            return Unclear(row.seq, UNDER_WAY if is_late else CLOCK_SET_BACK, later=is_late)
        apart = self._apart(row)
        if apart is None:
            return Unclear(row.seq, NO_EVIDENCE, later=self.awaits(row))
        return Absent(row.seq, apart, last=self._after(alike_of(row.sought), row.ended) is None)

    def awaits(self, row: DoubtfulMessage) -> bool:
        """Whether messages like a row's may come into the list."""
        return alike_of(row.sought) in self._awaited

    def _apart(self, row: DoubtfulMessage) -> float | None:
        """How long after this list a second one has to be the same; None where the list is no evidence."""
        alike = alike_of(row.sought)
        if not self._latest.get((alike, True)):
            return None
        if self._before(alike, row.began) is None:
            first = self._after(alike, row.began, confirmed=True)
            if first is None or first - row.began > NEXT or not row.is_first:
                return None
        if self._after(alike, row.ended) is not None:
            return 0.0
        since = self._before(alike, row.last, confirmed=True)
        return None if since is None else row.ended - since

    def _before(self, alike: Alike, moment: float, *, confirmed: bool = False) -> float | None:
        """The latest time of a near witness from before a moment."""
        found = []
        for kind in (True,) if confirmed else (True, False):
            times = self._latest.get((alike, kind), [])
            place = bisect_right(times, moment + ROUNDING)
            found += times[place - 1 : place] if place else []
        latest = max(found, default=-math.inf)
        return latest if moment - latest <= NEAR else None

    def _after(self, alike: Alike, moment: float, *, confirmed: bool = False) -> float | None:
        """The earliest time of a witness from after a moment."""
        found = []
        for kind in (True,) if confirmed else (True, False):
            times = self._earliest.get((alike, kind), [])
            place = bisect_left(times, moment - ROUNDING)
            found += times[place : place + 1]
        return min(found, default=None)


def alike_of(sought: Sought) -> Alike:
    """Account and kind of a message."""
    return sought.conversation[0], sought.kind

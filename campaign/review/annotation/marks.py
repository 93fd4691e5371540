"""What stands beside a row in an annotated list: its latest state over all runs of the list."""

from __future__ import annotations

import heapq
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State
from campaign.journal.decisions import DELIVERED
from campaign.review.phrases import STATE_STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from campaign.journal import EarlierRow, RowResult

HEADERS = ("Status", "Reason", "Sent at")

_TELLS_LITTLE = (State.SKIPPED, State.PENDING, State.INVALID)
"""A later run that left a row out does not change that an earlier one sent it."""


class Mark(NamedTuple):
    """What is added to a row.

    Attributes:
        status: the row's state, in words.
        reason: why it was not sent; "" where it was.
        sent_at: when it was sent, in seconds since the epoch.
    """

    status: str
    reason: str = ""
    sent_at: float | None = None


def latest_marks(
    runs: Mapping[int, Iterable[RowResult]], find: Callable[[tuple[int, int]], EarlierRow | None]
) -> Iterator[tuple[int, Mark]]:
    """The mark of each row, by its number, in sheet order.

    Args:
        runs: the rows of each run of the list in sheet order, by the run's number; the oldest run first.
        find: finds the row that was sent, or may have been, for a row of one of them: another run may have sent it
            from the sheet To fix.
    """
    numbered = (_in_run(run, results) for run, results in runs.items())
    for row, found in groupby(heapq.merge(*numbered, key=itemgetter(0, 1)), key=itemgetter(0)):
        latest: tuple[int, RowResult] | None = None
        for _, run, result in found:
            keeps = latest is not None and latest[1].state in DELIVERED and result.state in _TELLS_LITTLE
            latest = latest if keeps else (run, result)
        if latest is not None:
            yield row, _mark(*latest, find)


def _in_run(run: int, results: Iterable[RowResult]) -> Iterator[tuple[int, int, RowResult]]:
    return ((result.row, run, result) for result in results)


def _mark(run: int, result: RowResult, find: Callable[[tuple[int, int]], EarlierRow | None]) -> Mark:
    if result.state is State.SENT:
        return Mark(STATE_STYLES[result.state].label, "", result.at)
    if result.state not in DELIVERED and (other := find((run, result.row))) is not None:
        return Mark(STATE_STYLES[other.state].label, f"by run {other.run}, row {other.row} of its list")
    return Mark(STATE_STYLES[result.state].label, result.reason)

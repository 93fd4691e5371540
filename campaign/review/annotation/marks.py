"""What stands beside a row in an annotated list: its latest state over all runs of the list."""

from __future__ import annotations

import heapq
from itertools import chain, count, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.journal import State
from campaign.journal.decisions import DELIVERED
from campaign.review.phrases import STATE_STYLES, on_one_line
from campaign.review.workbook.cells import local_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from campaign.journal import EarlierRow, RowResult

Values: TypeAlias = "Sequence[str | float | None]"
"""A text for each added column, or when, in seconds since the epoch; None or "" for nothing."""

_NO_ROW = 1 << 40
"""More than the number of any row."""

_HEADERS = ("Status", "Reason", "Sent at")

_TELLS_LITTLE = (State.SKIPPED, State.PENDING, State.INVALID)
"""A later run that left a row out does not change that an earlier one sent it."""


class Mark(NamedTuple):
    """What is added to a row.

    Attributes:
        status: the row's state, in words.
        reason: why, on one line; "" where there is nothing to say.
        sent_at: when it was sent, in seconds since the epoch; None where it was not, or nobody knows when.
    """

    status: str
    reason: str = ""
    sent_at: float | None = None


class _Event(NamedTuple):
    """What a run says of a row."""

    run: int
    state: State
    mark: Mark


def added_headers(headers: Sequence[str]) -> tuple[str, ...]:
    """The headers of the added columns, numbered where the list has such headers: those of a table must differ."""
    taken = {header.strip().casefold() for header in headers}
    numbered = (tuple(f"{header} ({number})" for header in _HEADERS) for number in count(2))
    if not taken.intersection(map(str.casefold, _HEADERS)):
        return _HEADERS
    return next(names for names in numbered if not taken.intersection(map(str.casefold, names)))


def latest_marks(
    runs: Mapping[int, Iterable[RowResult]], find: Callable[[tuple[int, int]], EarlierRow | None]
) -> Iterator[tuple[int, Mark]]:
    """The mark of each row, by its number, in sheet order.

    Args:
        runs: the rows of each run of the list in sheet order, by the run's number.
        find: finds the row by which a run of another list, the sheet To fix, sent a row of these runs, or may have.
    """
    numbered = (_in_run(run, results) for run, results in runs.items())
    for row, found in groupby(heapq.merge(*numbered, key=itemgetter(0)), key=itemgetter(0)):
        events = [_event(run, result) for _, run, result in found]
        corrected = [other for run in runs if (other := find((run, row))) is not None]
        events += map(_corrected, corrected)
        yield row, _latest(sorted(events, key=itemgetter(0))).mark


def values_by_row(
    marks: Iterable[tuple[int, Mark]], header_row: int, headers: tuple[str, ...]
) -> Callable[[int], Values | None]:
    """A function that returns what to add to a row; it has to be called with growing numbers."""
    marked = chain(marks, ((_NO_ROW, Mark("")),))
    row, mark = next(marked)

    def values(number: int) -> Values | None:
        nonlocal row, mark
        if number == header_row:
            return headers
        found = None
        while row <= number:
            found = mark if row == number else None
            row, mark = next(marked)
        return found

    return values


def shown_time(at: float) -> str:
    """A local date and time as a text.

    Args:
        at: seconds since the epoch.
    """
    return local_time(at).replace(microsecond=0).isoformat(" ")


def _in_run(run: int, results: Iterable[RowResult]) -> Iterator[tuple[int, int, RowResult]]:
    return ((result.row, run, result) for result in results)


def _event(run: int, result: RowResult) -> _Event:
    mark = Mark(STATE_STYLES[result.state].label, on_one_line(result.reason), result.sent_at)
    return _Event(run, result.state, mark)


def _corrected(other: EarlierRow) -> _Event:
    at = other.at if other.state is State.SENT else None
    mark = Mark(STATE_STYLES[other.state].label, f"by run {other.run}, row {other.row} of its list", at)
    return _Event(other.run, other.state, mark)


def _latest(events: Sequence[_Event]) -> _Event:
    latest = events[0]
    for event in events[1:]:
        taken_back = latest.state is State.DELETED and event.state is State.SKIPPED
        if not taken_back and not (latest.state in DELIVERED and event.state in _TELLS_LITTLE):
            latest = event
    return latest

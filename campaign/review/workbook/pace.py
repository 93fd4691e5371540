"""Messages per minute, as a chart shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_POINTS = 240
_SHOWN_OF_A_PAUSE = 2


class Point(NamedTuple):
    """A minute, or the minutes from one on: its beginning in seconds since the epoch, and messages per minute."""

    began: float
    messages: float


def pace_points(span: int, sent: Sequence[tuple[float, int]]) -> Iterator[Point]:
    """Fill the spans between those with messages; where that makes too many, a pause has only its first and last.

    Args:
        span: minutes.
        sent: beginnings (seconds since the epoch) and numbers of messages, in order of time.
    """
    if not sent:
        return
    seconds = 60 * span
    whole = round((sent[-1][0] - sent[0][0]) / seconds) < _MOST_POINTS
    before = sent[0][0]
    for began, count in sent:
        missing = round((began - before) / seconds) - 1
        if missing > _SHOWN_OF_A_PAUSE and not whole:
            yield Point(before + seconds, 0)
            yield Point(began - seconds, 0)
        else:
            yield from (Point(before + place * seconds, 0) for place in range(1, missing + 1))
        yield Point(began, count / span)
        before = began

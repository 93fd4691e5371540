"""The spans of time over which the messages of a run are counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SPANS = (1, 10, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 604800)
"""Seconds: the lengths of span that are chosen from."""

MOST_SPANS = 240
_MINUTE = 60


def choose_span(counts: Sequence[int], length: float) -> int:
    """The shortest span that makes few enough; one below a minute only where its pauses make few enough too.

    Args:
        counts: how many spans with a message there are, for each of `SPANS`.
        length: seconds from the first message to the last.
    """
    for span, count in zip(SPANS, counts, strict=True):
        if count <= MOST_SPANS and (span >= _MINUTE or length < MOST_SPANS * span):
            return span
    return SPANS[-1]


def spread(seconds: Sequence[tuple[float, int]], length: float) -> tuple[int, list[tuple[float, int]]]:
    """The messages of a run over spans of time; see `JournalStore.sent_by_time`.

    Args:
        seconds: whole seconds since the epoch in which messages were sent, in order, and how many in each.
        length: seconds from the first message to the last.
    """
    counted: dict[int, Counter[float]] = {}
    for span in SPANS:
        counts = counted[span] = Counter()
        for second, count in seconds:
            counts[second // span * float(span)] += count
    span = choose_span([len(counts) for counts in counted.values()], length)
    return span, sorted(counted[span].items())

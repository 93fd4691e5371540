"""The clock that the times in a server's list are of: known from messages that are surely ours, or not at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery.doubtful import DoubtfulMessage, SentMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from campaign.channels.look_up import ListedMessage

CLOSE = 5.0
"""Seconds to which a clock has to be known before a message within them counts as created afterwards. A `Date` has
whole seconds, and is written at some moment of a response that may take seconds."""

SLACK = 0.1
"""Seconds by which two clocks may drift apart, or be corrected, between two messages."""

ZONES = 900.0
"""Seconds by which time zones differ from UTC, or a multiple of them."""

MAJORITY, MANY = 0.8, 5
"""Share of the messages that have to agree where any of them may be another person's; and how many have to, where
nothing is known of their attempts."""


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """By how many seconds the server's clock is ahead of the local one: at least, and at most."""

    least: float = float("-inf")
    most: float = float("inf")

    @property
    def known(self) -> bool:
        """Whether the difference is known to within `CLOSE`."""
        return self.most - self.least <= CLOSE

    def meets(self, other: ClockBounds) -> bool:
        """Whether both may be the same clock."""
        return self.least <= other.most and other.least <= self.most

    def narrowed(self, least: float, most: float) -> ClockBounds:
        """Both bounds together; where they contradict each other a clock was set, and the difference may be either."""
        inner = ClockBounds(max(self.least, least), min(self.most, most))
        return inner if inner.least <= inner.most else ClockBounds(min(self.least, least), max(self.most, most))


Pair: TypeAlias = "tuple[SentMessage | DoubtfulMessage, ListedMessage]"


def list_clock(named: Sequence[Pair], alike: Sequence[Pair], date: ClockBounds, *, zoned: bool) -> ClockBounds:
    """The clock that the times in a list are of.

    Args:
        named: messages of rows that were sent and those in the list that are the same by their id.
        alike: rows and the only message in the list that each can be by its content, and which can be no other row's.
            A single one may be a person's, who wrote the same.
        date: the clock of the `Date` headers, which may be another one.
        zoned: whether the times in the list are points in time, rather than those of a clock in an unknown zone.
    """
    confirmed = list(_spans(pair for pair in alike if isinstance(pair[0], SentMessage) and pair[0].confirmed))
    due = list(_spans(pair for pair in alike if isinstance(pair[0], SentMessage) and pair[0].must_be_listed))
    sure, agreed = clock_of(named), _agreed(alike)
    if agreed and not all(map(agreed.meets, confirmed)):
        agreed = None  # this machine's clock was set in between
    if agreed and _is_from_before(agreed, date, zoned=zoned) and not any(map(agreed.meets, due)):
        agreed = None  # by chance, or they are another's who sent the same messages in the same course
    clock = sure or agreed or ClockBounds()
    if clock.known:
        return clock
    told = [*_spans(named), *confirmed, *([agreed] if agreed else [])]
    if zoned and date.known and told:
        inner = ClockBounds(max(each.least for each in (date, *told)), min(each.most for each in (date, *told)))
        if inner.least <= inner.most:
            return inner
    return sure or ClockBounds()


def _is_from_before(clock: ClockBounds, date: ClockBounds, *, zoned: bool) -> bool:
    """Whether messages by which a clock was told are older than their attempts, if the `Date` headers are right."""
    if not date.known or not clock.known:
        return False
    least, most = clock.least - date.most, clock.most - date.least
    zone = 0.0 if zoned else ZONES * round((least + most) / 2 / ZONES)
    return most < zone - CLOSE


def clock_of(pairs: Iterable[Pair]) -> ClockBounds | None:
    """The clock that messages tell that are surely the same; None where none does.

    A message was created between the beginning and the end of its attempt, so this is more exact than a `Date`, and
    true also where a proxy stamps that, where times name no zone, and where the local clock was set since.
    """
    spans = list(_spans(pairs))
    if not spans:
        return None
    least, most = max(each.least for each in spans), min(each.most for each in spans)
    if least > most:  # one of the clocks was set meanwhile: the difference may be any of these
        least, most = min(each.least for each in spans), max(each.most for each in spans)
    return ClockBounds(least, most)


def _agreed(pairs: Iterable[Pair]) -> ClockBounds | None:
    """The clock by which at least two messages, and `MAJORITY` of all, were created during their attempts.

    Where no attempts are on record, as after a recovery, it takes `MANY` messages, and only how much the clock is ahead
    at most is known.
    """
    spans = list(_spans(pairs))
    ended = [each for each in spans if math.isfinite(each.least)]
    edges = sorted([(each.least, -1) for each in ended] + [(each.most, 1) for each in ended])
    open_now, most_open, best = 0, 0, None
    for number, (edge, closes) in enumerate(edges):
        open_now -= closes
        if open_now > most_open:
            most_open, best = open_now, ClockBounds(edge, edges[number + 1][0])
    if ended:
        return best if most_open >= max(2, MAJORITY * len(ended)) else None
    if len(spans) < MANY:
        return None
    return ClockBounds(most=sorted(each.most for each in spans)[int((1 - MAJORITY) * len(spans))])


def _spans(pairs: Iterable[Pair]) -> Iterator[ClockBounds]:
    """The clocks by which each message was created during its attempt."""
    for sent, message in pairs:
        if message.created is not None and sent.ended is not None:
            least, most = message.created - sent.ended, message.created + message.precision - sent.began
            yield ClockBounds(least - SLACK, most + SLACK)

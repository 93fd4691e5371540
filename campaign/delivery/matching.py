"""Which of the messages that a server lists are those of rows in doubt: evidence, never a guess.

A row is found where a message has its conversation and content, was created not before its attempt began, and is no
other row's. A row is absent only where the list contains what it must, and no message in it could be the row's in
another form. Everything between is unclear, and then the row stays in doubt. Pure functions of what was read.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from campaign.channels.look_up import Conversation, ListedMessage, Sought

CLOSE = 5.0
"""Seconds to which the server's clock has to be known before a message within them counts as created afterwards. A
`Date` has whole seconds, and is written at some moment of a response that may take seconds."""

LATEST = 30.0
"""Seconds after a response up to which the message that it confirms may be created: a server may answer first."""

SLACK = 0.1
"""Seconds by which two clocks may drift apart, or be corrected, between two messages."""


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """By how many seconds the server's clock is ahead of the local one: at least, and at most."""

    least: float = float("-inf")
    most: float = float("inf")

    @property
    def known(self) -> bool:
        """Whether the difference is known to within `CLOSE`."""
        return self.most - self.least <= CLOSE

    def narrowed(self, least: float, most: float) -> ClockBounds:
        """Both bounds together; where they contradict each other a clock was set, and the difference may be either."""
        inner = ClockBounds(max(self.least, least), min(self.most, most))
        return inner if inner.least <= inner.most else ClockBounds(min(self.least, least), max(self.most, most))


class DoubtfulMessage(NamedTuple):
    """A message of a row in doubt.

    Attributes:
        seq: the row's place in the run.
        sought: its conversation and content.
        began: when its earliest attempt without a conclusive outcome began, in seconds since the epoch, local clock.
        until: after this time, local clock, no other message can be this one in another form.
    """

    seq: int
    sought: Sought
    began: float
    until: float = float("inf")


class SentMessage(NamedTuple):
    """A message that the server has confirmed, or that is counted as sent. Times as those of `DoubtfulMessage`.

    Attributes:
        sought: its conversation and content.
        message_id: its id, where the server gave one.
        began: when its attempt began.
        ended: when the response that confirms it had arrived; None where none did.
        must_be_listed: it was sent long enough ago for a list that is complete to contain it.
    """

    sought: Sought
    message_id: str | None
    began: float
    ended: float | None
    must_be_listed: bool = False


class Found(NamedTuple):
    """The row's message is there."""

    seq: int
    message_id: str
    error: str


class Absent(NamedTuple):
    """The row's message is not there."""

    seq: int


class Unclear(NamedTuple):
    """It cannot be told whether the row's message is there; `why` in plain words."""

    seq: int
    why: str


Match: TypeAlias = Found | Absent | Unclear

INCOMPLETE = "the server's list is not complete"
NO_CLOCK = "the server's time is not known well enough"
MAYBE_BEFORE = "an equal message is there, which may be an earlier one"
OTHER_MESSAGE = "another message is there, which may be this one in another form"


def match(
    doubtful: Sequence[DoubtfulMessage],
    sent: Sequence[SentMessage],
    listed: Iterable[ListedMessage],
    clock: ClockBounds,
    *,
    whole: bool,
) -> list[Match]:
    """Match rows in doubt with the messages of a list.

    Args:
        doubtful: the messages of rows in doubt, in sheet order.
        sent: other messages of the campaign: all of the same conversations, and some of others to test the list by.
        listed: what the server lists for the period, each message once.
        clock: the server's clock, as its `Date` headers tell.
        whole: whether every page was read and understood.

    Returns:
        What became of each doubtful message, in the same order.
    """
    unclaimed: dict[Conversation, list[ListedMessage]] = defaultdict(list)
    for message in sorted(listed, key=lambda each: each.created or 0.0):
        if message.outbound is not False:
            unclaimed[message.conversation].append(message)
    exact, missing = _claim(sent, unclaimed, clock)
    why_not = INCOMPLETE if missing or not whole else "" if exact.known else NO_CLOCK
    found = {each.seq: _find(each, unclaimed[each.sought.conversation], exact) for each in doubtful}
    return [
        found[each.seq] or _not_found(each, unclaimed[each.sought.conversation], exact, why_not) for each in doubtful
    ]


def _claim(
    sent: Sequence[SentMessage], unclaimed: dict[Conversation, list[ListedMessage]], clock: ClockBounds
) -> tuple[ClockBounds, bool]:
    """Take away the messages of other rows: by id, and then the first equal one for each that is left.

    Returns:
        The server's clock, and whether a message that must be listed is not.
    """
    by_id = {each.message_id: each for each in sent if each.message_id}
    pairs = []
    for messages in unclaimed.values():
        for message in [each for each in messages if each.message_id in by_id]:
            messages.remove(message)
            pairs.append((by_id.pop(message.message_id), message))
    exact = clock_of(pairs) or clock
    missing = False
    left = [each for each in sent if not each.message_id or each.message_id in by_id]
    for each in sorted(left, key=lambda sent: sent.began):
        messages = unclaimed[each.sought.conversation]
        equal = next(_equal_since(each.sought, each.began, messages, exact), None)
        if equal is not None and _is_in_time(equal, each.ended, exact):
            messages.remove(equal)
        else:
            missing = missing or each.must_be_listed
    return exact, missing


def _is_in_time(message: ListedMessage, ended: float | None, clock: ClockBounds) -> bool:
    """Whether a message can be the one that a response at `ended` confirms."""
    return ended is None or (message.created or 0.0) <= ended + LATEST + clock.most


def clock_of(pairs: Iterable[tuple[SentMessage, ListedMessage]]) -> ClockBounds | None:
    """The clock that the times in the list are of, as messages tell that are surely the same; None where none does.

    A message was created between the beginning and the end of its attempt, so this is more exact than a `Date`, and
    true also where a proxy stamps that.
    """
    spans = [
        (message.created - sent.ended - SLACK, message.created + message.precision - sent.began + SLACK)
        for sent, message in pairs
        if message.created is not None and sent.ended is not None and sent.ended - sent.began <= CLOSE
    ]
    if not spans:
        return None
    least, most = max(each[0] for each in spans), min(each[1] for each in spans)
    if least > most:  # one of the clocks was set meanwhile: the difference may be any of these
        least, most = min(each[0] for each in spans), max(each[1] for each in spans)
    return ClockBounds(least, most)


def _find(row: DoubtfulMessage, messages: list[ListedMessage], clock: ClockBounds) -> Found | Unclear | None:
    """The first equal message that is no other row's, which is then this row's."""
    message = next(_equal_since(row.sought, row.began, messages, clock), None)
    if message is None or message.created is None:
        return None
    messages.remove(message)
    if not clock.known and message.created < row.began + clock.most:
        return Unclear(row.seq, MAYBE_BEFORE)
    return Found(row.seq, message.message_id, message.error)


def _not_found(
    row: DoubtfulMessage, messages: Sequence[ListedMessage], clock: ClockBounds, why_not: str
) -> Absent | Unclear:
    """Whether the list is evidence that the server does not have a message."""
    if why_not:
        return Unclear(row.seq, why_not)
    for message in messages:
        if row.sought.content <= message.texts:
            return Unclear(row.seq, MAYBE_BEFORE)
        if message.created is None or row.began <= message.created + message.precision - clock.least <= row.until:
            return Unclear(row.seq, OTHER_MESSAGE)
    return Absent(row.seq)


def _equal_since(
    sought: Sought, began: float, messages: Iterable[ListedMessage], clock: ClockBounds
) -> Iterator[ListedMessage]:
    """Outbound messages with this content that may have been created since a moment of the local clock."""
    for message in messages:
        is_equal = bool(message.outbound and sought.content) and sought.content <= message.texts
        if is_equal and message.created is not None and message.created + message.precision >= began + clock.least:
            yield message

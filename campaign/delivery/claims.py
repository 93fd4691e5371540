"""Which listed message can be whose: rows of one conversation claim messages by content and time.

Rows and messages form a graph, of which each connected part is settled as a whole: where every row of it can have a
message of its own, each has one; where the rows that are known to be sent need all of them, none is left for the rows
in doubt; anything else cannot be told, because the content does not say whose a message is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.channels.look_up import ListedMessage, Sought
    from campaign.delivery.list_clock import ClockBounds

MOST_ALIKE = 300
"""Rows of one conversation with one content of which it is told which message is whose."""


class Claimant(NamedTuple):
    """A row whose message may be in the list, without an id that tells which it is.

    Attributes:
        sought: its conversation and content.
        began: when its attempt began, by the local clock.
        until: when its message was created at the latest; infinite where that is not known.
        doubtful: whether it may have no message in the list: a row in doubt, rather than one that is known to be sent.
    """

    sought: Sought
    began: float
    until: float
    doubtful: bool

    def can_be(self, message: ListedMessage, clock: ClockBounds) -> bool:
        """Whether a message with this content may have been created by the row's attempt."""
        if message.created is None:
            return False
        earliest, latest = self.began + clock.least, self.until + clock.most
        return earliest <= message.created + message.precision and message.created <= latest


class MessageIndex:
    """The outbound messages of one conversation, by content."""

    def __init__(self, messages: Sequence[ListedMessage]) -> None:
        self._by_text: dict[str, list[ListedMessage]] = defaultdict(list)
        for message in messages:
            if message.outbound:
                for text in message.content:
                    self._by_text[text].append(message)

    def shown(self, sought: Sought) -> list[ListedMessage]:
        """The messages that show a content, in their order."""
        rarest = min((self._by_text.get(text, []) for text in sought.content), key=len, default=[])
        return [message for message in rarest if sought.is_shown_by(message)]


class LeftMessages:
    """The messages of one conversation that nobody owns and that are not known to be the customer's."""

    def __init__(self, messages: Sequence[ListedMessage]) -> None:
        self._by_text: dict[str, list[ListedMessage]] = defaultdict(list)
        for message in messages:
            for text in message.texts:
                self._by_text[text].append(message)
        self._times = sorted(each.created + each.precision for each in messages if each.created is not None)
        self._has_timeless = any(each.created is None for each in messages)

    def may_contain(self, sought: Sought) -> bool:
        """Whether any of them may be a message, whenever it was created."""
        rarest = min((self._by_text.get(text, []) for text in sought.content), key=len, default=[])
        return any(sought.may_be(message) for message in rarest)

    def has_any_of(self, earliest: float, latest: float) -> bool:
        """Whether any of them may be created in a span of time by the list's clock."""
        place = bisect_left(self._times, earliest)
        return self._has_timeless or (place < len(self._times) and self._times[place] <= latest)


@dataclass(slots=True)
class Claims:
    """Whose the messages of one conversation are, by the place of the claimants.

    Attributes:
        owned: the message of each claimant that has one.
        unclear: claimants of which it cannot be told.
    """

    owned: dict[int, ListedMessage] = field(default_factory=dict)
    unclear: set[int] = field(default_factory=set)


def claims(claimants: Sequence[Claimant], choices: Sequence[Collection[ListedMessage]]) -> Claims:
    """Settle whose the messages of a conversation are.

    Args:
        claimants: the rows, in the order in which they are served where it does not matter.
        choices: the messages that each of them can be, the earliest first.
    """
    result = Claims()
    for part in _parts(choices):
        sure = [each for each in part if not claimants[each].doubtful]
        messages = {message.message_id for each in part for message in choices[each]}
        # The server tries again: an error that was followed by the message itself is none.
        delivered = [[message for message in choices[each] if not message.error] for each in part]
        pool = delivered if any(delivered) else [choices[each] for each in part]
        owned = _assigned(part, pool)
        if len(owned) < len(part):
            owned = _assigned(sure, [choices[each] for each in sure])
            if len(owned) < len(messages):
                result.unclear.update(part)
        result.owned.update(owned)
    return result


def _parts(choices: Sequence[Collection[ListedMessage]]) -> Iterator[list[int]]:
    """The connected parts of the graph, each in the order of its rows."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, messages in enumerate(choices):
        for message in messages:
            rows_of[message.message_id].append(row)
    seen: set[int] = set()
    for first, messages in enumerate(choices):
        if first in seen or not messages:
            continue
        part, waiting = {first}, [first]
        while waiting:
            row = waiting.pop()
            near = {other for message in choices[row] for other in rows_of.pop(message.message_id, ())} - part
            part |= near
            waiting += near
        seen |= part
        yield sorted(part)


def _assigned(rows: Sequence[int], choices: Sequence[Collection[ListedMessage]]) -> dict[int, ListedMessage]:
    """A message for as many rows as possible, each for one row alone (augmenting paths)."""
    if len(rows) > MOST_ALIKE:
        return {}
    owner: dict[str, int] = {}
    owned: dict[int, ListedMessage] = {}
    place = {row: index for index, row in enumerate(rows)}

    def give(row: int, tried: set[str]) -> bool:
        """Give a row a message that is free, or one whose owner can have another."""
        wanted = [message for message in choices[place[row]] if message.message_id not in tried]
        tried.update(message.message_id for message in wanted)
        for message in sorted(wanted, key=lambda each: each.message_id in owner):  # stable: the earliest first
            if message.message_id not in owner or give(owner[message.message_id], tried):
                owner[message.message_id], owned[row] = row, message
                return True
        return False

    for row in rows:
        give(row, set())
    return owned

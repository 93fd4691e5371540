"""Which of the messages that a server lists are those of rows in doubt: evidence, never a guess.

A row is found where a message has its conversation and content, was created not before its attempt began, and is no
other row's (`claims.py`), by a clock that is known (`list_clock.py`). A row is absent only where the list contains what
it must, other messages of that time are in it (`absence.py`), and no message in it could be the row's in another form.
Everything between is unclear, and then the row stays in doubt. Pure functions of what was read.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.delivery.absence import Witness, Witnesses, alike_of
from campaign.delivery.claims import Claimant, LeftMessages, MessageIndex, claims
from campaign.delivery.doubtful import Absent, DoubtfulMessage, Found, Match, SentMessage, Unclear
from campaign.delivery.list_clock import ClockBounds, list_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from campaign.channels.look_up import Conversation, ListedMessage
    from campaign.delivery.list_clock import Pair

LATEST, LATE = 30.0, 120.0
"""Seconds after the end of an attempt up to which its message may be created: after a response that confirms it, as a
server may answer first; and without one. Later ones may be a person's, who has sent it by hand."""

INCOMPLETE = "the server's list is not complete"
NO_CLOCK = "the server's time is not known well enough"
EQUAL = "an equal message"
MAYBE_OTHER = f"{EQUAL} is there, which may be another one"
OTHER_MESSAGE = "another message is there, which may be this one in another form"
SEVERAL = "several rows have this content, and fewer messages with it are there"


@dataclass(slots=True)
class _Place:
    """One conversation: the rows that claim messages of it, and the messages that nobody owns yet, by time."""

    messages: list[ListedMessage] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)


def match(
    doubtful: Sequence[DoubtfulMessage],
    sent: Sequence[SentMessage],
    listed: Iterable[ListedMessage],
    date: ClockBounds,
    *,
    whole: bool,
    at: float,
) -> list[Match]:
    """Match rows in doubt with the messages of a list.

    Args:
        doubtful: the messages of rows in doubt, in sheet order.
        sent: other messages of the campaign: all of the same conversations, and some of others to test the list by.
        listed: what the server lists for the period, each message once.
        date: the server's clock, as its `Date` headers tell.
        whole: whether every page was read and understood.
        at: when the list was asked for, in seconds since the epoch, local clock.

    Returns:
        What became of each doubtful message, in the same order.
    """
    matching = _Matching(doubtful, sent, listed, date)
    matching.claim()
    why_not = "" if whole and not matching.lacks_one() else INCOMPLETE
    witnesses = matching.witnesses()
    return [matching.verdict(place, witnesses, why_not, at) for place in range(len(doubtful))]


class _Matching:
    """The work of `match`; rows are known by their places in its arguments."""

    def __init__(
        self,
        doubtful: Sequence[DoubtfulMessage],
        sent: Sequence[SentMessage],
        listed: Iterable[ListedMessage],
        date: ClockBounds,
    ) -> None:
        self._doubtful = doubtful
        self._sent = sent
        self._places: dict[Conversation, _Place] = defaultdict(_Place)
        self._found: dict[int, ListedMessage] = {}
        self._unclear: set[int] = set()
        self._owned: dict[int, ListedMessage] = {}
        self._by_id: set[int] = set()
        self._contested: set[int] = set()
        self._left: dict[Conversation, LeftMessages] = {}
        self._identify(sorted(listed, key=lambda each: each.created or 0.0))
        self._clock = self._clock_of(date)

    def _identify(self, listed: Sequence[ListedMessage]) -> None:
        """Take away the messages that sent rows know by their ids, and place everything else."""
        by_id = {each.message_id: place for place, each in enumerate(self._sent) if each.message_id}
        zoned = True
        for message in listed:
            zoned = zoned and message.zoned
            place = by_id.get(message.message_id)
            if message.outbound is False:
                continue
            if place is not None and self._sent[place].sought.conversation == message.conversation:
                self._owned[place] = message
                self._by_id.add(place)
            else:
                self._places[message.conversation].messages.append(message)
        self._zoned = zoned
        for place, sent in enumerate(self._sent):
            # One that is listed with an error may be there once more: the server tries again.
            if place not in self._owned or self._owned[place].error:
                self._places[sent.sought.conversation].sent.append(place)
        for place, row in enumerate(self._doubtful):
            self._places[row.sought.conversation].doubtful.append(place)

    def _clock_of(self, date: ClockBounds) -> ClockBounds:
        """The clock of the list: told by messages that are known by id, or that only one row can have."""
        known = [(self._sent[place], message) for place, message in self._owned.items()]
        named = [pair for pair in known if pair[0].confirmed]
        # One that was found may have been created long after its attempt.
        alike: list[Pair] = [pair for pair in known if not pair[0].confirmed]
        for place in self._places.values():
            index = MessageIndex(place.messages)
            rows: list[SentMessage | DoubtfulMessage] = [self._sent[each] for each in place.sent]
            rows += [self._doubtful[each] for each in place.doubtful]
            shown = [index.shown(row.sought) for row in rows]
            rivals = Counter(message.message_id for messages in shown for message in messages)
            alike += [
                (row, messages[0])
                for row, messages in zip(rows, shown, strict=True)
                if len(messages) == 1 and rivals[messages[0].message_id] == 1
            ]
        return list_clock(named, alike, date, zoned=self._zoned)

    def claim(self) -> None:
        """Settle whose the messages are that no id names, conversation by conversation."""
        for place in self._places.values():
            rows = sorted(self._claimants(place), key=lambda row: row[0].began)
            index = MessageIndex(place.messages)
            choices = [
                [message for message in index.shown(claimant.sought) if claimant.can_be(message, self._clock)]
                for claimant, *_ in rows
            ]
            claimed = claims([claimant for claimant, *_ in rows], choices)
            for number, message in claimed.owned.items():
                _, owned, row = rows[number]
                owned.setdefault(row, message)
            for number in claimed.unclear:
                _, owned, row = rows[number]
                (self._unclear if owned is self._found else self._contested).add(row)
            taken = {message.message_id for message in claimed.owned.values()}
            place.messages = [message for message in place.messages if message.message_id not in taken]

    def _claimants(self, place: _Place) -> Iterator[tuple[Claimant, dict[int, ListedMessage], int]]:
        """The rows that claim messages of a conversation, where it is noted which they own, and their places there."""
        for each in place.sent:
            sent = self._sent[each]
            is_bounded = sent.confirmed and each not in self._owned
            until = sent.ended + LATEST if is_bounded and sent.ended is not None else math.inf
            is_optional = each in self._owned or self._is_named(sent)
            yield Claimant(sent.sought, sent.began, until, doubtful=is_optional), self._owned, each
        for each in place.doubtful:
            row = self._doubtful[each]
            yield Claimant(row.sought, row.began, row.ended + LATE, doubtful=True), self._found, each

    def lacks_one(self) -> bool:
        """Whether a message that must be in the list is not."""
        return any(each.must_be_listed and not self._has(place) for place, each in enumerate(self._sent))

    def _is_named(self, sent: SentMessage) -> bool:
        """Whether a message would be in the list by its id: others are."""
        return sent.message_id is not None and bool(self._by_id)

    def _has(self, place: int) -> bool:
        return place in (self._by_id if self._is_named(self._sent[place]) else self._owned)

    def witnesses(self) -> Witnesses:
        """The messages in the list that are surely ours, and those that may come."""
        found, awaited = [], []
        for place, sent in enumerate(self._sent):
            message = self._owned[place] if self._has(place) else None
            if message is None and sent.may_come:
                awaited.append(alike_of(sent.sought))
            elif message is not None and place not in self._contested:
                found += self._witness(sent, message)
        for place, message in self._found.items():
            found += self._witness(self._doubtful[place], message)
        return Witnesses(found, awaited)

    def _witness(self, row: SentMessage | DoubtfulMessage, message: ListedMessage) -> list[Witness]:
        if isinstance(row, SentMessage) and row.confirmed and row.ended is not None:
            return [Witness(alike_of(row.sought), row.began, row.ended, confirmed=True)]
        clock = self._clock
        if message.created is None or not clock.known:
            return []
        earliest, latest = message.created - clock.most, message.created + message.precision - clock.least
        return [Witness(alike_of(row.sought), earliest, latest, confirmed=False)]

    def verdict(self, place: int, witnesses: Witnesses, why_not: str, at: float) -> Match:
        """What the list says of a row in doubt."""
        row, message, clock = self._doubtful[place], self._found.get(place), self._clock
        if message is None:
            return Unclear(row.seq, SEVERAL) if place in self._unclear else self._absence(row, witnesses, why_not, at)
        if not clock.known and (message.created or -math.inf) < row.began + clock.most:
            return Unclear(row.seq, MAYBE_OTHER)
        return Found(row.seq, message.message_id, message.error)

    def _absence(self, row: DoubtfulMessage, witnesses: Witnesses, why_not: str, at: float) -> Match:
        """Whether the list is evidence that the server does not have a message that is not in it."""
        left = self._left_in(row.sought.conversation)
        if left.may_contain(row.sought):
            return Unclear(row.seq, MAYBE_OTHER)
        if why_not:
            return Unclear(row.seq, why_not, later=witnesses.awaits(row))
        absence = witnesses.absence_of(row, at)
        if isinstance(absence, Absent):
            if not self._clock.known:
                return Unclear(row.seq, NO_CLOCK)
            if left.has_any_of(row.began + self._clock.least, row.until + self._clock.least):
                return Unclear(row.seq, OTHER_MESSAGE)
        return absence

    def _left_in(self, conversation: Conversation) -> LeftMessages:
        if conversation not in self._left:
            self._left[conversation] = LeftMessages(self._places[conversation].messages)
        return self._left[conversation]

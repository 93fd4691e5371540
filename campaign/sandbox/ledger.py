"""The record of the requests that reached the sandbox, in order of arrival; bounded, so that it may run for weeks."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from campaign.channels.sandbox_api import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from campaign.channels.sandbox_api import Destination

MOST_ENTRIES = 100_000
"""Requests that are kept; the oldest are forgotten, and only counted."""

BY_HAND = "BY HAND"
"""In place of the HTTP method of a message that no request sent."""

MOST_BYTES = 32 * 1024 * 1024
"""Bytes of bodies that are kept; those of the oldest requests are dropped."""


@dataclass(slots=True)
class Entry:
    """One request that reached a message route.

    The body is kept as bytes and parsed on access: 100,000 parsed bodies would take several times the memory.

    Attributes:
        number: counts up from 1; clearing the ledger does not reset it.
        time: arrival, in seconds since the epoch by the real clock.
        channel: the channel's name.
        method: the HTTP method; "GET" for a redirect that was followed.
        destination: the message's account and conversation.
        raw: the body as received; empty once it is dropped.
        has_credentials: whether it had a header of the channel's credentials; the values are never kept.
        message_id: the id of the message that the request is about; None if it has none.
        taken: whether the message was stored.
        status: the HTTP status, once the whole reply was written to the network; None before.
        fault: the value of the request's `Fault`, if any.
        dropped: whether the body was dropped to make room.
        listed_at: when a client was last shown the message in a list, in seconds since the epoch; None: never.
        deleted_at: when a client deleted the message, likewise.
    """

    number: int
    time: float
    channel: str
    method: str
    destination: Destination
    raw: bytes
    has_credentials: bool
    message_id: str | None = None
    taken: bool = False
    status: int | None = None
    fault: str | None = None
    dropped: bool = False
    listed_at: float | None = None
    deleted_at: float | None = None

    @property
    def body(self) -> object:
        """The body parsed from JSON; None if it is not JSON, or dropped."""
        return parse_json(self.raw)

    def as_json(self) -> dict[str, object]:
        """The entry as JSON."""
        return {
            "number": self.number,
            "time": self.time,
            "channel": self.channel,
            "method": self.method,
            "destination": list(self.destination),
            "message_id": self.message_id,
            "body": self.body,
            "has_credentials": self.has_credentials,
            "taken": self.taken,
            "deleted": self.deleted_at is not None,
            "status": self.status,
            "fault": self.fault,
        }


class Ledger:
    """The requests that reached a message route, and the messages that were stored: the newest, and counts of all.

    Attributes:
        begun: when it was created or last cleared, in seconds since the epoch; when it changes, the inbox page reloads.
        requests: how many requests came since then.
        taken_count: how many messages were stored since then.
    """

    def __init__(self, most_entries: int = MOST_ENTRIES, most_bytes: int = MOST_BYTES) -> None:
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._last_number = 0
        self.clear()

    def clear(self) -> None:
        """Forget every request and every stored message."""
        self._entries: list[Entry] = []
        self._taken: list[Entry] = []
        self._taken_by_id: dict[str, Entry] = {}
        self._bytes = 0
        self._without_body = 0
        self.requests = 0
        self.taken_count = 0
        self.begun = time.time()

    @property
    def entries(self) -> Sequence[Entry]:
        """The requests that are kept, in the order of arrival."""
        return self._entries

    def taken(self, channel: str | None = None) -> list[Entry]:
        """The requests that are kept and whose message was stored, in the order of arrival; one channel's or all."""
        return [entry for entry in self._taken if channel is None or entry.channel == channel]

    def latest(self, count: int, after: int = 0) -> list[Entry]:
        """The newest stored messages, oldest first: at most `count`, and only those numbered above `after`."""
        newest = islice(reversed(self._taken), count)
        return [entry for entry in newest if entry.number > after and not entry.dropped][::-1]

    def find(self, message_id: str) -> Entry | None:
        """The stored message with this id, unless it was deleted."""
        return self._taken_by_id.get(message_id)

    def next_number(self) -> int:
        """The number of the request that has just arrived."""
        self._last_number += 1
        return self._last_number

    def record(self, entry: Entry) -> None:
        """Add a request, and make room for it."""
        self._entries.append(entry)
        self.requests += 1
        self._bytes += len(entry.raw)
        while self._bytes > self._most_bytes and self._without_body < len(self._entries) - 1:
            oldest = self._entries[self._without_body]
            self._bytes -= len(oldest.raw)
            oldest.raw, oldest.dropped = b"", True
            self._without_body += 1
        if len(self._entries) > self._most_entries * 1.1:  # not one by one: what is left moves up each time
            self._forget(len(self._entries) - self._most_entries)

    def _forget(self, count: int) -> None:
        self._bytes -= sum(len(entry.raw) for entry in self._entries[:count])
        del self._entries[:count]
        self._without_body = max(0, self._without_body - count)
        first = self._entries[0].number
        for entry in self._taken:
            if entry.number >= first:
                break
            self._taken_by_id.pop(entry.message_id or "", None)
        self._taken = [entry for entry in self._taken if entry.number >= first]

    def take(self, entry: Entry, message_id: str) -> None:
        """Store the message of an entry on record."""
        entry.message_id = message_id
        entry.taken = True
        self._taken.append(entry)
        self._taken_by_id[message_id] = entry
        self.taken_count += 1

    def delete(self, message_id: str) -> None:
        """Delete a stored message; it stays on record."""
        entry = self._taken_by_id.pop(message_id, None)
        if entry is not None:
            entry.deleted_at = time.time()

    def write_by_hand(self, channel: str, destination: Destination, raw: bytes, at: float | None = None) -> Entry:
        """Store a message that no request sent, as one that an agent writes into a conversation.

        Args:
            channel: the channel's name.
            destination: account and conversation.
            raw: the body that would have sent it.
            at: when it was written, in seconds since the epoch by the real clock; None: now.
        """
        when = time.time() if at is None else at
        entry = Entry(self.next_number(), when, channel, BY_HAND, destination, raw, has_credentials=False)
        self.record(entry)
        self.take(entry, uuid.uuid4().hex)
        return entry

    def mark_listed(self, message_ids: Iterable[str]) -> None:
        """Note that a client was shown these messages in a list."""
        now = time.time()
        for entry in filter(None, map(self.find, message_ids)):
            entry.listed_at = now

    def entries_as_json(self, after: int = 0) -> Iterator[dict[str, object]]:
        """The entries numbered above `after`, one at a time."""
        return (entry.as_json() for entry in self._entries if entry.number > after)

    def as_json(self) -> dict[str, object]:
        """The whole ledger as `GET /sandbox/ledger` returns it."""
        return {"entries": list(self.entries_as_json())}

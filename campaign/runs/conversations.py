"""`campaign conversations`: the conversations of a period as a list that `campaign run` takes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from campaign.channels import CHANNELS
from campaign.channels.address import base_url
from campaign.channels.conversations import conversations_of
from campaign.delivery.proxies import NO_PROXIES
from campaign.errors import CampaignError, ChannelError, Problem, UsageError
from campaign.journal.sqlite.conversation_record import ConversationRecord
from campaign.review.list_workbook import write_list
from campaign.review.workbook.data_sheet import MOST_ROWS
from campaign.runs.asking_session import AskedServer, AskingSession
from campaign.runs.conversation_task import ContactTask, ListTask
from campaign.runs.rooms import check_out, record_path
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.channels.conversations import Conversations
    from campaign.delivery import StopReason
    from campaign.delivery.proxies import ProxySettings
    from campaign.runs.asking_session import AskingObserver
    from campaign.runs.whole_run import FindCredentials

SHEET = "Conversations"

HEADERS = ("lead_id", "channel", "last_message", "last_message_at")
CONTACT_HEADERS = ("name", "phone", "email", "tags")

NOT_OLD = 60.0
"""Seconds by which a list may end before its command was given, without a word about it."""


@dataclass(frozen=True, slots=True)
class ConversationOptions:
    """What `campaign conversations` is to do.

    Attributes:
        channel: the channel's name.
        since: the beginning of the period, in seconds since the epoch.
        until: its end; None: now.
        out: the workbook to write.
        server: the server's address; None: the channel's own.
        settings: pace, time-outs, when to give up.
        proxies: the proxies of this machine.
    """

    channel: str
    since: float
    until: float | None
    out: Path
    server: str | None = None
    settings: DeliverySettings = field(default_factory=DeliverySettings)
    proxies: ProxySettings = NO_PROXIES


@dataclass(frozen=True, slots=True)
class ConversationReport:
    """How it ended.

    Attributes:
        conversations: how many are in the list.
        contacts: of these, those with a person.
        unread: entries of the server's list that were not understood.
        notes: what the operator should know of the list.
        requests, throttled: HTTP requests, and responses that said "over the limit".
        seconds: how long it took.
        stopped: why it ended early; None where it did not.
        results: the list; None where it could not be written.
        trouble: why it could not.
    """

    conversations: int
    contacts: int
    unread: int
    notes: tuple[str, ...]
    requests: int
    throttled: int
    seconds: float
    stopped: StopReason | None
    results: Path | None
    trouble: Problem | None = None


def find_conversations(
    options: ConversationOptions, find: FindCredentials, observer: AskingObserver
) -> ConversationReport:
    """Write the conversations of a period as a list, with the people behind them where the key may read them. Blocking.

    What was read is on record beside the workbook until the list is whole, so the same command goes on.

    Args:
        options: what to do.
        find: finds the values that the server asks for.
        observer: follows.

    Raises:
        CampaignError: an option, the key or the record is wrong; nothing was asked.
    """
    channel = CHANNELS.find(options.channel)
    conversations = conversations_of(channel)
    if conversations is None:
        able = [name for name, each in CHANNELS.items() if conversations_of(each) is not None]
        what = f"{channel.name} has no request that lists conversations"
        raise ChannelError(Problem("--channel", what, f"the channels that have one: {', '.join(able)}"))
    url = base_url(channel, options.server, where="--server")
    check_out(options.out)
    if options.since > time.time():
        raise UsageError(Problem("--since", "is in the future", "name a date that is past"))
    credentials = find(channel)
    server = AskedServer(
        url,
        conversations,
        options.settings,
        channel.auth_headers(credentials),
        tuple(credentials.values()),
        options.proxies,
    )
    with ConversationRecord(record_path(options.out, "conversations")) as record:
        return _ConversationSearch(options, server, conversations, record).perform(observer)


@dataclass(frozen=True, slots=True)
class _ConversationSearch:
    """The search for the conversations of one period."""

    options: ConversationOptions
    server: AskedServer
    conversations: Conversations
    record: ConversationRecord

    def perform(self, observer: AskingObserver) -> ConversationReport:
        """Read the list, then the people, and write what was found."""
        options, record, began = self.options, self.record, time.monotonic()
        asked = f"{options.channel} {self.server.url} {options.since!r} {options.until!r}"
        now = time.time()
        reading = record.begin(asked, now if options.until is None else options.until)
        listing = ListTask(self.conversations, record, options.since, reading)
        sessions = [AskingSession(self.server)]
        asyncio.run(sessions[0].perform(listing, observer, "conversations"))
        contacts = ContactTask(self.conversations, record, leads := record.leads_to_ask())
        if sessions[0].stopped is None and leads:
            sessions.append(AskingSession(self.server))
            asyncio.run(sessions[1].perform(contacts, observer, "contacts", len(leads)))
        notes = tuple(_notes(listing, contacts, some=any(any(each) for _, each in record.conversations())))
        if options.until is None and reading.until < now - NOT_OLD:
            ends = f"{_local(reading.until)}, when the command that this one continues was given"
            notes += (f"the list ends at {ends}; the same command once more reads what is new",)
        return self._report(sessions, listing.reading.unread, notes, time.monotonic() - began)

    def _report(
        self, sessions: list[AskingSession], unread: int, notes: tuple[str, ...], seconds: float
    ) -> ConversationReport:
        found = self.record.conversations()
        if len(found) >= MOST_ROWS:
            notes += (f"a sheet has {MOST_ROWS:,} rows, so only the latest conversations are in the list",)
        stopped, results, trouble = sessions[-1].stopped, None, None
        if found or stopped is None:
            try:
                results = self._write(any(any(contact) for _, contact in found))
            except CampaignError as error:
                trouble = error.problems[0]
        if stopped is None and trouble is None:
            self.record.clear()
        return ConversationReport(
            conversations=len(found),
            contacts=sum(any(contact) for _, contact in found),
            unread=unread,
            notes=notes,
            requests=sum(session.progress.requests for session in sessions),
            throttled=sum(session.progress.throttled for session in sessions),
            seconds=seconds,
            stopped=stopped,
            results=results,
            trouble=trouble,
        )

    def _write(self, has_contacts: bool) -> Path:  # noqa: FBT001 - private
        headers = [*self.conversations.headers, *HEADERS, *(CONTACT_HEADERS if has_contacts else ())]

        def rows() -> Iterator[list[str]]:
            for each, contact in self.record.conversations()[: MOST_ROWS - 1]:
                own = [each.account, each.conversation, each.lead, each.medium, each.text, _local(each.at)]
                yield [*own, *(contact if has_contacts else ())]

        return write_list(self.options.out, SHEET, headers, rows(), self.record)


def _notes(listing: ListTask, contacts: ContactTask, *, some: bool) -> Iterator[str]:
    if listing.reading.repeats:
        yield "the server repeats the first page of its list, so there may be more conversations"
    if listing.reading.unread:
        yield f"{listing.reading.unread:,} entries of the server's list are not in the API's form, and are left out"
    if contacts.unavailable:
        what = "names, phone numbers, e-mail addresses and tags are left out"
        yield f"{f'some {what}' if some else what}: {contacts.unavailable}"


def _local(at: float | None) -> str:
    """A time on this machine's clock; "" for none, and for one that is beyond the calendar."""
    try:
        return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return ""


def conversations_as_json(report: ConversationReport) -> Mapping[str, object]:
    """The object of `--json`."""
    return {
        "state": "finished" if report.stopped is None else "stopped",
        "reason": report.stopped.text if report.stopped else None,
        "conversations": report.conversations,
        "contacts": report.contacts,
        "unread": report.unread,
        "requests": report.requests,
        "throttled": report.throttled,
        "seconds": round(report.seconds, 3),
        "results": str(report.results) if report.results else None,
        "notes": list(report.notes),
    }

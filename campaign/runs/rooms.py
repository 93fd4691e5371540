"""`campaign rooms`: from a list of visitors to the same list with the conversation of each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.channels import CHANNELS
from campaign.channels.address import base_url
from campaign.channels.rooms import rooms_of
from campaign.delivery.proxies import NO_PROXIES
from campaign.errors import ChannelError, Problem, RecipientsError, UsageError
from campaign.findings import undecided
from campaign.journal.room_records import KNOWN, Visit, VisitState
from campaign.journal.sqlite.room_record import RoomRecord
from campaign.review.workbook.data_sheet import MOST_ROWS
from campaign.runs.asking_session import AskedServer, AskingObserver, AskingSession
from campaign.runs.confirmation import Pace, pace_of
from campaign.runs.list_findings import findings_of
from campaign.runs.room_report import LookedUp, report_of
from campaign.runs.room_task import RoomTask
from campaign.runs.visitors import find_columns, list_visitors
from campaign.settings import DeliverySettings
from campaign.sheets import open_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.channels.rooms import Rooms, VisitorData
    from campaign.delivery import LocalRateLimiter
    from campaign.delivery.asking import AskContext
    from campaign.delivery.proxies import ProxySettings
    from campaign.findings import Finding
    from campaign.runs.room_report import RoomReport
    from campaign.runs.visitors import ListedRow, VisitorList
    from campaign.sheets import Column, ReadOptions, Sheet

CHANNEL = "livechat"

LENGTH = 40
"""Letters of a token that is made: 160 bits."""


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """What `campaign rooms` is to do.

    Attributes:
        recipients: the list.
        server: the server's address.
        out: the workbook to write.
        read: how to read the list.
        columns: variable to header, for `token`, `name`, `phone` and `email`.
        hidden_rows: "send" or "skip" rows that the sheet hides; None: not decided.
        accept: the codes of findings that are accepted.
        settings: pace, time-outs, when to give up.
        proxies: the proxies of this machine.
    """

    recipients: Path
    server: str
    out: Path
    read: ReadOptions
    columns: Mapping[str, str] = field(default_factory=dict)
    hidden_rows: str | None = None
    accept: frozenset[str] = frozenset()
    settings: DeliverySettings = field(default_factory=DeliverySettings)
    proxies: ProxySettings = NO_PROXIES


class RoomConfirmation(NamedTuple):
    """What an operator should know before agreeing to ask.

    Attributes:
        server: the server.
        recipients: the list.
        columns: variable to header, as found.
        visitors: how many are asked for.
        registrations: how many of them are registered.
        known: how many are settled by an earlier command.
        unnamed: rows that name no person, with why.
        sharing: the numbers of the rows that are about the visitor of an earlier row.
        pace: how fast it goes.
        findings: what may go wrong.
        undecided: the findings that an agreement accepts.
    """

    server: str
    recipients: str
    columns: Mapping[str, str]
    visitors: int
    registrations: int
    known: int
    unnamed: tuple[ListedRow, ...]
    sharing: tuple[int, ...]
    pace: Pace
    findings: tuple[Finding, ...]
    undecided: tuple[Finding, ...]


class RoomObserver(AskingObserver, Protocol):
    """Asks before anything is sent, and follows."""

    def confirm_rooms(self, confirmation: RoomConfirmation) -> bool:
        """Whether to go on.

        Raises:
            CampaignError: there is no terminal to ask on, or findings have to be decided.
        """
        ...


def find_rooms(options: RoomOptions, observer: RoomObserver) -> RoomReport | None:
    """Find or open the conversation of each visitor of a list, and write the list with them. Blocking.

    What is known by the record beside the workbook is not asked again, so the same command goes on.

    Args:
        options: what to do.
        observer: confirms and follows.

    Returns:
        How it ended; None where the observer did not confirm it.

    Raises:
        CampaignError: the list, the record or an option is wrong; nothing was asked.
    """
    channel = CHANNELS.find(CHANNEL)
    rooms = rooms_of(channel)
    if rooms is None:
        raise ChannelError(Problem(f"channel “{CHANNEL}”", "has no request that finds a conversation"))
    server = base_url(channel, options.server, where="--server")
    check_out(options.out, options.recipients)
    sheet = open_sheet(options.recipients, options.read)
    columns = find_columns(sheet, options.columns)
    rows = list(sheet.rows())
    skip = options.hidden_rows == "skip"
    found = list_visitors(rows, columns, skip_hidden=skip)
    ids = [column for name, column in columns.items() if name == "token"]
    used = [row for row in rows if not (skip and row.hidden)]
    findings = findings_of(sheet, used, set(columns.values()), ids, hidden_decided=options.hidden_rows is not None)
    if not found.rows:
        what = "there is no row below the header"
        raise RecipientsError(Problem(sheet.path.name, what, "add the recipients, one to a row"))
    if len(found.rows) >= MOST_ROWS:
        raise RecipientsError(Problem(sheet.path.name, f"has more rows than a sheet: {MOST_ROWS - 1:,}", "split it"))
    with RoomRecord(record_path(options.out, "rooms")) as record:
        record.require_server(server)
        keys = {record.made("visitor", identity): identity for identity in found.visitors}
        asked = AskedServer(server, rooms, options.settings, proxies=options.proxies)
        return _RoomSearch(options, asked, rooms, sheet, columns, found, findings, record, keys).perform(observer)


@dataclass(frozen=True, slots=True)
class _RoomSearch:
    """The search for the rooms of one list."""

    options: RoomOptions
    server: AskedServer
    rooms: Rooms
    sheet: Sheet
    columns: Mapping[str, Column]
    found: VisitorList
    findings: tuple[Finding, ...]
    record: RoomRecord
    keys: Mapping[str, str]
    """What tells the visitors apart, by their keys on record."""

    def perform(self, observer: RoomObserver) -> RoomReport | None:
        """Ask for what is not known, and report; None where the observer did not confirm it."""
        record, keys, visitors = self.record, self.keys, self.found.visitors
        session, began = AskingSession(self.server), time.monotonic()
        made = {key: visitors[name].token or record.made("token", name)[:LENGTH] for key, name in keys.items()}
        record.add(Visit(key, token) for key, token in made.items())
        to_ask = self._to_ask()
        if to_ask:
            if not observer.confirm_rooms(self._confirmation(to_ask)):
                return None
            if record.fact("finished"):
                record.ask_refused_again()
                record.note(finished="")
            asyncio.run(session.perform(self._work(to_ask), observer, "visitors", len(to_ask)))
        if session.stopped is None:
            record.note(finished="yes")
        visits = {keys[key]: visit for key, visit in record.visits().items() if key in keys}
        found = LookedUp(self.sheet.columns, self.found.rows, visits, self.findings, self.found.sharing)
        return report_of(found, self.options.out, record, session, time.monotonic() - began)

    def _to_ask(self) -> dict[str, Visit]:
        """The visitors that are not settled. After a command that came to its end, a refusal is none any more."""
        again = bool(self.record.fact("finished"))
        found = {key: visit for key, visit in self.record.visits().items() if key in self.keys}
        waiting = VisitState.WAITING
        return {
            key: visit._replace(state=waiting, reason="") if visit.state is VisitState.REFUSED else visit
            for key, visit in found.items()
            if visit.state not in KNOWN and (again or visit.state is not VisitState.REFUSED)
        }

    def _work(self, to_ask: Mapping[str, Visit]) -> _Work:
        visitors = {key: self.found.visitors[self.keys[key]] for key in to_ask}
        data = {key: visitor.data for key, visitor in visitors.items()}
        fresh = frozenset(key for key, visitor in visitors.items() if not visitor.token)
        return _Work(self.rooms, self.record, to_ask, data, fresh)

    def _confirmation(self, to_ask: Mapping[str, Visit]) -> RoomConfirmation:
        sheet, rate, rooms = self.sheet, self.options.settings.rate, self.rooms
        fresh = [visit for key, visit in to_ask.items() if not self.found.visitors[self.keys[key]].token]
        registrations = sum(visit.state is VisitState.WAITING for visit in fresh)
        paces = [pace_of(len(to_ask), rate, None, rooms.usual_rooms)]
        if registrations:
            paces.append(pace_of(registrations, rate, None, rooms.usual_registrations))
        return RoomConfirmation(
            server=self.server.url,
            recipients=f"{sheet.path.name}, sheet “{sheet.sheet}”" if sheet.sheet else sheet.path.name,
            columns={name: column.label for name, column in self.columns.items()},
            visitors=len(to_ask),
            registrations=registrations,
            known=len(self.keys) - len(to_ask),
            unnamed=tuple(row for row in self.found.rows if not row.identity and not row.skipped),
            sharing=self.found.sharing,
            pace=max(paces, key=lambda pace: pace.seconds),
            findings=self.findings,
            undecided=undecided(self.findings, self.options.accept),
        )


@dataclass(frozen=True, slots=True)
class _Work:
    """What a session does."""

    rooms: Rooms
    record: RoomRecord
    visits: Mapping[str, Visit]
    data: Mapping[str, VisitorData]
    fresh: frozenset[str]

    async def __call__(self, context: AskContext, limiter: LocalRateLimiter) -> None:
        await RoomTask(context, limiter, self.rooms, self.record).perform(self.visits, self.data, self.fresh)


def record_path(out: Path, command: str) -> Path:
    """The record beside a list that a command writes."""
    return out.with_name(f"{out.stem}.{command}.journal.db")


def check_out(out: Path, recipients: Path | None = None) -> None:
    """Refuse a place where a list cannot be written.

    Raises:
        UsageError: it is no workbook's name, or the list that is read.
    """
    if out.suffix.lower() != ".xlsx":
        raise UsageError(Problem(f"-o {out}", "is no name of a workbook", "let it end in .xlsx"))
    if not out.parent.is_dir():
        raise UsageError(Problem(f"-o {out}", "there is no such folder", "make its folder"))
    with contextlib.suppress(OSError):
        if recipients is not None and out.samefile(recipients):
            raise UsageError(Problem(f"-o {out}", "is the list itself", "name another file"))

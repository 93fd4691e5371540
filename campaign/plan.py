"""The plan: every row read, rendered and validated, before anything is sent."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.address import base_url
from campaign.errors import Problem, RecipientsError
from campaign.journal import Duplicates, PlannedMessage, State, encode_cells
from campaign.messages import Mapped, compile_template, find_template, load_template
from campaign.recipients import missing_header_warning, variable_name
from campaign.sheets import ReadOptions, open_sheet

if TYPE_CHECKING:
    from campaign.campaign_file import Campaign
    from campaign.channels import Channel, Payload
    from campaign.journal import Journal, Run
    from campaign.messages import Message, MessageTemplate, TemplateFile
    from campaign.sheets import Row, Sheet

BATCH, BATCH_CELLS, BATCH_CHARACTERS = 500, 1_000_000, 4_000_000
"""Rows that are looked at together: as many, or fewer where they are very wide or hold very long texts."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)

Stamp: TypeAlias = Callable[["Payload", int], "Payload"]
"""Gives a row's payload our own id for it."""

PlannedRow: TypeAlias = tuple["Row", "Message", PlannedMessage]
"""A row, its message, and what is planned for it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign whose parts fit together: recipients × template × channel.

    Attributes:
        campaign: the campaign file.
        recipients: the open list.
        template_file: the template as read.
        template: the template bound to the list's columns.
        server: the server's base URL.
    """

    campaign: Campaign
    recipients: Sheet
    template_file: TemplateFile
    template: MessageTemplate
    server: str

    @property
    def channel(self) -> Channel:
        """The channel that the template is for."""
        return self.template.channel


@dataclass
class PlanCount:
    """What a plan comes to; grows as the plan goes on."""

    states: Counter[State] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.states.values())


def prepare(campaign: Campaign, server: str | None = None) -> Prepared:
    """Open and compile what a campaign names.

    Args:
        campaign: the campaign.
        server: a base URL that stands in for the campaign's own (the sandbox's).

    Raises:
        CampaignFileError: the server's address is missing or wrong.
        RecipientsError: the list cannot be read, or holds no row.
        TemplateError: the template cannot be used with these columns.
    """
    template_file = load_template(find_template(campaign.template, campaign.folder))
    address = server or base_url(template_file.channel, campaign.server.url)
    section = campaign.recipients
    recipients = open_sheet(section.file, ReadOptions(**section.model_dump(exclude={"file"})))
    mapped = Mapped(campaign.columns, campaign.values)
    template = compile_template(template_file, recipients.columns, mapped, partial(_as_read, recipients))
    return Prepared(campaign, recipients, template_file, template, address)


def _as_read(recipients: Sheet, missing: set[str]) -> list[Problem]:
    """How a list was read in which columns are missing; first of all, that its headers may stand in another row."""
    rows = ((row.number, row.texts) for row in recipients.rows())
    doubt = missing_header_warning(rows, {variable_name(name) for name in missing} - {""})
    doubt = doubt or recipients.header_warning
    others = [note for note in recipients.notes if note != recipients.header_warning]
    return [Problem(f"{recipients.path.name}, as it was read", note) for note in filter(None, (doubt, *others))]


def planned_rows(prepared: Prepared, stamp: Stamp | None = None) -> Iterator[PlannedRow]:
    """Every row with its message, in sheet order; exact duplicates are marked as skipped.

    Args:
        prepared: the campaign.
        stamp: gives each payload our own id, for the journal. Without it nothing goes there, and what is planned is
            without the rows' cells: of a wide sheet they cost more than all the rest.

    Raises:
        RecipientsError: the list is damaged further down, or holds no row.
    """
    for batch in _planned_batches(prepared, stamp):
        yield from batch


def _planned_batches(prepared: Prepared, stamp: Stamp | None) -> Iterator[list[PlannedRow]]:
    found = False
    with Duplicates() as duplicates:
        for batch in _batches(prepared.recipients):
            found = True
            messages = [prepared.template.render(row) for row in batch]
            planned = [_planned(prepared.channel, *each, stamp) for each in zip(batch, messages, strict=True)]
            yield list(zip(batch, messages, duplicates.skip(planned), strict=True))
    if not found:
        where = str(prepared.recipients.path)
        raise RecipientsError(Problem(where, "there is no row below the header", "add the recipients, one to a row"))


def _batches(recipients: Sheet) -> Iterator[list[Row]]:
    """Rows by the batch; those before a place where the list turns out to be damaged come before the error."""
    most = max(1, min(BATCH, BATCH_CELLS // max(1, len(recipients.columns))))
    batch: list[Row] = []
    characters = 0
    try:
        for row in recipients.rows():
            batch.append(row)
            characters += sum(map(len, row.texts))
            if len(batch) == most or characters > BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    except RecipientsError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _planned(channel: Channel, row: Row, message: Message, stamp: Stamp | None) -> PlannedMessage:
    cells = encode_cells(row.texts, row.values, row.formats) if stamp else ""
    if message.payload is None:
        return _invalid(row, message.problems, cells)
    plain = _json(message.payload)
    body = _json(stamp(message.payload, row.number)) if stamp else plain
    digest = blake2b(plain, digest_size=16).digest()
    return PlannedMessage(row.number, channel.destination(message.payload), body, digest, cells, State.PENDING)


def _invalid(row: Row, problems: Iterable[Problem], cells: str) -> PlannedMessage:
    reason = "\n".join(str(problem) for problem in problems)
    kind = next((problem.what for problem in problems), "")
    return PlannedMessage(row.number, "", None, None, cells, State.INVALID, kind, reason)


def _json(payload: Payload) -> bytes:
    return _ENCODER.encode(payload).encode()


def message_id(secret: bytes, row: int) -> str:
    """The id of a row's message: the same at every attempt and after every crash, and not to be guessed.

    Args:
        secret: the run's secret.
        row: the row's number.
    """
    return hmac.digest(secret, b"%d" % row, "sha256").hex()[:32]


def write_plan(prepared: Prepared, journal: Journal, run: Run) -> Iterator[PlannedMessage]:
    """Write a run's whole plan to the journal; gives each row as it goes, for counting and showing.

    Raises:
        RecipientsError: the list is damaged further down, or holds no row. The plan is then not whole.
        JournalError: the journal cannot be written.
    """
    channel = prepared.channel

    def stamp(payload: Payload, row: int) -> Payload:
        return channel.stamp(payload, message_id(run.secret, row))

    seq = 1
    for batch in _planned_batches(prepared, stamp):
        messages = [planned for _, _, planned in batch]
        journal.add(run.number, seq, messages)
        seq += len(messages)
        yield from messages

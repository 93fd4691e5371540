"""The plan: every row read, rendered and validated, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.address import base_url
from campaign.errors import Problem, RecipientsError
from campaign.journal.cells import encode_cells
from campaign.journal.records import PlannedRow, State
from campaign.journal.sqlite.duplicates import Duplicates
from campaign.messages import Mapped, RenderedRow, compile_template, find_template, load_template
from campaign.plan_findings import HIDDEN, FindingCollector, FindingContext
from campaign.plan_rows import PlanCounts, PlannedRows
from campaign.plan_selection import RowRules, row_rules
from campaign.problem_groups import labelled
from campaign.recipients import how_it_was_read
from campaign.recipients.batches import batches
from campaign.recipients.labels import label_column, label_of
from campaign.recipients.selection import LeftOut
from campaign.recipients.to_fix import to_fix_list
from campaign.sheets import open_sheet
from campaign.trial import chosen_batches

if TYPE_CHECKING:
    from campaign.channels import Channel, Payload
    from campaign.config import Campaign
    from campaign.findings import Finding
    from campaign.messages import MessageTemplate, TemplateFile
    from campaign.recipients.lint import OnRow
    from campaign.recipients.selection import Selection
    from campaign.sheets import Column, Row, Sheet
    from campaign.trial import Trial

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)

LeaveOut: TypeAlias = Callable[[PlannedRow], PlannedRow]
"""Marks a row as skipped where it must not be sent because of earlier runs; returns any other as it is."""

Stamp: TypeAlias = Callable[["Payload", int], "Payload"]
"""Adds the id of a row's message to its payload."""


@dataclass(frozen=True)
class Plan:
    """A campaign whose parts fit together: recipients × template × channel.

    Attributes:
        campaign: the campaign file.
        recipients: the open list.
        template_file: the template as read.
        template: the template bound to the list's columns.
        server: the server's base URL; "" in a rehearsal.
        rehearsal: whether it is for a sandbox.
        label: the column by whose text rows are called; None: by their number alone.
        trial: which rows are sent, and to which conversation instead of their own; None: it is the campaign itself.
        rules: what decides which rows are left out, and which of them are the same.
    """

    campaign: Campaign
    recipients: Sheet
    template_file: TemplateFile
    template: MessageTemplate
    server: str
    rehearsal: bool = False
    label: Column | None = None
    trial: Trial | None = None
    rules: RowRules = field(default_factory=RowRules)

    def __repr__(self) -> str:
        return f"<Plan of {self.campaign.name}: {self.recipients.path.name} to {self.server_name}>"

    @property
    def channel(self) -> Channel:
        """The channel that the template is for."""
        return self.template.channel

    @property
    def server_name(self) -> str:
        """The server for display."""
        return "the sandbox" if self.rehearsal else self.server

    @property
    def is_separate(self) -> bool:
        """Whether it is a rehearsal or a trial, which has a journal of its own."""
        return self.rehearsal or self.trial is not None

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Names that the template does not use."""
        return self.template.binding.unused

    @property
    def accepted(self) -> frozenset[str]:
        """The codes of findings that the campaign accepts."""
        return frozenset(self.campaign.checks.accept)

    @property
    def rows(self) -> PlannedRows:
        """Every row with its message, in sheet order."""
        return PlannedRows(lambda: planned_rows(self), self)

    @property
    def invalid(self) -> PlannedRows:
        """The rows that cannot be sent as they are."""
        return PlannedRows(lambda: planned_rows(self), self, State.INVALID)

    @cached_property
    def counts(self) -> PlanCounts:
        """What the plan amounts to; reads the whole list the first time.

        Raises:
            RecipientsError: the list is damaged, or has no rows.
        """
        return self._read[0]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What may go wrong, counted over the rows that would be sent; reads the whole list the first time.

        Raises:
            RecipientsError: the list is damaged, or has no rows.
        """
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[PlanCounts, tuple[Finding, ...]]:
        counts = PlanCounts()
        with self.collector() as collector:
            for row in planned_rows(self, collector=collector):
                counts.add(row)
            return counts, collector.findings()

    def collector(self, on_row: OnRow | None = None) -> FindingCollector:
        """Collects the findings while the plan is read; to be closed. `on_row` hears of each finding about a row."""
        section = self.campaign.recipients
        name = self.template_file.path.name
        own = self.trial.replaced(self.campaign.columns, self.recipients.columns) if self.trial else frozenset[int]()
        positions, one = self.rules.positions | own, self.trial is not None
        context = FindingContext(self.recipients, section, self.template, name, self.label, positions, one)
        return FindingCollector(context, on_row)


def prepare(
    campaign: Campaign, *, rehearsal: bool = False, trial: Trial | None = None, rows: Sequence[range] = ()
) -> Plan:
    """Open and compile what a campaign names; reads no further than the headers (`campaign.plan` reads every row).

    Args:
        campaign: the campaign.
        rehearsal: plan for a sandbox, which needs no address.
        trial: plan for a conversation of one's own.
        rows: the numbers of the rows to send, as the spreadsheet has them; (): all. Others are skipped.

    Raises:
        UsageError: the trial does not replace the whole destination.
        CampaignFileError: the server's address is missing or wrong, or a rule for rows is.
        RecipientsError: the list or a suppression list cannot be read, or has the columns on another row or sheet.
        TemplateError: the template cannot be used with these columns.
    """
    campaign = campaign if trial is None else trial.applied_to(campaign)
    template_file = load_template(find_template(campaign.template, campaign.folder))
    server = "" if rehearsal else base_url(template_file.channel, campaign.server.url)
    section = campaign.recipients
    recipients = open_sheet(section.file, section.read_options)
    to_fix_list(recipients)  # raises for the sheet In doubt
    mapped, hints = Mapped(campaign.columns, campaign.values), partial(how_it_was_read, recipients, section.header_row)
    rules = row_rules(campaign, recipients, mapped, hints, rows)
    mapped = replace(mapped, used_elsewhere=rules.names)
    template = compile_template(template_file, recipients.columns, mapped, hints)
    if trial is not None:
        trial.check(template, template_file.path.name)
    label = label_column(recipients, section.label) if section.label is not None else None
    return Plan(campaign, recipients, template_file, template, server, rehearsal, label, trial, rules)


def planned_rows(
    plan: Plan,
    *,
    stamp: Stamp | None = None,
    collector: FindingCollector | None = None,
    leave_out: LeaveOut | None = None,
) -> Generator[PlannedRow, None, None]:
    """Every row with its message, in sheet order; exact duplicates are marked as skipped.

    Args:
        plan: the campaign's plan.
        stamp: adds the message's id to each payload, for the journal. Without it the rows' cells are left out: those
            of a wide sheet cost more than all the rest.
        collector: looks at every row as it is read.
        leave_out: marks the rows that must not be sent because of earlier runs.

    Raises:
        RecipientsError: the list is damaged further down, or has no rows.
    """
    for batch in plan_batches(plan, stamp, collector, leave_out):
        yield from batch


def plan_batches(
    plan: Plan, stamp: Stamp | None, collector: FindingCollector | None = None, leave_out: LeaveOut | None = None
) -> Iterator[Sequence[PlannedRow]]:
    """Plan the rows, some at a time, in the order of the sheet; `stamp` gives each message its id.

    Raises:
        RecipientsError: as for `planned_rows`.
    """
    if plan.trial is not None:  # whose rows are chosen by hand: every one of them is sent
        look = collector.add if collector is not None else None
        check = partial(plan.trial.checked, channel=plan.channel)
        yield from chosen_batches(
            batches(plan.recipients), plan.trial, lambda row: check(_plan_row(plan, row, stamp)), look
        )
        return
    found, selection = False, plan.rules.selection(plan.recipients)
    with Duplicates(plan.rules.key.shown if plan.rules.key else "") as duplicates:
        for batch in batches(plan.recipients):
            found = True
            rows = [_plan_row(plan, row, stamp, selection) for row in batch]
            # Before duplicates are sought: that of a row which is left out has no earlier row to be a duplicate of.
            planned = duplicates.skip(rows if leave_out is None else list(map(leave_out, rows)))
            if collector is not None:
                collector.add(batch, planned)
            yield planned
    if not found:
        where = plan.recipients.path.name
        raise RecipientsError(Problem(where, "there is no row below the header", "add the recipients, one to a row"))
    if selection is not None:
        selection.end(plan.recipients.path.name)


def _plan_row(plan: Plan, row: Row, stamp: Stamp | None, selection: Selection | None = None) -> PlannedRow:
    cells = encode_cells(row.texts, row.values, row.formats) if stamp else ""
    label = label_of(row, plan.label)
    left_out = _left_out(plan, row, selection)
    key = plan.rules.key.of(row.texts) if plan.rules.key is not None else None
    if left_out is not None and not isinstance(left_out, Problem):
        kind, reason = left_out
        return PlannedRow(
            row.number, State.SKIPPED, kind=kind, reason=reason, texts=row.texts, cells=cells, key=key, label=label
        )
    rendered = plan.template.render(row) if left_out is None else RenderedRow(None, (left_out,))
    payload = rendered.payload
    if payload is None:
        return PlannedRow(
            row.number,
            State.INVALID,
            problems=rendered.problems,
            kind=next((problem.what for problem in rendered.problems), ""),
            reason="\n".join(str(labelled(problem, label)) for problem in rendered.problems),
            texts=row.texts,
            cells=cells,
            key=key,
            label=label,
        )
    plain = _ENCODER.encode(payload).encode()
    return PlannedRow(
        row.number,
        State.PENDING,
        destination=plan.channel.destination(payload),
        payload=payload,
        texts=row.texts,
        body=_ENCODER.encode(stamp(payload, row.number)).encode() if stamp else plain,
        digest=blake2b(plain, digest_size=16).digest(),
        cells=cells,
        key=key,
        label=label,
    )


def _left_out(plan: Plan, row: Row, selection: Selection | None) -> LeftOut | Problem | None:
    """Why nothing is sent for a row, whatever its message; or why that cannot be said."""
    found = None if selection is None else selection.look_at(row)
    if row.hidden and plan.campaign.recipients.hidden_rows == "skip":
        return LeftOut(HIDDEN, "hidden in the sheet")
    return found

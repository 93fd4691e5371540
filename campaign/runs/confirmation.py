"""What an operator should know before agreeing to send, and how long sending takes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.config import pace_of as campaign_pace
from campaign.journal.records import State, Tally
from campaign.runs.holds import gate_is_passed
from campaign.runs.limits import machines_of
from campaign.schedule import ANY_TIME
from campaign.settings import DEFAULT_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.channels.preview import MessagePreview
    from campaign.findings import Finding
    from campaign.journal import JournalStore, ReasonCount, StatedQuota
    from campaign.planning import Plan
    from campaign.runs.run import Run
    from campaign.schedule import Schedule
    from campaign.settings import DeliverySettings, GateSettings


class ShownMessage(NamedTuple):
    """A message that is about to be sent, as its recipient will see it.

    Attributes:
        row: the row's number.
        label: what the row is called besides; "" for nothing.
        destination: the conversation.
        preview: what the recipient sees.
    """

    row: int
    label: str
    destination: str
    preview: MessagePreview


class EarlierSending(NamedTuple):
    """How many of the messages an earlier run has sent already, or may have, and when that run was planned."""

    run: int
    rows: int
    at: float


class Pace(NamedTuple):
    """How fast the messages go out.

    Attributes:
        seconds: how long it takes, as far as is known.
        words: the speed and where it is known from.
    """

    seconds: float
    words: str


@dataclass(frozen=True, slots=True)
class SendConfirmation:
    """What an operator should know before agreeing to send.

    Attributes:
        messages: how many messages are about to be sent.
        server: where they go.
        rate: requests per second; None: as the server allows.
        tally: the run's figures.
        repeated: how many of them go to recipients who have this very message from an earlier run.
        repeated_in_doubt: how many go to recipients who may have it.
        abandoned: how many waiting rows of an unfinished run are left unsent.
        earlier: which runs sent those that are repeated.
        recipients: the list, and its sheet where it has sheets.
        template: the template's name.
        left_out: which rows nothing is sent for, and why.
        pace: how fast the messages go out.
        schedule: when they may go out.
        gate: where the run waits for the outcomes of its first rows; None: nowhere.
        findings: what may go wrong.
        undecided: the findings that an agreement accepts.
        first: the first messages, as many as are asked for.
        trial: whether they go to a conversation of the operator's own.
    """

    messages: int
    server: str
    rate: float | None
    tally: Tally
    repeated: int = 0
    repeated_in_doubt: int = 0
    abandoned: int = 0
    earlier: tuple[EarlierSending, ...] = ()
    recipients: str = ""
    template: str = ""
    left_out: tuple[ReasonCount, ...] = ()
    pace: Pace | None = None
    schedule: Schedule = ANY_TIME
    gate: GateSettings | None = None
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Finding, ...] = ()
    first: Callable[[int], Sequence[ShownMessage]] = field(default=lambda _most: (), repr=False)
    trial: bool = False

    def is_late(self, now: float) -> bool:
        """Whether sending was to begin at a moment that has passed before any of it began."""
        return self.tally.started_at is None and -math.inf < self.schedule.begins() < now


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a new run means for the recipients and rows of earlier ones, and what it needs; see `SendConfirmation`."""

    repeated: int = 0
    repeated_in_doubt: int = 0
    abandoned: int = 0
    earlier: tuple[EarlierSending, ...] = ()
    undecided: tuple[Finding, ...] = ()


def confirmation_of(
    run: Run, journal: JournalStore, settings: DeliverySettings, consequences: Consequences
) -> SendConfirmation:
    """What an operator should know of a run that is on record but for its seal."""
    manifest = run.record.manifest
    messages = run.waiting(settings.limit)
    list_name = Path(manifest.recipients).name
    usual: tuple[int, float] | None = getattr(run.channel, "usual_quota", None)  # which few channels have
    stated = journal.stated_quota(run.server)
    return SendConfirmation(
        messages=messages,
        server=manifest.server_name if manifest.rehearsal else run.server,
        rate=settings.rate,
        tally=journal.tally(run.number),
        repeated=consequences.repeated,
        repeated_in_doubt=consequences.repeated_in_doubt,
        abandoned=consequences.abandoned,
        earlier=consequences.earlier,
        recipients=f"{list_name}, sheet “{manifest.sheet}”" if manifest.sheet else list_name,
        template=manifest.template,
        left_out=tuple(
            reason for reason in journal.reasons(run.number) if reason.state in (State.INVALID, State.SKIPPED)
        ),
        pace=pace_of(messages, settings.rate, stated, None if manifest.rehearsal else usual, machines=machines_of(run)),
        schedule=ANY_TIME if manifest.rehearsal else settings.schedule,
        gate=None if gate_is_passed(journal, run.number) else settings.gate,
        findings=journal.findings(run.number),
        undecided=consequences.undecided,
        first=lambda most: first_messages(run, journal, most),
        trial=manifest.trial,
    )


def forecast_of(plan: Plan, messages: int) -> SendConfirmation:
    """What is known of the delivery of a plan that no run was made of: how fast and when, and where it would hold.

    Args:
        plan: the plan.
        messages: how many would be sent.
    """
    pace, none_sent = campaign_pace(plan.campaign), Tally({}, 0, 0, 0.0, None, None)
    usual: tuple[int, float] | None = getattr(plan.channel, "usual_quota", None)
    return SendConfirmation(
        messages,
        plan.server_name,
        pace.rate,
        none_sent,
        pace=pace_of(messages, pace.rate, None, None if plan.rehearsal else usual),
        schedule=ANY_TIME if plan.rehearsal else pace.schedule,
        gate=pace.gate,
    )


def pace_of(
    messages: int,
    rate: float | None,
    stated: StatedQuota | None,
    usual: tuple[int, float] | None = None,
    *,
    machines: int = 1,
) -> Pace:
    """How fast messages go out.

    Args:
        messages: how many there are.
        rate: requests per second that the operator allows; None: as the server allows.
        stated: the limit that the server stated last.
        usual: the limit that servers of this kind have unless they are set up otherwise: messages, seconds.
        machines: how many client addresses send; the server limits each.
    """
    own = messages / rate if rate else 0.0
    limit = (stated.requests, stated.seconds) if stated else usual
    if limit is None:
        words = f"{rate:g} a second" if rate else f"{DEFAULT_RATE:g} a second, unless the server states a limit"
        return Pace(own or messages / DEFAULT_RATE, words)
    requests, seconds = limit[0] * machines, limit[1]
    of_server = max(0, (messages - 1) // max(1, requests)) * seconds
    if own > of_server:
        return Pace(own, f"{rate:g} a second")
    known = "as the server said last" if stated else "until the server tells its own limit"
    of_all = f"{machines} machines: " if machines > 1 else ""
    return Pace(max(of_server, own), f"{of_all}{_each(requests, seconds)}, {known}")


def _each(requests: int, seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes == 1:
        return f"{requests:,} a minute"
    return f"{requests:,} in {minutes} min" if minutes > 1 else f"{requests:,} in {seconds:.0f} s"


def first_messages(run: Run, journal: JournalStore, most: int) -> list[ShownMessage]:
    """The first messages that wait in a run, as their recipients will see them."""
    manifest = run.record.manifest
    place = manifest.headers.index(manifest.label) if manifest.label in manifest.headers else None
    states = (State.PENDING, State.SENDING, *run.to_retry)
    shown = []
    for row, destination, body, cells in journal.next_messages(run.number, states, most):
        label = cells[place].text if place is not None and place < len(cells) else ""
        shown.append(ShownMessage(row, label, destination, run.channel.preview(json.loads(body))))
    return shown

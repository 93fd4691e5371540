"""What a run is asked to do, where its files are, and who follows along."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from campaign.config_values import (
    parse_concurrency,
    parse_limit,
    parse_not_before,
    parse_rate,
    parse_schedule_window,
)
from campaign.delivery.proxies import NO_PROXIES
from campaign.errors import Problem, UsageError
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from campaign.config import SuppressSection
    from campaign.delivery.gate import GateOutcome
    from campaign.delivery.proxies import ProxySettings
    from campaign.findings import Finding
    from campaign.plan_rows import PlanCounts
    from campaign.planning import Plan
    from campaign.runs.confirmation import SendConfirmation
    from campaign.runs.run import Run
    from campaign.runs.undo import UndoConfirmation
    from campaign.settings import DeliverySettings

RETRYABLE = (State.FAILED, State.IN_DOUBT)

REHEARSAL_SUFFIX, TRIAL_SUFFIX = ".sandbox", ".test"
"""What the files of a rehearsal and of a trial have after the campaign's name."""


@dataclass(frozen=True, slots=True)
class RunPaths:
    """Where a campaign keeps its files: beside the campaign file, under the campaign's name.

    Attributes:
        folder: the campaign's folder.
        name: the campaign's name.
        results: the workbook, where it is not beside the campaign.
        file: the campaign file, or the list where there is none.
        moved: the journal was moved or copied here on purpose.
        address: of the database that contains the journal; None where that is a file.
    """

    folder: Path
    name: str
    results: Path | None = None
    file: Path | None = None
    moved: bool = False
    address: str | None = field(default=None, repr=False)

    @property
    def are_separate(self) -> bool:
        """Whether they are a rehearsal's or a trial's."""
        return self.name.endswith((REHEARSAL_SUFFIX, TRIAL_SUFFIX))

    @property
    def journal(self) -> Path:
        """The journal's file, where it is in one."""
        return self.folder / f"{self.name}.journal.db"

    def workbook(self, run: int) -> Path:
        """The results workbook of a run."""
        number = f"-{run}" if run > 1 else ""
        return self.results or self.folder / f"{self.name}.results{number}.xlsx"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run is asked for beyond what its campaign file says.

    Attributes:
        new: start over although a run is on record; an unfinished one is abandoned.
        skip_sent: start over likewise, and leave out rows whose message was sent, or may have been.
        skip_invalid: send the valid rows although some are invalid.
        limit: deliver so many rows and leave the rest pending.
        rate: "10/s", "600/min", "auto" or requests per second; None: as the campaign says.
        concurrency: requests in flight at once; None: as the campaign says.
        not_before: the earliest moment to send at, such as "2026-11-27T09:00"; None: as the campaign says.
        window: the part of the day to send in, such as "08:00-20:00"; None: as the campaign says.
        retry: rows in these states (failed, in doubt) are sent again.
        rows: the numbers of those; (): all.
        suppress: lists of those who get nothing, besides those that the run was planned with.
        look: look up the rows in doubt, and send nothing.
        server: another address of the same server.
        server_in_file: the address that the campaign file names, apart from options; where that was another one when
            the run was planned, the observer decides.
        results: where to write the workbook; None: beside the campaign.
        recover: go on although the journal is not whole, and treat what seems to wait as cut off while sending.
        moved: the campaign's files were moved or copied here on purpose.
        accept: codes of findings to accept besides those of the campaign file.
        by: the operator, for the record.
        proxies: the proxies of this machine.
        journal: the address of a database that contains the journal; None: as the campaign says.
        egress: the name of what shares a client address with other machines that deliver from that database; None: the
            host's name.
    """

    new: bool = False
    skip_sent: bool = False
    skip_invalid: bool = False
    limit: int | None = None
    rate: str | float | None = None
    concurrency: int | None = None
    not_before: str | datetime | None = None
    window: str | None = None
    retry: tuple[State, ...] = ()
    rows: tuple[range, ...] = ()
    suppress: tuple[SuppressSection, ...] = ()
    look: bool = False
    server: str | None = None
    server_in_file: str | None = None
    results: Path | None = None
    recover: bool = False
    moved: bool = False
    accept: tuple[str, ...] = ()
    by: str = ""
    proxies: ProxySettings = NO_PROXIES
    journal: str | None = field(default=None, repr=False)
    egress: str | None = None

    @property
    def starts_over(self) -> bool:
        """Whether a run may begin although one is on record."""
        return self.new or self.skip_sent

    def applied_to(self, settings: DeliverySettings) -> DeliverySettings:
        """A run's settings, changed by these options.

        Raises:
            CampaignFileError: the rate, the concurrency, the limit, the moment or the window is not one.
        """
        schedule = settings.schedule
        if self.not_before is not None:
            schedule = replace(schedule, not_before=parse_not_before(self.not_before))
        if self.window is not None:
            schedule = replace(schedule, window=parse_schedule_window(self.window))
        return replace(
            settings,
            schedule=schedule,
            rate=settings.rate if self.rate is None else parse_rate(self.rate),
            concurrency=settings.concurrency if self.concurrency is None else parse_concurrency(self.concurrency),
            limit=None if self.limit is None else parse_limit(self.limit),
        )


class RunObserver:
    """Follows a run and confirms it. This one is silent and agrees; override what you need.

    `start` calls `planned` and `confirm`, from a thread of its own where it is awaited. `campaign.run` calls all of
    them.
    """

    def warned(self, warning: Problem) -> None:
        """Something may be a mistake, and stops nothing."""

    def accepts(self, difference: Problem) -> bool:  # noqa: ARG002 - for subclasses
        """Whether to go on although something is not as it was when the run was planned. This one does not."""
        return False

    def decides(self, findings: Sequence[Finding]) -> bool:  # noqa: ARG002 - for subclasses
        """Whether `confirm` shows these findings to somebody whose yes accepts them. This one does not."""
        return False

    def planned(self, counts: PlanCounts) -> None:
        """One more row is planned."""

    def confirm(self, confirmation: SendConfirmation) -> bool:  # noqa: ARG002 - for subclasses
        """Whether to send. Called once, before the first message leaves."""
        return True

    def agree(self, question: str) -> bool:  # noqa: ARG002 - for subclasses
        """Whether to do what was asked for, where nothing is sent by it."""
        return True

    def confirm_undo(self, confirmation: UndoConfirmation) -> bool:  # noqa: ARG002 - for subclasses
        """Whether to delete messages. Called once, before the first request leaves."""
        return True

    def confirm_server(self, planned: str, now: str) -> bool:  # noqa: ARG002 - for subclasses
        """Whether to send to the address that the campaign file names by now, rather than as planned."""
        return False

    def passes_gate(self, outcome: GateOutcome) -> bool:
        """Whether to go on, now that it is known what became of the first rows. This one does where few failed.

        Called in a thread of its own while the delivery holds; a stop does not wait for its answer.
        """
        return outcome.kept

    def delivering(self, run: Run, rows: int) -> AbstractContextManager[object]:  # noqa: ARG002 - for subclasses
        """Entered in the event loop while up to `rows` rows are delivered, or their messages are deleted."""
        return contextlib.nullcontext()

    def writing(self, path: Path, rows: int) -> Callable[[int], object]:  # noqa: ARG002 - for subclasses
        """A file is being written; the returned function is called with numbers of rows that were added."""
        return lambda _rows: None


def suffix_of(plan: Plan) -> str:
    """What the files of a plan's run have after the campaign's name."""
    if plan.rehearsal:
        return REHEARSAL_SUFFIX
    return TRIAL_SUFFIX if plan.trial is not None else ""


def retryable(states: Collection[State | str]) -> tuple[State, ...]:
    """The states of rows to send again.

    Raises:
        UsageError: rows in one of them cannot be sent again.
    """
    wanted = [states] if isinstance(states, str) else list(states)
    wrong = [str(state) for state in wanted if state not in RETRYABLE]
    if wrong:
        what = f"rows that are “{', '.join(wrong)}” cannot be retried"
        raise UsageError(Problem("retry", what, f"name {' or '.join(RETRYABLE)}"))
    return tuple(map(State, wanted))

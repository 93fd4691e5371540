"""What a run is asked for and reports: the words that the command line and the rest share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from campaign.delivery import Watch
    from campaign.errors import Problem, ResultsError
    from campaign.journal import ReasonCount, Run, Tally
    from campaign.plan import PlanCount


REHEARSAL = ".sandbox"
"""What the names of a rehearsal's files have after the campaign's."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a campaign keeps its files: beside the campaign file, under the campaign's name."""

    folder: Path
    name: str
    results: Path | None = None

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.folder / f"{self.name}.journal.db"

    def workbook(self, run: int) -> Path:
        """The results workbook of a run."""
        number = f"-{run}" if run > 1 else ""
        return self.results or self.folder / f"{self.name}.results{number}.xlsx"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked for beside the campaign itself.

    Attributes:
        limit: send so many rows at the most.
        skip_invalid: send the valid rows although some are invalid.
        new: start over although there is a finished run on record.
        sandbox: deliver to a sandbox in this process.
        results: where to write the workbook, instead of beside the campaign.
        server: on resume, another address of the same server.
        throttle: on resume, settings that win over those of the run.
    """

    limit: int | None = None
    skip_invalid: bool = False
    new: bool = False
    sandbox: bool = False
    results: Path | None = None
    server: str | None = None
    throttle: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person should know before agreeing to send: how many messages, where to, messages a second, the list."""

    messages: int
    server: str
    rate: float | None
    tally: Tally


class Attendant(Protocol):
    """Whoever runs the campaign: is shown what happens and answers what is asked."""

    def warned(self, warning: Problem) -> None:
        """Show what may be a mistake, and stops nothing."""
        ...

    def planned(self, count: PlanCount) -> None:
        """Show how far the plan is; called now and then."""
        ...

    def agrees(self, facts: Facts) -> bool:
        """Answer whether to send."""
        ...

    def key_prompt(self) -> Callable[[str], str] | None:
        """A way to ask for an API key; None where nobody is there."""
        ...

    def delivery(self, rows: int) -> Watch:
        """A way to show a delivery of so many rows."""
        ...

    def writing(self, path: Path, rows: int) -> Callable[[int], object]:
        """A way to show how far the results workbook is, told how many more of so many rows are written."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """How a run stands after a delivery, from the journal.

    Attributes:
        run: the run.
        tally: its figures.
        reason: why it is not finished.
        interrupted: whether somebody stopped it.
        reasons: why rows did not go out, the commonest first.
        results: the workbook; None where it could not be written.
        trouble: why it could not be written.
    """

    run: Run
    tally: Tally
    reason: str | None
    interrupted: bool = False
    reasons: Sequence[ReasonCount] = ()
    results: Path | None = None
    trouble: ResultsError | None = None

"""The report on a run, from its journal alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.errors import ChannelError
from campaign.journal.decisions import AT_WORK
from campaign.journal.records import State
from campaign.review.export import exported
from campaign.review.next_steps import NextCommands, Outlook
from campaign.review.report_page import write_report_page
from campaign.review.results_workbook import write_results
from campaign.runs.annotating import annotate_list
from campaign.text import shell_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from campaign.delivery import StopReason
    from campaign.errors import CampaignError
    from campaign.findings import Finding
    from campaign.journal import JournalStore, ReasonCount, RowResult, RunRecord, Tally


UNSETTLED = ", before the rows in doubt were settled"
"""What follows the stop reason of a run in which nothing waits but for the server's list of messages."""


def _no_end(journal: JournalStore, run: int, tally: Tally) -> str:
    """Why a run is not finished of which no stop reason is on record."""
    if tally.started_at is None:
        return "not delivered yet"
    if not tally.unended:
        return "rows wait that were settled as not sent"
    holder = journal.holder()
    if holder is None and (orders := journal.orders()) is not None and orders.state(run).open:
        return "it waits for a worker, and none is at work"
    if holder is None:
        return "cut off: the process that delivered it is gone"
    is_known = holder.is_local or holder.workers
    return f"it is being delivered by {holder.name}" if is_known else f"cut off, or delivered by {holder.name}"


def is_unsettled(record: RunRecord, tally: Tally) -> bool:
    """Whether all that a delivery has left is rows in doubt, which it looks up until they are settled."""
    looks = record.manifest.settings.on_doubt == "look" and not record.manifest.rehearsal
    return looks and tally.finished and tally.count(State.IN_DOUBT) > 0


def stop_reason(record: RunRecord, tally: Tally, ended: StopReason | None, early_end: str) -> str | None:
    """What is put on record as why a run is not finished; None where it is.

    Args:
        record: the run.
        tally: its figures.
        ended: why its delivery ended early, where that was no plan.
        early_end: why rows are waiting where it ended as planned.
    """
    if tally.finished and not is_unsettled(record, tally):
        return None
    early = None if tally.finished else early_end
    return ended.text if ended else early


@dataclass(frozen=True, slots=True)
class Report:
    """How a run is, as its journal says.

    Attributes:
        run: the run.
        tally: its figures.
        reason: why it is not finished; None where it is.
        interrupted: whether its last delivery was interrupted.
        fault: whether a fault of campaign's own ended its last delivery, or kept the workbook from being written.
        reasons: why rows were not sent, the most common first.
        results: the workbook, where one was written.
        trouble: why it could not be written.
        lost: whether the journal is gone or damaged, so that no command can go on from it. The figures may be those
            that were counted while delivering.
        cut_short: whether something else than its limit ended its last delivery early.
        unsettled: whether its last delivery was stopped before rows in doubt that it could settle were settled.
        outlook: what there is to do next.
        findings: what was found when it was planned.
        annotated: the copy of the list with a status beside each row, where one was written.
        page: the report as a page, where one was written.
    """

    run: RunRecord
    tally: Tally
    reason: str | None
    reasons: Sequence[ReasonCount]
    interrupted: bool = False
    fault: bool = False
    results: Path | None = None
    trouble: CampaignError | None = None
    lost: bool = False
    cut_short: bool = False
    unsettled: bool = False
    outlook: Outlook = field(default_factory=Outlook)
    findings: tuple[Finding, ...] = ()
    annotated: Path | None = None
    page: Path | None = None
    _journal: JournalStore = field(kw_only=True, repr=False)

    @classmethod
    def of(cls, journal: JournalStore, run: RunRecord, ended: StopReason | None = None) -> Report:
        """Read the report on a run; `ended` is why its delivery ended early, which the journal may lack."""
        tally, reasons = journal.tally(run.number), journal.reasons(run.number)
        record = replace(journal.run(run.number) or run, manifest=run.manifest)  # delivered by settings of a later day
        unsettled = is_unsettled(record, tally) and record.stop_reason is not None
        reason = None
        if unsettled:
            reason = f"{record.stop_reason}{UNSETTLED}"
        elif not tally.finished:
            reason = record.stop_reason or (ended.text if ended else _no_end(journal, run.number, tally))
        outlook = Outlook.of(journal, record, tally, reasons, stopped=reason)
        return cls(
            run=record,
            tally=tally,
            reason=reason,
            reasons=reasons,
            interrupted=ended is not None and ended.interrupted and (unsettled or not tally.finished),
            fault=ended is not None and ended.fault,
            cut_short=ended is not None,
            unsettled=unsettled,
            outlook=replace(outlook, elsewhere=outlook.elsewhere or (reason is not None and AT_WORK in reason)),
            findings=journal.findings(run.number),
            _journal=journal,
        )

    @classmethod
    def counted(
        cls, journal: JournalStore, run: RunRecord, tally: Tally, ended: StopReason | None, error: CampaignError
    ) -> Report:
        """The report on a run whose journal cannot be read any more.

        Args:
            journal: the run's.
            run: the run.
            tally: its figures, as far as they are known.
            ended: why its delivery ended early.
            error: why the journal cannot be read.
        """
        return cls(
            run=run,
            tally=tally,
            reason=ended.text if ended else str(error),
            reasons=(),
            interrupted=ended is not None and ended.interrupted,
            fault=ended is not None and ended.fault,
            trouble=error,
            lost=True,
            outlook=Outlook(run.manifest.rehearsal, run.manifest.trial, stopped=ended.text if ended else str(error)),
            _journal=journal,
        )

    @property
    def state(self) -> str:
        """Either "finished", or "stopped" where rows wait, or are still to be looked up, or their record is lost."""
        return "finished" if self.tally.finished and not self.lost and not self.unsettled else "stopped"

    def rows(self) -> Iterator[RowResult]:
        """Every row in sheet order, read from the journal, also after it was closed.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            yield from journal.results(self.run.number)

    def exported(self, form: Literal["csv", "jsonl"]) -> Iterator[str]:
        """Every row with its message and its attempts, as text for other programs.

        docs/reference/results.md has the fields.

        Args:
            form: CSV with a header, or JSON lines.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            yield from exported(journal, self.run, form)

    def to_xlsx(self, path: str | Path, progress: Callable[[int], object] = lambda _rows: None) -> Report:
        """Write the results workbook.

        Args:
            path: the workbook; an existing file is replaced if it is still as this campaign wrote it.
            progress: called with the number of rows written since the last call.

        Returns:
            This report, whose `results` is where the workbook is: a numbered name beside `path` if that file is not
            campaign's, was edited or is open in Excel.

        Raises:
            ResultsError: the folder or the disk does not accept it.
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            return replace(self, results=write_results(journal, self.run, Path(path), progress))

    def to_html(self, path: str | Path, progress: Callable[[int], object] = lambda _rows: None) -> Report:
        """Write the report as a web page that needs nothing else: figures, reasons, every row with its message.

        Args:
            path: the page; an existing file is replaced if it is still as this campaign wrote it.
            progress: called with the number of rows written since the last call.

        Returns:
            This report, whose `page` is where the page is: a numbered name beside `path` if that file is not
            campaign's, was edited or is open in another program.

        Raises:
            ResultsError: the folder or the disk does not accept it.
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            page = write_report_page(
                journal, self.run, Path(path), self._commands(), stopped=self.reason, progress=progress
            )
            return replace(self, page=page)

    def _commands(self) -> NextCommands:
        """What the page's next steps name, as far as the journal knows."""
        manifest = self.run.manifest
        file = manifest.origin.campaign
        try:
            own = manifest.server == CHANNELS.find(manifest.channel).default_url
        except ChannelError:  # it is not installed any more
            own = False
        options = "" if own else f" --server {manifest.server}"
        if file and is_spreadsheet(Path(file)):
            options += " (with the same --template and other options)"
        workbook = f'"{self.results.name}"' if self.results else None
        return NextCommands(shell_word(file) if " " in file else file or "FILE", workbook, options)

    def annotate(self, path: str | Path, progress: Callable[[int], object] = lambda _rows: None) -> Report:
        """Write a copy of the run's list with columns Status, Reason and Sent at after its last used one.

        Formats, formulas, charts and other sheets stay as they are. A row has its latest state over all runs of the
        list. Where the list is the sheet To fix of an earlier run, that run's list is copied.

        Args:
            path: the copy, of the same kind as the list; an existing file is replaced if it is still as this campaign
                wrote it.
            progress: called with the number of rows written since the last call.

        Returns:
            This report, whose `annotated` is where the copy is: a numbered name beside `path` if that file is not
            campaign's, was edited or is open in Excel.

        Raises:
            ResultsError: the list is gone or was edited since the run was planned, something in it could not be kept,
                or the folder or the disk does not accept the copy.
            RecipientsError: the list cannot be read.
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            return replace(self, annotated=annotate_list(journal, self.run, Path(path), progress))

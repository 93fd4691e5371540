"""The report on a run, from its journal alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.errors import ChannelError
from campaign.review.export import exported
from campaign.review.phrases import NextCommands
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


def _no_end(tally: Tally) -> str:
    """Stop reason where the last session recorded no end, or there was none."""
    return "not delivered yet" if tally.started_at is None else "cut off, or still being delivered"


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
    findings: tuple[Finding, ...] = ()
    annotated: Path | None = None
    page: Path | None = None
    _journal: JournalStore = field(kw_only=True, repr=False)

    @classmethod
    def of(cls, journal: JournalStore, run: RunRecord, ended: StopReason | None = None) -> Report:
        """Read the report on a run; `ended` is why its delivery ended early, which the journal may lack."""
        record, tally = journal.run(run.number) or run, journal.tally(run.number)
        return cls(
            run=record,
            tally=tally,
            reason=None if tally.finished else record.stop_reason or (ended.text if ended else _no_end(tally)),
            reasons=journal.reasons(run.number),
            interrupted=ended is not None and ended.interrupted and not tally.finished,
            fault=ended is not None and ended.fault,
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
            _journal=journal,
        )

    @property
    def state(self) -> str:
        """Either "finished", or "stopped" where rows are still waiting or their record is lost."""
        return "finished" if self.tally.finished and not self.lost else "stopped"

    def rows(self) -> Iterator[RowResult]:
        """Every row in sheet order, read from the journal, also after it was closed.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            yield from journal.results(self.run.number)

    def exported(self, form: Literal["csv", "jsonl"]) -> Iterator[str]:
        """Every row with its message and its attempts, as text for other programs; docs/results.md has the fields.

        Args:
            form: CSV with a header, or JSON lines.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._journal.reopened() as journal:
            channel = CHANNELS.find(self.run.manifest.channel)
            yield from exported(journal, self.run, channel.preview, form)

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

"""The operator's own list with a status beside each row, from the journal."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import JournalWriteError, Problem, ResultsError
from campaign.recipients.to_fix import FIX_TITLE
from campaign.review.annotation import annotate, latest_marks
from campaign.runs.record_checks import file_digest
from campaign.runs.start import whole_run
from campaign.runs.whole_run import existing_journal
from campaign.sheets import ReadOptions

if TYPE_CHECKING:
    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.options import RunObserver, RunPaths


def annotate_list(paths: RunPaths, target: Path, observer: RunObserver, number: int | None = None) -> Path:
    """Write a copy of a run's list, with the latest state of each row over all runs of that list.

    Args:
        paths: where the campaign's files are.
        target: where the copy goes.
        observer: is told where the copy has another name.
        number: the run; None: the last one whose list is not a sheet To fix.

    Returns:
        The file that was written: a numbered name beside `target` where that is a file that campaign did not write.

    Raises:
        RunStateError: there is no such run.
        ResultsError: the list is not as it was when the run was planned, or something in it cannot be kept.
        RecipientsError: the list cannot be read.
        JournalError: the journal cannot be read.
    """
    with existing_journal(paths) as journal:
        record = whole_run(journal, number if number is not None else _last_of_own_list(journal))
        source = _unchanged_list(record)
        origin, sheet = record.manifest.origin, record.manifest.sheet
        options = ReadOptions(sheet, origin.header_row, origin.encoding or None, origin.delimiter or None)
        real = [run for run in journal.runs() if run.planned and not run.manifest.rehearsal]
        of_list = {run.number: journal.results(run.number) for run in real if _has_same_list(run, record)}
        with journal.delivered_rows([run.number for run in real]) as find:
            written = annotate(
                source,
                options,
                latest_marks(of_list, find),
                target,
                replaceable=lambda path: _wrote(journal, path),
                before_rename=lambda path: _note(journal, record, path),
            )
    if written != target:
        what = "is not, or no longer, what campaign wrote there, or another program has it open"
        observer.warned(Problem(str(target), what, f"it is kept, and the annotated list is {written}"))
    return written


def _last_of_own_list(journal: JournalStore) -> int | None:
    """The last run that was not planned from the sheet To fix of another one."""
    own = [run for run in journal.runs() if run.planned and not (run.manifest.sheet or "").startswith(FIX_TITLE)]
    return own[-1].number if own else None


def _unchanged_list(record: RunRecord) -> Path:
    source = Path(record.manifest.recipients)
    remedy = "put it back as it was, or use the results workbook, which has its columns too"
    if not source.exists():
        raise ResultsError(Problem(str(source), f"the list of run {record.number} is not there any more", remedy))
    if file_digest(source) != record.manifest.origin.recipients_digest:
        what = f"the list was edited after run {record.number} was planned, so that its rows may be others"
        raise ResultsError(Problem(str(source), what, remedy))
    return source


def _has_same_list(run: RunRecord, record: RunRecord) -> bool:
    same_file = run.manifest.origin.recipients_digest == record.manifest.origin.recipients_digest
    return same_file and run.manifest.sheet == record.manifest.sheet


def _wrote(journal: JournalStore, path: Path) -> bool:
    return journal.wrote_workbook(bytes.fromhex(file_digest(path)))


def _note(journal: JournalStore, record: RunRecord, path: Path) -> None:
    with contextlib.suppress(JournalWriteError):  # as for the results workbook
        journal.record_workbook(record.number, bytes.fromhex(file_digest(path)))

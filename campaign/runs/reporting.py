"""What `campaign results` writes of a run: the workbook, the list with a status beside each row, the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import Problem, ResultsError
from campaign.review.page_file import PAGE_SUFFIXES
from campaign.runs.journals import existing_journal
from campaign.runs.report import Report
from campaign.runs.start import check_workbook_path, whole_run
from campaign.runs.whole_run import NOT_OURS, write_workbook

if TYPE_CHECKING:
    from campaign.runs.options import RunObserver, RunPaths


def report_on(
    paths: RunPaths,
    observer: RunObserver,
    number: int | None = None,
    annotate: Path | None = None,
    page: Path | None = None,
) -> Report:
    """Report on a run, and write its workbook again, from the journal alone.

    Args:
        paths: where the campaign's files are.
        observer: is told what is worth knowing.
        number: the run; None: the last one.
        annotate: where to write a copy of the list with a status beside each row; None: nowhere.
        page: where to write the report as a page; None: nowhere.

    Raises:
        RunStateError: there is no such run.
        ResultsError: the workbook would replace something else, or the page has no place, or the list cannot be
            annotated.
        RecipientsError: the list that is to be annotated cannot be read.
        JournalError: the journal cannot be read.
    """
    report = recorded_report(paths, observer, number)
    check_workbook_path(paths.workbook(report.run.number), Path(report.run.manifest.recipients))
    if page is not None:
        _check_page_path(page)
    if annotate is not None:
        report = _annotated(report, annotate, paths, observer)
    report = write_workbook(report, paths, observer)
    return report if page is None or report.interrupted else _with_page(report, page, observer)


def recorded_report(paths: RunPaths, observer: RunObserver, number: int | None = None) -> Report:
    """Report on a run from the journal alone, and write nothing.

    Raises:
        RunStateError: there is no such run.
        JournalError: the journal cannot be read.
    """
    with existing_journal(paths) as journal:
        for note in (*journal.notes, *filter(None, [journal.displaced])):
            observer.warned(note)
        return Report.of(journal, whole_run(journal, number))


def _check_page_path(page: Path) -> None:
    """Check that a page has a place, before anything is written.

    Raises:
        ResultsError: it has none, or a name that no page has.
    """
    if page.suffix.lower() not in PAGE_SUFFIXES:
        what = "the report is a web page, and this is no name of one"
        raise ResultsError(Problem(f"--html {page}", what, f"choose a name such as {page.stem}.html"))
    if not page.parent.is_dir():
        raise ResultsError(Problem(str(page.parent), "there is no such folder for the page", "make it first"))


def _with_page(report: Report, page: Path, observer: RunObserver) -> Report:
    """Write the page; a failure to do so is part of the report."""
    try:
        written = report.to_html(page, observer.writing(page, report.tally.rows))
    except ResultsError as error:
        return replace(report, trouble=report.trouble or error)
    if written.page != page:
        observer.warned(Problem(str(page), NOT_OURS, f"it is kept, and the new page is {written.page}"))
    return written


def _annotated(report: Report, target: Path, paths: RunPaths, observer: RunObserver) -> Report:
    if target.resolve() == paths.workbook(report.run.number).resolve():
        raise ResultsError(Problem(str(target), "is the results workbook", "choose another name for the list's copy"))
    annotated = report.annotate(target, observer.writing(target, report.tally.rows))
    if annotated.annotated != target:
        what = f"it is kept, and the list's copy is {annotated.annotated}"
        observer.warned(Problem(str(target), NOT_OURS, what))
    return annotated

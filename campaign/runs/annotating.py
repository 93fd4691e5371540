"""The operator's own list with a status beside each row, from the journal."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import Problem, ResultsError
from campaign.recipients.to_fix import FIX_TITLE, is_titled, source_columns
from campaign.review.annotation import added_headers, annotate, latest_marks
from campaign.review.own_files import replacing_own
from campaign.runs.record_checks import file_digest
from campaign.sheets import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from campaign.journal import EarlierRow, JournalStore, RunManifest, RunRecord
    from campaign.review.annotation import Mark

_NOTED = 1000
"""Rows between two reports of progress."""


def annotate_list(
    journal: JournalStore, run: RunRecord, target: Path, progress: Callable[[int], object] = lambda _rows: None
) -> Path:
    """Write a copy of a run's list, with the latest state of each row over all runs of that list.

    Args:
        journal: the journal that contains the run.
        run: the run. Where its list is the sheet To fix of an earlier one, that one's list is meant.
        target: where the copy goes.
        progress: called with the number of rows written since its last call.

    Returns:
        The file that was written: a numbered name beside `target` where that is a file that campaign did not write.

    Raises:
        ResultsError: the list is not as it was when the run was planned, or something in it cannot be kept; or the copy
            cannot be written.
        RecipientsError: the list cannot be read.
        JournalError: the journal cannot be read.
    """
    first = _of_own_list(journal, run)
    source, manifest = _unchanged_list(first), first.manifest
    origin = manifest.origin
    alike = [each for each in journal.runs() if each.planned and each.manifest.rehearsal == manifest.rehearsal]
    own = {each.number: journal.results(each.number) for each in alike if _list_of(each) == _list_of(first)}
    with _corrected(journal, [each.number for each in alike if each.number not in own]) as find:
        return annotate(
            source,
            ReadOptions(manifest.sheet, origin.header_row, origin.encoding or None, origin.delimiter or None),
            added_headers(manifest.headers),
            _counted(latest_marks(own, find), progress),
            target,
            **replacing_own(journal, run),
        )


def _of_own_list(journal: JournalStore, run: RunRecord) -> RunRecord:
    """The run itself, or the last one before it that was not planned from a sheet To fix."""
    earlier = [each for each in journal.runs() if each.planned and each.number <= run.number]
    return next((each for each in reversed(earlier) if not _is_to_fix(each.manifest)), run)


def _is_to_fix(manifest: RunManifest) -> bool:
    return source_columns(manifest.headers, trusted=is_titled(manifest.sheet, FIX_TITLE)) is not None


def _list_of(run: RunRecord) -> tuple[str, str | None]:
    return run.manifest.origin.recipients_digest, run.manifest.sheet


def _unchanged_list(run: RunRecord) -> Path:
    source = Path(run.manifest.recipients)
    remedy = "put it back as it was, or use the results workbook, which has its columns too"
    if not source.exists():
        raise ResultsError(Problem(str(source), f"the list of run {run.number} is not there any more", remedy))
    planned = run.manifest.origin.recipients_digest
    if not planned:
        what = f"run {run.number} was planned by an earlier version, which did not record what was in the list"
        raise ResultsError(Problem(str(source), what, "use the results workbook, which has its columns too"))
    if file_digest(source) != planned:
        what = f"the list was edited after run {run.number} was planned, so that its rows may be others"
        raise ResultsError(Problem(str(source), what, remedy))
    return source


@contextlib.contextmanager
def _corrected(journal: JournalStore, runs: list[int]) -> Iterator[Callable[[tuple[int, int]], EarlierRow | None]]:
    """Looks up rows that runs of other lists sent from the sheet To fix."""
    if not runs:
        yield lambda _row: None
        return
    with journal.delivered_rows(runs) as find:
        yield find


def _counted(marks: Iterable[tuple[int, Mark]], progress: Callable[[int], object]) -> Iterator[tuple[int, Mark]]:
    count = 0
    for count, mark in enumerate(marks, 1):
        yield mark
        if count % _NOTED == 0:
            progress(_NOTED)
    progress(count % _NOTED)

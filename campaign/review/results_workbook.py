"""The results workbook: what became of every row, from the journal alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.review.placing import write_in_place
from campaign.review.state_look import TO_FIX
from campaign.review.workbook.big_workbook import BigWorkbook, new_archive
from campaign.review.workbook.row_layouts import FixLayout, ResultsLayout
from campaign.review.workbook.summary_sheet import fill_summary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from campaign.journal import Journal, Run


def write_results(
    journal: Journal, run: Run, path: Path, progress: Callable[[int], object] = lambda _rows: None
) -> Path:
    """Write the results workbook of a run.

    Args:
        journal: the journal that holds it.
        run: the run.
        path: the workbook; one that is there is replaced.
        progress: told how many rows were written since it was last told; rows to fix are written twice.

    Returns:
        Where it is: a numbered name beside `path` if that one is open in Excel.

    Raises:
        ResultsError: the folder or the disk does not take it.
        JournalError: the journal cannot be read.
    """

    def write(file: BinaryIO) -> None:
        with new_archive(file) as archive:
            workbook = BigWorkbook(archive)
            headers, styles = run.facts.headers, workbook.styles
            workbook.pour(ResultsLayout(headers, styles), journal.results(run.number), progress)
            to_fix = FixLayout(headers, run.facts.sheet, styles)
            workbook.pour(to_fix, journal.results(run.number, TO_FIX), progress)
            fill_summary(workbook.front, journal, run)
            workbook.finish()

    return write_in_place(path, write)

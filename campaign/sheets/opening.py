"""Opening a recipients file: what kind of file is it, and who reads it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.files import FileKind, kind_of
from campaign.sheets.table import ReadOptions

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.sheets.table import Sheet

_DEFAULTS = ReadOptions()


def open_sheet(path: Path, options: ReadOptions = _DEFAULTS) -> Sheet:
    """Open a workbook or CSV file and read its headers.

    Args:
        path: the file; what it is called matters less than what is in it.
        options: what the operator says about it.

    Raises:
        RecipientsError: it cannot be read as a list of rows under one header; says why, and what to do.
    """
    try:
        return _open(path, options, kind_of(path))
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise RecipientsError(Problem(path.name, what, "see that the file can be read, and try again")) from error


def _open(path: Path, options: ReadOptions, kind: FileKind) -> Sheet:
    _refuse_options(path, options, kind)
    # Imported late: `campaign --help` opens no file, and openpyxl and charset-normalizer are slow to import.
    if kind is FileKind.WORKBOOK:
        from campaign.sheets.xlsx.workbook import WorkbookSheet  # noqa: PLC0415

        return WorkbookSheet(path, options)
    from campaign.sheets.delimited import DelimitedSheet  # noqa: PLC0415

    return DelimitedSheet(path, options)


def _refuse_options(path: Path, options: ReadOptions, kind: FileKind) -> None:
    if options.header_row < 1:
        raise RecipientsError(Problem("header_row", f"is {options.header_row}", "rows are counted from 1"))
    if kind is FileKind.TEXT and options.sheet is not None:
        raise RecipientsError(Problem(path.name, "is a text file and has no sheets", "leave out the sheet"))
    if kind is FileKind.TEXT and options.short_date != _DEFAULTS.short_date:
        what = "is a text file, whose dates stay as they are written"
        raise RecipientsError(Problem(path.name, what, "leave out the short_date"))
    given = [name for name in ("encoding", "delimiter") if getattr(options, name) is not None]
    if kind is FileKind.WORKBOOK and given:
        what = f"is a workbook and has no {' and no '.join(given)}"
        raise RecipientsError(Problem(path.name, what, f"leave out the {' and the '.join(given)}"))

"""Open a workbook or CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.delimited import DelimitedSheet
from campaign.sheets.files import FileKind, kind_of
from campaign.sheets.legacy_sheet import ConvertedSheet
from campaign.sheets.table import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.sheets.table import Sheet

_DEFAULTS = ReadOptions()


def open_sheet(path: Path, options: ReadOptions = _DEFAULTS) -> Sheet:
    """Open a workbook or CSV file and read its headers.

    Args:
        path: the file; its content decides how it is read, not its name.
        options: how to read it.

    Raises:
        RecipientsError: it cannot be read as rows under one header row.
    """
    try:
        sheet = _open(path, options, kind_of(path))
        return ConvertedSheet(sheet) if options.legacy_font == "convert" else sheet
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise RecipientsError(Problem(path.name, what, "check that the file can be read, and try again")) from error


def workbook_properties(path: Path) -> Mapping[str, str]:
    """The custom properties of a workbook by name, as text; empty where it has none, or is no workbook."""
    try:
        if kind_of(path) is not FileKind.WORKBOOK:
            return {}
        from campaign.sheets.xlsx.properties import read_properties  # noqa: PLC0415 - loaded when a workbook is opened

        return read_properties(path)
    except (OSError, RecipientsError):  # a list may be readable although its properties are not
        return {}


def _open(path: Path, options: ReadOptions, kind: FileKind) -> Sheet:
    _check_options(path, options, kind)
    if kind is FileKind.TEXT:
        return DelimitedSheet(path, options)
    from campaign.sheets.xlsx.workbook import WorkbookSheet  # noqa: PLC0415 - openpyxl is slow to import

    return WorkbookSheet(path, options)


def _check_options(path: Path, options: ReadOptions, kind: FileKind) -> None:
    if options.header_row < 1:
        raise RecipientsError(Problem("header_row", f"is {options.header_row}", "rows are counted from 1"))
    if kind is FileKind.TEXT and options.sheet is not None:
        raise RecipientsError(Problem(path.name, "is a text file and has no sheets", "leave out the sheet"))
    if kind is FileKind.TEXT and options.short_date != _DEFAULTS.short_date:
        what = "is a text file, and its dates are not reformatted"
        raise RecipientsError(Problem(path.name, what, "leave out the short_date"))
    given = [name for name in ("encoding", "delimiter") if getattr(options, name) is not None]
    if kind is FileKind.WORKBOOK and given:
        what = f"is a workbook and has no {' and no '.join(given)}"
        raise RecipientsError(Problem(path.name, what, f"leave out the {' and the '.join(given)}"))

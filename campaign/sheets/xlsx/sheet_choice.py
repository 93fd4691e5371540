"""Which worksheet holds the recipients."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.xlsx.contents import Worksheet

_LISTED = 12


def choose_sheet(sheets: Sequence[Worksheet], name: str | None, label: str) -> Worksheet:
    """Choose the sheet of that name, letter by letter or else loosely; without a name, the first visible one.

    Args:
        sheets: the workbook's worksheets.
        name: the one asked for, or None.
        label: the file, for errors.

    Raises:
        RecipientsError: there is none; it lists those there are.
    """
    if not sheets:
        remedy = "open it in a spreadsheet program and save it as .xlsx"
        raise RecipientsError(Problem(label, "holds no worksheet that can be read", remedy))
    if name is None:
        return next((sheet for sheet in sheets if not sheet.hidden), sheets[0])
    exact = [sheet for sheet in sheets if sheet.name == name]
    alike = [sheet for sheet in sheets if _loosely(sheet.name) == _loosely(name)]
    if exact or alike:
        return (exact or alike)[0]
    names = [sheet.name for sheet in sheets]
    near = difflib.get_close_matches(name, names, n=1)
    remedy = (
        f"did you mean “{near[0]}”? Its sheets are {_listed(names)}" if near else f"its sheets are {_listed(names)}"
    )
    raise RecipientsError(Problem(label, f"has no sheet “{name}”", remedy))


def describe_choice(chosen: Worksheet, sheets: Sequence[Worksheet]) -> str:
    """Say which sheet is read, and of how many."""
    hidden = sum(1 for sheet in sheets if sheet.hidden)
    others = f" (of {len(sheets)}{f'; {hidden} hidden' if hidden else ''})" if len(sheets) > 1 else ""
    return f"sheet “{chosen.name}”{others}{', which is hidden' if chosen.hidden else ''}"


def what_else(empty: Worksheet, sheets: Sequence[Worksheet]) -> str:
    """Say what to do about a sheet that turned out to be empty."""
    others = [sheet.name for sheet in sheets if sheet is not empty]
    if others:
        return f"name the sheet that holds the recipients: {_listed(others)}"
    return "put the headers in the first row and one recipient in each row below"


def _listed(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:_LISTED]) + more


def _loosely(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()

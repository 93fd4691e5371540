"""The sheets To fix and In doubt as lists: how they are recognised, also in a copy under any name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets import workbook_properties

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from campaign.sheets import Sheet

FIX_TITLE, DOUBT_TITLE, REASON = "To fix", "In doubt", "Reason"

SOURCE_HEADERS = (("Run", "Source row"), ("Campaign run", "Campaign row"))
"""Headers of the columns that say where a row comes from; the second pair where the list has such headers itself."""

NAME_PROPERTY, RUN_ID_PROPERTY, RUN_PROPERTY = "Campaign", "Campaign journal", "Campaign run"
SENT_PROPERTY = "Campaign sent"
"""Properties of a results workbook, which spreadsheet programs keep when a workbook is saved under another name."""

_OWN_REASON = re.compile(rf"{REASON}( \(\d+\))?")


class SourceColumns(NamedTuple):
    """The positions of the columns that contain the run and the row of the first list."""

    run: int
    row: int


class WorkbookMark(NamedTuple):
    """Which campaign's workbook it is.

    Attributes:
        name: the campaign's name.
        run_id: `RunRecord.id` of the run that it was written from.
        run: that run's number.
        sent: how many of its rows were on record as sent; "" in workbooks of earlier versions.
    """

    name: str
    run_id: str
    run: str
    sent: str = ""


def mark_of(path: Path) -> WorkbookMark | None:
    """The mark of a results workbook; None where the file is none."""
    properties = workbook_properties(path)
    if RUN_ID_PROPERTY not in properties:
        return None
    name, run, sent = (properties.get(each, "") for each in (NAME_PROPERTY, RUN_PROPERTY, SENT_PROPERTY))
    return WorkbookMark(name, properties[RUN_ID_PROPERTY], run, sent)


def properties_of(mark: WorkbookMark) -> Mapping[str, str]:
    """The properties by which `mark_of` recognises a workbook."""
    return {
        NAME_PROPERTY: mark.name,
        RUN_ID_PROPERTY: mark.run_id,
        RUN_PROPERTY: mark.run,
        SENT_PROPERTY: mark.sent,
    }


def source_headers(originals: Sequence[str]) -> tuple[str, str]:
    """Headers for the two columns, that the list itself does not have."""
    taken = {header.strip().casefold() for header in originals}
    for pair in SOURCE_HEADERS:
        if not taken.intersection(name.casefold() for name in pair):
            return pair
    run, row = SOURCE_HEADERS[-1]
    numbered = ((f"{run} ({number})", f"{row} ({number})") for number in count(2))
    return next(pair for pair in numbered if not taken.intersection(name.casefold() for name in pair))


def source_columns(headers: Sequence[str], *, trusted: bool = False, marked: bool = False) -> SourceColumns | None:
    """Find the two columns among the headers of a list.

    Args:
        headers: the headers.
        trusted: whether the sheet has the name of one of campaign's; else only a list is recognised that ends with
            Reason, Run and Source row, as the sheet does that was copied or saved as CSV.
        marked: whether the workbook is campaign's; then columns may follow these three, as people add notes.
    """
    for run in range(len(headers) - 2, -1, -1):
        if _is_pair(headers[run], headers[run + 1]) and run and _OWN_REASON.fullmatch(headers[run - 1]):
            at_end = not any(header.strip() for header in headers[run + 2 :])
            if at_end or trusted or marked:
                return SourceColumns(run, run + 1)
    if not trusted:
        return None
    positions = {header: position for position, header in enumerate(headers)}
    pairs = [pair for pair in reversed(SOURCE_HEADERS) if all(name in positions for name in pair)]
    return SourceColumns(*(positions[name] for name in pairs[0])) if pairs else None


def _is_pair(run: str, row: str) -> bool:
    number = re.search(r"( \(\d+\))?$", run)
    end = number[0] if number else ""
    return any((run, row) == (first + end, second + end) for first, second in SOURCE_HEADERS)


def has_own_reasons(header: str) -> bool:
    """Whether a header is that of the reasons on a sheet To fix."""
    return _OWN_REASON.fullmatch(header) is not None


def is_titled(sheet: str | None, title: str) -> bool:
    """Whether a sheet has this title, as it is or with the number of a further sheet."""
    return re.fullmatch(rf"{re.escape(title)}( \d+)?", (sheet or "").strip(), re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class ToFixList:
    """A list that is the sheet To fix of an earlier run, as it is or in a copy.

    Attributes:
        columns: the columns with the run and the row of the first list.
        mark: whose workbook it is; None where that is lost, as in a CSV file.
    """

    columns: SourceColumns
    mark: WorkbookMark | None


def to_fix_list(recipients: Sheet) -> ToFixList | None:
    """Recognise a sheet To fix by its workbook, its name or its last columns; None for any other list.

    Raises:
        RecipientsError: the list is the sheet In doubt, or a sheet To fix that has lost its columns.
    """
    mark, sheet = mark_of(recipients.path), recipients.sheet
    headers = [column.header for column in recipients.columns]
    doubtful, titled = is_titled(sheet, DOUBT_TITLE), is_titled(sheet, FIX_TITLE)
    columns = source_columns(headers, trusted=titled or doubtful, marked=mark is not None)
    if doubtful and (mark is not None or columns is not None):
        what = "these rows are in doubt: the server may have the messages, so the sheet is no list to send"
        remedy = "look at the server, then `campaign resolve`, or `campaign resume --retry in-doubt`"
        raise RecipientsError(Problem(f"{recipients.path.name}, sheet “{sheet}”", what, remedy))
    if columns is not None:
        return ToFixList(columns, mark)
    if titled and mark is not None:
        what = "the columns Run and Source row are missing, which say which rows were sent meanwhile"
        remedy = "write the workbook again with `campaign results`, and correct the rows there"
        raise RecipientsError(Problem(f"{recipients.path.name}, sheet “{sheet}”", what, remedy))
    return None

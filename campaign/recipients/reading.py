"""How a list was read: the column that names its rows, and what explains a missing column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.recipients import missing_header_warning, variable_name
from campaign.text import caseless

if TYPE_CHECKING:
    from campaign.sheets import Column, Sheet


def label_column(recipients: Sheet, header: str) -> Column:
    """The column by whose text rows are called.

    Raises:
        RecipientsError: there is none.
    """
    for column in recipients.columns:
        if caseless(column.header) == caseless(header):
            return column
    headers = ", ".join(column.label for column in recipients.columns if column.header)
    raise RecipientsError(
        Problem("label", f"there is no column with the header “{header}”", f"the headers are: {headers}")
    )


def how_it_was_read(recipients: Sheet, missing: set[str]) -> list[Problem]:
    """Explain how a list was read, for an error about missing columns; another header row comes first."""
    rows = ((row.number, row.texts) for row in recipients.rows())
    doubt = missing_header_warning(rows, {variable_name(name) for name in missing} - {""})
    doubt = doubt or recipients.header_warning
    others = [note for note in recipients.notes if note != recipients.header_warning]
    return [Problem(f"{recipients.path.name}, as it was read", note) for note in filter(None, (doubt, *others))]

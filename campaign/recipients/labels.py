"""The column that names the rows of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.text import caseless, one_line

if TYPE_CHECKING:
    from campaign.sheets import Column, Row, Sheet

LONGEST_LABEL = 40
"""Characters of the text that a row is called by."""


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


def label_of(row: Row, column: Column | None) -> str:
    """What a row is called besides its number; "" for nothing.

    Args:
        row: the row.
        column: the column by whose text rows are called; None: there is none.
    """
    return "" if column is None else one_line(row.texts[column.position], LONGEST_LABEL)

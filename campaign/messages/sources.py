"""The source of one variable or header that a setting names: a column, or a text that is the same for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.messages.headers import columns_named, no_header, not_one
from campaign.recipients import variable_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.errors import Problem
    from campaign.messages.binding import Mapped
    from campaign.sheets import Column


class Source(NamedTuple):
    """Where a variable comes from.

    Attributes:
        column: its column; None where its text is the same for every row.
        text: that text.
    """

    column: Column | None
    text: str = ""


def find_source(name: str, columns: Sequence[Column], mapped: Mapped, where: str) -> Source | Problem:
    """Find the source of a variable, or of a header.

    Args:
        name: the variable or the header, as typed.
        columns: the columns of the recipients.
        mapped: the sources of variables that the campaign file and the options name.
        where: the setting that names it, for the problem.

    Returns:
        The source; or why there is none.
    """
    if name in mapped.values:
        return Source(None, mapped.values[name])
    if name in mapped.columns:
        found = columns_named(mapped.columns[name], columns, any_case=True)
    else:
        found = [column for column in columns if variable_name(column.header) == name]
        found = found or columns_named(name, columns, any_case=True)
    if len(found) == 1:
        return Source(found[0])
    header = mapped.columns.get(name, name)
    return not_one(where, header, found) if found else no_header(where, header, columns)


def has_source(name: str, columns: Sequence[Column], mapped: Mapped) -> bool:
    """Whether a variable or a header has a source, without a word about why not."""
    return isinstance(find_source(name, columns, mapped, ""), Source)

"""Blank cells that leave a gap in a text, found while a plan is read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from campaign.findings import Occurrences, make
from campaign.messages.environment import RENDER_ERRORS
from campaign.text import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.findings import Finding
    from campaign.messages import MessageTemplate
    from campaign.messages.text_template import TextTemplate
    from campaign.recipients.lint import OnRow
    from campaign.recipients.row_batch import RowBatch
    from campaign.sheets import CellValue, Column, Row, Sheet

SENTINEL = "\ue000gap\ue000"
"""Stands in for a blank cell to find out whether its place is rendered; of private-use characters."""


class GapFinder:
    """Counts the blank cells of each column that leave a gap.

    Args:
        recipients: the open list.
        template: the template bound to the list's columns.
        on_row: called with the number of a row and the code of a finding, for each such row.
    """

    def __init__(self, recipients: Sheet, template: MessageTemplate, on_row: OnRow | None = None) -> None:
        self._recipients = recipients
        self._template = template
        self._on_row = on_row
        self._places = _places(template)
        self._blank = {column: Occurrences() for column in self._places}

    def check(self, batch: RowBatch) -> None:
        """Look at the rows of a batch."""
        for column, places in self._places.items():
            if not any(map(is_blank, batch.texts[column.position])):
                continue
            for row in batch.rows:
                text = row.texts[column.position]
                if is_blank(text) and any(self._is_rendered(place, column, row) for place in places):
                    cell = f"{column.letter}{row.number}"
                    self._blank[column].add(row.number, cell, label=batch.label(row.number))
                    if self._on_row is not None:
                        self._on_row(row.number, "blank-value")

    def _is_rendered(self, place: _Place, column: Column, row: Row) -> bool:
        """Whether the place of a blank cell is rendered, which an `{% if %}` about something else decides."""
        if place.always:
            return True
        position = column.position
        texts = (*row.texts[:position], SENTINEL, *row.texts[position + 1 :])
        values: tuple[CellValue, ...] = (*row.values[:position], SENTINEL, *row.values[position + 1 :])
        stood_in = row._replace(texts=texts, values=values)
        with contextlib.suppress(*RENDER_ERRORS):
            return SENTINEL in place.text.render(self._template.binding.context(stood_in))
        return True  # a filter that takes numbers alone: it has been reached

    def findings(self) -> Iterator[Finding]:
        """A finding for each column with such cells."""
        merged = self._recipients.facts.merged
        for column, found in self._blank.items():
            if not found.count:
                continue
            variable = self._places[column][0].variable
            message = f"“{variable}” is blank in {found.named()}, in the middle of a text"
            areas = list(dict.fromkeys(filter(None, (merged.area_of(column.position, row) for row in found.rows))))
            if areas:
                message = f"{message}; merged cells ({', '.join(areas)}) have their text in the first cell alone"
            yield make("blank-value", message, found, variable=variable)


class _Place(NamedTuple):
    """Where a blank cell leaves a gap: in which string, and under which name; `always` is as in `messages.gaps.Gap`."""

    variable: str
    text: TextTemplate
    always: bool


def _places(template: MessageTemplate) -> dict[Column, list[_Place]]:
    """The gaps of a template by column; those that every row has come first."""
    found: dict[Column, list[_Place]] = {}
    binding = template.binding
    for text in template.texts:
        for (kind, name), always in text.uses.gaps:
            column = binding.columns.get(name) if kind == "variable" else binding.headers.get(name)
            if column is not None:
                found.setdefault(column, []).append(_Place(name, text, always))
    return {column: sorted(places, key=lambda place: not place.always) for column, places in found.items()}

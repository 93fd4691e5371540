"""A sheet whose text of legacy fonts is converted to Unicode, so that what it shows is what is sent.

A cell is converted by its own font, where the workbook has one of these fonts for it. Any other cell is converted as
the letters of its column decide, which is found out by reading the list once more beforehand.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import RecipientsError
from campaign.sheets.legacy_fonts import has_only_capitals
from campaign.sheets.legacy_letters import LetterChoice, LetterEvidence, by_letters, choices, row_by_letters
from campaign.sheets.starts import SheetStart
from campaign.sheets.table import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.sheets.facts import SheetFacts
    from campaign.sheets.table import Row, Sheet

_ROWS_TOGETHER = 500


class ConvertedSheet:
    """The rows of a sheet, converted."""

    def __init__(self, sheet: Sheet) -> None:
        """Convert the headers; the rows are read when they are asked for."""
        self._sheet = sheet
        self._plan: _Conversions | None = None
        self.path = sheet.path
        self.sheet = sheet.sheet
        self.columns = columns_of(headers_as_shown(sheet))
        self.header_warning = sheet.header_warning
        self.notes = sheet.notes

    @property
    def facts(self) -> SheetFacts:
        """What reading found out so far."""
        return self._sheet.facts

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank, converted; `notes` is complete once all are read.

        Raises:
            RecipientsError: the file is damaged further down, or has changed since it was opened.
        """
        if self._plan is None:
            self._plan = _conversions(self._sheet)
        for row in self._sheet.rows():
            yield _converted(row, self._plan)
        self.notes = self._sheet.notes

    def starts(self) -> Iterator[SheetStart]:
        """Yield the first rows of each sheet, converted."""
        for start in self._sheet.starts():
            yield SheetStart(start.sheet, [(number, row_by_letters(texts)) for number, texts in start.rows])


def headers_as_shown(sheet: Sheet) -> tuple[str, ...]:
    """Return the headers in Unicode: as their fonts show them, or as their letters decide with those of the first rows.

    Args:
        sheet: a sheet that is not converted.
    """
    headers = tuple(column.header for column in sheet.columns)
    shown = tuple(column.header for column in columns_of(sheet.facts.shown_headers)) or headers
    if "".join(shown).isascii():
        return shown
    evidence = LetterEvidence()
    evidence.add_all(shown)
    for start in islice(sheet.starts(), 1):
        for _, texts in start.rows:
            evidence.add_all(texts)
    choice = evidence.choice()
    own_font = [old != new for old, new in zip(headers, shown, strict=True)]
    return tuple(text if own else by_letters(text, choice) for text, own in zip(shown, own_font, strict=True))


class _Conversions(NamedTuple):
    """What is converted beyond the cells with a legacy font: columns by their letters, columns in capitals."""

    by_letters: tuple[tuple[int, LetterChoice], ...]
    in_capitals: tuple[int, ...]


def _conversions(sheet: Sheet) -> _Conversions:
    """Read all rows to find out which columns are converted; damage is reported when the rows are read."""
    evidence = [LetterEvidence() for _ in sheet.columns]
    in_capitals: set[int] = set()
    with suppress(RecipientsError):
        rows = sheet.rows()
        while batch := list(islice(rows, _ROWS_TOGETHER)):
            for position, column in enumerate(evidence):
                column.add_all([_without_font(row, position) for row in batch])
            for row in batch:
                in_capitals.update(_positions_in_capitals(row) if row.fonts else ())
    by_position = enumerate(choices(evidence))
    return _Conversions(
        tuple((position, choice) for position, choice in by_position if choice.characters), tuple(sorted(in_capitals))
    )


def _without_font(row: Row, position: int) -> str:
    return "" if row.fonts and row.fonts[position] else row.texts[position]


def _positions_in_capitals(row: Row) -> list[int]:
    """The columns that are text in a font of capitals; one that has only ASCII may be ids, which must not change."""
    return [
        position
        for position, font in enumerate(row.fonts)
        if font and has_only_capitals(font) and row.shown[position] != row.texts[position]
    ]


def _converted(row: Row, plan: _Conversions) -> Row:
    fonts = row.fonts
    texts = list(row.shown or row.texts)
    for position, choice in plan.by_letters:
        if not fonts or not fonts[position]:
            texts[position] = by_letters(texts[position], choice)
    for position in plan.in_capitals:
        if fonts and has_only_capitals(fonts[position]):
            texts[position] = texts[position].upper()
    plain = row._replace(fonts=(), shown=()) if fonts else row
    if tuple(texts) == row.texts:
        return plain
    return plain._replace(
        texts=tuple(texts),
        values=tuple(
            new if isinstance(value, str) and new != old else value
            for value, new, old in zip(row.values, texts, row.texts, strict=True)
        ),
        originals=tuple("" if new == old else old for new, old in zip(texts, row.texts, strict=True)),
    )

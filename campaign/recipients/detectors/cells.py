"""Look at the cells of a batch of rows, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from campaign.recipients.destinations import BLANKS, trimmed
from campaign.recipients.detectors.mojibake import may_be_mojibake, undone
from campaign.recipients.detectors.numbers import DIGITS_KEPT, ruin_of
from campaign.recipients.detectors.placeholders import column_names, may_have_placeholders, placeholders_in_cell
from campaign.recipients.detectors.texts import (
    NULL_WORDS,
    has_backslash_quotes,
    has_csv_apostrophe,
    has_lost_letters,
    may_have_lost_letters,
)
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from campaign.recipients.row_batch import RowBatch
    from campaign.sheets import Column, Row

_SHOWN_LENGTH = 60
_SCANNED_LENGTH = 10_000
_TEXT_TYPES = {str, type(None)}


@dataclass(frozen=True, slots=True)
class CellFinding:
    """What is found in one cell.

    Attributes:
        code: the kind of finding, a key of `KINDS`.
        column: the cell's column.
        row: the number of its row.
        text: the cell as displayed, on one line and shortened.
        detail: what is special about it, for people: what it would be, or what the sheet shows; "" if the text says it.
    """

    code: str
    column: Column
    row: int
    text: str
    detail: str = ""

    @property
    def cell(self) -> str:
        """The reference of the cell, "C2"."""
        return f"{self.column.letter}{self.row}"


class _Cell(NamedTuple):
    text: str
    row: Row
    position: int

    @property
    def number_format(self) -> str:
        return self.row.formats[self.position] if self.row.formats else ""


class _Kind(NamedTuple):
    """A kind of finding of cells.

    Attributes:
        code: its key in `KINDS`.
        may_occur: whether a text has to be looked at, or any of several texts put together; fast.
        look: returns what is special about a cell that has the fault, None for a cell in good order.
    """

    code: str
    may_occur: Callable[[str], bool]
    look: Callable[[_Cell], str | None]


class CellDetector:
    """Finds the cells of a list that would be sent as nobody meant them.

    Args:
        columns: the columns that the template uses; no other matters.
        ids: those of them that make the destination.
        headers: all columns of the list, whose names a placeholder in a cell may have.
    """

    def __init__(self, columns: Iterable[Column], ids: Collection[Column] = (), headers: Iterable[Column] = ()) -> None:
        self._columns = sorted(columns)
        self._ids = frozenset(ids)
        self._names = column_names(headers)

    def check(self, batch: RowBatch) -> Iterator[CellFinding]:
        """Yield the findings of a batch of rows, column by column.

        Costs about 0.1 µs for a cell in good order.
        """
        for column in self._columns:
            yield from self._findings(column, batch)

    def _findings(self, column: Column, batch: RowBatch) -> Iterator[CellFinding]:
        position = column.position
        for kind in self._kinds(column, batch):
            for row, text in zip(batch.rows, batch.texts[position], strict=True):
                if text and kind.may_occur(text):
                    cell = _Cell(text[:_SCANNED_LENGTH], row, position)
                    detail = kind.look(cell)
                    if detail is not None:
                        yield CellFinding(kind.code, column, row.number, one_line(cell.text, _SHOWN_LENGTH), detail)

    def _kinds(self, column: Column, batch: RowBatch) -> list[_Kind]:
        """Return the kinds that may occur in a column of a batch."""
        position, is_id, rows = column.position, column in self._ids, batch.rows
        texts, together = batch.texts[position], batch.together(position)
        kinds = [kind for kind in _TEXT_KINDS if kind.may_occur(together)]
        if not NULL_WORDS.isdisjoint(texts):
            kinds.append(_NULL_WORD)
        if may_have_placeholders(together):
            kinds.append(_Kind("placeholder-left", may_have_placeholders, self._placeholder))
        if any([row.fonts for row in rows]):  # noqa: C419 - a list is faster
            kinds.append(_LEGACY_FONT)
        if any([row.originals for row in rows]):  # noqa: C419 - as above
            kinds.append(_CONVERTED)
        if rows[0].formats and not set(map(type, batch.values[position])) <= _TEXT_TYPES:
            kinds.append(_RUINED_ID if is_id else _RUINED_NUMBER)
        if is_id and tuple([text.strip(BLANKS) for text in texts]) != texts:
            kinds.append(_TRIMMED)
        return kinds

    def _placeholder(self, cell: _Cell) -> str | None:
        found = placeholders_in_cell(cell.text, self._names)
        return f"has {', '.join(found)}" if found else None


def _lost_letters(cell: _Cell) -> str | None:
    return "" if has_lost_letters(cell.text) else None


def _mojibake(cell: _Cell) -> str | None:
    fixed = undone(cell.text)
    return None if fixed is None else f"would be “{one_line(fixed, _SHOWN_LENGTH)}”"


def _csv_apostrophe(cell: _Cell) -> str | None:
    return "" if has_csv_apostrophe(cell.text) else None


def _backslash_quotes(cell: _Cell) -> str | None:
    return "" if has_backslash_quotes(cell.text, is_csv=not cell.row.formats) else None


def _legacy_font(cell: _Cell) -> str | None:
    row, position = cell.row, cell.position
    if not row.fonts or not row.fonts[position] or row.shown[position] == row.texts[position]:
        return None
    return f"the font {row.fonts[position]} shows as “{one_line(row.shown[position], _SHOWN_LENGTH)}”"


def _converted(cell: _Cell) -> str | None:
    original = cell.row.originals[cell.position] if cell.row.originals else ""
    return f"was “{one_line(original, _SHOWN_LENGTH)}”" if original else None


def _ruined_id(cell: _Cell) -> str | None:
    return ruin_of(cell.row.values[cell.position], cell.text, cell.number_format, is_id=True) or None


def _ruined_number(cell: _Cell) -> str | None:
    return ruin_of(cell.row.values[cell.position], cell.text, cell.number_format, is_id=False) or None


def _trimmed(cell: _Cell) -> str | None:
    return None if trimmed(cell.text) == cell.text else ""


def _always(_text: str) -> bool:
    return True


def _has_long_number(text: str) -> bool:
    return "E" in text or len(text) > DIGITS_KEPT


_TEXT_KINDS = (
    _Kind("lost-letters", may_have_lost_letters, _lost_letters),
    _Kind("mojibake", may_be_mojibake, _mojibake),
    _Kind("csv-apostrophe", lambda text: "'" in text, _csv_apostrophe),
    _Kind("backslash-quotes", lambda text: "\\" in text, _backslash_quotes),
)
_NULL_WORD = _Kind("null-word", NULL_WORDS.__contains__, lambda _cell: "")
_LEGACY_FONT = _Kind("legacy-font", _always, _legacy_font)
_CONVERTED = _Kind("converted", _always, _converted)
_RUINED_ID = _Kind("ruined-number", _has_long_number, _ruined_id)
_RUINED_NUMBER = _Kind("ruined-number", _has_long_number, _ruined_number)
_TRIMMED = _Kind("trimmed", _always, _trimmed)

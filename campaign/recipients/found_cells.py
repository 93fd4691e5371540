"""Cells that have something in common: their number, and the first few of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.findings import Finding, Occurrences, make, together
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets import Column

LabelOf: TypeAlias = Callable[[int], str]
"""Returns what a row is called besides its number."""

_CELLS_LISTED = 3
_MAX_SHOWN_LENGTH, _MAX_TEXT_SCANNED = 30, 1000


class FoundCells(Occurrences):
    """Counts cells and keeps the first few of them, with what the first one shows."""

    def __init__(self) -> None:
        super().__init__()
        self._first = ""

    def note(self, letter: str, row: int, text: str, remark: str = "", label_of: LabelOf | None = None) -> None:
        """Count a cell.

        Args:
            letter: its column.
            row: its row's number.
            text: the cell as displayed.
            remark: what is special about it, after “which”.
            label_of: returns what a row is called besides its number; None: rows have no names.
        """
        if self.count >= self.KEPT:
            self.count += 1
            return
        if not self.count:
            shown = one_line(text[:_MAX_TEXT_SCANNED], _MAX_SHOWN_LENGTH)
            also = one_line(remark[:_MAX_TEXT_SCANNED], 2 * _MAX_SHOWN_LENGTH)
            self._first = (f" “{shown}”" if shown else "") + (f", which {also}" if also else "")
        self.add(row, f"{letter}{row}", label="" if label_of is None else label_of(row))

    def described(self) -> str:
        """The number of cells and the references of the first few, with the text of the first one."""
        named = zip(self.cells, self.labels, strict=True)
        names = [f"{cell} ({label})" if label else cell for cell, label in named]
        shown = names[:_CELLS_LISTED]
        shown[0] += self._first
        more = ", …" if self.count > _CELLS_LISTED else ""
        return f"{self.count:,} cell{'' if self.count == 1 else 's'}: {', '.join(shown)}{more}"


class Fault(NamedTuple):
    """What is wrong with cells of a column.

    Attributes:
        code: the code of the finding.
        what: the words that follow the column's name.
        fix: what to do about it, where that depends on the cells.
    """

    code: str
    what: str
    fix: str = ""


def finding_of(fault: Fault, found: Sequence[tuple[Column, FoundCells]]) -> Finding:
    """The finding of a fault, in one column or in several."""
    column, cells = found[0]
    message = f"{_named(column)} {fault.what} ({cells.described()})"
    message += "".join(f"; likewise {_named(other)} ({also.described()})" for other, also in found[1:])
    return make(fault.code, message, together([each for _, each in found]), fix=fault.fix)


def _named(column: Column) -> str:
    return f"column {column.letter} “{column.label}”"

"""Cut a text file into fields by the block, where its lines are plain records: in a tenth of the time."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Protocol

from campaign.sheets.cell_problems import is_suspect

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_CHARACTERS = 1 << 18
_LONGEST_LINE = 16 * BLOCK_CHARACTERS
_ODD = ("\r", "\0", "\x1a")
"""A line break of another kind, a character that no text has, and what DOS programs end a file with."""


class Readable(Protocol):
    """A text file open for reading with newline=""."""

    def read(self, size: int, /) -> str:
        """Read at most so many characters; return "" at the end of the file."""
        ...


def line_blocks(stream: Readable) -> Iterator[str]:
    """Yield whole lines by the block; what does not end in a line feed is no block of lines."""
    rest = ""
    while chunk := stream.read(BLOCK_CHARACTERS):
        text = rest + chunk
        end = text.rfind("\n") + 1
        block, rest = text[:end].replace("\r\n", "\n"), text[end:]
        if block:
            yield block
        elif len(rest) > _LONGEST_LINE:
            yield rest
            return
    if rest:
        yield f"{rest}\n"


def plain_column(block: str, delimiter: str, width: int, position: int) -> list[str] | None:
    """A column of a block of lines, "" for a blank line; None if a line may be anything but a record of plain fields.

    Args:
        block: whole lines.
        delimiter: what separates fields.
        width: the number of fields of a record.
        position: which field.
    """
    if not block.endswith("\n") or any(odd in block for odd in _ODD) or is_suspect(block):
        return None
    lines = block.split("\n")
    lines.pop()
    if '"' in block:
        # A quotation mark after a blank is a mistake, or a way of writing of its own.
        return None if ' "' in block else _quoted(lines, delimiter, width, position)
    return lines if width == 1 and delimiter not in block else _split(lines, delimiter, width, position)


def _quoted(lines: list[str], delimiter: str, width: int, position: int) -> list[str] | None:
    """A column of lines with quotation marks; None if they are not as many records of as many fields."""
    try:
        records = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    # A record of several lines would make them fewer than the lines.
    if len(records) != len(lines) or not set(map(len, records)) <= {0, width}:
        return None
    return [record[position] if record else "" for record in records]


def _split(lines: list[str], delimiter: str, width: int, position: int) -> list[str] | None:
    """A column of lines without quotation marks; None if they have not all as many fields."""
    between = width - 1
    if any(line.count(delimiter) != between for line in lines if line):
        return None
    return [line.split(delimiter, position + 1)[position] if line else "" for line in lines]

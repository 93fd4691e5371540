"""Split a text file into records.

Python's csv module silently reads an unclosed quotation mark as a field that extends to the next quotation mark or the
end of the file. Here such a record ends with its line, and the lines after it are read as records of their own.
"""

from __future__ import annotations

import csv
import sys
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.sheets.delimiter import quoted_after_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


MAX_FIELD_LENGTH = 1_000_000
"""Most characters of a field."""

_MAX_RECORD_LENGTH = 4 * MAX_FIELD_LENGTH
_ROWS_SWALLOWED = {1: sys.maxsize, 2: 3}
"""How many lines of a field have to look like rows by the number of fields: text may well have a comma in a line."""

_END_OF_FILE = "\x1a"  # Ctrl-Z: DOS programs write it after the last line of a text file

# The csv module's own limit is 131,072 characters; beyond it, csv raises in the middle of a record.
csv.field_size_limit(2 * _MAX_RECORD_LENGTH)


class LineSource(Protocol):
    """A text file open for reading with newline=""."""

    def readline(self, limit: int, /) -> str:
        """Read a line, but at most `limit` characters; return "" at the end of the file."""
        ...


class CsvRecord(NamedTuple):
    """One record of a text file.

    Attributes:
        number: its row number in a spreadsheet program, where blank lines count and quoted line breaks do not.
        line: number of its first line in the file, from 1.
        fields: its fields.
        error: what is wrong with it as a whole, or "".
    """

    number: int
    line: int
    fields: list[str]
    error: str = ""


class _TooLongError(Exception):
    """A line is longer than any record may be."""


def read_records(
    stream: LineSource, delimiter: str, *, first_line: int = 1, spaced: bool = False, width: int = 0
) -> Iterator[CsvRecord]:
    """Yield every record of a text file, blank ones included.

    Args:
        stream: the file, opened with newline="" and positioned at the start of a line.
        delimiter: the character that separates fields.
        first_line: number of that line in the file.
        spaced: whether blanks after a delimiter belong to it.
        width: number of fields of a record, by which the lines of a field are told from rows; 0: not known.
    """
    lines = _Lines(stream, first_line)
    how = _Format(delimiter, spaced)
    reader = how.reader(lines, strict=True)
    number = 0
    while True:
        number += 1
        line = lines.start_record()
        error = ""
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _TooLongError:
            fields, error = [], f"line {line} has more than {_MAX_RECORD_LENGTH:,} characters"
        except csv.Error:
            fields, opened = _recover_record(lines, how)
            if opened is not None:
                error = f"line {line + opened}: a field starts with a quotation mark that is not closed"
        else:
            start = lines.record[0]
            if len(lines.record) > 1 and width and _has_swallowed_rows(lines.record, delimiter, width):
                error = f"line {line}: a field starts with a quotation mark that is not closed"
                error = f"{error} before line {line + len(lines.record) - 1}, and the lines from here on look like rows"
                fields = how.line(lines.keep(1))
            if ' "' in start and not spaced and quoted_after_blank(delimiter).search(start):
                error = f"line {line}: a field has a blank before its quotation mark"
        yield CsvRecord(number, line, fields, error)


class _Format(NamedTuple):
    """What csv has to know of a file."""

    delimiter: str
    spaced: bool

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=strict)

    def line(self, lines: Sequence[str]) -> list[str]:
        """The fields of a record that ends with these lines, whatever quotation mark is open."""
        return next(self.reader([*lines[:-1], lines[-1].rstrip("\r\n")]))


def _recover_record(lines: _Lines, how: _Format) -> tuple[list[str], int | None]:
    """Read a record that is not valid CSV.

    Text after a closing quotation mark is accepted, as in spreadsheet programs, if the record is one line. If the
    record has more lines, or the file ends in it, the opening quotation mark is unclosed: the record ends with that
    line, and the lines after it are pushed back.

    Returns:
        the fields, and the index of the line with the unclosed quotation mark; None if there is none.
    """
    record = lines.record
    if len(record) == 1:
        following = iter([*record, ""])
        fields = next(how.reader(following))
        if next(following, None) is not None:
            return fields, None
        opened = 0
    else:
        unclosed = record if lines.ran_out else record[:-1]
        opened = _line_of_last_field(unclosed, next(how.reader(unclosed))[-1])
    return how.line(lines.keep(opened + 1)), opened


def _has_swallowed_rows(record: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether the lines of a record after its first one look like rows, which a field in quotation marks contains.

    They have as many delimiters as rows have, and none before a blank, as in prose. The last line may be the closing
    quotation mark alone.
    """
    rest = [line.rstrip("\r\n") for line in record[1:]]
    if rest[-1].strip(delimiter) == '"':
        rest.pop()
    return len(rest) >= _ROWS_SWALLOWED.get(width, 1) and all(
        line.count(delimiter) == width - 1 and f"{delimiter} " not in line and not line.startswith(delimiter)
        for line in rest
    )


def _line_of_last_field(record: list[str], field: str) -> int:
    """Return the index of the line in which the last field of a record starts."""
    breaks = field.count("\r") + field.count("\n") - field.count("\r\n")
    return len(record) - breaks - (not field.endswith(("\r", "\n")))


class _Lines:
    """An iterator over lines that keeps those of the current record and can push lines back.

    Attributes:
        record: the lines of the current record.
        ran_out: whether the file ended within the current record.
    """

    def __init__(self, stream: LineSource, number: int) -> None:
        self.record: list[str] = []
        self.ran_out = False
        self._number = number
        self._size = 0
        self._stream = stream
        self._pushed_back: deque[str] = deque()

    def start_record(self) -> int:
        """Start a record; return the number of its first line."""
        self.record.clear()
        self.ran_out = False
        self._size = 0
        return self._number

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._pushed_back.popleft() if self._pushed_back else self._stream.readline(_MAX_RECORD_LENGTH)
        self._size += len(line)
        if self._size >= _MAX_RECORD_LENGTH:
            line = self._cut_record(line)
        elif line.endswith(_END_OF_FILE):  # no line break follows, so this is the last line
            line = line.removesuffix(_END_OF_FILE)
        if not line:
            self.ran_out = True
            raise StopIteration
        self.record.append(line)
        self._number += 1
        return line

    def _cut_record(self, line: str) -> str:
        """End a record that is too long before this line; skip a line that is too long by itself."""
        if self.record:
            self._pushed_back.appendleft(line)
            return ""
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(_MAX_RECORD_LENGTH)
        self._number += 1
        raise _TooLongError

    def keep(self, lines: int) -> list[str]:
        """Keep the first lines of the current record and push the others back; return those kept."""
        kept, returned = self.record[:lines], self.record[lines:]
        self._pushed_back.extendleft(reversed(returned))
        self._number -= len(returned)
        return kept

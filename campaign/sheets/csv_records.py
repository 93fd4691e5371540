"""The records of a text file, and what is wrong with them by line.

Python's csv module takes a quotation mark that nothing closes for a field that reaches to the end of the file, or to
the next such mark, in silence. Here such a record ends with its line, and the lines after it are read as what they
look like.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_FIELD = 1_000_000
"""Characters of one field that are taken without suspicion."""

_LONGEST_RECORD = 4 * LONGEST_FIELD
_END_OF_FILE = "\x1a"  # Ctrl-Z: DOS programs write it after the last line of a text file

# The csv module's own limit is 131,072 characters; beyond it, it raises in the middle of a record.
csv.field_size_limit(2 * _LONGEST_RECORD)


class LineSource(Protocol):
    """A text file open for reading with newline=""."""

    def readline(self, limit: int, /) -> str:
        """Read a line, or as many characters of it; "" at the end."""
        ...


class Record(NamedTuple):
    """One record.

    Attributes:
        number: its row number as a spreadsheet program shows it: blank lines count, a quoted line break does not.
        line: number of the line in the file where it begins, from 1.
        fields: its fields.
        wrong: what is wrong with it as a whole, "" if nothing is.
    """

    number: int
    line: int
    fields: list[str]
    wrong: str = ""


class _TooLongError(Exception):
    """A line has more characters than any honest record."""


def read_records(stream: LineSource, delimiter: str, *, first_line: int = 1) -> Iterator[Record]:
    """Yield every record of a text file, blank ones too.

    Args:
        stream: the file, open with newline="" and at the beginning of a line.
        delimiter: the character between fields.
        first_line: number of that line in the file.
    """
    lines = _Lines(stream, first_line)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        line = lines.begin()
        wrong = ""
        try:
            fields = next(reader)
        except StopIteration:
            return
        except _TooLongError:
            fields, wrong = [], f"line {line} has more than {_LONGEST_RECORD:,} characters"
        except csv.Error:
            fields, opened = _mend(lines, delimiter)
            if opened is not None:
                wrong = f"line {line + opened}: a quotation mark opens a field there and none closes it"
        yield Record(number, line, fields, wrong)


def _mend(lines: _Lines, delimiter: str) -> tuple[list[str], int | None]:
    """Read what there is of a record that breaks the rules of CSV.

    Text after a closing quotation mark is taken as spreadsheet programs take it, within one line. Where more lines hang
    on such a mark, or the file ends first, the mark that opened the field closes nothing: its line is kept, the lines
    after it are given back.

    Returns:
        the fields, and in which line of the record the field opens that nothing closes; None if there is none.
    """
    record = lines.record
    if len(record) == 1:
        following = iter([*record, ""])
        fields = next(csv.reader(following, delimiter=delimiter))
        if next(following, None) is not None:
            return fields, None
        opened = 0
    else:
        torn = record if lines.ran_out else record[:-1]
        opened = _line_of_last_field(torn, next(csv.reader(torn, delimiter=delimiter))[-1])
    kept = lines.keep(opened + 1)
    kept[-1] = kept[-1].rstrip("\r\n")
    return next(csv.reader(kept, delimiter=delimiter)), opened


def _line_of_last_field(record: list[str], field: str) -> int:
    """Find in which line of a record its last field begins, when it reaches to the end of the last one."""
    breaks = field.count("\r") + field.count("\n") - field.count("\r\n")
    return len(record) - breaks - (not field.endswith(("\r", "\n")))


class _Lines:
    """Hands out lines, remembers those of the record at hand, and takes lines back.

    Attributes:
        record: the lines of the record at hand.
        ran_out: whether a further line of that record was asked for when there was none.
    """

    def __init__(self, stream: LineSource, number: int) -> None:
        self.record: list[str] = []
        self.ran_out = False
        self._number = number
        self._size = 0
        self._stream = stream
        self._returned: deque[str] = deque()

    def begin(self) -> int:
        """Begin a record; gives the number of its first line."""
        self.record.clear()
        self.ran_out = False
        self._size = 0
        return self._number

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._stream.readline(_LONGEST_RECORD)
        self._size += len(line)
        if self._size >= _LONGEST_RECORD:
            line = self._refuse(line)
        elif line.endswith(_END_OF_FILE):  # without a line end after it, so this is the last line
            line = line.removesuffix(_END_OF_FILE)
        if not line:
            self.ran_out = True
            raise StopIteration
        self.record.append(line)
        self._number += 1
        return line

    def _refuse(self, line: str) -> str:
        """Let a record that grew too long end before this line; a line that is too long by itself is passed over."""
        if self.record:
            self._returned.appendleft(line)
            return ""
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(_LONGEST_RECORD)
        self._number += 1
        raise _TooLongError

    def keep(self, lines: int) -> list[str]:
        """Keep the first lines of the record at hand, take back the others; gives those it keeps."""
        kept, returned = self.record[:lines], self.record[lines:]
        self._returned.extendleft(reversed(returned))
        self._number -= len(returned)
        return kept

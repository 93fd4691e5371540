"""Find the delimiter of a text file, and split the file into records.

Python's csv module silently reads an unclosed quotation mark as a field that extends to the next quotation mark or the
end of the file. Here such a record ends with its line, and the lines after it are read as records of their own.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
CANDIDATES = "\t;|,"
"""The delimiters that are tried. If two fit equally well, the first is taken: commas are common within texts."""

_SAMPLE_RECORDS = 50
_GIVE_DELIMITER = "use one character, or a name: comma, semicolon, tab, pipe"
_CHANGE_SEP_LINE = "put the delimiter there, or delete the line"


class Delimiter(NamedTuple):
    """How the fields of a file are separated.

    Attributes:
        character: the delimiter.
        has_sep_line: whether the file starts with a line `sep=;`, which Excel does not count as a row.
        spaced: whether a blank after a delimiter belongs to it: the file has quoted fields after blanks.
    """

    character: str
    has_sep_line: bool
    spaced: bool = False

    @property
    def label(self) -> str:
        """The delimiter in words."""
        return f"separated by {_NAMES.get(self.character) or f'“{self.character}”'}"


def find_delimiter(lines: Sequence[str], wanted: str | None, *, header_row: int, suffix: str) -> Delimiter:
    """Find the delimiter.

    Args:
        lines: the first lines of the file.
        wanted: the delimiter given by the user, as a character or a name, or None.
        header_row: number of the header row, from 1.
        suffix: the suffix of the file's name.

    Raises:
        RecipientsError: the delimiter given, or the one in the first line, cannot be one.
    """
    declared = _declared_in_first_line(lines[0]) if lines else ""
    if wanted is not None:
        character = _checked(wanted, "delimiter", _GIVE_DELIMITER)
    elif declared:
        character = _checked(declared, "line 1, sep=", _CHANGE_SEP_LINE)
    elif suffix.lower() in {".tsv", ".tab"}:
        character = "\t"
    else:
        best = max(CANDIDATES, key=lambda candidate: _fit(lines, candidate, header_row))
        character = best if _fit(lines, best, header_row) > _NO_FIT else ","
    return Delimiter(character, bool(declared), _is_spaced(lines, character))


def _is_spaced(lines: Iterable[str], delimiter: str) -> bool:
    """Return whether a field in quotation marks follows a delimiter and a blank, as in `1, "An"`.

    RFC 4180 has no blanks there, and such a field would contain its quotation marks.
    """
    quoted = _quoted_after_blank(delimiter)
    return any(' "' in line and quoted.search(line) for line in lines)


@lru_cache(maxsize=8)
def _quoted_after_blank(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf"""{mark} +"[^"\r\n]+" *(?:{mark}|[\r\n]|$)""")


_NO_FIT = (0.0, 0)


def _declared_in_first_line(line: str) -> str:
    text = line.lstrip("\ufeff").rstrip("\r\n")
    if text.startswith('"') and text.endswith('"'):  # some programs quote every text
        text = text[1:-1]
    name, _, character = text.partition("=")
    return character if name.strip().lower() == "sep" and len(character) == 1 else ""


def _checked(wanted: str, where: str, remedy: str) -> str:
    character = _WORDS.get(wanted.strip().lower(), wanted)
    if len(character) != 1 or character in '"\r\n\0 ' or character.isalnum():
        raise RecipientsError(Problem(where, f"“{wanted}” cannot separate fields", remedy))
    return character


def _fit(lines: Sequence[str], candidate: str, header_row: int) -> tuple[float, int]:
    """Rate a delimiter: the share of records with as many fields as the header, and that number of fields."""
    reader = csv.reader(lines, delimiter=candidate, skipinitialspace=True)
    records = islice(reader, header_row - 1, header_row + _SAMPLE_RECORDS)
    widths = [len(record) for record in records if any(record)]
    if not widths or widths[0] < 2:
        return _NO_FIT
    alike = sum(width == widths[0] for width in widths) / len(widths)
    return round(alike, 1), widths[0]


MAX_FIELD_LENGTH = 1_000_000
"""Most characters of a field."""

_MAX_RECORD_LENGTH = 4 * MAX_FIELD_LENGTH
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
    stream: LineSource, delimiter: str, *, first_line: int = 1, spaced: bool = False
) -> Iterator[CsvRecord]:
    """Yield every record of a text file, blank ones included.

    Args:
        stream: the file, opened with newline="" and positioned at the start of a line.
        delimiter: the character that separates fields.
        first_line: number of that line in the file.
        spaced: whether blanks after a delimiter belong to it.
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
            if ' "' in start and not spaced and _quoted_after_blank(delimiter).search(start):
                error = f"line {line}: a field has a blank before its quotation mark"
        yield CsvRecord(number, line, fields, error)


class _Format(NamedTuple):
    """What csv has to know of a file."""

    delimiter: str
    spaced: bool

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=strict)


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
    kept = lines.keep(opened + 1)
    kept[-1] = kept[-1].rstrip("\r\n")
    return next(how.reader(kept)), opened


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

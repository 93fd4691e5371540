"""Split a text file into records: which character separates the fields, and where a record ends."""

from __future__ import annotations

import csv
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
CANDIDATES = "\t;|,"
"""What is tried. Where two fit equally well the comma comes last: it is common within texts, the others are not."""

_RECORDS_LOOKED_AT = 50
_NAME_ONE = "use one character, or a name: comma, semicolon, tab, pipe"
_NAME_ONE_THERE = "put the character there that does, or delete the line"


class Delimiter(NamedTuple):
    """The separator, and whether a first line `sep=;` named it: Excel takes such a line for no row."""

    character: str
    has_sep_line: bool

    @property
    def label(self) -> str:
        """The separator in words."""
        return f"separated by {_NAMES.get(self.character) or f'“{self.character}”'}"


def find_delimiter(lines: Sequence[str], wanted: str | None, *, header_row: int, suffix: str) -> Delimiter:
    """Find the separator.

    Args:
        lines: the first lines of the file.
        wanted: the separator the operator names, as a character or a word, or None.
        header_row: number of the header row, from 1.
        suffix: how the file's name ends.

    Raises:
        RecipientsError: what the operator names, or else the first line, cannot be a separator.
    """
    named = _named_in_first_line(lines[0]) if lines else ""
    has_sep_line = bool(named)
    if wanted is not None:
        return Delimiter(_checked(wanted, "delimiter", _NAME_ONE), has_sep_line)
    if named:
        return Delimiter(_checked(named, "line 1, sep=", _NAME_ONE_THERE), has_sep_line)
    if suffix.lower() in {".tsv", ".tab"}:
        return Delimiter("\t", has_sep_line)
    best = max(CANDIDATES, key=lambda candidate: _fit(lines, candidate, header_row))
    return Delimiter(best if _fit(lines, best, header_row) > _NO_FIT else ",", has_sep_line)


_NO_FIT = (0.0, 0)


def _named_in_first_line(line: str) -> str:
    text = line.lstrip("\ufeff").rstrip("\r\n")
    if text.startswith('"') and text.endswith('"'):  # as programs write it that put every text in quotation marks
        text = text[1:-1]
    name, _, character = text.partition("=")
    return character if name.strip().lower() == "sep" and len(character) == 1 else ""


def _checked(wanted: str, where: str, remedy: str) -> str:
    character = _WORDS.get(wanted.strip().lower(), wanted)
    if len(character) != 1 or character in '"\r\n\0 ' or character.isalnum():
        raise RecipientsError(Problem(where, f"“{wanted}” cannot separate fields", remedy))
    return character


def _fit(lines: Sequence[str], candidate: str, header_row: int) -> tuple[float, int]:
    """Rate a candidate: how many records have as many fields as the header, and how many fields that is."""
    records = islice(csv.reader(lines, delimiter=candidate), header_row - 1, header_row + _RECORDS_LOOKED_AT)
    widths = [len(record) for record in records if any(record)]
    if not widths or widths[0] < 2:
        return _NO_FIT
    alike = sum(width == widths[0] for width in widths) / len(widths)
    return round(alike, 1), widths[0]


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

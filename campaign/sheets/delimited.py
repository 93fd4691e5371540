"""Recipients out of a text file with separated fields (.csv, .tsv)."""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.csv_records import CANDIDATES, LONGEST_FIELD, Record, find_delimiter, read_records
from campaign.sheets.files import fingerprint, refuse_change
from campaign.sheets.limits import MOST_COLUMNS, Extent
from campaign.sheets.table import Row, columns_of, doubt_of_title, find_header_row
from campaign.sheets.text_encoding import find_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from campaign.sheets.csv_records import LineSource
    from campaign.sheets.table import CellValue, Column, ReadOptions

_ROWS_EXCEL_SAVES_AT_ONCE = 16
_CHARACTERS_LOOKED_AT = 1 << 18
_CHECK_THE_LINE = "put every text that holds the separator, a quotation mark or a line break in quotation marks"


class DelimitedSheet:
    """The records below the header record. The file is open only while it is being read."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Find encoding, separator and headers.

        Raises:
            RecipientsError: the file cannot be read as a list of records under one header.
        """
        self.path = path
        self.sheet: str | None = None
        self._fingerprint = fingerprint(path)
        self._header_row = options.header_row
        self._encoding = find_encoding(path, options.encoding)
        with self._lines() as lines:
            start = _beginning(lines)
        self._delimiter = find_delimiter(start, options.delimiter, header_row=options.header_row, suffix=path.suffix)
        with self._lines() as lines:
            header = find_header_row(self._up_to_header(lines), options.header_row, path.name)
        self._header_width = len(header.texts)
        if self._header_width > MOST_COLUMNS:
            what = f"has {self._header_width:,} columns, and {MOST_COLUMNS:,} are the most"
            raise RecipientsError(Problem(path.name, what, "check the delimiter"))
        self.columns: tuple[Column, ...] = columns_of(header.texts)
        how = f"{self._encoding.label}, {self._delimiter.label}"
        guessed = options.delimiter is None and not self._delimiter.has_sep_line
        self.header_doubt = header.doubt or (self._doubt_of_title() if guessed and self._header_width == 1 else "")
        self.notes: tuple[str, ...] = (how, *filter(None, [self.header_doubt]))

    def rows(self) -> Iterator[Row]:
        """Every record with something in it, in the order of the file.

        Raises:
            RecipientsError: the file has changed since it was opened.
        """
        refuse_change(self.path, self._fingerprint)
        extent = Extent(self.path.name, len(self.columns))
        with self._lines() as lines:
            for _, block in groupby(self._records(lines), _block):
                records = list(block)
                narrow = _saved_narrow_by_excel(records)
                for record in records:
                    extent.count(len(record.fields))
                    if record.number > self._header_row and (row := self._row(record, narrow=narrow)) is not None:
                        yield row

    @contextmanager
    def _lines(self) -> Iterator[LineSource]:
        try:
            with self.path.open(encoding=self._encoding.codec, newline="") as stream:
                yield _Composed(stream) if self._encoding.composes else stream
        except (OSError, UnicodeError) as error:
            what = f"cannot be read to its end ({error})"
            raise RecipientsError(Problem(self.path.name, what, "try again")) from error

    def _records(self, lines: LineSource) -> Iterator[Record]:
        if self._delimiter.has_sep_line:
            lines.readline(_CHARACTERS_LOOKED_AT)
        first_line = 2 if self._delimiter.has_sep_line else 1
        return map(_as_shown, read_records(lines, self._delimiter.character, first_line=first_line))

    def _up_to_header(self, lines: LineSource) -> Iterator[tuple[int, Sequence[str]]]:
        for record in self._records(lines):
            if record.wrong and record.number <= self._header_row:
                raise RecipientsError(Problem(self.path.name, record.wrong, _CHECK_THE_LINE))
            yield record.number, record.fields

    def _doubt_of_title(self) -> str:
        """Doubt a header of one field if another separator makes a later row look like one: a title tells none."""
        for character in CANDIDATES:
            with self._lines() as lines:
                records = read_records(lines, character)
                below = ((each.number, each.fields) for each in records if each.number > self._header_row)
                if doubt := doubt_of_title(below):
                    return doubt
        return ""

    def _row(self, record: Record, *, narrow: bool) -> Row | None:
        fields = record.fields
        missing = max(0, len(self.columns) - len(fields))
        texts = tuple(fields[: len(self.columns)])
        together = "".join(texts)
        surplus = "".join(fields[self._header_width :]).strip()
        if not together.strip() and not surplus and not record.wrong:
            return None
        values: tuple[CellValue, ...] = tuple([text or None for text in texts]) if "" in texts else texts
        texts, values = texts + ("",) * missing, values + (None,) * missing
        problems: tuple[Problem, ...] = ()
        if record.wrong or surplus or missing:
            problems = tuple(self._problems_of_record(record, torn=bool(surplus) or (missing > 0 and not narrow)))
        if "\0" in together or len(together) > LONGEST_FIELD:
            problems = (*problems, *self._problems_of_cells(record, texts))
        return Row(record.number, texts, values, (), problems)

    def _problems_of_record(self, record: Record, *, torn: bool) -> Iterator[Problem]:
        if record.wrong:
            yield Problem(f"row {record.number}", record.wrong, _CHECK_THE_LINE)
        elif torn:
            count = len(record.fields)
            what = f"line {record.line} has {count} field{'' if count == 1 else 's'}"
            yield Problem(f"row {record.number}", f"{what} and the header has {self._header_width}", _CHECK_THE_LINE)

    def _problems_of_cells(self, record: Record, texts: Sequence[str]) -> Iterator[Problem]:
        for column, text in zip(self.columns, texts, strict=True):
            where = f"{column.letter}{record.number}"
            if "\0" in text:
                yield Problem(where, f"holds a NUL character (line {record.line})", "delete it")
            if len(text) > LONGEST_FIELD:
                what = f"holds {len(text):,} characters (line {record.line}), and {LONGEST_FIELD:,} are the most"
                yield Problem(where, what, "shorten it")


class _Composed:
    """Lines whose letters are put together (NFC): cp1258 writes a tone mark after its vowel."""

    def __init__(self, stream: LineSource) -> None:
        self._stream = stream

    def readline(self, limit: int, /) -> str:
        return unicodedata.normalize("NFC", self._stream.readline(limit))


def _beginning(lines: LineSource) -> list[str]:
    start: list[str] = []
    size = 0
    while size < _CHARACTERS_LOOKED_AT and (line := lines.readline(_CHARACTERS_LOOKED_AT)):
        start.append(line)
        size += len(line)
    return start


def _as_shown(record: Record) -> Record:
    if '="' not in "".join(record.fields):
        return record
    return record._replace(fields=list(map(_without_formula, record.fields)))


def _without_formula(field: str) -> str:
    """The text of a formula that is nothing but a text: exports write ="00123" so that Excel keeps the zeros."""
    if len(field) < len('=""') or not (field.startswith('="') and field.endswith('"')):
        return field
    inside = field[2:-1]
    return field if '"' in inside.replace('""', "") else inside.replace('""', '"')


def _block(record: Record) -> int:
    return (record.number - 1) // _ROWS_EXCEL_SAVES_AT_ONCE


def _saved_narrow_by_excel(records: Sequence[Record]) -> bool:
    """Tell whether short records are short because Excel saved them so, and not because a line was torn apart.

    Excel saves rows in blocks and leaves the separators of columns out that are blank throughout a block (Microsoft
    knowledge base 77295); so all records of the block are equally short.
    """
    return len(records) > 1 and len({len(record.fields) for record in records}) == 1

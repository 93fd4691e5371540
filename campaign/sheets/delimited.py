"""Read a text file with delimited fields (.csv, .tsv)."""

from __future__ import annotations

import io
import unicodedata
from collections import deque
from contextlib import contextmanager
from itertools import groupby, islice
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.cell_problems import UNREADABLE, is_suspect, problems_of_texts
from campaign.sheets.csv_records import MAX_FIELD_LENGTH, CsvRecord, read_records
from campaign.sheets.delimiter import CANDIDATES, find_delimiter
from campaign.sheets.facts import SheetFacts
from campaign.sheets.files import check_unchanged, fingerprint
from campaign.sheets.header_row import find_header_row, title_row_warning
from campaign.sheets.limits import MAX_COLUMNS, TableLimits
from campaign.sheets.plain_lines import line_blocks, plain_column
from campaign.sheets.starts import SEARCHED_ROWS, SheetStart
from campaign.sheets.table import Row, columns_of
from campaign.sheets.text_encoding import find_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from campaign.sheets.csv_records import LineSource
    from campaign.sheets.table import CellValue, Column, ReadOptions

_EXCEL_BLOCK_ROWS = 16
_SAMPLE_CHARACTERS = 1 << 18
_CHECK_THE_LINE = "put every text that contains the delimiter, a quotation mark or a line break in quotation marks"


class DelimitedSheet:
    """The records below the header record. The file is open only while it is read."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Find the encoding, the delimiter and the headers.

        Raises:
            RecipientsError: the file cannot be read as records under one header.
        """
        self.path = path
        self.sheet: str | None = None
        self._fingerprint = fingerprint(path)
        self._header_row = options.header_row
        self._encoding = find_encoding(path, options.encoding)
        with self._lines() as lines:
            start = _first_lines(lines)
        self._delimiter = find_delimiter(start, options.delimiter, header_row=options.header_row, suffix=path.suffix)
        with self._lines() as lines:
            header = find_header_row(self._up_to_header(lines), options.header_row, path.name)
        self._header_width = len(header.texts)
        if self._header_width > MAX_COLUMNS:
            what = f"has {self._header_width:,} columns, more than {MAX_COLUMNS:,}"
            raise RecipientsError(Problem(path.name, what, "check the delimiter"))
        self.columns: tuple[Column, ...] = columns_of(header.texts)
        self._guessed = options.delimiter is None and not self._delimiter.has_sep_line
        how = f"{self._encoding.label}, {self._delimiter.label}"
        is_title = self._guessed and self._header_width == 1
        self.header_warning = header.warning or (self._title_warning() if is_title else "")
        self.notes: tuple[str, ...] = (how, *filter(None, [self.header_warning]))

    def rows(self) -> Iterator[Row]:
        """Yield every record that is not blank, in the order of the file.

        Raises:
            RecipientsError: the file has changed since it was opened.
        """
        check_unchanged(self.path, self._fingerprint)
        limits = TableLimits(self.path.name, len(self.columns))
        with self._lines() as lines:
            for _, block in groupby(self._records(lines, self._header_width), _excel_block):
                records = list(block)
                narrow = _saved_narrow_by_excel(records)
                for record in records:
                    limits.add_row(len(record.fields))
                    if record.number > self._header_row and (row := self._row(record, narrow=narrow)) is not None:
                        yield row

    def plain_column(self, column: Column) -> Iterator[tuple[int, list[str] | None]]:
        """Yield the cells of a column with the number of the first of some, as long as every line is a plain record.

        The last item has None in place of cells if it is not; `rows` has the cells from that number on.

        Raises:
            RecipientsError: the file has changed since it was opened.
        """
        check_unchanged(self.path, self._fingerprint)
        limits = TableLimits(self.path.name, len(self.columns))
        number = 1
        with self._lines() as lines:
            if self._delimiter.has_sep_line:
                lines.readline(_SAMPLE_CHARACTERS)
            blocks = line_blocks(lines) if isinstance(lines, io.TextIOBase) and not self._delimiter.spaced else [""]
            for block in blocks:
                limits.add_characters(len(block))
                texts = plain_column(block, self._delimiter.character, self._header_width, column.position)
                above = max(0, self._header_row + 1 - number)
                yield number + above, texts and texts[above:]
                if texts is None:
                    return
                number += len(texts)

    @property
    def facts(self) -> SheetFacts:
        """What reading found out: the encoding."""
        return SheetFacts(encoding=self._encoding.fact)

    def starts(self) -> Iterator[SheetStart]:
        """Yield the first rows; where the delimiter was found by a title row, with the other delimiters too."""
        own = self._delimiter.character
        for character in (own, *(each for each in CANDIDATES if self._guessed and each != own)):
            with self._lines() as lines:
                records = read_records(lines, character)
                rows = [(each.number, each.fields) for each in islice(records, SEARCHED_ROWS) if any(each.fields)]
            yield SheetStart(None, rows)

    @property
    def codec(self) -> str:
        """Python's name of the encoding."""
        return self._encoding.codec

    @property
    def delimiter(self) -> str:
        """The character between two fields."""
        return self._delimiter.character

    def records_as_written(self) -> Iterator[tuple[CsvRecord, str]]:
        """Yield every record, blank ones included, with its text as the file has it.

        Raises:
            RecipientsError: the file has changed since it was opened.
        """
        check_unchanged(self.path, self._fingerprint)
        with self._file() as stream:
            kept = _KeptLines(stream)
            current: CsvRecord | None = None
            begins = 1
            for record in self._records(_NormalizedLines(kept) if self._encoding.composes else kept):
                if current is not None:
                    yield current, kept.take(record.line - begins)
                    begins = record.line
                current = record
            if current is not None:
                yield current, kept.take(None)

    @contextmanager
    def _lines(self) -> Iterator[LineSource]:
        with self._file() as stream:
            yield _NormalizedLines(stream) if self._encoding.composes else stream

    @contextmanager
    def _file(self) -> Iterator[LineSource]:
        try:
            with self.path.open(encoding=self._encoding.codec, newline="") as stream:
                yield stream
        except (OSError, UnicodeError) as error:
            what = f"cannot be read to its end ({error})"
            raise RecipientsError(Problem(self.path.name, what, "try again")) from error

    def _records(self, lines: LineSource, width: int = 0) -> Iterator[CsvRecord]:
        if self._delimiter.has_sep_line:
            lines.readline(_SAMPLE_CHARACTERS)
        first_line = 2 if self._delimiter.has_sep_line else 1
        how = self._delimiter
        records = read_records(lines, how.character, first_line=first_line, spaced=how.spaced, width=width)
        return map(_without_formulas, records)

    def _up_to_header(self, lines: LineSource) -> Iterator[tuple[int, Sequence[str]]]:
        for record in self._records(lines):
            if record.error and record.number <= self._header_row:
                raise RecipientsError(Problem(self.path.name, record.error, _CHECK_THE_LINE, "malformed-line"))
            yield record.number, record.fields

    def _title_warning(self) -> str:
        """Warn of a header of one field if a later row looks like a header row with another delimiter."""
        for character in CANDIDATES:
            with self._lines() as lines:
                records = read_records(lines, character)
                below = ((each.number, each.fields) for each in records if each.number > self._header_row)
                if warning := title_row_warning(below):
                    return warning
        return ""

    def _row(self, record: CsvRecord, *, narrow: bool) -> Row | None:
        fields = record.fields
        missing = max(0, len(self.columns) - len(fields))
        texts = tuple(fields[: len(self.columns)])
        together = "".join(texts)
        surplus = "".join(fields[self._header_width :]).strip()
        if not together.strip() and not surplus and not record.error:
            return None
        values: tuple[CellValue, ...] = tuple([text or None for text in texts]) if "" in texts else texts
        texts, values = texts + ("",) * missing, values + (None,) * missing
        problems: tuple[Problem, ...] = ()
        if record.error or surplus or missing:
            problems = tuple(self._problems_of_record(record, is_split=bool(surplus) or (missing > 0 and not narrow)))
        if "\0" in together or len(together) > MAX_FIELD_LENGTH:
            problems = (*problems, *self._problems_of_cells(record, texts))
        if is_suspect(together):
            problems = (*problems, *problems_of_texts(self.columns, record.number, texts, in_csv=True))
        return Row(record.number, texts, values, (), problems)

    def _problems_of_record(self, record: CsvRecord, *, is_split: bool) -> Iterator[Problem]:
        if record.error:
            yield Problem(f"row {record.number}", record.error, _CHECK_THE_LINE, "malformed-line")
        elif is_split:
            count = len(record.fields)
            what = f"line {record.line} has {count} field{'' if count == 1 else 's'}"
            what = f"{what} and the header has {self._header_width}"
            yield Problem(f"row {record.number}", what, _CHECK_THE_LINE, "malformed-line")

    def _problems_of_cells(self, record: CsvRecord, texts: Sequence[str]) -> Iterator[Problem]:
        for column, text in zip(self.columns, texts, strict=True):
            where = f"{column.letter}{record.number}"
            if "\0" in text:
                yield Problem(where, f"contains a NUL character (line {record.line})", "delete it", UNREADABLE)
            if len(text) > MAX_FIELD_LENGTH:
                what = f"contains {len(text):,} characters (line {record.line}), more than {MAX_FIELD_LENGTH:,}"
                yield Problem(where, what, "shorten it", UNREADABLE)


class _NormalizedLines:
    """Lines normalized to NFC: cp1258 writes a tone mark as a character of its own, after the vowel."""

    def __init__(self, stream: LineSource) -> None:
        self._stream = stream

    def readline(self, limit: int, /) -> str:
        return unicodedata.normalize("NFC", self._stream.readline(limit))


class _KeptLines:
    """Lines that are kept when they are read, until they are taken."""

    def __init__(self, stream: LineSource) -> None:
        self._stream = stream
        self._kept: deque[str] = deque()

    def readline(self, limit: int, /) -> str:
        line = self._stream.readline(limit)
        if line:
            self._kept.append(line)
        return line

    def take(self, count: int | None) -> str:
        """Remove so many lines, the oldest first, or all of them; return them as one text."""
        return "".join([self._kept.popleft() for _ in range(len(self._kept) if count is None else count)])


def _first_lines(lines: LineSource) -> list[str]:
    start: list[str] = []
    size = 0
    while size < _SAMPLE_CHARACTERS and (line := lines.readline(_SAMPLE_CHARACTERS)):
        start.append(line)
        size += len(line)
    return start


def _without_formulas(record: CsvRecord) -> CsvRecord:
    if '="' not in "".join(record.fields):
        return record
    return record._replace(fields=list(map(_without_formula, record.fields)))


def _without_formula(field: str) -> str:
    """Return the text of a formula that is only a text: exports write ="00123" so that Excel keeps the zeros."""
    if len(field) < len('=""') or not (field.startswith('="') and field.endswith('"')):
        return field
    inside = field[2:-1]
    return field if '"' in inside.replace('""', "") else inside.replace('""', '"')


def _excel_block(record: CsvRecord) -> int:
    return (record.number - 1) // _EXCEL_BLOCK_ROWS


def _saved_narrow_by_excel(records: Sequence[CsvRecord]) -> bool:
    """Return whether short records are the result of how Excel saves, rather than of a line break in a field.

    Excel saves rows in blocks of 16 and omits the delimiters of trailing columns that are blank throughout a block
    (Microsoft knowledge base 77295), so all records of the block are equally short.
    """
    return len(records) > 1 and len({len(record.fields) for record in records}) == 1

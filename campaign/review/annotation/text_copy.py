"""Copy a text file with delimited fields, with fields added to its records."""

from __future__ import annotations

import io
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from campaign.errors import Problem, ResultsError
from campaign.review.annotation.marks import HEADERS, Mark
from campaign.review.workbook.cells import local_time
from campaign.sheets.delimited import DelimitedSheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.sheets import ReadOptions

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for the beginning of a formula when it opens a text file."""


class TextCopy:
    """A copy of a text file in its own encoding, with its own delimiter and line ends."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Find out how the file is written, and how wide it is.

        Raises:
            RecipientsError: the file cannot be read.
            ResultsError: a record has no clear end, so that nothing can be added to it.
        """
        self._path = path
        self._header_row = options.header_row
        self._sheet = DelimitedSheet(path, options)
        self._width = 0
        for record, _ in self._sheet.records_as_written():
            if record.error:
                remedy = "mend the line in the list, or use the results workbook"
                raise ResultsError(Problem(f"{path.name}, row {record.number}", record.error, remedy))
            self._width = max(self._width, len(record.fields))

    def write(self, marks: Iterator[tuple[int, Mark]], file: BinaryIO) -> None:
        """Write the copy.

        Args:
            marks: what to add, by row number, in the order of the file.
            file: where it goes.
        """
        marked = chain(marks, ((0, Mark("")),))
        row, mark = next(marked)
        text = io.TextIOWrapper(file, self._sheet.codec, "replace", newline="")
        for record, written in self._sheet.records_as_written():
            while row and row < record.number:
                row, mark = next(marked)
            if record.number == self._header_row:
                added: tuple[str, ...] = HEADERS
            elif record.number == row:
                at = "" if mark.sent_at is None else local_time(mark.sent_at).replace(microsecond=0).isoformat(" ")
                added = (mark.status, mark.reason, at)
            else:
                text.write(written)
                continue
            text.write(self._with_fields(written, len(record.fields), added))
        text.flush()
        text.detach()

    def _with_fields(self, record: str, count: int, added: tuple[str, ...]) -> str:
        body = record.rstrip("\r\n\x1a")
        delimiter = self._sheet.delimiter
        padding = delimiter * (self._width - count)
        return body + padding + "".join(delimiter + self._field(text) for text in added) + record[len(body) :]

    def _field(self, text: str) -> str:
        if text.startswith(_FORMULA):
            text = f"'{text}"
        if any(character in text for character in (self._sheet.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

"""Copy a text file with delimited fields, with fields added to its records."""

from __future__ import annotations

import codecs
import unicodedata
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, BinaryIO

from campaign.errors import Problem, ResultsError
from campaign.review.annotation.marks import shown_time, values_by_row
from campaign.review.workbook.cells import visible
from campaign.sheets.delimited import DelimitedSheet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.review.annotation.marks import Mark, Values
    from campaign.sheets import ReadOptions

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet program takes for the beginning of a formula when it opens a text file."""
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_MARKED = {
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
"""Byte order marks, which these codecs drop, and the codecs that write the text after them as it was."""


class TextCopy:
    """A copy of a text file in its own encoding, with its own delimiter and line ends."""

    def __init__(self, path: Path, options: ReadOptions, headers: tuple[str, ...]) -> None:
        """Find out how the file is written, and how wide it is.

        Raises:
            RecipientsError: the file cannot be read.
            ResultsError: a record has no clear end, so that nothing can be added to it, or its bytes cannot be kept.
        """
        self._header_row, self._headers = options.header_row, headers
        self._sheet = DelimitedSheet(path, options)
        self._mark, self._codec = _mark_and_codec(path, self._sheet.codec)
        self._width = 0
        digest = sha256(self._mark)
        for record, written in self._sheet.records_as_written():
            if record.error:
                remedy = "correct the line and start over, or use the results workbook"
                raise ResultsError(Problem(f"{path.name}, row {record.number}", record.error, remedy))
            self._width = max(self._width, len(record.fields))
            digest.update(written.encode(self._codec, "replace"))
        with path.open("rb") as file:
            if digest.digest() != file_digest(file, "sha256").digest():
                what = f"has characters that {self._codec} can write in several ways, which a copy cannot tell apart"
                raise ResultsError(Problem(path.name, what, "use the results workbook"))

    def write(self, marks: Iterator[tuple[int, Mark]], file: BinaryIO) -> None:
        """Write the copy.

        Args:
            marks: what to add, by row number, in the order of the file.
            file: where it goes.
        """
        values = values_by_row(marks, self._header_row, self._headers)
        file.write(self._mark)
        for record, written in self._sheet.records_as_written():
            if (added := values(record.number)) is not None:
                written = self._with_fields(written, len(record.fields), added)  # noqa: PLW2901 - the same record
            file.write(written.encode(self._codec))

    def _with_fields(self, record: str, count: int, added: Values) -> str:
        end = len(record.rstrip("\r\n\x1a"))  # a Ctrl-Z may follow the last line
        delimiter = self._sheet.delimiter
        missing = delimiter * (self._width - count)
        return record[:end] + missing + "".join(delimiter + self._field(value) for value in added) + record[end:]

    def _field(self, value: str | float | None) -> str:
        if value is None:
            return ""
        text = visible(value) if isinstance(value, str) else shown_time(value)
        text = self._encodable(f"'{text}" if text.startswith(_FORMULA) else text)
        if any(character in text for character in (self._sheet.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    def _encodable(self, text: str) -> str:
        """A text that the encoding has characters for."""
        if self._has(text):
            return text
        spelt = "".join(letter if self._has(letter) else _with_tone_apart(letter) for letter in text)
        return spelt.encode(self._codec, "replace").decode(self._codec)

    def _has(self, text: str) -> bool:
        try:
            text.encode(self._codec)
        except UnicodeEncodeError:
            return False
        return True


def _with_tone_apart(letter: str) -> str:
    """A letter with its tone as a character of its own, as cp1258 writes most of those of Vietnamese."""
    parts = unicodedata.normalize("NFD", letter)
    tones = "".join(part for part in parts if part in _TONES)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)) + tones


def _mark_and_codec(path: Path, codec: str) -> tuple[bytes, str]:
    """The byte order mark of a file, where its codec drops it, and the codec that writes the text after it."""
    with path.open("rb") as file:
        head = file.read(4)
    return next(((mark, exact) for mark, exact in _MARKED.get(codec, ()) if head.startswith(mark)), (b"", codec))

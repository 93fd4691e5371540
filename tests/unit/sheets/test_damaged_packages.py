"""Zip archives whose directory declares more than they contain."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import open_sheet

from . import books
from .books import SHEET_PART, STRINGS_PART, row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path

_SIZES_AT = 20  # in an entry of a zip's directory: packed, then unpacked, of four bytes each


def test_a_part_that_ends_before_its_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, part in books.parts(sheet_xml(row(1, text("A1", "a"))), strings=books.strings_xml("x")).items():
            archive.writestr(name, part)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(STRINGS_PART.encode()))
    sizes = entry + _SIZES_AT
    content[sizes : sizes + 8] = 2 * (len(content) * 2).to_bytes(4, "little")
    path.write_bytes(content)
    why = "it is incomplete|Overlapped entries: .*"  # newer versions of Python look for overlaps first
    message = rf"^torn\.xlsx.*: the file is damaged \(({why})\); open it in a spreadsheet program, let it repair"
    with pytest.raises(RecipientsError, match=message):
        open_sheet(path)


@pytest.mark.parametrize("place", [2**64 - 1, 2**63 - 1, 2**62], ids=["no number for a file", "the last one", "far"])
def test_a_part_beyond_the_end_of_any_file_is_refused(tmp_path: Path, place: int) -> None:
    path = tmp_path / "torn.xlsx"
    books.save(path, books.parts(sheet_xml(row(1, text("A1", "a")), row(2, text("A2", "b")))))
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET_PART)
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    at = content.index(SHEET_PART.encode(), start) - 46
    header = bytearray(content[at : at + 46])
    header[30:32] = struct.pack("<H", 12)  # the length of the extra field, which tells the place (zip64)
    header[42:46] = b"\xff" * 4
    name_ends = at + 46 + len(entry.filename)
    extra = struct.pack("<HHQ", 1, 8, place)
    directory = content[start:at] + bytes(header) + content[at + 46 : name_ends] + extra + content[name_ends:end]
    tail = bytearray(content[end:])
    tail[12:16] = struct.pack("<I", len(directory))
    path.write_bytes(content[:start] + directory + bytes(tail))
    message = r"^torn\.xlsx.*: the file is damaged \((its directory is wrong|Truncated file header)\); open it in a"
    with pytest.raises(RecipientsError, match=message):
        open_sheet(path)

"""Zip containers that promise more than they hold."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError
from campaign.recipients import open_recipients

from . import books
from .books import STRINGS_PART, row, sheet_xml, text

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
    message = (
        r"^torn\.xlsx.*: the file is damaged \(it ends too early\); open it in a spreadsheet program, let it repair"
    )
    with pytest.raises(RecipientsError, match=message):
        open_recipients(path)

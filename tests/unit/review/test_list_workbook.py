"""A list as a workbook: text stays text, and what was edited is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from campaign.errors import ResultsError
from campaign.review.list_workbook import write_list
from campaign.sheets import open_sheet

if TYPE_CHECKING:
    from pathlib import Path


class Written:
    """The digests of the files that were written."""

    def __init__(self) -> None:
        self.digests: set[bytes] = set()

    def wrote(self, digest: bytes) -> bool:
        return digest in self.digests

    def record_written(self, digest: bytes) -> None:
        self.digests.add(digest)


def test_every_cell_is_text(tmp_path: Path) -> None:
    rows = [["0912", '=HYPERLINK("https://x.example")', "a\x1b[2J\ud83d"], ["", "#N/A", "<b> & _x0041_"]]
    path = write_list(tmp_path / "out.xlsx", "Rooms", ["phone", "", "name"], rows, Written())
    sheet = load_workbook(path)["Rooms"]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr"}
    read = [row.texts for row in open_sheet(path).rows()]
    assert read[0][:2] == ("0912", '=HYPERLINK("https://x.example")')
    assert read[1][1:] == ("#N/A", "<b> & _x0041_")


def test_a_list_without_rows_has_its_headers(tmp_path: Path) -> None:
    path = write_list(tmp_path / "out.xlsx", "Rooms", ["token", "rid"], [], Written())
    assert [column.header for column in open_sheet(path).columns] == ["token", "rid"]


def test_it_replaces_its_own_list_and_keeps_one_that_was_edited(tmp_path: Path) -> None:
    written, out = Written(), tmp_path / "out.xlsx"
    assert write_list(out, "Rooms", ["a"], [["1"]], written) == out
    assert write_list(out, "Rooms", ["a"], [["2"]], written) == out
    edited = out.read_bytes() + b"\0"
    out.write_bytes(edited)
    assert write_list(out, "Rooms", ["a"], [["3"]], written) == tmp_path / "out (1).xlsx"
    assert out.read_bytes() == edited


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ResultsError, match=r"the list cannot be written .*; make its folder, then give the same command"
    ):
        write_list(tmp_path / "no" / "out.xlsx", "Rooms", ["a"], [], Written())

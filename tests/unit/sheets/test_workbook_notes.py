"""Notes on a workbook: hidden, filtered and merged cells, and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from campaign.sheets import open_sheet

from . import books
from .books import row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


def test_hidden_rows_are_marked_and_hidden_columns_noted(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["a", "b"], ["1", "2"], ["3", "4"]):
        sheet.append(cells)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.save(path)
    opened = open_sheet(path)
    assert [(found.texts, found.hidden) for found in opened.rows()] == [(("1", "2"), False), (("3", "4"), True)]
    assert opened.notes[1:] == ("hidden columns are read too",)


def test_rows_behind_a_filter_are_read_and_marked(path: Path) -> None:
    sheet = sheet_xml(
        row(1, text("A1", "a")),
        row(2, text("A2", "1"), attributes='hidden="1"'),
        before='<sheetPr filterMode="1"/>',
        after='<autoFilter ref="A1:A2"/>',
    )
    opened = open_sheet(books.save(path, books.parts(sheet)))
    assert [found.hidden for found in opened.rows()] == [True]


def test_the_first_merged_areas_are_known_once_the_rows_are_read(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["a", "b"], ["1", "2"], ["3", "4"]):
        sheet.append(cells)
    for area in ("A2:A3", "B2:B3", "A5:B5", "A7:B7"):
        sheet.merge_cells(area)
    book.save(path)
    opened = open_sheet(path)
    assert [found.texts for found in opened.rows()] == [("1", "2")]
    assert opened.facts.merged.count == 4
    assert set(opened.facts.merged.examples) < {"A2:A3", "B2:B3", "A5:B5", "A7:B7"}

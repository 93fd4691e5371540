"""Detectors over the rows of whole lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.styles import Font

from campaign.recipients.batches import batches
from campaign.recipients.detectors import CellDetector, CellFinding
from campaign.recipients.row_batch import RowBatch
from campaign.sheets import open_sheet

from .good_lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def found_in(path: Path, ids: Collection[str] = ("token", "rid")) -> list[CellFinding]:
    sheet = open_sheet(path)
    detector = CellDetector(sheet.columns, [column for column in sheet.columns if column.header in ids], sheet.columns)
    return [finding for rows in batches(sheet) for finding in detector.check(RowBatch(rows))]


def said(path: Path) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.cell, finding.detail) for finding in found_in(path)]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


@pytest.mark.parametrize(
    ("line", "code", "cell", "detail"),
    [
        pytest.param("t,r,Nguy?n", "lost-letters", "C2", "", id="lost letters"),
        pytest.param("t,r,Nguyá»…n VÄƒn", "mojibake", "C2", "would be “Nguyễn Văn”", id="mojibake"),
        pytest.param("t,r,\\N", "null-word", "C2", "", id="a null"),
        pytest.param("'+84,r,An", "csv-apostrophe", "A2", "", id="an apostrophe"),
        pytest.param('t,r,"An \\"Bee\\" Tran"', "backslash-quotes", "C2", "", id="backslashes"),
        pytest.param("t,r,Hi {name}", "placeholder-left", "C2", "has {name}", id="a placeholder"),
        pytest.param("t ,r,An", "trimmed", "A2", "", id="a blank after an id"),
    ],
)
def test_a_cell_is_found_by_its_kind(path: Path, line: str, code: str, cell: str, detail: str) -> None:
    assert said(written(path, "token,rid,name", line)) == [(code, cell, detail)]


def test_only_the_columns_that_are_used_are_looked_at(path: Path) -> None:
    sheet = open_sheet(written(path, "token,rid,name", "t,r,Nguy?n"))
    assert list(CellDetector(sheet.columns[:2]).check(RowBatch(list(sheet.rows())))) == []


def test_ruined_ids_of_a_workbook_are_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["token", "rid", "name"])
    sheet.append([8.490123456789012e18, "r1", "An"])
    sheet.append([8490123456789010000, "r1", 5])
    sheet["A3"].number_format = "0"
    book.save(tmp_path / "a.xlsx")
    assert said(tmp_path / "a.xlsx") == [
        ("ruined-number", "A2", "is in scientific notation"),
        ("ruined-number", "A3", "has 19 digits, of which Excel keeps 15"),
    ]


def test_text_in_a_legacy_font_is_found_with_what_the_sheet_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["token", "name"])
    sheet.append(["t1", "NguyÔn V¨n B×nh"])
    sheet.append(["t2", "An"])
    sheet["B2"].font = sheet["B3"].font = Font(name=".VnTime")
    book.save(tmp_path / "a.xlsx")
    assert said(tmp_path / "a.xlsx") == [("legacy-font", "B2", "the font .VnTime shows as “Nguyễn Văn Bình”")]


def test_a_finding_shows_its_cell_on_one_line(path: Path) -> None:
    (finding,) = found_in(written(path, "token,rid,name", 't,r,"Nguy?n\n' + "x" * 100 + '"'))
    assert finding.text == "Nguy?n " + "x" * 52 + "…"


@pytest.mark.parametrize("language", LISTS)
def test_an_ordinary_list_in_good_order_has_no_finding(path: Path, language: str) -> None:
    lines = LISTS[language]()
    assert len(lines) == 201
    sheet = open_sheet(written(path, *lines))
    assert sheet.facts.encoding is not None
    assert not sheet.facts.encoding.guessed
    assert [problem for row in sheet.rows() for problem in row.problems] == []
    assert found_in(path) == []

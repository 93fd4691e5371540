"""The first rows of every visible sheet can be read, in a bounded time, to look for headers."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from campaign.errors import RecipientsError
from campaign.sheets import ReadOptions, open_sheet
from campaign.sheets.xlsx.package import Package
from campaign.sheets.xlsx.sheet_xml import SheetProperties
from campaign.sheets.xlsx.workbook import read_rows
from tests.unit.sheets.books import parts, relations_xml, row, save, sheet_xml, text, workbook_xml


def saved(path: Path, **sheets: list[list[str]]) -> Path:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
        sheet.sheet_state = "hidden" if name.startswith("Hidden") else "visible"
    workbook.save(path)
    return path


def test_this_sheet_comes_first_then_the_other_visible_ones(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", A=[["a"], [], ["b"]], Hidden=[["h"]], B=[["c"]], C=[])
    starts = list(open_sheet(path, ReadOptions(sheet="B")).starts())
    assert [(start.sheet, list(start.rows)) for start in starts] == [
        ("B", [(1, ["c"])]),
        ("A", [(1, ["a"]), (3, ["b"])]),
        ("C", []),
    ]


def test_a_hidden_sheet_is_searched_if_it_is_the_one_that_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", A=[["a"]], Hidden=[["h"]])
    assert [start.sheet for start in open_sheet(path, ReadOptions(sheet="Hidden")).starts()] == ["Hidden", "A"]


def test_twenty_rows_of_a_sheet_are_read_and_none_far_below(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", A=[["a"]] * 50, B=[["b"], *([[]] * 500), ["far"]])
    first, second = open_sheet(path).starts()
    assert [number for number, _ in first.rows] == list(range(1, 21))
    assert [number for number, _ in second.rows] == [1]


def test_many_and_wide_sheets_are_searched_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.sheets.xlsx.workbook._CELLS_SEARCHED", 300)
    many = saved(tmp_path / "many.xlsx", **{f"S{number}": [["a"]] for number in range(120)})
    assert len(list(open_sheet(many).starts())) == 50
    wide = saved(tmp_path / "wide.xlsx", **{f"S{number}": [["a"] * 5] * 20 for number in range(5)})
    assert len(list(open_sheet(wide).starts())) == 4


def test_a_damaged_sheet_is_passed_over(tmp_path: Path) -> None:
    whole = sheet_xml(row(1, text("A1", "a")))
    contents = parts(whole, workbook=workbook_xml(["A", "B", "C"]))
    names = {f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in (1, 2, 3)}
    contents["xl/_rels/workbook.xml.rels"] = relations_xml(names)
    contents["xl/worksheets/sheet2.xml"] = whole.replace("</row>", "</rov>")
    contents["xl/worksheets/sheet3.xml"] = whole
    path = save(tmp_path / "a.xlsx", contents)
    assert [(start.sheet, len(start.rows)) for start in open_sheet(path).starts()] == [("A", 1), ("B", 0), ("C", 1)]


@pytest.mark.parametrize(
    ("options", "widths"),
    [
        pytest.param(ReadOptions(), [1, 1, 3, 1], id="a delimiter that was found"),
        pytest.param(ReadOptions(delimiter="tab"), [1], id="a delimiter that was named"),
    ],
)
def test_a_text_file_is_read_with_every_delimiter_that_may_be_meant(
    tmp_path: Path, options: ReadOptions, widths: list[int]
) -> None:
    (tmp_path / "a.csv").write_text("Title\n\na;b;c\n" + "1;2;3\n" * 50, encoding="utf-8")
    starts = list(open_sheet(tmp_path / "a.csv", options).starts())
    assert sorted(len(start.rows[1][1]) for start in starts) == sorted(widths)
    assert {start.sheet for start in starts} == {None}
    assert all(len(start.rows) < 20 for start in starts)


def test_a_sheet_of_blank_rows_is_not_read_to_its_end(tmp_path: Path) -> None:
    blank = [f'<row r="{number}"><c s="1"/><c s="1"/></row>' for number in range(1, 100_000)]
    path = save(tmp_path / "a.xlsx", parts(sheet_xml(*blank).replace("</sheetData>", "</damage>")))
    with Package(path) as package:
        part = "xl/worksheets/sheet1.xml"
        assert not list(read_rows(package, part, "a", SheetProperties(), recalculates=False, last=100))
        with pytest.raises(RecipientsError, match="damaged"):
            list(read_rows(package, part, "a", SheetProperties(), recalculates=False))

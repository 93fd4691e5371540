"""Cells whose text is an error or a picture, in every kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sheets import open_sheet

from . import books
from .books import row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path

ERRORS = "#N/A #REF! #VALUE! #DIV/0! #NAME? #NUM! #NULL! #SPILL! #CALC! #GETTING_DATA #BEZUG! #DEĞER! #n/a Err:508"
BAD = [
    *(pytest.param(error, f"contains the error {error}", id=error) for error in ERRORS.split()),
    pytest.param(" #N/A ", "contains the error #N/A", id="an error between blanks"),
    pytest.param("=DISPIMG(ID_0A1B,1)", "shows a picture, which is no text", id="WPS"),
    pytest.param("=_xlfn.IMAGE(x)", "shows a picture, which is no text", id="IMAGE"),
]
GOOD = ["#1", "#tag", "##", "see #N/A", "N/A", "=SUM(A1)", "=IMAGES", "a=b", "IMAGE(x)", "Err:12"]


@pytest.mark.parametrize(("cell", "what"), BAD)
def test_a_text_that_is_none_is_a_problem_of_its_cell(tmp_path: Path, cell: str, what: str) -> None:
    (tmp_path / "a.csv").write_text(f"a;b\nx;{cell}\n", encoding="utf-8")
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "x"), text("B2", cell)))
    book = books.save(tmp_path / "a.xlsx", books.parts(sheet))
    for path in (tmp_path / "a.csv", book):
        (found,) = open_sheet(path).rows()
        assert [(each.where, each.what, each.code) for each in found.problems] == [("B2", what, "unreadable-cell")]


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell) for cell in GOOD])
def test_other_texts_are_no_problem(tmp_path: Path, cell: str) -> None:
    (tmp_path / "a.csv").write_text(f"a;b\nx;{cell}\n", encoding="utf-8")
    (found,) = open_sheet(tmp_path / "a.csv").rows()
    assert found.problems == ()


def test_number_signs_in_a_csv_are_what_a_narrow_column_displayed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\nx;#####\n", encoding="utf-8")
    (found,) = open_sheet(tmp_path / "a.csv").rows()
    what = "contains #### in place of a number or a date, for which its column was too narrow"
    assert [(each.where, each.what, each.remedy) for each in found.problems] == [
        ("B2", what, "make the column wider, and save the list again")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<c r="A2" t="e" vm="1"><v>#VALUE!</v></c>', id="put into the cell"),
        pytest.param('<c r="A2" t="e" vm="1"><f>_xlfn.IMAGE("x")</f><v>#VALUE!</v></c>', id="by a formula"),
    ],
)
def test_a_picture_in_a_cell_of_excel_is_told_from_an_error(tmp_path: Path, cell: str) -> None:
    sheet = sheet_xml(row(1, text("A1", "a")), row(2, cell))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet))).rows()
    assert [problem.what for problem in found.problems] == ["shows a picture, which is no text"]


def test_an_error_cell_is_one_problem(tmp_path: Path) -> None:
    sheet = sheet_xml(row(1, text("A1", "a")), row(2, '<c r="A2" t="e"><v>#N/A</v></c>'))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet))).rows()
    assert [problem.what for problem in found.problems] == ["contains the error #N/A"]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        pytest.param('a, b, c\n1, "An, Bình", x\n', ("1", "An, Bình", "x"), id="quoted"),
        pytest.param('a; b; c\n1; "An"; x\n', ("1", "An", "x"), id="semicolons"),
        pytest.param("a, b, c\n1, An, x\n", ("1", " An", " x"), id="blanks without quotation marks are kept"),
        pytest.param('a,b,c\n1," ""An""",x\n', ("1", ' "An"', "x"), id="a text that begins so"),
        pytest.param('a,b,c\n1,"An, ""b"", ",x\n', ("1", 'An, "b", ', "x"), id="a text with such a place"),
        pytest.param('a,b,c\n1,say "An",x\n', ("1", 'say "An"', "x"), id="quotation marks within a text"),
    ],
)
def test_a_blank_before_a_quoted_field_is_read_as_meant(tmp_path: Path, content: str, texts: tuple[str, ...]) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    opened = open_sheet(tmp_path / "a.csv")
    (found,) = opened.rows()
    assert found.texts == texts
    assert found.problems == ()


def test_such_a_field_far_down_is_a_problem_of_its_row(tmp_path: Path) -> None:
    lines = "".join(f"{number},{'x' * 1000}\n" for number in range(300))
    (tmp_path / "a.csv").write_text(f'a,b\n{lines}301, "An"\n', encoding="utf-8")
    (found,) = [each for each in open_sheet(tmp_path / "a.csv").rows() if each.problems]
    assert [(each.where, each.what) for each in found.problems] == [
        ("row 302", "line 302: a field has a blank before its quotation mark")
    ]

"""Cells of workbooks as other programs write them, each made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sheets import open_sheet

from . import books
from .books import MAIN, row, sheet_xml, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.sheets import Row

HEADER = row(1, text("A1", "name"), text("B1", "phone"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wild.xlsx"


def rows_of(path: Path, contents: Mapping[str, str | bytes]) -> list[Row]:
    return list(open_sheet(books.save(path, contents)).rows())


def cells_of(path: Path, *cells: str, **parts: str) -> tuple[str, ...]:
    """The texts of a second row with these cells."""
    (found,) = rows_of(path, books.parts(sheet_xml(HEADER, row(2, *cells)), **parts))
    assert found.problems == ()
    return found.texts


def test_rich_text_is_read_as_its_text(path: Path) -> None:
    rich = "<is><r><rPr><b/></rPr><t>Ng</t></r><r><t>uyễn</t></r></is>"
    strings = (
        f'<sst xmlns="{MAIN}"><si><r><t>Bì</t></r><r><rPr><i/></rPr><t xml:space="preserve">nh </t></r></si></sst>'
    )
    cells = (f'<c r="A2" t="inlineStr">{rich}</c>', '<c r="B2" t="s"><v>0</v></c>')
    assert cells_of(path, *cells, strings=strings) == ("Nguyễn", "Bình ")


def test_phonetic_hints_are_no_part_of_a_text(path: Path) -> None:
    hint = '<rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>'
    strings = f'<sst xmlns="{MAIN}"><si><t>東京</t>{hint}</si></sst>'
    cells = ('<c r="A2" t="s"><v>0</v></c>', f'<c r="B2" t="inlineStr"><is><t>東京</t>{hint}</is></c>')
    assert cells_of(path, *cells, strings=strings) == ("東京", "東京")


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        pytest.param("one_x000D_\ntwo", "one\r\ntwo", id="carriage-return"),
        pytest.param("_x005F_x000D_", "_x000D_", id="an-escaped-escape"),
        pytest.param("a_x0041_b_x", "aAb_x", id="a-letter"),
        pytest.param("_xD83D__xDE00_", "😀", id="two-halves-of-a-character"),
        pytest.param("_xD83D_!", "\ufffd!", id="half-a-character"),
        pytest.param("_xGGGG_ _x12_", "_xGGGG_ _x12_", id="no-escape"),
    ],
)
@pytest.mark.parametrize("kind", ["shared", "inline", "formula"])
def test_escapes_are_decoded(path: Path, kind: str, stored: str, meant: str) -> None:
    cell = {
        "shared": '<c r="A2" t="s"><v>0</v></c>',
        "inline": text("A2", stored),
        "formula": f'<c r="A2" t="str"><f>B1</f><v>{stored}</v></c>',
    }[kind]
    assert cells_of(path, cell, strings=books.strings_xml(stored))[0] == meant


def test_white_space_between_elements_is_no_text(path: Path) -> None:
    sheet = sheet_xml(HEADER, row(2, '\n <c r="A2">\n  <v>5</v>\n </c>\n', text("B2", "x"))).replace("><", ">\n  <")
    (found,) = rows_of(path, books.parts(sheet))
    assert found.texts == ("5", "x")


def test_odd_styles_do_not_keep_a_workbook_from_being_read(path: Path) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="000"/></numFmts>'
        '<fonts><font><color rgb="nonsense"/><sz val="huge"/></font></fonts><fills><fill/></fills>'
        '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="what"/><xf numFmtId="164" fontId="77"/><xf/></cellXfs>'
        '<dxfs><dxf><numFmt numFmtId="164" formatCode="wrong"/></dxf></dxfs></styleSheet>'
    )
    assert cells_of(path, '<c r="A2" s="1"><v>7</v></c>', '<c r="B2" s="99"><v>7</v></c>', styles=styles) == (
        "007",
        "7",
    )


def test_a_shared_string_obeys_the_format_of_its_cell(path: Path) -> None:
    cells = ('<c r="A2" t="s" s="1"><v>0</v></c>', '<c r="B2" t="s" s="2"><v>0</v></c>')
    styles = books.styles_xml('"Mr "@', "@")
    sheet = sheet_xml(HEADER, row(2, *cells), row(3, '<c r="A3" t="s" s="1"><v>1</v></c>'))
    contents = books.parts(sheet, strings=books.strings_xml("An", "Ba"), styles=styles)
    assert [found.texts for found in rows_of(path, contents)] == [("Mr An", "An"), ("Mr Ba", "")]


def test_damaged_styles_are_skipped_and_noted(path: Path) -> None:
    sheet = sheet_xml(HEADER, row(2, '<c r="A2" s="1"><v>7</v></c>'))
    opened = open_sheet(books.save(path, books.parts(sheet, styles="<styleSheet><numFmts>")))
    assert [found.texts for found in opened.rows()] == [("7", "")]
    assert opened.notes[1].startswith("read without number formats, because the styles cannot be read (wild.xlsx:")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        pytest.param("10", "700.00%", id="percent"),
        pytest.param("14", "07/01/1900", id="short-date"),
        pytest.param("31", "07/01/1900", id="east-asian-date"),
        pytest.param("44", "$7.00", id="accounting"),
        pytest.param("999", "7", id="unknown"),
    ],
)  # fmt: skip
def test_built_in_formats_need_no_code_in_the_workbook(path: Path, number: str, shown: str) -> None:
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf/><xf numFmtId="{number}"/></cellXfs></styleSheet>'
    assert cells_of(path, '<c r="A2" s="1"><v>7</v></c>', styles=styles)[0] == shown


def test_a_format_spelt_like_a_built_in_one_follows_no_computer(path: Path) -> None:
    assert cells_of(path, '<c r="A2" s="1"><v>45332</v></c>', styles=books.styles_xml("mm-dd-yy"))[0] == "02-10-24"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        pytest.param('<c r="A2" t="b"><v>1</v></c>', "TRUE", id="true"),
        pytest.param('<c r="A2" t="b"><v>false</v></c>', "FALSE", id="false-in-letters"),
        pytest.param('<c r="A2"><v>1E3</v></c>', "1000", id="scientific"),
        pytest.param('<c r="A2" t="n"><v> 12 </v></c>', "12", id="number-with-spaces"),
        pytest.param('<c r="A2"><v>12345678901234567</v></c>', "1.23457E+16", id="long-number"),
        pytest.param('<c r="A2" s="1"><v>-5</v></c>', "-5", id="no-date"),
        pytest.param('<c r="A2" t="inlineStr"><v>An</v></c>', "An", id="inline-text-in-the-wrong-place"),
        pytest.param('<c r="A2" t="inlineStr"><v>0</v><is><t>An</t></is></c>', "An", id="inline-text-and-a-value"),
        pytest.param('<c r="A2" t="inlineStr"><is><t>An</t></is><v>0</v></c>', "An", id="a-value-after-inline-text"),
        pytest.param('<c r="A2"><is><t>7</t></is><v>5</v></c>', "5", id="a-value-after-stray-text"),
        pytest.param('<c r="A2" t="str"><v>An</v><is><t>7</t></is></c>', "An", id="a-value-before-stray-text"),
        pytest.param('<c r="a2"><v>5</v></c>', "5", id="lower-case-place"),
    ],
)
def test_cells_are_read_as_they_are_meant(path: Path, cell: str, shown: str) -> None:
    assert cells_of(path, cell, text("B2", "x"), styles=books.styles_xml("0")) == (shown, "x")


@pytest.mark.parametrize("serial", ["99999999", "-5"], ids=["after-9999", "before-1900"])
def test_a_number_that_is_no_date_stays_a_number(path: Path, serial: str) -> None:
    sheet = sheet_xml(HEADER, row(2, f'<c r="A2" s="1"><v>{serial}</v></c>'))
    (found,) = rows_of(path, books.parts(sheet, styles=books.styles_xml("dd/mm/yyyy")))
    assert found.values[0] == int(serial)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        pytest.param('<c r="B2" t="s"><v>7</v></c>', "s", id="no-such-string"),
        pytest.param('<c r="B2" t="s"><v>-1</v></c>', "s", id="negative-string"),
        pytest.param('<c r="B2" t="s"><v>An</v></c>', "s", id="string-by-its-text"),
        pytest.param('<c r="B2"><v>12,5</v></c>', "n", id="decimal-comma"),
        pytest.param('<c r="B2"><v>1_000</v></c>', "n", id="underscore"),
        pytest.param('<c r="B2"><v>NaN</v></c>', "n", id="not-a-number"),
        pytest.param('<c r="B2"><v>1e999</v></c>', "n", id="infinite"),
        pytest.param(f'<c r="B2"><v>{"9" * 5000}</v></c>', "n", id="endless"),
        pytest.param('<c r="B2" t="d"><v>yesterday</v></c>', "d", id="no-date"),
        pytest.param('<c r="B2" t="q"><v>5</v></c>', "q", id="unknown-type"),
    ],
)
def test_a_damaged_cell_is_a_problem_of_that_cell(path: Path, cell: str, kind: str) -> None:
    sheet = sheet_xml(HEADER, row(2, text("A2", "An"), cell))
    (found,) = rows_of(path, books.parts(sheet, strings=books.strings_xml("one", "two")))
    (problem,) = found.problems
    assert (problem.where, found.texts, found.values) == ("B2", ("An", ""), ("An", None))
    assert problem.what.startswith(f"is damaged: its type is “{kind}” and it contains “")
    assert len(problem.what) < 120

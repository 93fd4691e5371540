"""Workbooks as other programs write them, each made by hand: Excel opens every one of these."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import open_sheet

from . import books
from .books import MAIN, SHEET_PART, STRICT, STRINGS_PART, STYLES_PART, WORKBOOK_PART, row, sheet_xml, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.sheets import Row

HEADER = row(1, text("A1", "name"), text("B1", "phone"))
PLAIN = sheet_xml(HEADER, row(2, text("A2", "An"), text("B2", "01")))
SHARED = sheet_xml(
    row(1, '<c r="A1" t="s"><v>0</v></c>', '<c r="B1" t="s"><v>1</v></c>'),
    row(2, '<c r="A2" t="s" s="1"><v>2</v></c>', '<c r="B2" s="1"><v>1</v></c>'),
)


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


def renamed(contents: Mapping[str, str | bytes], old: str, new: str) -> dict[str, str | bytes]:
    return {new if name == old else name: content for name, content in contents.items()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(STRINGS_PART, "xl/SharedStrings.xml", id="strings-in-another-case"),
        pytest.param(SHEET_PART, "XL/Worksheets/SHEET1.XML", id="sheet-in-another-case"),
        pytest.param(STYLES_PART, "xl\\styles.xml", id="styles-with-a-backslash"),
        pytest.param(SHEET_PART, "xl\\worksheets\\sheet1.xml", id="sheet-with-backslashes"),
        pytest.param("_rels/.rels", "_RELS/.RELS", id="relations-in-another-case"),
        pytest.param(SHEET_PART, "/xl/worksheets/sheet1.xml", id="leading-slash"),
    ],
)
def test_parts_are_found_as_excel_finds_them(path: Path, old: str, new: str) -> None:
    contents = books.parts(SHARED, strings=books.strings_xml("name", "n", "An"), styles=books.styles_xml("000"))
    (found,) = rows_of(path, renamed(contents, old, new))
    assert found.texts == ("An", "001")


@pytest.mark.parametrize(
    "target",
    ["/xl/worksheets/sheet1.xml", "worksheets\\sheet1.xml", "../xl/worksheets/sheet1.xml", "./worksheets/sheet1.xml"],
)
def test_targets_of_relations_may_be_spelt_in_many_ways(path: Path, target: str) -> None:
    contents = books.parts(PLAIN)
    contents["xl/_rels/workbook.xml.rels"] = books.relations_xml({"rId1": ("worksheet", target)})
    assert [found.texts for found in rows_of(path, contents)] == [("An", "01")]


def test_the_workbook_is_found_without_relations_of_the_package(path: Path) -> None:
    contents = books.parts(PLAIN)
    del contents["_rels/.rels"]
    assert len(rows_of(path, contents)) == 1


def test_shared_strings_are_found_without_a_relation(path: Path) -> None:
    contents = books.parts(SHARED, strings=books.strings_xml("name", "n", "An"))
    contents["xl/_rels/workbook.xml.rels"] = books.relations_xml({"rId1": ("worksheet", "worksheets/sheet1.xml")})
    assert [found.texts for found in rows_of(path, contents)] == [("An", "1")]


def test_a_workbook_may_be_elsewhere_in_the_package(path: Path) -> None:
    contents = {
        "_rels/.rels": books.relations_xml({"r": ("officeDocument", "/book/main.xml")}),
        "book/main.xml": books.workbook_xml(),
        "book/_rels/main.xml.rels": books.relations_xml({"rId1": ("worksheet", "sheet.xml")}),
        "book/sheet.xml": PLAIN,
    }
    assert [found.texts for found in rows_of(path, contents)] == [("An", "01")]


@pytest.mark.parametrize("prefix", ["x", "ns0"])
def test_every_element_may_have_a_prefix(path: Path, prefix: str) -> None:
    p = prefix
    cell = f'<{p}:c r="A%d" t="s"><{p}:v>%d</{p}:v></{p}:c>'
    sheet = (
        f'<{p}:worksheet xmlns:{p}="{MAIN}"><{p}:sheetData>'
        f'<{p}:row r="1">{cell % (1, 0)}</{p}:row><{p}:row r="2">{cell % (2, 1)}</{p}:row>'
        f'</{p}:sheetData><{p}:mergeCells><{p}:mergeCell ref="A5:B5"/></{p}:mergeCells></{p}:worksheet>'
    )
    strings = (
        f'<{p}:sst xmlns:{p}="{MAIN}"><{p}:si><{p}:t>name</{p}:t></{p}:si><{p}:si><{p}:t>An</{p}:t></{p}:si></{p}:sst>'
    )
    workbook = (
        f'<{p}:workbook xmlns:{p}="{MAIN}" xmlns:d3p1="{books.RELATIONS}"><{p}:sheets>'
        f'<{p}:sheet name="Data" sheetId="1" d3p1:id="rId1"/></{p}:sheets></{p}:workbook>'
    )
    contents = books.parts(sheet, strings=strings, workbook=workbook)
    opened = open_sheet(books.save(path, contents))
    assert [found.texts for found in opened.rows()] == [("An",)]
    assert opened.facts.merged.examples == ("A5:B5",)


def test_strict_office_open_xml_is_read_with_its_dates(path: Path) -> None:
    sheet = sheet_xml(
        HEADER,
        row(2, '<c r="A2" t="d" s="1"><v>2024-02-10T08:30:00</v></c>', '<c r="B2" t="d" s="2"><v>08:30:00</v></c>'),
        row(3, '<c r="A3" t="d" s="1"><v>2024-02-10T00:00:00Z</v></c>'),
        namespace=STRICT,
    )
    contents = books.parts(sheet, styles=books.styles_xml("dd/mm/yyyy", "hh:mm"))
    contents = {
        name: content.replace(MAIN, STRICT).replace(
            books.RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
        )
        for name, content in contents.items()
        if isinstance(content, str)
    }
    first, second = rows_of(path, contents)
    assert first.texts == ("10/02/2024", "08:30")
    assert first.values == (datetime(2024, 2, 10, 8, 30), time(8, 30))  # noqa: DTZ001 - cells have no time zone
    assert second.texts == ("10/02/2024", "")


@pytest.mark.parametrize("dimension", ["A1", "A1:A1", "A1:B1", "A1:XFD1048576", "nonsense"])
def test_a_wrong_dimension_loses_no_cell(path: Path, dimension: str) -> None:
    sheet = sheet_xml(HEADER, row(2, text("A2", "An"), text("B2", "01")), before=f'<dimension ref="{dimension}"/>')
    assert [found.texts for found in rows_of(path, books.parts(sheet))] == [("An", "01")]


def test_cells_and_rows_may_leave_out_their_places(path: Path) -> None:
    sheet = sheet_xml(row(None, text("", "name"), text("", "phone")), row(None, "<c/>", text("", "01")))
    (found,) = rows_of(path, books.parts(sheet))
    assert (found.number, found.texts) == (2, ("", "01"))


def test_a_cell_without_a_place_follows_the_one_before(path: Path) -> None:
    sheet = sheet_xml(row(1, *[text("", letter) for letter in "abc"]), row(2, text("B2", "x"), text("", "y")))
    (found,) = rows_of(path, books.parts(sheet))
    assert found.texts == ("", "x", "y")


def test_a_row_without_a_number_follows_the_one_before(path: Path) -> None:
    sheet = sheet_xml(HEADER, row(7, text("A7", "An")), row(None, text("", "Bình")))
    assert [found.number for found in rows_of(path, books.parts(sheet))] == [7, 8]


def test_cells_may_be_in_any_order(path: Path) -> None:
    assert cells_of(path, text("B2", "01"), text("A2", "An")) == ("An", "01")


def test_a_sheet_whose_part_is_missing_is_passed_over(path: Path) -> None:
    contents = books.parts(PLAIN, workbook=books.workbook_xml(["Lost", "Data"]))
    contents["xl/_rels/workbook.xml.rels"] = books.relations_xml(
        {"rId1": ("worksheet", "worksheets/lost.xml"), "rId2": ("worksheet", "worksheets/sheet1.xml")}
    )
    assert open_sheet(books.save(path, contents)).sheet == "Data"


def test_sheets_that_are_all_hidden_are_read_from_the_first(path: Path) -> None:
    contents = books.parts(PLAIN, workbook=books.workbook_xml(["Data"], states=["hidden"]))
    assert open_sheet(books.save(path, contents)).notes == ("sheet “Data”, which is hidden",)


def test_a_workbook_without_worksheets_is_refused(path: Path) -> None:
    contents = books.parts(PLAIN, workbook=books.workbook_xml([]))
    with pytest.raises(RecipientsError, match=r"^wild\.xlsx: contains no readable worksheet; open it in"):
        open_sheet(books.save(path, contents))


def test_a_document_of_another_kind_is_refused(path: Path) -> None:
    contents = {
        "_rels/.rels": books.relations_xml({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": "<w:document xmlns:w='w'/>",
    }
    with pytest.raises(RecipientsError, match=r"^wild\.xlsx: is a Word document; open it in the program it comes from"):
        open_sheet(books.save(path, contents))


def test_an_external_relation_is_not_followed(path: Path) -> None:
    relations = (
        f'<Relationships xmlns="{books.PACKAGE_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{books.RELATIONS}/worksheet" Target="worksheets/sheet1.xml"'
        ' TargetMode="External"/>'
        "</Relationships>"
    )
    contents = books.parts(PLAIN)
    contents["xl/_rels/workbook.xml.rels"] = relations
    with pytest.raises(RecipientsError, match="contains no readable worksheet"):
        open_sheet(books.save(path, contents))


def test_the_workbook_part_may_be_in_utf16(path: Path) -> None:
    contents = books.parts(PLAIN)
    contents[WORKBOOK_PART] = books.workbook_xml(["Khách"]).replace("><", ">\n<").encode("utf-16")
    assert open_sheet(books.save(path, contents)).sheet == "Khách"


def test_dates_count_from_1904_whatever_an_extension_says(path: Path) -> None:
    extension = (
        '<extLst><ext xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main">'
        '<x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'
    )
    workbook = books.workbook_xml(properties='<workbookPr date1904="1"/>').replace("</workbook>", extension)
    styles = books.styles_xml("yyyy-mm-dd")
    assert cells_of(path, '<c r="A2" s="1"><v>1</v></c>', workbook=workbook, styles=styles)[0] == "1904-01-02"


def test_a_style_with_alternatives_is_the_one_for_other_programs(path: Path) -> None:
    alternatives = (
        '<mc:AlternateContent xmlns:mc="urn:mc"><mc:Choice Requires="hs"><xf numFmtId="9"/></mc:Choice>'
        '<mc:Fallback><xf numFmtId="2"/></mc:Fallback></mc:AlternateContent>'
    )
    styles = books.styles_xml("000").replace("</cellXfs>", f"{alternatives}<xf numFmtId='1'/></cellXfs>")
    cells = ['<c r="A2" s="2"><v>0.5</v></c>', '<c r="B2" s="3"><v>7.5</v></c>']
    assert cells_of(path, *cells, styles=styles) == ("0.50", "8")

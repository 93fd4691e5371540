"""A filter or a table that ends where columns are added covers them, so that sorting keeps rows together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.worksheet.table import Table

from campaign.sheets import ReadOptions
from tests.unit.sheets import books
from tests.unit.sheets.books import SHEET_PART, STYLES_PART, WORKBOOK_PART, row, text

from .copies import FAILED, PERSON, SENT, annotated, copy_of, list_xml, part_of, parts_that_differ

if TYPE_CHECKING:
    from pathlib import Path

TABLE_PART = "xl/tables/table1.xml"
NAMES = '<tableColumn id="1" name="Id"/><tableColumn id="7" name="Name"/>'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('<autoFilter ref="A1:B2"/>', '<autoFilter ref="A1:E2"/>', id="of the list"),
        pytest.param(
            '<autoFilter ref="$A$1:$B$9"><filterColumn colId="0"/></autoFilter>',
            '<autoFilter ref="A1:E9"><filterColumn colId="0"/></autoFilter>',
            id="in use",
        ),
        pytest.param('<autoFilter ref="A1:A2"/>', '<autoFilter ref="A1:A2"/>', id="of other columns"),
        pytest.param('<autoFilter ref="A1:G2"/>', '<autoFilter ref="A1:G2"/>', id="of more columns"),
        pytest.param('<autoFilter ref="A2:B2"/>', '<autoFilter ref="A2:B2"/>', id="under other headers"),
        pytest.param("<autoFilter/>", "<autoFilter/>", id="of nothing"),
        pytest.param(
            '<customSheetViews><customSheetView><autoFilter ref="A1:B2"/></customSheetView></customSheetViews>',
            '<customSheetViews><customSheetView><autoFilter ref="A1:B2"/></customSheetView></customSheetViews>',
            id="of a view",
        ),
    ],
)
def test_a_filter_covers_the_columns(path: Path, before: str, after: str) -> None:
    assert after in copy_of(path, list_xml(PERSON, after=before), {2: SENT})


def with_names(path: Path, names: str) -> Path:
    """A workbook whose second sheet has a filter, and these names."""
    people = list_xml(PERSON, after='<autoFilter ref="A1:B2"/>')
    sheets = books.workbook_xml(["Other", "People's"]).replace("</workbook>", f"{names}</workbook>")
    relations = {"rId1": ("worksheet", "worksheets/sheet2.xml"), "rId2": ("worksheet", "worksheets/sheet1.xml")}
    contents = {
        **books.parts(people, workbook=sheets),
        "xl/worksheets/sheet2.xml": books.sheet_xml(),
        "xl/_rels/workbook.xml.rels": books.relations_xml(relations),
    }
    return books.save(path, contents)


@pytest.mark.parametrize(
    ("sheet", "area", "expected"),
    [
        pytest.param("1", "'People''s'!$A$1:$B$2", "'People''s'!$A$1:$E$2", id="own"),
        pytest.param("0", "Other!$A$1:$B$2", None, id="of another sheet"),
        pytest.param("1", "'People''s'!$A$1:$A$2", None, id="of another area"),
        pytest.param("1", "#REF!", None, id="of no area"),
    ],
)
def test_the_hidden_name_of_a_filter_covers_the_columns(
    path: Path, sheet: str, area: str, expected: str | None
) -> None:
    printed = '<definedName name="_xlnm.Print_Area" localSheetId="1">Other!$A$1:$B$2</definedName>'
    filtered = f'<definedName name="_xlnm._FilterDatabase" localSheetId="{sheet}" hidden="1">{area}</definedName>'
    names = f"<definedNames>{printed}{filtered}</definedNames>"
    copy = annotated(with_names(path, names), {2: FAILED}, ReadOptions("People's"))
    changed = [SHEET_PART] if expected is None else [WORKBOOK_PART, SHEET_PART]
    assert parts_that_differ(path, copy) == changed
    assert f">{expected or area}<" in part_of(copy, WORKBOOK_PART)
    assert ">Other!$A$1:$B$2<" in part_of(copy, WORKBOOK_PART)


def table_xml(attributes: str = 'ref="A1:B2"', inside: str = f'<tableColumns count="2">{NAMES}</tableColumns>') -> str:
    return f'<table xmlns="{books.MAIN}" id="1" name="T" displayName="T" {attributes}>{inside}</table>'


def copied_table(path: Path, table: str, headers: tuple[str, ...] = ("Status", "Reason", "Sent at")) -> str:
    """The table of an annotated copy."""
    contents = {
        **books.parts(list_xml(PERSON, after='<tableParts count="1"><tablePart r:id="rId1"/></tableParts>').replace(
            "<worksheet ", f'<worksheet xmlns:r="{books.RELATIONS}" ')),
        "xl/worksheets/_rels/sheet1.xml.rels": books.relations_xml({"rId1": ("table", "../tables/table1.xml")}),
        TABLE_PART: table,
    }  # fmt: skip
    copy = annotated(books.save(path, contents), {2: FAILED}, headers=headers)
    assert set(parts_that_differ(path, copy)) <= {SHEET_PART, TABLE_PART}
    return part_of(copy, TABLE_PART)


def test_a_table_gets_the_columns(path: Path) -> None:
    inside = f'<autoFilter ref="A1:B2"/><tableColumns count="2">{NAMES}</tableColumns><tableStyleInfo name="x"/>'
    added = (
        '<tableColumn id="8" name=\'Status "1"\'/><tableColumn id="9" name="Reason"/><tableColumn id="10" name="At"/>'
    )
    assert copied_table(path, table_xml(inside=inside), ('Status "1"', "Reason", "At")) == table_xml(
        'ref="A1:E2"',
        f'<autoFilter ref="A1:E2"/><tableColumns count="5">{NAMES}{added}</tableColumns><tableStyleInfo name="x"/>',
    )


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(table_xml('ref="A1:A2"'), id="of other columns"),
        pytest.param(table_xml('ref="A2:B2"'), id="under other headers"),
        pytest.param(table_xml('ref="A1:B2" headerRowCount="0"'), id="without headers"),
        pytest.param(table_xml('ref="A1:B2" tableType="queryTable"'), id="from a query"),
        pytest.param(table_xml('ref="A1:B2"', ""), id="without columns"),
        pytest.param(table_xml(""), id="without an area"),
    ],
)
def test_a_table_that_is_not_of_the_list_alone_stays(path: Path, table: str) -> None:
    assert copied_table(path, table) == table


def test_a_table_of_openpyxl_is_read_back_with_the_columns(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["Id", "Name"], [1, "An"], [2, "Bình"]):
        sheet.append(cells)
    sheet.add_table(Table(displayName="People", ref="A1:B3", totalsRowShown=False))
    book.save(path)
    copy = annotated(path, {2: SENT, 3: FAILED})
    assert sorted(parts_that_differ(path, copy)) == [STYLES_PART, TABLE_PART, SHEET_PART]
    found = openpyxl.load_workbook(copy).active
    assert found is not None
    assert found.tables["People"].ref == "A1:E3"
    assert found.tables["People"].column_names == ["Id", "Name", "Status", "Reason", "Sent at"]


def test_a_table_beside_that_of_the_list_stays(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["Id", "Name", None, "Total"], [1, "An", None, 2], [2, "Bình", None, None]):
        sheet.append(cells)
    sheet.add_table(Table(displayName="People", ref="A1:B3"))
    sheet.add_table(Table(displayName="Totals", ref="D1:D2"))
    book.save(path)
    copy = annotated(path, {2: SENT, 3: FAILED})
    assert sorted(parts_that_differ(path, copy)) == [STYLES_PART, SHEET_PART]


def test_names_of_a_table_may_have_a_prefix(path: Path) -> None:
    table = table_xml().replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    found = copied_table(path, table)
    assert found.count("<x:tableColumn ") == 5
    assert "</x:tableColumns>" in found


def beside_a_chart(path: Path, after: str, **more: str) -> Path:
    """An annotated copy of a list with a chart over the columns C to H."""
    anchor = (
        '<xdr:wsDr xmlns:xdr="urn:x"><xdr:twoCellAnchor><xdr:from><xdr:col>2</xdr:col><xdr:row>3</xdr:row></xdr:from>'
        "<xdr:to><xdr:col>8</xdr:col><xdr:row>20</xdr:row></xdr:to></xdr:twoCellAnchor></xdr:wsDr>"
    )
    relations = {"rId1": ("drawing", "../drawings/drawing1.xml"), "rId2": ("table", "../tables/table1.xml")}
    contents = {
        **books.parts(list_xml(row(2, text("A2", "1")), after=after)),
        "xl/worksheets/_rels/sheet1.xml.rels": books.relations_xml(relations),
        "xl/drawings/drawing1.xml": anchor,
        **more,
    }
    return annotated(books.save(path, contents), {2: FAILED})


def test_a_filter_covers_the_columns_also_behind_a_chart(path: Path) -> None:
    copied = part_of(beside_a_chart(path, '<autoFilter ref="A1:B2"/>'))
    assert '<autoFilter ref="A1:K2"/>' in copied
    assert '<c r="I2" t="inlineStr">' in copied


def test_a_table_has_no_columns_behind_a_chart(path: Path) -> None:
    assert part_of(beside_a_chart(path, "", **{TABLE_PART: table_xml()}), TABLE_PART) == table_xml()

"""No column is added beneath a chart or a picture."""

from __future__ import annotations

import io

import pytest

from campaign.review.annotation.drawings import Place, free_column, places_of
from campaign.review.annotation.formulas import FormulaColumns
from campaign.review.annotation.sheet_scan import SheetUse, scan_sheet
from tests.unit.sheets import books

PIXEL = 9525


def found(anchors: str, use: SheetUse | None = None, header_row: int = 1) -> list[Place]:
    xml = f'<xdr:wsDr xmlns:xdr="urn:x" xmlns:a="urn:a">{anchors}</xdr:wsDr>'
    return sorted(places_of(io.BytesIO(xml.encode()), use or SheetUse(), "list.xlsx", header_row))


def corner(name: str, column: int, row: int, offset: int = 0) -> str:
    return (
        f"<xdr:{name}><xdr:col>{column}</xdr:col><xdr:colOff>{offset}</xdr:colOff>"
        f"<xdr:row> {row} </xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:{name}>"
    )


def between(first: str, last: str, inside: str = "") -> str:
    return f"<xdr:twoCellAnchor>{first}{last}{inside}</xdr:twoCellAnchor>"


@pytest.mark.parametrize(
    ("last", "expected"),
    [(corner("to", 9, 20, 5), Place(6, 10)), (corner("to", 9, 20), Place(6, 9)), (corner("to", 5, 20), Place(6, 6))],
    ids=["into a column", "up to a column", "of no width"],
)
def test_a_chart_between_two_cells(last: str, expected: Place) -> None:
    assert found(between(corner("from", 5, 2), last)) == [expected]


def test_numbers_inside_of_a_drawing_are_not_those_of_its_corners() -> None:
    inside = '<xdr:sp><xdr:from><xdr:col>50</xdr:col></xdr:from><a:ext cx="900000000" cy="1"/></xdr:sp>'
    assert found(between(corner("from", 5, 2), corner("to", 7, 9), inside)) == [Place(6, 7)]


@pytest.mark.parametrize(("header_row", "count"), [(4, 1), (5, 0)], ids=["reaches it", "ends above"])
def test_a_logo_above_the_headers_does_not_count(header_row: int, count: int) -> None:
    assert len(found(between(corner("from", 5, 0), corner("to", 7, 3)), header_row=header_row)) == count


def test_a_picture_of_a_size_ends_where_the_widths_of_its_columns_say() -> None:
    columns = [
        {"min": "3", "max": "3", "width": "10"},
        {"min": "4", "max": "5", "width": "99", "hidden": "1"},
        {"min": "6", "max": "9", "style": "1"},
    ]
    use = SheetUse(columns=columns, default_width=20)
    size = (70 + 140) * PIXEL
    anchor = f'<xdr:oneCellAnchor>{corner("from", 2, 3)}<xdr:ext cx="{{}}" cy="9"/></xdr:oneCellAnchor>'
    assert found(anchor.format(size), use) == [Place(3, 6)]
    assert found(anchor.format(size + 1), use) == [Place(3, 7)]
    assert found(anchor.format("x"), use) == [Place(3, 3)]


def test_a_picture_at_a_place_of_the_sheet() -> None:
    place = f'<xdr:pos x="{640 * PIXEL}" y="0"/><xdr:ext cx="{64 * PIXEL}" cy="9"/>'
    assert found(f"<xdr:absoluteAnchor>{place}</xdr:absoluteAnchor>", SheetUse(default_width=64 / 7)) == [Place(1, 11)]


def test_a_drawing_of_a_size_that_no_sheet_has_ends() -> None:
    anchor = f'<xdr:oneCellAnchor>{corner("from", 2, 3)}<xdr:ext cx="{10**16}" cy="9"/></xdr:oneCellAnchor>'
    ((_, last),) = found(anchor)
    assert last > 16_384


@pytest.mark.parametrize(
    ("places", "column"),
    [
        pytest.param([], 3, id="none"),
        pytest.param([Place(1, 2)], 3, id="over the list"),
        pytest.param([Place(4, 9)], 10, id="over one of them"),
        pytest.param([Place(12, 15), Place(3, 9)], 16, id="with too little room between"),
        pytest.param([Place(3, 9), Place(13, 15)], 10, id="with room between"),
        pytest.param([Place(6, 9)], 3, id="after them"),
    ],
)
def test_the_first_columns_that_are_free(places: list[Place], column: int) -> None:
    assert free_column(3, 3, places) == column


@pytest.mark.parametrize(("width", "expected"), [("20.5", 20.5), ("wide", 9.14)])
def test_the_width_of_the_other_columns_is_the_one_that_the_sheet_states(width: str, expected: float) -> None:
    sheet = books.sheet_xml(before=f'<sheetFormatPr defaultColWidth="{width}"/>')
    assert scan_sheet(io.BytesIO(sheet.encode()), "list.xlsx", FormulaColumns("Data", 100), 1).default_width == expected

"""Where the added cells of a worksheet go, and what stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest

from campaign.errors import RecipientsError, ResultsError
from campaign.review.annotation import Mark
from campaign.sheets import ReadOptions, open_sheet
from tests.unit.sheets import books
from tests.unit.sheets.books import STYLES_PART, row, text

from .copies import (
    FAILED,
    NOON,
    PERSON,
    SENT,
    FoundCell,
    annotated,
    cells_of,
    columns_of,
    copy_of,
    list_xml,
    part_of,
    parts_that_differ,
    without_added,
)

if TYPE_CHECKING:
    from pathlib import Path

LOCAL_NOON = datetime.fromtimestamp(NOON, UTC).astimezone().replace(tzinfo=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


def test_a_row_gets_its_status_its_reason_and_when_it_was_sent(path: Path) -> None:
    books.saved(path, ["Id", "Name"], [1, "An"], [2, "Bình"], [3, "Chi"])
    sheet = openpyxl.load_workbook(annotated(path, {2: SENT, 4: FAILED})).active
    assert sheet is not None
    assert list(sheet.iter_rows(values_only=True)) == [
        ("Id", "Name", "Status", "Reason", "Sent at"),
        (1, "An", "sent", None, LOCAL_NOON),
        (2, "Bình", None, None, None),
        (3, "Chi", "failed", "no such room", None),
    ]
    assert sheet["E2"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert [sheet.column_dimensions[letter].width for letter in "CDE"] == [12, 48, 21]


def test_a_copy_is_a_list_again(path: Path) -> None:
    books.saved(path, ["Id", "Name"], [1, "An"])
    copy = open_sheet(annotated(path, {2: SENT}))
    assert [column.header for column in copy.columns] == ["Id", "Name", "Status", "Reason", "Sent at"]
    assert [each.texts[:3] for each in copy.rows()] == [("1", "An", "sent")]


def test_everything_else_of_the_sheet_stays_byte_by_byte(path: Path) -> None:
    sheet = list_xml(
        '<!-- a <row> --><row  r = "2"   ht="20"><c r="A2"><v>1</v></c>\r\n <c r="B2" t=\'s\'><v>0</v></c></row >',
        '<row r="3"><c r="A3"><f>A2+1</f><v>2</v></c><c r="B3" t="str"><f>"&amp;"</f><v>&amp;</v></c></row>',
        before='<sheetPr><tabColor rgb="FF00FF00"/></sheetPr>',
        after='<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>',
    )
    copied = copy_of(path, sheet, {2: FAILED, 3: SENT}, strings=books.strings_xml("An"))
    added = [f"{letter}{number}" for letter in "CDE" for number in (1, 2, 3)]
    before, columns, after = without_added(copied, added).partition(
        '<cols><col min="3" max="3" width="12" customWidth="1"/><col min="4" max="4" width="48" customWidth="1"/>'
        '<col min="5" max="5" width="21" customWidth="1"/></cols>'
    )
    assert columns
    assert before + after == sheet


def test_other_parts_are_copied_whatever_they_are(path: Path) -> None:
    odd = {"xl/media/image1.png": bytes(range(256)), "docProps/custom.bin": b"", "xl/Ünïcode.xml": b"<x/>"}
    contents = {**books.parts(list_xml(PERSON), styles=books.styles_xml()), **odd}
    books.save(path, contents)
    assert parts_that_differ(path, annotated(path, {2: SENT})) == [books.SHEET_PART, STYLES_PART]


def test_rows_and_cells_need_no_references(path: Path) -> None:
    sheet = books.sheet_xml(
        row(None, text("", "Id"), text("", "Name")),
        row(None, text("", "1"), text("", "An")),
        row(None, text("", "2"), text("", "Bình")),
    )
    copied = copy_of(path, sheet, {2: FAILED, 3: FAILED})
    assert [cell.text for cell in cells_of(copied, 1)] == ["Id", "Name", "Status", "Reason", "Sent at"]
    assert [cell[::2] for cell in cells_of(copied, 3)] == [
        ("", "2"),
        ("", "Bình"),
        ("C3", "failed"),
        ("D3", "no such room"),
    ]


def test_names_may_have_a_prefix(path: Path) -> None:
    sheet = (
        f'<x:worksheet xmlns:x="{books.MAIN}"><x:dimension ref="A1:B2"/>'
        '<x:cols><x:col min="1" max="1" width="30"/></x:cols>'
        '<x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1" t="str"><x:v>Name</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    copied = copy_of(
        path,
        sheet,
        {2: SENT},
        styles=books.styles_xml().replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x="),
    )
    assert [cell.reference for cell in cells_of(copied, 2)] == ["A2", "C2", "E2"]
    assert '<x:dimension ref="A1:E2"/>' in copied
    assert [each["min"] for each in columns_of(copied)] == ["1", "3", "4", "5"]
    assert "<x:is>" in copied


def test_blank_cells_with_a_style_give_way_and_leave_their_style(path: Path) -> None:
    blank = [f'<c r="{letters}2" s="1"/>' for letters in "CEG"]
    sheet = list_xml(
        row(2, text("A2", "1"), blank[0], '<c r="D2" s="1"></c>', *blank[1:]),
        row(3, text("A3", "2"), '<c r="D3" s="1"/>', '<c r="F3" s="1"/>'),
        row(4, text("A4", "3"), '<c r="C4" s="1"/>'),
    )
    copied = copy_of(path, sheet, {2: SENT, 3: FAILED}, styles=books.styles_xml("0.00"))
    assert [cell[:2] for cell in cells_of(copied, 2)] == [
        ("A2", ""),
        ("C2", "1"),
        ("D2", "1"),
        ("E2", "3"),
        ("G2", "1"),
    ]
    assert cells_of(copied, 3) == [
        ("A3", "", "2"),
        ("C3", "", "failed"),
        ("D3", "1", "no such room"),
        ("E3", "", ""),
        ("F3", "1", ""),
    ]
    assert [cell.reference for cell in cells_of(copied, 4)] == ["A4", "C4"]


def test_cells_after_the_added_ones_keep_their_places_without_references(path: Path) -> None:
    sheet = list_xml("<row><c><v>1</v></c><c><v>2</v></c><c/><c/><c/><c s='1'/></row>")
    copied = copy_of(path, sheet, {2: FAILED}, styles=books.styles_xml("0.00"))
    assert [cell.reference for cell in cells_of(copied, 2)] == ["", "", "C2", "D2", "E2", ""]


def test_a_cell_has_the_style_of_its_row_or_else_of_its_column(path: Path) -> None:
    sheet = list_xml(
        row(2, text("A2", "1"), attributes='s="1" customFormat="1"'),
        row(3, text("A3", "1"), attributes='s="1"'),
        before='<cols><col min="3" max="5" width="9" style="2"/></cols>',
    )
    copied = copy_of(path, sheet, {2: SENT, 3: SENT}, styles=books.styles_xml("0.00", "0.000"))
    assert [cell.style for cell in cells_of(copied, 2)] == ["", "1", "4"]
    assert [cell.style for cell in cells_of(copied, 3)] == ["", "2", "5"]


def test_added_headers_look_like_the_header_beside_them(path: Path) -> None:
    sheet = books.sheet_xml(row(1, '<c r="A1" s="2" t="str"><v>Id</v></c><c r="B1" s="1"/>'), row(2, text("A2", "1")))
    copied = copy_of(path, sheet, {2: SENT}, styles=books.styles_xml("0.00", "0.000"))
    assert [cell[:2] for cell in cells_of(copied, 1)] == [("A1", "2"), ("B1", "2"), ("C1", "2"), ("D1", "2")]


ADDED = ["3-3 12", "4-4 48", "5-5 21"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param("", ADDED, id="none"),
        pytest.param('<cols><col min="1" max="2" width="30"/></cols>', ["1-2 30", *ADDED], id="before"),
        pytest.param('<cols><col min="1" max="99" width="9"/></cols>', ["1-2 9", *ADDED, "6-99 9"], id="beyond"),
        pytest.param(
            '<cols>\n<col min="4" max="4" width="3"/> <col min="8" max="9" width="7" hidden="1"></col>\n</cols >',
            [*ADDED, "8-9 7 hidden"],
            id="within and after",
        ),
        pytest.param("<cols/>", ADDED, id="an element without any"),
        pytest.param('<cols><col max="2" width="4"/></cols>', ADDED, id="without a number"),
    ],
)
def test_widths_of_other_columns_stay(path: Path, columns: str, expected: list[str]) -> None:
    found = columns_of(copy_of(path, list_xml(PERSON, before=columns)))
    shown = [f"{each['min']}-{each['max']} {each['width']}{' hidden' if each.get('hidden') else ''}" for each in found]
    assert shown == expected


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ('<dimension ref="A1:B2"/>', '<dimension ref="A1:E2"/>'),
        ("<dimension ref = 'A1' ></dimension>", '<dimension ref = "A1:E1" ></dimension>'),
        ('<dimension ref="A1:Z9"/>', '<dimension ref="A1:Z9"/>'),
        ('<dimension ref="nonsense"/>', '<dimension ref="nonsense"/>'),
        ("<dimension/>", "<dimension/>"),
        ("", ""),
    ],
    ids=["as far as the list", "one cell", "further than the columns", "unreadable", "blank", "none"],
)
def test_the_stated_area_covers_the_columns(path: Path, dimension: str, expected: str) -> None:
    copied = copy_of(path, list_xml(PERSON, before=dimension))
    assert copied.partition("<cols>")[0].endswith(f'main">{expected}')


@pytest.mark.parametrize(
    ("spans", "expected"),
    [("1:2", "1:5"), ("1:2 4:7", "1:2 4:7"), ("x", "x")],
    ids=["as far as the list", "further", "unreadable"],
)
def test_the_columns_that_a_row_states_cover_the_added_ones(path: Path, spans: str, expected: str) -> None:
    copied = copy_of(path, list_xml(row(2, text("A2", "1"), attributes=f"spans='{spans}' ht=\"20\"")))
    assert f'<row r="2" spans="{expected}" ht="20"><c r="A2"' in copied.replace("spans='x'", 'spans="x"')


def test_rows_without_cells_and_rows_without_a_mark_stay(path: Path) -> None:
    rows = [row(2, text("A2", "1")), '<row r="3"/>', '<row r="4" ht="30"></row>', row(5, text("A5", "2"))]
    copied = copy_of(path, list_xml(*rows), {3: FAILED, 4: FAILED, 9: FAILED})
    assert "".join(rows) in copied


@pytest.mark.parametrize(
    ("after", "first"),
    [
        pytest.param('<mergeCells><mergeCell ref="B2:D2"/></mergeCells>', "E2", id="beside the header"),
        pytest.param('<mergeCells><mergeCell ref="A1:$F$2"/></mergeCells>', "G2", id="from the title down"),
        pytest.param('<mergeCells><mergeCell ref="A1:K1"/></mergeCells>', "C2", id="of the title alone"),
        pytest.param('<mergeCells><mergeCell ref="A1"/><mergeCell/></mergeCells>', "C2", id="of one cell, and of none"),
        pytest.param('<mergeCells><mergeCell ref="A2:ZZZ2"/></mergeCells>', "C2", id="of columns that there are not"),
    ],
)
def test_columns_are_added_right_of_merged_cells(path: Path, after: str, first: str) -> None:
    sheet = books.sheet_xml(
        row(1, text("A1", "A title"), text("J1", "far to the right")),
        row(2, text("A2", "Id"), text("B2", "Name")),
        row(3, text("A3", "1"), text("B3", "An")),
        after=after,
    )
    books.save(path, books.parts(sheet))
    copied = part_of(annotated(path, {3: FAILED}, ReadOptions(header_row=2)))
    assert [cell.reference for cell in cells_of(copied, 1)] == ["A1", "J1"]
    assert cells_of(copied, 2)[2].reference == first


def test_columns_are_added_right_of_everything_beside_the_list(path: Path) -> None:
    sheet = list_xml(row(2, text("A2", "1"), '<c r="H2"><f t="array" ref="H2:J4">A2:C4</f><v>1</v></c>'))
    assert cells_of(copy_of(path, sheet), 1)[2].reference == "K1"


def test_dates_count_from_1904_where_those_of_the_workbook_do(path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert book.active is not None
    book.active.append(["Id"])
    book.active.append([1])
    book.save(path)
    sheet = openpyxl.load_workbook(annotated(path, {2: SENT})).active
    assert sheet is not None
    assert sheet["D2"].value == LOCAL_NOON


def test_a_workbook_without_styles_shows_the_time_as_a_text(path: Path) -> None:
    books.save(path, books.parts(list_xml(PERSON)))
    copied = part_of(annotated(path, {2: SENT}))
    assert cells_of(copied, 2)[-1] == FoundCell("E2", "", LOCAL_NOON.isoformat(" "))


def test_a_time_is_shown_to_the_second(path: Path) -> None:
    books.saved(path, ["Id"], [1])
    sheet = openpyxl.load_workbook(annotated(path, {2: Mark("sent", "", NOON + 1.75)})).active
    assert sheet is not None
    assert sheet["D2"].value == LOCAL_NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        pytest.param("=1+1", "=1+1", id="formula"),
        pytest.param("a ]]> b & <c> \"d\" 'e'", "a ]]> b & <c> \"d\" 'e'", id="markup"),
        pytest.param("bell \x07, half \ud83d, end \ufffe", "bell \\x07, half \\ud83d, end \\ufffe", id="not in XML"),
        pytest.param("_x0041_ and \r", "_x005F_x0041_ and _x000D_", id="escapes of spreadsheets"),
        pytest.param("Nguyễn 😀", "Nguyễn 😀", id="beyond ASCII"),
        pytest.param(" padded ", " padded ", id="blanks around"),
    ],
)
def test_a_reason_is_text_whatever_is_in_it(path: Path, reason: str, shown: str) -> None:
    copied = copy_of(path, list_xml(PERSON), {2: Mark("failed", reason)})
    assert cells_of(copied, 2)[-1].text == shown
    assert '<c r="D2" t="inlineStr"><is>' in copied


def test_a_long_reason_is_cut_with_a_mark(path: Path) -> None:
    copied = copy_of(path, list_xml(PERSON), {2: Mark("failed", "é" * 40_000)})
    text_of_reason = cells_of(copied, 2)[-1].text
    assert len(text_of_reason) == 32_767
    assert text_of_reason.endswith("… [cut, 40,000 characters in all]")


def test_hidden_and_filtered_rows_are_annotated_and_stay_hidden(path: Path) -> None:
    hidden = row(2, text("A2", "1"), attributes='hidden="1"')
    copied = copy_of(path, list_xml(hidden, row(3, text("A3", "2"))), {2: FAILED, 3: SENT})
    assert '<row r="2" hidden="1">' in copied
    assert [cell.text for cell in cells_of(copied, 2)][1:] == ["failed", "no such room"]


def test_the_sheet_that_was_read_is_the_one_that_is_annotated(path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("Others", "People"):
        sheet = book.create_sheet(name)
        sheet.append(["Id"])
        sheet.append([name])
    book.save(path)
    copy = openpyxl.load_workbook(annotated(path, {2: FAILED}, ReadOptions("people")))
    assert copy.sheetnames == ["Sheet", "Others", "People"]
    assert copy["Others"].max_column == 1
    assert copy["People"]["B2"].value == "failed"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "iso-8859-1"])
def test_xml_may_be_in_another_encoding(path: Path, encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    sheet = f'<?xml version="1.0" encoding="{declared}"?>' + list_xml(row(2, text("A2", "é"), '<c r="C2"/>'))
    books.save(path, {**books.parts(""), books.SHEET_PART: sheet.encode(encoding)})
    (found,) = open_sheet(annotated(path, {2: Mark("failed", "Nguyễn")})).rows()
    assert found.texts == ("é", "", "failed", "Nguyễn", "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("part", [books.SHEET_PART, STYLES_PART])
def test_xml_in_utf_16_is_refused(path: Path, part: str, encoding: str) -> None:
    contents = books.parts(list_xml(PERSON), styles=books.styles_xml())
    declared = f'<?xml version="1.0" encoding="utf-16"?>{contents[part]!s}'
    books.save(path, {**contents, part: declared.encode(encoding)})
    with pytest.raises(ResultsError, match="is written in UTF-16, which no spreadsheet program does; save it again"):
        annotated(path, {2: SENT})
    assert [each.name for each in path.parent.iterdir()] == ["customers.xlsx"]


def test_a_sheet_whose_last_columns_are_in_use_is_refused(path: Path) -> None:
    books.save(path, books.parts(list_xml(row(2, text("A2", "1"), text("XFB2", "far away")))))
    with pytest.raises(
        ResultsError, match="uses the last columns that a worksheet can have, so that none can be added; delete what"
    ):
        annotated(path, {2: SENT})
    books.save(path, books.parts(list_xml(row(2, text("A2", "1"), text("XFA2", "just near enough")))))
    assert cells_of(part_of(annotated(path, {2: FAILED})), 2)[2].reference == "XFB2"


def test_a_signed_workbook_is_refused(path: Path) -> None:
    books.save(path, {**books.parts(list_xml(PERSON)), "_xmlsignatures/sig1.xml": "<Signature/>"})
    with pytest.raises(ResultsError, match="has a digital signature, which no copy with more columns can keep"):
        annotated(path, {2: SENT})


def test_a_damaged_workbook_is_refused(path: Path) -> None:
    books.save(path, books.parts(list_xml(PERSON)[:-9]))
    with pytest.raises(RecipientsError, match="the file is damaged"):
        annotated(path, {2: SENT})


def test_a_sheet_that_would_be_too_large_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books.save(path, books.parts(list_xml(PERSON)))
    monkeypatch.setattr("campaign.review.annotation.workbook_copy.LARGEST_SHEET", 500)
    with pytest.raises(ResultsError, match="larger than Excel opens"):
        annotated(path, {2: Mark("failed", "x" * 500)})
    assert [each.name for each in path.parent.iterdir()] == ["customers.xlsx"]

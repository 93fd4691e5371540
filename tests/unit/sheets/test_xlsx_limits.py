"""Files that are damaged, or made to cost memory and time: each is refused before it does."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError
from campaign.sheets import limits, open_sheet
from campaign.sheets.xlsx import strings, workbook, xml_stream
from campaign.sheets.xlsx.package import PartLimit
from campaign.sheets.xlsx.sheet_xml import ColumnIndex

from . import books
from .books import SHEET_PART, STRINGS_PART, STYLES_PART, WORKBOOK_PART, row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path

HEADER = row(1, text("A1", "name"), text("B1", "phone"))
PLAIN = sheet_xml(HEADER, row(2, text("A2", "An"), text("B2", "01")))
ENTITY_BOMB = (
    '<!DOCTYPE lol [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
_HAS_PASSWORD = b"\x01"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hostile.xlsx"


def read_all(path: Path) -> int:
    return sum(1 for _ in open_sheet(path).rows())


@pytest.mark.parametrize("part", [SHEET_PART, STRINGS_PART, WORKBOOK_PART, "_rels/.rels"])
def test_entity_bombs_are_refused_in_every_part(path: Path, part: str) -> None:
    contents = books.parts(PLAIN, strings=books.strings_xml("x"))
    contents[part] = ENTITY_BOMB + str(contents[part])
    with pytest.raises(
        RecipientsError, match=r"^hostile\.xlsx.*: contains a document type declaration, which workbooks do not"
    ):
        read_all(books.save(path, contents))


def test_an_entity_bomb_in_the_styles_leaves_the_workbook_without_formats(path: Path) -> None:
    contents = books.parts(PLAIN, styles=ENTITY_BOMB + books.styles_xml())
    assert "document type declaration" in open_sheet(books.save(path, contents)).notes[1]


@pytest.mark.parametrize("part", [SHEET_PART, STRINGS_PART, WORKBOOK_PART])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = PartLimit(free_bytes=48_000_000, max_ratio=40)
    monkeypatch.setattr(workbook, "_SHEET_LIMIT", limit)
    monkeypatch.setattr(strings, "_STRINGS_LIMIT", limit)
    contents = books.parts(PLAIN, strings=books.strings_xml("x"))
    contents[part] = str(contents[part]) + " " * 60_000_000
    books.save(path, contents)
    tracemalloc.start()
    try:
        with pytest.raises(
            RecipientsError, match=rf"^hostile\.xlsx: {part} would unpack to 60 MB, [\d,]+ times its packed"
        ):
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_large_sheet_that_packs_as_sheets_do_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_SHEET_LIMIT", PartLimit(free_bytes=10_000, max_ratio=40))
    blank = [row(number, f'<c r="A{number}" s="1"/>') for number in range(2, 5_000)]
    assert read_all(books.save(path, books.parts(sheet_xml(HEADER, *blank, row(6_000, text("A6000", "An")))))) == 1


def test_no_more_is_unpacked_than_the_directory_says(path: Path) -> None:
    books.save(path, books.parts(PLAIN + " " * 100_000))
    true_size = (len(PLAIN) + 100_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true_size, len(PLAIN).to_bytes(4, "little")))
    with pytest.raises(RecipientsError, match=r"^hostile\.xlsx: the file is damaged \(Bad CRC-32"):
        read_all(path)


def test_a_tag_of_many_megabytes_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "_MAX_TOKEN_BYTES", 300_000)  # at its real size, this takes seconds
    noise = "".join(random.Random(1).choices("abcdefgh", k=400_000))
    with pytest.raises(RecipientsError, match="sheet “Data”: contains a tag of many megabytes; open it in"):
        read_all(books.save(path, books.parts(sheet_xml(HEADER, f"<!--{noise}-->"))))


@pytest.mark.parametrize("kind", ["shared", "inline"])
def test_a_text_over_the_limit_is_refused(path: Path, kind: str) -> None:
    endless = "x" * 1_000_001
    sheet = sheet_xml(HEADER, row(2, text("A2", endless if kind == "inline" else "An")))
    strings = books.strings_xml(endless if kind == "shared" else "An")
    with pytest.raises(RecipientsError, match="a cell contains more than 1,000,000 characters; shorten it"):
        read_all(books.save(path, books.parts(sheet, strings=strings)))


def test_a_row_over_the_limit_is_refused(path: Path) -> None:
    cells = '<c r="A2"><v>1</v></c>' * 80_000
    with pytest.raises(RecipientsError, match="sheet “Data”, row 2: has more cells than a row can have"):
        read_all(books.save(path, books.parts(sheet_xml(HEADER, row(2, cells)))))


def test_a_row_of_many_megabytes_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MAX_CHUNKS_PER_ROW", 3)
    with pytest.raises(RecipientsError, match="row 2: has more cells than a row can have"):
        read_all(books.save(path, books.parts(sheet_xml(HEADER, row(2, text("A2", "An"), text("B2", "x" * 500_000))))))


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("XFE2", id="one-beyond-the-last"),
        pytest.param("ZZZZZZZZZZZZZZZZZZZZ2", id="far-beyond"),
        pytest.param("2", id="no-letters"),
        pytest.param("Ä2", id="no-column-letter"),
        pytest.param("$A$2", id="dollars"),
    ],
)
def test_a_cell_in_no_column_is_refused(path: Path, reference: str) -> None:
    sheet = sheet_xml(HEADER, row(2, text(reference, "x")))
    with pytest.raises(
        RecipientsError, match=r"has a cell in a column “.*”, and the columns of a worksheet are A to XFD"
    ):
        read_all(books.save(path, books.parts(sheet)))


def test_the_last_column_is_a_column() -> None:
    assert ColumnIndex("here")["XFD"] == 16_383


def test_more_cells_than_columns_are_refused(path: Path) -> None:
    sheet = sheet_xml(row(1, text("XFD1", "last"), text("", "beyond")))
    with pytest.raises(RecipientsError, match="has a cell in a column “beyond XFD”"):
        read_all(books.save(path, books.parts(sheet)))


@pytest.mark.parametrize("number", [1_048_577, 2, 1], ids=["beyond-the-last", "twice", "out-of-order"])
def test_rows_that_are_not_numbered_upwards_are_refused(path: Path, number: int) -> None:
    sheet = sheet_xml(HEADER, row(2, text("A2", "An")), row(number, text("A1", "x")))
    message = f"has a row {number:,} after row 2, and rows are numbered from 1 to 1,048,576"
    with pytest.raises(RecipientsError, match=message):
        read_all(books.save(path, books.parts(sheet)))


@pytest.mark.parametrize("part", [SHEET_PART, STRINGS_PART, STYLES_PART, WORKBOOK_PART])
def test_tags_within_tags_over_the_limit_are_refused(path: Path, part: str) -> None:
    contents = books.parts(PLAIN, strings=books.strings_xml("x"), styles=books.styles_xml())
    before, slash, after = str(contents[part]).rpartition("</")
    contents[part] = before + "<z>" * 30_000 + "</z>" * 30_000 + slash + after
    books.save(path, contents)
    if part == STYLES_PART:
        assert "over 1,000 deep" in open_sheet(path).notes[1]
        return
    with pytest.raises(RecipientsError, match="nests tags over 1,000 deep; open it in a spreadsheet"):
        read_all(path)


def test_more_styles_than_excel_has_are_general(path: Path) -> None:
    styles = books.styles_xml("000").replace("</cellXfs>", '<xf numFmtId="164"/>' * 70_000 + "</cellXfs>")
    cells = [f'<c r="{column}2" s="{style}"><v>7</v></c>' for column, style in (("A", 65_535), ("B", 65_536))]
    (found,) = open_sheet(books.save(path, books.parts(sheet_xml(HEADER, row(2, *cells)), styles=styles))).rows()
    assert found.texts == ("007", "7")


@pytest.mark.parametrize("encoding", ["klingon", "utf-7"])
def test_an_encoding_that_xml_does_not_have_is_refused(path: Path, encoding: str) -> None:
    sheet = f'<?xml version="1.0" encoding="{encoding}"?>{PLAIN}'
    with pytest.raises(RecipientsError, match=r"sheet “Data”: the file is damaged \(.*encoding"):
        read_all(books.save(path, books.parts(sheet)))


def test_a_sheet_that_is_wide_and_blank_over_the_limit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_BLANKS", 1_000)
    wide = row(1, *[text("", f"h{index}") for index in range(200)])
    lines = [row(number, text(f"A{number}", "x")) for number in range(2, 20)]
    with pytest.raises(
        RecipientsError, match="sheet “Data”: has 200 columns with a header, and almost all of their cells are blank"
    ):
        read_all(books.save(path, books.parts(sheet_xml(wide, *lines))))


def test_a_truncated_file_is_refused(path: Path) -> None:
    books.save(path, books.parts(PLAIN))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(
        RecipientsError, match=r"^hostile\.xlsx: the file is damaged \(.+\); open it .* repair the file"
    ):
        open_sheet(path)


def test_damaged_bytes_within_are_refused(path: Path) -> None:
    books.save(path, books.parts(sheet_xml(HEADER, *[row(n, text(f"A{n}", str(n * n))) for n in range(2, 5_000)])))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(SHEET_PART).header_offset + 4_000
    content[start : start + 60] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(RecipientsError, match=r"^hostile\.xlsx.*: the file is damaged \("):
        read_all(path)


def test_a_sheet_cut_off_in_the_middle_is_refused_after_the_rows_that_are_whole(path: Path) -> None:
    rows = open_sheet(books.save(path, books.parts(PLAIN[: -len("</sheetData></worksheet>")]))).rows()
    assert next(rows).texts == ("An", "01")
    with pytest.raises(RecipientsError, match=r"sheet “Data”: the file is damaged \(no element found"):
        next(rows)


def test_a_directory_with_unreadable_names_is_refused(path: Path) -> None:
    books.save(path, {**books.parts(PLAIN), "xl/é.xml": "x"})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    with pytest.raises(RecipientsError, match=r"the file is damaged \('utf-8' codec"):
        open_sheet(path)


def test_a_zip_with_a_password_is_refused(path: Path) -> None:
    books.save(path, books.parts(PLAIN))
    content = bytearray(path.read_bytes())
    start = 0
    while (start := content.find(b"PK\x01\x02", start)) >= 0:
        content[start + 8 : start + 9] = _HAS_PASSWORD
        start += 4
    path.write_bytes(content)
    with pytest.raises(RecipientsError, match=r"^hostile\.xlsx: the zip archive has a password; save it without one$"):
        open_sheet(path)


def test_a_compression_that_no_workbook_has_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in books.parts(PLAIN).items():
            archive.writestr(name, content)
    with pytest.raises(RecipientsError, match="is compressed with a method that workbooks do not use"):
        open_sheet(path)


def test_a_disk_that_fails_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books.save(path, books.parts(PLAIN))

    def fail(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
    with pytest.raises(RecipientsError, match=r"^hostile\.xlsx: cannot be read \(Input/output error\)"):
        open_sheet(path)


def test_blank_rows_by_the_ten_thousand_take_no_memory(path: Path) -> None:
    blank = [row(number, f'<c r="A{number}" s="1"/>') for number in range(3, 60_000)]
    opened = open_sheet(books.save(path, books.parts(sheet_xml(HEADER, row(2, text("A2", "An")), *blank))))
    del blank
    tracemalloc.start()
    try:
        assert sum(1 for _ in opened.rows()) == 1
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()

"""Properties: every text is read from a file as it was written."""

from __future__ import annotations

import csv
import io
import random
import tempfile
import warnings
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import RecipientsError
from campaign.sheets import open_sheet
from campaign.sheets.csv_records import read_records

from . import books
from .books import row, sheet_xml, text

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n", exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=40,
).filter(str.strip)
DATES = st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - cells have no time zone
CSV_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(XML_TEXT, XML_TEXT), min_size=1, max_size=5))
def test_every_text_comes_out_of_a_workbook_as_it_went_in(rows: list[tuple[str, str]]) -> None:
    escaped = [[cell.replace("_x", "_x005F_x") for cell in cells] for cells in rows]
    sheet = sheet_xml(
        row(1, text("A1", "a"), text("B1", "b")),
        *[
            row(n, text(f"A{n}", cells[0]), f'<c r="B{n}" t="s"><v>{n - 2}</v></c>')
            for n, cells in enumerate(escaped, 2)
        ],
    )
    strings = books.strings_xml(*[cells[1] for cells in escaped])
    with tempfile.TemporaryDirectory() as folder:
        path = books.save(Path(folder) / "a.xlsx", books.parts(sheet, strings=strings))
        assert [found.texts for found in open_sheet(path).rows()] == rows


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(CSV_TEXT, min_size=2, max_size=4), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\r\n", "\n"]),
)
def test_every_text_comes_out_of_a_csv_as_it_went_in(rows: list[list[str]], delimiter: str, line_end: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    buffer.seek(0)
    assert [(record.fields, record.error) for record in read_records(buffer, delimiter)] == [(row, "") for row in rows]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('ab,"\n\r '), max_size=40))
def test_no_line_of_a_csv_is_lost_wherever_its_quotation_marks_are(content: str) -> None:
    records = list(read_records(io.StringIO(content, newline=""), ","))
    lines = io.StringIO(content, newline="").readlines()
    assert [record.number for record in records] == [*range(1, len(records) + 1)]
    starts = [record.line for record in records]
    assert starts == sorted(set(starts))
    letters = sum(field.count("a") + field.count("b") for record in records for field in record.fields)
    assert letters == content.count("a") + content.count("b")
    assert len(records) <= len(lines)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(-(10**14), 10**14), st.floats(-1e14, 1e14), st.booleans(), st.none(), DATES, XML_TEXT),
        min_size=3,
        max_size=3,
    )
)
def test_values_are_those_that_openpyxl_reads(cells: list[object]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b", "c"])
    for column, value in enumerate(cells, 1):
        cell = sheet.cell(2, column)
        cell.value = value  # type: ignore[assignment]
        if isinstance(value, str):
            cell.data_type = "s"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book.save(path)
            theirs = openpyxl.load_workbook(path)[sheet.title][2]
        found = list(open_sheet(path).rows())
        expected = [cell.value for cell in theirs]
        assert [list(row.values) for row in found] == (
            [expected] if any(value is not None for value in expected) else []
        )


def damaged(content: bytes, pick: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(pick.randrange(1, 12)):
        place = pick.randrange(len(changed))
        if pick.random() < 0.3:
            del changed[place : place + pick.randrange(1, 60)]
        else:
            changed[place] = pick.randrange(256)
        changed = changed or bytearray(b"x")
    return bytes(changed)


def whole_files() -> dict[str, bytes]:
    sheet = sheet_xml(
        row(1, text("A1", "name"), text("B1", "phone")),
        *[row(n, f'<c r="A{n}" t="s"><v>0</v></c>', f'<c r="B{n}" s="1"><f>1</f><v>{n}</v></c>') for n in range(2, 40)],
        after='<mergeCells><mergeCell ref="A1:B1"/></mergeCells>',
    )
    parts = books.parts(sheet, strings=books.strings_xml("Nguyễn"), styles=books.styles_xml("dd/mm/yyyy"))
    with tempfile.TemporaryDirectory() as folder:
        workbook = books.save(Path(folder) / "a.xlsx", parts).read_bytes()
    return {
        "a.xlsx": workbook,
        "a.csv": "tên,số\n".encode() + 'Nguyễn,"1\n2"\n'.encode() * 20,
        "b.csv": "tên;số\n".encode("utf-16") + "Đức;1\n".encode("utf-16-le") * 20,
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "b.csv"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path: Path, name: str, seed: int) -> None:
    pick = random.Random(seed)
    whole = whole_files()[name]
    path = tmp_path / name
    for _ in range(60):
        path.write_bytes(damaged(whole, pick))
        try:
            list(open_sheet(path).rows())
        except RecipientsError as refusal:
            assert name in str(refusal)  # noqa: PT017 - a refusal may come, and if so names the file


@pytest.mark.parametrize("seed", range(8))
def test_damaged_parts_of_a_workbook_are_read_or_refused_and_nothing_else(tmp_path: Path, seed: int) -> None:
    pick = random.Random(seed)
    sheet = sheet_xml(
        row(1, text("A1", "a")), row(2, '<c r="A2" t="s" s="1"><v>0</v></c>'), row(3, text("A3", "_x000D_"))
    )
    whole = books.parts(sheet, strings=books.strings_xml("x"), styles=books.styles_xml("0.00"))
    path = tmp_path / "a.xlsx"
    for _ in range(60):
        part = pick.choice(list(whole))
        books.save(path, {**whole, part: damaged(str(whole[part]).encode(), pick)})
        try:
            list(open_sheet(path).rows())
        except RecipientsError as refusal:
            assert "a.xlsx" in str(refusal)  # noqa: PT017 - as above

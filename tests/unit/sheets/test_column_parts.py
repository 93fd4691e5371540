"""One column of a list in large parts: the same cells as row by row, whatever is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from campaign.errors import RecipientsError
from campaign.sheets import ReadOptions, Sheet, open_sheet, plain_lines, plain_texts, read_column


def opened(path: Path, content: str | bytes, **options: object) -> Sheet:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_sheet(path, ReadOptions(**options))  # type: ignore[arg-type] # options by name


def cells(sheet: Sheet, position: int = 0) -> list[tuple[int, str]]:
    parts = list(read_column(sheet, sheet.columns[position]))
    return [each for part in parts for each in zip(part.numbers, part.texts, strict=True) if each[1].strip()]


def row_by_row(sheet: Sheet, position: int = 0) -> list[tuple[int, str]]:
    return [(row.number, row.texts[position]) for row in sheet.rows() if row.texts[position].strip()]


def is_plain(sheet: Sheet) -> bool:
    return None not in list(plain_texts(sheet, sheet.columns[0]))


PLAIN = {
    "lines": "Phone\n0901\n0902\n",
    "no line break at the end": "Phone\n0901\n0902",
    "line breaks of Windows": "Phone\r\n0901\r\n0902\r\n",
    "blank lines": "Phone\n\n0901\n\n\n0902\n",
    "columns": "Name,Phone\nAn,0901\nBình,0902\n",
    "quotation marks": '"Name","Phone"\n"An, Bình",0901\n"An""B""",0902\n',
    "semicolons": "Name;Phone\nAn;0901\n",
    "byte order mark": "\ufeffPhone\n0901\n",
    "sep line": "sep=;\nName;Phone\nAn;0901\n",
    "only headers": "Phone\n",
}
OTHER = {
    "record of two lines": 'Name,Phone\n"An\nBình",0901\nChi,0902\n',
    "error text": "Phone\n0901\n#N/A\n0902\n",
    "formula": 'Phone\n="0901"\n0902\n',
    "unclosed quotation mark": 'Name,Phone\n"An,0901\nChi,0902\n',
    "missing field": "Name,Phone\nAn,0901\nChi\nDũng,0902\n",
    "surplus field": "Name,Phone\nAn,0901,x\nChi,0902\n",
    "line breaks of old Macs": "Phone\r0901\r0902\r",
    "line break within a line": "Phone\n0901\r0902\n0903\n",
    "NUL": "Phone\n0901\n09\0002\n",
    "end of file as in DOS": "Phone\n0901\n0902\x1a",
    "blanks before quotation marks": 'Name,Phone\nAn, "0901"\nChi, "0902"\n',
    "a blank before one quotation mark": 'Name,Phone\nAn, "0901"\nChi,0902\n',
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_lines_are_read_at_once(tmp_path: Path, name: str) -> None:
    sheet = opened(tmp_path / "stop.csv", PLAIN[name])
    assert is_plain(sheet)
    for position in range(len(sheet.columns)):
        assert cells(sheet, position) == row_by_row(sheet, position)


@pytest.mark.parametrize("name", OTHER)
def test_anything_else_is_read_row_by_row(tmp_path: Path, name: str) -> None:
    sheet = opened(tmp_path / "stop.csv", OTHER[name])
    assert not is_plain(sheet)
    for position in range(len(sheet.columns)):
        assert cells(sheet, position) == row_by_row(sheet, position)


@pytest.mark.parametrize("at", [1, 2, 5])
def test_what_is_plain_before_is_not_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(plain_lines, "BLOCK_CHARACTERS", 16)
    lines = ["Name,Phone", *(f"An {number},09{number:04}" for number in range(20))]
    lines[at * 3] = '"Two\nlines",0999'
    sheet = opened(tmp_path / "stop.csv", "\n".join(lines) + "\n")
    assert cells(sheet, 1) == row_by_row(sheet, 1)


def test_the_header_row_may_be_further_down(tmp_path: Path) -> None:
    sheet = opened(tmp_path / "stop.csv", "Opt-outs\n\nPhone\n0901\n0902\n", header_row=3)
    assert is_plain(sheet)
    assert cells(sheet) == [(4, "0901"), (5, "0902")]


def test_a_very_long_line_ends_the_search_for_plain_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_lines, "BLOCK_CHARACTERS", 16)
    monkeypatch.setattr(plain_lines, "_LONGEST_LINE", 64)
    sheet = opened(tmp_path / "stop.csv", "Phone\n" + "1" * 500 + "\n0902\n")
    assert not is_plain(sheet)
    assert cells(sheet) == row_by_row(sheet)


def test_an_encoding_that_is_composed_is_read_row_by_row(tmp_path: Path) -> None:
    sheet = opened(tmp_path / "stop.csv", "Tên\nBi\u0300nh\n".encode("cp1258"), encoding="cp1258")
    assert not is_plain(sheet)
    assert cells(sheet) == [(2, "Bình")]


def test_a_workbook_is_read_row_by_row_with_the_problems_of_the_column(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["Name", "Phone"], ["An", "0901"], ["#N/A", "0902"], ["Chi", "#N/A"]):
        book.active.append(row)  # type: ignore[union-attr] # a new workbook has a sheet
    book.save(tmp_path / "stop.xlsx")
    sheet = open_sheet(tmp_path / "stop.xlsx")
    assert not is_plain(sheet)
    (part,) = read_column(sheet, sheet.columns[1])
    assert list(part.texts) == ["0901", "0902", "#N/A"]
    assert [problem.where for problem in part.problems] == ["B4"]


def test_the_problems_of_a_row_as_a_whole_are_those_of_its_cell(tmp_path: Path) -> None:
    sheet = opened(tmp_path / "stop.csv", OTHER["missing field"])
    assert [problem.where for part in read_column(sheet, sheet.columns[1]) for problem in part.problems] == ["row 3"]


def test_a_file_that_was_changed_since_it_was_opened_is_refused(tmp_path: Path) -> None:
    sheet = opened(tmp_path / "stop.csv", PLAIN["lines"])
    (tmp_path / "stop.csv").write_text("Phone\n0901\n0902\n0903\n", encoding="utf-8")
    with pytest.raises(RecipientsError, match="was changed while it was being read"):
        list(read_column(sheet, sheet.columns[0]))


characters = st.sampled_from(list('a1 ,;"\n\r#=é\u0300'))


@given(st.lists(st.text(characters, max_size=12), max_size=30), st.sampled_from([7, 16, 1 << 18]))
def test_any_text_is_read_as_row_by_row(tmp_path_factory: pytest.TempPathFactory, lines: list[str], block: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    sheet = opened(path, "Name,Phone\n" + "\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_lines, "BLOCK_CHARACTERS", block)
        for position in range(2):
            assert cells(sheet, position) == row_by_row(sheet, position)

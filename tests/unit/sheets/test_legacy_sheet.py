"""Lists whose text of legacy fonts is converted while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.styles import Font

from campaign.errors import RecipientsError
from campaign.sheets import ReadOptions, Sheet, headers_as_shown, open_sheet

if TYPE_CHECKING:
    from pathlib import Path

CONVERT = ReadOptions(legacy_font="convert")
ROWS = [
    ["token", "Hä tªn", "Thµnh phè"],
    ["t1", "NguyÔn V¨n B×nh", "Hµ Néi"],
    ["t2", "trÇn thÞ ®µo", "HuÕ"],
    ["t3", "Lan", "Müller"],
]


def csv_of(folder: Path, encoding: str = "utf-8") -> Path:
    path = folder / "a.csv"
    path.write_text("".join(",".join(row) + "\n" for row in ROWS), encoding=encoding)
    return path


def book_of(folder: Path, fonts: dict[str, str]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    for cell, font in fonts.items():
        sheet[cell].font = Font(name=font)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def headers(sheet: Sheet) -> list[str]:
    return [column.header for column in sheet.columns]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_csv_is_converted_as_the_letters_of_its_columns_decide(tmp_path: Path, encoding: str) -> None:
    sheet = open_sheet(csv_of(tmp_path, encoding), CONVERT)
    assert headers(sheet) == ["token", "Họ tên", "Thành phố"]
    rows = list(sheet.rows())
    assert [row.texts[1:] for row in rows] == [
        ("Nguyễn Văn Bình", "Hà Nội"),
        ("trần thị đào", "Huế"),
        ("Lan", "Müller"),
    ]
    assert [row.values for row in rows] == [row.texts for row in rows]
    assert rows[0].originals == ("", "NguyÔn V¨n B×nh", "Hµ Néi")
    assert rows[2].originals == ()
    assert list(sheet.rows()) == rows
    assert (sheet.path, sheet.sheet, sheet.header_warning) == (tmp_path / "a.csv", None, "")
    (start, *_) = sheet.starts()
    assert start.rows[0] == (1, ("token", "Họ tên", "Thành phố"))


def test_a_csv_of_those_bytes_is_not_taken_for_one_in_another_encoding(tmp_path: Path) -> None:
    facts = open_sheet(csv_of(tmp_path, "cp1252"), CONVERT).facts
    assert facts.encoding is not None
    assert (facts.encoding.codec, facts.encoding.guessed) == ("cp1252", True)


def test_without_the_option_nothing_is_converted(tmp_path: Path) -> None:
    sheet = open_sheet(csv_of(tmp_path))
    assert headers(sheet) == ROWS[0]
    assert headers_as_shown(sheet) == ("token", "Họ tên", "Thành phố")
    assert next(iter(sheet.rows())).texts == tuple(ROWS[1])


def test_a_cell_of_a_workbook_is_converted_by_its_own_font(tmp_path: Path) -> None:
    fonts = {"B1": ".VnTime", "B2": ".VnTime", "B3": ".VnTimeH", "B4": ".VnTimeH", "A4": ".VnTimeH", "C2": "VNI-Times"}
    sheet = open_sheet(book_of(tmp_path, fonts), CONVERT)
    assert headers(sheet) == ["token", "Họ tên", "Thành phố"]
    rows = list(sheet.rows())
    assert [row.texts[1] for row in rows] == ["Nguyễn Văn Bình", "TRẦN THỊ ĐÀO", "LAN"]
    assert [row.texts[0] for row in rows] == ["t1", "t2", "t3"]
    assert all(row.fonts == row.shown == () for row in rows)


def test_the_other_cells_of_a_workbook_are_converted_by_their_letters(tmp_path: Path) -> None:
    rows = list(open_sheet(book_of(tmp_path, {"B2": ".VnTime"}), CONVERT).rows())
    assert [row.texts[1] for row in rows] == ["Nguyễn Văn Bình", "trần thị đào", "Lan"]


def test_a_list_in_unicode_is_the_same_with_the_option(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("token,Họ tên\nt1,Nguyễn Văn\nt2,Lê Hà\nt3,Lê\n", encoding="utf-8")
    plain, converting = open_sheet(path), open_sheet(path, CONVERT)
    assert converting.columns == plain.columns
    assert list(converting.rows()) == list(plain.rows())
    assert converting.notes == plain.notes


def test_numbers_and_other_values_stay(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["token", "amount", "name"], ["t1", 1250, "B×nh"]):
        sheet.append(row)
    for cell in ("B2", "C2"):
        sheet[cell].font = Font(name=".VnTime")
    book.save(tmp_path / "a.xlsx")
    (found,) = open_sheet(tmp_path / "a.xlsx", CONVERT).rows()
    assert (found.texts, found.values) == (("t1", "1250", "Bình"), ("t1", 1250, "Bình"))


def test_damage_further_down_is_reported_where_the_rows_are_read(tmp_path: Path) -> None:
    path = csv_of(tmp_path)
    sheet = open_sheet(path, CONVERT)
    path.write_text("token\nchanged\n", encoding="utf-8")
    with pytest.raises(RecipientsError, match="was changed while it was being read"):
        list(sheet.rows())

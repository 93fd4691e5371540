"""Vietnamese text typed for fonts from before Unicode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sheets import from_legacy_font, is_legacy_font, open_sheet

from . import books
from .books import MAIN, row, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    (".VnTime", "NguyÔn V¨n B×nh", "Nguyễn Văn Bình"),
    (".VnTimeH", "trÇn thÞ ®µo", "TRẦN THỊ ĐÀO"),
    (".VnArial", "§Æng Thïy Tr©m, Phó Yªn", "Đặng Thùy Trâm, Phú Yên"),
    (".vntime", "C«ng ty cæ phÇn n­íc", "Công ty cổ phần nước"),
    ("VNI-Times", "Nguyeãn Vaên Bình", "Nguyễn Văn Bình"),
    ("VNI-Helve", "TRAÀN THÒ ÑAØO", "TRẦN THỊ ĐÀO"),
    ("VNI-Times", "Ñaëng Thuøy Traâm, Ñöôøng Leâ Lôïi", "Đặng Thùy Trâm, Đường Lê Lợi"),
    ("VNI-Times", "Yù kieán; Quyønh; kyõ; Myõ; kyû; tyø", "Ý kiến; Quỳnh; kỹ; Mỹ; kỷ; tỳ"),
    (".VnTime", "Nguyễn Văn Bình", "Nguyễn Văn Bình"),
    ("VNI-Times", "Nguyễn Văn Bình", "Nguyễn Văn Bình"),
    (".VnTimeH", "an@example.com", "an@example.com"),
    ("Calibri", "NguyÔn V¨n B×nh", "NguyÔn V¨n B×nh"),
]


@pytest.mark.parametrize(("font", "typed", "shown"), [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in CASES])
def test_a_text_in_a_legacy_font_becomes_the_one_that_is_seen(font: str, typed: str, shown: str) -> None:
    assert from_legacy_font(typed, font) == shown


@pytest.mark.parametrize(
    ("font", "is_legacy"),
    [
        pytest.param(".VnTime", True, id="TCVN3"),
        pytest.param("VNI-Times", True, id="VNI"),
        pytest.param("Vni-Times", True, id="case does not matter"),
        pytest.param("Times New Roman", False, id="Times"),
        pytest.param("Vnitalic", False, id="a name that begins alike"),
        pytest.param("", False, id="no name"),
    ],
)
def test_a_legacy_font_is_known_by_its_name(font: str, is_legacy: bool) -> None:  # noqa: FBT001 - a table
    assert is_legacy_font(font) is is_legacy


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts><font><name val="Calibri"/></font><font><name val=".VnTime"/></font></fonts>'
    '<cellXfs><xf numFmtId="0" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>'
)


def test_a_row_tells_the_legacy_fonts_of_its_cells(tmp_path: Path) -> None:
    styled = '<c r="B2" s="1" t="inlineStr"><is><t>B×nh</t></is></c>'
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "x"), styled))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet, styles=STYLES))).rows()
    assert found.fonts == ("", ".VnTime")


def test_a_part_of_a_text_in_a_legacy_font_counts_for_its_cell(tmp_path: Path) -> None:
    rich = '<si><r><rPr><rFont val="VNI-Times"/></rPr><t>Bình</t></r><r><t> An</t></r></si>'
    strings = f'<sst xmlns="{MAIN}"><si><t>An</t></si>{rich}</sst>'
    cells = '<c r="A2" t="s"><v>0</v></c>', '<c r="B2" t="s"><v>1</v></c>'
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, *cells))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet, strings=strings))).rows()
    assert found.fonts == ("", "VNI-Times")


def test_a_workbook_without_such_fonts_tells_none(tmp_path: Path) -> None:
    (found,) = open_sheet(books.saved(tmp_path / "a.xlsx", ["a"], ["x"])).rows()
    assert found.fonts == ()

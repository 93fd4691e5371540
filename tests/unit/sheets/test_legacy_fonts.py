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


TCVN_5712 = """
    A1 Ă  A2 Â  A3 Ê  A4 Ô  A5 Ơ  A6 Ư  A7 Đ  A8 ă  A9 â  AA ê  AB ô  AC ơ  AD ư  AE đ  B5 à
    B6 ả  B7 ã  B8 á  B9 ạ  BB ằ  BC ẳ  BD ẵ  BE ắ  C6 ặ  C7 ầ  C8 ẩ  C9 ẫ  CA ấ  CB ậ  CC è
    CE ẻ  CF ẽ  D0 é  D1 ẹ  D2 ề  D3 ể  D4 ễ  D5 ế  D6 ệ  D7 ì  D8 ỉ  DC ĩ  DD í  DE ị  DF ò
    E1 ỏ  E2 õ  E3 ó  E4 ọ  E5 ồ  E6 ổ  E7 ỗ  E8 ố  E9 ộ  EA ờ  EB ở  EC ỡ  ED ớ  EE ợ  EF ù
    F1 ủ  F2 ũ  F3 ú  F4 ụ  F5 ừ  F6 ử  F7 ữ  F8 ứ  F9 ự  FA ỳ  FB ỷ  FC ỹ  FD ý  FE ỵ
"""
"""The codes of TCVN 5712:1993, VN3, as glibc's iconv has them in TCVN5712-1: seven capitals, and all small letters."""

VNI_LETTERS = """
    a á à ả ã ạ  â ấ ầ ẩ ẫ ậ  ă ắ ằ ẳ ẵ ặ  e é è ẻ ẽ ẹ  ê ế ề ể ễ ệ  o ó ò ỏ õ ọ  ô ố ồ ổ ỗ ộ
    ơ ớ ờ ở ỡ ợ  u ú ù ủ ũ ụ  ư ứ ừ ử ữ ự  i í ì ỉ ĩ ị  y ý ỳ ỷ ỹ ỵ  đ
"""
VNI_CODES = """
    a aù aø aû aõ aï  aâ aá aà aå aã aä  aê aé aè aú aü aë  e eù eø eû eõ eï  eâ eá eà eå eã eä
    o où oø oû oõ oï  oâ oá oà oå oã oä  ô ôù ôø ôû ôõ ôï  u uù uø uû uõ uï  ö öù öø öû öõ öï
    i í ì æ ó ò  y yù yø yû yõ î  ñ
"""
"""VNI Windows, in the order of the vowels and tones of the tables of input methods such as xvnkb (vni.h)."""


def test_every_code_of_tcvn3_becomes_the_letter_of_the_standard() -> None:
    words = TCVN_5712.split()
    table = {
        bytes.fromhex(code).decode("latin-1"): letter for code, letter in zip(words[::2], words[1::2], strict=True)
    }
    assert len(table) == 74
    assert {code: from_legacy_font(code, ".VnTime") for code in table} == table
    shown = from_legacy_font("".join(table), ".VnTimeH")
    assert shown == "".join(table.values()).upper()


@pytest.mark.parametrize("capitals", [False, True], ids=["small letters", "capitals"])
def test_every_letter_of_vni_becomes_the_letter_of_the_table(*, capitals: bool) -> None:
    codes, letters = VNI_CODES.split(), VNI_LETTERS.split()
    if capitals:
        codes, letters = [code.upper() for code in codes], [letter.upper() for letter in letters]
    assert len(codes) == len(set(letters)) == 73
    assert [from_legacy_font(code, "VNI-Times") for code in codes] == letters


def test_a_capital_of_vni_may_have_its_mark_as_a_small_letter() -> None:
    codes = [code for code in VNI_CODES.split() if len(code) == 2]
    mixed = [code[0].upper() + code[1] for code in codes]
    assert [from_legacy_font(code, "VNI-Times") for code in mixed] == [
        from_legacy_font(code, "VNI-Times").upper() for code in codes
    ]


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts><font><name val="Calibri"/></font><font><name val=".VnTime"/></font></fonts>'
    '<cellXfs><xf numFmtId="0" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>'
)


def test_a_row_tells_the_legacy_fonts_of_its_cells(tmp_path: Path) -> None:
    styled = '<c r="B2" s="1" t="inlineStr"><is><t>B×nh</t></is></c>'
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "x"), styled))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet, styles=STYLES))).rows()
    assert found.fonts == ("", ".VnTime")
    assert found.shown == ("x", "Bình")


def test_a_part_of_a_text_in_a_legacy_font_counts_for_its_cell(tmp_path: Path) -> None:
    rich = '<si><r><rPr><rFont val="VNI-Times"/></rPr><t>Bình</t></r><r><t> An</t></r></si>'
    strings = f'<sst xmlns="{MAIN}"><si><t>An</t></si>{rich}</sst>'
    cells = '<c r="A2" t="s"><v>0</v></c>', '<c r="B2" t="s"><v>1</v></c>'
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, *cells))
    (found,) = open_sheet(books.save(tmp_path / "a.xlsx", books.parts(sheet, strings=strings))).rows()
    assert (found.fonts, found.shown) == (("", "VNI-Times"), ("An", "Bình An"))


RUNS = (
    "<r><t>Tr©m </t></r><r><rPr><rFont val='Calibri'/></rPr><t>Tr©m </t></r>"
    "<r><rPr><rFont val='VNI-Times'/></rPr><t>Traâm_x000D_</t></r>"
)


def test_each_run_of_a_text_is_shown_in_its_own_font(tmp_path: Path) -> None:
    strings = f'<sst xmlns="{MAIN}"><si>{RUNS}</si></sst>'
    cells = ('<c r="A2" s="1" t="s"><v>0</v></c>', f'<c r="B2" s="1" t="inlineStr"><is>{RUNS}</is></c>')
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, *cells), row(3, text("A3", "©")))
    path = books.save(tmp_path / "a.xlsx", books.parts(sheet, strings=strings, styles=STYLES))
    found, last = open_sheet(path).rows()
    assert found.texts[0] == "Tr©m Tr©m Traâm\r"
    assert found.shown[0] == "Trâm Tr©m Trâm\r"
    assert found.fonts == (".VnTime", ".VnTime")
    assert (last.fonts, last.shown) == (("", ""), ("©", ""))


def test_runs_of_a_cell_do_not_concern_the_next_one(tmp_path: Path) -> None:
    runs = "<is><r><rPr><rFont val='VNI-Times'/></rPr><t>{}</t></r></is>"
    cells = (
        f'<c r="A2" t="inlineStr">{runs.format("")}</c><c r="B2" t="str"><v>Traâm</v></c>'
        f'<c r="C2" t="str"><f>1</f><v>x</v>{runs.format("Traâm")}</c><c r="D2" t="str"><v>Traâm</v></c>'
    )
    heads = [text(f"{letter}1", letter) for letter in "ABCD"]
    path = books.save(tmp_path / "a.xlsx", books.parts(sheet_xml(row(1, *heads), row(2, cells))))
    (found,) = open_sheet(path).rows()
    assert (found.texts, found.fonts) == (("", "Traâm", "x", "Traâm"), ())


def test_a_run_in_an_ordinary_font_within_a_cell_is_none(tmp_path: Path) -> None:
    cell = '<c r="A2" t="inlineStr"><is><r><rPr><rFont val="Arial"/></rPr><t>Tr©m</t></r></is></c>'
    path = books.save(tmp_path / "a.xlsx", books.parts(sheet_xml(row(1, text("A1", "a")), row(2, cell))))
    (found,) = open_sheet(path).rows()
    assert (found.fonts, found.shown) == (("",), ("Tr©m",))


def test_the_headers_are_told_as_their_font_shows_them(tmp_path: Path) -> None:
    cells = (
        '<c r="A1" s="1" t="inlineStr"><is><t> Hä tªn </t></is></c>',
        text("B1", "b"),
        '<c r="C1" s="1" t="inlineStr"><is><t> </t></is></c>',
    )
    sheet = open_sheet(
        books.save(tmp_path / "a.xlsx", books.parts(sheet_xml(row(1, *cells), row(2, text("A2", "x"))), styles=STYLES))
    )
    assert [column.header for column in sheet.columns] == ["Hä tªn", "b"]
    assert sheet.facts.shown_headers == (" Họ tên ", "b", " ")
    (start,) = sheet.starts()
    assert start.rows[0] == (1, (" Họ tên ", "b", " "))


def test_a_workbook_without_such_fonts_tells_none(tmp_path: Path) -> None:
    (found,) = open_sheet(books.saved(tmp_path / "a.xlsx", ["a"], ["x"])).rows()
    assert found.fonts == ()

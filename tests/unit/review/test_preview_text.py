from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.review.terminal_text import box, columns, hanging, wrapped
from campaign.text import harmless

DECOMPOSED = unicodedata.normalize("NFD", "Nguyễn Thị Ngọc Ánh")
FAMILY = "👨‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Nguyễn Thị", 10, id="composed Vietnamese"),
        pytest.param(DECOMPOSED, 19, id="combining marks take no column"),
        pytest.param("🎉", 2, id="emoji"),
        pytest.param(FAMILY, 2, id="several emoji joined to one"),
        pytest.param("❤️", 2, id="a character that is shown as emoji"),
        pytest.param("你好", 4, id="Chinese"),
        pytest.param("مرحبا", 5, id="Arabic"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_text_is_measured_as_it_is_shown(text: str, expected: int) -> None:
    assert columns(text) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="colour"),
        pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="window title"),
        pytest.param("\x9b2J", r"\x9b2J", id="C1 control"),
        pytest.param("\x7f\x08\x00", r"\x7f\x08\x00", id="delete, backspace and NUL"),
        pytest.param("a\tb\rc\nd", r"a\tb\rc\nd", id="tab, return and line feed by their usual names"),
        pytest.param("\u202efdp.exe", r"\u202efdp.exe", id="right-to-left override"),
        pytest.param("\u2066x\u2069", r"\u2066x\u2069", id="isolates"),
        pytest.param("x\u2028y", r"x\u2028y", id="line separator"),
        pytest.param("\ud83d", r"\ud83d", id="half of a character"),
        pytest.param(f"Chị Ánh {FAMILY} مرحبا", f"Chị Ánh {FAMILY} مرحبا", id="ordinary text stays"),
    ],
)
def test_what_a_terminal_could_obey_is_spelt_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "lines"),
    [
        pytest.param("Xin chào chị Lan", 9, ["Xin chào", "chị Lan"], id="between words"),
        pytest.param("Xin chào", 8, ["Xin chào"], id="exactly as wide"),
        pytest.param("a\n\nb", 9, ["a", "", "b"], id="own line breaks, a blank line among them"),
        pytest.param("a\r\nb", 9, ["a", "b"], id="line breaks of Windows"),
        pytest.param("  - a", 9, ["  - a"], id="an indented line keeps its indent"),
        pytest.param("một  hai", 5, ["một", "hai"], id="blanks at a break vanish"),
        pytest.param("id https://x.vn/a", 9, ["id", "https://x", ".vn/a"], id="a word too long for any line"),
        pytest.param("你好你好你", 5, ["你好", "你好", "你"], id="wide characters are never cut in two"),
        pytest.param(FAMILY * 3, 4, [FAMILY * 2, FAMILY], id="joined emoji are never cut in two"),
        pytest.param(f"{DECOMPOSED} ơi", 19, [DECOMPOSED, "ơi"], id="combining marks take no room"),
        pytest.param("", 9, [""], id="nothing is one blank line"),
    ],
)
def test_text_is_wrapped_by_words(text: str, limit: int, lines: list[str]) -> None:
    assert list(wrapped(text, limit)) == lines


@given(st.text(), st.integers(6, 40))
def test_no_line_is_wider_than_asked_or_holds_a_control_character(text: str, limit: int) -> None:
    for line in wrapped(text, limit):
        assert columns(line) <= limit
        assert not re.search("[\x00-\x1f\x7f-\x9f]", line)


@given(st.text(st.characters(exclude_categories=["C", "Z"])), st.integers(6, 40))
def test_wrapping_loses_no_character(word: str, limit: int) -> None:
    assert "".join(wrapped(word, limit)) == word


def test_a_hundred_kilobytes_without_a_blank_are_wrapped() -> None:
    assert sum(len(line) for line in wrapped("x" * 100_000, 76)) == 100_000


def test_a_mark_hangs_before_its_text() -> None:
    assert list(hanging("✗ ", "C3: is blank", 8)) == ["✗ C3: is", "  blank"]


def test_a_box_is_as_narrow_as_its_text_allows() -> None:
    assert list(box("Page 1", [["Xin chào 🎉", "Lan"], ["[Mua]"]], 40)) == [
        "╭─ Page 1 ────╮",
        "│ Xin chào 🎉 │",
        "│ Lan         │",
        "├─────────────┤",
        "│ [Mua]       │",
        "╰─────────────╯",
    ]


def test_a_title_that_does_not_fit_is_cut() -> None:
    assert list(box("Page 108600123456", [["a"]], 16)) == ["╭─ Page 1086… ─╮", "│ a            │", "╰──────────────╯"]


@example("\U000115b8", [], 12)  # a mark that has no letter to join
@given(st.text(max_size=30), st.lists(st.lists(st.text(), min_size=1), max_size=3), st.integers(12, 40))
def test_the_edges_of_a_box_are_straight(title: str, sections: list[list[str]], limit: int) -> None:
    lines = list(box(title, sections, limit))
    widths = {columns(line) for line in lines}
    assert len(widths) == 1
    assert widths.pop() <= limit

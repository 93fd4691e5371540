"""Text for people: shortening, comparing names, durations in words."""

from __future__ import annotations

import unicodedata

import pytest

from campaign.text import as_seen, caseless, code_points, duration, listed, one_line, rough_duration, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("12345", "12345", id="just fits"),
        pytest.param("123456", "1234…", id="too long"),
    ],
)
def test_a_shortened_text_has_at_most_the_given_length(text: str, shown: str) -> None:
    assert shorten(text, 5) == shown


def test_one_line_has_single_spaces_and_is_shortened_after_that() -> None:
    assert one_line(" Họ \n\t tên ", 6) == "Họ tên"
    assert one_line("Họ\nvà tên", 6) == "Họ và…"


def test_names_are_compared_without_case_composition_and_white_space() -> None:
    assert caseless(unicodedata.normalize("NFD", " HỌ \n tên ")) == "họ tên"
    assert caseless("Họ tên") != caseless("Ho ten")


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("Họ\u200b tên", id="zero-width space"),
        pytest.param("\ufeffHọ tên", id="byte order mark"),
        pytest.param("Họ\xa0tên", id="no-break space"),
        pytest.param("Ho\u0323 te\u0302n", id="combining marks"),
        pytest.param("\u2003Họ  tên\u3000", id="wide blanks outside"),
        pytest.param("Họ t\u00adên", id="soft hyphen"),
        pytest.param("Họ tên\u200e", id="mark of direction"),
    ],
)
def test_names_that_look_the_same_are_the_same(typed: str) -> None:
    assert as_seen(typed) == "Họ tên"
    assert as_seen("họ tên") != "Họ tên"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("Họ tên", "", id="none"),
        pytest.param("a\u200bb\u200b", "U+200B ZERO WIDTH SPACE", id="twice the same"),
        pytest.param("a\xa0\ufeff", "U+00A0 NO-BREAK SPACE and U+FEFF ZERO WIDTH NO-BREAK SPACE", id="two"),
        pytest.param("a\nb", "U+000A control character", id="without a name"),
    ],
)
def test_characters_that_nobody_sees_are_named(text: str, named: str) -> None:
    assert code_points(text) == named


def test_very_many_names_are_listed_with_the_number_of_the_others() -> None:
    assert listed(["Tên", "Tuổi"]) == "Tên, Tuổi"
    assert listed(map(str, range(16_384)), most=3) == "0, 1, 2 and 16,381 more"
    assert listed(["x" * 230]) == "x" * 29 + "…"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (42.04, "42.0 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7620, "2 h 07 min"),
    ],
    ids=str,
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.25, "0.25 s"),
        (9.98, "10 s"),
        (90, "90 s"),
        (119.4, "119 s"),
        (900, "15 min"),
        (7200, "2 h"),
        (9000, "2.5 h"),
        (2 * 86_400, "48 h"),
        (7 * 86_400, "7 days"),
        (1e23, "over 1,000 days"),
        (float("inf"), "over 1,000 days"),
    ],
    ids=str,
)
def test_rough_durations_in_words(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words

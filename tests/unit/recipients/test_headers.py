from __future__ import annotations

import pytest

from campaign.recipients import variable_name
from campaign.recipients.headers import column_letter, columns_of, looks_like_headers


@pytest.mark.parametrize(
    ("header", "variable"),
    [
        pytest.param("Họ và tên", "ho_va_ten", id="vietnamese"),
        pytest.param("Đường dẫn ảnh", "duong_dan_anh", id="d-with-stroke"),
        pytest.param("Ho\u0323 va\u0300 te\u0302n", "ho_va_ten", id="decomposed"),
        pytest.param("Straße", "strasse", id="sharp-s"),
        pytest.param("Øresund Łódź Æther", "oresund_lodz_aether", id="letters-with-strokes"),
        pytest.param("ﬁrst name", "first_name", id="ligature"),
        pytest.param("Ｎａｍｅ", "name", id="full-width"),
        pytest.param("  e-mail / Web-Site  ", "e_mail_web_site", id="punctuation"),
        pytest.param("2nd phone", "_2nd_phone", id="begins-with-a-digit"),
        pytest.param("__private__", "private", id="underscores-at-the-ends"),
        pytest.param("名前", "", id="nothing-left"),
        pytest.param("名前 name", "name", id="half-of-it-left"),
        pytest.param("İstanbul", "istanbul", id="dotted-capital-i"),
        pytest.param("", "", id="blank"),
    ],
)
def test_a_header_folds_to_a_variable(header: str, variable: str) -> None:
    assert variable_name(header) == variable


@pytest.mark.parametrize(
    ("index", "letter"),
    [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")],
    ids=str,
)
def test_columns_are_lettered_as_in_a_spreadsheet(index: int, letter: str) -> None:
    assert column_letter(index) == letter


def test_headers_become_columns_in_their_order() -> None:
    columns = columns_of(["token", "Họ và tên"])
    assert columns == ((0, "A", "token", "token"), (1, "B", "Họ và tên", "ho_va_ten"))


def test_blank_headers_at_the_end_are_no_columns() -> None:
    assert [column.header for column in columns_of(["a", "", "b", " ", ""])] == ["a", "", "b"]


def test_headers_are_trimmed_and_composed() -> None:
    (column,) = columns_of(["\n Te\u0302n  "])
    assert column.header == "Tên"


def test_equal_headers_stay_apart() -> None:
    assert [column.header for column in columns_of(["name", "name"])] == ["name", "name"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["name", "phone"], True, id="words"),
        pytest.param(["Customers 2024", "", ""], False, id="a-title-alone"),
        pytest.param(["name", "0901234567"], False, id="a-number"),
        pytest.param(["name", "14/07/2024"], False, id="a-date"),
        pytest.param(["", " "], False, id="blank"),
    ],
)
def test_a_header_row_is_told_by_its_words(*, texts: list[str], expected: bool) -> None:
    assert looks_like_headers(texts) is expected

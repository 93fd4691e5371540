from __future__ import annotations

import pytest

from campaign.recipients import missing_header_warning, variable_name


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


def test_a_row_with_a_missing_header_is_taken_for_the_header_row() -> None:
    rows = [(2, ["An", "0901"]), (4, ["Tên", "Điện thoại"])]
    doubt = missing_header_warning(rows, {"zalo", "dien_thoai"})
    assert doubt == "row 4 looks more like the header row; if it is, set header_row = 4"


@pytest.mark.parametrize("names", [set(), {"zalo"}], ids=["nothing missing", "another header missing"])
def test_rows_without_a_missing_header_raise_no_doubt(names: set[str]) -> None:
    assert missing_header_warning([(2, ["An", ""]), (4, ["name", "phone"])], names) == ""


def test_a_missing_header_is_looked_for_in_some_twenty_rows() -> None:
    rows = [(number, ["An", "1"]) for number in range(2, 22)]
    assert missing_header_warning([*rows, (22, ["name", "phone"])], {"name"}) == ""

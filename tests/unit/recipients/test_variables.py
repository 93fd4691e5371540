from __future__ import annotations

import pytest

from campaign.recipients import variable_name


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

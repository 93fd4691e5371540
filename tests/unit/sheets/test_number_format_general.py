"""General: eleven characters, then scientific notation (ECMA-376 part 1, 18.8.30)."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import CellText, format_number

CASES = [
    (0, "0"),
    (-0.0, "0"),
    (7, "7"),
    (-7, "-7"),
    (5.0, "5"),
    (0.1 + 0.2, "0.3"),
    (1.1, "1.1"),
    (-1.25, "-1.25"),
    (1e15, "1E+15"),
    (10**15, "1E+15"),
    (12345678901, "12345678901"),
    (-12345678901, "-12345678901"),
    (12345678901.0, "12345678901"),
    (99999999999, "99999999999"),
    (100000000000, "1E+11"),
    (123456789012, "1.23457E+11"),
    (-123456789012, "-1.23457E+11"),
    (120000000000, "1.2E+11"),
    (999999500000, "1E+12"),
    (1234567890123456789, "1.23457E+18"),
    (1 / 3, "0.333333333"),
    (2 / 3, "0.666666667"),
    (1234567.891234, "1234567.891"),
    (12345678.901, "12345678.9"),
    (123456789.123, "123456789.1"),
    (4403928373.5, "4403928374"),
    (12345678901.5, "12345678902"),
    (-99999999999.6, "-1E+11"),
    (99999.999999999, "100000"),
    (3300.0000000000005, "3300"),
    (0.000123456789, "0.000123457"),
    (0.0001234567, "0.000123457"),
    (0.00001, "0.00001"),
    (0.000012345, "0.000012345"),
    (0.0000123456, "1.23456E-05"),
    (0.000000001, "0.000000001"),
    (1.2e-9, "1.2E-09"),
    (1e-10, "1E-10"),
    (0.0000999999999999, "0.0001"),
    (9.9999999e-8, "1E-07"),
    (1.5e-300, "1.5E-300"),
    (9.99999999999999e307, "1E+308"),
    (float("inf"), "#NUM!"),
    (float("nan"), "#NUM!"),
]


@pytest.mark.parametrize(("value", "text"), [pytest.param(*case, id=repr(case[0])) for case in CASES])
def test_general_shows_up_to_eleven_characters(value: float, text: str) -> None:
    assert CellText().display(value, "General") == text


def test_general_never_fails_on_a_number_too_long_to_print() -> None:
    assert CellText().display(10**5000, "General") == "#NUM!"


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        pytest.param(1.5, "general", "1.5", id="any case"),
        pytest.param(1.5, "", "1.5", id="no code"),
        pytest.param(1.5, "[Red]", "1.5", id="a colour alone"),
        pytest.param(1.5, "[Blue]General", "1.5", id="coloured"),
        pytest.param(-1.5, 'General" kg"', "-1.5 kg", id="with a unit"),
        pytest.param(-1.5, "General;General", "1.5", id="a section of its own for negatives"),
        pytest.param(-1.5, "-General", "--1.5", id="literal minus"),
        pytest.param(-1.2, "@", "-1.2", id="text format"),
        pytest.param(123456789012, "@", "1.23457E+11", id="long number in text format"),
        pytest.param(5, '"Mr. "@', "5", id="a section for text only"),
    ],
)
def test_general_can_be_part_of_a_code(value: float, code: str, text: str) -> None:
    assert format_number(value, code) == text

"""Vulgar fractions."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import format_number

CASES = [
    (1.5, "# ?/?", "1 1/2"),
    (1, "# ?/?", "1"),
    (0, "# ?/?", "0"),
    (0.3, "# ?/?", "2/7"),
    (1.3, "# ?/?", "1 1/3"),
    (1234.567, "# ?/?", "1234 4/7"),
    (-0.01, "# ?/?", "-0"),
    (0.95, "# ?/?", "1"),
    (-1.2, "# ??/??", "-1  1/5"),
    (12.3, "# ??/??", "12  3/10"),
    (-123.456, "# ??/??", "-123 26/57"),
    (12345.6789, "# ???/???", "12345  74/109"),
    (0.123251512342345, "# ??/?????????", "480894/3901729"),
    (-1.2, "#\\ ??/16", "-1  3/16"),
    (-1.2, "#\\ ?/8", "-1 2/8"),
    (-123.456, "#\\ ?/10", "-123 5/10"),
    (1.99, "# ?/8", "2"),
    (1, "# ??/100", "1"),
    (0.5, "??/??", "1/2"),
    (-1.2, "??/??", "- 6/5"),
    (12.3456789, "??/??", "1000/81"),
    (3, "?/?", "3/1"),
    (0, "?/?", "0/1"),
    (0.00001, "??/??", "0/1"),
    (1, "0 0/0", "1 0/1"),
    (1, "00 00/00", "01 00/01"),
    (0.5, "# #/#", "1/2"),
    (2, "# #/#", "2"),
    (1234.5, "#,##0 ?/?", "1,234 1/2"),
    (1.5, '# "và" ?/?', "1 và 1/2"),
    (0.5, '? "a" / "b" ?', "1 a / b 2"),
    (1, '# "h" ? "a" / "b" ?', "1"),
    (1.5, '# ?/?" giờ"', "1 1/2 giờ"),
    (12345.67, "0z0 00/00", "1234z5 65/97"),
    (123.45, "???\\/???", "/123"),
]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [pytest.param(value, code, text, id=f"{value!r} in {code}") for value, code, text in CASES],
)
def test_a_number_is_shown_as_a_fraction(value: float, code: str, text: str) -> None:
    assert format_number(value, code) == text


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("0/", "denominator", id="no denominator"),
        pytest.param("/0", "numerator", id="no numerator"),
        pytest.param("0.0 0/0", "neither decimals", id="decimals and fraction"),
        pytest.param("0,0/0", "nor thousands", id="thousands in the numerator"),
        pytest.param("0/0,0", "cannot be part of a fraction", id="thousands in the denominator"),
        pytest.param("0, 0%/0", "cannot be part of a fraction", id="a percent sign in the middle"),
        pytest.param("0E+0 0/0", "neither decimals", id="an exponent"),
        pytest.param("0/0/0", "cannot be part of a fraction", id="two bars"),
    ],
)
def test_a_fraction_that_excel_refuses_is_refused(code: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_number(1.5, code)

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import pytest
from jinja2.exceptions import TemplateRuntimeError

from campaign.messages.environment import format_date, number, to_float, to_int
from campaign.sheets import CellValue


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        pytest.param(datetime(2026, 2, 17, 8, 30), "%d/%m/%Y", "17/02/2026", id="date"),  # noqa: DTZ001 - a cell has no zone
        pytest.param(date(2026, 2, 17), "%d.%m.", "17.02.", id="date without time"),
        pytest.param(time(8, 30), "%H giờ %M", "08 giờ 30", id="time"),
        pytest.param("2026-02-17", "%d/%m/%Y", "17/02/2026", id="ISO text"),
        pytest.param(" 2026-02-17 08:30:00 ", "%H:%M", "08:30", id="ISO text with time"),
        pytest.param(None, "%d", "", id="nothing"),
        pytest.param("", "%d", "", id="blank"),
        pytest.param("  ", "%d", "", id="spaces"),
    ],
)
def test_a_date_takes_the_form_asked_for(value: CellValue, code: str, shown: str) -> None:
    assert format_date(value, code) == shown


def test_a_date_without_a_form_is_written_as_in_vietnam() -> None:
    assert format_date("2026-02-17") == "17/02/2026"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("17/02/2026", id="text in another form"),
        pytest.param("soon", id="words"),
        pytest.param(46070, id="number"),
        pytest.param(True, id="truth"),
        pytest.param(timedelta(hours=1), id="duration"),
    ],
)
def test_what_is_no_date_is_said_to_be_none(value: CellValue) -> None:
    with pytest.raises(TemplateRuntimeError, match=r"^“.*” is not a date"):
        format_date(value)


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        pytest.param(1500000, "#,##0", "1,500,000", id="whole number"),
        pytest.param(1234.5, "#,##0.00", "1,234.50", id="decimals"),
        pytest.param("1234.5", "0.0", "1234.5", id="text that is a number"),
        pytest.param(" 12 ", "000", "012", id="text with blanks around"),
        pytest.param(0.25, "0%", "25%", id="percent"),
        pytest.param(-5, '0" đ"', "-5 đ", id="literal text"),
        pytest.param(None, "0", "", id="nothing"),
        pytest.param("", "0", "", id="blank"),
        pytest.param(" ", "0", "", id="spaces"),
    ],
)
def test_a_number_takes_the_form_asked_for(value: CellValue, code: str, shown: str) -> None:
    assert number(value, code) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(5, "5", id="whole"),
        pytest.param(5.0, "5", id="whole as a fraction"),
        pytest.param(19.99, "19.99", id="decimals"),
        pytest.param(0.1 + 0.2, "0.3", id="binary dust"),
    ],
)
def test_a_number_without_a_form_is_not_rounded(value: CellValue, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("many", id="words"),
        pytest.param("1.234,50", id="another country's number"),
        pytest.param(True, id="truth"),
        pytest.param(date(2026, 2, 17), id="date"),
        pytest.param(time(8, 30), id="time"),
        pytest.param(timedelta(hours=1), id="duration"),
    ],
)
def test_what_is_no_number_is_said_to_be_none(value: CellValue) -> None:
    with pytest.raises(TemplateRuntimeError, match=r"^“.*” is not a number"):
        number(value, "0")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(5, "bad[", id="no format"),
        pytest.param("nan", "0", id="not a number"),
        pytest.param("1e999", "0", id="beyond all numbers"),
    ],
)
def test_what_cannot_be_shown_is_said(value: CellValue, code: str) -> None:
    with pytest.raises(TemplateRuntimeError, match=r"^“.*” cannot be shown as "):
        number(value, code)


@pytest.mark.parametrize(
    ("value", "whole", "broken"),
    [
        pytest.param(" 700 ", 700, 700.0, id="text"),
        pytest.param("12.75", 12, 12.75, id="with a fraction"),
        pytest.param("0.125", 0, 0.125, id="below one"),
        pytest.param("-3", -3, -3.0, id="negative"),
        pytest.param("9007199254740993", 9007199254740993, 9007199254740992.0, id="long"),
        pytest.param(1200.5, 1200, 1200.5, id="number"),
        pytest.param("", 0, 0.0, id="blank"),
        pytest.param(None, 0, 0.0, id="nothing"),
    ],
)
def test_a_text_that_is_a_number_is_converted(value: CellValue, whole: int, broken: float) -> None:
    assert (to_int(value), to_float(value)) == (whole, broken)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("1,200", "“1,200” is not a number; use raw", id="thousands by commas"),
        pytest.param("1.200", "“1.200” may be 1200 or 1.2; use raw", id="thousands by points, or not"),
        pytest.param("1.200.000", "is not a number", id="millions by points"),
        pytest.param("1 200", "is not a number", id="thousands by blanks"),
        pytest.param("n/a", "is not a number", id="words"),
        pytest.param("nan", "is not a number", id="no number"),
        pytest.param(datetime(2026, 2, 17), "is not a number", id="date"),  # noqa: DTZ001 - a cell has no zone
    ],
)
def test_what_is_not_surely_one_number_is_zero_only_where_a_default_says_so(value: CellValue, said: str) -> None:
    for convert in (to_int, to_float):
        with pytest.raises(TemplateRuntimeError, match=re.escape(said)):
            convert(value)
    assert to_int("1,200", 0) == to_float("1,200", 0) == 0
    assert to_float("1.200", 0) == 1.2
    assert to_int("ff", base=16) == 255

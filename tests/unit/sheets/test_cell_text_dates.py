"""Dates of Python's own types, and what is shown where Excel's spelling cannot be."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from campaign.sheets.number_format import CellText


@pytest.mark.parametrize(
    ("serial", "code", "date1904"),
    [
        pytest.param(-1, "dd/mm/yyyy", False, id="before 1900"),
        pytest.param(-0.5, "h:mm", False, id="a negative time"),
        pytest.param(-0.5, "[h]:mm", False, id="a negative duration with minutes"),
        pytest.param(-0.5, "h:mm;-h:mm", False, id="a section for it does not help"),
        pytest.param(2958466, "dd/mm/yyyy", False, id="after 9999"),
        pytest.param(2958465.999999, "dd/mm/yyyy", False, id="after 9999 by rounding"),
        pytest.param(2957004, "dd/mm/yyyy", True, id="after 9999 in the 1904 system"),
        pytest.param(10**12, "[h]", False, id="a duration beyond measure"),
    ],
)
def test_what_excel_shows_as_hashes_is_shown_as_hashes(serial: float, code: str, *, date1904: bool) -> None:
    cells = CellText(date1904=date1904)

    assert cells.display(serial, code) == "########"
    assert cells.not_understood == {}


@pytest.mark.parametrize(
    "code",
    [
        "yyyy 0",
        ".00 ss",
        "h:mm%",
        "d @",
        "dd General",
        "mm:ss.0000",
        "h .#",
        "hh[mm]",
        "[h]:[mm]",
        "ss[mm]",
        "d E+0",
        "dd[foo]",
    ],
)
def test_a_date_code_that_excel_refuses_shows_the_number(code: str) -> None:
    cells = CellText()

    assert cells.display(45351.4375, code) == "45351.4375"
    assert cells.not_understood == {code: "45351.4375"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("[$-40C]d mmm yyyy", id="names in a language not known"),
        pytest.param("[$-41C]h:mm AM/PM", id="halves of the day in a language not known"),
        pytest.param('[$-411]ggge"年"', id="era"),
        pytest.param("[$-411]e/m/d", id="year of an era"),
        pytest.param('[DBNum1][$-804]yyyy"年"', id="Chinese digits"),
        pytest.param("B2yyyy", id="Hijri calendar"),
        pytest.param("[$-D000409]d/m/yyyy", id="Thai digits"),
        pytest.param("[$-1070000]d/m/yyyy", id="Thai calendar"),
        pytest.param("[$-th-TH,D00]d/m/yyyy", id="Thai digits by tag"),
    ],
)
def test_a_date_code_that_is_not_supported_shows_the_date_in_iso_8601(code: str) -> None:
    cells = CellText()

    assert cells.display(45351.4375, code) == "2024-02-29 10:30:00"
    assert cells.display(45352, code) == "2024-03-01"
    assert cells.display(45351.9999999, code) == "2024-03-01"
    assert cells.not_understood == {code: "2024-02-29 10:30:00"}


@pytest.mark.parametrize(
    ("serial", "text"),
    [
        pytest.param(59, "59", id="a day of Excel's own calendar"),
        pytest.param(-1, "-1", id="before 1900"),
    ],
)
def test_a_number_that_is_no_date_stays_one_in_an_unsupported_date_code(serial: int, text: str) -> None:
    assert CellText().display(serial, "[$-40C]d mmm yyyy") == text


PYTHON_VALUES = [
    pytest.param(
        datetime.fromisoformat("2024-02-29 10:30"), "dd/mm/yyyy hh:mm", "29/02/2024 10:30", id="date and time"
    ),
    pytest.param(
        datetime.fromisoformat("2024-02-29 23:59:59.700000"), "d/m/yyyy h:mm:ss", "1/3/2024 0:00:00", id="rounded up"
    ),
    pytest.param(datetime.fromisoformat("2024-02-29 00:00:01.250000"), "s.00", "1.25", id="fraction of a second"),
    pytest.param(datetime.fromisoformat("2024-02-29 10:30"), "0.0000", "45351.4375", id="in a number format"),
    pytest.param(datetime.fromisoformat("2024-02-29"), "General", "45351", id="in General"),
    pytest.param(datetime.fromisoformat("2024-02-29"), "[h]", "1088424", id="as a duration"),
    pytest.param(datetime.fromisoformat("1900-01-01"), "dddd d/m/yyyy", "Sunday 1/1/1900", id="Excel's first Sunday"),
    pytest.param(datetime.fromisoformat("1900-02-28"), "0", "59", id="before the day that never was"),
    pytest.param(datetime.fromisoformat("1900-03-01"), "0", "61", id="after it"),
    pytest.param(datetime.fromisoformat("1899-12-31 06:00"), "h:mm", "6:00", id="day 0"),
    pytest.param(datetime(2024, 2, 29, tzinfo=UTC), "d/m/yyyy", "29/2/2024", id="with a zone"),
    pytest.param(date(2024, 2, 29), "dd/mm/yyyy", "29/02/2024", id="date"),
    pytest.param(date(1900, 1, 31), "d/m", "31/1", id="early date"),
    pytest.param(time(10, 30), "h:mm AM/PM", "10:30 AM", id="time"),
    pytest.param(time(10, 30), "0.0000", "0.4375", id="time as a number"),
    pytest.param(time(0), 'h:mm;;"midnight"', "midnight", id="time in the section for zero"),
    pytest.param(timedelta(days=12, hours=7, minutes=12), "[h]:mm:ss", "295:12:00", id="duration"),
    pytest.param(timedelta(hours=-12), "[h]", "########", id="negative duration"),
    pytest.param(timedelta(hours=36), "d h", "1 12", id="duration as a date"),
]


@pytest.mark.parametrize(("value", "code", "text"), PYTHON_VALUES)
def test_a_python_date_is_shown_as_its_serial_number_would_be(
    value: datetime | date | time | timedelta, code: str, text: str
) -> None:
    cells = CellText()

    assert cells.display(value, code) == text
    assert cells.not_understood == {}


def test_a_python_date_is_counted_from_1904_where_the_workbook_says_so() -> None:
    cells = CellText(date1904=True)

    assert cells.display(datetime.fromisoformat("2024-02-29"), "0") == "43889"
    assert cells.display(datetime.fromisoformat("2024-02-29"), "d/m/yyyy") == "29/2/2024"
    assert cells.display(datetime.fromisoformat("1904-01-01"), "0") == "0"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(datetime.fromisoformat("1850-05-01 10:30"), id="date and time"),
        pytest.param(date(1850, 5, 1), id="date"),
        pytest.param(timedelta(hours=-30, minutes=-5), id="negative duration"),
        pytest.param(timedelta.max, id="longest duration"),
        pytest.param(datetime.fromisoformat("9999-12-31 23:59:59.999999"), id="rounded beyond 9999"),
    ],
)
def test_a_python_date_that_excel_cannot_show_is_shown_as_hashes(value: datetime | date | timedelta) -> None:
    assert CellText().display(value, "dd/mm/yyyy hh:mm") == "########"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(datetime.fromisoformat("1850-05-01 10:30"), "1850-05-01 10:30:00", id="date and time"),
        pytest.param(datetime.fromisoformat("1850-05-01"), "1850-05-01", id="midnight"),
        pytest.param(date(1850, 5, 1), "1850-05-01", id="date"),
        pytest.param(timedelta(hours=-30, minutes=-5), "-30:05:00", id="negative duration"),
        pytest.param(timedelta(hours=30), "30:00:00", id="duration"),
    ],
)
def test_a_python_date_in_an_unsupported_code_is_spelt_in_iso_8601(
    value: datetime | date | timedelta, text: str
) -> None:
    cells = CellText()

    assert cells.display(value, "[$-41C]dd/mm/yyyy h:mm AM/PM") == text
    assert cells.not_understood == {"[$-41C]dd/mm/yyyy h:mm AM/PM": text}


def test_a_time_in_an_unsupported_code_is_spelt_in_iso_8601() -> None:
    assert CellText().display(time(10, 30), "[$-41C]h:mm AM/PM") == "10:30:00"

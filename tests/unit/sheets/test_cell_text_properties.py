"""Whatever a workbook contains, every cell shows something, and the same each time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaign.sheets.number_format import CellText, format_number

_PIECES = (
    *'0#?.,%/;@-+()$:_*\\"[] 123đ\n',
    *("E+", "E-", "e", "General", "y", "yy", "yyyy", "m", "mm", "mmm", "mmmm", "mmmmm", "d", "dd", "ddd", "dddd"),
    *(
        "h",
        "hh",
        "s",
        "ss",
        ".00",
        ".000",
        "AM/PM",
        "a/p",
        "上午/下午",
        "[h]",
        "[mm]",
        "[s]",
        "b",
        "B2",
        "g",
        "aaa",
        "n",
    ),
    *('"x"', "\\y", "_)", "* ", "[>5]", "[<=-3]", "[=0]", "[<>0]", "[Red]", "[DBNum1]"),
    *("[$-409]", "[$₫-42A]", "[$-F800]", "[$-F400]", "[$-411]", "[$-D000409]", "[$-40C]"),
)
CODES = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join) | st.text(max_size=20)
NUMBERS = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
DAY_ZERO = datetime.fromisoformat("1899-12-30")
FIRST = datetime.fromisoformat("1900-03-01")
LAST = datetime.fromisoformat("9999-12-31")
DATES = st.datetimes() | st.dates() | st.times() | st.timedeltas()


@given(value=NUMBERS | DATES | st.text(max_size=20) | st.booleans() | st.none(), code=CODES, date1904=st.booleans())
def test_every_value_shows_some_text_in_every_format(
    value: float | datetime | date | time | timedelta | str | None, code: str, *, date1904: bool
) -> None:
    cells = CellText(date1904=date1904)

    shown = cells.display(value, code)

    assert isinstance(shown, str)
    assert cells.display(value, code) == shown
    assert CellText(date1904=date1904).display(value, code) == shown


@given(value=NUMBERS, code=CODES)
def test_a_number_is_formatted_or_refused_with_a_value_error(value: float, code: str) -> None:
    try:
        shown = format_number(value, code)
    except ValueError:
        return

    assert CellText().display(value, code) == shown


@given(value=st.integers(-(10**10), 10**10))
def test_a_short_whole_number_reads_back_from_general_and_thousands(value: int) -> None:
    cells = CellText()

    assert int(cells.display(value, "General")) == value
    assert int(cells.display(value, "#,##0").replace(",", "")) == value
    assert int(cells.display(value, "0000000000")) == value


@given(value=st.datetimes(FIRST, LAST).map(lambda when: when.replace(microsecond=0)))
def test_a_date_reads_back_from_its_text(value: datetime) -> None:
    shown = CellText().display(value, "yyyy-mm-dd hh:mm:ss")

    assert datetime.fromisoformat(shown) == value


@given(value=st.integers(61, 2958465), seconds=st.integers(0, 86399))
def test_a_serial_number_and_its_date_show_the_same(value: int, seconds: int) -> None:
    cells = CellText()
    when = DAY_ZERO + timedelta(value, seconds)

    for code in ("yyyy-mm-dd hh:mm:ss", "dddd d mmm yy h:mm AM/PM", "[h]:mm:ss"):
        assert cells.display(value + seconds / 86400, code) == cells.display(when, code)

"""When messages may be sent: windows of the day, days of the week, and clocks that are changed."""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign.schedule import ANY_TIME, EVERY_DAY, MOST_WINDOWS, Schedule, days_text, parse_days, parse_window

if TYPE_CHECKING:
    from collections.abc import Iterator

HANOI, BERLIN, NEW_YORK = "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York"
NINE = datetime.fromisoformat("2026-11-27T09:00")
MONTHS = 200 * 86400
LORD_HOWE, APIA = "Australia/Lord_Howe", "Pacific/Apia"
"""Put forward by half an hour; and without a 30 December in 2011."""


def schedule(window: str | None = None, days: str = "mon-sun", zone: str | None = HANOI, **rest: datetime) -> Schedule:
    return Schedule(
        window=parse_window(window) if window else None,
        days=parse_days(days),
        time_zone=zone,
        not_before=rest.get("at"),
    )


def instant(text: str, zone: str = HANOI, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


# Reading


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("08:00-20:00", (28800, 72000)),
        ("8-20", (28800, 72000)),
        (" 8:30 – 24:00 ", (30600, 86400)),
        ("00:00-24:00", (0, 86400)),
        ("22:00-06:00", (79200, 21600)),
        ("20:00-00:00", (72000, 0)),
        ("08:00:05-08:00:09", (28805, 28809)),
    ],
)
def test_a_window_is_read(text: str, meant: tuple[int, int]) -> None:
    assert parse_window(text) == meant
    assert parse_window(str(parse_window(text))) == meant


@pytest.mark.parametrize(
    "text", ["", "8", "8-", "8-25", "24:00-06:00", "8:60-9", "8-12-20", "8:0:0:0-9", "-1-5", "٨-٩", "x-y"]
)
def test_what_is_no_part_of_the_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a part of the day; write it as “08:00-20:00”"):
        parse_window(text)


def test_a_window_that_closes_when_it_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="the whole day is “00:00-24:00”"):
        parse_window("08:00-08:00")


@pytest.mark.parametrize(
    ("text", "meant", "said"),
    [
        ("mon-sat", {0, 1, 2, 3, 4, 5}, "mon-sat"),
        ("Mon, WED,friday", {0, 2, 4}, "mon, wed, fri"),
        ("sat–mon", {5, 6, 0}, "mon, sat-sun"),
        ("sun", {6}, "sun"),
        ("thurs-fri", {3, 4}, "thu-fri"),
        ("mon-sun", EVERY_DAY, "mon-sun"),
    ],
)
def test_days_are_read(text: str, meant: set[int], said: str) -> None:
    assert parse_days(text) == meant
    assert days_text(parse_days(text)) == said


@pytest.mark.parametrize("text", ["", "mo", "monx", "mon-", "mon-tue-wed", "8", "mon;tue"])
def test_what_names_no_days_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not name days; write them as “mon-sat” or “mon, wed, fri”"):
        parse_days(text)


@pytest.mark.parametrize(
    "each",
    [
        ANY_TIME,
        schedule("22:00-06:00", "mon-fri", at=NINE),
        schedule(None, "sat-sun", None, at=NINE.replace(tzinfo=UTC)),
    ],
)
def test_a_schedule_comes_back_from_its_texts(each: Schedule) -> None:
    assert Schedule.from_json(each.as_json()) == each


# Windows

CASES = [
    # schedule, now, opens, closes (all on the clock of Hanoi)
    pytest.param(schedule("08:00-20:00"), "2026-11-25T07:59:59", "2026-11-25T08:00", "2026-11-25T20:00", id="before"),
    pytest.param(schedule("08:00-20:00"), "2026-11-25T08:00", "2026-11-25T08:00", "2026-11-25T20:00", id="at opening"),
    pytest.param(schedule("08:00-20:00"), "2026-11-25T20:00", "2026-11-26T08:00", "2026-11-26T20:00", id="at closing"),
    pytest.param(
        schedule("08:00-20:00", "mon-sat"), "2026-11-28T20:00", "2026-11-30T08:00", "2026-11-30T20:00", id="Sunday"
    ),
    pytest.param(
        schedule("22:00-06:00", "fri"), "2026-11-28T05:59", "2026-11-28T05:59", "2026-11-28T06:00", id="of Friday still"
    ),
    pytest.param(
        schedule("22:00-06:00", "fri"), "2026-11-27T05:59", "2026-11-27T22:00", "2026-11-28T06:00", id="Thursday's not"
    ),
    pytest.param(
        schedule("22:00-06:00", "fri-sat"), "2026-11-28T06:00", "2026-11-28T22:00", "2026-11-29T06:00", id="next night"
    ),
    pytest.param(
        schedule(None, "sat-sun"), "2026-11-25T12:00", "2026-11-28T00:00", "2026-11-30T00:00", id="whole days"
    ),
    pytest.param(
        schedule("20:00-24:00", "mon-sun"), "2026-11-25T23:59", "2026-11-25T23:59", "2026-11-26T00:00", id="to midnight"
    ),
    pytest.param(
        schedule("00:00-24:00", "mon-fri"), "2026-11-27T12:00", "2026-11-27T12:00", "2026-11-28T00:00", id="all day"
    ),
]


@pytest.mark.parametrize(("each", "now", "opens", "closes"), CASES)
def test_a_window_opens_and_closes(each: Schedule, now: str, opens: str, closes: str) -> None:
    opening = each.opening(instant(now))
    assert each.moment_text(opening) == each.moment_text(instant(opens))
    assert opening == instant(opens)
    assert each.closing(opening) == instant(closes)
    assert each.is_open(instant(now)) == (now == opens)


def test_without_a_window_it_is_always_open() -> None:
    for each in (ANY_TIME, schedule("00:00-24:00")):
        assert each.is_open(instant("2026-11-25T03:00"))
        assert each.closing(instant("2026-11-25T03:00")) == math.inf


def test_nothing_is_sent_before_a_moment_and_its_window() -> None:
    each = schedule("08:00-20:00", at=NINE.replace(hour=21))
    assert not each.is_open(instant("2026-11-26T09:00"))
    assert each.opening(instant("2026-11-26T09:00")) == instant("2026-11-28T08:00")
    at_once = schedule(at=NINE)
    assert at_once.opening(instant("2026-11-26T09:00")) == instant("2026-11-27T09:00")
    assert at_once.opening(instant("2026-11-27T10:00")) == instant("2026-11-27T10:00")


def test_a_moment_with_an_offset_is_that_moment_in_any_time_zone() -> None:
    moment = NINE.replace(tzinfo=UTC)
    assert schedule(at=moment).begins() == moment.timestamp()
    assert schedule(at=moment.replace(tzinfo=None)).begins() == moment.timestamp() - 7 * 3600


# Clocks that are changed


@pytest.mark.parametrize(
    ("window", "zone", "now", "opens", "closes"),
    [
        pytest.param(
            "08-20", BERLIN, "2026-03-28T23:00", "2026-03-29T06:00", "2026-03-29T18:00", id="a day of 23 hours"
        ),
        pytest.param(
            "08-20", BERLIN, "2026-10-24T22:00", "2026-10-25T07:00", "2026-10-25T19:00", id="a day of 25 hours"
        ),
        pytest.param(
            "22-06", BERLIN, "2026-03-28T19:00", "2026-03-28T21:00", "2026-03-29T04:00", id="a night of 7 hours"
        ),
        pytest.param(
            "22-06", BERLIN, "2026-10-24T19:00", "2026-10-24T20:00", "2026-10-25T05:00", id="a night of 9 hours"
        ),
        pytest.param(
            "2:30-8", BERLIN, "2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T06:00", id="opens in the gap"
        ),
        pytest.param(
            "0-2:30", BERLIN, "2026-03-28T22:45", "2026-03-28T23:00", "2026-03-29T01:00", id="closes in the gap"
        ),
        pytest.param(
            "2-2:50", BERLIN, "2026-03-28T23:00", "2026-03-30T00:00", "2026-03-30T00:50", id="lies in the gap"
        ),
        pytest.param("2:30-8", BERLIN, "2026-10-24T22:00", "2026-10-25T00:30", "2026-10-25T01:00", id="opens twice"),
        pytest.param("0-2:15", LORD_HOWE, "2026-10-03T13:00", "2026-10-03T13:30", "2026-10-03T15:30", id="by 30 min"),
        pytest.param("08-20", APIA, "2011-12-30T07:00", "2011-12-30T18:00", "2011-12-31T06:00", id="a day is left out"),
    ],
)
def test_a_window_is_what_the_clock_shows(window: str, zone: str, now: str, opens: str, closes: str) -> None:
    each = schedule(window, zone=zone)
    assert each.opening(instant(now, "UTC")) == instant(opens, "UTC")
    assert each.closing(instant(opens, "UTC")) == instant(closes, "UTC")


def test_times_that_the_clock_shows_twice_count_twice() -> None:
    each = schedule("01:30-02:30", zone=BERLIN)
    first = instant("2026-10-25T01:30", BERLIN)
    assert each.closing(first) == instant("2026-10-25T02:30", BERLIN)
    again = each.opening(each.closing(first))
    assert again == instant("2026-10-25T02:00", BERLIN, fold=1)
    assert each.closing(again) == instant("2026-10-25T02:30", BERLIN, fold=1)


ZONES = (HANOI, BERLIN, NEW_YORK, LORD_HOWE, APIA, "UTC", "Africa/Casablanca", "America/St_Johns", "Asia/Kathmandu")
CHANGES = (1332637200, 1351386000, 1774746000, 1792890000, 1793512800, 1772953200, 1325239200, 1791993600, 1775314800)
"""Instants at which some of these clocks were or will be changed."""

INSTANTS = st.one_of(
    st.integers(1_300_000_000, 2_100_000_000),
    st.builds(lambda at, by: at + by, st.sampled_from(CHANGES), st.integers(-2 * 86400, 2 * 86400)),
)
MINUTES = st.integers(0, 1439)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    opens, closes = draw(MINUTES), draw(st.integers(0, 1440))
    window = None if closes == opens else parse_window(f"{_clock(opens)}-{_clock(closes)}")
    days = frozenset(draw(st.sets(st.integers(0, 6), min_size=1)))
    return Schedule(window=window, days=days, time_zone=draw(st.sampled_from(ZONES)))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _shows(each: Schedule, at: float) -> bool:
    """Whether the clock shows a time in the window of this or the day before, by naive dates."""
    wall = datetime.fromtimestamp(at, ZoneInfo(each.time_zone or "")).replace(tzinfo=None)
    opens, closes = each.window or (0, 86400)
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        begins = _midnight(day) + timedelta(seconds=opens)
        ends = _midnight(day) + timedelta(seconds=closes, days=int(closes <= opens))
        if day.weekday() in each.days and begins <= wall < ends:
            return True
    return False


def _midnight(day: date) -> datetime:
    return datetime.fromisoformat(day.isoformat())


def _minutes(at: int) -> Iterator[int]:
    """The instant, and each full minute within the next sixteen days."""
    yield at
    yield from range(at - at % 60 + 60, at + 16 * 86400, 60)


@settings(max_examples=60, deadline=None)
@given(each=schedules(), at=INSTANTS)
def test_it_agrees_with_looking_at_the_clock_every_minute(each: Schedule, at: int) -> None:
    assert each.is_open(at) == _shows(each, at)
    opening = next(minute for minute in _minutes(at) if _shows(each, minute))
    assert each.opening(at) == opening
    closing = next((minute for minute in _minutes(opening) if not _shows(each, minute)), math.inf)
    assert each.closing(opening) == closing


@settings(max_examples=40, deadline=None)
@given(each=schedules(), at=INSTANTS, minutes=st.integers(0, 4000))
def test_a_delivery_takes_so_many_open_minutes(each: Schedule, at: int, minutes: int) -> None:
    forecast = each.forecast(at - at % 60, 60 * minutes)
    assume(forecast.ends - forecast.begins < MONTHS)  # each minute of it is looked at below
    begins, ends = int(forecast.begins), int(forecast.ends)
    opened = [_shows(each, minute) for minute in range(begins, ends, 60)]
    assert opened.count(True) == minutes
    closings = sum(before and not after for before, after in pairwise(opened))
    assert forecast.windows == closings + 1 or not minutes
    assert forecast.closes == each.closing(forecast.begins)


# Forecasts


def test_a_delivery_that_fits_ends_in_its_window() -> None:
    forecast = schedule("08:00-20:00").forecast(instant("2026-11-25T21:00"), 12 * 3600)
    assert forecast == (instant("2026-11-26T08:00"), instant("2026-11-26T20:00"), instant("2026-11-26T20:00"), 1)


def test_one_that_does_not_goes_on_in_the_next_ones() -> None:
    forecast = schedule("08:00-20:00", "mon-sat").forecast(instant("2026-11-27T19:00"), 14 * 3600)
    assert forecast.windows == 3
    assert forecast.ends == instant("2026-11-30T09:00")


def test_one_that_takes_years_has_no_end() -> None:
    assert schedule("08:00-08:01").forecast(instant("2026-11-27T19:00"), 1e9).ends == math.inf
    weekly = schedule("08:00-08:01", "mon")
    assert weekly.forecast(instant("2026-11-27T19:00"), 60 * MOST_WINDOWS).ends < math.inf
    assert weekly.forecast(instant("2026-11-27T19:00"), 60 * MOST_WINDOWS + 1).ends == math.inf


# The machine's own time zone


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here")
def test_without_a_time_zone_it_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", NEW_YORK)
    time.tzset()
    try:
        here, there = schedule("02:30-08:00", zone=None), schedule("02:30-08:00", zone=NEW_YORK)
        for now in ("2026-03-07T22:00", "2026-11-01T00:00", "2026-11-01T02:45", "2026-06-01T12:00"):
            at = instant(now, NEW_YORK)
            assert here.opening(at) == there.opening(at)
            assert here.closing(here.opening(at)) == there.closing(there.opening(at))
            assert here.moment_text(at) == there.moment_text(at)
        assert schedule(zone=None, at=NINE).begins() == schedule(zone=NEW_YORK, at=NINE).begins()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_moment_is_said_with_its_day() -> None:
    assert schedule().moment_text(instant("2026-11-27T09:00")) == "Fri 2026-11-27 09:00"
    assert schedule().moment_text(instant("2026-11-27T09:00:05")) == "Fri 2026-11-27 09:00:05"

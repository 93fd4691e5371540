"""Times, rates and names in a campaign file."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaign_file import load_campaign
from campaign.config import Campaign
from campaign.errors import CampaignFileError
from campaign.file_of_today import pace_in_file
from campaign.schedule import Schedule, parse_window
from campaign.settings import GateSettings, PaceSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, object], Path]
    Refusal = Callable[..., list[str]]

LEAST = 'template = "livechat-text"\n[recipients]\nfile = "list.xlsx"\n'


# Times and rates


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param('"30s"', 30.0, id="seconds"),
        pytest.param('"1.5 s"', 1.5, id="part of a second"),
        pytest.param('"500ms"', 0.5, id="milliseconds"),
        pytest.param('"20 SEC"', 20.0, id="sec"),
        pytest.param('"10min"', 600.0, id="minutes"),
        pytest.param('"2m"', 120.0, id="m"),
        pytest.param('"1h"', 3600.0, id="hours"),
        pytest.param("45", 45.0, id="number"),
        pytest.param("0.5", 0.5, id="fraction"),
    ],
)
def test_a_time_is_written_in_the_usual_ways(write: Write, text: str, seconds: float) -> None:
    assert load_campaign(write("tet.toml", f"{LEAST}[delivery]\ntimeout = {text}\n")).delivery.timeout == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('"soon"', "“soon” is not a time; write it as “30s”, “10min” or “1h”", id="words"),
        pytest.param('"30"', "“30” is not a time; write it as “30s”, “10min” or “1h”", id="no unit"),
        pytest.param('"3 days"', "“3 days” is not a time; write it as “30s”, “10min” or “1h”", id="another unit"),
        pytest.param('"-5s"', "“-5s” is not a time; write it as “30s”, “10min” or “1h”", id="negative"),
        pytest.param('"0s"', "should be greater than 0, and is “0s”", id="nothing"),
        pytest.param("0", "should be greater than 0, and is “0”", id="zero"),
        pytest.param("inf", "should be less than or equal to 2592000, and is “inf”", id="forever"),
        pytest.param('"800h"', "should be less than or equal to 2592000, and is “800h”", id="more than a month"),
        pytest.param("nan", "should be greater than 0, and is “nan”", id="not a number"),
        pytest.param("true", "should be a valid number, and is “True”", id="boolean"),
        pytest.param("[30]", "should be a valid number, and is “[30]”", id="list"),
    ],
)
def test_an_invalid_time_is_refused(write: Write, text: str, problem: str, campaign_refusal: Refusal) -> None:
    path = write("tet.toml", f"{LEAST}[delivery]\ngive_up_after = {text}\n")
    assert campaign_refusal(path) == [f"delivery.give_up_after: {problem}"]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        pytest.param('"auto"', None, id="auto"),
        pytest.param('" AUTO "', None, id="in capitals"),
        pytest.param('"10/s"', 10.0, id="a second"),
        pytest.param('"2.5 / sec"', 2.5, id="fraction"),
        pytest.param('"600/min"', 10.0, id="a minute"),
        pytest.param('"36/h"', 0.01, id="an hour"),
        pytest.param("5", 5.0, id="number"),
    ],
)
def test_a_rate_is_written_in_the_usual_ways(write: Write, text: str, rate: float | None) -> None:
    assert load_campaign(write("tet.toml", f"{LEAST}[throttle]\nrate = {text}\n")).throttle.rate == rate


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('"fast"', "“fast” is not a rate; write it as “auto”, “10/s” or “600/min”", id="words"),
        pytest.param('"10"', "“10” is not a rate; write it as “auto”, “10/s” or “600/min”", id="no unit"),
        pytest.param('"10/day"', "“10/day” is not a rate; write it as “auto”, “10/s” or “600/min”", id="another unit"),
        pytest.param('"0/s"', "“0/s” is not a rate; write it as “auto”, “10/s” or “600/min”", id="standstill"),
        pytest.param('"-1/s"', "“-1/s” is not a rate; write it as “auto”, “10/s” or “600/min”", id="backwards"),
        pytest.param("0", "should be greater than 0, and is “0”", id="zero"),
        pytest.param("1e9", "should be less than or equal to 100000, and is “1000000000.0”", id="out of reach"),
        pytest.param("false", "should be a valid number, and is “False”", id="boolean"),
    ],
)
def test_an_invalid_rate_is_refused(write: Write, text: str, problem: str, campaign_refusal: Refusal) -> None:
    assert campaign_refusal(write("tet.toml", f"{LEAST}[throttle]\nrate = {text}\n")) == [f"throttle.rate: {problem}"]


def test_an_integer_value_becomes_its_digits(write: Write) -> None:
    assert load_campaign(write("tet.toml", f"{LEAST}[values]\npage_id = 108600123\n")).values == {
        "page_id": "108600123"
    }


# Names


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="blank"),
        pytest.param("..", id="dots"),
        pytest.param("tet/offer", id="slash"),
        pytest.param("..\\offer", id="backslash"),
        pytest.param("a:b", id="colon"),
        pytest.param("really?", id="question mark"),
        pytest.param("a\tb", id="tab"),
        pytest.param("offer.", id="final dot"),
        pytest.param("offer ", id="final blank"),
        pytest.param("tet\noffer", id="line break"),
    ],
)
def test_a_name_that_cannot_name_a_file_is_refused(write: Write, name: str, campaign_refusal: Refusal) -> None:
    text = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    assert campaign_refusal(write("tet.toml", f'name = "{text}"\n{LEAST}')) == [
        f'name: “{name}” cannot name a file; leave out / \\ : * ? " < > | and a final dot'
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tết 2026", id="Vietnamese, with a blank"),
        pytest.param("v1.2", id="dot inside"),
        pytest.param("a", id="one letter"),
    ],
)
def test_any_other_name_is_accepted(write: Write, name: str) -> None:
    assert load_campaign(write("tet.toml", f'name = "{name}"\n{LEAST}')).name == name


@given(st.text(min_size=1, max_size=20))
def test_a_name_never_leads_outside_its_folder(name: str) -> None:
    try:
        campaign = Campaign.model_validate(
            {"name": name, "folder": Path("here"), "template": "t", "recipients": {"file": "x"}}
        )
    except ValueError:
        return
    journal = campaign.folder / f"{campaign.name}.journal.db"
    assert journal.parent == Path("here")
    assert campaign.name not in {".", ".."}


# Schedules and gates


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-27T09:00:00", "2026-11-27T09:00:00", id="date and time"),
        pytest.param("2026-11-27 09:00:00", "2026-11-27T09:00:00", id="with a blank"),
        pytest.param("2026-11-27", "2026-11-27T00:00:00", id="date"),
        pytest.param("2026-11-27T09:00:00+07:00", "2026-11-27T09:00:00+07:00", id="with an offset"),
        pytest.param('"2026-11-27T09:00"', "2026-11-27T09:00:00", id="text"),
        pytest.param('" 2026-11-27 09:00 "', "2026-11-27T09:00:00", id="text with blanks"),
    ],
)
def test_a_moment_is_written_as_toml_or_text(write: Write, text: str, moment: str) -> None:
    campaign = load_campaign(write("tet.toml", f"{LEAST}[schedule]\nnot_before = {text}\n"))
    assert campaign.schedule.not_before == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "not_before = 09:00:00",
            "not_before: “09:00:00” is not a date and time; write it as 2026-11-27T09:00:00",
            id="time",
        ),
        pytest.param(
            "not_before = '9:00'",
            "not_before: “9:00” is not a date and time; write it as 2026-11-27T09:00:00",
            id="text",
        ),
        pytest.param(
            "not_before = 5", "not_before: “5” is not a date and time; write it as 2026-11-27T09:00:00", id="number"
        ),
        pytest.param(
            "not_before = 0206-11-27",
            "not_before: “0206-11-27” is not a date and time; write it as 2026-11-27T09:00:00",
            id="long ago",
        ),
        pytest.param("window = '8h'", "window: “8h” is not a part of the day; write it as “08:00-20:00”", id="window"),
        pytest.param("window = 8", "window: is “8”, and must be text such as “08:00-20:00”", id="window as a number"),
        pytest.param("days = ['mon']", "days: is “['mon']”, and must be text such as “mon-sat”", id="days as a list"),
        pytest.param(
            "days = 'mo'", "days: “mo” does not name days; write them as “mon-sat” or “mon, wed, fri”", id="days"
        ),
        pytest.param(
            "time_zone = 'asia/saigonn'",
            "time_zone: there is no time zone “asia/saigonn”; did you mean “Asia/Saigon”?",
            id="misspelt",
        ),
        pytest.param(
            "time_zone = '+07:00'",
            "time_zone: there is no time zone “+07:00”; name a place, such as “Asia/Ho_Chi_Minh”",
            id="offset",
        ),
        pytest.param(
            "time_zone = '../etc'",
            "time_zone: there is no time zone “../etc”; name a place, such as “Asia/Ho_Chi_Minh”",
            id="path",
        ),
        pytest.param(
            "time_zone = 7", "time_zone: is “7”, and must be text; put it in quotation marks", id="zone as a number"
        ),
    ],
)
def test_what_is_no_schedule_is_refused(write: Write, campaign_refusal: Refusal, text: str, problem: str) -> None:
    assert campaign_refusal(write("tet.toml", f"{LEAST}[schedule]\n{text}\n")) == [f"schedule.{problem}"]


def test_a_machine_without_time_zones_says_so(
    write: Write, campaign_refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert campaign_refusal(write("tet.toml", f"{LEAST}[schedule]\ntime_zone = 'Asia/Nowhere'\n")) == [
        "schedule.time_zone: this machine has no list of time zones; install the package tzdata"
    ]


@pytest.mark.parametrize(
    ("text", "share"), [("'5%'", 0.05), ("' 12.5 % '", 0.125), ("'0%'", 0.0), ("'100%'", 1.0)], ids=str
)
def test_a_share_is_written_in_percent(write: Write, text: str, share: float) -> None:
    campaign = load_campaign(write("tet.toml", f"{LEAST}[gate]\nafter = 20\nmax_failed = {text}\n"))
    assert campaign.gate is not None
    assert campaign.gate.max_failed == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("after = 20\nmax_failed = 5", "max_failed: “5” is not a share; write it as “5%”", id="number"),
        pytest.param(
            "after = 20\nmax_failed = '101%'", "max_failed: “101%” is not a share; write it as “5%”", id="more"
        ),
        pytest.param("after = 0", "after: should be greater than or equal to 1, and is “0”", id="no rows"),
        pytest.param("after = '20'", "after: should be a valid integer, and is “20”", id="text"),
    ],
)
def test_what_is_no_gate_is_refused(write: Write, campaign_refusal: Refusal, text: str, problem: str) -> None:
    assert campaign_refusal(write("tet.toml", f"{LEAST}[gate]\n{text}\n")) == [f"gate.{problem}"]


# The settings that follow the file


def test_pace_schedule_and_gate_of_a_file_are_read_by_themselves(write: Write) -> None:
    text = "template = 5\n[throttle]\nrate = '5/s'\n[schedule]\nwindow = '08-20'\n[gate]\nafter = 3\n"
    pace = pace_in_file(write("tet.toml", text))
    assert pace == PaceSettings(5.0, 8, Schedule(window=parse_window("8-20")), GateSettings(3, 0.05))
    assert pace_in_file(write("bare.toml", "")) == PaceSettings()


def test_a_list_and_a_file_that_is_gone_say_nothing(tmp_path: Path) -> None:
    assert pace_in_file(tmp_path / "list.csv") is None
    assert pace_in_file(tmp_path / "gone.toml") is None


def test_mistakes_about_the_pace_are_all_named(write: Write) -> None:
    with pytest.raises(CampaignFileError) as caught:
        pace_in_file(write("tet.toml", "template = 5\n[schedule]\nwindo = 'x'\n[throttle]\nrate = 'fast'\n"))
    assert len(caught.value.problems) == 2

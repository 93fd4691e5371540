"""Times, rates and names in a campaign file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaign_file import load_campaign
from campaign.config import Campaign

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

"""What the question says of when the messages go out, and where the run holds."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import pytest

from campaign.cli.question import facts_of, notes_of, question_of
from campaign.journal import Tally
from campaign.runs import SendConfirmation
from campaign.runs.confirmation import Pace
from campaign.schedule import ANY_TIME, EVERY_DAY, Schedule, parse_days, parse_window
from campaign.settings import GateSettings

EIGHT = 1_800_000_000.0
"""Friday 2027-01-15, 8:00 UTC."""

TALLY = Tally({}, requests=0, throttled=0, seconds=0.0, started_at=None, ended_at=None)


@pytest.fixture(autouse=True)
def at_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: EIGHT)


def schedule(window: str | None = None, days: str = "mon-sun", not_before: str | None = None) -> Schedule:
    return Schedule(
        not_before=datetime.fromisoformat(not_before) if not_before else None,
        window=parse_window(window) if window else None,
        days=parse_days(days) if days else EVERY_DAY,
        time_zone="UTC",
    )


def confirmation(when: Schedule, hours: float = 2.0, gate: GateSettings | None = None) -> SendConfirmation:
    pace = Pace(3600 * hours, "10 a minute")
    return SendConfirmation(500, "https://chat", None, TALLY, pace=pace, schedule=when, gate=gate)


def facts(given: SendConfirmation) -> list[str]:
    return [line.text for line in facts_of(given, 200)]


@pytest.mark.parametrize(
    ("when", "hours", "said"),
    [
        pytest.param(
            schedule("08:00-20:00"),
            2,
            ["begins now (UTC), done at about Fri 2027-01-15 10:00; the window closes at Fri 2027-01-15 20:00"],
            id="fits",
        ),
        pytest.param(
            schedule("09:00-20:00"),
            2,
            [
                (
                    "waits until Fri 2027-01-15 09:00 (UTC), done at about Fri 2027-01-15 11:00; "
                    "the window closes at Fri 2027-01-15 20:00"
                )
            ],
            id="waits and fits",
        ),
        pytest.param(
            schedule("08:00-12:00", "mon-fri"),
            5,
            [
                "begins now (UTC); the window closes at Fri 2027-01-15 12:00",
                (
                    "about 100 of 500 messages miss the window and go out in the next window, "
                    "the last at about Mon 2027-01-18 09:00"
                ),
            ],
            id="misses",
        ),
        pytest.param(
            schedule("08:00-09:00"),
            3.5,
            [
                "begins now (UTC); the window closes at Fri 2027-01-15 09:00",
                (
                    "about 358 of 500 messages miss the window and go out in the next 3 windows, "
                    "the last at about Mon 2027-01-18 08:30"
                ),
            ],
            id="misses several",
        ),
        pytest.param(
            schedule("08:00-08:01"),
            20000,
            [
                "begins now (UTC); the window closes at Fri 2027-01-15 08:01",
                "about 500 of 500 messages miss the window and go out in the next 999 windows",
            ],
            id="takes years",
        ),
        pytest.param(
            schedule(not_before="2027-01-16T09:30"),
            2,
            ["waits until Sat 2027-01-16 09:30 (UTC), done at about Sat 2027-01-16 11:30"],
            id="not before",
        ),
    ],
)
def test_it_says_when_the_run_begins_and_ends_and_what_misses_the_window(
    when: Schedule, hours: float, said: list[str]
) -> None:
    given = confirmation(when, hours)
    assert [text[10:] for text in facts(given) if "begins" in text or "waits" in text or "about" in text] == said
    assert "Pace      10 a minute" in facts(given)
    assert question_of(given) == "Send 500 messages to https://chat?"
    assert [line.text for line in notes_of(given, 200, quiet=False)] == [f"When: {text}" for text in said]
    assert not list(notes_of(given, 200, quiet=True))


def test_without_a_schedule_it_says_when_it_is_done_as_before() -> None:
    for when in (ANY_TIME, schedule("00:00-24:00")):
        (pace,) = (text for text in facts(confirmation(when)) if text.startswith("Pace"))
        assert pace.startswith("Pace      10 a minute; done at about ")
        assert not any(text.startswith("When") for text in facts(confirmation(when)))


def test_a_moment_that_has_passed_is_part_of_the_question() -> None:
    late = confirmation(schedule(not_before="2027-01-14T09:00"))
    assert "When      not_before was Thu 2027-01-14 09:00 (UTC)" in facts(late)
    assert question_of(late) == "Send 500 messages to https://chat now?"


def test_with_a_window_the_question_does_not_say_now() -> None:
    late = confirmation(schedule("09:00-20:00", not_before="2027-01-14T09:00"))
    assert question_of(late) == "Send 500 messages to https://chat?"


def test_a_run_that_has_begun_already_is_not_late() -> None:
    begun = replace(confirmation(schedule(not_before="2027-01-14T09:00")), tally=replace(TALLY, started_at=EIGHT))
    assert not any("not_before" in text for text in facts(begun))
    assert question_of(begun) == "Send 500 messages to https://chat?"


def test_a_gate_is_told_where_there_are_rows_behind_it() -> None:
    told = "Gate      waits for the outcomes of the first 20 rows; up to 5% may fail"
    assert told in facts(confirmation(ANY_TIME, gate=GateSettings(20, 0.05)))
    assert told not in facts(confirmation(ANY_TIME, gate=GateSettings(500, 0.05)))
    assert told not in facts(confirmation(ANY_TIME))

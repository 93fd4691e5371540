"""What is shown with the question about when the messages go out, and where the run holds."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from campaign.delivery.gate import percent
from campaign.review.findings_text import CAUTION, StyledLine
from campaign.review.phrases import rows_of
from campaign.text import rough_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.runs import SendConfirmation
    from campaign.schedule import Forecast, Schedule


def pace_text(confirmation: SendConfirmation) -> str:
    """How fast the messages go out, and when that is done where no schedule has a say in it; "" where unknown."""
    if confirmation.pace is None:
        return ""
    words, seconds = confirmation.pace.words, confirmation.pace.seconds
    return words if is_scheduled(confirmation) else f"{words}; {ends_at(seconds)}"


def is_scheduled(confirmation: SendConfirmation) -> bool:
    """Whether the schedule says more than "now"."""
    schedule = confirmation.schedule
    return schedule.has_windows or schedule.begins() > time.time()


def when_lines(confirmation: SendConfirmation) -> Iterator[StyledLine]:
    """When the messages go out, where a schedule has a say in it, and how many of them miss its window."""
    now, schedule = time.time(), confirmation.schedule
    if confirmation.is_late(now):
        yield StyledLine(f"not_before was {schedule.moment_text(schedule.begins())}{_zone(schedule)}", CAUTION)
    if confirmation.pace is None or not is_scheduled(confirmation):
        return
    forecast = schedule.forecast(now, confirmation.pace.seconds)
    begins = "begins now" if forecast.begins <= now else f"waits until {schedule.moment_text(forecast.begins)}"
    closes = "" if math.isinf(forecast.closes) else f"; the window closes at {schedule.moment_text(forecast.closes)}"
    if forecast.windows == 1:
        done = f"done at about {schedule.moment_text(forecast.ends)}"
        yield StyledLine(f"{begins}{_zone(schedule)}, {done}{closes}")
    else:
        yield StyledLine(f"{begins}{_zone(schedule)}{closes}")
        yield StyledLine(_spill(confirmation, schedule, forecast), CAUTION)


def _spill(confirmation: SendConfirmation, schedule: Schedule, forecast: Forecast) -> str:
    """How many messages miss the first window, and when the last one goes out."""
    seconds = confirmation.pace.seconds if confirmation.pace else math.inf
    share = (forecast.closes - forecast.begins) / seconds
    missing = confirmation.messages - int(confirmation.messages * share)
    later = "the next window" if forecast.windows == 2 else f"the next {forecast.windows - 1:,} windows"
    ends = "" if math.isinf(forecast.ends) else f", the last at about {schedule.moment_text(forecast.ends)}"
    return f"about {missing:,} of {confirmation.messages:,} messages miss the window and go out in {later}{ends}"


def gate_text(confirmation: SendConfirmation) -> str:
    """Where the run holds; "" where it does not."""
    gate, tally = confirmation.gate, confirmation.tally
    if gate is None or (tally.started_at is None and confirmation.messages <= gate.after):
        return ""
    return f"waits for the outcomes of the first {rows_of(gate.after)}; up to {percent(gate.max_failed)} may fail"


def _zone(schedule: Schedule) -> str:
    return f" ({schedule.time_zone})" if schedule.time_zone else ""


def ends_at(seconds: float) -> str:
    """When it is done: "done at about 14:32, in 90 s"."""
    if seconds < 1:
        return "done in under 1 s"
    now = datetime.now().astimezone()
    end = now + timedelta(seconds=seconds)
    at = f"{end:%H:%M}" if end.date() == now.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"done at about {at}, in {rough_duration(seconds)}"

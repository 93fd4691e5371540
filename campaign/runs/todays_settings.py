"""How a run that is resumed is delivered: as its campaign file says by now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from campaign.delivery.gate import percent
from campaign.errors import Problem
from campaign.file_of_today import delivery_in_file
from campaign.schedule import ANY_TIME
from campaign.settings import PaceSettings
from campaign.text import rough_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal import RunRecord
    from campaign.runs.options import RunObserver
    from campaign.schedule import Schedule
    from campaign.settings import DeliverySettings, GateSettings


def by_todays_settings(record: RunRecord, file: Path | None, observer: RunObserver) -> RunRecord:
    """A run that is delivered by `todays_settings`; what is on record of it stays as it was planned."""
    settings = todays_settings(record, file, observer)
    return replace(record, manifest=replace(record.manifest, settings=settings))


def todays_settings(record: RunRecord, file: Path | None, observer: RunObserver) -> DeliverySettings:
    """The settings of a run, with what was changed in its campaign file since it was planned; says what that is.

    A run may have been started with options such as `--window`: then only a change of the file itself replaces them.

    Args:
        record: the run.
        file: the campaign file, or the list where there is none; None: the campaign was made in Python.
        observer: is told of each difference.

    Raises:
        CampaignFileError: the sections of the file that say so are wrong, or it cannot be read.
    """
    manifest = record.manifest
    settings = manifest.settings
    if file is None or manifest.rehearsal or manifest.trial or (now := delivery_in_file(file)) is None:
        return settings
    # Earlier versions, which knew neither a schedule nor a gate, did not record what the file said.
    planned = record.manifest.pace_in_file or PaceSettings(now.rate, now.concurrency, ANY_TIME, None)
    changes: dict[str, Any] = {}
    for name, key, before, after in (*_differences(planned, now), *_about_trouble(settings, now)):
        changes[name] = getattr(now, name)
        what = f"is now “{after}”, and was “{before}” when run {record.number} was planned"
        observer.warned(Problem(f"{file}: {key}", what, "it is delivered as the file says", "changed-pace"))
    return replace(settings, **changes)


def _differences(planned: PaceSettings, now: DeliverySettings) -> Iterator[tuple[str, str, str, str]]:
    """Each setting that differs: its name, its key, and its two values in words."""
    if planned.rate != now.rate:
        yield "rate", "[throttle] rate", _rate(planned.rate), _rate(now.rate)
    if planned.concurrency != now.concurrency:
        yield "concurrency", "[throttle] concurrency", str(planned.concurrency), str(now.concurrency)
    if planned.schedule != now.schedule:
        yield "schedule", "[schedule]", _schedule(planned.schedule), _schedule(now.schedule)
    if planned.gate != now.gate:
        yield "gate", "[gate]", _gate(planned.gate), _gate(now.gate)


def _about_trouble(planned: DeliverySettings, now: DeliverySettings) -> Iterator[tuple[str, str, str, str]]:
    """The same of the settings of [delivery], which no option replaces."""
    for name in ("timeout", "give_up_after", "on_doubt", "settle", "stop_after_refusals"):
        before, after = getattr(planned, name), getattr(now, name)
        if before != after:
            yield name, f"[delivery] {name}", _setting(before), _setting(after)


def _setting(value: float | str) -> str:
    return rough_duration(value) if isinstance(value, float) else str(value)


def _rate(rate: float | None) -> str:
    return "auto" if rate is None else f"{rate:g}/s"


def _schedule(schedule: Schedule) -> str:
    """A schedule in the words of a campaign file: "window 08:00-20:00, days mon-sat"."""
    days = {} if schedule.every_day else {"days": schedule.as_json()["days"]}
    named = {**schedule.as_json(), "days": None, **days}
    return ", ".join(f"{name} {text}" for name, text in named.items() if text) or "not set"


def _gate(gate: GateSettings | None) -> str:
    return "not set" if gate is None else f"after {gate.after}, max_failed {percent(gate.max_failed)}"

"""Pace, schedule and gate of a run that is resumed: those of the campaign file, unless an option said otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaign.errors import CampaignFileError
from campaign.journal import RunRecord
from campaign.runs import RunObserver
from campaign.runs.todays_settings import todays_settings
from campaign.schedule import ANY_TIME, Schedule, parse_days, parse_window
from campaign.settings import DeliverySettings, GateSettings, PaceSettings
from tests.unit.journal.planning import FACTS

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.errors import Problem

NOTHING_SAID = PaceSettings()
BY_DAY, BY_NIGHT = Schedule(window=parse_window("8-20")), Schedule(window=parse_window("20-8"))


class Told(RunObserver):
    def __init__(self) -> None:
        self.warnings: list[Problem] = []

    def warned(self, warning: Problem) -> None:
        self.warnings.append(warning)


def record(
    settings: DeliverySettings,
    in_file: PaceSettings | None = NOTHING_SAID,
    *,
    rehearsal: bool = False,
) -> RunRecord:
    manifest = replace(FACTS, settings=settings, pace_in_file=in_file, rehearsal=rehearsal)
    return RunRecord(1, manifest, b"", planned=True, created_at=0.0, stop_reason=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "c.toml"
    path.write_text('[schedule]\nwindow = "8-20"\n[gate]\nafter = 5\n[throttle]\nrate = "5/s"\n', encoding="utf-8")
    return path


def test_what_the_file_says_now_replaces_what_it_said(file: Path) -> None:
    told = Told()
    settings = todays_settings(record(DeliverySettings()), file, told)
    gate = GateSettings(5, 0.05)
    assert settings == DeliverySettings(rate=5.0, schedule=BY_DAY, gate=gate)
    assert [warning.where.partition(": ")[2] for warning in told.warnings] == [
        "[throttle] rate",
        "[schedule]",
        "[gate]",
    ]
    assert {warning.code for warning in told.warnings} == {"changed-pace"}
    assert "is now “window 08:00-20:00”, and was “not set” when run 1 was planned" in told.warnings[1].what


def test_what_is_done_about_trouble_is_what_the_file_says_now(file: Path) -> None:
    file.write_text(
        '[delivery]\ntimeout = "5s"\ngive_up_after = "1h"\non_doubt = "look"\nsettle = "90s"\nstop_after_refusals = 0',
        encoding="utf-8",
    )
    told = Told()
    settings = todays_settings(record(DeliverySettings()), file, told)
    assert settings == DeliverySettings(
        timeout=5.0, give_up_after=3600.0, on_doubt="look", settle=90.0, stop_after_refusals=0
    )
    assert [(each.where.partition(": ")[2], each.what) for each in told.warnings] == [
        (f"[delivery] {key}", f"is now “{now}”, and was “{before}” when run 1 was planned")
        for key, now, before in (
            ("timeout", "5 s", "30 s"),
            ("give_up_after", "60 min", "10 min"),
            ("on_doubt", "look", "ask"),
            ("settle", "90 s", "2 min"),
            ("stop_after_refusals", "0", "20"),
        )
    ]


def test_an_option_of_the_run_stays_where_the_file_says_what_it_said(file: Path) -> None:
    told = Told()
    in_file = PaceSettings(5.0, 8, BY_DAY, GateSettings(5, 0.05))
    planned = DeliverySettings(rate=50.0, schedule=BY_NIGHT, gate=in_file.gate)
    assert todays_settings(record(planned, in_file), file, told) == planned
    assert told.warnings == []


def test_a_run_of_an_earlier_version_gets_schedule_and_gate_and_keeps_its_pace(file: Path) -> None:
    settings = todays_settings(record(DeliverySettings(rate=50.0), None), file, Told())
    assert (settings.rate, settings.schedule, settings.gate) == (50.0, BY_DAY, GateSettings(5, 0.05))


def test_a_section_that_was_removed_is_removed(file: Path) -> None:
    file.write_text("", encoding="utf-8")
    told = Told()
    days = Schedule(days=parse_days("mon-fri"), time_zone="UTC")
    planned = DeliverySettings(schedule=days, gate=GateSettings(9, 0.5))
    in_file = PaceSettings(schedule=days, gate=planned.gate)
    settings = todays_settings(record(planned, in_file), file, told)
    assert (settings.schedule, settings.gate) == (ANY_TIME, None)
    assert [warning.what for warning in told.warnings] == [
        "is now “not set”, and was “days mon-fri, time_zone UTC” when run 1 was planned",
        "is now “not set”, and was “after 9, max_failed 50%” when run 1 was planned",
    ]


def test_a_rehearsal_a_list_and_a_file_that_is_gone_change_nothing(file: Path, tmp_path: Path) -> None:
    planned = DeliverySettings(rate=2.0)
    for given, where in (
        (record(planned, rehearsal=True), file),
        (record(planned), tmp_path / "list.csv"),
        (record(planned), tmp_path / "gone.toml"),
        (record(planned), None),
    ):
        assert todays_settings(given, where, Told()) == planned


def test_a_mistake_in_the_file_is_an_error(file: Path) -> None:
    file.write_text('[schedule]\nwindow = "8"\n', encoding="utf-8")
    with pytest.raises(CampaignFileError, match="is not a part of the day"):
        todays_settings(record(DeliverySettings()), file, Told())

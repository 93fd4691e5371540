from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign.schedule import Schedule, Window
from campaign.time_zone import own_time_zone


@pytest.mark.parametrize(
    ("named", "zone"),
    [("Asia/Ho_Chi_Minh", "Asia/Ho_Chi_Minh"), (":Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"), ("ICT-7", None)],
)
def test_the_environment_names_the_zone(monkeypatch: pytest.MonkeyPatch, named: str, zone: str | None) -> None:
    monkeypatch.setenv("TZ", named)
    assert own_time_zone() == zone


def test_a_link_names_the_zone_and_a_copy_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    file = tmp_path / "zoneinfo" / "Asia" / "Tokyo"
    file.parent.mkdir(parents=True)
    file.touch()
    link = tmp_path / "localtime"
    assert own_time_zone(link) is None
    link.symlink_to(file)
    assert own_time_zone(link) == "Asia/Tokyo"
    link.unlink()
    link.touch()
    assert own_time_zone(link) is None


@pytest.mark.parametrize(
    ("schedule", "needs"),
    [
        (Schedule(), False),
        (Schedule(window=Window(0, 60)), True),
        (Schedule(window=Window(0, 60), time_zone="UTC"), False),
        (Schedule(not_before=datetime(2026, 1, 1)), True),  # noqa: DTZ001 - of the schedule's zone
        (Schedule(not_before=datetime(2026, 1, 1, tzinfo=UTC)), False),
    ],
)
def test_times_of_day_need_a_zone(schedule: Schedule, *, needs: bool) -> None:
    assert schedule.needs_zone == needs

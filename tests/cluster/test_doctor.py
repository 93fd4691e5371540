"""`campaign doctor` with a database of many machines."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Campaign
from tests.integration.test_doctor import message_of, state_of

from .conftest import FileMaker, StartWorker


@pytest.mark.usefixtures("api_key")
def test_without_a_campaign_the_runs_of_all_are_counted(
    run: Campaign, command: Campaign, campaign_file: FileMaker, database: str
) -> None:
    for name in ("offer", "reminder"):
        assert run("run", campaign_file(2, name=name), "--yes").code == 0
    said = command("doctor", "--json", "--journal", database)
    assert (state_of(said, "journal"), said.code) == ("ok", 0)
    assert "2 runs on record" in message_of(said, "journal")


def test_a_missing_key_stops_no_run_that_is_left_to_workers(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("KITECHAT_API_KEY", "KITECHAT_API_KEY_FILE"):
        monkeypatch.delenv(variable, raising=False)
    file = campaign_file(2, "kitechat")
    alone = run("doctor", file, "--json")
    assert (state_of(alone, "key"), alone.code) == ("problem", 1)
    start_worker("one")
    beside = run("doctor", file, "--json")
    assert state_of(beside, "key") == "warning"
    assert "a run is left to the workers one" in message_of(beside, "key")
    ran = run("run", file, "--yes", "--json")
    assert (ran.code, ran.json["sent"]) == (0, 2)

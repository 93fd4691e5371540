"""The samples run in the sandbox as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import Campaign

SAMPLES = Path(__file__).parents[2] / "samples"
EXPECTED = {
    "livechat-text": {"rows": 60, "sent": 60},
    "livechat-agent": {"rows": 50, "sent": 45, "failed": 3, "skipped": 2},
    "kitechat-cards": {"rows": 80, "sent": 80},
    "kitechat-image": {"rows": 40, "sent": 40},
}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy that runs may leave their files beside."""
    return Path(
        shutil.copytree(SAMPLES, tmp_path / "samples", ignore=shutil.ignore_patterns("*.db*", "*.results*.xlsx"))
    )


def test_every_sample_is_expected_here() -> None:
    assert {path.stem for path in SAMPLES.glob("*.toml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_runs_with_true_numbers(command: Campaign, samples: Path, name: str) -> None:
    said = command("run", samples / f"{name}.toml", "--sandbox", "--yes", "--json", "--rate", "200/s")
    numbers = {key: value for key, value in said.json.items() if key in EXPECTED[name]}
    assert numbers == EXPECTED[name]
    workbook = load_workbook(said.json["results"])
    assert workbook.sheetnames == ["Summary", "Results", "In doubt", "To fix"]
    assert workbook["Results"].max_row == EXPECTED[name]["rows"] + 1


def test_the_list_with_mistakes_is_stopped_with_each_named(command: Campaign, samples: Path) -> None:
    said = command("check", samples / "livechat-agent.toml", "--recipients", samples / "with-mistakes.csv", "--json")
    assert said.code == 1
    assert [problem["where"] for problem in said.json["problems"]] == ["B5", "G9", "F11", "A16"]

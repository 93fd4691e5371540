"""A short fuzz test; `python -m tests.fuzz --seconds 600` is the full one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign.cli import check
from tests.fuzz.judge import judge, mutated
from tests.fuzz.seeds import Case, seeds

SEED = 20
SECONDS = 10.0
AT_LEAST = 20

SOUND = seeds()


@pytest.mark.parametrize("case", SOUND, ids=lambda case: f"{case.arguments[0]} with {', '.join(case.files)}")
def test_every_seed_is_read(case: Case) -> None:
    assert judge(case)._replace(seconds=0) in ((0, 0, ""), (1, 0, ""))


@pytest.mark.slow
def test_a_mutated_file_is_read_or_refused_with_place_and_reason() -> None:
    ends = time.monotonic() + SECONDS
    number, wrong = 0, {}
    while time.monotonic() < ends:
        verdict = judge(mutated(SOUND, SEED, number))
        if verdict.wrong:
            wrong[number] = verdict.wrong
        number += 1
    assert wrong == {}
    assert number >= AT_LEAST


def test_a_case_is_determined_by_its_seed_and_number() -> None:
    assert mutated(SOUND, 7, 3) == mutated(seeds(), 7, 3)
    assert mutated(SOUND, 7, 3) != mutated(SOUND, 7, 4)


def test_a_crash_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> int:
        raise KeyError("xl/workbook.xml")

    monkeypatch.setattr(check, "check_campaign", crash)
    assert judge(SOUND[0]).wrong.startswith("exit code 4: a fault of campaign's own (KeyError: 'xl/workbook.xml')")


@pytest.mark.slow
def test_the_long_form_reports_its_findings() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "4", "--seed", "1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert " read, " in said.stdout.splitlines()[-1]
    assert " 0 gone wrong" in said.stdout.splitlines()[-1]

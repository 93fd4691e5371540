"""The page on privacy names every table of a journal, and is right about what `forget` leaves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign.journal.sqlite.migrations import STEPS

TEXT = (Path(__file__).parents[2] / "docs" / "explanation" / "privacy.md").read_text(encoding="utf-8")
NAMED = {
    name
    for line in TEXT.partition("## What the tables")[2].splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])
}


def test_every_table_of_a_file_is_named() -> None:
    tables = set(re.findall(r"CREATE TABLE(?: IF NOT EXISTS)? (\w+)", "\n".join(STEPS)))
    assert tables
    assert tables - NAMED == set()


def test_every_table_of_a_database_is_named() -> None:
    migrations = pytest.importorskip("campaign.journal.postgres.migrations")
    tables = set(re.findall(r"CREATE TABLE(?: IF NOT EXISTS)? campaign\.(\w+)", "\n".join(migrations.STEPS)))
    assert tables
    assert tables - NAMED == set()


def test_no_table_is_named_that_there_is_not() -> None:
    migrations = pytest.importorskip("campaign.journal.postgres.migrations")
    text = "\n".join((*STEPS, *migrations.STEPS))
    tables = set(re.findall(r"CREATE TABLE(?: IF NOT EXISTS)? (?:campaign\.)?(\w+)", text))
    assert NAMED - tables == set()

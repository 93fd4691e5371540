"""How a journal in a database is, where that is not as it should be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("psycopg")

from campaign.journal import examine_journal, open_journal
from campaign.journal.postgres import health
from campaign.journal.postgres.migrations import VERSION

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Database


@pytest.fixture
def address(postgres: str) -> str:
    with open_journal(postgres, campaign="looked-at"):
        return postgres


def test_a_database_with_tables_of_another_version_is_left_as_it_is(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine_journal(address, campaign="looked-at").facts[-1] == f"version {VERSION}"
    monkeypatch.setattr(health, "VERSION", VERSION + 1)
    found = examine_journal(address, campaign="looked-at")
    assert (found.exists, found.refused, found.runs) == (True, None, 0)


def test_a_database_without_journals_whose_user_may_make_none_is_found(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_database: Database) -> None:
        return None

    monkeypatch.setattr(health, "version_of", none)
    assert examine_journal(address).doubts == ()
    monkeypatch.setattr(health, "_SETTINGS", "SELECT '18', 'on', 'on', false")
    found = examine_journal(address)
    assert not found.exists
    assert [each.what for each in found.doubts] == ["has no journals yet, and this user may not make their schema"]


def test_a_database_that_is_far_away_is_found(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((10.0, 10.5))
    monkeypatch.setattr(health, "monotonic", lambda: next(moments, time.monotonic()))
    found = examine_journal(address, campaign="looked-at")
    assert [each.what for each in found.doubts] == ["takes 500 ms for an answer"]

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.journal import Journal

from .planning import planned


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open_or_create(tmp_path / "a.journal.db") as opened:
        yield opened


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the machine's clock will say, one after the other."""
    coming: list[float] = []
    monkeypatch.setattr(time, "time", lambda: coming.pop(0))
    return coming


@pytest.fixture
def planned_path(tmp_path: Path) -> Path:
    """A journal whose run 1 holds five hundred pending rows."""
    return planned(tmp_path / "a.journal.db", 500)

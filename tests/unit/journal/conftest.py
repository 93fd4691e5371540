from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from campaign.delivery.ports import SystemClock
from campaign.journal.events import Event
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.writer import write

from .planning import planned


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal.open_or_create(tmp_path / "a.journal.db") as opened:
        yield opened


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The system clock's next values, in order; the monotonic clock goes with it."""
    coming: list[float] = []
    said = [0.0]

    def epoch() -> float:
        said[0] = coming.pop(0)
        return said[0]

    monkeypatch.setattr(time, "time", epoch)
    monkeypatch.setattr(SystemClock, "now", lambda _: said[0])
    return coming


@pytest.fixture
def planned_path(tmp_path: Path) -> Path:
    """A journal whose run 1 has five hundred pending rows."""
    return planned(tmp_path / "a.journal.db", 500)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of events in each commit."""
    sizes: list[int] = []

    def counted(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        sizes.append(len(events))
        write(connection, events)

    monkeypatch.setattr("campaign.journal.sqlite.writer.write", counted)
    return sizes

"""The record of a process that watches, over a database that may be out of reach."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from campaign.errors import JournalWriteError, Problem
from campaign.runs import watch_record
from campaign.runs.watch_record import WatchRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.journal.orders import Orders

OUT_OF_REACH = JournalWriteError(Problem("the database", "cannot be reached"))


class Database:
    """What a database says to a process that watches; an error is raised."""

    def __init__(self, beats: Sequence[bool | JournalWriteError] = (), *, watched: bool = False) -> None:
        self.beats = list(beats)
        self.watched = watched
        self.ended = False

    def begin_watch(self, _run: int, _watcher: str) -> bool:
        return not self.watched

    def beat(self, _run: int, _watcher: str) -> bool:
        answer = self.beats.pop(0) if self.beats else True
        if isinstance(answer, JournalWriteError):
            raise answer
        return answer

    def end_watch(self, _run: int, _watcher: str) -> None:
        self.ended = True
        raise OUT_OF_REACH


@pytest.fixture(autouse=True)
def _beats_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_record, "BEAT", 0.005)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - another thread makes it so
            await asyncio.sleep(0.005)


async def test_a_database_that_is_out_of_reach_for_a_moment_changes_nothing() -> None:
    database = Database([OUT_OF_REACH, True, OUT_OF_REACH])
    async with WatchRecord(cast("Orders", database), 1) as record:
        await until(lambda: not database.beats)
        assert not record.replaced
    assert database.ended


async def test_another_process_in_its_place_is_noticed() -> None:
    async with WatchRecord(cast("Orders", Database([True, False])), 1) as record:
        await until(lambda: record.replaced)


async def test_a_run_that_is_watched_already_is_not_watched_twice() -> None:
    async with WatchRecord(cast("Orders", Database(watched=True)), 1) as record:
        assert record.replaced

"""Attempts that are announced: on record before their turn, and withdrawn if it never comes."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal import Journal, Outcome, Recorder, State
from campaign.journal.database import connect
from campaign.journal.events import ANNOUNCED_AT_ONCE, MOST_VALUES

from .planning import NOON, SENT, STATUS, ask, until_written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ATTEMPTS = "SELECT seq, what, started_at, ended_at, outcome FROM attempt ORDER BY attempt"
SENDING = "SELECT seq FROM status WHERE state = 'sending' ORDER BY seq"


async def test_announced_attempts_begin_without_a_commit_of_their_own(planned_path: Path, groups: list[int]) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([3, 4, 5], NOON)
        await until_written(recorder)
        assert ask(planned_path, SENDING) == [(3,), (4,), (5,)]
        assert [await recorder.begin(seq, NOON + 9) for seq in (3, 4, 5)] == [1, 2, 3]
        assert groups == [1]
    assert ask(planned_path, ATTEMPTS) == [(seq, "send", NOON, None, None) for seq in (3, 4, 5)]


async def test_an_announced_attempt_is_on_disk_when_begin_returns(planned_path: Path, tmp_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7, 8], NOON)
        assert ask(planned_path, SENDING) == []
        await recorder.begin(7, NOON)
        for name in ("a.journal.db", "a.journal.db-wal"):  # what a power cut would leave
            shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert ask(tmp_path / "copy-a.journal.db", SENDING) == [(7,), (8,)]


async def test_whoever_needs_an_announced_attempt_now_does_not_wait_for_the_others(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.recorder.AT_LEISURE", 3600.0)
    async with Recorder(planned_path, 1) as recorder, asyncio.timeout(10):
        recorder.announce([7, 8], NOON)
        beginning = [recorder.begin(seq, NOON) for seq in (7, 8, 9)]
        assert list(await asyncio.gather(*beginning)) == [1, 2, 3]


async def test_an_attempt_that_was_announced_and_not_made_never_was(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7, 8, 9], NOON)
        recorder.end(7, await recorder.begin(7, NOON), "sent", SENT)
    assert [ask(planned_path, STATUS, seq) for seq in (7, 8, 9)] == [[("sent", 1)], [("pending", 0)], [("pending", 0)]]
    assert ask(planned_path, "SELECT at FROM status WHERE seq IN (8, 9)") == [(None,), (None,)]
    assert ask(planned_path, ATTEMPTS) == [(7, "send", NOON, NOON + 1, "sent")]


@pytest.mark.parametrize("count", [ANNOUNCED_AT_ONCE, ANNOUNCED_AT_ONCE + 1], ids=["one-statement", "and-one-more"])
async def test_many_rows_are_announced_together_on_any_sqlite(
    planned_path: Path, groups: list[int], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_to_an_old_sqlite(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, MOST_VALUES)
        return connection

    monkeypatch.setattr("campaign.journal.recorder.connect", connect_to_an_old_sqlite)
    rows = range(1, count + 1)
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce(rows, NOON)
        await until_written(recorder)
        assert ask(planned_path, SENDING) == [(seq,) for seq in rows]
        assert [await recorder.begin(seq, NOON) for seq in rows] == list(rows)
        assert groups == [1]
    assert ask(planned_path, ATTEMPTS) == [(seq, "send", NOON, None, None) for seq in rows]


async def test_an_announcement_is_on_record_whole_or_not_at_all(planned_path: Path) -> None:
    with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER no_room BEFORE UPDATE ON status WHEN NEW.seq = 400 "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    recorder = Recorder(planned_path, 1)
    await recorder.__aenter__()
    recorder.announce(range(1, 500), NOON)
    with pytest.raises(JournalError, match="no room"):
        await recorder.begin(1, NOON)
    with pytest.raises(JournalError, match="no room"):
        await recorder.__aexit__(None, None, None)
    assert (ask(planned_path, SENDING), ask(planned_path, ATTEMPTS)) == ([], [])


async def test_a_row_is_announced_once(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7, 8], NOON)
        recorder.announce([8, 9], NOON)
        assert [await recorder.begin(seq, NOON) for seq in (7, 8, 9)] == [1, 2, 3]
    assert ask(planned_path, "SELECT attempts FROM status WHERE seq IN (7, 8, 9)") == [(1,)] * 3


async def test_the_second_attempt_of_an_announced_row_goes_on_record_by_itself(planned_path: Path) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7], NOON)
        recorder.end(7, await recorder.begin(7, NOON), "not_taken", Outcome(State.PENDING, at=NOON + 1))
        assert await recorder.begin(7, NOON + 2) == 2
        assert ask(planned_path, STATUS, 7) == [("sending", 2)]


async def test_while_attempts_are_announced_outcomes_gather_for_some_milliseconds(
    planned_path: Path, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    call_later, delays = loop.call_later, []

    def noted(delay: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        delays.append(delay)
        return call_later(delay, callback, *args)

    async with Recorder(planned_path, 1) as recorder:
        recorder.announce(range(1, 11), NOON)
        attempts = [await recorder.begin(seq, NOON) for seq in range(1, 10)]
        monkeypatch.setattr(loop, "call_later", noted)
        for seq, attempt in enumerate(attempts, start=1):
            recorder.end(seq, attempt, "sent", SENT)
            await asyncio.sleep(0)
        await until_written(recorder)
        assert delays[0] < 0.05
    assert groups == [1, 9, 1]
    with Journal.open(planned_path) as journal:
        assert len(list(journal.results(1, (State.SENT,)))) == 9


async def test_an_announced_attempt_that_is_cancelled_is_withdrawn_and_leaves_the_others_alone(
    planned_path: Path,
) -> None:
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7, 8], NOON)
        beginning = [asyncio.ensure_future(recorder.begin(seq, NOON)) for seq in (7, 8)]
        await asyncio.sleep(0)
        beginning[0].cancel()
        assert await beginning[1] == 2
    assert beginning[0].cancelled()
    assert ask(planned_path, SENDING) == [(8,)]
    assert ask(planned_path, STATUS, 7) == [("pending", 0)]


async def test_nobody_goes_on_while_a_commit_takes_longer_than_commits_do(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.recorder.LATE", 0.0)
    async with Recorder(planned_path, 1) as recorder:
        recorder.announce([7, 8, 9], NOON)
        first = await recorder.begin(7, NOON)
        with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            recorder.end(7, first, "sent", SENT)
            while not recorder._writing:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.001)
            beginning = asyncio.ensure_future(recorder.begin(8, NOON))
            await asyncio.sleep(0.02)
            assert not beginning.done()
            other.execute("ROLLBACK")
        assert await beginning == 2
        assert ask(planned_path, STATUS, 7) == [("sent", 1)]


async def test_a_journal_that_stays_locked_holds_up_neither_the_stop_nor_the_end(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.recorder.LATE", 0.0)
    monkeypatch.setattr("campaign.journal.writer._SHORT", 1)
    refused: list[BaseException] = []

    async def work() -> None:
        async with Recorder(planned_path, 1) as recorder:
            recorder._writer._connection.execute("PRAGMA busy_timeout = 50")
            recorder.announce(range(1, 201), NOON)
            attempts = [await recorder.begin(seq, NOON) for seq in range(1, 101)]
            other.execute("BEGIN IMMEDIATE")
            for seq, attempt in enumerate(attempts, start=1):
                recorder.end(seq, attempt, "sent", SENT)
            while not recorder._writing:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.001)
            answers = await asyncio.gather(*(recorder.begin(seq, NOON) for seq in (101, 102)), return_exceptions=True)
            refused.extend(answer for answer in answers if isinstance(answer, JournalWriteError))

    with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
        began = time.perf_counter()
        with pytest.raises(JournalWriteError, match="locked"):
            await work()
        assert time.perf_counter() - began < 2
    assert len(refused) == 2
    assert ask(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(200,)]


@pytest.mark.parametrize("waits", [False, True], ids=["nobody has come", "somebody waits"])
async def test_announced_attempts_that_cannot_be_written_are_not_made(planned_path: Path, *, waits: bool) -> None:
    async def work() -> None:
        async with Recorder(planned_path, 1) as recorder:
            recorder._writer._connection.execute("PRAGMA query_only = ON")
            recorder.announce([7, 8], NOON)
            if waits:
                with pytest.raises(JournalWriteError, match="readonly"):
                    await recorder.begin(7, NOON)
            await until_written(recorder)
            with pytest.raises(JournalWriteError, match="readonly"):
                await recorder.begin(8, NOON)
            recorder._writer._connection.execute("PRAGMA query_only = OFF")

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert [ask(planned_path, STATUS, seq) for seq in (7, 8)] == [[("pending", 0)]] * 2


async def test_attempts_on_record_are_withdrawn_though_something_else_could_not_be_written(planned_path: Path) -> None:
    async def work() -> None:
        async with Recorder(planned_path, 1) as recorder:
            recorder.announce([7, 8], NOON)
            attempt = await recorder.begin(7, NOON)
            recorder._writer._connection.execute("PRAGMA query_only = ON")
            recorder.end(7, attempt, "sent", SENT)
            await until_written(recorder)
            assert recorder.failed
            recorder._writer._connection.execute("PRAGMA query_only = OFF")

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert [ask(planned_path, STATUS, seq) for seq in (7, 8)] == [[("sent", 1)], [("pending", 0)]]


async def test_attempts_announced_after_a_failure_are_not_put_on_record(planned_path: Path) -> None:
    async def work() -> None:
        async with Recorder(planned_path, 1) as recorder:
            recorder._writer.failure = JournalWriteError()
            recorder.announce([7], NOON)
            await until_written(recorder)

    with pytest.raises(JournalWriteError):
        await work()
    assert ask(planned_path, STATUS, 7) == [("pending", 0)]
    assert ask(planned_path, ATTEMPTS) == []

"""Reserved attempts: recorded before they are made, and withdrawn if they are not made."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal import Outcome, State
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.schema import connect
from campaign.journal.sqlite.writer import MOST_VALUES, RESERVED_PER_STATEMENT

from .planning import NOON, SENT, STATUS, query, until_written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from campaign.journal.records import Reservation


class ReservingLog(SqliteAttemptLog):
    """A log whose `begin` uses a reservation if there is one; the others are withdrawn on exit."""

    def __init__(self, path: Path, run: int) -> None:
        super().__init__(path, run)
        self._reserved: dict[int, Reservation] = {}

    def reserve(self, rows: Sequence[int], at: float) -> list[Reservation]:
        reserved = super().reserve([seq for seq in rows if seq not in self._reserved], at)
        self._reserved.update((each.seq, each) for each in reserved)
        return reserved

    async def begin(self, seq: int, at: float, what: str = "send") -> int:
        if seq not in self._reserved:
            return await super().begin(seq, at, what)
        await self.begin_reserved(self._reserved[seq])
        return self._reserved.pop(seq).attempt

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reservation in self._reserved.values():
            self.withdraw(reservation)
        await super().__aexit__(kind, error, trace)


ATTEMPTS = "SELECT seq, what, started_at, ended_at, outcome FROM attempt ORDER BY attempt"
SENDING = "SELECT seq FROM status WHERE state = 'sending' ORDER BY seq"


async def test_reserved_attempts_begin_without_a_commit_of_their_own(planned_path: Path, groups: list[int]) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([3, 4, 5], NOON)
        await until_written(log)
        assert query(planned_path, SENDING) == [(3,), (4,), (5,)]
        assert [await log.begin(seq, NOON + 9) for seq in (3, 4, 5)] == [1, 2, 3]
        assert groups == [1]
    assert query(planned_path, ATTEMPTS) == [(seq, "send", NOON, None, None) for seq in (3, 4, 5)]


async def test_a_reserved_attempt_is_on_disk_when_begin_returns(planned_path: Path, tmp_path: Path) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7, 8], NOON)
        assert query(planned_path, SENDING) == []
        await log.begin(7, NOON)
        for name in ("a.journal.db", "a.journal.db-wal"):  # the file as after a power cut
            shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert query(tmp_path / "copy-a.journal.db", SENDING) == [(7,), (8,)]


async def test_beginning_a_reserved_attempt_does_not_wait_for_the_group(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.group_commit.FLUSH_INTERVAL", 3600.0)
    async with ReservingLog(planned_path, 1) as log, asyncio.timeout(10):
        log.reserve([7, 8], NOON)
        beginning = [log.begin(seq, NOON) for seq in (7, 8, 9)]
        assert list(await asyncio.gather(*beginning)) == [1, 2, 3]


async def test_an_unused_reservation_leaves_no_attempt(planned_path: Path) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7, 8, 9], NOON)
        log.record_outcome(7, await log.begin(7, NOON), "sent", SENT)
    assert [query(planned_path, STATUS, seq) for seq in (7, 8, 9)] == [
        [("sent", 1)],
        [("pending", 0)],
        [("pending", 0)],
    ]
    assert query(planned_path, "SELECT at FROM status WHERE seq IN (8, 9)") == [(None,), (None,)]
    assert query(planned_path, ATTEMPTS) == [(7, "send", NOON, NOON + 1, "sent")]


@pytest.mark.parametrize(
    "count", [RESERVED_PER_STATEMENT, RESERVED_PER_STATEMENT + 1], ids=["one statement", "one more"]
)
async def test_many_rows_are_reserved_together_on_any_sqlite(
    planned_path: Path, groups: list[int], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_to_an_old_sqlite(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, MOST_VALUES)
        return connection

    monkeypatch.setattr("campaign.journal.sqlite.attempt_log.connect", connect_to_an_old_sqlite)
    rows = range(1, count + 1)
    async with ReservingLog(planned_path, 1) as log:
        log.reserve(rows, NOON)
        await until_written(log)
        assert query(planned_path, SENDING) == [(seq,) for seq in rows]
        assert [await log.begin(seq, NOON) for seq in rows] == list(rows)
        assert groups == [1]
    assert query(planned_path, ATTEMPTS) == [(seq, "send", NOON, None, None) for seq in rows]


async def test_a_reservation_is_on_record_whole_or_not_at_all(planned_path: Path) -> None:
    with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER no_room BEFORE UPDATE ON status WHEN NEW.seq = 400 "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    log = ReservingLog(planned_path, 1)
    await log.__aenter__()
    log.reserve(range(1, 500), NOON)
    with pytest.raises(JournalError, match="no room"):
        await log.begin(1, NOON)
    with pytest.raises(JournalError, match="no room"):
        await log.__aexit__(None, None, None)
    assert (query(planned_path, SENDING), query(planned_path, ATTEMPTS)) == ([], [])


async def test_a_row_is_reserved_once(planned_path: Path) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7, 8], NOON)
        log.reserve([8, 9], NOON)
        assert [await log.begin(seq, NOON) for seq in (7, 8, 9)] == [1, 2, 3]
    assert query(planned_path, "SELECT attempts FROM status WHERE seq IN (7, 8, 9)") == [(1,)] * 3


async def test_the_second_attempt_of_a_reserved_row_is_recorded_separately(planned_path: Path) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7], NOON)
        log.record_outcome(7, await log.begin(7, NOON), "not_taken", Outcome(State.PENDING, at=NOON + 1))
        assert await log.begin(7, NOON + 2) == 2
        assert query(planned_path, STATUS, 7) == [("sending", 2)]


async def test_with_reservations_outcomes_are_grouped_for_some_milliseconds(
    planned_path: Path, groups: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    call_later, delays = loop.call_later, []

    def noted(delay: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        delays.append(delay)
        return call_later(delay, callback, *args)

    async with ReservingLog(planned_path, 1) as log:
        log.reserve(range(1, 11), NOON)
        attempts = [await log.begin(seq, NOON) for seq in range(1, 10)]
        monkeypatch.setattr(loop, "call_later", noted)
        for seq, attempt in enumerate(attempts, start=1):
            log.record_outcome(seq, attempt, "sent", SENT)
            await asyncio.sleep(0)
        await until_written(log)
        assert delays[0] < 0.05
    assert groups == [1, 9, 1]
    with SqliteJournal.open(planned_path) as journal:
        assert len(list(journal.results(1, (State.SENT,)))) == 9


async def test_a_reserved_attempt_that_is_cancelled_is_withdrawn_and_leaves_the_others_alone(
    planned_path: Path,
) -> None:
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7, 8], NOON)
        beginning = [asyncio.ensure_future(log.begin(seq, NOON)) for seq in (7, 8)]
        await asyncio.sleep(0)
        beginning[0].cancel()
        assert await beginning[1] == 2
    assert beginning[0].cancelled()
    assert query(planned_path, SENDING) == [(8,)]
    assert query(planned_path, STATUS, 7) == [("pending", 0)]


async def test_no_attempt_begins_while_a_commit_takes_unusually_long(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.group_commit.SLOW_COMMIT", 0.0)
    async with ReservingLog(planned_path, 1) as log:
        log.reserve([7, 8, 9], NOON)
        first = await log.begin(7, NOON)
        with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            log.record_outcome(7, first, "sent", SENT)
            while not log._writing:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
            beginning = asyncio.ensure_future(log.begin(8, NOON))
            await asyncio.sleep(0.02)
            assert not beginning.done()
            other.execute("ROLLBACK")
        assert await beginning == 2
        assert query(planned_path, STATUS, 7) == [("sent", 1)]


async def test_a_locked_journal_delays_neither_the_stop_nor_the_end(
    planned_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.journal.group_commit.SLOW_COMMIT", 0.0)
    monkeypatch.setattr("campaign.journal.sqlite.writer.SHORT_TIMEOUT", 1)
    refused: list[BaseException] = []

    async def work() -> None:
        async with ReservingLog(planned_path, 1) as log:
            log._writer._connection.execute("PRAGMA busy_timeout = 50")
            log.reserve(range(1, 201), NOON)
            attempts = [await log.begin(seq, NOON) for seq in range(1, 101)]
            other.execute("BEGIN IMMEDIATE")
            for seq, attempt in enumerate(attempts, start=1):
                log.record_outcome(seq, attempt, "sent", SENT)
            while not log._writing:  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
            responses = await asyncio.gather(*(log.begin(seq, NOON) for seq in (101, 102)), return_exceptions=True)
            refused.extend(response for response in responses if isinstance(response, JournalWriteError))

    with closing(sqlite3.connect(planned_path, isolation_level=None)) as other:
        began = time.perf_counter()
        with pytest.raises(JournalWriteError, match="locked"):
            await work()
        assert time.perf_counter() - began < 2
    assert len(refused) == 2
    assert query(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(200,)]


@pytest.mark.parametrize("waits", [False, True], ids=["none waits", "one waits"])
async def test_reserved_attempts_that_cannot_be_written_are_not_made(planned_path: Path, *, waits: bool) -> None:
    async def work() -> None:
        async with ReservingLog(planned_path, 1) as log:
            log._writer._connection.execute("PRAGMA query_only = ON")
            log.reserve([7, 8], NOON)
            if waits:
                with pytest.raises(JournalWriteError, match="readonly"):
                    await log.begin(7, NOON)
            await until_written(log)
            with pytest.raises(JournalWriteError, match="readonly"):
                await log.begin(8, NOON)
            log._writer._connection.execute("PRAGMA query_only = OFF")

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert [query(planned_path, STATUS, seq) for seq in (7, 8)] == [[("pending", 0)]] * 2


async def test_recorded_reservations_are_withdrawn_after_another_write_failed(planned_path: Path) -> None:
    async def work() -> None:
        async with ReservingLog(planned_path, 1) as log:
            log.reserve([7, 8], NOON)
            attempt = await log.begin(7, NOON)
            log._writer._connection.execute("PRAGMA query_only = ON")
            log.record_outcome(7, attempt, "sent", SENT)
            await until_written(log)
            assert log.failed
            log._writer._connection.execute("PRAGMA query_only = OFF")

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert [query(planned_path, STATUS, seq) for seq in (7, 8)] == [[("sent", 1)], [("pending", 0)]]


async def test_attempts_reserved_after_a_failure_are_not_recorded(planned_path: Path) -> None:
    async def work() -> None:
        async with ReservingLog(planned_path, 1) as log:
            log._writer.failure = JournalWriteError()
            log.reserve([7], NOON)
            await until_written(log)

    with pytest.raises(JournalWriteError):
        await work()
    assert query(planned_path, STATUS, 7) == [("pending", 0)]
    assert query(planned_path, ATTEMPTS) == []

"""A journal that cannot be written or read during a delivery."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.schema import cannot_write

from .planning import NOON, SENT, STATUS, execute, query, until_written


@pytest.mark.parametrize(
    ("pragma", "why"),
    [("query_only = ON", "attempt to write a readonly database"), ("max_page_count = 1", "database or disk is full")],
    ids=["read-only", "full"],
)
async def test_an_attempt_that_cannot_be_written_is_refused(planned_path: Path, pragma: str, why: str) -> None:
    refused: list[BaseException] = []

    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            log._writer._connection.execute(f"PRAGMA {pragma}")
            beginning = [log.begin(seq, NOON) for seq in range(1, 501)]
            responses = await asyncio.gather(*beginning, return_exceptions=True)
            refused.extend(response for response in responses if isinstance(response, JournalWriteError))
            assert log.failed

    with pytest.raises(JournalWriteError, match=why):
        await work()
    assert refused
    assert query(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(500 - len(refused),)]


async def read_only_when_one_ends(log: SqliteAttemptLog) -> int:
    """Begin rows 1 and 2, and fail the write of row 1's outcome. Returns row 2's attempt."""
    first, second = [await log.begin(seq, NOON) for seq in (1, 2)]
    log._writer._connection.execute("PRAGMA query_only = ON")
    log.record_outcome(1, first, "sent", SENT)
    await until_written(log)
    assert log.failed
    return second


async def test_after_a_lost_outcome_no_attempt_begins_even_with_free_space(planned_path: Path) -> None:
    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            await read_only_when_one_ends(log)
            log._writer._connection.execute("PRAGMA query_only = OFF")
            with pytest.raises(JournalWriteError, match="readonly"):
                await log.begin(3, NOON)

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert query(planned_path, STATUS, 1) + query(planned_path, STATUS, 3) == [("sent", 1), ("pending", 0)]


async def test_waiting_attempts_are_refused_once_the_writer_has_failed(planned_path: Path) -> None:
    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            first = await log.begin(1, NOON)
            log._writer._connection.execute("PRAGMA query_only = ON")
            log.record_outcome(1, first, "sent", SENT)
            await asyncio.sleep(0)  # the writer thread has taken it
            beginning = [asyncio.ensure_future(log.begin(seq, NOON)) for seq in (2, 3, 4)]
            await until_written(log)
            log._writer._connection.execute("PRAGMA query_only = OFF")
            refused = await asyncio.gather(*beginning, return_exceptions=True)
            assert [type(each) for each in refused] == [JournalWriteError] * 3

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    sending = query(planned_path, "SELECT count(*) FROM status WHERE state = 'sending'")
    assert query(planned_path, STATUS, 1) + sending == [("sent", 1), (0,)]


async def test_an_outcome_that_cannot_be_written_does_not_block_the_others(planned_path: Path) -> None:
    execute(
        planned_path,
        "CREATE TRIGGER odd BEFORE UPDATE ON status WHEN NEW.seq = 1 AND NEW.state = 'sent' "
        "BEGIN SELECT raise(ABORT, 'odd'); END",
    )

    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            for seq, attempt in [(seq, await log.begin(seq, NOON)) for seq in (1, 2, 3)]:
                log.record_outcome(seq, attempt, "sent", SENT)

    with pytest.raises(JournalError, match="odd"):
        await work()
    assert [query(planned_path, STATUS, seq) for seq in (1, 2, 3)] == [[("sending", 1)], [("sent", 1)], [("sent", 1)]]


async def test_outcomes_are_written_once_writing_is_possible_again(planned_path: Path) -> None:
    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            attempt = await read_only_when_one_ends(log)
            log._writer._connection.execute("PRAGMA query_only = OFF")
            log.record_outcome(2, attempt, "sent", SENT)

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert query(planned_path, STATUS, 1) + query(planned_path, STATUS, 2) == [("sent", 1), ("sent", 1)]


def test_a_locked_journal_does_not_suggest_freeing_space() -> None:
    error = cannot_write(Path("a.journal.db"), "database is locked")
    assert "close the program that has it open, and try again" in str(error)


async def test_an_outcome_lost_at_the_end_is_raised_on_close(planned_path: Path) -> None:
    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            attempt = await log.begin(7, NOON)
            log._writer._connection.execute("PRAGMA query_only = ON")
            log.record_outcome(7, attempt, "sent", SENT)

    with pytest.raises(JournalWriteError, match="try again"):
        await work()


async def test_a_lost_outcome_does_not_hide_another_error(planned_path: Path) -> None:
    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            log._writer._connection.execute("PRAGMA query_only = ON")
            log.record_outcome(7, 1, "sent", SENT)
            raise ZeroDivisionError("now")

    with pytest.raises(ZeroDivisionError, match="now"):
        await work()


async def test_a_journal_that_lost_a_table_cannot_be_delivered(planned_path: Path) -> None:
    execute(planned_path, "DROP TABLE attempt")
    with pytest.raises(JournalError, match="no such table: attempt"):
        async with SqliteAttemptLog(planned_path, 1):
            pytest.fail("it was opened")


async def test_damage_further_down_is_an_error_when_it_is_read(planned_path: Path) -> None:
    with planned_path.open("r+b") as file:
        file.truncate(4096 * 8)

    async def work() -> None:
        async with SqliteAttemptLog(planned_path, 1) as log:
            await log.waiting(0, 500)

    with pytest.raises(JournalError, match="is damaged"):
        await work()

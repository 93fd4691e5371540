from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalError, JournalWriteError
from campaign.journal import Journal, Outcome, Recorder, State
from campaign.journal.recorder import LARGEST_GROUP

from .planning import ask, planned, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON = 1_800_000_000.0
SENT = Outcome(State.SENT, message_id="abc", http_status=200, at=NOON + 1, latency=0.5)
STATUS = "SELECT state, attempts FROM status WHERE run = 1 AND seq = ?"
ATTEMPTS = "SELECT seq, what, started_at, ended_at, outcome, http_status, detail FROM attempt ORDER BY attempt"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned(tmp_path / "a.journal.db", 500)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens on the writer thread, ten seconds at most."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - another thread has no event for us
            await asyncio.sleep(0.001)


async def until_written(recorder: Recorder) -> None:
    """Everything that was submitted before is on disk."""
    await recorder.waiting(0, 0)


async def test_an_attempt_is_on_disk_when_begin_returns(path: Path, tmp_path: Path) -> None:
    async with Recorder(path, 1) as recorder:
        await recorder.begin(7, NOON)
        assert ask(path, STATUS, 7) == [("sending", 1)]
        for name in ("a.journal.db", "a.journal.db-wal"):  # what a power cut would leave
            shutil.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert ask(tmp_path / "copy-a.journal.db", STATUS, 7) == [("sending", 1)]
    assert ask(tmp_path / "copy-a.journal.db", ATTEMPTS) == [(7, "send", NOON, None, None, None, None)]


async def test_an_outcome_is_on_record_with_all_that_is_known(path: Path) -> None:
    outcome = Outcome(State.FAILED, "room-closed", "the conversation is closed", None, 400, NOON + 1, 0.5)
    async with Recorder(path, 1) as recorder:
        recorder.end(7, await recorder.begin(7, NOON), "refused", outcome)
    assert ask(path, ATTEMPTS) == [(7, "send", NOON, NOON + 1, "refused", 400, "the conversation is closed")]
    with Journal.open(path) as journal:
        (result,) = journal.results(1, (State.FAILED,))
    assert result[2:] == (State.FAILED, "room-closed", "the conversation is closed", None, 400, 1, NOON + 1, 0.5)


async def test_an_outcome_is_there_for_others_within_fifty_milliseconds(path: Path) -> None:
    async def seconds(recorder: Recorder, seq: int) -> float:
        attempt = await recorder.begin(seq, NOON)
        began = time.perf_counter()
        recorder.end(seq, attempt, "sent", SENT)
        await until(lambda: ask(path, STATUS, seq) == [("sent", 1)])
        return time.perf_counter() - began

    async with Recorder(path, 1) as recorder:
        assert min([await seconds(recorder, seq) for seq in range(1, 6)]) < 0.05


async def test_a_read_back_is_a_request_of_its_own(path: Path) -> None:
    async with Recorder(path, 1) as recorder:
        attempt = await recorder.begin(7, NOON)
        recorder.end(7, attempt, "unclear", Outcome(State.SENDING, "unclear", "reset", at=NOON + 1))
        recorder.asked(7, NOON + 2, "sent", SENT)
    assert [row[:2] for row in ask(path, ATTEMPTS)] == [(7, "send"), (7, "read-back")]
    assert ask(path, STATUS, 7) == [("sent", 1)]
    with Journal.open(path) as journal:
        assert journal.tally(1).requests == 2


async def test_attempts_are_numbered_on_from_the_last_delivery(path: Path) -> None:
    numbers = []
    for _ in range(3):
        async with Recorder(path, 1) as recorder:
            numbers += [await recorder.begin(1, NOON), await recorder.begin(2, NOON)]
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert ask(path, STATUS, 1) == [("sending", 3)]


async def test_rows_that_wait_come_in_pages(path: Path) -> None:
    async with Recorder(path, 1) as recorder:
        for seq, outcome in ((1, SENT), (3, Outcome(State.PENDING))):
            recorder.end(seq, await recorder.begin(seq, NOON), "x", outcome)
        await recorder.begin(2, NOON)
        first = await recorder.waiting(0, 3)
        assert [(row.seq, row.cut_off, row.attempts) for row in first] == [(2, True, 1), (3, False, 1), (4, False, 0)]
        assert (first[0].row, first[0].destination, first[0].body) == (3, "t/r3", b'{"msg":"3"}')
        assert [row.seq for row in await recorder.waiting(498, 100)] == [499, 500]
        assert await recorder.waiting(500, 100) == []


async def test_only_the_run_in_hand_is_read(path: Path) -> None:
    planned(path, 3)
    async with Recorder(path, 2) as recorder:
        assert len(await recorder.waiting(0, 100)) == 3
        await recorder.begin(1, NOON)
    assert ask(path, STATUS, 1) == [("pending", 0)]


async def test_many_attempts_share_a_commit(path: Path) -> None:
    statements: list[str] = []
    async with Recorder(path, 1) as recorder:
        recorder._connection.set_trace_callback(statements.append)
        await asyncio.gather(*(recorder.begin(seq, NOON) for seq in range(1, 501)))
        recorder._connection.set_trace_callback(None)
    assert statements.count("COMMIT") < 50
    assert ask(path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(500,)]


async def test_what_is_left_is_written_when_it_closes(path: Path) -> None:
    count = 3 * LARGEST_GROUP
    async with Recorder(path, 1) as recorder:
        attempt = await recorder.begin(1, NOON)
        for number in range(count):
            recorder.end(1, attempt, "sent", SENT._replace(message_id=f"id {number}"))
    assert ask(path, "SELECT message_id FROM status WHERE seq = 1") == [(f"id {count - 1}",)]


async def test_a_cancelled_attempt_may_be_on_record_without_having_been_made(path: Path) -> None:
    async with Recorder(path, 1) as recorder:
        beginning = asyncio.ensure_future(recorder.begin(7, NOON))
        await asyncio.sleep(0)
        beginning.cancel()
        await until_written(recorder)
    assert ask(path, STATUS, 7) == [("sending", 1)]
    assert beginning.cancelled()


async def test_outcomes_are_written_although_the_delivery_was_cancelled(path: Path) -> None:
    ended = asyncio.Event()

    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            recorder.end(7, await recorder.begin(7, NOON), "sent", SENT)
            ended.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await ended.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await task
    assert ask(path, STATUS, 7) == [("sent", 1)]


@pytest.mark.parametrize(
    ("pragma", "why"),
    [("query_only = ON", "attempt to write a readonly database"), ("max_page_count = 1", "database or disk is full")],
    ids=["read-only", "full"],
)
async def test_an_attempt_that_cannot_be_written_is_refused(path: Path, pragma: str, why: str) -> None:
    refused: list[BaseException] = []

    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            recorder._connection.execute(f"PRAGMA {pragma}")
            beginning = [recorder.begin(seq, NOON) for seq in range(1, 501)]
            answers = await asyncio.gather(*beginning, return_exceptions=True)
            refused.extend(answer for answer in answers if isinstance(answer, JournalWriteError))
            assert recorder.failed

    with pytest.raises(JournalWriteError, match=why):
        await work()
    assert refused
    assert ask(path, "SELECT count(*) FROM status WHERE state = 'sending'") == [(500 - len(refused),)]


async def read_only_when_one_ends(recorder: Recorder) -> int:
    """Rows 1 and 2 are begun, and the journal cannot be written when row 1 ends. Gives row 2's attempt."""
    first, second = [await recorder.begin(seq, NOON) for seq in (1, 2)]
    recorder._connection.execute("PRAGMA query_only = ON")
    recorder.end(1, first, "sent", SENT)
    with pytest.raises(JournalWriteError, match="readonly"):
        await until_written(recorder)
    return second


async def test_after_an_outcome_is_lost_no_attempt_begins_even_if_there_is_room_again(path: Path) -> None:
    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            await read_only_when_one_ends(recorder)
            recorder._connection.execute("PRAGMA query_only = OFF")
            with pytest.raises(JournalWriteError, match="readonly"):
                await recorder.begin(3, NOON)

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert ask(path, STATUS, 1) + ask(path, STATUS, 3) == [("sending", 1), ("pending", 0)]


async def test_outcomes_are_still_written_where_that_is_possible_again(path: Path) -> None:
    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            attempt = await read_only_when_one_ends(recorder)
            recorder._connection.execute("PRAGMA query_only = OFF")
            recorder.end(2, attempt, "sent", SENT)

    with pytest.raises(JournalWriteError, match="readonly"):
        await work()
    assert ask(path, STATUS, 1) + ask(path, STATUS, 2) == [("sending", 1), ("sent", 1)]


async def test_an_outcome_lost_at_the_very_end_is_said_on_closing(path: Path) -> None:
    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            attempt = await recorder.begin(7, NOON)
            recorder._connection.execute("PRAGMA query_only = ON")
            recorder.end(7, attempt, "sent", SENT)

    with pytest.raises(JournalWriteError, match="go on with `campaign resume`"):
        await work()


async def test_a_greater_error_is_not_hidden_by_a_lost_outcome(path: Path) -> None:
    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            recorder._connection.execute("PRAGMA query_only = ON")
            recorder.end(7, 1, "sent", SENT)
            raise ZeroDivisionError("now")

    with pytest.raises(ZeroDivisionError, match="now"):
        await work()


async def test_half_a_character_from_a_server_does_no_harm(path: Path) -> None:
    odd = Outcome(State.FAILED, "cut \ud83d", "cut \ud83d", "id \udcff", 400, NOON, 0.1)
    async with Recorder(path, 1) as recorder:
        recorder.end(1, await recorder.begin(1, NOON), "refused", odd)
        recorder.asked(2, NOON, "absent", odd)
    with Journal.open(path) as journal:
        results = list(journal.results(1, (State.FAILED,)))
    assert [(result.kind, result.reason, result.message_id) for result in results] == [("cut ?", "cut ?", "id ?")] * 2


async def test_a_journal_that_lost_a_table_cannot_be_delivered(path: Path) -> None:
    tell(path, "DROP TABLE attempt")
    with pytest.raises(JournalError, match="no such table: attempt"):
        async with Recorder(path, 1):
            pytest.fail("it was opened")


async def test_a_journal_damaged_further_down_is_said_when_it_is_read(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096 * 8)

    async def work() -> None:
        async with Recorder(path, 1) as recorder:
            await recorder.waiting(0, 500)

    with pytest.raises(JournalError, match="is damaged"):
        await work()

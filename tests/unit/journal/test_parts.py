"""Parts of a run in PostgreSQL: what one worker holds, and what another may do once it has taken over."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from campaign.errors import JournalBusyError
from campaign.journal import Outcome, State
from campaign.journal.cluster import HeldPart, LeaseTimes, OpenRun, Order
from campaign.journal.events import begun, ended, withdrawn
from campaign.journal.postgres import PostgresJournal, orders
from campaign.journal.postgres.attempt_log import PostgresWriter
from campaign.journal.postgres.cluster import ClusterStore
from campaign.journal.postgres.open_runs import open_runs
from campaign.review.summary import reason_line
from campaign.runs import Report

from .planning import NOON, SENT, message, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal.orders import Orders

DOUBT = Outcome(State.IN_DOUBT, "unclear", "no answer", at=NOON + 2)
NOT_SENT = Outcome(State.PENDING, "unreachable", "held back", at=NOON + 2)


@pytest.fixture
def journal(postgres: str) -> Iterator[PostgresJournal]:
    """A journal whose run 1 has three rows, of one destination."""
    with PostgresJournal.open(postgres, uuid.uuid4().hex) as opened:
        plan(opened, [message(row)._replace(destination="t/r") for row in (2, 3, 4)])
        yield opened


@pytest.fixture
def store(postgres: str) -> Iterator[ClusterStore]:
    opened = ClusterStore.open(postgres)
    yield opened
    opened.close()


def place(journal: PostgresJournal, **asked: Any) -> OpenRun:  # noqa: ANN401 - of an order
    record = journal.run(1)
    assert record is not None
    order = orders_of(journal).place(1, Order(record.manifest, **asked))
    (found,) = [each for each in open_runs(journal._database) if each.order == order]
    return found


def orders_of(journal: PostgresJournal) -> Orders:
    return journal.orders()


def take(store: ClusterStore, run: OpenRun, worker: int, *, settles: bool = True) -> HeldPart | None:
    """Take over the part that has the rows."""
    found = store._database.row("SELECT min(shard) FROM campaign.message WHERE run = %s", (run.key,))
    assert found is not None
    return store.take_over(run, found[0] % run.jobs, (worker, "w"), lambda _: settles)


class Writing:
    """A writer of a part, whose groups are written at once in the caller's thread."""

    def __init__(self, store: ClusterStore, part: HeldPart | None) -> None:
        assert part is not None
        loop = asyncio.new_event_loop()
        self.writer = PostgresWriter(store._database, part.key, part.epochs, loop)
        self.writer.close()
        loop.close()

    def __call__(self, *events: Any) -> None:  # noqa: ANN401 - lines
        self.writer.write_group(events)


def states(journal: PostgresJournal) -> list[State]:
    return [result.state for result in journal.results(1)]


def lose(store: ClusterStore, worker: int) -> None:
    """Let a worker have said nothing for a lease."""
    with store._database.transaction() as connection:
        connection.execute(
            "UPDATE campaign.worker SET beat_at = beat_at - interval '1 hour' WHERE worker = %s", (worker,)
        )


async def waiting(store: ClusterStore, run: OpenRun, part: HeldPart | None) -> list[int]:
    assert part is not None
    async with (
        store.attempt_log(run) as shared,
        store.journal(run, part, shared).attempt_log(1, part.retry, rows=part.rows) as log,
    ):
        return [row.seq for row in await log.waiting(0, 10)]


async def test_a_part_that_ends_has_everything_on_record_and_leaves_nothing_behind(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    part = take(store, run, one)
    assert part is not None
    async with store.attempt_log(run) as shared:
        async with store.journal(run, part, shared).attempt_log(1) as log:
            attempt = await log.begin((await log.waiting(0, 1))[0].seq, NOON)
            log.record_outcome(1, attempt, "accepted", Outcome(State.SENT, "", "", at=NOON + 1))
        assert states(journal) == [State.SENT, State.PENDING, State.PENDING]
        store.give_back(part.key, part.epochs)
        two = store.register("two", journal.campaign)
        other = take(store, run, two)
        assert other is not None
        Writing(store, other)(begun(7, 1, 2, NOON + 2), ended(7, 1, 2, "never_left", NOT_SENT))
        store.give_back(other.key, other.epochs)
        again = take(store, run, one)
        assert again is not None
        async with store.journal(run, again, shared).attempt_log(1) as log:
            assert [row.attempts for row in await log.waiting(1, 2)] == [1, 0]
            await log.begin(2, NOON + 3)
            assert not log.failed
            log.retract(2, 1, State.PENDING)


async def test_a_look_up_counts_although_a_part_before_is_anothers_by_now(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    before = take(store, run, one)
    assert before is not None
    job = next(job for job in range(run.jobs) if before.epochs.keys().isdisjoint(store.shards_of(run, job)))
    part = store.take_over(run, job, (one, "w"), lambda _: True)
    assert part is not None
    async with store.attempt_log(run) as shared:
        async with store.journal(run, before, shared).attempt_log(1):
            pass
        store.give_back(before.key, before.epochs)
        assert take(store, run, store.register("two", journal.campaign)) is not None
        async with store.journal(run, part, shared).attempt_log(1) as log:
            log.record_look_up(NOON, "found", Outcome(State.SENT, "", "", at=NOON + 1))
        assert not shared.failed


async def test_a_part_that_is_anothers_ends_all_that_a_worker_has_of_the_run(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    part = take(store, run, one)
    assert part is not None
    lose(store, one)
    with pytest.raises(JournalBusyError):  # noqa: PT012 - leaving it raises
        async with store.attempt_log(run) as shared, store.journal(run, part, shared).attempt_log(1) as log:
            await log.waiting(0, 1)
            assert take(store, run, store.register("two", journal.campaign)) is not None
            with pytest.raises(JournalBusyError):
                await log.begin(1, NOON)
            assert log.failed
    assert states(journal) == [State.PENDING] * 3


def test_what_a_living_worker_holds_is_not_taken(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one, two = place(journal), store.register("one", journal.campaign), store.register("two", journal.campaign)
    assert take(store, run, one) is not None
    assert take(store, run, two) is None
    assert store.beat(one, 1.0) is False
    lose(store, one)
    assert take(store, run, two) is not None


def test_a_worker_that_was_silent_for_a_lease_is_lost_for_good(journal: PostgresJournal, store: ClusterStore) -> None:
    one = store.register("one", journal.campaign)
    lose(store, one)
    assert one not in [each.number for each in store.workers()]
    store.expire()
    assert store.beat(one, None) is None


def test_a_beat_that_comes_after_a_takeover_renews_nothing(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    two = store.register("two", journal.campaign)
    assert take(store, run, one) is not None
    lose(store, one)
    assert take(store, run, two) is not None
    assert store.beat(one, None) is None


def test_a_beat_that_comes_before_a_takeover_prevents_it(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    two = store.register("two", journal.campaign)
    assert take(store, run, one) is not None
    lose(store, one)
    assert store.beat(one, None) is False
    assert take(store, run, two) is None


def test_a_takeover_settles_what_was_cut_off(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one, two = place(journal), store.register("one", journal.campaign), store.register("two", journal.campaign)
    write = Writing(store, take(store, run, one))
    write(begun(7, 1, 1, NOON))
    lose(store, one)
    assert take(store, run, two) is not None
    assert states(journal) == [State.IN_DOUBT, State.PENDING, State.PENDING]
    with pytest.raises(JournalBusyError, match="is at work on it"):
        write(begun(8, 1, 2, NOON))


@pytest.mark.parametrize(
    ("outcome", "result", "then"),
    [
        (SENT, "sent", (State.SENT, "")),
        (DOUBT, "unclear", (State.IN_DOUBT, "unclear")),
        (NOT_SENT, "unreachable", (State.IN_DOUBT, "never left")),
        (NOT_SENT._replace(kind="not_taken"), "not_taken", (State.IN_DOUBT, "not_taken")),
    ],
    ids=["sent", "lost", "never left", "throttled"],
)
def test_what_comes_late_says_why_a_row_is_in_doubt_or_settles_it(
    journal: PostgresJournal, store: ClusterStore, *, outcome: Outcome, result: str, then: tuple[State, str]
) -> None:
    run, one, two = place(journal), store.register("one", journal.campaign), store.register("two", journal.campaign)
    write = Writing(store, take(store, run, one))
    write(begun(7, 1, 1, NOON))
    lose(store, one)
    take(store, run, two)
    write(ended(7, 1, 1, result, outcome))
    (first, *_) = journal.results(1)
    assert (first.state, first.kind) == then
    assert [made.result for made in journal.attempts(1)] == [result]


def test_a_row_that_its_successor_reads_back_stays_as_it_is(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one, two = place(journal), store.register("one", journal.campaign), store.register("two", journal.campaign)
    write = Writing(store, take(store, run, one, settles=False))
    write(begun(7, 1, 1, NOON), begun(8, 1, 2, NOON))
    lose(store, one)
    successor = Writing(store, take(store, run, two, settles=False))
    write(ended(7, 1, 1, "unreachable", NOT_SENT), withdrawn(8, 1, 2))
    assert states(journal) == [State.SENDING, State.SENDING, State.PENDING]
    successor(begun(9, 1, 1, NOON + 5), ended(9, 1, 1, "sent", SENT))
    assert states(journal)[0] is State.SENT


async def test_a_part_has_its_own_rows_up_to_the_limit(journal: PostgresJournal, store: ClusterStore) -> None:
    run = place(journal, limit=2, early_end="enough")
    part = take(store, run, store.register("one", journal.campaign))
    assert await waiting(store, run, part) == [1, 2]
    other = store.take_over(run, 1 - next(iter(part.epochs if part else ())) % run.jobs, (2, "w"), lambda _: True)
    assert other is None or await waiting(store, run, other) == []


async def test_rows_are_sent_again_once_however_often_their_part_is_taken_over(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    first = Writing(store, HeldPart(journal.runs()[0], journal._key(1), _local(journal), (), (), None))
    failed = Outcome(State.FAILED, "refused", "no", at=NOON)
    first(begun(1, 1, 1, NOON), begun(2, 1, 2, NOON), begun(3, 1, 3, NOON))
    first(ended(1, 1, 1, "refused", failed), ended(2, 1, 2, "refused", failed), ended(3, 1, 3, "sent", SENT))
    run = place(journal, retry=(State.FAILED,), rows=(range(2, 3), range(4, 5)))
    one, two = store.register("one", journal.campaign), store.register("two", journal.campaign)
    part = take(store, run, one)
    assert await waiting(store, run, part) == [1]
    write = Writing(store, part)
    write(begun(9, 1, 1, NOON + 5))
    write(ended(9, 1, 1, "refused", failed))
    lose(store, one)
    assert await waiting(store, run, take(store, run, two)) == []


def _local(journal: PostgresJournal) -> dict[int, int]:
    session = journal.begin_session(1)
    return dict(journal._epochs[session])


def test_the_last_part_ends_the_run_whoever_gives_it_back(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    for job in range(run.jobs):
        part = store.take_over(run, job, (one, "one"), lambda _: True)
        assert part is not None
        write = Writing(store, part)
        for seq in [1, 2, 3] if _has_rows(store, run, part) else []:
            write(begun(seq, 1, seq, NOON), ended(seq, 1, seq, "sent", SENT))
        assert orders_of(journal).state(1).open
        assert store.give_back(part.key, part.epochs)
        ended_now = store.end_orders()
    assert (run.order, journal.campaign, 1, True) in ended_now
    assert store.end_orders() == []
    state = orders_of(journal).state(1)
    assert (state.open, state.whole, state.stop_reason) == (False, True, None)
    assert store.take_over(run, 0, (one, "one"), lambda _: True) is None


def _has_rows(store: ClusterStore, run: OpenRun, part: HeldPart) -> bool:
    found = store._database.row("SELECT min(shard) FROM campaign.message WHERE run = %s", (run.key,))
    return found is not None and found[0] in part.epochs


def test_a_part_with_rows_that_wait_is_not_done(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    part = take(store, run, one)
    assert part is not None
    assert store.left_behind(one) == {run.key: part.epochs}
    assert not store.give_back(part.key, part.epochs)
    assert store.left_behind(one) == {}
    assert len(store.free_jobs(run)) == run.jobs


def test_a_run_that_is_to_stop_ends_once_nobody_holds_it(journal: PostgresJournal, store: ClusterStore) -> None:
    run, one = place(journal), store.register("one", journal.campaign)
    part = take(store, run, one)
    assert part is not None
    assert orders_of(journal).stop("enough")
    assert orders_of(journal).state(1).open
    store.give_back(part.key, part.epochs)
    assert (run.order, journal.campaign, 1, False) in store.end_orders()
    assert orders_of(journal).state(1)[1:4] == (False, False, "enough")
    assert not orders_of(journal).stop("again")


def test_what_a_worker_that_leaves_still_has_under_way_is_waited_for(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    run = place(journal)
    part = take(store, run, store.register("leaves", journal.campaign))
    assert part is not None
    assert store.drain("leaves") == 1
    assert orders_of(journal).workers() == []
    busy = pytest.raises(JournalBusyError, match=r"is being delivered by workers \(leaves\)")
    with busy, journal.exclusive():
        pass
    store.give_back(part.key, part.epochs)
    with journal.exclusive():
        journal.begin_session(1)
        assert open_runs(journal._database) == [each for each in store.open_runs() if each.key != run.key]


def test_a_journal_whose_workers_are_gone_can_be_held_again(journal: PostgresJournal, store: ClusterStore) -> None:
    one = store.register("one", journal.campaign)
    place(journal)
    with pytest.raises(JournalBusyError, match=r"is being delivered by workers \(one\)"), journal.exclusive():
        pass
    assert journal.holder() is not None
    lose(store, one)
    with journal.exclusive():
        assert orders_of(journal).state(1).open
        store.register("two", journal.campaign)
        with pytest.raises(JournalBusyError, match=r"is being delivered by workers \(two\)"):
            journal.begin_session(1)
        with pytest.raises(JournalBusyError, match=r"is being delivered by workers \(two\)"):
            journal.leave_unsent(1, "abandoned")
        assert orders_of(journal).state(1).open


def test_a_delivery_ends_what_its_run_asks_of_workers(journal: PostgresJournal, store: ClusterStore) -> None:
    one = store.register("one", journal.campaign)
    run = place(journal)
    lose(store, one)
    with journal.exclusive():
        session = journal.begin_session(1)
        assert not orders_of(journal).state(1).open
        assert take(store, run, store.register("two", journal.campaign)) is None
        journal.check_session(session)


def test_what_is_cut_off_in_a_shard_of_a_worker_may_be_under_way(journal: PostgresJournal, store: ClusterStore) -> None:
    one = store.register("one", journal.campaign)
    part = take(store, place(journal), one)
    assert part is not None
    with journal._database.transaction() as connection:
        connection.execute("UPDATE campaign.status SET state = 'sending' WHERE run = %s", (part.key,))
    journal.mark_cut_off_in_doubt(1)
    (count,) = journal._database.row(
        "SELECT count(*) FROM campaign.status WHERE state = 'sending' AND run = %s", (part.key,)
    ) or (0,)
    assert count
    lose(store, one)
    journal.mark_cut_off_in_doubt(1)
    assert not journal.tally(1).count(State.SENDING)


@pytest.mark.parametrize(("rows", "jobs"), [(0, 16), (3200, 16), (3201, 32), (10_000, 64), (1_000_000, 64)])
def test_a_run_has_16_to_64_jobs(rows: int, jobs: int) -> None:
    assert orders.jobs_for(rows) == jobs
    shards = [shard for job in range(jobs) for shard in orders.shards_of(job, jobs)]
    assert sorted(shards) == list(range(256))


def test_a_lease_leaves_room_for_a_request_and_three_beats() -> None:
    times = LeaseTimes(60.0)
    assert (times.beat, times.margin, times.longest_timeout) == (5.0, 5.0, 40.0)


def test_a_row_whose_request_a_worker_has_begun_is_under_way(
    journal: PostgresJournal, store: ClusterStore, tmp_path: Path
) -> None:
    one = store.register("one", journal.campaign)
    part = take(store, place(journal), one)
    record = journal.run(1)
    assert part is not None
    assert record is not None
    with journal._database.transaction() as connection:
        connection.execute("UPDATE campaign.status SET state = 'sending' WHERE run = %s", (part.key,))

    def shown() -> tuple[str, str, int]:
        report = Report.of(journal, record)
        path = report.to_xlsx(tmp_path / f"{uuid.uuid4().hex}.xlsx").results
        assert path is not None
        book = load_workbook(path)
        said = " ".join(str(cell) for line in book["Summary"].values for cell in line)
        lines = [reason_line(each, under_way=report.outlook.elsewhere) for each in report.reasons]
        return "; ".join([str(report.reason), *lines]), said, book["In doubt"].max_row - 1

    text, said, doubtful = shown()
    assert "cut off" not in text + said
    assert "its request is under way" in said
    assert "campaign status … --watch" in said
    assert doubtful == 0
    lose(store, one)
    text, said, doubtful = shown()
    assert text.startswith("it waits for a worker, and none is at work")
    assert "cut off" in said
    assert doubtful > 0


def test_a_worker_that_has_said_nothing_for_three_beats_has_no_rate(
    journal: PostgresJournal, store: ClusterStore
) -> None:
    one = store.register("one", journal.campaign)
    place(journal)
    assert store.beat(one, 12.5) is False

    def rates() -> tuple[float | None, float | None]:
        (worker,), activity = orders_of(journal).workers(), journal.activity()
        assert activity is not None
        return worker.rate, activity.rate

    for seconds, rate in ((14, 12.5), (2, None)):
        with store._database.transaction() as connection:
            connection.execute(
                "UPDATE campaign.worker SET beat_at = beat_at - make_interval(secs => %s) WHERE worker = %s",
                (seconds, one),
            )
        assert rates() == (rate, rate)

"""The rows from which due times are lent: what one statement does, in a real database."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaign.delivery.budget import (
    AHEAD,
    PROBE_LEASE,
    SETTLE,
    SLICE,
    Ask,
    Report,
    Slice,
    StatedWindow,
)
from campaign.errors import JournalWriteError
from campaign.journal import open_journal
from campaign.journal.postgres import PostgresJournal
from campaign.journal.postgres.budget import Answer, PostgresBudget, answered
from campaign.journal.postgres.database import Database
from campaign.settings import DEFAULT_RATE, LOWEST_FACTOR
from tests import postgres as postgres_server

from .planning import message, plan

KEY = "k3y-of-the-tests"


MADE: list[PostgresBudget] = []
"""The workers of a test."""


class Rows:
    """Workers of one run, each with a budget, and the rows that these share."""

    def __init__(self, journal: PostgresJournal, *, rate: float | None = 50.0, credentials: bool = True) -> None:
        self.journal = journal
        self.server = f"https://{uuid.uuid4().hex}.example"
        self.rate = rate
        self.credentials = {"api_key": f"{KEY}-{self.server}"} if credentials else {}

    def worker(self, egress: str = "office") -> PostgresBudget:
        """A worker; its first wait for a slice is over."""
        made = self.connected(egress)
        made._take(self.ask(0))
        return made

    def connected(self, egress: str = "office") -> PostgresBudget:
        """A worker that has asked for nothing yet."""
        made = self.journal.limits.budget(1, self.credentials, self.server, egress)
        MADE.append(made)
        return made

    def ask(
        self, wanted: int = 1, report: Report | None = None, *, waiting: int | None = None, probing: bool = False
    ) -> Ask:
        waits = wanted if waiting is None else waiting
        return Ask("send", self.rate, waits, wanted, probing, report or Report())

    def take(
        self,
        worker: PostgresBudget,
        wanted: int = 1,
        report: Report | None = None,
        *,
        waiting: int | None = None,
        probing: bool = False,
    ) -> Slice:
        return worker._take(self.ask(wanted, report, waiting=waiting, probing=probing))

    def open(self, window: StatedWindow | None = None, egress: str = "office") -> PostgresBudget:
        """A worker whose probe has its response."""
        worker = self.worker(egress)
        assert self.take(worker).probe
        self.take(worker, 0, Report(probed=True, window=window))
        return worker

    def window(self, left: int = 9, seconds: float = 60.0, *, limit: int = 10, rate: float = 100.0) -> StatedWindow:
        return StatedWindow(limit, left, 5000.0 + seconds, time.monotonic() + seconds, rate)

    def set(self, assignments: str) -> None:
        """Change the rows as time or another worker would."""
        now = "extract(epoch FROM clock_timestamp())"
        self.execute(f"UPDATE campaign.budget SET {assignments.replace('now', now)} WHERE key LIKE %s", self._like)  # noqa: S608 - a test's own

    def execute(self, statement: str, *values: object) -> None:
        with self.journal._database.transaction() as connection:
            connection.execute(statement, values)

    def column(self, name: str) -> object:
        query = f"SELECT {name} FROM campaign.budget WHERE key LIKE %s"  # noqa: S608 - a test's own
        return self.journal._database.row(query, (self._like,))[0]  # type: ignore[index] # there is one

    @property
    def _like(self) -> str:
        return f"ip:{self.server}:send:%"


@pytest.fixture
def journal(postgres: str) -> Iterator[PostgresJournal]:
    with PostgresJournal.open(postgres, uuid.uuid4().hex) as opened:
        plan(opened, [message(2)])
        yield opened
    while MADE:
        MADE.pop()._database.close()


@pytest.fixture
def rows(journal: PostgresJournal) -> Rows:
    return Rows(journal)


def test_only_a_journal_in_a_database_has_shared_limits() -> None:
    assert open_journal(":memory:").limits is None


def test_the_first_times_after_connecting_are_a_slice_away(rows: Rows) -> None:
    rows.open()
    late = rows.connected()
    asked_at = time.monotonic()
    lent = rows.take(late, 3)
    assert SLICE <= lent.times[0] - asked_at < 2 * SLICE
    time.sleep(0.1)
    assert rows.take(late, 1).times[0] == pytest.approx(lent.times[-1] + 1 / 50, abs=0.05)


def test_times_are_one_interval_apart_and_never_early(rows: Rows) -> None:
    worker = rows.open()
    time.sleep(0.05)
    asked_at = time.monotonic()
    first = rows.take(worker, 5)
    answered_at = time.monotonic()
    assert asked_at <= first.times[0] <= answered_at
    assert [later - earlier for earlier, later in itertools.pairwise(first.times)] == pytest.approx([0.02] * 4)
    # Each slice is late by less than its own round trip.
    assert rows.take(worker, 1).times[0] == pytest.approx(first.times[-1] + 0.02, abs=answered_at - asked_at + 0.01)
    assert first.pace == 50


def test_workers_that_ask_at_once_get_different_times(journal: PostgresJournal) -> None:
    rows = Rows(journal, rate=20_000.0)
    workers = [rows.open(), *(rows.worker() for _ in range(3))]
    lent: list[float] = []

    def take(worker: PostgresBudget) -> None:
        for _ in range(40):
            count = len(rows.take(worker, 20).times)
            assert worker._last is not None
            answer = worker._last.answer
            lent.extend(answer.now + answer.begins_in + number / answer.pace for number in range(count))

    threads = [threading.Thread(target=take, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lent.sort()
    assert len(lent) == 4 * 40 * 20
    assert min(later - earlier for earlier, later in itertools.pairwise(lent)) > 0.9 / 20_000


def test_no_time_is_lent_further_ahead_than_a_slice(rows: Rows) -> None:
    worker, other = rows.open(), rows.worker()
    assert len(rows.take(worker, 1000).times) == math.floor(50 * SLICE)
    refused = rows.take(other, 1000)
    while refused.times:  # on a busy machine each answer may take as long as what was lent
        refused = rows.take(other, 1000)
    assert refused.ask_at is not None
    assert 0 < refused.ask_at - time.monotonic() < 2 * SLICE
    asked = time.monotonic()
    time.sleep(max(0.0, refused.ask_at - asked) + 0.02)
    assert rows.take(other, 1).times[0] <= time.monotonic() + AHEAD


def test_a_slow_run_is_lent_one_time_when_it_is_near(journal: PostgresJournal) -> None:
    rows = Rows(journal, rate=1.0)
    worker = rows.open()
    time.sleep(0.01)
    refused = rows.take(worker, 5)
    assert refused.times == []
    assert refused.ask_at is not None
    assert refused.ask_at - time.monotonic() == pytest.approx(1.0 - AHEAD, abs=0.15)


def test_a_slow_run_does_not_hold_back_another_one_behind_the_same_address(journal: PostgresJournal) -> None:
    slow = Rows(journal, rate=0.5)
    slow.open(slow.window(left=90, limit=100))
    with open_other(journal) as other:
        plan(other, [message(2)])
        fast = Rows(other, rate=50.0)
        fast.server, fast.credentials = slow.server, slow.credentials
        lent = fast.take(fast.worker(), 8)
    assert len(lent.times) == 8
    assert lent.times[-1] < time.monotonic() + SLICE


def open_other(journal: PostgresJournal) -> PostgresJournal:
    """The journal of another campaign in the same database."""
    database = Database(journal._database.address)
    database.open()
    return PostgresJournal(database, uuid.uuid4().hex)


def test_without_a_rate_the_servers_or_the_default_one_is_kept(journal: PostgresJournal) -> None:
    rows = Rows(journal, rate=None)
    assert rows.take(rows.open(), 1).pace == DEFAULT_RATE
    other = Rows(journal, rate=None)
    assert other.take(other.open(other.window(rate=100.0)), 1).pace == 100
    slow = Rows(journal, rate=3.0)
    time.sleep(0.2)  # until the run's next time is near
    assert slow.take(slow.open(slow.window(rate=100.0)), 1).pace == 3


def test_neither_the_key_nor_a_plain_hash_of_it_is_in_the_database(rows: Rows) -> None:
    rows.open()
    found = rows.journal._database.rows("SELECT budget::text FROM campaign.budget WHERE key LIKE 'key:%%'")
    key = rows.credentials["api_key"]
    texts = [text for (text,) in found]
    assert any(len(text) > 64 for text in texts)
    for form in (key, hashlib.sha256(key.encode()).hexdigest(), f"api_key\0{key}"):
        assert not any(form in text or hashlib.sha256(form.encode()).hexdigest() in text for text in texts)
    assert KEY not in repr(rows.worker().__dict__)


def test_a_channel_without_credentials_has_no_key(journal: PostgresJournal) -> None:
    rows = Rows(journal, credentials=False)
    worker = rows.open()
    assert worker._keys is not None
    assert len(worker._keys.all_of("send")) == 2
    assert len(rows.take(worker, 2).times) == 2


def test_only_these_changes_are_committed_without_the_disk(rows: Rows) -> None:
    worker = rows.open()
    lsn = "SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()"

    def is_ahead() -> bool:
        rows.take(worker, 1)
        return worker._database.row(lsn) == (True,)

    assert any(is_ahead() for _ in range(20))
    assert worker._database.rows("SHOW synchronous_commit") == [("on",)]


# Pauses and the factor


def test_a_pause_is_seen_by_every_worker_with_its_next_slice(rows: Rows) -> None:
    worker, other = rows.open(), rows.worker()
    rows.take(worker, 0, Report(paused_until=time.monotonic() + 5))
    seen = rows.take(other, 3)
    assert seen.times == []
    assert seen.paused_until == pytest.approx(time.monotonic() + 5, abs=0.5)
    assert seen.ask_at == pytest.approx(seen.paused_until, abs=0.01)
    rows.take(other, 0, Report(paused_until=time.monotonic() + 1))
    assert rows.take(other, 3).paused_until == pytest.approx(seen.paused_until, abs=0.1)


def test_responses_within_one_pause_halve_the_rate_once(rows: Rows) -> None:
    worker, other = rows.open(), rows.worker()
    trouble = Report(paused_until=time.monotonic() + 0.2, slow_down=True)
    rows.take(worker, 0, trouble)
    assert rows.take(other, 0, trouble).factor == 0.5
    time.sleep(0.25)
    assert rows.take(other, 0, Report(slow_down=True)).factor == 0.25
    assert rows.take(worker, 0, Report(restored=0.5)).factor == 0.75
    assert rows.take(worker, 1).pace == pytest.approx(37.5)
    assert rows.take(worker, 0, Report(restored=0.5)).factor == 1
    for _ in range(8):
        rows.take(worker, 0, Report(slow_down=True))
    assert rows.take(other, 0).factor == LOWEST_FACTOR


def test_another_run_with_the_same_key_pauses_too(rows: Rows) -> None:
    worker = rows.open()
    with open_other(rows.journal) as other:
        plan(other, [message(2)])
        beside = Rows(other)
        beside.credentials = rows.credentials
        second = beside.open()
        rows.take(worker, 0, Report(paused_until=time.monotonic() + 5, slow_down=True))
        seen = beside.take(second, 1)
    assert (seen.times, seen.factor) == ([], 0.5)


# The server's window


def test_one_worker_probes_and_the_others_wait_for_its_response(rows: Rows) -> None:
    worker, other = rows.worker(), rows.worker()
    first = rows.take(worker, 5)
    assert (len(first.times), first.probe) == (1, True)
    assert rows.take(other, 5).ask_at is None
    assert rows.take(worker, 5, probing=True).times == []
    lent = rows.take(worker, 5, Report(probed=True, window=rows.window(9)))
    assert (len(lent.times), lent.probe, lent.reset_at) == (5, False, 5060.0)
    assert len(rows.take(other, 8).times) == 4
    used_up = rows.take(other, 4)
    assert used_up.times == []
    assert used_up.window_ends_at == pytest.approx(time.monotonic() + 60, abs=0.5)
    assert used_up.ask_at == pytest.approx(used_up.window_ends_at, abs=0.01)


def test_a_probe_that_fails_or_whose_worker_dies_is_followed_by_another(rows: Rows) -> None:
    worker, other = rows.worker(), rows.worker()
    assert rows.take(worker, 1).probe
    rows.take(worker, 0, Report(probe_failed=True))
    assert rows.take(other, 1).probe
    assert rows.take(worker, 1).ask_at is None
    rows.set(f"probe_until = probe_until - {PROBE_LEASE}")
    assert rows.take(worker, 1).probe


def test_a_probe_that_outlived_its_lease_still_tells_what_the_window_allows(rows: Rows) -> None:
    worker, other = rows.worker(), rows.worker()
    rows.take(worker, 1)
    rows.set(f"probe_until = probe_until - {PROBE_LEASE}")
    assert rows.take(other, 1).probe
    rows.take(worker, 0, Report(probed=True, window=rows.window(7)))
    assert rows.column("window_left") == 6  # less the other probe
    rows.take(other, 0, Report(probed=True, window=rows.window(8)))
    assert rows.column("window_left") == 6


def test_responses_of_one_window_lower_what_is_left_and_tell_its_end_more_exactly(rows: Rows) -> None:
    worker = rows.open(rows.window(9))
    window = rows.window(4)
    rows.take(worker, 0, Report(window=window._replace(ends_at=window.ends_at - 0.5, reset_at=window.reset_at + 0.1)))
    used_up = rows.take(worker, 9)
    assert len(used_up.times) == 4
    assert rows.take(worker, 1).window_ends_at == pytest.approx(time.monotonic() + 59.5, abs=0.3)
    rows.take(worker, 0, Report(window=rows.window(9, -20)))  # a late response from the window before
    assert rows.take(worker, 1).times == []


def test_requests_that_the_server_has_counted_and_no_worker_was_lent_are_found_once(rows: Rows) -> None:
    worker = rows.open(rows.window(left=9))
    other = rows.worker()
    assert rows.take(worker, 3).others == 0
    assert rows.take(other, 2, Report(window=rows.window(left=6))).others == 0
    assert rows.take(other, 0, Report(window=rows.window(left=2))).others == 2
    assert rows.take(worker, 0, Report(window=rows.window(left=2))).others == 0
    assert rows.take(worker, 0, Report(window=rows.window(left=7))).others == 0
    assert rows.take(worker, 0, Report(window=rows.window(left=0, seconds=120.0))).others == 0


@pytest.mark.parametrize(
    ("seconds", "left", "others"),
    [
        pytest.param(120.0, 9, 0, id="a new window, with the probe alone"),
        pytest.param(120.0, 4, 5, id="a new window, with others"),
        pytest.param(60.0, 4, 0, id="the same window, which was probed again"),
    ],
)
def test_what_a_probe_finds_counted_in_a_new_window_was_sent_by_others(
    rows: Rows, seconds: float, left: int, others: int
) -> None:
    worker = rows.open(rows.window(left=0))
    rows.set(f"window_ends = now, due = now - {SETTLE}")
    assert rows.take(worker).probe
    assert rows.take(worker, 0, Report(probed=True, window=rows.window(left=left, seconds=seconds))).others == others


def test_a_new_window_begins_with_a_probe_after_the_requests_of_the_old_one(rows: Rows) -> None:
    worker, other = rows.open(rows.window(9)), rows.worker()
    rows.take(worker, 9)
    rows.set("window_ends = now - 0.1, due = now - 0.1")
    waits = rows.take(worker, 3)
    assert waits.times == []
    assert waits.ask_at is not None
    assert waits.ask_at - time.monotonic() == pytest.approx(SETTLE - 0.1, abs=0.1)
    rows.set(f"due = now - {SETTLE}")
    assert rows.take(other, 3).probe
    assert rows.take(worker, 3).ask_at is None


def test_a_later_window_that_no_probe_opened_is_probed(rows: Rows) -> None:
    worker = rows.open(rows.window(9))
    rows.set(f"due = now - {SETTLE}")
    assert rows.take(worker, 3, Report(window=rows.window(9, 120))).probe


def test_a_limit_that_a_server_has_all_at_once_is_probed_and_one_that_a_proxy_hides_stays(rows: Rows) -> None:
    worker = rows.open()
    rows.set(f"due = now - {SETTLE}")
    assert rows.take(worker, 3, Report(window=rows.window(9))).probe
    rows.set(f"due = now - {SETTLE}")
    assert rows.take(worker, 3, Report(probed=True)).probe
    assert rows.column("window_limit") == 10


def test_of_a_window_no_more_is_lent_in_advance_than_a_share(rows: Rows) -> None:
    worker = rows.open(rows.window(144, limit=145))
    assert len(rows.take(worker, 10, waiting=2).times) == 9
    assert len(rows.take(worker, 10, waiting=10).times) == 10


def test_no_time_is_lent_after_the_end_of_the_window(rows: Rows) -> None:
    ends_at = time.monotonic() + 0.2
    worker = rows.open(rows.window(90, 0.2, limit=100))
    lent = rows.take(worker, 12)
    assert 0 < len(lent.times) <= 10
    assert lent.times[-1] < ends_at + 0.05


def test_each_address_and_route_has_a_window_of_its_own(rows: Rows) -> None:
    worker = rows.open(rows.window(0))
    assert rows.take(worker, 1).times == []
    assert worker._take(replace(rows.ask(1), route="read-back")).probe
    assert rows.take(rows.worker("elsewhere"), 1).probe
    assert rows.journal.limits.egresses(rows.server) == {"office", "elsewhere"}
    rows.set("due = now - 3600")
    assert rows.journal.limits.egresses(rows.server) == set()


def test_workers_learn_the_servers_clock_from_each_other(rows: Rows) -> None:
    worker, other = rows.open(), rows.worker()
    ahead = 1_000_000.0
    rows.take(worker, 0, Report(server_clock=(ahead - 0.3, ahead + 0.1)))
    rows.take(other, 0, Report(server_clock=(ahead - 0.1, ahead + 0.3)))
    found = rows.take(worker, 0).server_clock
    assert found == pytest.approx((ahead - 0.1, ahead + 0.1), abs=0.05)
    assert found is not None
    assert found[0] <= ahead - 0.1
    assert found[1] >= ahead + 0.1
    rows.take(worker, 0, Report(server_clock=(ahead + 50.0, ahead + 50.2)))  # the server's clock was set
    assert rows.take(other, 0).server_clock == pytest.approx((ahead + 50, ahead + 50.2), abs=0.05)


# Trouble with the database


def test_rows_that_somebody_deletes_are_made_anew(rows: Rows) -> None:
    worker = rows.open()
    rows.execute("DELETE FROM campaign.budget WHERE key LIKE %s", rows._like)
    assert rows.take(worker, 1).probe


def test_a_clock_that_is_set_back_delays_by_no_more_than_a_slice(rows: Rows) -> None:
    worker = rows.open()
    rows.execute("UPDATE campaign.budget SET due = due + 3600 WHERE due IS NOT NULL")
    assert rows.take(worker, 1).times[0] < time.monotonic() + SLICE


@pytest.mark.slow
def test_after_a_restart_of_the_database_the_first_times_wait_and_the_window_is_probed() -> None:
    with postgres_server.own_server() as (address, restart), PostgresJournal.open(address, "a") as journal:
        plan(journal, [message(2)])
        rows = Rows(journal)
        worker = rows.open(rows.window(9))
        rows.take(worker, 2)
        restart()
        time.sleep(SETTLE)
        with pytest.raises(JournalWriteError, match="the journal cannot be written"):
            rows.take(worker, 2)
        began = time.monotonic()
        lent = rows.take(worker, 2)
        assert lent.probe
        assert lent.times[0] >= began + SLICE
        rows.take(worker, 0, Report(probed=True, window=rows.window(6)))
        time.sleep(SLICE)
        assert len(rows.take(worker, 2).times) == 2
        worker._database.close()


async def test_a_budget_gives_its_connection_back(rows: Rows) -> None:
    worker = rows.open()
    assert (await worker.take(rows.ask(1))).pace == 50
    await worker.close()
    assert rows.journal._others.take() is worker._database
    await asyncio.sleep(0)


def answer(now: float, begins_in: float = 0.0) -> Answer:
    return Answer(
        3,
        begins_in,
        50.0,
        1.0,
        probe=False,
        wait=0.0,
        window=0.0,
        pause=0.0,
        limited=False,
        reset_at=None,
        now=now,
        clock_least=None,
        clock_most=None,
    )


def test_times_are_as_exact_as_the_quickest_answer_and_never_early() -> None:
    ahead = 900.0
    quick = answered(answer(100.001 + ahead), 100.0, 100.002, None)
    slow = answered(answer(101.05 + ahead, 0.3), 101.0, 101.2, quick)
    assert slow.slice().begins_at == pytest.approx(101.35, abs=0.0012)
    assert slow.slice().begins_at >= 101.35
    at_once = answered(answer(102.05 + ahead), 102.0, 102.2, slow)
    assert at_once.slice().begins_at == 102.2, "a time that has passed when it arrives is of no use"


@pytest.mark.parametrize("change", [-3600.0, 3600.0], ids=["back", "ahead"])
def test_a_database_whose_clock_was_set_is_believed_anew(change: float) -> None:
    before = answered(answer(1000.0), 100.0, 100.002, None)
    after = answered(answer(1001.0 + change, 0.3), 101.0, 101.002, before)
    assert after.slice().begins_at == pytest.approx(101.3, abs=0.005)

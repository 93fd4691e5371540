"""What only a journal in PostgreSQL promises: what may begin and end, repeats, lost connections, many campaigns."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.errors import JournalBusyError, JournalError, JournalWriteError
from campaign.journal import Activity, Outcome, State, open_journal
from campaign.journal.events import begun, ended, withdrawn
from campaign.journal.postgres import PostgresJournal, attempt_log, database, hold, migrations
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.attempt_log import PostgresWriter
from campaign.journal.postgres.hold import lock_of
from campaign.journal.postgres.migrations import OLDEST_WORKER, VERSION

from .planning import NOON, SENT, message, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal.postgres.database import Database

DOUBT = Outcome(State.IN_DOUBT, "unclear", "no answer", at=NOON + 2)


@pytest.fixture
def journal(postgres: str) -> Iterator[PostgresJournal]:
    """A journal whose run 1 has three rows."""
    with PostgresJournal.open(postgres, uuid.uuid4().hex) as opened:
        plan(opened, [message(2), message(3), message(4)])
        yield opened


@pytest.fixture
def own_database(postgres: str) -> Iterator[str]:
    """The address of a database of its own, without tables."""
    name = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def states(journal: PostgresJournal) -> list[State]:
    return [result.state for result in journal.results(1)]


def query(journal: PostgresJournal, statement: str, *values: object) -> list[tuple[Any, ...]]:
    return journal._database.rows(statement, values)


def counted(journal: PostgresJournal) -> bool:
    """Whether the tally is what a count of the rows gives."""
    key = journal._key(1)
    found = query(journal, "SELECT state, count(*) FROM campaign.status WHERE run = %s GROUP BY state", key)
    return dict(found) == {str(state): count for state, count in journal.tally(1).states.items()}


class Writing:
    """A writer whose groups are written at once, in the caller's thread."""

    def __init__(self, journal: PostgresJournal, session: int) -> None:
        loop = asyncio.new_event_loop()
        self.writer = PostgresWriter(journal._database, journal._key(1), journal._epochs[session], loop)
        self.writer.close()
        loop.close()

    def __call__(self, *events: Any) -> None:  # noqa: ANN401 - lines
        self.writer.write_group(events)


# What may begin and end


def test_a_row_that_another_has_begun_is_not_begun(journal: PostgresJournal) -> None:
    one = Writing(journal, session := journal.begin_session(1))
    other = Writing(journal, session)
    one.writer._look({1})
    other.writer._look({1})
    one(begun(7, 1, 1, NOON))
    with pytest.raises(JournalBusyError, match="is at work on it"):
        other(begun(8, 1, 1, NOON + 1))
    assert journal.tally(1).requests == 1


def test_nothing_begins_once_the_shards_were_taken_over(journal: PostgresJournal) -> None:
    first = Writing(journal, journal.begin_session(1))
    journal.begin_session(1)
    for event in (begun(7, 1, 1, NOON), begun(8, 1, 1, NOON, "undo")):
        with pytest.raises(JournalBusyError, match="is at work on it"):
            first(event)
    for what in ("read-back", "look-up"):
        with pytest.raises(JournalBusyError, match="is at work on it"):
            first(ended(9, 1, 1 if what == "read-back" else 0, "sent", SENT, asked=(what, NOON)))
    assert states(journal) == [State.PENDING] * 3
    assert journal.tally(1).requests == 0


def test_a_group_of_which_one_attempt_may_not_begin_is_not_written(journal: PostgresJournal) -> None:
    write = Writing(journal, journal.begin_session(1))
    write.writer._look({1, 2})
    journal.leave_unsent(1, "abandoned")
    with pytest.raises(JournalBusyError, match="is at work on it"):
        write(begun(7, 1, 1, NOON), begun(8, 1, 2, NOON))
    assert states(journal) == [State.SKIPPED] * 3
    assert counted(journal)


@pytest.mark.parametrize("outcome", [SENT, DOUBT._replace(state=State.FAILED)], ids=["sent", "failed"])
def test_evidence_that_comes_late_settles_the_doubt_of_a_successor(journal: PostgresJournal, outcome: Outcome) -> None:
    first = Writing(journal, journal.begin_session(1))
    first(begun(7, 1, 1, NOON))
    journal.begin_session(1)
    journal.mark_cut_off_in_doubt(1)
    assert states(journal)[0] is State.IN_DOUBT
    first(ended(7, 1, 1, "x", outcome))
    assert states(journal)[0] is outcome.state
    (made,) = journal.attempts(1)
    assert (made.started_at, made.ended_at, made.result) == (NOON, outcome.at, "x")
    assert counted(journal)


def test_evidence_that_comes_late_is_kept_and_changes_no_row_that_has_gone_on(journal: PostgresJournal) -> None:
    first = Writing(journal, journal.begin_session(1))
    first(begun(7, 1, 1, NOON), begun(8, 1, 2, NOON))
    second = Writing(journal, journal.begin_session(1))
    journal.mark_cut_off_in_doubt(1)
    journal.settle(1, [range(2, 3)], State.FAILED, "it is not there")
    second(begun(9, 1, 2, NOON + 10))
    first(ended(7, 1, 1, "sent", SENT), ended(8, 1, 2, "sent", SENT))
    assert states(journal) == [State.FAILED, State.SENDING, State.PENDING]
    assert [(made.seq, made.result) for made in journal.attempts(1)] == [(1, "sent"), (2, "sent"), (2, None)]
    assert journal.tally(1).requests == 3


def test_an_attempt_of_which_no_end_is_on_record_is_not_forgotten_by_the_next(journal: PostgresJournal) -> None:
    write = Writing(journal, journal.begin_session(1))
    write(begun(7, 1, 1, NOON))
    write(begun(8, 1, 1, NOON + 10))
    write(ended(8, 1, 1, "unclear", DOUBT))
    assert [(made.started_at, made.result) for made in journal.attempts(1)] == [(NOON, None), (NOON + 10, "unclear")]
    (row,) = journal.doubtful_rows(1, 0, 10, 20.0)
    assert (row.attempts, row.lost, row.began, row.last) == (2, 2, NOON, NOON + 10)


# Repeats


def test_a_group_that_is_written_again_changes_nothing(journal: PostgresJournal) -> None:
    session = journal.begin_session(1)
    for group in (
        [begun(1, 1, 1, NOON), begun(2, 1, 2, NOON), begun(3, 1, 3, NOON)],
        [ended(1, 1, 1, "unclear", DOUBT), ended(2, 1, 2, "sent", SENT), withdrawn(3, 1, 3)],
        [ended(4, 1, 1, "sent", SENT, asked=("read-back", NOON + 3)), ended(5, 1, 0, "x", SENT, asked=("look-up", 1))],
        [begun(6, 1, 2, NOON + 9, "undo")],
        [ended(6, 1, 2, "deleted", DOUBT._replace(state=State.DELETED, kind="gone"), asked=("undo", NOON + 9))],
    ):
        write = Writing(journal, session)
        known = write.writer.known
        write.writer._look({line[2] for line in group} - {0})
        before = dict(known)
        write(*group)
        once = list(journal.results(1)), list(journal.attempts(1)), journal.tally(1)
        known.clear()
        known.update(before)
        write(*group)
        assert (list(journal.results(1)), list(journal.attempts(1)), journal.tally(1)) == once
    assert states(journal) == [State.SENT, State.DELETED, State.PENDING]
    assert counted(journal)


def test_a_row_may_end_and_begin_again_in_one_group(journal: PostgresJournal) -> None:
    write = Writing(journal, journal.begin_session(1))
    write(begun(7, 1, 1, NOON))
    write(ended(7, 1, 1, "not_taken", Outcome(State.PENDING, "not_taken", at=NOON + 1)), begun(8, 1, 1, NOON + 2))
    write(ended(8, 1, 1, "sent", SENT))
    (first, second) = journal.attempts(1)
    assert (first.started_at, first.result, second.started_at, second.result) == (NOON, "not_taken", NOON + 2, "sent")
    assert journal.tally(1).throttled == 1


# Lost connections


def cut(journal: PostgresJournal) -> None:
    """End the journal's connection from the server's side."""
    own = journal._database.row("SELECT pg_backend_pid()")
    with psycopg.connect(own_address(journal), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", own)


def own_address(journal: PostgresJournal) -> str:
    return psycopg.conninfo.make_conninfo("", **journal._database.address.parameters)


def drop(database: Database) -> None:
    """Lose a connection."""
    assert database._connection is not None
    database._connection.close()


def test_a_connection_that_was_lost_is_made_anew(journal: PostgresJournal) -> None:
    cut(journal)
    assert states(journal) == [State.PENDING] * 3
    cut(journal)
    assert plan(journal, [message(2)]).number == 2


async def test_leaving_it_ends_the_deliveries_under_way(postgres: str) -> None:
    async with PostgresJournal.open(postgres, uuid.uuid4().hex) as journal:
        assert journal.deliveries == []
    with pytest.raises(JournalError, match="the journal is closed"):
        journal.runs()


async def test_a_delivery_goes_on_over_a_new_connection(journal: PostgresJournal) -> None:
    session = journal.begin_session(1)
    async with journal.attempt_log(1, session=session) as log:
        first = await log.begin(1, NOON)
        drop(log._database)
        log.record_outcome(1, first, "sent", SENT)
        second = await log.begin(2, NOON)
        drop(log._database)
        assert [row.seq for row in await log.waiting(1, 10)] == [2, 3]
        log.record_activity(session, Activity(1.0, None, None, None, NOON))
        log.record_outcome(2, second, "sent", SENT)
    assert states(journal) == [State.SENT, State.SENT, State.PENDING]


async def test_a_database_that_stays_away_stops_the_delivery(
    journal: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_log, "PATIENCE", 0.3)

    def away(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("the server is away")

    async def work() -> None:
        async with journal.attempt_log(1) as log:
            drop(log._database)
            monkeypatch.setattr(psycopg, "connect", away)
            began = time.monotonic()
            with pytest.raises(JournalWriteError, match=r"cannot be written \(the server is away\)"):
                await log.begin(1, NOON)
            assert time.monotonic() - began > 0.3
            assert log.failed

    with pytest.raises(JournalWriteError, match="the server is away"):
        await work()


def test_a_closed_journal_says_so(journal: PostgresJournal) -> None:
    journal.__exit__()
    with pytest.raises(JournalError, match="the journal is closed; open it again"):
        journal.runs()


def test_rights_that_are_missing_are_told(journal: PostgresJournal) -> None:
    name = f"guest_{uuid.uuid4().hex}"
    with journal._database.transaction() as connection:
        connection.execute(f"CREATE ROLE {name}")
        connection.execute(f"SET LOCAL ROLE {name}")
        with pytest.raises(JournalWriteError, match=r"to run docs/how-to/files/grants.sql for tester"):
            journal.runs()
        connection.execute("ROLLBACK")


# Campaigns


def test_campaigns_of_one_database_know_nothing_of_each_other(journal: PostgresJournal, postgres: str) -> None:
    with open_journal(postgres, campaign=uuid.uuid4().hex) as other, journal.exclusive(), other.exclusive():
        assert other.last_run() is None
        assert plan(other, [message(2)]).number == 1
        session = journal.begin_session(1)
        other.begin_session(1)
        journal.check_session(session)
        journal.request_stop("an@host")
        assert other.stop_requested() is None
        journal.record_quota("https://x.y", 10, 60.0)
        assert other.stated_quota("https://x.y") is None
        journal.record_workbook(1, b"1")
        assert not other.wrote_workbook(b"1")
        other.discard(1)
    assert states(journal) == [State.PENDING] * 3


def test_it_says_what_it_is(journal: PostgresJournal) -> None:
    assert (journal.name, journal.label) == (journal.campaign, f"campaign {journal.campaign}")
    assert repr(journal) == f"<PostgresJournal {journal.where}>"


def test_a_holder_that_has_died_holds_it_no_more(journal: PostgresJournal) -> None:
    with journal.exclusive():
        key = lock_of(journal.campaign) & 0xFFFFFFFF
        query(journal, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = %s::bigint::oid", key)
        until = time.monotonic() + 10
        while journal.holder() is not None and time.monotonic() < until:
            time.sleep(0.01)
        assert journal.holder() is None
        with journal.exclusive():
            pass


def test_the_lock_of_a_process_that_was_just_killed_is_waited_for(
    journal: PostgresJournal, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "process_start", lambda _: "")
    monkeypatch.setattr(hold, "NOTICED_WITHIN", 0.3)
    with psycopg.connect(postgres, autocommit=True) as dying, ThreadPoolExecutor(1) as pool:
        with journal.exclusive():
            pass  # so that it says who
        dying.execute("SELECT pg_advisory_lock(%s)", (lock_of(journal.campaign),))
        with pytest.raises(JournalBusyError, match="is being worked on by process"), journal.exclusive():
            pytest.fail("held twice")

        def die() -> None:
            time.sleep(0.1)
            dying.close()

        pool.submit(die)
        with journal.exclusive():
            pass


def test_text_with_nul_is_stored(journal: PostgresJournal) -> None:
    journal.leave_unsent(1, "left\0unsent")
    assert {row.reason for row in journal.results(1)} == {"left\N{REPLACEMENT CHARACTER}unsent"}


# Tables


def test_an_empty_database_is_given_its_tables_by_one_of_many_at_once(own_database: str) -> None:
    with pytest.raises(JournalError, match="there is no journal in this database; `campaign run` makes one"):
        open_journal(own_database, create=False)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with open_journal(own_database, campaign=uuid.uuid4().hex) as journal:
                plan(journal, [message(2)])
        except BaseException as error:  # noqa: BLE001 - told by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with psycopg.connect(own_database, autocommit=True) as connection:
        assert connection.execute("SELECT schema, oldest_worker FROM campaign.version").fetchall() == [
            (VERSION, OLDEST_WORKER)
        ]
        connection.execute("UPDATE campaign.version SET schema = 99")
        with pytest.raises(JournalError, match=r"written by a newer campaign \(journal version 99\); update campaign"):
            open_journal(own_database)
        connection.execute("DROP SCHEMA campaign CASCADE; CREATE SCHEMA campaign")
        with pytest.raises(JournalError, match="has a schema `campaign` that is not campaign's"):
            open_journal(own_database)


def test_a_database_of_the_first_version_gets_the_later_steps(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "STEPS", migrations.STEPS[:1])
        earlier.setattr(migrations, "VERSION", 1)
        PostgresJournal.open(own_database, "a").__exit__()
    with PostgresJournal.open(own_database, "a") as journal:
        assert query(journal, "SELECT schema FROM campaign.version") == [(VERSION,)]
        assert query(journal, "SELECT window_reset, clock_at FROM campaign.budget") == []


def test_tables_that_were_changed_are_told(own_database: str) -> None:
    with open_journal(own_database) as journal, psycopg.connect(own_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE campaign.message RENAME TO other")
        with pytest.raises(JournalError, match="its tables are not what campaign makes"):
            plan(journal, [message(2)])


def test_what_falls_silent_in_the_middle_of_a_transaction_stops_nothing_else_for_long(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is gone says nothing: without a limit, its locks would be kept until its TCP connection ends."""
    monkeypatch.setattr(database, "LONGEST_SILENCE", 0.2)
    silent, other = (database.Database(parse_address(postgres)) for _ in range(2))
    lock = "SELECT pg_advisory_xact_lock(20261126)"

    def falls_silent() -> None:
        with silent.transaction() as connection:
            connection.execute(lock)
            with other.transaction() as waits:
                waits.execute(lock)

    try:
        with pytest.raises(JournalWriteError, match="the journal cannot be written") as failed:
            falls_silent()
        assert attempt_log.is_passing(failed.value.__cause__), "an attempt log writes it again"
        assert silent.row("SELECT 1") == (1,)
    finally:
        silent.close()
        other.close()

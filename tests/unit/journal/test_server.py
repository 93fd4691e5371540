"""Which server a database is on: compared with the one before, and with that of a run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.errors import JournalError, JournalServerError, JournalWriteError
from campaign.journal.cluster import Order, open_cluster
from campaign.journal.postgres import PostgresJournal, server
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.database import Database
from campaign.journal.postgres.server import Server, server_of
from campaign.journal.records import State
from tests import replication

from .planning import FACTS, message, plan

FIRST = Server("7", "00000001", "5", "16400")


@pytest.mark.parametrize(
    ("now", "difference", "follows"),
    [
        pytest.param(FIRST, None, False, id="same"),
        pytest.param(FIRST._replace(timeline="00000002"), "timeline 00000002, before 00000001", True, id="promoted"),
        pytest.param(FIRST._replace(timeline="0000000A"), "timeline 0000000A, before 00000001", True, id="often"),
        pytest.param(FIRST._replace(system="8"), "system identifier 8, before 7", False, id="other cluster"),
        pytest.param(FIRST._replace(database="6"), "database number 6, before 5", False, id="other database"),
        pytest.param(FIRST._replace(table="17"), "table number 17, before 16400", False, id="dump"),
        pytest.param(
            FIRST._replace(timeline="00000002", table="17"), "timeline 00000002, before 00000001", False, id="both"
        ),
        pytest.param(Server(None, None, None, None), None, False, id="says nothing"),
    ],
)
def test_a_server_is_told_by_what_is_known_of_both(now: Server, difference: str | None, *, follows: bool) -> None:
    assert now.difference(FIRST) == difference
    assert now.took_over_from(FIRST) is follows
    assert Server.parse(str(now)) == now


def test_an_earlier_timeline_is_no_standby_that_took_over() -> None:
    assert not FIRST.took_over_from(FIRST._replace(timeline="00000002"))


@pytest.fixture
def own_database(postgres: str) -> Iterator[str]:
    """The address of a database of its own, without tables."""
    name = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def journal(own_database: str) -> Iterator[PostgresJournal]:
    """A journal whose run 1 has two rows."""
    with PostgresJournal.open(own_database, "offer") as opened:
        plan(opened, [message(2), message(3)])
        yield opened


def begun_on(journal: PostgresJournal, server: Server | None) -> None:
    """Let the run have been begun on another server."""
    text = None if server is None else str(server)
    with journal._database.transaction() as connection:
        connection.execute("UPDATE campaign.run SET server = %s", (text,))


def here(journal: PostgresJournal) -> Server:
    found = journal._database.seen.server
    assert found is not None
    return found


EARLIER = "00000000"


def test_every_part_of_it_is_known_also_where_the_tables_were_just_made(journal: PostgresJournal) -> None:
    assert all(here(journal))
    assert journal._database.row("SELECT server FROM campaign.run") == (str(here(journal)),)
    assert journal.server_change(1) is None


def test_a_run_that_was_begun_on_another_server_sends_nothing_before_it_is_recovered(journal: PostgresJournal) -> None:
    begun_on(journal, here(journal)._replace(timeline=EARLIER))
    problem = journal.server_change(1)
    assert problem is not None
    assert (problem.code, f", before {EARLIER})" in problem.what) == ("journal-server", True)
    orders = journal.orders()
    refused = pytest.raises(JournalServerError, match="attempts that were on record may be missing")
    with refused:
        journal.begin_session(1)
    with refused:
        orders.place(1, Order(FACTS))
    assert journal.begin_session(1, sends=False)
    journal.recover(1)
    assert journal.server_change(1) is None
    assert [row.state for row in journal.results(1)] == [State.SENDING, State.SENDING]
    assert journal.begin_session(1)


def test_a_run_of_which_no_server_is_on_record_goes_on(journal: PostgresJournal) -> None:
    begun_on(journal, None)
    assert journal.begin_session(1)
    assert journal._database.row("SELECT server FROM campaign.run") == (str(here(journal)),)


def test_a_standby_goes_on_where_it_lacks_nothing_by_what_was_stated(
    journal: PostgresJournal, own_database: str
) -> None:
    begun_on(journal, here(journal)._replace(timeline=EARLIER))
    with open_cluster(own_database) as store:
        assert not store.state_standby(synchronous=True)  # this server has none
        assert store.has_synchronous_standby()
        assert journal.server_change(1) is None
        assert store.state_standby(synchronous=False)
        assert journal.server_change(1) is not None
        store.state_standby(synchronous=True)
    begun_on(journal, here(journal)._replace(timeline=EARLIER, system="1"))
    assert journal.server_change(1) is not None


def test_no_worker_takes_over_what_was_begun_on_another_server(journal: PostgresJournal, own_database: str) -> None:
    orders = journal.orders()
    orders.place(1, Order(FACTS))
    with open_cluster(own_database) as store:
        worker = (store.register("one", None), "one")
        (run,) = store.open_runs()
        begun_on(journal, here(journal)._replace(timeline=EARLIER))
        assert store.take_over(run, 0, worker, lambda _: False) is None
        (run,) = store.open_runs()
        assert run.server_change == f"timeline {here(journal).timeline}, before {EARLIER}"
        with journal.exclusive():  # although a worker is at work: none delivers it
            journal.recover(1)
            assert store.open_runs() == []
        begun_on(journal, here(journal))
        orders.place(1, Order(FACTS))
        (run,) = store.open_runs()
        assert store.take_over(run, 0, worker, lambda _: False) is not None


def test_a_connection_that_is_made_anew_is_to_the_same_server(journal: PostgresJournal, own_database: str) -> None:
    database = journal._database
    others = [database, database.another(), database.another()]
    for each in others:
        each.open()
    now = here(journal)
    database.seen.server = now._replace(timeline=EARLIER)
    for each in others:
        assert each.connect() == 1  # the connection as it is
        each._connection.close()  # type: ignore[union-attr] # as a crash would
        for work in (each.connect, lambda each=each: each.row("SELECT 1")):
            with pytest.raises(JournalServerError, match="is on another server than before"):
                work()
    with open_cluster(own_database) as store:
        store.state_standby(synchronous=True)
    assert database.row("SELECT 1") == (1,)
    assert here(journal) == now


def test_a_server_is_no_older_because_others_have_seen_more_while_it_was_asked(
    journal: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_on(journal, here(journal))
    seen, asked = journal._database.seen, server._one

    def ask(connection: psycopg.Connection[tuple[object, ...]], query: LiteralString) -> object:
        found = asked(connection, query)
        if server.FLUSHED in query:
            seen.saw(found + 1_000_000)  # a beat in another thread, of which the answer came first
        return found

    monkeypatch.setattr(server, "_one", ask)
    one = journal._database.another()
    one.open()
    monkeypatch.undo()
    assert journal.server_change(1) is None
    two = journal._database.another()
    with pytest.raises(JournalServerError, match="an older state"):
        two.open()
    one.close()


def test_a_server_need_not_say_which_it_is(journal: PostgresJournal, own_database: str) -> None:
    role = f"low_{uuid.uuid4().hex}"
    with psycopg.connect(own_database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}")
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC")
        connection.execute(f"SET ROLE {role}")
        found = server_of(connection)
        with connection.transaction():
            assert server_of(connection) == found
            assert connection.execute("SELECT 1").fetchone() == (1,)
        connection.execute("RESET ROLE")
        connection.execute(f"DROP ROLE {role}")
    assert found == here(journal)._replace(system=None, timeline=None)
    assert found.completed_by(here(journal)) == here(journal)


@pytest.mark.slow
@pytest.mark.parametrize("into", ["another", "same"])
def test_a_dump_that_was_restored_is_known(journal: PostgresJournal, own_database: str, into: str) -> None:
    journal.__exit__()
    dump = replication.printed("pg_dump", "--clean", "--if-exists", own_database)
    other = own_database
    if into == "another":
        name = f"own_{uuid.uuid4().hex}"
        other = urlsplit(own_database)._replace(path=f"/{name}").geturl()
        with psycopg.connect(own_database, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
    replication.printed("psql", "-q", "-v", "ON_ERROR_STOP=1", other, given=dump)
    with PostgresJournal.open(other, "offer") as restored:
        problem = restored.server_change(1)
        assert problem is not None
        assert ("table number" if into == "same" else "database number") in problem.what


@pytest.mark.slow
def test_a_standby_is_waited_for_while_it_takes_over() -> None:
    with replication.pair() as servers:
        standby = parse_address(servers.standby)
        first = Database(standby)
        with pytest.raises(JournalError, match="its server is a standby, which takes no changes"):
            first.open()
        primary = Database(parse_address(servers.address))
        primary.open()
        late = Database(standby, primary.seen)
        with pytest.raises(JournalWriteError, match="its server is a standby"):
            late.connect()
        for each in (first, primary, late):
            each.close()

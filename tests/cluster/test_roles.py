"""Roles of a database: one owns the tables; those who deliver have the rights of docs/how-to/files/grants.sql alone."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import procrastinate
import psycopg
import pytest

from campaign.errors import JournalWriteError
from campaign.journal.cluster import open_cluster
from campaign.journal.postgres import PostgresJournal
from campaign.journal.postgres.migrations import VERSION
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import LEASE, FileMaker, begin_worker

ROOT = Path(__file__).parents[2]
GRANTS = ROOT / "docs" / "how-to" / "files" / "grants.sql"
ROLES = ("campaign_owner", "campaign_operator", "campaign_worker", "campaign_stranger")


class Roles(NamedTuple):
    """The addresses of one database for users with different rights."""

    owner: str
    operator: str
    worker: str
    stranger: str

    def grant(self) -> None:
        """Give the rights, as the owner."""
        text = GRANTS.read_text(encoding="utf-8")
        for role, address in zip(ROLES, self, strict=True):
            text = re.sub(rf"\b{role}\b", urlsplit(address).username or "", text)
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(text)


@pytest.fixture
def roles(postgres: str) -> Iterator[Roles]:
    """A database without tables, and users of its own."""
    suffix = uuid.uuid4().hex
    name, users = f"own_{suffix}", [f"{role}_{suffix}" for role in ROLES]
    host = urlsplit(postgres).netloc.rpartition("@")[2]
    with psycopg.connect(postgres, autocommit=True) as connection:
        for user in users:
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'pw'")
        connection.execute(f"CREATE DATABASE {name} OWNER {users[0]}")
        yield Roles(
            *(urlsplit(postgres)._replace(netloc=f"{user}:pw@{host}", path=f"/{name}").geturl() for user in users)
        )
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for user in users:
            connection.execute(f"DROP ROLE {user}")


def upgraded(command: Campaign, roles: Roles) -> None:
    assert command("journal", "upgrade", "--lease", "3", "--journal", roles.owner).code == 0
    roles.grant()


@pytest.mark.slow
@pytest.mark.usefixtures("api_key")
@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_operators_and_workers_need_no_more_than_their_grants(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, roles: Roles, channel: str
) -> None:
    upgraded(command, roles)
    journal = ("--journal", roles.operator)
    file = campaign_file(30, channel)
    worker = begin_worker(roles.worker)
    ran = command("run", file, "--yes", "--json", *journal)
    assert (ran.code, ran.json["sent"]) == (0, 30)
    assert command("journal", "upgrade", *journal).code == 0
    worker.stop()
    assert worker.said == []
    assert command("run", file, "--yes", "--new", "--limit", "2", *journal).code == 3
    for arguments in (
        ("resume", file, "--yes"),
        ("status", file),
        ("results", file),
        ("undo", file, "--yes") if channel == "livechat" else ("status", file, "--json"),
        ("forget", file, "--yes"),
        ("run", file, "--yes", "--new", "--limit", "2"),
        ("abandon", file, "--yes"),
        ("workers",),
        ("doctor", file),
    ):
        done = command(*arguments, *journal)
        assert "permission denied" not in done.stderr
        assert done.code in {0, 1, 3}, done.stderr
    assert len(server.ledger.taken()) >= 62


def test_a_worker_can_add_no_row_to_a_run(command: Campaign, roles: Roles) -> None:
    upgraded(command, roles)
    for statement in (
        "INSERT INTO campaign.message (run, shard, seq, row, destination, cells) VALUES (1, 1, 1, 1, '', '')",
        "UPDATE campaign.message SET body = ''",
        "DELETE FROM campaign.attempt",
        "UPDATE campaign.version SET lease = 1",
    ):
        with (
            psycopg.connect(roles.worker) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table"),
        ):
            connection.execute(statement)


def test_a_user_without_rights_is_told_which_to_ask_for(
    command: Campaign, roles: Roles, campaign_file: FileMaker
) -> None:
    file, journal = campaign_file(3), ("--journal", roles.stranger)
    user = urlsplit(roles.stranger).username
    first = command("run", file, "--yes", *journal)
    assert first.code == 2
    assert "has no tables of journals yet, and this user may not make them" in first.stderr
    upgraded(command, roles)
    for arguments in (("run", file, "--yes"), ("workers",), ("worker", "--until-idle")):
        refused = command(*arguments, *journal)
        assert refused.code == 2
        assert "(permission denied for schema campaign)" in refused.stderr
        assert f"run {GRANTS.relative_to(ROOT).as_posix()} for {user}, as operator or as worker" in refused.stderr
        assert "GRANT" not in refused.stderr
        assert "pw" not in refused.stderr.replace("pwd", "")


def test_a_worker_without_rights_on_the_jobs_is_told_which_to_ask_for(command: Campaign, roles: Roles) -> None:
    upgraded(command, roles)
    with psycopg.connect(roles.owner, autocommit=True) as connection:
        user = urlsplit(roles.worker).username
        connection.execute(f"REVOKE ALL ON campaign.procrastinate_workers FROM {user}")

    async def beat() -> None:
        with open_cluster(roles.worker) as store:
            async with store.jobs(LEASE) as jobs:
                await jobs.beat()

    words = f"permission denied for table procrastinate_workers.*for {user}, as operator or as worker"
    with pytest.raises(JournalWriteError, match=words):
        asyncio.run(beat())


def test_the_tables_of_the_jobs_are_made_by_the_owner_alone(command: Campaign, roles: Roles) -> None:
    with PostgresJournal.open(roles.owner, "offer"):
        pass  # a journal of one process has none
    roles.grant()
    for arguments in (("workers",), ("worker", "--until-idle")):
        refused = command(*arguments, "--journal", roles.worker)
        assert refused.code == 2
        assert "has no tables for the jobs of workers yet" in refused.stderr
        assert "let the owner run `campaign journal upgrade`, and then docs/how-to/files/grants.sql" in refused.stderr
    upgraded(command, roles)
    assert command("workers", "--journal", roles.worker).code == 0


@pytest.mark.usefixtures("api_key", "server")
def test_a_run_without_rights_on_the_jobs_is_told_which_to_ask_for(
    command: Campaign, roles: Roles, campaign_file: FileMaker
) -> None:
    upgraded(command, roles)
    user = urlsplit(roles.operator).username
    with psycopg.connect(roles.owner, autocommit=True) as connection:
        connection.execute(f"REVOKE INSERT ON campaign.procrastinate_jobs FROM {user}")
    ran = command("run", campaign_file(3), "--yes", "--watch-only", "--journal", roles.operator)
    assert ran.code == 2
    assert "internal error" not in ran.stderr
    assert "permission denied for table procrastinate_jobs" in ran.stderr
    assert f"for {user}, as operator or as worker" in ran.stderr


@pytest.mark.usefixtures("api_key", "server")
@pytest.mark.parametrize("place", ["campaign", "public", "the owner's"])
def test_every_role_finds_the_jobs_wherever_an_older_campaign_made_their_tables(
    command: Campaign, roles: Roles, campaign_file: FileMaker, place: str
) -> None:
    """They were made where the names of the role that made them led to: to a schema of its own name, if it had one."""
    schema = urlsplit(roles.owner).username if place == "the owner's" else place
    if schema != "campaign":
        with psycopg.connect(roles.owner) as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f"SET LOCAL search_path TO {schema}")
            connection.execute(procrastinate.schema.SchemaManager.get_schema())
    upgraded(command, roles)
    with psycopg.connect(roles.owner) as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'procrastinate_jobs'").fetchall()
    assert found == [(schema,)]
    for role in ("owner", "operator"):
        worker = begin_worker(getattr(roles, "worker" if role == "operator" else "owner"))
        ran = command("run", campaign_file(3), "--yes", "--json", "--new", "--journal", getattr(roles, role))
        worker.stop()
        assert (ran.code, ran.json["sent"], worker.said) == (0, 3, [])


def test_older_tables_are_changed_by_their_owner_alone(command: Campaign, roles: Roles) -> None:
    upgraded(command, roles)
    with psycopg.connect(roles.owner) as connection:
        connection.execute(
            "ALTER TABLE campaign.out_of_reach DROP COLUMN why; UPDATE campaign.version SET schema = schema - 1"
        )
    words = (
        f"its tables are of version {VERSION - 1}, this campaign needs {VERSION}, and only their owner may change them"
    )
    with pytest.raises(JournalWriteError, match=words):
        PostgresJournal.open(roles.operator, "offer")
    assert command("journal", "upgrade", "--journal", roles.owner).code == 0
    with PostgresJournal.open(roles.operator, "offer") as journal:
        assert journal.runs() == []

"""A journal over a real PgBouncer, where one is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from campaign.errors import JournalError
from campaign.journal.postgres import PostgresJournal
from campaign.journal.postgres.pooler import is_pooled, keeps_no_session
from tests import postgres as postgres_server
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, begin_worker, wait_for

Pooler = Callable[[str], str]


@pytest.fixture
def pooler() -> Iterator[Pooler]:
    """Starts a PgBouncer before a server of the test's own; gives the address of a database over it."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or sys.platform == "win32":
        pytest.skip("PgBouncer is not installed")
    started: list[subprocess.Popen[bytes]] = []
    with postgres_server.own_server() as (address, _):
        home = Path(str(conninfo_to_dict(address)["host"]))

        def start(mode: str) -> str:
            settings = home / f"pgbouncer-{uuid.uuid4().hex[:4]}.ini"
            settings.write_text(
                f"[databases]\n* = host={home} port=5432 user=tester\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
                f"unix_socket_dir = {home}\nauth_type = any\npool_mode = {mode}\n"
            )
            settings.chmod(0o644)
            user = "nobody" if os.geteuid() == 0 else None
            started.append(subprocess.Popen([program, "-q", settings], user=user, stderr=subprocess.DEVNULL))
            wait_for((home / ".s.PGSQL.6432").exists)
            return f"postgresql://tester@/postgres?host={home}&port=6432"

        yield start
        for each in started:
            each.terminate()
            each.wait(10)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_keeps_no_session_is_refused(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, pooler: Pooler, mode: str
) -> None:
    journal = ("--journal", pooler(mode))
    for arguments in (("run", campaign_file(3), "--yes"), ("worker", "--until-idle"), ("journal", "upgrade")):
        refused = command(*arguments, *journal)
        assert refused.code == 2
        if mode == "transaction":
            assert "is reached over a pooler that keeps no session" in refused.stderr
            assert "name the port of the server itself" in refused.stderr
    assert not server.ledger.entries


@pytest.mark.slow
def test_a_pooler_that_keeps_sessions_serves_runs_and_workers(
    command: Campaign, campaign_file: FileMaker, pooler: Pooler
) -> None:
    address = pooler("session")
    journal = ("--journal", address)
    assert command("journal", "upgrade", "--lease", "3", *journal).code == 0
    worker = begin_worker(address)
    assert command("run", campaign_file(100), "--yes", "--json", *journal).json["sent"] == 100
    worker.stop()
    assert command("run", campaign_file(100), "--yes", "--json", "--new", *journal).json["sent"] == 100
    with (
        PostgresJournal.open(address, "offer") as first,
        PostgresJournal.open(address, "offer") as second,
        first.exclusive(),
        pytest.raises(JournalError, match="is being worked on"),
        second.exclusive(),
    ):
        pass
    with psycopg.connect(address, autocommit=True) as connection:
        assert is_pooled(connection)
        assert not keeps_no_session(connection, lambda: psycopg.connect(address, autocommit=True))

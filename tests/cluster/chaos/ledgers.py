"""What is on record of a campaign: in the database, at the server, and who held what, which is kept for the proof."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg

from tests.cluster.chaos.events import Happening
from tests.cluster.chaos.verdict import Arrival, Asked, Attempt, Ledgers, Row
from tests.crash.harness import Chat, ask, text_of

PATIENCE = 60.0
"""Seconds for which a question is asked again while PostgreSQL is being started."""

CLEAN_WITHIN = 20.0
"""Seconds within which nothing is left of an order that has ended: jobs are removed after its end."""

_KEEP_HOLDERS: LiteralString = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.taken (run bigint, shard smallint, epoch bigint, worker text);
CREATE FUNCTION chaos.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos.taken VALUES (NEW.run, NEW.shard, NEW.epoch, NEW.worker);
    RETURN NULL;
END $$;
CREATE TRIGGER noted AFTER UPDATE OF epoch ON campaign.shard FOR EACH ROW EXECUTE FUNCTION chaos.note();
"""

_RUN: LiteralString = """
SELECT run.run, session.ended_at IS NULL,
    (SELECT count(*) FROM campaign.status WHERE status.run = run.run AND state IN ('pending', 'sending')),
    session, stop_reason
FROM campaign.run JOIN campaign.session ON session = ordered WHERE campaign = %s AND planned
ORDER BY number DESC LIMIT 1
"""

_LEFT: LiteralString = """
SELECT (SELECT count(*) FROM campaign.procrastinate_jobs WHERE args ->> 'run' = %(run)s::text),
    (SELECT count(*) FROM campaign.shard WHERE run = %(run)s AND (holder IS NOT NULL OR NOT done)),
    (SELECT count(*) FROM campaign.session WHERE run = %(run)s AND ended_at IS NULL)
"""

_BUSY: LiteralString = "SELECT DISTINCT name FROM campaign.worker JOIN campaign.shard ON holder = worker.worker"


class RunState(NamedTuple):
    """How far a campaign's run is.

    Attributes:
        run: its key.
        is_open: whether it is left to workers and has not ended.
        waiting: rows that wait, or are being sent.
        order: the number of its session.
        stop_reason: why it ended, if not as planned.
    """

    run: int
    is_open: bool
    waiting: int
    order: int
    stop_reason: str | None


def keep_holders(address: str) -> None:
    """Have the database note, for good, which worker takes a shard under which epoch."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_KEEP_HOLDERS)
    checkpoint(address)


def checkpoint(address: str) -> None:
    """Have the server keep what it has committed so far, whatever it forgets otherwise."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def rows_of(address: str, query: LiteralString, values: Mapping[str, object] | Sequence[object] = ()) -> list[Any]:
    """The rows of a query; asked again while the server is being started."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(address) as connection:
                return connection.execute(query, values).fetchall()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def run_state(address: str, campaign: str) -> RunState | None:
    """How far a campaign's run is; None where none was sealed."""
    found = rows_of(address, _RUN, (campaign,))
    return RunState(*found[0]) if found else None


def busy_workers(address: str) -> set[str]:
    """The names of the workers that hold shards; none where the database cannot be reached."""
    try:
        with psycopg.connect(address) as connection:
            return {name for (name,) in connection.execute(_BUSY)}
    except psycopg.OperationalError:
        return set()


def jobs_left(address: str) -> int:
    """How many jobs there are in all."""
    [(count,)] = rows_of(address, "SELECT count(*) FROM campaign.procrastinate_jobs")
    return int(count)


def read(
    address: str, url: str, chat: Chat, asked: Asked, report: Mapping[str, Any], *, happenings: Sequence[Happening]
) -> Ledgers:  # fmt: skip
    """Everything about a campaign that has ended, or should have."""
    state = run_state(address, asked.name)
    if state is None:
        return Ledgers([], arrivals_at(url, chat), left=["no run is on record"])
    run = {"run": state.run}
    rows = rows_of(
        address,
        "SELECT state, kind, shard, epoch, attempts, latency FROM campaign.status WHERE run = %(run)s ORDER BY seq",
        run,
    )
    attempts = rows_of(
        address,
        "SELECT message.row - 2, n, started_at, ended_at FROM campaign.attempt JOIN campaign.message USING (run, seq) "
        "WHERE run = %(run)s AND what = 'send'",
        run,
    )
    holders = rows_of(address, "SELECT shard, epoch, worker FROM chaos.taken WHERE run = %(run)s AND worker <> ''", run)
    tally = rows_of(address, "SELECT state, sum(rows)::int FROM campaign.tally WHERE run = %(run)s GROUP BY state", run)
    return Ledgers(
        rows=[Row(*each) for each in rows],
        arrivals=arrivals_at(url, chat),
        attempts={(number, n): Attempt(began, ended) for number, n, began, ended in attempts},
        holders={(shard, epoch): worker for shard, epoch, worker in holders},
        happenings=happenings,
        report=report,
        tally=dict(tally),
        left=_left(address, run),
    )


def arrivals_at(url: str, chat: Chat) -> list[Arrival]:
    """The requests of a server's ledger, in the order of their arrival."""
    entries: list[dict[str, Any]] = json.loads(ask(url + "/sandbox/ledger"))["entries"]
    return [
        Arrival(
            entry["time"],
            text_of(entry, chat) if entry["method"] == "POST" else None,
            entry["taken"],
            entry["status"],
            entry["fault"],
        )
        for entry in sorted(entries, key=lambda entry: int(entry["number"]))
    ]


def _left(address: str, run: Mapping[str, int]) -> list[str]:
    """What is left of a run that has ended, in words, after its removal had its time."""
    until = time.monotonic() + CLEAN_WITHIN
    while True:
        [found] = rows_of(address, _LEFT, run)
        if found == (0, 0, 0):
            return []
        if time.monotonic() > until:
            return ["{} jobs, {} shards and {} sessions are left".format(*found)]
        time.sleep(0.5)

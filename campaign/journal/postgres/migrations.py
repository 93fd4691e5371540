"""The schema of the journals in a database, as the steps that made it: every step adds, none changes an earlier one.

`campaign.version` contains how many steps a database has. To change the schema, append a step. Other workers may still
run with the version before, so a step may only add what that version can ignore.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalError, Problem
from campaign.journal.postgres.cluster_schema import WORKERS
from campaign.journal.postgres.waits_schema import WAITS

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Connection, Database

# A run's rows are in shards by destination, and a delivery holds shards: `shard.epoch` rises whenever one is taken
# over, and no attempt begins under an earlier epoch.
#
# `status` has no index but its key, and none of its columns that change is in one, so that an update stays within its
# page (HOT). `attempt` is written when an attempt has ended: of one that has not, `status` says all that is known.
# `tally` has the number of rows by state; a statement's changes are counted under one of its shards, so only the sum
# over a run's shards means something.
FIRST: LiteralString = """
CREATE TABLE campaign.version (
    schema integer NOT NULL,
    oldest_worker integer NOT NULL,
    lease double precision NOT NULL DEFAULT 60,
    secret bytea NOT NULL
);
CREATE TABLE campaign.hold (
    campaign text PRIMARY KEY,
    host text,
    process integer,
    held_since double precision,
    stop_by text
);
CREATE TABLE campaign.run (
    run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign text NOT NULL,
    number integer NOT NULL,
    facts text NOT NULL,
    secret bytea NOT NULL,
    schema integer NOT NULL,
    created_at double precision NOT NULL,
    planned boolean NOT NULL DEFAULT false,
    to_fix boolean NOT NULL DEFAULT false,
    wish text CHECK (wish IN ('pause', 'stop')),
    stop_reason text,
    eligible_seq integer,
    retry text[],
    retry_since double precision,
    ended_at double precision,
    UNIQUE (campaign, number)
);
CREATE TABLE campaign.message (
    run bigint NOT NULL,
    shard smallint NOT NULL,
    seq integer NOT NULL,
    row integer NOT NULL,
    destination text NOT NULL,
    body bytea,
    cells text NOT NULL,
    identity bytea,
    key bytea,
    origin_run integer,
    origin_row integer,
    PRIMARY KEY (run, seq)
);
CREATE TABLE campaign.status (
    run bigint NOT NULL,
    shard smallint NOT NULL,
    seq integer NOT NULL,
    state text NOT NULL,
    kind text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    message_id text,
    http_status integer,
    attempts integer NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    at double precision,
    latency double precision,
    looked_after integer,
    looked_at double precision,
    PRIMARY KEY (run, shard, seq)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE campaign.attempt (
    run bigint NOT NULL,
    shard smallint NOT NULL,
    seq integer NOT NULL,
    n bigint NOT NULL,
    epoch bigint NOT NULL,
    what text NOT NULL,
    started_at double precision NOT NULL,
    ended_at double precision,
    outcome text,
    http_status integer,
    detail text NOT NULL DEFAULT '',
    PRIMARY KEY (run, shard, seq, n, what)
);
CREATE TABLE campaign.shard (
    run bigint NOT NULL,
    shard smallint NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    worker text,
    done boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, shard)
);
CREATE TABLE campaign.tally (
    run bigint NOT NULL,
    shard smallint NOT NULL,
    state text NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (run, shard, state)
) WITH (fillfactor = 10);
CREATE TABLE campaign.session (
    session bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    worker text NOT NULL DEFAULT '',
    host text NOT NULL,
    process integer NOT NULL,
    version text NOT NULL DEFAULT '',
    started_at double precision NOT NULL,
    ended_at double precision,
    seconds double precision,
    retry text[] NOT NULL DEFAULT '{}',
    by text NOT NULL DEFAULT ''
);
CREATE INDEX session_of_run ON campaign.session (run);
CREATE TABLE campaign.activity (
    session bigint PRIMARY KEY,
    rate double precision,
    eta_seconds double precision,
    waiting_for text,
    until double precision,
    at double precision NOT NULL,
    stopping text NOT NULL,
    waited double precision NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE campaign.budget (
    key text PRIMARY KEY,
    rate double precision,
    due double precision,
    paused_until double precision,
    factor double precision,
    window_limit integer,
    window_left integer,
    window_ends double precision,
    prober text,
    probe_until double precision
) WITH (fillfactor = 10);
CREATE TABLE campaign.finding (
    run bigint NOT NULL,
    place integer NOT NULL,
    finding text NOT NULL,
    PRIMARY KEY (run, place)
);
CREATE TABLE campaign.accepted (
    run bigint NOT NULL,
    code text NOT NULL,
    by text NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (run, code)
);
CREATE TABLE campaign.decision (
    decision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    what text NOT NULL,
    by text NOT NULL,
    at double precision NOT NULL,
    detail text NOT NULL
);
CREATE TABLE campaign.server_quota (
    campaign text NOT NULL,
    server text NOT NULL,
    requests integer NOT NULL,
    seconds double precision NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (campaign, server)
);
CREATE TABLE campaign.workbook (
    campaign text NOT NULL,
    digest bytea NOT NULL,
    run bigint NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (campaign, digest)
);
CREATE FUNCTION campaign.tally_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaign.tally AS kept (run, shard, state, rows)
    SELECT run, min(shard), state, count(*) FROM added GROUP BY run, state ORDER BY run, state
    ON CONFLICT (run, shard, state) DO UPDATE SET rows = kept.rows + excluded.rows;
    RETURN NULL;
END $$;
CREATE FUNCTION campaign.tally_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaign.tally AS kept (run, shard, state, rows)
    SELECT run, min(shard), state, sum(change)
    FROM (SELECT run, shard, state, -1 AS change FROM gone UNION ALL SELECT run, shard, state, 1 FROM added) AS changes
    GROUP BY run, state HAVING sum(change) <> 0 ORDER BY run, state
    ON CONFLICT (run, shard, state) DO UPDATE SET rows = kept.rows + excluded.rows;
    RETURN NULL;
END $$;
CREATE TRIGGER added AFTER INSERT ON campaign.status
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION campaign.tally_added();
CREATE TRIGGER changed AFTER UPDATE ON campaign.status
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION campaign.tally_changed();
"""

# The end of a server's window as the server states it, by which workers know which window is meant; and by how many
# seconds the server's clock is ahead of the database's, at least and at most, and when that was known.
STATED_WINDOW: LiteralString = """
ALTER TABLE campaign.budget
    ADD COLUMN window_reset double precision,
    ADD COLUMN clock_least double precision,
    ADD COLUMN clock_most double precision,
    ADD COLUMN clock_at double precision
"""

STEPS: tuple[LiteralString, ...] = (FIRST, STATED_WINDOW, WORKERS, WAITS)
"""Append; never change a step that was released."""

VERSION = len(STEPS)

OLDEST_WORKER = 1
"""The earliest schema whose workers can work beside this one."""

# Read from the tables themselves: what the server's functions know of names may be older.
_TABLES: LiteralString = """
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'version')
FROM pg_namespace WHERE nspname = 'campaign'
"""

_MIGRATING = 0x63616D7000000001
"""The advisory lock that is held while steps are made; "camp" and a number."""


def prepare(database: Database, *, create: bool) -> None:
    """Give a database the tables that it lacks, all or none.

    Args:
        database: the open database.
        create: whether to make them where there are none.

    Raises:
        JournalError: there are none and `create` is False, they are another program's, or from a newer version.
    """
    version = version_of(database)
    if version is None and not create:
        what = "there is no journal in this database"
        raise JournalError(Problem(database.address.shown, what, "`campaign run` makes one"))
    if version == VERSION:
        return
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        version = version_of(database)  # another process may have made them meanwhile
        if version is None:
            connection.execute("CREATE SCHEMA campaign")
        _make_steps(connection, version or 0)


def has_tables(database: Database) -> bool:
    """Whether a database has tables of journals.

    Raises:
        JournalError: those in their place are another program's, or it cannot be read.
    """
    return version_of(database) is not None


def version_of(database: Database) -> int | None:
    """How many steps a database has; None where it has no schema `campaign`.

    Raises:
        JournalError: the tables in their place are another program's or a newer version's, or it cannot be read.
    """
    where = database.address.shown
    found = database.row(_TABLES)
    if found is None:
        return None
    row = database.row("SELECT schema FROM campaign.version") if found[0] else None
    if row is None:
        what = "has a schema `campaign` that is not campaign's"
        raise JournalError(Problem(where, what, "name another database"))
    if row[0] > VERSION:
        what = f"was written by a newer campaign (journal version {row[0]})"
        raise JournalError(Problem(where, what, "update campaign"))
    return int(row[0])


def _make_steps(connection: Connection, version: int) -> None:
    for step in STEPS[version:]:
        connection.execute(step)
    if not version:
        values = (VERSION, OLDEST_WORKER, secrets.token_bytes(32))
        connection.execute("INSERT INTO campaign.version (schema, oldest_worker, secret) VALUES (%s, %s, %s)", values)
    connection.execute("UPDATE campaign.version SET schema = greatest(schema, %s)", (VERSION,))

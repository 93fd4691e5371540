"""The schema of a journal, as the steps that made it: every step adds, none changes what an earlier one made.

A journal's `user_version` is the number of steps that it has. To change the schema, append a step: it is applied to
every journal that is opened and lacks it, all missing steps in one transaction.
"""

from __future__ import annotations

# What never changes after planning (message) is separate from what changes with every attempt (status), so that an
# update rewrites some sixty bytes instead of a whole message.
FIRST = """
CREATE TABLE run (
    run INTEGER PRIMARY KEY,
    facts TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at REAL NOT NULL,
    planned INTEGER NOT NULL DEFAULT 0,
    stop_reason TEXT
);
CREATE TABLE session (
    session INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL
);
CREATE TABLE message (
    run INTEGER NOT NULL REFERENCES run,
    seq INTEGER NOT NULL,
    row INTEGER NOT NULL,
    destination TEXT NOT NULL,
    body BLOB,
    cells TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);
CREATE TABLE status (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    message_id TEXT,
    http_status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    at REAL,
    latency REAL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE attempt (
    attempt INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    what TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    outcome TEXT,
    http_status INTEGER,
    detail TEXT
)
"""

# The journal knows its own place and whether it is whole (place.py), who holds it, and how long a delivery took by a
# monotonic clock.
PLACE = """
CREATE TABLE place (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    journal TEXT NOT NULL,
    path TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT '',
    inode TEXT NOT NULL DEFAULT '',
    generation TEXT NOT NULL DEFAULT '',
    mark INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    holder INTEGER,
    host TEXT,
    process INTEGER,
    process_start TEXT,
    held_since REAL
);
INSERT INTO place (one, journal) VALUES (1, lower(hex(randomblob(16))));
ALTER TABLE session ADD COLUMN token INTEGER;
ALTER TABLE session ADD COLUMN seconds REAL;
ALTER TABLE session ADD COLUMN retry TEXT NOT NULL DEFAULT ''
"""

# Digests of messages, where rows of a sheet To fix come from, what operators decided, requests to stop a delivery, and
# digests of the workbooks written.
SECOND_CHANCES = """
CREATE TABLE digest (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE origin (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    origin_run INTEGER NOT NULL,
    origin_row INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE decision (
    decision INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    what TEXT NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE stop_request (
    by TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE workbook (
    digest BLOB PRIMARY KEY,
    run INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID
"""

# When a row in doubt was first looked for at the server and was not there, since its last attempt.
LOOKED = """
CREATE TABLE IF NOT EXISTS looked (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    attempts_then INTEGER NOT NULL,
    looked_at REAL NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID
"""

# What a plan's findings were, which of them were accepted and by whom; and the limit that a server stated last.
FINDINGS = """
CREATE TABLE finding (
    run INTEGER NOT NULL,
    place INTEGER NOT NULL,
    finding TEXT NOT NULL,
    PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE accepted (
    run INTEGER NOT NULL,
    code TEXT NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (run, code)
) WITHOUT ROWID;
CREATE TABLE server_quota (
    server TEXT PRIMARY KEY,
    requests INTEGER NOT NULL,
    seconds REAL NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID
"""

# Who delivers, and what each delivery that is under way was doing when that was last recorded.
ACTIVITY = """
ALTER TABLE session ADD COLUMN by TEXT NOT NULL DEFAULT '';
CREATE TABLE activity (
    session INTEGER PRIMARY KEY,
    rate REAL,
    eta_seconds REAL,
    waiting_for TEXT,
    until REAL,
    at REAL NOT NULL,
    stopping TEXT NOT NULL
)
"""

# What makes a row the same from run to run, where the campaign says so: a digest, which stays without the cells.
KEYS = """
CREATE TABLE IF NOT EXISTS row_key (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID
"""

# For how long each delivery has waited by itself, which is no part of its duration.
WAITED = "ALTER TABLE activity ADD COLUMN waited REAL NOT NULL DEFAULT 0"

# Into which database the journal was imported, where it is gone on with; no `done_at`: perhaps it is not there yet.
IMPORTED = """
CREATE TABLE imported (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    database TEXT NOT NULL,
    database_id TEXT NOT NULL,
    by TEXT NOT NULL,
    begun_at REAL NOT NULL,
    done_at REAL
)
"""

STEPS = (FIRST, PLACE, SECOND_CHANCES, LOOKED, FINDINGS, ACTIVITY, KEYS, WAITED, IMPORTED)
"""Append; never change a step that was released."""

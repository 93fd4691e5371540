"""The steps of the schema for workers: who they are, which shards each holds, what a run asks of them, and where."""

from __future__ import annotations

from typing import LiteralString

# `worker` has one row for each life of a worker: one that was lost comes back under another number, so that what it
# held before is not its own any more. `shard.holder` is such a number. Rows that are sent again have attempts under
# epochs up to `shard.retried` only: a later takeover does not send them a second time.
WORKERS: LiteralString = """
CREATE TABLE campaign.worker (
    worker bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    process integer NOT NULL,
    version text NOT NULL,
    campaign text,
    started_at double precision NOT NULL,
    beat_at timestamptz NOT NULL,
    rate double precision,
    lost boolean NOT NULL DEFAULT false,
    drain boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);
ALTER TABLE campaign.shard ADD COLUMN holder bigint;
ALTER TABLE campaign.shard ADD COLUMN retried bigint NOT NULL DEFAULT -1;
ALTER TABLE campaign.run ADD COLUMN ordered bigint;
ALTER TABLE campaign.run ADD COLUMN delivery text;
ALTER TABLE campaign.run ADD COLUMN limit_seq integer;
ALTER TABLE campaign.run ADD COLUMN early_end text;
ALTER TABLE campaign.run ADD COLUMN jobs integer;
ALTER TABLE campaign.run ADD COLUMN retry_first integer[];
ALTER TABLE campaign.run ADD COLUMN retry_last integer[];
"""

# The server on which a run was begun, or on which the operator has let it go on; and whether a standby that takes over
# lacks nothing, by what the operator states.
SERVERS: LiteralString = """
ALTER TABLE campaign.run ADD COLUMN server text;
ALTER TABLE campaign.version ADD COLUMN synchronous_standby boolean NOT NULL DEFAULT false
"""

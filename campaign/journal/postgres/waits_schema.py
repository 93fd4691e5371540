"""The step of the schema for what runs that are left to workers wait for: their lists, and the process that watches."""

from __future__ import annotations

from typing import LiteralString

# `lists_good_until` is NULL where a run has no lists that are read again; else rows begin only before that moment, on
# the database's clock. `watch` has the process that watches a run. `out_of_reach` has the workers that get no response
# from a run's server, and since when.
WAITS: LiteralString = """
ALTER TABLE campaign.run ADD COLUMN lists_good_until double precision;
CREATE TABLE campaign.watch (
    run bigint PRIMARY KEY,
    watcher text NOT NULL,
    host text NOT NULL,
    process integer NOT NULL,
    beat_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE campaign.out_of_reach (
    run bigint NOT NULL,
    worker bigint NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (run, worker)
);
"""

"""The step of the schema for what runs that are left to workers wait for: their lists, and the process that watches."""

from __future__ import annotations

from typing import LiteralString

# `lists_good_until` is NULL where a run has no lists that are read again; else rows begin only before that moment, on
# the database's clock. Workers of version 1.0 do not look at it, so the database gives them no shard of such a run.
# `watch` has the process that watches a run. `out_of_reach` has the workers that get no response from a run's server,
# and since when.
WAITS: LiteralString = """
ALTER TABLE campaign.run ADD COLUMN lists_good_until double precision;
ALTER TABLE campaign.worker ADD COLUMN looks_at_lists boolean NOT NULL DEFAULT false;
CREATE FUNCTION campaign.refuse_older_worker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM campaign.run WHERE run.run = NEW.run AND lists_good_until IS NOT NULL)
        AND NOT EXISTS (SELECT FROM campaign.worker WHERE worker.worker = NEW.holder AND looks_at_lists)
    THEN
        RAISE EXCEPTION 'a run with lists that are read again needs workers of a newer campaign';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER taken BEFORE UPDATE ON campaign.shard FOR EACH ROW
    WHEN (NEW.holder IS NOT NULL AND NEW.holder IS DISTINCT FROM OLD.holder)
    EXECUTE FUNCTION campaign.refuse_older_worker();
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

UNABLE: LiteralString = """
ALTER TABLE campaign.out_of_reach ADD COLUMN why text NOT NULL DEFAULT '';
"""
"""Why a worker cannot deliver a run at all, whatever its server responds; '' where only responses are lacking."""

"""A worker for the control of `tests.cluster.chaos`: it begins whatever it has read, whoever holds it by now."""

from __future__ import annotations

from campaign.cli.main import campaign
from campaign.cluster.lease import Lease
from campaign.journal.postgres import cluster, parts, record
from campaign.journal.postgres.sql import given

record.HELD = f"SELECT shard FROM {given('shard', 'epoch')}"
record._BEGIN = f"""
UPDATE campaign.status AS status SET state = 'sending', attempts = last, epoch = given.epoch, at = started_at
FROM {given("shard", "seq", "last", "before", "epoch", "started_at")} {record._ROW}
"""
parts._TAKEN = "SELECT 0, '{}'::text[]"
Lease.may_send = lambda *_: True  # type: ignore[method-assign]
_beat = cluster.ClusterStore.beat
cluster.ClusterStore.beat = lambda *arguments: bool(_beat(*arguments))  # type: ignore[method-assign]

if __name__ == "__main__":
    campaign()

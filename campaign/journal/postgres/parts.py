"""Parts of a run: shards that one worker holds at a time. They are taken over, and given back.

Taking a shard over raises its epoch, which waits for every beginning under way and then sees its mark: in the same
transaction, what was cut off is settled. From then on nothing begins under the epoch before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from campaign.journal.postgres.record import CUT_OFF_PART, HELD
from campaign.journal.postgres.server import change_of
from campaign.journal.postgres.sql import NUMBERED, given
from campaign.journal.postgres.workers import IS_ALIVE
from campaign.journal.records import CUT_OFF_REASON

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from campaign.journal.postgres.database import Connection, Database

_ORDER: LiteralString = """
SELECT eligible_seq, coalesce(run.retry, '{}'), coalesce(retry_first, '{}'), coalesce(retry_last, '{}'),
    lists_good_until IS NOT NULL
FROM campaign.run JOIN campaign.session ON session = ordered
WHERE run.run = %s AND wish IS DISTINCT FROM 'stop' AND session.ended_at IS NULL AND run.ended_at IS NULL
FOR SHARE OF run
"""
"""What a run asks of the workers; no row where it asks nothing."""

# Before anything is taken from a worker that is silent, that is put on record: a beat of it that comes late waits for
# this, and then says that the lease is lost. Without it the beat would renew a lease on what is another's by now.
_DECLARE_LOST: LiteralString = f"""
UPDATE campaign.worker SET lost = true WHERE NOT lost AND NOT ({IS_ALIVE}) AND worker IN (
    SELECT holder FROM campaign.shard WHERE run = %(run)s AND shard = ANY(%(shards)s)
)
"""

_TAKEN: LiteralString = """
SELECT count(*) FILTER (WHERE holder <> %(worker)s AND NOT lost),
    coalesce(array_agg(DISTINCT held.worker) FILTER (WHERE holder <> %(worker)s), '{}')
FROM (
    SELECT holder, worker FROM campaign.shard WHERE run = %(run)s AND shard = ANY(%(shards)s) ORDER BY shard FOR UPDATE
) AS held LEFT JOIN campaign.worker ON worker.worker = holder
"""
"""How many shards another worker holds, and whose they are or were."""

_TAKE: LiteralString = """
UPDATE campaign.shard SET epoch = epoch + 1, holder = %(worker)s, worker = %(name)s, done = false
WHERE run = %(run)s AND shard = ANY(%(shards)s) RETURNING shard, epoch
"""

_IN_DOUBT: LiteralString = """
UPDATE campaign.status SET state = 'in_doubt', kind = 'cut off', reason = %(reason)s
WHERE run = %(run)s AND shard = ANY(%(shards)s) AND state = 'sending'
"""

WAITS: LiteralString = f"""
(status.state = ANY(%(waiting)s) OR status.state = ANY(%(retry)s) AND status.epoch <= held.retried AND (
    cardinality(%(first)s::integer[]) = 0 OR EXISTS (
        SELECT FROM campaign.message WHERE message.run = status.run AND message.seq = status.seq AND {NUMBERED}
    )
)) AND status.seq <= coalesce(%(last_seq)s, 2147483647)
"""
"""Whether a row of `campaign.status` is to be sent, with its shard as `held`."""

_UNDONE: LiteralString = f"""
SELECT held.shard FROM campaign.shard AS held WHERE held.run = %(run)s AND held.shard = ANY(%(shards)s) AND EXISTS (
    SELECT FROM campaign.status WHERE status.run = held.run AND status.shard = held.shard AND {WAITS} OFFSET 0
)
"""

_FREE: LiteralString = f"""
SELECT shard.shard FROM campaign.shard LEFT JOIN campaign.worker ON worker.worker = holder
WHERE run = %s AND NOT done AND (holder IS NULL OR worker.worker IS NULL OR NOT ({IS_ALIVE}))
"""


class Taken(NamedTuple):
    """Shards that were taken over.

    Attributes:
        epochs: that under which each is held.
        order: what the run asks: the last place, the states to send again and the rows of those.
        taken_from: the names of the workers that held some of them.
        in_doubt: how many rows are in doubt now, because they were cut off.
    """

    epochs: dict[int, int]
    order: tuple[Any, ...]
    taken_from: tuple[str, ...]
    in_doubt: int


def take_over(
    database: Database, run: int, shards: Sequence[int], worker: tuple[int, str], *, settles: bool
) -> Taken | None:
    """Take shards of a run over, and settle what was cut off in them.

    Args:
        database: the database.
        run: the run's key.
        shards: the shards.
        worker: the number and the name of the worker that takes them.
        settles: whether rows that were cut off are in doubt, rather than read back.

    Returns:
        What was taken; None where the run asks nothing, another worker holds one of them, or attempts of the run may be
        missing.
    """
    values = {"run": run, "shards": list(shards), "worker": worker[0], "name": worker[1], "reason": CUT_OFF_REASON}
    with database.transaction() as connection:
        order = connection.execute(_ORDER, (run,)).fetchone()
        if order is None or change_of(database, run) is not None:
            return None
        connection.execute(_DECLARE_LOST, values)
        others, holders = connection.execute(_TAKEN, values).fetchone() or (1, ())
        if others:
            return None
        epochs = dict(connection.execute(_TAKE, values).fetchall())
        connection.execute(CUT_OFF_PART, values)
        in_doubt = connection.execute(_IN_DOUBT, values).rowcount if settles else 0
    return Taken(epochs, order, tuple(holders), in_doubt)


def give_back(database: Database, run: int, epochs: Mapping[int, int]) -> bool:
    """Give shards back, as far as they are still held, and record which of them have nothing more to send.

    Returns:
        Whether none has.
    """
    with database.transaction() as connection:
        order = connection.execute(_ORDER, (run,)).fetchone()
        held = held_of(connection, run, epochs, lock="UPDATE")
        values = {"run": run, "shards": list(held), **waiting_values(order)}
        undone = [shard for (shard,) in connection.execute(_UNDONE, values)]
        connection.execute(
            "UPDATE campaign.shard SET holder = NULL, done = NOT shard = ANY(%(undone)s) "
            "WHERE run = %(run)s AND shard = ANY(%(shards)s)",
            {**values, "undone": undone},
        )
    return not undone


def held_of(connection: Connection, run: int, epochs: Mapping[int, int], *, lock: str = "SHARE") -> set[int]:
    """The shards that are still held under these epochs; a takeover waits for the transaction."""
    statement = HELD if lock == "SHARE" else _HELD_ALONE
    values = {"run": run, "shard": list(epochs), "epoch": list(epochs.values())}
    return {shard for (shard,) in connection.execute(statement, values)}


_HELD_ALONE: LiteralString = f"""
SELECT shard FROM campaign.shard JOIN {given("shard", "epoch")} USING (run, shard, epoch)
ORDER BY shard FOR UPDATE OF shard
"""


def waiting_values(order: tuple[Any, ...] | None, waiting: Collection[str] = ("pending", "sending")) -> dict[str, Any]:
    """The values of `WAITS` for what a run asks."""
    last, retry, first_rows, last_rows = (order or (None, [], [], []))[:4]
    return {"waiting": list(waiting), "retry": retry, "first": first_rows, "last": last_rows, "last_seq": last}


def free_shards(database: Database, run: int) -> set[int]:
    """The shards of a run that are not done, and that no worker holds."""
    return {shard for (shard,) in database.rows(_FREE, (run,))}


def left_behind(database: Database, worker: int) -> dict[int, dict[int, int]]:
    """The shards that a worker holds: by the run's key, the epoch of each."""
    found: dict[int, dict[int, int]] = {}
    for run, shard, epoch in database.rows("SELECT run, shard, epoch FROM campaign.shard WHERE holder = %s", (worker,)):
        found.setdefault(run, {})[shard] = epoch
    return found

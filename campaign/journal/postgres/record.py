"""How acts are put on record: a few statements for a whole group, and only under the shards' epochs.

A send begins where the row is as its delivery knows it, and its shard is still held under the same epoch: the shards
are locked, which makes a takeover wait for the commit and then see it. An end counts for the row's last attempt only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from campaign.journal.postgres.acts import ENDS, FENCED, Deed
from campaign.journal.postgres.sql import TYPES, given, names_in, numbers_of, texts_of, unless_all
from campaign.journal.postgres.waits import MAY_BEGIN, may_begin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.journal.postgres.acts import Act
    from campaign.journal.postgres.database import Connection

HELD: LiteralString = f"""
SELECT shard FROM campaign.shard JOIN {given("shard", "epoch")} USING (run, shard, epoch)
ORDER BY shard FOR SHARE OF shard
"""
"""Those of some shards that are still held under their epochs; locked."""

_ROW: LiteralString = "WHERE status.run = given.run AND status.shard = given.shard AND status.seq = given.seq"

_BEGIN: LiteralString = f"""
UPDATE campaign.status AS status SET state = 'sending', attempts = last, epoch = given.epoch, at = started_at
FROM {given("shard", "seq", "last", "before", "epoch", "started_at")} {_ROW} AND (
    status.attempts = last - 1 AND state = before
    OR status.attempts = last AND state = 'sending' AND status.epoch = given.epoch AND status.at = started_at
)
"""

_ALL_HELD, _ALL_BEGIN = unless_all(HELD), unless_all(f"{_BEGIN} RETURNING status.seq")
_LISTS_GOOD = unless_all(f"SELECT 1 WHERE ({MAY_BEGIN})")

_WITHDRAW: LiteralString = f"""
UPDATE campaign.status AS status SET state = given.state, attempts = last - 1, at = NULL
FROM {given("shard", "seq", "last", "epoch", "state")} {_ROW}
    AND status.attempts = last AND status.epoch = given.epoch AND status.state = 'sending'
"""

_ATTEMPTS: LiteralString = f"""
INSERT INTO campaign.attempt AS known
    (run, shard, seq, n, epoch, what, started_at, ended_at, outcome, http_status, detail)
SELECT * FROM
{given("shard", "seq", "n", "epoch", "what", "started_at", "ended_at", "outcome", "http_status", "reason")}
ON CONFLICT (run, shard, seq, n, what) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
    http_status = excluded.http_status, detail = excluded.detail
WHERE known.ended_at IS NULL AND excluded.ended_at IS NOT NULL AND known.epoch = excluded.epoch
"""

_RESULT: LiteralString = f"""
UPDATE campaign.status AS status SET state = given.state, kind = given.kind, reason = given.reason,
    message_id = given.message_id, http_status = given.http_status, at = ended_at, latency = given.latency
FROM {
    given(
        "shard", "seq", "last", "epoch", "state", "kind", "reason", "message_id", "http_status", "ended_at", "latency"
    )
} {_ROW} AND status.attempts = last
"""
_END: LiteralString = _RESULT + " AND status.epoch = given.epoch AND status.state IN ('sending', 'in_doubt')"

# The row has gone on under another epoch: what came of the attempt says only why it is in doubt.
_NOT_TAKEN: LiteralString = f"""
UPDATE campaign.status AS status SET kind = given.kind, reason = given.reason
FROM {given("shard", "seq", "last", "epoch", "kind", "reason")} {_ROW}
    AND status.attempts = last AND status.epoch = given.epoch AND status.state = 'in_doubt'
"""

_END_UNDO: LiteralString = f"""
UPDATE campaign.status AS status SET state = given.state, kind = given.kind, reason = given.reason
FROM {given("shard", "seq", "last", "state", "kind", "reason")} {_ROW}
    AND status.attempts = last AND status.state IN ('sent', 'in_doubt') AND given.kind <> ''
"""

CUT_OFF: LiteralString = """
INSERT INTO campaign.attempt (run, shard, seq, n, epoch, what, started_at)
SELECT run, shard, seq, attempts, epoch, 'send', at FROM campaign.status
WHERE run = %(run)s AND state = 'sending' AND attempts > 0 AND at IS NOT NULL
ON CONFLICT (run, shard, seq, n, what) DO NOTHING
"""
"""Keeps attempts of which no end is on record, before their rows go on: `status` knows the last attempt alone."""

CUT_OFF_PART: LiteralString = """
INSERT INTO campaign.attempt (run, shard, seq, n, epoch, what, started_at)
SELECT run, shard, seq, attempts, epoch, 'send', at FROM campaign.status
WHERE run = %(run)s AND shard = ANY(%(shards)s) AND state = 'sending' AND attempts > 0 AND at IS NOT NULL
ON CONFLICT (run, shard, seq, n, what) DO NOTHING
"""
"""The same of some shards."""

# A session of which no end is on record has no duration, also where another command has ended it since.
RECOVER: LiteralString = """
UPDATE campaign.status SET state = 'sending' WHERE run = %(run)s AND (state = 'pending' OR state IN (
    SELECT unnest(retry) FROM campaign.session WHERE run = %(run)s AND seconds IS NULL
        AND session = (SELECT max(session) FROM campaign.session WHERE run = %(run)s)
))
"""
"""Treats every row that seems to wait as cut off."""

_CUT_OFF_HERE: LiteralString = f"""
INSERT INTO campaign.attempt (run, shard, seq, n, epoch, what, started_at)
SELECT status.run, status.shard, status.seq, attempts, epoch, 'send', at
FROM {given("shard", "seq")} JOIN campaign.status USING (run, shard, seq)
WHERE state = 'sending' AND attempts > 0 AND at IS NOT NULL
ON CONFLICT (run, shard, seq, n, what) DO NOTHING
"""


class OtherSessionError(Exception):
    """The shards are not held any more, a row is not as this delivery has left it, or no row of the run may begin."""


def record_as_expected(
    connection: Connection, run: int, batches: Sequence[Sequence[Act]], *, reads_lists: bool = False
) -> None:
    """Put acts on record, within the caller's exchange, where nothing is in their way: every shard is still held.

    Args:
        connection: to the database.
        run: the run's key.
        batches: each with at most one act for a row.
        reads_lists: whether sends begin only while the run's lists are good.
    """
    if named := _named(batches):
        connection.execute(_ALL_HELD, {"count": len(named), **_epochs(run, named)})
    if reads_lists and _begins(batches):
        connection.execute(_LISTS_GOOD, {"count": 1, "run": run})
    for batch in batches:
        _record_batch(connection, run, batch, _begin_all)


def record(connection: Connection, run: int, batches: Sequence[Sequence[Act]], *, reads_lists: bool = False) -> None:
    """Put acts on record, within the caller's transaction; some may have come too late.

    Args:
        connection: to the database.
        run: the run's key.
        batches: each with at most one act for a row.
        reads_lists: whether sends begin only while the run's lists are good.

    Raises:
        OtherSessionError: something may not begin; the transaction must be rolled back.
        psycopg.Error: likewise.
    """
    held: set[int] = set()
    if named := _named(batches):
        held = {shard for (shard,) in connection.execute(HELD, _epochs(run, named))}
        if any(act.deed in FENCED and act.shard not in held for batch in batches for act in batch):
            raise OtherSessionError
    if reads_lists and _begins(batches) and not may_begin(connection, run):
        raise OtherSessionError
    for batch in batches:
        acts = [act if act.shard in held else act.come_late() for act in batch]
        _record_batch(connection, run, acts, _begin)


def _begins(batches: Sequence[Sequence[Act]]) -> bool:
    """Whether any row is about to be sent."""
    return any(act.deed is Deed.BEGIN for batch in batches for act in batch)


def _named(batches: Sequence[Sequence[Act]]) -> dict[int, int]:
    """The shards that have to be held for acts to count, and the epoch of each."""
    return {act.shard: act.epoch for batch in batches for act in batch if act.deed in FENCED or act.goes_on}


def _epochs(run: int, named: dict[int, int]) -> dict[str, Any]:
    return {"run": run, "shard": numbers_of(named), "epoch": numbers_of(named.values())}


def _begin(connection: Connection, run: int, acts: Sequence[Act]) -> None:
    if connection.execute(_BEGIN, _columns(_BEGIN, run, acts)).rowcount != len(acts):
        raise OtherSessionError


def _begin_all(connection: Connection, run: int, acts: Sequence[Act]) -> None:
    connection.execute(_ALL_BEGIN, {"count": len(acts), **_columns(_BEGIN, run, acts)})


def _record_batch(
    connection: Connection,
    run: int,
    batch: Sequence[Act],
    begin: Callable[[Connection, int, Sequence[Act]], None],
) -> None:
    by_deed: dict[Deed, list[Act]] = {}
    for act in batch:
        by_deed.setdefault(act.deed, []).append(act)
    if begun := by_deed.get(Deed.BEGIN):
        if again := [act for act in begun if act.before == "sending"]:
            connection.execute(_CUT_OFF_HERE, _columns(_CUT_OFF_HERE, run, again))
        begin(connection, run, begun)
    if written := [act for act in batch if act.deed in ENDS or act.deed is Deed.BEGIN_UNDO]:
        connection.execute(_ATTEMPTS, _columns(_ATTEMPTS, run, written))
    for deed, statement in _RESULTS.items():
        if acts := by_deed.get(deed):
            connection.execute(statement, _columns(statement, run, acts))


_RESULTS: dict[Deed, LiteralString] = {
    Deed.END: _END,
    Deed.END_LATE: _NOT_TAKEN,
    Deed.READ_BACK: _RESULT,
    Deed.END_UNDO: _END_UNDO,
    Deed.WITHDRAW: _WITHDRAW,
}


def _columns(statement: LiteralString, run: int, acts: Sequence[Act]) -> dict[str, Any]:
    """The values of acts as the columns that a statement is given, by name."""
    wanted = names_in(statement)
    columns = zip(acts[0]._fields, zip(*acts, strict=True), strict=True)
    arrays = {name: (numbers_of if name in TYPES else texts_of)(each) for name, each in columns if name in wanted}
    return {"run": run, **arrays}

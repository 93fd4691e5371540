"""Which runs that are left to workers are delivered by none: none is at work, or those that are cannot deliver them."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from campaign.journal.cluster import StuckRun
from campaign.journal.postgres.open_runs import IS_OPEN
from campaign.journal.postgres.workers import IS_ALIVE

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Database

_STUCK: LiteralString = f"""
SELECT run.run, run.campaign, number,
    coalesce(array_agg(DISTINCT worker.name || ' ' || far.why) FILTER (WHERE worker.worker IS NOT NULL), '{{}}')
FROM campaign.session JOIN campaign.run ON {IS_OPEN} AND wish IS DISTINCT FROM 'stop'
LEFT JOIN campaign.worker ON {IS_ALIVE} AND NOT drain AND coalesce(worker.campaign, run.campaign) = run.campaign
LEFT JOIN campaign.out_of_reach AS far ON far.run = run.run AND far.worker = worker.worker
GROUP BY run.run, run.campaign, number, ordered
HAVING coalesce(bool_and(worker.worker IS NULL OR far.why <> ''), true)
    AND NOT coalesce(bool_or(worker.worker IS NOT NULL AND far.why IS NULL), false)
ORDER BY ordered
"""


def stuck_runs(database: Database) -> list[StuckRun]:
    """The runs that are left to workers and that none at work can deliver, the oldest first."""
    return [StuckRun(key, campaign, number, tuple(why)) for key, campaign, number, why in database.rows(_STUCK)]


def unable(database: Database, key: int) -> tuple[str, ...] | None:
    """Why no worker at work can deliver a run; see `OrderState.unable`."""
    return next((each.unable for each in stuck_runs(database) if each.key == key), None)

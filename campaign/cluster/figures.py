"""The figures of one worker at a moment, and whether it is well by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.cluster.job_runner import JobCounts
    from campaign.cluster.limits import Traffic


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """One worker, as it knows itself. Counts are since it started.

    Attributes:
        name: by which an operator calls it.
        started_at: in seconds since the epoch.
        lease: after so many seconds without a beat, others take over what it holds.
        silent: seconds since its last beat that is on record.
        is_fresh: whether it may begin something under its lease.
        leaving: whether it ends what it has, and leaves.
        database_lost: whether the database cannot be reached or written.
        shards: how many it holds.
        rate: rows a second that reached their end between the last two beats; None where that is not known yet.
        traffic: its requests.
        jobs: what it took, and what came of that.
        leases_lost: how often its own lease was lost.
        reconnects: how often a connection to the database was made anew.
    """

    name: str
    started_at: float
    lease: float
    silent: float
    is_fresh: bool
    leaving: bool
    database_lost: bool
    shards: int
    rate: float | None
    traffic: Traffic
    jobs: JobCounts
    leases_lost: int
    reconnects: int


def why_unwell(figures: WorkerFigures | None) -> str | None:
    """Why a worker takes no work, for people; None where it does.

    Args:
        figures: the worker's; None where it is not on record yet.
    """
    if figures is None:
        return "it is starting"
    if figures.leaving:
        return "it is leaving: requests under way end, and no row begins"
    if figures.is_fresh:
        return None
    cause = ": the database is out of reach" if figures.database_lost else ""
    return f"its last beat on record is {figures.silent:.0f} s old{cause}"

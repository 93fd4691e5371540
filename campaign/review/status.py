"""How the runs of a campaign are, as `campaign status` reports it: the facts, and as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.phrases import waiting_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.errors import Problem
    from campaign.journal import Activity, Coverage, Tally


class RunKind(StrEnum):
    """What a run is for."""

    REAL = "run"
    REHEARSAL = "rehearsal"
    TEST = "test"


class RunState(StrEnum):
    """Where a run is."""

    PLANNING = "planning"
    WAITING = "waiting"
    SENDING = "sending"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How one run is. Times in seconds since the epoch.

    Attributes:
        number: its number in its journal.
        kind: what it is for.
        state: where it is.
        started_at: when its first delivery began; when its planning began, where nothing was delivered yet.
        ended_at: when its last delivery ended, or was last seen; None while one is under way.
        by: who started it, as user@host; "" where that is not on record.
        tally: its figures.
        reason: why it is stopped; None where it is not.
        planned: whether its plan is complete.
        recipients: the name of its list.
    """

    number: int
    kind: RunKind
    state: RunState
    started_at: float
    ended_at: float | None
    by: str
    tally: Tally
    reason: str | None = None
    planned: bool = True
    recipients: str = ""


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """Who is at work on a run, and at what.

    Attributes:
        run: the run.
        host: the machine.
        process: the number of the process on it.
        since: since when it plans or delivers, in seconds since the epoch.
        by: the operator, as user@host; "" where that is not on record.
        activity: what it did when that was last recorded; None where there is no record.
        stopping: why it is stopping; "" where it is not.
        workers: the names of the workers that deliver it; (): the process does so itself.
        unable: the names of the workers at work, each with why it cannot deliver the run; (): none is at work;
            None: one may deliver it, or the process does so itself.
        unwatched: "lists" or "gate" where it waits for a process that watches, and none does; "" elsewhere.
    """

    run: RunStatus
    host: str
    process: int
    since: float
    by: str
    activity: Activity | None = None
    stopping: str = ""
    workers: tuple[str, ...] = ()
    unwatched: str = ""
    unable: tuple[str, ...] | None = None

    def eta(self, now: float) -> float | None:
        """Seconds until no row waits any more, seen from now; None where nobody knows."""
        if self.activity is None or self.activity.eta_seconds is None:
            return None
        return max(0.0, self.activity.eta_seconds - max(0.0, now - self.activity.at))


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """How the runs of a campaign are.

    Attributes:
        campaign: its name.
        runs: every run and rehearsal, in the order in which they were planned.
        coverage: how much of the latest list has its messages; None where there is no list yet.
        active: the run that a process is at work on; None where there is none.
        now: when that was so, in seconds since the epoch.
        database: the address of the database in which its runs are gone on with; "" where it is the journal that was
            read.
        notes: which journals of rehearsals and tests cannot be read, and why; and where the runs are gone on with.
    """

    campaign: str
    runs: tuple[RunStatus, ...]
    coverage: Coverage | None
    active: ActiveRun | None
    now: float
    notes: tuple[Problem, ...] = ()
    database: str = ""


def as_json(status: CampaignStatus) -> Mapping[str, object]:
    """The object of `campaign status --json`; times in ISO 8601, with the local offset."""
    coverage, active = status.coverage, status.active
    return {
        "campaign": status.campaign,
        "runs": [_run_json(run) for run in status.runs],
        "coverage": {
            "rows": coverage.rows if coverage else 0,
            "sent": coverage.sent if coverage else 0,
            "in_doubt": coverage.in_doubt if coverage else 0,
            "not_sent": coverage.not_sent if coverage else 0,
        },
        "active": None if active is None else _active_json(active, status.now),
    }


def _run_json(run: RunStatus) -> Mapping[str, object]:
    tally = run.tally
    return {
        "run": run.number,
        "state": run.state,
        "rehearsal": run.kind is not RunKind.REAL,
        "started_at": _iso(run.started_at),
        "ended_at": None if run.ended_at is None else _iso(run.ended_at),
        "by": run.by or None,
        "rows": tally.rows,
        "deleted": 0,
        **{state.value: tally.count(state) for state in State if state is not State.SENDING},
        "pending": waiting_rows(tally),
        "requests": tally.requests,
        "throttled": tally.throttled,
    }


def _active_json(active: ActiveRun, now: float) -> Mapping[str, object]:
    activity, eta = active.activity, active.eta(now)
    return {
        "run": active.run.number,
        "host": active.host,
        "process": active.process,
        "since": _iso(active.since),
        "rate": None if activity is None or activity.rate is None else round(activity.rate, 3),
        "eta_seconds": None if eta is None else round(eta),
        "waiting_for": "worker" if active.unable is not None else activity.waiting_for if activity else None,
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")

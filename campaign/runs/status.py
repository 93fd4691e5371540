"""How the runs of a campaign are, read from its journals while another process may be at work on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from campaign.delivery.ports import SystemClock
from campaign.errors import JournalError, Problem, RunStateError
from campaign.journal import read_journal
from campaign.journal.importing import imported_into
from campaign.review.status import ActiveRun, CampaignStatus, RunKind, RunState, RunStatus
from campaign.runs.journals import refuse_file_beside
from campaign.runs.options import REHEARSAL_SUFFIX, TRIAL_SUFFIX
from campaign.runs.record_checks import refuse_other_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery.ports import Clock
    from campaign.journal import Activity, Coverage, Holder, JournalStore, RunRecord, SessionRecord, Tally
    from campaign.runs.options import RunPaths

Figure = TypeVar("Figure")

SILENCE = 120.0
"""Seconds without a sign of life after which a delivery on another machine is taken for dead."""

SPARING = 50.0
"""How much longer figures are kept than it took to read them: so that looking on takes a fiftieth of a processor."""

_KINDS = {"": RunKind.REAL, REHEARSAL_SUFFIX: RunKind.REHEARSAL, TRIAL_SUFFIX: RunKind.TEST}
"""What the runs of a journal are, by what it has after the campaign's name."""


class _Journal(NamedTuple):
    """What one journal says."""

    runs: tuple[RunStatus, ...] = ()
    active: ActiveRun | None = None
    coverage: Coverage | None = None
    problem: Problem | None = None


class StatusReader:
    """Reads how the runs of a campaign are, again and again. Changes nothing, and holds no journal."""

    def __init__(self, paths: RunPaths, clock: Clock | None = None) -> None:
        self._paths = paths
        self._clock = clock or SystemClock()
        self._kept: dict[tuple[object, ...], tuple[Any, float]] = {}

    def read(self) -> CampaignStatus:
        """How they are now; figures that take long to read may be some seconds old, but for the first time.

        Raises:
            RunStateError: there is no such campaign, or its runs are on record under another name.
            JournalError: a journal cannot be read, or is not whole.
        """
        now, name = self._clock.epoch(), self._paths.name
        refuse_file_beside(self._paths)
        found = [
            self._journal(self._paths.address or self._paths.journal, RunKind.REAL, now),
            *(
                self._journal(self._paths.folder / f"{name}{suffix}.journal.db", kind, now)
                for suffix, kind in ((REHEARSAL_SUFFIX, RunKind.REHEARSAL), (TRIAL_SUFFIX, RunKind.TEST))
            ),
        ]
        runs = sorted((run for journal in found for run in journal.runs), key=lambda run: run.started_at)
        if not runs:
            refuse_other_name(self._paths)
        if not runs and self._paths.file is not None and not self._paths.file.exists():
            what = "there is no such file, and no run of it on record"
            raise RunStateError(Problem(str(self._paths.file), what, "name the campaign file, or the list"))
        active = next((journal.active for journal in found if journal.active), None)
        notes = tuple(journal.problem for journal in found if journal.problem is not None)
        database = "" if self._paths.address else imported_into(self._paths.journal)
        return CampaignStatus(name, tuple(runs), found[0].coverage, active, now, notes, database)

    def read_anew(self) -> CampaignStatus:
        """How they are now, with figures that are all read now; see `read`."""
        self._kept.clear()
        return self.read()

    def _journal(self, where: Path | str, kind: RunKind, now: float) -> _Journal:
        def look(journal: JournalStore) -> _Journal:
            return self._look(journal, kind, now)

        try:
            return read_journal(where, look, campaign=self._paths.name) or _Journal()
        except JournalError as error:
            if kind is RunKind.REAL:
                raise
            return _Journal(problem=error.problems[0])

    def _look(self, journal: JournalStore, kind: RunKind, now: float) -> _Journal:
        records = journal.runs()
        if not records:
            return _Journal()
        *earlier, last = records
        holder, activity = journal.holder(), journal.activity()
        runs = [
            _status_of(record, self._tally(journal, kind, record), journal.sessions(record.number), kind)
            for record in earlier
        ]
        sessions = journal.sessions(last.number)
        tally = self._sparing((kind, "last", last.number), lambda: journal.tally(last.number))
        under_way = is_under_way(last, sessions[-1] if sessions else None, holder, activity, now)
        status = _status_of(last, tally, sessions, kind, activity if under_way else None, under_way=under_way)
        active = None
        if under_way and holder is not None:
            active = _active(status, sessions[-1] if sessions else None, holder, activity, journal.stop_requested())
        active = _left_to_workers(journal, status, sessions, active)
        if active is not None:
            status = active.run
        real = tuple(each.number for each in records if each.planned and not each.manifest.rehearsal)
        coverage = None
        if kind is RunKind.REAL:
            coverage = self._sparing((kind, "coverage", real), lambda: journal.coverage(real))
        return _Journal((*runs, status), active, coverage, next(iter(journal.notes), None))

    def _tally(self, journal: JournalStore, kind: RunKind, record: RunRecord) -> Tally:
        return self._sparing((kind, record.number), lambda: journal.tally(record.number), sparing=20 * SPARING)

    def _sparing(self, key: tuple[object, ...], read: Callable[[], Figure], sparing: float = SPARING) -> Figure:
        """Read a figure, unless it was read a short while ago, compared with the time that takes."""
        began = self._clock.now()
        if key in self._kept and began < self._kept[key][1]:
            kept: Figure = self._kept[key][0]
            return kept
        figure = read()
        ended = self._clock.now()
        self._kept[key] = figure, ended + sparing * (ended - began)
        return figure


def _left_to_workers(
    journal: JournalStore, status: RunStatus, sessions: list[SessionRecord], active: ActiveRun | None
) -> ActiveRun | None:
    """What is under way, with what a run that is left to workers waits for; also where none of them is at work."""
    is_left = active.workers if active else status.planned and sessions and sessions[-1].ended_at is None
    orders = journal.orders() if is_left else None
    if orders is None:
        return active
    state = orders.state(status.number)
    if active is None:
        if not state.open:
            return None
        last = sessions[-1]
        by, stopping = last.by or status.by, state.stop_reason or ""
        active = ActiveRun(status, last.host, last.process, last.started_at, by, stopping=stopping)
    unable = () if not active.workers else state.unable
    if unable is not None:
        status = replace(status, state=RunState.WAITING, reason=None, ended_at=None)
    return replace(active, run=status, unwatched=orders.unwatched(status.number), unable=unable)


def is_under_way(
    record: RunRecord, session: SessionRecord | None, holder: Holder | None, activity: Activity | None, now: float
) -> bool:
    """Whether a process is planning or delivering the last run of a journal.

    Args:
        record: the run.
        session: its last delivery.
        holder: who holds the journal.
        activity: what was recorded of the delivery last.
        now: seconds since the epoch.
    """
    if holder is None:
        return False
    if not record.planned or session is None:  # a plan that was just completed is about to be delivered
        return True
    if session.ended_at is not None:
        return False
    if (session.host, session.process) != (holder.host, holder.process):
        return False
    return holder.is_local or now - max(session.started_at, activity.at if activity else 0.0) < SILENCE


def _status_of(
    record: RunRecord,
    tally: Tally,
    sessions: list[SessionRecord],
    kind: RunKind,
    activity: Activity | None = None,
    *,
    under_way: bool = False,
) -> RunStatus:
    state = _state_of(record, tally, activity, under_way=under_way)
    manifest = record.manifest
    return RunStatus(
        number=record.number,
        kind=RunKind.REHEARSAL if manifest.rehearsal else kind,
        state=state,
        started_at=record.created_at if tally.started_at is None else tally.started_at,
        ended_at=None if under_way else tally.ended_at,
        by=manifest.by or (sessions[0].by if sessions else ""),
        tally=tally,
        reason=_reason_of(record, sessions) if state is RunState.STOPPED else None,
        planned=record.planned,
        recipients=Path(manifest.recipients).name,
    )


def _state_of(record: RunRecord, tally: Tally, activity: Activity | None, *, under_way: bool) -> RunState:
    if under_way and not record.planned:
        return RunState.PLANNING
    if under_way:
        return RunState.WAITING if activity and activity.waiting_for else RunState.SENDING
    return RunState.FINISHED if record.planned and tally.finished else RunState.STOPPED


def _reason_of(record: RunRecord, sessions: list[SessionRecord]) -> str:
    if not record.planned:
        return "the plan was cut off before it was complete, and nothing of it was sent"
    if not sessions:
        return "not delivered yet"
    last = sessions[-1]
    if last.ended_at is None:
        return f"cut off: process {last.process} on {last.host} ended without a word"
    return record.stop_reason or "its end is not on record"


def _active(
    status: RunStatus,
    session: SessionRecord | None,
    holder: Holder,
    activity: Activity | None,
    asked_to_stop_by: str | None,
) -> ActiveRun:
    asked = f"stopped by `campaign stop` ({asked_to_stop_by})" if asked_to_stop_by else ""
    if session is None:
        return ActiveRun(status, holder.host, holder.process, holder.since, status.by, None, asked)
    stopping = (activity.stopping if activity else "") or asked
    by = session.by or status.by
    return ActiveRun(status, session.host, session.process, session.started_at, by, activity, stopping, holder.workers)

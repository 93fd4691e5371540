"""Taking a run back: which run, what is asked first, and the report."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.channels.undo import undo_of
from campaign.errors import Problem, RunStateError
from campaign.journal.deletions import MAY_BE_THERE, UNDO
from campaign.journal.records import State
from campaign.runs.confirmation import Pace, pace_of
from campaign.runs.counts import count_rows
from campaign.runs.journals import existing_journal
from campaign.runs.report import Report
from campaign.runs.resuming import named_rows, refuse_missing_rows
from campaign.runs.run import Run, channel_of
from campaign.runs.start import check_workbook_path
from campaign.runs.whole_run import finished_report, held, perform_followed, write_workbook

if TYPE_CHECKING:
    from campaign.channels.undo import Undo
    from campaign.delivery import StopReason
    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.runs.whole_run import FindCredentials
    from campaign.settings import DeliverySettings

TO_DELETE = (*MAY_BE_THERE, State.SENDING)
"""States of rows whose messages an undo deletes; a row that was cut off while sending is read back first."""


@dataclass(frozen=True, slots=True)
class UndoConfirmation:
    """What an operator should know before agreeing to delete.

    Attributes:
        run: the run.
        messages: how many messages are deleted.
        uncertain: how many of them may never have arrived.
        server: where they are.
        recipients: the list that they were sent to.
        rows: the rows that were named; "" for all.
        sent_at: when the run's delivery began, in seconds since the epoch; None: unknown.
        pending: how many rows of the run wait, and go on waiting.
        pace: how fast the messages are deleted.
    """

    run: int
    messages: int
    uncertain: int
    server: str
    recipients: str
    rows: str
    sent_at: float | None
    pending: int
    pace: Pace


@dataclass(frozen=True, slots=True)
class UndoReport:
    """How an undo ended.

    Attributes:
        report: how the run is now.
        left: how many of the messages are not deleted.
        ended: why it ended early; None where it did not.
    """

    report: Report
    left: int
    ended: StopReason | None = None


def undo_run(
    paths: RunPaths, find: FindCredentials, options: RunOptions, observer: RunObserver, *, number: int | None = None
) -> UndoReport | None:
    """Delete the messages of a run where its server lets a client do so. Blocking.

    Args:
        paths: where the campaign's files are.
        find: finds the values that the server asks for.
        options: pace, rows, operator, proxies.
        observer: follows and confirms.
        number: the run; None: the last one that was not a rehearsal.

    Returns:
        How it ended; None where the observer did not confirm it.

    Raises:
        CampaignError: there is nothing to delete, the server does not delete, or something is wrong; nothing was
            deleted.
    """
    with existing_journal(paths, options) as journal, held(journal, observer):
        record = _run_to_undo(journal, number)
        check_workbook_path(paths.workbook(record.number), Path(record.manifest.recipients))
        undo = _undo_of(journal, record)
        if options.rows:
            refuse_missing_rows(journal, record, options.rows)
        if not _is_left(journal, record, options.rows):
            return UndoReport(write_workbook(Report.of(journal, record), paths, observer), 0)
        run = Run(journal, record, find(channel_of(record)), proxies=options.proxies)
        run.egress = options.egress or run.egress
        settings = replace(options.applied_to(run.settings), limit=None)
        confirmation = _confirmation(run, journal, settings, options.rows)
        if not observer.confirm_undo(confirmation):
            return None
        journal.record_decision(record.number, UNDO, options.by, confirmation.rows or "all rows")
        task = run.begin_undo(undo, settings, options.rows)
        asyncio.run(perform_followed(run, task, confirmation.messages, observer))
        report = finished_report(run, paths, observer)
        rows = () if report.lost else options.rows
        left = count_rows(journal, record.number, TO_DELETE, rows) if rows else report.tally.count(*TO_DELETE)
        return UndoReport(report, left, task.reason)


def _run_to_undo(journal: JournalStore, number: int | None) -> RunRecord:
    """The last run of which something may have been sent, or one by its number.

    Raises:
        RunStateError: there is no such run, it was a rehearsal, or its messages are not on record any more.
    """
    found = [run for run in journal.runs() if run.planned]
    if number is not None:
        found = [run for run in found if run.number == number]
        if not found:
            raise RunStateError(Problem(journal.where, f"there is no run {number}", "leave out --run"))
    real = [run for run in found if not run.manifest.rehearsal]
    if not real:
        what = "there is nothing to delete: no run on record has sent anything"
        raise RunStateError(Problem(journal.where, what))
    record = real[-1]
    if any(decision.what == "forget" for decision in journal.decisions(record.number)):
        what = "its messages were removed from the journal by `campaign forget`, and with them what names them"
        raise RunStateError(Problem(_where(journal, record), what, "delete them on the server"))
    return record


def _undo_of(journal: JournalStore, record: RunRecord) -> Undo:
    """How the run's channel takes a message back.

    Raises:
        RunStateError: it does not.
    """
    channel = channel_of(record)
    undo = undo_of(channel)
    if undo is None:
        what = f"{channel.name} has no request that deletes a message, so what was sent cannot be taken back from here"
        raise RunStateError(Problem(_where(journal, record), what, "delete the messages on the server, if it can"))
    return undo


def _is_left(journal: JournalStore, record: RunRecord, rows: tuple[range, ...]) -> bool:
    """Whether there are messages to delete; not where an earlier undo has deleted them.

    Raises:
        RunStateError: there never were any.
    """
    if count_rows(journal, record.number, TO_DELETE, rows):
        return True
    if count_rows(journal, record.number, (State.DELETED,), rows):
        return False
    others = [str(run.number) for run in journal.runs() if journal.tally(run.number).count(*TO_DELETE)]
    what = f"there is nothing to delete: no message was sent of {'these rows' if rows else 'this run'}"
    remedy = f"name another run with --run: {', '.join(others)}" if others and not rows else ""
    raise RunStateError(Problem(_where(journal, record), what, remedy))


def _confirmation(
    run: Run, journal: JournalStore, settings: DeliverySettings, rows: tuple[range, ...]
) -> UndoConfirmation:
    manifest, tally = run.record.manifest, journal.tally(run.number)
    messages = count_rows(journal, run.number, TO_DELETE, rows)
    usual: tuple[int, float] | None = getattr(run.channel, "usual_quota", None)  # which few channels have
    name = Path(manifest.recipients).name
    return UndoConfirmation(
        run=run.number,
        messages=messages,
        uncertain=messages - count_rows(journal, run.number, (State.SENT,), rows),
        server=run.server,
        recipients=f"{name}, sheet “{manifest.sheet}”" if manifest.sheet else name,
        rows=f"rows {named_rows(rows)}" if rows else "",
        sent_at=tally.started_at,
        pending=tally.count(State.PENDING),
        pace=pace_of(messages, settings.rate, journal.stated_quota(run.server), usual),
    )


def _where(journal: JournalStore, record: RunRecord) -> str:
    return f"{journal.where}: run {record.number}"

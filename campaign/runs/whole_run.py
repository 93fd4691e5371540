"""A run from beginning to end, blocking: for the command line and for scripts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from campaign.atomic_write import clear_left_behind
from campaign.errors import CampaignError, JournalError, Problem, ResultsError, UsageError, fault_text
from campaign.runs.journals import existing_journal, new_journal, paths_of
from campaign.runs.leaving import leave_to_workers, orders_for, say_who_delivers
from campaign.runs.record_checks import (
    check_record,
    differences,
    settle_differences,
    settle_place,
)
from campaign.runs.resuming import changed_server, check_look_up, check_retries
from campaign.runs.run import Run, channel_of
from campaign.runs.start import begin_run, check_workbook_path, confirmed, whole_run
from campaign.runs.suppression import list_differences, rules_of_today
from campaign.runs.todays_settings import by_todays_settings
from campaign.runs.watching_again import run_to_watch
from campaign.runs.workbook_witness import RECOVERED, is_outdated, refuse_other_server, refuse_outdated

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.journal import JournalStore, RunRecord
    from campaign.journal.orders import Orders
    from campaign.planning import Plan
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.runs.report import Report
    from campaign.runs.session_task import SessionTask
    from campaign.settings import DeliverySettings

LOG = logging.getLogger(__name__)

NOT_OURS = "is not, or no longer, what campaign wrote there, or another program has it open"
"""Why a file that a command was to write got a numbered name."""

FindCredentials: TypeAlias = Callable[["Channel"], Mapping[str, str]]
"""Finds the values that a channel's server asks for."""


def run_plan(plan: Plan, find: FindCredentials, options: RunOptions, observer: RunObserver) -> Report | None:
    """Write a plan to the campaign's own journal, confirm it, deliver it, and write the results workbook.

    Returns:
        How it ended; None where the observer did not confirm it.

    Raises:
        CampaignError: something is wrong, and nothing was sent.
    """
    if options.server or options.retry or options.rows or options.look or options.suppress:
        what = "server, retry, rows, look and suppress are for resume"
        raise UsageError(Problem("options", what, "pass server to campaign.load"))
    paths = paths_of(plan, options)
    clear_left_behind(paths.workbook(1).parent)
    credentials = {} if plan.rehearsal or paths.address else find(plan.channel)
    with new_journal(paths, options) as journal:
        planned = options.applied_to(plan.campaign.delivery_settings)
        orders = orders_for(journal, planned, options)
        if paths.address and orders is None:
            credentials = find(plan.channel)
        with held(journal, observer):
            check_record(journal, paths, options, observer)
            for record in journal.runs() if options.skip_sent or not options.new else ():
                refuse_outdated(journal, record, paths)
                if not journal.tally(record.number).finished:
                    refuse_other_server(journal, record)
            seal = None if orders is None else partial(_leave, orders=orders, limit=options.limit)
            run = begin_run(plan, journal, credentials, options, observer, paths=paths, seal=seal)
            if run is None:
                return None
            say_who_delivers(journal, orders, observer)
            settings = replace(run.settings, limit=options.limit)
            if orders is None:
                return _deliver_and_report(run, paths, settings, observer)
        return _watch_and_report(run, paths, settings, observer)


def resume_run(paths: RunPaths, find: FindCredentials, options: RunOptions, observer: RunObserver) -> Report | None:
    """Continue the last run, from the journal alone.

    Returns:
        How it is now; None where the observer did not confirm it.

    Raises:
        CampaignError: there is nothing to resume, or something is wrong; nothing was sent.
    """
    with existing_journal(paths, options) as journal:
        if (watched := run_to_watch(journal, paths, options, observer)) is not None:
            run, early_end = watched
            return _watch_and_report(run, paths, run.settings, observer, early_end)
        with held(journal, observer):
            record = _resumable(journal, paths, options, observer)
            server = options.server or changed_server(journal, record, options, observer)
            if server is False:
                return None
            record = by_todays_settings(record, paths.file, observer)
            settings = options.applied_to(record.manifest.settings)
            orders = None if options.look else orders_for(journal, settings, options)
            credentials = {} if record.manifest.rehearsal or orders else find(channel_of(record))
            run = Run(journal, record, credentials, server=server, retry=options.retry, proxies=options.proxies)
            run.retry_rows, run.by, run.decide_gate = options.rows, options.by, observer.passes_gate
            run.egress = options.egress or run.egress
            if options.recover:
                _recover(journal, record, paths, options, observer)
            run.settle_cut_off()
            if options.look:
                return _look_and_report(run, paths, settings, observer)
            _leave_out_suppressed(run, paths, options, observer)
            say_who_delivers(journal, orders, observer)
            if not confirmed(run, journal, observer, settings=settings):
                return None
            if orders is None or not (run.waiting(settings.limit) or run.has_doubts_to_look_up()):
                return _deliver_and_report(run, paths, settings, observer)
            leave_to_workers(run, orders, settings)
        return _watch_and_report(run, paths, settings, observer)


def _resumable(journal: JournalStore, paths: RunPaths, options: RunOptions, observer: RunObserver) -> RunRecord:
    """The run to resume, after looking at what may speak against it.

    Raises:
        CampaignError: something does.
    """
    record = whole_run(journal)
    settle_differences(differences(record, paths), observer, moved=options.moved)
    check_workbook_path(paths.workbook(record.number), Path(record.manifest.recipients))
    check_retries(journal, record, options)
    if options.look:
        check_look_up(journal, record)
    if not options.recover:
        if not options.look:
            refuse_other_server(journal, record)
        refuse_outdated(journal, record, paths)
    return record


def _leave(run: Run, *, orders: Orders, limit: int | None) -> None:
    """Leave a run that is planned to workers."""
    leave_to_workers(run, orders, replace(run.settings, limit=limit))


def _recover(
    journal: JournalStore, record: RunRecord, paths: RunPaths, options: RunOptions, observer: RunObserver
) -> None:
    """Go on without what is lost of a journal; a whole one stays as it is."""
    is_behind = is_outdated(journal, record, paths)
    may_lack = journal.may_lack or paths.address is not None  # a copy of a server's files that is put back looks whole
    if not may_lack and not is_behind:
        what = "the journal is whole, so --recover changes nothing"
        observer.warned(Problem(journal.where, what, "rows in doubt are looked up as ever", "nothing-to-recover"))
        return
    journal.recover(record.number)
    if is_behind:
        journal.record_decision(record.number, RECOVERED, options.by)


def _leave_out_suppressed(run: Run, paths: RunPaths, options: RunOptions, observer: RunObserver) -> None:
    """Skip who stands in a suppression list by now, before the question says how many get a message."""
    today = rules_of_today(paths.file, run.record, options.suppress)
    for difference in list_differences(run.record, today, paths.file):
        observer.warned(difference)
    run.suppression.add(today)
    run.suppression.read()
    for _ in run.suppression.apply(run.journal, options.retry, options.rows):
        pass


@contextlib.contextmanager
def held(journal: JournalStore, observer: RunObserver) -> Iterator[None]:
    """Hold a journal that is the one that belongs here, and say what is worth knowing of its files.

    Raises:
        RunStateError: it may not be, and the operator did not agree.
        JournalBusyError: another process holds it.
    """
    settle_place(journal, observer)
    said = len(journal.notes)
    with journal.exclusive():
        for note in journal.notes[said:]:
            observer.warned(note)
        yield


def _deliver_and_report(run: Run, paths: RunPaths, settings: DeliverySettings, observer: RunObserver) -> Report:
    rows = run.waiting(settings.limit)
    if rows or run.has_doubts_to_look_up():
        asyncio.run(perform_followed(run, run.begin_delivery(settings), rows, observer))
    return finished_report(run, paths, observer)


def _watch_and_report(
    run: Run, paths: RunPaths, settings: DeliverySettings, observer: RunObserver, early_end: str | None = None
) -> Report:
    """Watch the workers that a run was left to; the caller does not hold the journal any more."""
    watch = run.begin_watch(settings, observer, early_end)
    asyncio.run(perform_followed(run, watch, run.waiting(settings.limit), observer))
    return finished_report(run, paths, observer)


def _look_and_report(run: Run, paths: RunPaths, settings: DeliverySettings, observer: RunObserver) -> Report:
    """Look up the rows in doubt, and send nothing."""
    if run.has_doubts_to_look_up():
        asyncio.run(perform_followed(run, run.begin_delivery(settings, sends=False), 0, observer))
    return finished_report(run, paths, observer)


def finished_report(run: Run, paths: RunPaths, observer: RunObserver) -> Report:
    """The report on a run after a delivery or an undo, with its workbook, as far as the journal can still be read.

    Raises:
        CampaignError: nothing was sent, nor deleted.
    """
    if run.look_up_problem is not None:
        observer.warned(run.look_up_problem)
    try:
        report = run.report_sync()
    except CampaignError as error:
        if (counted := run.counted_report(error)) is None:
            raise  # nothing was sent
        return counted
    if paths.address is None and not paths.journal.exists():
        report = replace(report, lost=True, reason=report.reason or f"{paths.journal} is gone")
    try:
        return write_workbook(report, paths, observer)
    except JournalError as error:  # messages were sent, and how many is known
        return replace(report, trouble=error, lost=True, reason=report.reason or str(error))


async def perform_followed(run: Run, task: SessionTask, rows: int, observer: RunObserver) -> None:
    """Perform in a task of its own, so that an observer's second interrupt can cancel it and a report follows.

    Raises:
        CampaignError: nothing was sent, nor deleted.
    """
    performing = asyncio.create_task(task.perform())
    with observer.delivering(run, rows):
        try:
            await asyncio.wait([performing])
        except asyncio.CancelledError:  # Ctrl-C in a script, where no observer handles signals
            run.stop("interrupted")
            await asyncio.wait([performing])
            raise
    if not performing.cancelled():
        performing.result()


def write_workbook(report: Report, paths: RunPaths, observer: RunObserver) -> Report:
    """Write the results workbook; a failure to do so is part of the report."""
    target = paths.workbook(report.run.number)
    tally = report.tally
    try:
        reported = report.to_xlsx(target, observer.writing(target, tally.rows))
    except (Exception, KeyboardInterrupt) as error:
        if _is_interrupt(error):
            return replace(report, interrupted=True, trouble=ResultsError(Problem(str(target), "was not written")))
        if isinstance(error, ResultsError):
            return replace(report, trouble=error)
        if isinstance(error, CampaignError):
            raise
        LOG.exception("internal error")
        trouble = ResultsError(Problem(str(target), f"was not written: {fault_text(error)}"))
        return replace(report, fault=True, trouble=trouble)
    if reported.results != target:
        what = NOT_OURS
        if report.outlook.forgotten:
            what = "still contains what `campaign forget` deleted from the journal, unless it is another file"
        observer.warned(Problem(str(target), what, f"it is kept, and the new workbook is {reported.results}"))
    return reported


def _is_interrupt(error: BaseException) -> bool:
    """Whether it is an interrupt, or what a library raised while it cleared up after one, as zipfile does."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, KeyboardInterrupt):
        found = found.__context__
    return found is not None

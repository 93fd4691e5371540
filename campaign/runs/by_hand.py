"""What an operator does to a run by hand, without sending anything: abandon, resolve, forget, stop."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels.look_up import look_up_of
from campaign.delivery.proxies import NO_PROXIES
from campaign.errors import JournalBusyError, KeyMissingError, Problem, RunStateError
from campaign.journal.records import State
from campaign.review.phrases import are, rows_of
from campaign.runs.blocking import run_blocking
from campaign.runs.journals import existing_journal
from campaign.runs.options import REHEARSAL_SUFFIX, TRIAL_SUFFIX
from campaign.runs.report import Report
from campaign.runs.resuming import refuse_other_states
from campaign.runs.run import Run, channel_of
from campaign.runs.start import check_workbook_path, whole_run
from campaign.runs.whole_run import held, write_workbook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.delivery.proxies import ProxySettings
    from campaign.journal import JournalStore, RunRecord, Tally
    from campaign.runs.options import RunObserver, RunPaths
    from campaign.runs.whole_run import FindCredentials

ANSWER_TIME = 10.0
"""Seconds in which a delivery under way notices the request to stop."""


def abandon_run(
    paths: RunPaths, find: FindCredentials, by: str, observer: RunObserver, *, proxies: ProxySettings = NO_PROXIES
) -> Report | None:
    """End the last run without its waiting rows: settle what was cut off, then skip what is pending.

    Args:
        paths: where the campaign's files are.
        find: finds the values that the server asks for; called where rows have to be read back.
        by: the operator, for the record.
        observer: is asked first.
        proxies: the proxies of this machine.

    Returns:
        How the run is now; None where the observer did not agree.

    Raises:
        CampaignError: there is no run, or its journal is in use.
    """
    with existing_journal(paths) as journal, held(journal, observer):
        record = whole_run(journal)
        check_workbook_path(paths.workbook(record.number), Path(record.manifest.recipients))
        tally = journal.tally(record.number)
        if not tally.finished or record.stop_reason is not None:
            waiting = tally.count(State.PENDING, State.SENDING)
            if waiting and not observer.agree(f"Leave {rows_of(waiting)} of run {record.number} unsent for good?"):
                return None
            credentials = _credentials_to_ask(record, tally, find, observer)
            run_blocking(Run(journal, record, credentials, proxies=proxies).look_up_cut_off())
            left = journal.leave_unsent(record.number, f"left unsent: abandoned by {by} on {_today()}")
            journal.record_decision(record.number, "abandon", by, f"{rows_of(left)} left unsent")
        return write_workbook(Report.of(journal, record), paths, observer)


def _credentials_to_ask(
    record: RunRecord, tally: Tally, find: FindCredentials, observer: RunObserver
) -> Mapping[str, str]:
    """What the server asks for, where it can be asked about rows that were cut off or are in doubt."""
    channel = channel_of(record)
    if record.manifest.rehearsal:
        return {}
    if channel.can_read_back:
        return find(channel) if tally.count(State.SENDING) else {}
    if look_up_of(channel) is None or not tally.count(State.SENDING, State.IN_DOUBT):
        return {}
    try:
        return find(channel)
    except KeyMissingError as error:  # rows in doubt are no reason to refuse
        observer.warned(Problem("", f"rows in doubt are not looked up ({error})", code="look-up-failed"))
        return {}


def resolve_rows(
    paths: RunPaths, rows: Sequence[range], *, sent: bool, by: str, observer: RunObserver, number: int | None = None
) -> Report | None:
    """Settle rows in doubt by hand: the operator has looked at the server.

    Args:
        paths: where the campaign's files are.
        rows: their numbers.
        sent: whether the server has them. Rows of the last run that it does not have wait again, so that a resume sends
            them; those of an earlier run have failed, so that its sheet To fix contains them.
        by: the operator, for the record.
        observer: is asked first.
        number: the run; None: the last.

    Returns:
        How the run is now; None where the observer did not agree.

    Raises:
        RunStateError: one of the rows is not in doubt; then none is changed.
    """
    with existing_journal(paths) as journal, held(journal, observer):
        record = whole_run(journal, number)
        check_workbook_path(paths.workbook(record.number), Path(record.manifest.recipients))
        if not channel_of(record).can_read_back:
            journal.mark_cut_off_in_doubt(record.number)
        refuse_other_states(journal, record, rows, (State.IN_DOUBT,))
        count = len(journal.row_states(record.number, rows))
        word, state = ("sent", State.SENT) if sent else ("not sent", _waiting_state(journal, record))
        if not observer.agree(f"Put {rows_of(count)} of run {record.number} on record as {word}?"):
            return None
        journal.settle(record.number, rows, state, f"settled as {word} by {by} on {_today()}")
        named = ", ".join(str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in rows)
        journal.record_decision(record.number, "resolve", by, f"rows {named} as {word}")
        return write_workbook(Report.of(journal, record), paths, observer)


def _waiting_state(journal: JournalStore, record: RunRecord) -> State:
    """The state from which rows of a run can still be sent: only the last run can be resumed."""
    last = journal.last_run()
    return State.PENDING if last is None or last.number == record.number else State.FAILED


class Forgotten(NamedTuple):
    """What is left after a run's personal data were deleted from the journal.

    Attributes:
        run: the run.
        rows: how many rows it has.
        others: runs whose personal data are still in the journal.
        workbook: the results workbook, which still contains them; None where there is none in its place.
        where: the journal, for people.
        file: the journal file from which that journal was imported, and which still contains them; None where there is
            none.
    """

    run: int
    rows: int
    others: tuple[int, ...]
    workbook: Path | None
    where: str
    file: Path | None = None


def forget_run(paths: RunPaths, number: int | None, by: str, observer: RunObserver) -> Forgotten | None:
    """Delete a run's personal data from the journal; the last run's, unless a number is given.

    Returns:
        What is left; None where the observer did not agree.

    Raises:
        RunStateError: there is no such run, or it is unfinished.
        JournalWriteError: there is no room to write the journal anew.
    """
    with existing_journal(paths) as journal, held(journal, observer):
        record = whole_run(journal, number)
        tally = journal.tally(record.number)
        if not tally.finished:
            waiting = tally.count(State.PENDING, State.SENDING)
            what = f"is unfinished: {rows_of(waiting)} {are(waiting)} not sent yet"
            remedy = "finish it with `campaign resume`, or give up the rest with `campaign abandon`"
            raise RunStateError(Problem(journal.where, what, remedy))
        question = f"Delete the cells and messages of run {record.number} ({rows_of(tally.rows)}) from the journal?"
        if not observer.agree(f"{question} This cannot be undone."):
            return None
        journal.forget(record.number)
        journal.record_decision(record.number, "forget", by)
        workbook = paths.workbook(record.number)
        others = tuple(run.number for run in journal.runs() if not _is_forgotten(journal, run))
        file = paths.journal if paths.address is not None and paths.journal.exists() else None
        workbook_left = workbook if workbook.exists() else None
        return Forgotten(record.number, tally.rows, others, workbook_left, journal.where, file)


def _is_forgotten(journal: JournalStore, run: RunRecord) -> bool:
    return any(decision.what == "forget" for decision in journal.decisions(run.number))


class StopRequest(NamedTuple):
    """A request to stop that is in the journal.

    Attributes:
        holder: which process holds the journal, in words.
        taken: whether that process has noticed the request.
    """

    holder: str
    taken: bool


def stop_delivery(paths: RunPaths, by: str, patience: float = ANSWER_TIME) -> StopRequest:
    """Ask the process that delivers a campaign to stop, as its first Ctrl-C would.

    Args:
        paths: where the campaign's files are; where nothing is sent from there, a rehearsal or a test is meant.
        by: the operator, for the record.
        patience: seconds to wait until the process has noticed.

    Raises:
        RunStateError: no process is at work.
    """
    try:
        return _stop_holder(paths, by, patience)
    except RunStateError:
        for suffix in (REHEARSAL_SUFFIX, TRIAL_SUFFIX):
            other = replace(paths, name=f"{paths.name}{suffix}", address=None)
            with contextlib.suppress(RunStateError):
                return _stop_holder(other, by, patience)
        raise


def _stop_holder(paths: RunPaths, by: str, patience: float) -> StopRequest:
    with existing_journal(paths) as journal:
        holder, orders = journal.holder(), journal.orders()
        if orders is not None and orders.stop(f"stopped by `campaign stop` ({by})"):
            whose = f"is being delivered by {holder.name}" if holder else "is left to workers, and none is at work"
            return StopRequest(whose, _is_taken(journal, patience))
        try:
            with journal.exclusive():
                pass
        except JournalBusyError as error:
            journal.request_stop(by)
            return StopRequest(error.problems[0].what, _is_taken(journal, patience))
        raise RunStateError(Problem(journal.where, "no run or resume is at work", "there is nothing to stop"))


def _is_taken(journal: JournalStore, patience: float) -> bool:
    """Whether a request to stop is noticed within some seconds."""
    until = time.monotonic() + patience
    while journal.stop_requested() is not None and time.monotonic() < until:
        time.sleep(0.1)
    return journal.stop_requested() is None


def _today() -> str:
    return f"{datetime.now().astimezone():%Y-%m-%d %H:%M}"

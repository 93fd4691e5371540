"""The functions of the public API; `campaign` exports them.

They print nothing, prompt for nothing, read no environment variables and install no signal handlers. The asynchronous
ones work in any running event loop; each has a blocking counterpart, named with `_sync`.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Literal

from campaign.channels.credentials import credentials_from
from campaign.errors import Problem, RunStateError, UsageError
from campaign.findings import known_codes
from campaign.planning import prepare
from campaign.runs.options import RunObserver, RunOptions, retryable
from campaign.runs.resuming import check_retries
from campaign.runs.run import Run, channel_of
from campaign.runs.start import begin_run, whole_run
from campaign.runs.whole_run import run_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from campaign.channels import Channel
    from campaign.config import Campaign
    from campaign.delivery.gate import GateOutcome
    from campaign.findings import Finding
    from campaign.journal import JournalStore, State
    from campaign.plan_rows import PlanCounts
    from campaign.planning import Plan
    from campaign.runs.confirmation import SendConfirmation
    from campaign.runs.report import Report


def plan(campaign: Campaign, *, sandbox: bool = False, rows: Sequence[range] = ()) -> Plan:
    """Read, render and validate every row of a campaign's list; sends nothing.

    Args:
        campaign: the campaign.
        sandbox: plan a rehearsal, which is delivered to a local sandbox.
        rows: the numbers of the rows to send, as the spreadsheet has them; (): all. Others are skipped.

    Raises:
        CampaignFileError: the server's address is missing or wrong, or a rule for rows is.
        RecipientsError: the list or a suppression list cannot be read, or has no such rows.
        TemplateError: the template cannot be used with these columns.
    """
    made = prepare(campaign, rehearsal=sandbox, rows=rows)
    assert made.counts.rows  # noqa: S101 - reads the whole list, and an empty one has raised
    return made


async def start(  # noqa: PLR0913 - independent decisions, by name
    plan: Plan,
    *,
    journal: JournalStore,
    api_key: str | Mapping[str, str] | None = None,
    new: bool | Literal["skip-sent"] = False,
    skip_invalid: bool = False,
    accept: Collection[str] = (),
    observer: RunObserver | None = None,
) -> Run:
    """Record a plan in a journal as a new run, ready to be delivered. Nothing is sent yet.

    Args:
        plan: what to send.
        journal: where to record it.
        api_key: the server's API key, where it needs one; a mapping where it needs several values.
        new: start over although a run is on record; an unfinished one is abandoned. "skip-sent" leaves out rows whose
            message was sent, or may have been.
        skip_invalid: leave out invalid rows instead of raising.
        accept: codes of findings to send in spite of, besides those that the campaign accepts.
        observer: follows the planning and confirms the run.

    Raises:
        InvalidRowsError: some rows cannot be sent as they are.
        UndecidedFindingsError: some of `plan.findings` have to be decided first.
        KeyMissingError: the server needs an API key.
        RunStateError: a run is on record, or the observer did not confirm this one.
        JournalError: the journal is in use, or cannot be written.
    """
    await _settled(journal)
    cancelled = threading.Event()
    following = _Cancellable(observer or RunObserver(), cancelled)
    options = _options(new=new, skip_invalid=skip_invalid, accept=accept)
    task = asyncio.ensure_future(asyncio.to_thread(_start, plan, journal, api_key, options, following))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:  # let the thread notice and clean up before the caller goes on
        cancelled.set()
        await asyncio.wait([task])
        # Where it started over, an unfinished run may have been given up for it: then it stays, for a resume.
        if task.exception() is None and (plan.rehearsal or not options.starts_over):
            journal.discard(task.result().number)
        raise


def start_sync(  # noqa: PLR0913 - as above
    plan: Plan,
    *,
    journal: JournalStore,
    api_key: str | Mapping[str, str] | None = None,
    new: bool | Literal["skip-sent"] = False,
    skip_invalid: bool = False,
    accept: Collection[str] = (),
    observer: RunObserver | None = None,
) -> Run:
    """The blocking counterpart of `start`."""
    options = _options(new=new, skip_invalid=skip_invalid, accept=accept)
    return _start(plan, journal, api_key, options, observer or RunObserver())


async def resume(
    journal: JournalStore,
    *,
    api_key: str | Mapping[str, str] | None = None,
    retry: Collection[State | str] = (),
    server: str | None = None,
    recover: bool = False,
) -> Run:
    """The last run of a journal, ready to be delivered again. Nothing is sent yet.

    Args:
        journal: where it is recorded.
        api_key: the server's API key, where it needs one; a mapping where it needs several values.
        retry: rows in these states (failed, in doubt) are sent again.
        server: another address of the same server.
        recover: the journal was opened although it is not whole: treat what seems to wait as cut off while sending.

    Raises:
        KeyMissingError: the server needs an API key.
        RunStateError: there is no complete run on record, or its messages were deleted.
        JournalError: the journal is in use, or cannot be read.
    """
    await _settled(journal)
    return await asyncio.to_thread(resume_sync, journal, api_key=api_key, retry=retry, server=server, recover=recover)


def resume_sync(
    journal: JournalStore,
    *,
    api_key: str | Mapping[str, str] | None = None,
    retry: Collection[State | str] = (),
    server: str | None = None,
    recover: bool = False,
) -> Run:
    """The blocking counterpart of `resume`."""
    with journal.exclusive():
        record = whole_run(journal)
        check_retries(journal, record, RunOptions(retry=retryable(retry)))
        credentials = {} if record.manifest.rehearsal else credentials_from(channel_of(record), api_key)
        run = Run(journal, record, credentials, server=server, retry=retry)
        if recover:
            journal.recover(record.number)
        run.settle_cut_off()
    return run


def run(
    campaign: Campaign,
    *,
    sandbox: bool = False,
    api_key: str | Mapping[str, str] | None = None,
    options: RunOptions | None = None,
    observer: RunObserver | None = None,
) -> Report | None:
    """Plan a campaign, deliver it and write its results workbook, in its own journal beside the campaign file.

    Blocking, for a script.

    Args:
        campaign: the campaign.
        sandbox: rehearse: deliver to a local sandbox, with a journal and a workbook of its own.
        api_key: the server's API key, where it needs one; a mapping where it needs several values.
        options: what is asked for beyond the campaign file.
        observer: follows the run and confirms it.

    Returns:
        How it ended; None where the observer did not confirm it.

    Raises:
        UsageError: it is called inside a running event loop.
        CampaignError: something is wrong, and nothing was sent.
    """
    if asyncio._get_running_loop() is not None:  # noqa: SLF001 - the public function raises where there is none
        what = "cannot be called inside a running event loop"
        raise UsageError(Problem("campaign.run", what, "use `await campaign.start(…)`, or a thread"))
    made = prepare(campaign, rehearsal=sandbox)

    def find(channel: Channel) -> Mapping[str, str]:
        return credentials_from(channel, api_key)

    return run_plan(made, find, options or RunOptions(), observer or RunObserver())


def _start(
    plan: Plan,
    journal: JournalStore,
    api_key: str | Mapping[str, str] | None,
    options: RunOptions,
    observer: RunObserver,
) -> Run:
    credentials = {} if plan.rehearsal else credentials_from(plan.channel, api_key)
    for note in journal.notes:
        observer.warned(note)
    with journal.exclusive():
        begun = begin_run(plan, journal, credentials, options, observer)
    if begun is None:
        raise RunStateError(Problem(journal.where, "the run was not confirmed, and nothing was sent"))
    return begun


def _options(*, new: bool | Literal["skip-sent"], skip_invalid: bool, accept: Collection[str]) -> RunOptions:
    if new not in (True, False, "skip-sent"):
        raise UsageError(Problem("new", f"“{new}” is not a way to start over", "write True or “skip-sent”"))
    accepted = tuple(sorted(known_codes(accept)))
    return RunOptions(new=new is True, skip_sent=new == "skip-sent", skip_invalid=skip_invalid, accept=accepted)


class _Cancellable(RunObserver):
    """An observer that ends the planning where the waiting coroutine was cancelled."""

    def __init__(self, observer: RunObserver, cancelled: threading.Event) -> None:
        self._observer = observer
        self._cancelled = cancelled

    def warned(self, warning: Problem) -> None:
        self._observer.warned(warning)

    def accepts(self, difference: Problem) -> bool:
        return self._observer.accepts(difference)

    def decides(self, findings: Sequence[Finding]) -> bool:
        return self._observer.decides(findings)

    def planned(self, counts: PlanCounts) -> None:
        self._check()
        self._observer.planned(counts)

    def confirm(self, confirmation: SendConfirmation) -> bool:
        agreed = self._observer.confirm(confirmation)
        self._check()
        return agreed

    def passes_gate(self, outcome: GateOutcome) -> bool:
        return self._observer.passes_gate(outcome)

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise RunStateError(Problem("", "cancelled while the run was planned"))


async def _settled(journal: JournalStore) -> None:
    """Wait for the deliveries of a journal object that were asked to stop."""
    for delivery in list(journal.deliveries):
        if delivery.stopping:
            await delivery.ended()

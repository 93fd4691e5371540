"""Starting a run: plan it into the journal, ask for confirmation, seal it. And resuming one."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from campaign.errors import InvalidRowsError, Problem, ResultsError, RunStateError
from campaign.journal import RunManifest, State
from campaign.planning import write_plan
from campaign.problem_groups import ProblemGroups
from campaign.runs.blocking import run_blocking
from campaign.runs.earlier import clear_the_way, earlier_messages
from campaign.runs.options import REHEARSAL_SUFFIX, SendConfirmation
from campaign.runs.record_checks import origin_of
from campaign.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.journal import JournalStore, RunRecord
    from campaign.planning import Plan
    from campaign.runs.earlier import EarlierMessages
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.settings import DeliverySettings

SHOWN_KINDS = 20
"""Kinds of problems that are named when invalid rows stop a run; `campaign check` names more."""


def begin_run(
    plan: Plan,
    journal: JournalStore,
    credentials: Mapping[str, str],
    options: RunOptions,
    observer: RunObserver,
    *,
    paths: RunPaths | None = None,
) -> Run | None:
    """Write a plan to the journal, ask for confirmation and seal it. The caller holds the journal.

    Args:
        plan: the campaign's plan.
        journal: where to record the run.
        credentials: the values that the channel's server asks for.
        options: what is asked for beyond the campaign file.
        observer: follows and confirms.
        paths: where the results workbook will be; None: checks no place for it.

    Returns:
        The run; None where the observer did not confirm it. Then nothing is left of it in the journal.

    Raises:
        CampaignError: something is wrong, and nothing was sent.
    """
    refuse_rehearsal_results(plan)
    unfinished = clear_the_way(journal, plan, options, observer)
    if unfinished is not None:
        run_blocking(Run(journal, unfinished, credentials, proxies=options.proxies).look_up_cut_off())
    record = journal.begin_run(_manifest(plan, options))
    sealed = False
    try:
        if paths is not None:
            check_workbook_path(paths.workbook(record.number), plan.recipients.path)
        with earlier_messages(plan, journal, skip_sent=options.skip_sent) as earlier:
            _write(plan, journal, record, observer, earlier=earlier, skip_invalid=options.skip_invalid)
        run = Run(journal, record, credentials, proxies=options.proxies)
        sealed = confirmed(run, journal, run.settings, observer, Consequences.of(journal, earlier, unfinished))
        if sealed:
            _seal(journal, record, unfinished)
    finally:
        if not sealed:
            journal.discard(record.number)
    return run if sealed else None


def _seal(journal: JournalStore, record: RunRecord, unfinished: RunRecord | None) -> None:
    """Put a run in the place of an unfinished one."""
    if unfinished is not None:
        journal.leave_unsent(unfinished.number, f"left unsent: run {record.number} started over")
    journal.seal(record.number)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a new run means for the recipients and rows of earlier ones; see `SendConfirmation`."""

    repeated: int = 0
    repeated_in_doubt: int = 0
    abandoned: int = 0

    @classmethod
    def of(cls, journal: JournalStore, earlier: EarlierMessages | None, unfinished: RunRecord | None) -> Consequences:
        """What a plan that was read means."""
        abandoned = 0 if unfinished is None else journal.tally(unfinished.number).count(State.PENDING)
        if earlier is None:
            return cls(abandoned=abandoned)
        return cls(earlier.repeated, earlier.repeated_in_doubt, abandoned)


def confirmed(
    run: Run,
    journal: JournalStore,
    settings: DeliverySettings,
    observer: RunObserver,
    consequences: Consequences | None = None,
) -> bool:
    """Ask whether to send; where no row is waiting and none is given up there is nothing to ask."""
    messages = run.waiting(settings.limit)
    manifest = run.record.manifest
    server = manifest.server_name if manifest.rehearsal else run.server
    means = consequences or Consequences()
    if messages == 0 and means.abandoned == 0:
        return True
    tally = journal.tally(run.number)
    return observer.confirm(SendConfirmation(messages, server, settings.rate, tally, *astuple(means)))


def whole_run(journal: JournalStore, number: int | None = None) -> RunRecord:
    """The last run, or one by its number, if its plan is complete.

    Raises:
        RunStateError: there is no such run.
    """
    if number is not None:
        run = journal.run(number)
        if run is None or not run.planned:
            raise RunStateError(Problem(journal.where, f"there is no run {number}", "leave out --run"))
        return run
    run = journal.last_run()
    if run is None:
        raise RunStateError(Problem(journal.where, "there is no run on record", "`campaign run` starts one"))
    if not run.planned:
        what = "the plan was cut off before it was complete, and nothing of it was sent"
        raise RunStateError(Problem(journal.where, what, "`campaign run` starts over"))
    return run


def check_workbook_path(target: Path, recipients: Path) -> None:
    """Check before anything is sent that the results workbook has a place, and does not replace the list.

    Raises:
        ResultsError: it has none, or it would.
    """
    if not target.parent.is_dir():
        what = "there is no such folder for the results workbook"
        raise ResultsError(Problem(str(target.parent), what, "make it first"))
    if target.suffix.lower() != ".xlsx":
        raise ResultsError(Problem(str(target), "the results are a workbook", "choose a name that ends in .xlsx"))
    if target.resolve() == recipients.resolve():
        raise ResultsError(Problem(str(target), "the results would replace the list", "choose another name"))


def refuse_rehearsal_results(plan: Plan) -> None:
    """Refuse to send the results of a rehearsal: sending the list itself would send the same messages again.

    Raises:
        RunStateError: the list is such a workbook and the plan is not for a rehearsal.
    """
    path = plan.recipients.path
    if f"{REHEARSAL_SUFFIX}.results" in path.name and not plan.rehearsal:
        what = "these are the results of a rehearsal, of which nothing was sent"
        raise RunStateError(Problem(str(path), what, "correct the list itself and run that, or add --sandbox"))


def _list_of(plan: Plan) -> tuple[str, str | None]:
    return str(plan.recipients.path.resolve()), plan.recipients.sheet


def _manifest(plan: Plan, options: RunOptions) -> RunManifest:
    recipients, sheet = _list_of(plan)
    return RunManifest(
        channel=plan.channel.name,
        server="" if plan.rehearsal else plan.server,
        template=plan.template_file.path.name,
        recipients=recipients,
        sheet=sheet,
        headers=tuple(column.header for column in plan.recipients.columns),
        settings=options.applied_to(plan.campaign.delivery_settings),
        rehearsal=plan.rehearsal,
        origin=origin_of(plan),
        server_in_file=options.server_in_file,
    )


def _write(
    plan: Plan,
    journal: JournalStore,
    record: RunRecord,
    observer: RunObserver,
    *,
    earlier: EarlierMessages | None,
    skip_invalid: bool,
) -> None:
    invalid = ProblemGroups()
    for row, counts in write_plan(plan, journal, record, earlier.look_at if earlier else None):
        for problem in row.problems:
            invalid.add(problem)
        observer.planned(counts)
    wrong = counts.invalid
    if wrong and not skip_invalid:
        problems = invalid.problems()
        left_out = len(problems) - SHOWN_KINDS
        more = [Problem("", f"… and {left_out:,} more kinds of problems")] if left_out > 1 else problems[SHOWN_KINDS:]
        are, them = (
            ("cannot be sent as it is", "correct it") if wrong == 1 else ("cannot be sent as they are", "correct them")
        )
        what = f"{wrong:,} of {counts.rows:,} {'row' if counts.rows == 1 else 'rows'} {are}"
        remedy = f"{them} (`campaign check --json` names each), or send the others with --skip-invalid"
        raise InvalidRowsError(*problems[:SHOWN_KINDS], *more, Problem(str(plan.recipients.path), what, remedy))

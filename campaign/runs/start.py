"""Starting a run: plan it into the journal, ask for confirmation, seal it. And resuming one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, ResultsError, RunStateError
from campaign.file_of_today import pace_in_file
from campaign.findings import codes_of, known_codes, undecided
from campaign.journal import RunManifest, State
from campaign.plan_record import write_plan
from campaign.problem_groups import ProblemGroups
from campaign.refusals import InvalidRowsError, UndecidedFindingsError
from campaign.review.phrases import rows_of
from campaign.runs.blocking import run_blocking
from campaign.runs.confirmation import Consequences, EarlierSending, confirmation_of
from campaign.runs.earlier import clear_the_way, earlier_messages
from campaign.runs.options import REHEARSAL_SUFFIX, TRIAL_SUFFIX
from campaign.runs.record_checks import origin_of
from campaign.runs.run import Run
from campaign.runs.suppression import RunSuppression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from campaign.findings import Finding
    from campaign.journal import JournalStore, RunRecord, Tally
    from campaign.planning import Plan
    from campaign.runs.earlier import EarlierMessages
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.settings import DeliverySettings

SHOWN_ROWS = 20
"""Kinds of problems, and rows of few, that are named when invalid rows stop a run; `campaign check` names them all."""


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
        CampaignError: nothing was sent.
    """
    refuse_rehearsal_results(plan)
    unfinished = clear_the_way(journal, plan, options, observer)
    _look_up(journal, unfinished, credentials, options, observer)
    record = journal.begin_run(_manifest(plan, options))
    sealed = False
    try:
        if paths is not None:
            check_workbook_path(paths.workbook(record.number), plan.recipients.path)
        with earlier_messages(plan, journal, skip_sent=options.skip_sent) as earlier:
            findings = _write(plan, journal, record, options, observer, earlier=earlier)
        asked = _undecided(plan, findings, options, observer, journal.tally(record.number))
        run = _planned_run(plan, journal, record, credentials, options, observer=observer)
        sealed = confirmed(run, journal, observer, consequences_of(journal, earlier, unfinished, asked))
        if sealed:
            _accept(plan, journal, record, options, asked)
            _seal(journal, record, unfinished)
    finally:
        if not sealed:
            journal.discard(record.number)
    return run if sealed else None


def _planned_run(
    plan: Plan,
    journal: JournalStore,
    record: RunRecord,
    credentials: Mapping[str, str],
    options: RunOptions,
    *,
    observer: RunObserver,
) -> Run:
    """A run with the suppression lists as they were read when it was planned."""
    run = _run_of(journal, record, credentials, options, observer)
    run.suppression = RunSuppression(record, plan.rules.lists)
    return run


def _look_up(
    journal: JournalStore,
    unfinished: RunRecord | None,
    credentials: Mapping[str, str],
    options: RunOptions,
    observer: RunObserver,
) -> None:
    """Find out what became of the rows of an unfinished run that were cut off."""
    if unfinished is not None:
        run_blocking(_run_of(journal, unfinished, credentials, options, observer).look_up_cut_off())


def _run_of(
    journal: JournalStore,
    record: RunRecord,
    credentials: Mapping[str, str],
    options: RunOptions,
    observer: RunObserver,
) -> Run:
    run = Run(journal, record, credentials, proxies=options.proxies)
    run.by, run.decide_gate, run.egress = options.by, observer.passes_gate, options.egress or run.egress
    return run


def _undecided(
    plan: Plan, findings: Sequence[Finding], options: RunOptions, observer: RunObserver, tally: Tally
) -> tuple[Finding, ...]:
    """The findings that a confirmation has to accept; a rehearsal sends nothing that would need one.

    Raises:
        UndecidedFindingsError: there are some, and nobody is asked.
    """
    accepted = plan.accepted | known_codes(options.accept)
    found = () if plan.rehearsal else undecided(findings, accepted)
    if found and not observer.decides(found):
        raise UndecidedFindingsError(findings, accepted, {str(state): count for state, count in tally.states.items()})
    return found


def _accept(
    plan: Plan, journal: JournalStore, record: RunRecord, options: RunOptions, asked: Sequence[Finding]
) -> None:
    """Put on record which findings were accepted, by whom and how."""
    named = (plan.accepted | set(options.accept)) & set(codes_of(journal.findings(record.number)))
    who = options.by or "a program"
    journal.accept(record.number, sorted(named), f"{who}, by --accept or [checks] accept")
    journal.accept(record.number, codes_of(asked), f"{who}, on the terminal")


def _seal(journal: JournalStore, record: RunRecord, unfinished: RunRecord | None) -> None:
    """Put a run in the place of an unfinished one."""
    if unfinished is not None:
        journal.leave_unsent(unfinished.number, f"left unsent: run {record.number} started over")
    journal.seal(record.number)


def consequences_of(
    journal: JournalStore,
    earlier: EarlierMessages | None,
    unfinished: RunRecord | None,
    undecided: Sequence[Finding] = (),
) -> Consequences:
    """What a plan that was read means for earlier runs, and which of its findings have to be decided."""
    abandoned = 0 if unfinished is None else journal.tally(unfinished.number).count(State.PENDING)
    if earlier is None:
        return Consequences(abandoned=abandoned, undecided=tuple(undecided))
    planned_at = {run.number: run.created_at for run in journal.runs()}
    runs = tuple(EarlierSending(run, rows, planned_at[run]) for run, rows in sorted(earlier.by_run.items()) if rows)
    return Consequences(earlier.repeated, earlier.repeated_in_doubt, abandoned, runs, tuple(undecided))


def confirmed(
    run: Run,
    journal: JournalStore,
    observer: RunObserver,
    consequences: Consequences | None = None,
    settings: DeliverySettings | None = None,
) -> bool:
    """Ask whether to send; where no row is waiting and none is given up there is nothing to ask."""
    settings = settings or run.settings
    means = consequences or Consequences()
    if run.waiting(settings.limit) == 0 and means.abandoned == 0:
        return True
    return observer.confirm(confirmation_of(run, journal, settings, means))


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
    """Refuse to send the results of a rehearsal or a trial: sending the list itself would send the same messages again.

    Raises:
        RunStateError: the list is such a workbook, and the plan is for the recipients.
    """
    path = plan.recipients.path
    if plan.is_separate:
        return
    if f"{TRIAL_SUFFIX}.results" in path.name:
        what = "these are the results of `campaign test`, of which the recipients got nothing"
        raise RunStateError(Problem(str(path), what, "correct the list itself and run that"))
    if f"{REHEARSAL_SUFFIX}.results" in path.name:
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
        label=plan.label.header if plan.label else None,
        trial=plan.trial is not None,
        by=options.by,
        key=plan.rules.key.names if plan.rules.key else (),
        key_headers=plan.rules.key.headers if plan.rules.key else (),
        suppress=plan.rules.suppress,
        pace_in_file=pace_in_file(plan.campaign.file) if plan.campaign.file else None,
    )


def _write(
    plan: Plan,
    journal: JournalStore,
    record: RunRecord,
    options: RunOptions,
    observer: RunObserver,
    *,
    earlier: EarlierMessages | None,
) -> tuple[Finding, ...]:
    """Write the plan to the journal, and return what was found."""
    invalid = ProblemGroups()
    with plan.collector() as collector:
        for row, counts in write_plan(plan, journal, record, earlier.look_at if earlier else None, collector):
            if row.state is State.INVALID:
                invalid.add(row.number, row.problems, row.label)
            if earlier is not None:
                earlier.look_again(row)
            observer.planned(counts)
        findings = collector.findings()
    journal.record_findings(record.number, findings)
    wrong = counts.invalid
    if wrong and not options.skip_invalid:
        what = f"{wrong:,} of {rows_of(counts.rows)} cannot be sent as {'it is' if wrong == 1 else 'they are'}"
        them, names = ("it", "names it") if wrong == 1 else ("them", "names them all")
        others = "choose others with --rows" if plan.trial else "send the others with --skip-invalid"
        remedy = f"correct {them} (`campaign check` {names}), or {others}"
        summary = Problem(plan.recipients.path.name, what, remedy)
        raise InvalidRowsError(
            invalid.problems(SHOWN_ROWS),
            summary,
            findings=findings,
            accepted=plan.accepted | known_codes(options.accept),
            rows={str(state): count for state, count in counts.states.items()},
            rehearsal=plan.rehearsal,
        )
    return findings

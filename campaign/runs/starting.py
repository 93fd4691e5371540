"""Starting a run: plan, ask, deliver, write the results."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from campaign.errors import InvalidRowsError, Problem, RunStateError
from campaign.journal import SANDBOX, Journal, RunFacts, State, sole_delivery
from campaign.keys import find_key
from campaign.plan import PlanCount, prepare, write_plan
from campaign.review.workbook.sheet_layouts import FIX_TITLE
from campaign.runs.terms import REHEARSAL, Places
from campaign.runs.work import Work, check_results_place

if TYPE_CHECKING:
    from campaign.campaign_file import Campaign
    from campaign.journal import Run
    from campaign.plan import Prepared
    from campaign.runs.terms import Attendant, Report, Wishes

SHOWN_PROBLEMS = 20
"""Problems named when invalid rows stop a run; `campaign check` names them all."""


def start(campaign: Campaign, wishes: Wishes, attendant: Attendant) -> Report | None:
    """Plan a campaign, ask, deliver it, and write the results workbook.

    Returns:
        How it ended; None where the attendant did not agree.

    Raises:
        CampaignError: something is wrong, and nothing was sent.
    """
    prepared = prepare(campaign, SANDBOX if wishes.sandbox else None)
    _refuse_rehearsed(prepared, wishes)
    for warning in prepared.template.binding.unused:
        attendant.warned(warning)
    where = _places(campaign, wishes)
    key = SANDBOX if wishes.sandbox else find_key(prepared.channel, os.environ, attendant.key_prompt())
    with sole_delivery(where.journal), Journal.open_or_create(where.journal) as journal:
        _clear_the_way(journal, prepared, wishes)
        run = journal.begin_run(_facts(prepared))
        work = Work(journal, run, where, wishes, attendant)
        agreed = False
        try:
            check_results_place(where.workbook(run.number), prepared.recipients.path)
            _plan(prepared, journal, run, attendant, skip_invalid=wishes.skip_invalid)
            agreed = work.agreed()
        finally:
            if not agreed:
                journal.discard(run.number)
        if not agreed:
            return None
        journal.seal(run.number)
        return work.deliver(key)


def _refuse_rehearsed(prepared: Prepared, wishes: Wishes) -> None:
    """See that the results of a rehearsal are not sent for real: the list itself would then send the same again."""
    path = prepared.recipients.path
    if f"{REHEARSAL}.results" in path.name and not wishes.sandbox:
        what = "these are the results of a rehearsal, of which nothing was sent"
        raise RunStateError(Problem(str(path), what, "mend the list itself and run that, or add --sandbox"))


def _clear_the_way(journal: Journal, prepared: Prepared, wishes: Wishes) -> None:
    """See that a new run would not silently start an old one over; discard a plan that was never delivered."""
    last = journal.last_run()
    if last is not None and not last.planned:
        journal.discard(last.number)
        last = journal.last_run()
    if last is None or wishes.new or wishes.sandbox:
        return
    tally = journal.tally(last.number)
    where = f"{journal.path.name}: run {last.number}"
    if not tally.finished:
        waiting = tally.count(State.PENDING, State.SENDING)
        what = f"is unfinished: {tally.count(State.SENT)} of {tally.rows} rows are sent, {waiting} wait"
        raise RunStateError(Problem(where, what, "go on with `campaign resume`, or leave them unsent with --new"))
    delivered = [(run.facts.recipients, run.facts.sheet) for run in journal.runs()]
    if not _is_to_fix(prepared) or _list_of(prepared) in delivered:
        what = f"is finished: {tally.count(State.SENT)} of {tally.rows} rows are sent"
        raise RunStateError(Problem(where, what, "to message everybody again, say --new"))


def _is_to_fix(prepared: Prepared) -> bool:
    """Whether the list is the corrected sheet of a results workbook: those rows are sent because they were not."""
    return (prepared.recipients.sheet or "").startswith(FIX_TITLE)


def _list_of(prepared: Prepared) -> tuple[str, str | None]:
    return str(prepared.recipients.path.resolve()), prepared.recipients.sheet


def _facts(prepared: Prepared) -> RunFacts:
    campaign = prepared.campaign
    recipients, sheet = _list_of(prepared)
    return RunFacts(
        channel=prepared.channel.name,
        server=prepared.server,
        template=prepared.template_file.path.name,
        recipients=recipients,
        sheet=sheet,
        headers=tuple(column.header for column in prepared.recipients.columns),
        settings={
            "throttle": campaign.throttle.model_dump(mode="json"),
            "delivery": campaign.delivery.model_dump(mode="json"),
        },
    )


def _plan(prepared: Prepared, journal: Journal, run: Run, attendant: Attendant, *, skip_invalid: bool) -> None:
    count = PlanCount()
    invalid: list[Problem] = []
    for message in write_plan(prepared, journal, run):
        count.states[message.state] += 1
        if message.state is State.INVALID and len(invalid) < SHOWN_PROBLEMS:
            invalid.append(Problem("", message.reason))
        attendant.planned(count)
    wrong = count.states[State.INVALID]
    if wrong and not skip_invalid:
        more = [Problem("", f"… and {wrong - len(invalid)} more rows")] if wrong > len(invalid) else []
        what = f"{wrong} of {count.rows} rows cannot be sent as they stand"
        remedy = "mend them (`campaign check` names them all), or send the others with --skip-invalid"
        raise InvalidRowsError(*invalid, *more, Problem(str(prepared.recipients.path), what, remedy))


def _places(campaign: Campaign, wishes: Wishes) -> Places:
    """Where this campaign keeps its files; a rehearsal keeps its own."""
    name = campaign.name + REHEARSAL if wishes.sandbox else campaign.name
    return Places(campaign.folder, name, wishes.results)

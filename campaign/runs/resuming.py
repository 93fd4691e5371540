"""Going on with a run, and looking at it again: from the journal alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import Problem, RunStateError
from campaign.journal import Journal, sole_delivery
from campaign.keys import find_credentials
from campaign.runs.terms import Wishes
from campaign.runs.work import Work, check_results_place

if TYPE_CHECKING:
    from collections.abc import Collection

    from campaign.journal import Run, State
    from campaign.runs.terms import Attendant, Places, Report


def resume(where: Places, wishes: Wishes, attendant: Attendant, retry: Collection[State] = ()) -> Report | None:
    """Go on with the last run on record, from the journal alone.

    Args:
        where: the campaign's files.
        wishes: what the operator asked for.
        attendant: whoever runs the campaign.
        retry: rows in these states (failed, in doubt) are sent once more.

    Returns:
        How it stands now; None where the attendant did not agree.

    Raises:
        CampaignError: there is nothing to resume, or something is wrong; nothing was sent.
    """
    with sole_delivery(where.journal), _open(where) as journal:
        run = _whole_run(where, journal)
        check_results_place(where.workbook(run.number), Path(run.facts.recipients))
        work = Work(journal, run, where, wishes, attendant, tuple(retry))
        key = find_credentials(work.channel, os.environ, attendant.key_prompt())
        work.settle_cut_off()
        if not work.agreed():
            return None
        return work.deliver(key)


def report_on(where: Places, attendant: Attendant, number: int | None = None) -> Report:
    """Say again how a run stands, and write its workbook again, from the journal.

    Raises:
        RunStateError: there is no such run.
        ResultsError: the workbook would replace something else.
        JournalError: the journal cannot be read.
    """
    with _open(where) as journal:
        run = _whole_run(where, journal) if number is None else journal.run(number)
        if run is None or not run.planned:
            raise RunStateError(Problem(str(where.journal), f"there is no run {number}", "leave out --run"))
        check_results_place(where.workbook(run.number), Path(run.facts.recipients))
        return Work(journal, run, where, Wishes(), attendant).report()


def _open(where: Places) -> Journal:
    if not where.journal.exists():
        remedy = "`campaign run` starts one"
        raise RunStateError(Problem(str(where.journal), "there is no run of this campaign on record", remedy))
    return Journal.open(where.journal)


def _whole_run(where: Places, journal: Journal) -> Run:
    run = journal.last_run()
    if run is None or not run.planned:
        what = (
            "the plan was cut off before it was whole, and nothing of it was sent"
            if run
            else "there is no run on record"
        )
        raise RunStateError(Problem(str(where.journal), what, "`campaign run` starts over"))
    return run

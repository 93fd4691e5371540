"""Where the journal of a campaign is: in a file beside the campaign, or in a database."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.atomic_write import clear_left_behind
from campaign.errors import Problem, RunStateError
from campaign.journal import open_journal, peek_journal, remove_unused_journal
from campaign.runs.options import RunOptions, RunPaths, suffix_of
from campaign.runs.record_checks import refuse_other_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import JournalStore
    from campaign.planning import Plan


def paths_of(plan: Plan, options: RunOptions) -> RunPaths:
    """Where the files of a plan's run are. Rehearsals and tests stay on this machine."""
    name = plan.campaign.name + suffix_of(plan)
    address = None if plan.is_separate else options.journal or plan.campaign.journal.url
    return RunPaths(plan.campaign.folder, name, options.results, plan.campaign.file, address=address)


@contextlib.contextmanager
def new_journal(paths: RunPaths, options: RunOptions) -> Iterator[JournalStore]:
    """Open the journal for a new run. A file that is made for it and stays empty is removed.

    Raises:
        RunStateError: the journal is to be in a database, and a file beside the campaign has runs of it.
        JournalError: it cannot be opened.
    """
    if paths.address is not None:
        refuse_file_beside(paths)
        with open_journal(paths.address, campaign=paths.name) as journal:
            yield journal
        return
    path = paths.journal
    is_new = not path.exists() and not Path(f"{path}.lock").exists()
    try:
        with open_journal(path, moved=options.moved, new=options.new) as journal:
            yield journal
    finally:
        if is_new:
            remove_unused_journal(path)


def existing_journal(paths: RunPaths, options: RunOptions | None = None) -> JournalStore:
    """Open the journal of a campaign that was run.

    Raises:
        RunStateError: there is none.
        JournalError: it cannot be read, or is not whole.
    """
    clear_left_behind(paths.workbook(1).parent)
    if paths.address is not None:
        return _in_database(paths, paths.address)
    options = options or RunOptions()
    if not paths.journal.exists():
        refuse_other_name(paths)
    if not paths.journal.exists() and not Path(f"{paths.journal}.lock").exists():
        raise _no_run(str(paths.journal))
    with contextlib.ExitStack() as stack:
        moved = options.moved or paths.moved
        found = open_journal(paths.journal, create=False, recover=options.recover, moved=moved)
        stack.enter_context(found)
        if found.last_run() is None:  # a run that was refused leaves an empty journal
            refuse_other_name(paths)
        stack.pop_all()
        return found


def _in_database(paths: RunPaths, address: str) -> JournalStore:
    refuse_file_beside(paths)
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(open_journal(address, create=False, campaign=paths.name))
        if found.last_run() is None:
            raise _no_run(found.where)
        stack.pop_all()
        return found


def _no_run(where: str) -> RunStateError:
    return RunStateError(Problem(where, "there is no run of this campaign on record", "`campaign run` starts one"))


def refuse_file_beside(paths: RunPaths) -> None:
    """Refuse a database where a journal file beside the campaign has runs of it: each would know half of who got it.

    Raises:
        RunStateError: there is such a file, and it was not imported into that database.
        JournalError: the address of the database is none, or it cannot be read.
    """
    if paths.address is None or not paths.journal.exists():
        return
    peeked = peek_journal(paths.journal)
    if peeked is None or not peeked[0].planned:
        return
    from campaign.journal.importing import file_beside  # noqa: PLC0415 - loaded when it is used

    if (problem := file_beside(paths.journal, paths.address, paths.name, peeked[0].number)) is not None:
        raise RunStateError(problem)

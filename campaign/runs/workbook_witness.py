"""The results workbook as a witness: one that says of more rows that they were sent is younger than the journal.

A journal that was overwritten in place with an older copy of itself, its lock file included, cannot tell. The workbook
beside it can: it carries how many messages were on record as sent when it was written, also after somebody edited it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaign.errors import CampaignError, JournalServerError, Problem, RunStateError
from campaign.journal.records import State
from campaign.recipients.to_fix import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.options import RunPaths

RECOVERED = "recover"
"""The decision to go on although a workbook says more than the journal: its figures stay higher."""


def refuse_outdated(journal: JournalStore, record: RunRecord, paths: RunPaths) -> None:
    """Refuse to send from a journal that is older than a workbook of the same run beside it.

    Raises:
        RunStateError: it is older, and the operator has not decided to go on without what is lost.
    """
    manifest = record.manifest
    if manifest.rehearsal or manifest.trial or _has_recovered(journal, record.number):
        return
    known = journal.tally(record.number).count(State.SENT, State.DELETED)
    for workbook in _workbooks(paths.workbook(record.number)):
        said = _sent_in(workbook, record.id)
        if said > known:
            what = (
                f"the journal is older than {workbook.name}, which says of {said:,} rows of run {record.number} that "
                f"they were sent, and the journal of {known:,}; rows that seem to wait may have been sent"
            )
            remedy = "put the newest copy back, or go on without it: `campaign resume FILE --recover`"
            raise RunStateError(Problem(journal.where, what, remedy, "journal-outdated"))


def is_outdated(journal: JournalStore, record: RunRecord, paths: RunPaths) -> bool:
    """Whether `refuse_outdated` would refuse."""
    try:
        refuse_outdated(journal, record, paths)
    except RunStateError:
        return True
    return False


def refuse_other_server(journal: JournalStore, record: RunRecord) -> None:
    """Refuse to go on from a database in which attempts of a run may be missing.

    Raises:
        JournalServerError: they may be, because it is on another server than when they were recorded.
    """
    if (problem := journal.server_change(record.number)) is not None:
        raise JournalServerError(problem)


def _has_recovered(journal: JournalStore, run: int) -> bool:
    return any(decision.what == RECOVERED for decision in journal.decisions(run))


def _workbooks(first: Path) -> Iterator[Path]:
    """A run's workbook and those with a numbered name, written where it was kept."""
    named = re.compile(rf"{re.escape(first.stem)}( \(\d+\))?")
    try:
        yield from sorted(file for file in first.parent.iterdir() if _is_named(file, named))
    except OSError:
        return


def _is_named(file: Path, named: re.Pattern[str]) -> bool:
    return file.suffix.lower() == ".xlsx" and named.fullmatch(file.stem) is not None and file.is_file()


def _sent_in(workbook: Path, run_id: str) -> int:
    """How many rows of a run a workbook says were sent; 0 where it is none of that run, or cannot be read."""
    try:
        mark = mark_of(workbook)
    except (CampaignError, OSError):
        return 0
    return int(mark.sent) if mark and mark.run_id == run_id and re.fullmatch(r"[0-9]{1,12}", mark.sent) else 0

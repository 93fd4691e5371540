"""Importing the journal file of a campaign into a database, as an operator asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RunStateError, UsageError
from campaign.journal.importing import open_import
from campaign.journal.transfer import Transferred
from campaign.review.phrases import rows_of
from campaign.runs.record_checks import OTHER_SUFFIXES

if TYPE_CHECKING:
    from campaign.journal.importing import JournalImport
    from campaign.runs.options import RunObserver

SUFFIX = ".journal.db"
"""What the name of a journal file ends with, after that of its campaign."""


class Imported(NamedTuple):
    """What became of an import.

    Attributes:
        campaign: the campaign's name, by which the database knows it.
        database: the address of the database, without a password.
        runs: how many runs of the file are there.
        rows: how many rows.
        already: whether they were there before.
        finished: whether no row of the last run waited in the file.
        file: the campaign file of its last run; "" where that is not on record.
    """

    campaign: str
    database: str
    runs: int
    rows: int
    already: bool
    finished: bool
    file: str


def import_file(path: Path, url: str, by: str, observer: RunObserver, *, moved: bool = False) -> Imported | None:
    """Copy the journal of a campaign from its file into a database, from where it is gone on with.

    Where it is there already, nothing is changed in the database; so an import that was cut off can be repeated.

    Args:
        path: the file.
        url: the address of the database.
        by: the operator, for the record.
        observer: is asked first.
        moved: the file was moved or copied here on purpose.

    Returns:
        How it is now; None where the observer did not agree.

    Raises:
        CampaignError: nothing was imported.
    """
    name = _campaign_of(path)
    with open_import(path, url, by, moved=moved) as chosen:
        for note in chosen.notes:
            observer.warned(note)
        known = chosen.found()
        if known is not None:
            return _result(name, chosen, known, already=True)
        runs, rows = chosen.amount()
        what = f"{runs} run{'' if runs == 1 else 's'} with {rows_of(rows)}"
        if not observer.agree(f"Copy {what} into {chosen.database}? Nothing is sent from the file after that."):
            return None
        copied = chosen.perform(observer.writing(Path(f"campaign {name}"), rows))
        return _result(name, chosen, copied)


def take_import_back(path: Path, url: str, by: str, observer: RunObserver, *, moved: bool = False) -> Imported | None:
    """Let a file be gone on with whose import was begun and did not reach the database.

    Returns:
        How it is now, with no run in the database; None where the observer did not agree.

    Raises:
        CampaignError: it was not begun, or it is in the database.
    """
    name = _campaign_of(path)
    with open_import(path, url, by, moved=moved) as chosen:
        if not observer.agree(f"Take the import into {chosen.database} back, and go on with the file?"):
            return None
        chosen.take_back()
        return _result(name, chosen, Transferred(0, 0))


def _result(name: str, chosen: JournalImport, copied: Transferred, *, already: bool = False) -> Imported:
    finished, file = chosen.is_finished, chosen.campaign_file
    return Imported(name, chosen.database, *copied, already=already, finished=finished, file=file)


def _campaign_of(path: Path) -> str:
    """The name of the campaign whose journal a file is.

    Raises:
        UsageError: it is none.
        RunStateError: it is that of a rehearsal or a test.
    """
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        what = "is not the name of a journal"
        raise UsageError(Problem(str(path), what, f"name the file that is beside the campaign: NAME{SUFFIX}"))
    if path.name.endswith(OTHER_SUFFIXES):
        what = "is the journal of rehearsals or tests, which stay in files"
        raise RunStateError(Problem(str(path), what, f"name that of the campaign itself, which ends in {SUFFIX} alone"))
    return path.name.removesuffix(SUFFIX)

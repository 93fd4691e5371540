"""Importing a journal file into a database: at no moment can the same rows be sent from both.

The file is held, and gets a mark that its import was begun: from then on nothing is sent from it. Then one transaction
copies everything and records the file's id. Last, the mark says that it is done. Where a process is killed in between,
the id in the database says what became of it, and the same command goes on from there.
"""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import JournalError, JournalWriteError, Problem, RunStateError
from campaign.journal import in_database, shown_address
from campaign.journal.sqlite import Accepted, SqliteJournal
from campaign.journal.sqlite.import_mark import why_imported
from campaign.journal.sqlite.imported import import_of
from campaign.journal.transfer import JOURNAL_IMPORTED, ImportMark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.journal.postgres import PostgresJournal
    from campaign.journal.postgres.imports import ImportRecord
    from campaign.journal.records import RunRecord
    from campaign.journal.transfer import Transferred


class JournalImport:
    """The import of one file into one database, both of which are held. Made by `open_import`.

    Attributes:
        notes: what is worth knowing of the file.
        database: the address of the database, without a password.
    """

    def __init__(self, file: SqliteJournal, target: PostgresJournal, database: str, by: str) -> None:
        self._file = file
        self._target = target
        self._imports = target.imports
        self.database = database
        self._by = by
        self.notes = tuple(note for note in file.notes if note.code != JOURNAL_IMPORTED)

    def found(self) -> Transferred | None:
        """How much of the file is in the database already; None where it is not there, and may be copied.

        Where a process was killed after that was certain, the file is marked now.

        Raises:
            RunStateError: the file was imported elsewhere, or sent from since; or the campaign has runs there.
            JournalError: the database cannot be read, or the file cannot be written.
        """
        mark = self._own_mark()
        known = self._imports.find(self._file.journal_id)
        if known is None:
            self._refuse_lost(mark)
            self._refuse_other_campaign()
            return None
        self._refuse_other_name(known)
        if self._file.last_attempt > known.last_attempt:
            what = f"is in {self.database} already, and messages were sent from this copy of it since"
            remedy = "settle those rows there by hand: `campaign results` of this one shows them"
            raise RunStateError(Problem(self._file.where, what, remedy))
        if mark is None or mark.done_at is None:
            self._mark_done(mark or self._begin())
        return known.copied

    @property
    def is_finished(self) -> bool:
        """Whether no row of the last run waits."""
        last = self._file.last_run()
        return last is not None and self._file.tally(last.number).finished

    @property
    def campaign_file(self) -> str:
        """The name of the campaign file that the last run was planned from; "" where that is not on record."""
        last = self._file.last_run()
        return last.manifest.origin.campaign if last else ""

    def amount(self) -> tuple[int, int]:
        """How many runs and rows the file has."""
        runs = self._file.runs()
        return len(runs), sum(self._file.tally(run.number).rows for run in runs)

    def perform(self, added: Callable[[int], object]) -> Transferred:
        """Copy the file, after `found` has found nothing.

        Args:
            added: is called with numbers of rows that were copied.

        Raises:
            JournalError: nothing is copied, and the file is as it was; or it says that this is not known.
        """
        for record in self._target.runs():  # of which nothing was sent: their planning was cut off
            self._target.discard(record.number)
        try:
            mark = self._begin()
            with self._file.exported() as source:
                copied = self._imports.copy(source, self._by, added)
        except BaseException as error:
            settled = self._after(error)
            if settled is None:
                raise
            mark, copied = settled
        self._mark_done(mark)
        self._imports.renew_statistics(copied)
        return copied

    def take_back(self) -> None:
        """Let the file be gone on with, where its import was begun and is not in the database.

        Raises:
            RunStateError: it was not begun, or it is in the database, or was.
        """
        mark = self._own_mark()
        if mark is None:
            what = "its import was not begun, or was taken back"
            raise RunStateError(Problem(self._file.where, what, "`campaign resume` goes on with it"))
        if self._imports.find(self._file.journal_id) is not None:
            what = f"is in {self.database} by now, so its import cannot be taken back"
            remedy = f"go on there, with --journal {self.database}"
            raise RunStateError(Problem(self._file.where, what, remedy))
        self._refuse_lost(mark)
        self._file.cancel_import()

    def _begin(self) -> ImportMark:
        mark = ImportMark(self.database, self._imports.database_id, self._by, time.time())
        self._file.begin_import(mark)
        return mark

    def _mark_done(self, mark: ImportMark) -> None:
        self._file.finish_import(mark._replace(done_at=time.time()))

    def _after(self, error: BaseException) -> tuple[ImportMark, Transferred] | None:
        """What became of an import that failed: None where nothing is in the database, and the file is as it was.

        Raises:
            JournalWriteError: that is not known.
        """
        try:
            known, mark = self._imports.find(self._file.journal_id), self._file.import_mark()
        except JournalError:
            what = f"whether it is in {self.database} is not known ({error}), so nothing is sent from the file"
            raise JournalWriteError(Problem(self._file.where, what, "repeat this command")) from error
        if known is not None and known.campaign == self._file.name and mark is not None:
            return mark, known.copied
        with contextlib.suppress(JournalError):  # then the file says how to go on
            self._file.cancel_import()
        return None

    def _own_mark(self) -> ImportMark | None:
        """What the file has on record of its import into this database.

        Raises:
            RunStateError: it is of another one.
        """
        mark = self._file.import_mark()
        if mark is not None and mark.database_id != self._imports.database_id:
            was = "was imported" if mark.done_at else "is being imported"
            what = f"{was} into {mark.database}, which is another database than {self.database}"
            raise RunStateError(Problem(self._file.where, what, f"name that one: --journal {mark.database}"))
        return mark

    def _refuse_other_name(self, known: ImportRecord) -> None:
        if known.campaign != self._file.name:
            what = f"is in {self.database} already, as campaign {known.campaign}"
            raise RunStateError(
                Problem(self._file.where, what, f"give it that name again: {known.campaign}.journal.db")
            )

    def _refuse_lost(self, mark: ImportMark | None) -> None:
        if mark is not None and mark.done_at is not None:
            what = f"was imported into {self.database}, and is not there any more: messages sent from there are unknown"
            remedy = "restore the database from a backup that is younger than that"
            raise RunStateError(Problem(self._file.where, what, remedy))

    def _refuse_other_campaign(self) -> None:
        """Refuse where the database has runs under this name that are not of this file."""
        record = next((each for each in reversed(self._target.runs()) if each.planned), None)
        if record is not None:
            remedy = (
                'give this one a name of its own (name = "…" in the campaign file), and that name to its files: '
                "NAME.journal.db and NAME.journal.db.lock"
            )
            raise RunStateError(Problem(self._target.where, f"has {_words(record)} already", remedy))


def _words(record: RunRecord) -> str:
    planned = datetime.fromtimestamp(record.created_at).astimezone()
    return f"run {record.number}, which was planned from {Path(record.manifest.recipients).name} on {planned:%Y-%m-%d}"


@contextlib.contextmanager
def open_import(path: Path, url: str, by: str, *, moved: bool = False) -> Iterator[JournalImport]:
    """Hold a journal file and its campaign in a database.

    Args:
        path: the file.
        url: the address of the database; tables are made in one that has none.
        by: the operator, as user@host, for the record.
        moved: the file was moved or copied here on purpose.

    Raises:
        JournalBusyError: another process is at work on one of them.
        JournalError: the file is not whole, damaged, displaced or of a newer version; or the database cannot be used.
        RunStateError: the file has no runs, or only those of rehearsals and tests.
    """
    with SqliteJournal.open(path, Accepted(moved=moved)) as file, file.held_for_import():
        _refuse_unreal(file)
        with in_database().open(url, file.name) as target, target.exclusive():
            yield JournalImport(file, target, shown_address(url), by)


def _refuse_unreal(file: SqliteJournal) -> None:
    runs = file.runs()
    if not any(run.planned for run in runs):
        raise RunStateError(Problem(file.where, "contains no run", "there is nothing to import"))
    if all(run.manifest.rehearsal or run.manifest.trial for run in runs):
        what = "contains rehearsals and tests alone, which stay in files"
        raise RunStateError(Problem(file.where, what, "name the journal of the campaign itself"))


def file_beside(path: Path, url: str, campaign: str, last_run: int) -> Problem | None:
    """Why a campaign is not gone on with in a database, where a journal file beside it has runs of it.

    Args:
        path: the file.
        url: the address of the database.
        campaign: the campaign's name.
        last_run: the number of the file's last run.

    Returns:
        What is wrong; None where nothing is, because the file was imported into that database.

    Raises:
        JournalError: the address is none; or the file was imported, and the database cannot be read.
    """
    address, (journal_id, mark) = shown_address(url), import_of(path)
    try:
        is_there = _contains(url, campaign, journal_id)
    except JournalError:
        if mark is not None:
            raise
        is_there = False  # it is refused in any case
    if is_there and mark is not None:
        return None
    if is_there:
        what = f"is a copy from before the import into {address}: a message sent from either is unknown to the other"
        remedy = f"if nothing was, mark it, with `campaign journal import {path.name} --moved --journal {address}`"
        return Problem(str(path), what, remedy)
    if mark is None:
        what = f"contains run {last_run} of this campaign, and its journal is to be in {address}"
        remedy = "go on with the file, without the address; or import it there, with "
        remedy += f"`campaign journal import {path.name} --journal {address}`"
        return Problem(str(path), what, remedy)
    if mark.done_at is None:
        return why_imported(path, mark)
    what = f"was imported into {mark.database}, and its runs are not in {address}"
    return Problem(str(path), what, f"name that database: --journal {mark.database}")


def _contains(url: str, campaign: str, journal_id: str) -> bool:
    target = in_database().find(url, campaign)
    if target is None:
        return False
    with target:
        return target.imports.contains(journal_id)


def imported_into(path: Path) -> str:
    """The address, without a password, of the database that a journal file was imported into; "" where it was not."""
    mark = import_of(path)[1] if path.exists() else None
    return "" if mark is None or mark.done_at is None else mark.database

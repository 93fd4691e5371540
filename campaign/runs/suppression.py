"""Suppression lists at the beginning of sending: who opted out since the run was planned gets nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.campaign_file import NamedLists, is_spreadsheet, suppress_in
from campaign.errors import Problem, RunStateError
from campaign.journal.records import State
from campaign.journal.selection_store import Omission
from campaign.messages import Mapped
from campaign.plan_selection import suppression_rules
from campaign.recipients.suppression import SuppressionList
from campaign.sheets.table import columns_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from campaign.config import SuppressSection
    from campaign.journal import JournalStore, RunRecord, SelectedRow
    from campaign.recipients.suppression import SuppressionRule
    from campaign.runs.run import Run

TOGETHER = 1000
"""Rows that are skipped in one transaction."""

MOST_NAMED = 10
"""Rows that an error names."""


class RunSuppression:
    """The suppression lists of one run: those that it was planned with, and those of today's campaign file.

    A row that stands in one of them is skipped while it is pending, and so is one that failed and is to be sent again.
    A row that was cut off while sending, or is in doubt, is not touched: its recipient may have the message.

    Attributes:
        rules: what is looked for in which lists.
    """

    def __init__(self, record: RunRecord, lists: Iterable[SuppressionList] = ()) -> None:
        """Take the lists that a run was planned with.

        Args:
            record: the run.
            lists: those that were read when it was planned just now; they are read again once they have changed.
        """
        self._run = record.number
        planned = {each.rule: each for each in lists}
        self._lists = [planned.get(rule) or SuppressionList(rule) for rule in record.manifest.suppress]
        self._looked_at: int | None = -1 if planned else None  # how many rows waited then; -1: all that do

    @property
    def rules(self) -> tuple[SuppressionRule, ...]:
        """What is looked for in which lists."""
        return tuple(each.rule for each in self._lists)

    def add(self, rules: Iterable[SuppressionRule]) -> None:
        """Add lists; one that is gone from its former place, and is among them in another one, was moved."""
        new = [rule for rule in rules if rule not in self.rules]
        self._lists = [
            each
            for each in self._lists
            if Path(each.rule.file).exists() or not any(is_same_list(each.rule, rule) for rule in new)
        ]
        self._lists += [SuppressionList(rule) for rule in new]

    def read(self) -> None:
        """Read the lists that have changed since they were read.

        Raises:
            RecipientsError: one of them cannot be read.
        """
        for each in self._lists:
            if not each.is_current():
                self._looked_at = None
                each.read()

    def apply(
        self,
        journal: JournalStore,
        retry: Collection[State] = (),
        rows: Sequence[range] = (),
        *,
        session: int | None = None,
        done: Collection[int] = (),
    ) -> Iterator[list[Omission]]:
        """Skip the rows that stand in a list by now; called after `read`.

        Args:
            journal: the journal, which the caller holds.
            retry: rows in these states are to be sent again.
            rows: the numbers of those; (): all.
            session: the session that delivers; None: it has not begun.
            done: places in the run of rows whose turn is over, which stay as they are.

        Yields:
            The rows that are skipped, for some rows after the other.

        Raises:
            RunStateError: a row in doubt that is to be sent again stands in a list.
            JournalError: the journal cannot be read or written.
        """
        if not self._lists or self._has_looked(journal, retry):
            return
        if State.IN_DOUBT in retry:
            self._refuse_doubts(journal, rows, done)
        for state, numbers in ((State.PENDING, ()), (State.FAILED, rows)):
            if state is State.PENDING or state in retry:
                selected = journal.selected_rows(self._run, [state], numbers)
                while some := list(islice(selected, TOGETHER)):
                    found = list(self._found(row for row in some if row.seq not in done))
                    if found:
                        journal.leave_out(self._run, found, [state], session)
                    yield found
        self._looked_at = self._waiting(journal)

    def _has_looked(self, journal: JournalStore, retry: Collection[State]) -> bool:
        """Whether every row that waits was looked for in the lists as they are now, and nothing happened since.

        Once anything was sent, as many rows may wait as before and be others: so this is asked once.
        """
        looked_at, self._looked_at = self._looked_at, None
        return looked_at is not None and not retry and looked_at in (-1, self._waiting(journal))

    def _waiting(self, journal: JournalStore) -> int:
        return journal.tally(self._run).count(State.PENDING)

    def _found(self, rows: Iterable[SelectedRow]) -> Iterator[Omission]:
        for row in rows:
            for each in self._lists:
                if (suppressed := each.look_at(row.texts) or each.unclear(row.texts)) is not None:
                    yield Omission(row.seq, row.row, *suppressed)
                    break

    def _refuse_doubts(self, journal: JournalStore, rows: Sequence[range], done: Collection[int]) -> None:
        doubts = journal.selected_rows(self._run, [State.IN_DOUBT], rows)
        found = self._found(row for row in doubts if row.seq not in done)
        problems = [
            Problem(f"row {each.row}", f"is in doubt, is to be sent again, and {each.reason}", _DOUBT_REMEDY)
            for each in islice(found, MOST_NAMED)
        ]
        if problems:
            raise RunStateError(*problems)


_DOUBT_REMEDY = "name the rows to send again without it (--rows), or settle it with `campaign resolve`"


async def leave_out_suppressed(
    run: Run,
    retry: Collection[State] = (),
    rows: Sequence[range] = (),
    *,
    session: int | None = None,
    done: Collection[int] = (),
) -> list[Omission]:
    """Read the suppression lists of a run that have changed, and skip the rows that stand in one by now.

    To be called at each beginning of sending: of a delivery, and after each wait in which somebody may opt out. No
    attempt log of the run may be open, because a delivery reads rows ahead.

    Args:
        run: the run, whose journal the caller holds.
        retry: rows in these states are to be sent again.
        rows: the numbers of those; (): all.
        session: the session that delivers; None: it has not begun.
        done: places in the run of rows whose turn is over, which stay as they are.

    Returns:
        The rows that are skipped now.

    Raises:
        RecipientsError: a list cannot be read; then nothing more may be sent.
        RunStateError: a row in doubt that is to be sent again stands in a list.
        JournalError: the journal cannot be read or written.
    """
    if not run.suppression.rules:
        return []
    await asyncio.to_thread(run.suppression.read)
    omitted: list[Omission] = []
    for some in run.suppression.apply(run.journal, retry, rows, session=session, done=done):
        omitted += some
        await asyncio.sleep(0)  # there may be a million rows
    return omitted


def is_same_list(one: SuppressionRule, other: SuppressionRule) -> bool:
    """Whether two rules look for the same value in the same list, wherever its file is."""
    return replace(one, file=Path(one.file).name) == replace(other, file=Path(other.file).name)


def rules_of_today(
    file: Path | None, record: RunRecord, more: Sequence[SuppressSection] = ()
) -> tuple[SuppressionRule, ...]:
    """The suppression lists that a campaign file names by now, and further ones, for the columns of a run's list.

    Args:
        file: the campaign file, or the list where there was none; one that is gone names none.
        record: the run.
        more: further lists.

    Raises:
        CampaignFileError: its lists are not written as they should be, or name a variable that the run has not.
        RecipientsError: a list cannot be read, or has no such column.
    """
    has_none = file is None or is_spreadsheet(file) or not file.exists()
    named = NamedLists() if file is None or has_none else suppress_in(file)
    columns = columns_of(record.manifest.headers)
    return suppression_rules((*named.lists, *more), columns, Mapped(named.columns, named.values))


def list_differences(record: RunRecord, today: Collection[SuppressionRule], file: Path | None) -> Iterator[Problem]:
    """What differs between the suppression lists that a run was planned with and those of today.

    Args:
        record: the run.
        today: what is looked for in which lists by now.
        file: the campaign file.
    """
    planned = record.manifest.suppress
    for rule in today:
        if not any(is_same_list(rule, each) for each in planned):
            what = f"run {record.number} was planned without the suppression list {rule.name}"
            yield Problem(str(file or ""), what, "it counts from now on")
    for rule in planned:
        if not any(is_same_list(rule, each) for each in today):
            what = f"names the suppression list {rule.name} no more, with which run {record.number} was planned"
            yield Problem(str(file or ""), what, "it still counts for this run")

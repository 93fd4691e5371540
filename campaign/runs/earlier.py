"""What earlier runs mean for a new one: who has a message already, and which rows a sheet To fix may still send."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.campaign_file import is_spreadsheet
from campaign.errors import CampaignError, Problem, RunStateError
from campaign.journal import find_journal, open_journal, peek_journal
from campaign.journal.decisions import ALREADY_IN_DOUBT, ALREADY_SENT, DUPLICATE, SAME_KEY, earlier_row_text
from campaign.journal.records import PlannedRow, State
from campaign.plan_findings import CHANGED
from campaign.plan_rows import PlanCounts
from campaign.planning import planned_rows
from campaign.recipients.to_fix import to_fix_list
from campaign.review.phrases import rows_of
from campaign.runs.earlier_keys import earlier_keys, unknown_key
from campaign.runs.options import RunPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.journal import EarlierRow, JournalStore, RunRecord
    from campaign.journal.selection_store import FindByKey
    from campaign.planning import LeaveOut, Plan
    from campaign.recipients.to_fix import SourceColumns, ToFixList, WorkbookMark
    from campaign.runs.options import RunObserver, RunOptions
    from campaign.sheets import Sheet


@dataclass
class EarlierMessages:
    """Looks at each row of a new plan in the light of earlier runs; its counts grow while the plan is read.

    Attributes:
        repeated: rows that will be sent although their recipients have this very message.
        repeated_in_doubt: rows that will be sent although their recipients may have it.
        left_out: rows that are skipped because an earlier run sent them, or may have.
        by_run: how many of the repeated rows each earlier run sent, or may have.
    """

    recipients: Sheet
    by_digest: Callable[[bytes], EarlierRow | None]
    by_row: Callable[[tuple[int, int]], EarlierRow | None]
    to_fix: ToFixList | None
    runs: frozenset[int]
    skip: bool
    by_key: FindByKey | None = None
    repeated: int = field(default=0, init=False)
    repeated_in_doubt: int = field(default=0, init=False)
    left_out: int = field(default=0, init=False)
    _places: dict[tuple[int, int], tuple[int, bytes | None]] = field(default_factory=dict, init=False, repr=False)
    by_run: Counter[int] = field(default_factory=Counter, init=False)

    def look_at(self, row: PlannedRow) -> PlannedRow:
        """The row, skipped where it must not be sent, or invalid where it is unknown whether it was sent."""
        if self.to_fix is not None and row.state is not State.SKIPPED:
            origin = self._origin(row, self.to_fix.columns)
            if isinstance(origin, Problem):
                return _invalid(row, origin)
            if origin is not None and (found := self.by_row(origin)) is not None:
                return self._skipped(row, found)
            row = row._replace(origin=origin)
        found = self._found(row)
        if found is None or (row.state is not State.PENDING and not self.skip):
            return row
        if self.skip:
            return self._skipped(row, found)
        self._count(found, 1)
        return row

    def look_again(self, row: PlannedRow) -> None:
        """Take back what was counted for a row that turned out to be the same as an earlier one, and is not sent."""
        if row.kind in (DUPLICATE, SAME_KEY) and not self.skip:
            found = self._found(row._replace(state=State.PENDING))
            if found is not None:
                self._count(found, -1)

    def _count(self, found: EarlierRow, rows: int) -> None:
        if found.state is State.SENT:
            self.repeated += rows
        else:
            self.repeated_in_doubt += rows
        self.by_run[found.run] += rows

    def _found(self, row: PlannedRow) -> EarlierRow | None:
        """The row that was sent, or may have been, and is the same: by its key, else by what was sent to whom.

        A row with a key is known by it also if it could not be sent any more as it is.
        """
        if row.state is State.SKIPPED:
            return None
        if row.key is not None and self.by_key is not None:
            return self.by_key(row.key, row.digest)
        return None if row.digest is None else self.by_digest(row.digest)

    def _origin(self, row: PlannedRow, columns: SourceColumns) -> tuple[int, int] | Problem | None:
        """Run and row of the first list; None for a row that was added by hand."""
        texts = [row.texts[position].strip() for position in columns]
        if not any(texts):
            return None
        if all(text.isdecimal() for text in texts) and int(texts[0]) in self.runs:
            place = int(texts[0]), int(texts[1])
            return self._twice(row, place, columns) or place
        column = self.recipients.columns[columns.run]
        what = f"“{texts[0]}” and “{texts[1]}” are no run and row of this campaign"
        return Problem(f"{column.letter}{row.number}", what, "leave these columns as campaign wrote them")

    def _twice(self, row: PlannedRow, origin: tuple[int, int], columns: SourceColumns) -> Problem | None:
        """What is wrong with a row whose place in the first list an earlier row of the sheet has, with another message.

        If either was sent, the record would say of both that it was: the other message would never be sent.
        """
        first, digest = self._places.setdefault(origin, (row.number, row.digest))
        if first == row.number or (digest is not None and digest == row.digest):  # an exact duplicate is skipped
            return None
        column = self.recipients.columns[columns.run]
        what = f"this row and row {first} are both run {origin[0]}, row {origin[1]}, with different messages"
        remedy = "if this one is a message of its own, clear its cells in these two columns; else delete a row"
        return Problem(f"{column.letter}{row.number}", what, remedy)

    def _skipped(self, row: PlannedRow, found: EarlierRow) -> PlannedRow:
        self.left_out += 1
        sent = found.state is State.SENT
        reason = f"{'sent already' if sent else 'in doubt already'}: {earlier_row_text(found.run, found.row)}"
        kind = ALREADY_SENT if sent else ALREADY_IN_DOUBT
        if None not in (row.digest, found.digest) and row.digest != found.digest:
            kind, reason = CHANGED, f"{reason}, with another message"
        # Without a digest it cannot make another row a duplicate. It is known by its message, from which the id is left
        # out that it does not need: each channel has a place of its own for that.
        plain = None if row.payload is None else json.dumps(row.payload, ensure_ascii=False, separators=(",", ":"))
        body = None if plain is None else plain.encode()
        return row._replace(state=State.SKIPPED, kind=kind, reason=reason, problems=(), body=body, digest=None)


def _invalid(row: PlannedRow, problem: Problem) -> PlannedRow:
    return row._replace(
        state=State.INVALID,
        problems=(*row.problems, problem),
        kind=problem.what,
        reason="\n".join(map(str, (*row.problems, problem))),
        body=None,
        digest=None,
    )


@contextlib.contextmanager
def earlier_messages(plan: Plan, journal: JournalStore, *, skip_sent: bool = False) -> Iterator[EarlierMessages | None]:
    """What earlier runs in a journal mean for a plan; None where there are none.

    Args:
        plan: the new plan.
        journal: the campaign's journal.
        skip_sent: leave out rows whose message was sent, or may have been; a sheet To fix always does.

    Raises:
        RecipientsError: the list is no list to send.
        RunStateError: the list is a sheet To fix of runs that this journal does not contain.
    """
    if plan.is_separate:
        yield None
        return
    to_fix = to_fix_list(plan.recipients)
    records = [run for run in journal.runs() if run.planned and not run.manifest.rehearsal]
    if to_fix is not None:
        ids = {run.id for run in records}
        if not ids or (to_fix.mark is not None and to_fix.mark.run_id not in ids):
            raise _other_journal(plan, journal, to_fix.mark)
    if not records:
        yield None
        return
    numbers = [run.number for run in reversed(records)]
    with (
        journal.delivered_messages(numbers) as by_digest,
        journal.delivered_rows(numbers) as by_row,
        earlier_keys(plan.rules.key, journal, records) as by_key,
    ):
        skip = skip_sent or to_fix is not None
        yield EarlierMessages(plan.recipients, by_digest, by_row, to_fix, frozenset(numbers), skip, by_key)


@contextlib.contextmanager
def looking_back(plan: Plan, *, skip_sent: bool = False, address: str | None = None) -> Iterator[LeaveOut | None]:
    """What the campaign's own journal, if there is one, means for a plan that is only looked at.

    Args:
        plan: the plan.
        skip_sent: whether rows are left out that were sent, or may have been.
        address: the database that contains the journal; None where that is a file.

    Raises:
        RunStateError: the list is a sheet To fix of runs that this journal does not contain.
    """
    path = RunPaths(plan.campaign.folder, plan.campaign.name).journal
    if plan.rehearsal or not (address or path.exists()):
        yield None
        return
    found = find_journal(address, plan.campaign.name) if address else open_journal(path, create=False)
    if found is None:
        yield None
        return
    with found as journal, earlier_messages(plan, journal, skip_sent=skip_sent) as earlier:
        yield earlier.look_at if earlier else None


def _other_journal(plan: Plan, journal: JournalStore, mark: WorkbookMark | None) -> RunStateError:
    whose = f"of campaign “{mark.name}”, run {mark.run}" if mark else "of an earlier run"
    what = f"is the sheet To fix {whose}, and {journal.where} has no such run, so nobody can say who got it meanwhile"
    sheet = f' --sheet "{plan.recipients.sheet}"' if plan.recipients.sheet else ""
    first = _first_file(plan, mark)
    remedy = f"use `campaign run {first or 'FILE'} --recipients {plan.recipients.path.name}{sheet}`"
    if first is None:
        remedy += ", where FILE is the campaign file or the list that its first run was given, beside its journal"
    if first is None or is_spreadsheet(Path(first)):
        remedy += "; a list needs the options of that run as well, such as --template"
    where = plan.recipients.path.name + (f", sheet “{plan.recipients.sheet}”" if plan.recipients.sheet else "")
    return RunStateError(Problem(where, what, remedy))


def _first_file(plan: Plan, mark: WorkbookMark | None) -> str | None:
    """What the first run of a sheet To fix was given, as far as the journals beside the sheet and the campaign say."""
    for folder in (plan.campaign.folder, plan.recipients.path.parent):
        if mark is None:
            break
        peeked = peek_journal(RunPaths(folder, mark.name).journal)
        origin = peeked[0].manifest.origin.campaign if peeked else ""
        if origin and (folder / origin).exists():
            return origin if folder == plan.campaign.folder else str(folder / origin)
    return None


def clear_the_way(journal: JournalStore, plan: Plan, options: RunOptions, observer: RunObserver) -> RunRecord | None:
    """Refuse to start a run over unasked; discard a plan that was never delivered.

    Returns:
        The unfinished run that the new one takes the place of; None where there is none.

    Raises:
        RunStateError: a run is on record, and neither `new` nor `skip_sent` was asked for.
    """
    last = journal.last_run()
    if last is not None and not last.planned:
        journal.discard(last.number)
        last = journal.last_run()
    if last is None or plan.is_separate:
        return None
    tally = journal.tally(last.number)
    key = plan.rules.key if options.skip_sent else None
    if key is not None and (warning := unknown_key(key, journal)):
        observer.warned(warning)
    if options.new or options.skip_sent:
        return None if tally.finished else last
    if tally.finished and to_fix_list(plan.recipients) is not None:
        return None  # its rows are looked up one by one
    where, run = journal.label, f"run {last.number}"
    count = tally.count(State.SENT)
    sent = f"{count} of {rows_of(tally.rows)} {'is' if count == 1 else 'are'} sent"
    means = _what_new_means(plan, journal, observer)
    if tally.finished:
        raise RunStateError(Problem(where, f"{run} is finished: {sent}", means))
    waiting = tally.count(State.PENDING, State.SENDING)
    what = f"{run} is unfinished: {sent}, {waiting} {'waits' if waiting == 1 else 'wait'}"
    remedy = f"go on with `campaign resume`, or give up the rest with `campaign abandon`; {means}"
    raise RunStateError(Problem(where, what, remedy))


def _what_new_means(plan: Plan, journal: JournalStore, observer: RunObserver) -> str:
    """What `--new` would do, which takes a look at every row."""
    try:
        counts = PlanCounts()
        with earlier_messages(plan, journal) as earlier:
            for row in planned_rows(plan, leave_out=earlier.look_at if earlier else None):
                if earlier is not None:
                    earlier.look_again(row)
                counts.add(row)
                observer.planned(counts)
    except CampaignError:  # the list has problems of its own, which are for `campaign check` to name
        return "--new starts over and messages everyone again, --skip-sent leaves out who has the message"
    if earlier is None or not (earlier.repeated or earlier.repeated_in_doubt):
        return "--new starts over; no row of this list has its message yet"
    return f"--new starts over, and {who_gets_it_again(earlier.repeated, earlier.repeated_in_doubt)}"


def who_gets_it_again(sent: int, in_doubt: int) -> str:
    """How many rows of a new run have this message already and get it again, and how to leave them out."""
    has, gets = ("has", "gets") if sent == 1 else ("have", "get")
    parts = [f"{rows_of(sent)} that already {has} this message {gets} it again"] if sent else []
    if in_doubt:
        may = "it may be sent a second time" if in_doubt == 1 else "they may be sent a second time"
        parts.append(f"{rows_of(in_doubt)} {'is' if in_doubt == 1 else 'are'} in doubt, so {may}")
    return f"{', and '.join(parts)}; --skip-sent leaves {'it' if sent + in_doubt == 1 else 'them'} out"

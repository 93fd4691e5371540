"""A trial: the messages of some rows, sent to a conversation of one's own instead of those of the list.

It is what `campaign test` sends, in a journal of its own, and it never counts as sent in the campaign.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.config import ScheduleSection
from campaign.errors import Problem, UsageError
from campaign.journal.records import PlannedRow, State
from campaign.messages.destination import thread_fields, value_at
from campaign.recipients import variable_name
from campaign.text import caseless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from campaign.channels import Channel
    from campaign.config import Campaign
    from campaign.messages import MessageTemplate
    from campaign.sheets import Column, Row

FIRST_ROWS = 3
"""Rows of a trial that names none."""

NOT_CHOSEN = "not chosen"
"""Kind of the rows of the list that are no part of a trial."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What to send, and where.

    Attributes:
        to: the variables of the destination, with the values of one's own conversation.
        rows: the numbers of the rows; (): the first `FIRST_ROWS` for which a message can be made.
    """

    to: Mapping[str, str]
    rows: tuple[range, ...] = ()

    def applied_to(self, campaign: Campaign) -> Campaign:
        """The campaign with one's own conversation as the destination of every row; it needs no window and no gate."""
        values = {**campaign.values, **self.to}
        return campaign.model_copy(update={"values": values, "schedule": ScheduleSection(), "gate": None})

    def replaced(self, mapped: Mapping[str, str], columns: Iterable[Column]) -> frozenset[int]:
        """The places, from 0, of the columns instead of which one's own conversation is used.

        Args:
            mapped: variable to header, as in `[columns]`.
            columns: the columns of the list.
        """
        headers = {caseless(mapped[name]) for name in self.to if name in mapped}
        return frozenset(
            column.position
            for column in columns
            if variable_name(column.header) in self.to or caseless(column.header) in headers
        )

    def check(self, template: MessageTemplate, where: str) -> None:
        """Check that no row of the list decides where a message goes.

        Args:
            template: bound with these values.
            where: the template's name.

        Raises:
            UsageError: a part of the destination still comes from the list, or `to` names something else, or a value
                is blank that is no thread's.
        """
        variables = frozenset(name for text in template.destination_texts for name in text.uses.variables)
        named = [text for text in template.destination_texts if text not in template.thread_texts]
        needed = frozenset(name for text in named for name in text.uses.variables)
        blank = [name for name, value in self.to.items() if not value.strip() and name in needed]
        problems = [
            *self._strangers(variables, where),
            *(Problem(f"--to {name}", "is blank", "name your own conversation") for name in blank),
            *_missing(template, variables, where),
        ]
        if problems:
            raise UsageError(*problems)

    def checked(self, row: PlannedRow, channel: Channel) -> PlannedRow:
        """A planned row, none of whose fields leads it into the conversation of somebody else's message.

        Raises:
            UsageError: one does.
        """
        for path in thread_fields(channel):
            value = value_at(row.payload, path)
            if value is not None and value not in [given.strip() for given in self.to.values()]:
                name = path[-1]
                what = f"{name} names a message, into whose conversation row {row.number} would go instead"
                raise UsageError(Problem("--to", what, f"leave {name} out of the template, or use a variable for it"))
        return row

    def _strangers(self, variables: frozenset[str], where: str) -> Iterator[Problem]:
        for name in self.to:
            if name not in variables:
                what = f"“{name}” is no variable of the destination in {where}"
                close = difflib.get_close_matches(name, variables, n=1)
                known = f"it has {_quoted(variables)}" if variables else "it is the same for every row"
                yield Problem(f"--to {name}", what, f"did you mean “{close[0]}”?" if close else known)


def _missing(template: MessageTemplate, variables: frozenset[str], where: str) -> Iterator[Problem]:
    binding = template.binding
    from_list = sorted(name for name in variables if name in binding.columns)
    if from_list:
        columns = ", ".join(f"“{binding.columns[name].label}”" for name in from_list)
        still = f"{_quoted(from_list)} of the destination would still come from the list ({columns})"
        remedy = "add " + " ".join(f"--to {name}=…" for name in from_list)
        threads = {name for text in template.thread_texts for name in text.uses.variables}.intersection(from_list)
        without = " ".join(f"--to {name}=" for name in sorted(threads))
        yield Problem("--to", still, f"{remedy}, or {without} for no thread" if threads else remedy)
    if any(text.uses.whole_row for text in template.destination_texts):
        what = f"the destination in {where} comes from row[…] or raw[…], which no --to can replace"
        yield Problem("--to", what, "use a variable in the template, and name its column under [columns]")


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(f"“{name}”" for name in sorted(names))


def chosen_batches(
    batches: Iterable[Sequence[Row]],
    trial: Trial,
    plan_row: Callable[[Row], PlannedRow],
    look: Callable[[Sequence[Row], Sequence[PlannedRow]], object] | None,
) -> Iterator[Sequence[PlannedRow]]:
    """The rows of a trial. Each is sent, also where another one says the same to the same conversation.

    Args:
        batches: the rows of the list.
        trial: which of them to choose.
        plan_row: makes a row's message.
        look: called with each batch of the list, and what is planned for its rows.

    Raises:
        UsageError: the list has no such rows.
    """
    choice = RowChoice(trial)
    for batch in batches:
        planned = [not_chosen(row) if choice.is_out(row) else choice.take(plan_row(row)) for row in batch]
        if look is not None:
            look(batch, planned)
        yield [row for row in planned if row.kind != NOT_CHOSEN]
        if choice.is_over:
            break
    choice.check_found()


@dataclass
class RowChoice:
    """Chooses the rows of a trial while the list is read once, in sheet order."""

    trial: Trial
    _left: int = field(default=FIRST_ROWS, init=False)
    _last: int = field(default=0, init=False)
    _found: set[range] = field(default_factory=set, init=False)

    @property
    def is_over(self) -> bool:
        """Whether no further row of the list can be one of them."""
        if not self.trial.rows:
            return not self._left
        return self._last >= max(each.stop for each in self.trial.rows) - 1

    def is_out(self, row: Row) -> bool:
        """Whether a row is none of them, whatever is in it."""
        self._last = row.number
        if not self.trial.rows:
            return not self._left
        chosen = [each for each in self.trial.rows if row.number in each]
        self._found.update(chosen)
        return not chosen

    def take(self, row: PlannedRow) -> PlannedRow:
        """A row that is planned: chosen, or left out where the first rows are sought and nothing is sent for it."""
        if not self.trial.rows:
            if row.state is State.SKIPPED:
                return not_chosen(row)
            self._left -= 1
        return row

    def check_found(self) -> None:
        """Check at the end of the list that the rows that were named are there, or any where none was named.

        Raises:
            UsageError: names those that are not.
        """
        if not self.trial.rows and self._left == FIRST_ROWS:
            raise UsageError(Problem("--rows", "the list has no row that could be sent", "name a row that it has"))
        missing = [each for each in self.trial.rows if each not in self._found]
        if missing:
            names = [str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in missing]
            remedy = "number them as the spreadsheet does"
            raise UsageError(Problem("--rows", f"the list has no row {', '.join(names)}", remedy))


def not_chosen(row: Row | PlannedRow) -> PlannedRow:
    """A row of the list that is no part of a trial."""
    return PlannedRow(row.number, State.SKIPPED, kind=NOT_CHOSEN, texts=row.texts)

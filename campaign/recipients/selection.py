"""Which rows of a list are left out, and why: by their numbers, by conditions, by suppression lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.errors import Problem, RecipientsError
from campaign.sheets.table import column_letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.recipients.suppression import SuppressionList
    from campaign.sheets import Row

NOT_AMONG = "not among --rows"
"""Kind and reason of a row whose number was not asked for."""

BY_WHERE = "left out by where: "
"""What the kind and the reason of a row begin with that does not meet a condition."""


class LeftOut(NamedTuple):
    """Why a row is left out.

    Attributes:
        kind: the same for all rows that are left out for this.
        reason: why this one is.
    """

    kind: str
    reason: str


class RowCondition(Protocol):
    """A condition, as far as a selection needs it; `messages.condition` has it."""

    @property
    def name(self) -> str:
        """The expression for display."""
        ...

    def look_at(self, row: Row) -> bool | Problem:
        """Whether the row meets the condition, or why that cannot be said."""
        ...


class Selection:
    """Decides for each row of a list, from the first to the last, whether it is left out.

    Attributes:
        lists: the suppression lists.
    """

    def __init__(
        self,
        conditions: Sequence[RowCondition] = (),
        lists: Sequence[SuppressionList] = (),
        rows: Sequence[range] = (),
    ) -> None:
        """Make a selection.

        Args:
            conditions: a row must meet all of them.
            lists: suppression lists, which have been read before the first row is looked at.
            rows: the numbers of the rows to take; (): all.
        """
        self.lists = tuple(lists)
        self._conditions = tuple(conditions)
        self._rows = tuple(rows)
        self._not_found = list(self._rows)

    def look_at(self, row: Row) -> LeftOut | Problem | None:
        """Why a row is left out, or why that cannot be said; None where it is not."""
        if self._rows and not self._is_among(row.number):
            return LeftOut(NOT_AMONG, NOT_AMONG)
        unclear: Problem | None = None
        for condition in self._conditions:
            met = condition.look_at(row)
            if met is False:
                kind = f"{BY_WHERE}{condition.name}"
                return LeftOut(kind, kind)
            unclear = unclear or (met if isinstance(met, Problem) else None)
        for each in self.lists:
            if (found := each.look_at(row.texts)) is not None:
                return LeftOut(*found)
            unclear = unclear or (_unreadable(row, each) if row.problems else None) or _shortened(row, each)
        return unclear

    def end(self, where: str) -> None:
        """End after the last row of the list.

        Args:
            where: the list, for the error.

        Raises:
            RecipientsError: some of the rows to take are not in the list.
        """
        if self._not_found:
            missing = ", ".join(
                str(each.start) if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in self._not_found[:10]
            )
            what = f"the list has no row {missing}"
            raise RecipientsError(Problem(f"{where}, --rows", what, "number rows as the spreadsheet does"))

    def _is_among(self, number: int) -> bool:
        if self._not_found:
            self._not_found = [each for each in self._not_found if number not in each]
        return any(number in each for each in self._rows)


def _unreadable(row: Row, each: SuppressionList) -> Problem | None:
    """The problem of the cell that is looked for in a list: whether it is in there cannot be said."""
    position = each.rule.position
    cell = "" if position is None else f"{column_letter(position)}{row.number}"
    return next((problem for problem in row.problems if problem.where == cell), None)


def _shortened(row: Row, each: SuppressionList) -> Problem | None:
    if (found := each.unclear(row.texts)) is None:
        return None
    position = each.rule.position
    where = f"row {row.number}" if position is None else f"{column_letter(position)}{row.number}"
    remedy = "format the column as a whole number (0), or correct the cell"
    return Problem(where, found.reason, remedy, "suppress-unclear")

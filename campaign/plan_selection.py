"""The rules of a campaign that decide which rows are left out, made ready for one list of recipients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaign.errors import CampaignFileError, Problem
from campaign.messages.condition import compile_conditions
from campaign.messages.sources import Source, find_source, has_source
from campaign.recipients.row_key import RowKey
from campaign.recipients.selection import Selection
from campaign.recipients.suppression import (
    SuppressionList,
    SuppressionRule,
    column_of,
    named_as_suppression,
    open_list,
    values_among,
)
from campaign.recipients.variables import variable_name
from campaign.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from campaign.config import Campaign, SuppressSection
    from campaign.messages import Mapped
    from campaign.messages.binding import ColumnHints
    from campaign.messages.condition import Condition
    from campaign.sheets import Column, Sheet


@dataclass(frozen=True)
class RowRules:
    """What decides which rows of a list are sent, and which of them are the same.

    Attributes:
        conditions: `where`: a row has to meet all of them.
        lists: the suppression lists.
        rows: the numbers of the rows to take; (): all.
        key: what makes two rows the same; None: what is sent to whom.
    """

    conditions: tuple[Condition, ...] = ()
    lists: tuple[SuppressionList, ...] = ()
    rows: tuple[range, ...] = ()
    key: RowKey | None = None

    @property
    def suppress(self) -> tuple[SuppressionRule, ...]:
        """What is looked for in which suppression lists."""
        return tuple(each.rule for each in self.lists)

    @property
    def names(self) -> frozenset[str]:
        """The variables that the rules use."""
        used = {name for condition in self.conditions for name in condition.binding.columns}
        used |= {name for condition in self.conditions for name in condition.binding.values}
        return frozenset(used | {rule.variable for rule in self.suppress} | set(self.key.names if self.key else ()))

    @property
    def positions(self) -> frozenset[int]:
        """The places of the columns that the rules use."""
        used = {column.position for condition in self.conditions for column in condition.columns}
        used |= {rule.position for rule in self.suppress if rule.position is not None}
        return frozenset(used | set(self.key.positions if self.key else ()))

    def selection(self, recipients: Sheet) -> Selection | None:
        """What to ask for each row of the list, from the first one on; None where every row is taken.

        Raises:
            RecipientsError: a suppression list cannot be read.
        """
        if not (self.conditions or self.lists or self.rows):
            return None
        for each in self.lists:
            if not each.is_current():
                each.read(values_among(recipients, each.rule))
        return Selection(self.conditions, self.lists, self.rows)


def row_rules(
    campaign: Campaign, recipients: Sheet, mapped: Mapped, hints: ColumnHints, rows: Sequence[range] = ()
) -> RowRules:
    """Make the rules of a campaign ready for a list; reads no further than the headers of the suppression lists.

    Args:
        campaign: the campaign.
        recipients: the list.
        mapped: the sources of variables that the campaign file and the options name.
        hints: explains how the columns were read, for the error of a variable without a source.
        rows: the numbers of the rows to take; (): all.

    Raises:
        CampaignFileError: an expression is none, or a name is that of no variable and no header.
        RecipientsError: a suppression list cannot be read, or has no such column.
    """
    section, columns = campaign.recipients, recipients.columns
    return RowRules(
        compile_conditions(section.where, columns, mapped, hints),
        tuple(SuppressionList(rule) for rule in suppression_rules(campaign.suppress, columns, mapped)),
        tuple(rows),
        _row_key(section.key, columns, mapped) if section.key else None,
    )


def _row_key(names: Sequence[str], columns: Sequence[Column], mapped: Mapped) -> RowKey:
    found: list[Column] = []
    problems: list[Problem] = []
    for name in names:
        match find_source(name, columns, mapped, f"recipients.key: “{name}”"):
            case Problem() as problem:
                problems.append(problem)
            case Source(column=None):
                what = "is the same for every row, so it tells no rows apart"
                problems.append(Problem(f"recipients.key: “{name}”", what, "name a column that does"))
            case Source(column=column) if column is not None:
                found.append(column)
    if problems:
        raise CampaignFileError(*problems)
    return RowKey(tuple(names), tuple(each.position for each in found), tuple(each.header for each in found))


def suppression_rules(
    sections: Iterable[SuppressSection], columns: Sequence[Column], mapped: Mapped
) -> tuple[SuppressionRule, ...]:
    """What to look for in which suppression lists; opens them for their headers.

    Args:
        sections: the lists as a campaign names them.
        columns: the columns of the recipients.
        mapped: the sources of variables that the campaign file and the options name.

    Raises:
        CampaignFileError: a list names a variable that there is not, or none where it is not plain which is meant.
        RecipientsError: a list cannot be read, or has no such column.
    """
    return tuple(dict.fromkeys(_suppression_rule(section, columns, mapped) for section in sections))


def _suppression_rule(section: SuppressSection, columns: Sequence[Column], mapped: Mapped) -> SuppressionRule:
    rule = SuppressionRule(
        file=str(section.file.absolute()),
        variable=section.variable or "",
        position=None,
        sheet=section.sheet,
        column=section.column,
        header_row=section.header_row,
        encoding=section.encoding,
        delimiter=section.delimiter,
    )
    with named_as_suppression():
        sheet, _ = open_list(rule)
        variable = section.variable or _variable_of(rule, sheet, columns, mapped)
        source = find_source(variable, columns, mapped, f"recipients, for suppression list {rule.name}")
        if isinstance(source, Problem):
            raise CampaignFileError(source)
        position = None if source.column is None else source.column.position
        header = "" if source.column is None else source.column.header
        found = replace(rule, variable=variable, position=position, header=header, text=source.text)
        column_of(sheet, found)
    return found


def _variable_of(rule: SuppressionRule, sheet: Sheet, columns: Sequence[Column], mapped: Mapped) -> str:
    """The variable or header of the recipients that a column of a suppression list is called as.

    Raises:
        CampaignFileError: there is none, or there are several.
        RecipientsError: the list has not the column that is named.
    """
    if rule.column is not None:
        named = [column_of(sheet, rule)]
    else:
        named = [column for column in sheet.columns if column.header]
    found = []
    for column in named:
        names = (variable_name(column.header), column.header)
        found += [name for name in names if name and has_source(name, columns, mapped)][:1]
    if len(found) == 1:
        return found[0]
    where = f"suppression list {rule.name}"
    if found:
        what = f"has several columns that the recipients have too: {listed(found)}"
        raise CampaignFileError(Problem(where, what, 'name one under [[suppress]], column = "…", or as VARIABLE=FILE'))
    headers = listed(column.label for column in named)
    what = f"no column of the recipients is called as one of its own ({headers})"
    remedy = 'say what to look for: variable = "…" under [[suppress]], or --suppress VARIABLE=FILE'
    raise CampaignFileError(Problem(where, what, remedy))

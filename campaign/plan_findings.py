"""Collects the findings of a plan while it is read: the one place where they are made."""

from __future__ import annotations

import contextlib
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from campaign.findings import Finding, Occurrences, in_order, make
from campaign.journal.records import State
from campaign.journal.sqlite.duplicates import Conversations
from campaign.messages.environment import RENDER_ERRORS
from campaign.recipients import Linter, variable_name
from campaign.recipients.detectors import CellDetector, column_names, placeholders_in_template
from campaign.text import caseless, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from campaign.config import RecipientsSection
    from campaign.journal.records import PlannedRow
    from campaign.messages import MessageTemplate
    from campaign.messages.text_template import TextTemplate
    from campaign.recipients.lint import OnRow
    from campaign.sheets import CellValue, Column, Row, Sheet

HIDDEN, CHANGED = "hidden", "changed since sent"
"""Kinds of the rows that are skipped because the sheet hides them, and because they were sent with another text."""

SENTINEL = "\ue000gap\ue000"
"""Stands in for a blank cell to find out whether its place is rendered; of private-use characters."""

_COLUMNS_LISTED, _SHOWN_LENGTH = 8, 40


class FindingContext(NamedTuple):
    """What a plan is made of, as far as its findings depend on it.

    Attributes:
        recipients: the open list.
        section: how the campaign says it is to be read.
        template: the template bound to the list's columns.
        template_name: its file's name.
        selecting: the places of columns that decide which rows are sent, from 0.
    """

    recipients: Sheet
    section: RecipientsSection
    template: MessageTemplate
    template_name: str
    selecting: frozenset[int] = frozenset()


class FindingCollector:
    """Looks at every row of a plan, and counts what is found over the rows that would be sent. Use with `with`.

    Attributes:
        linter: what it found out about columns.
        on_row: called with the number of a row and the code of a finding, for each finding about a row.
    """

    def __init__(self, context: FindingContext, on_row: OnRow | None = None) -> None:
        recipients, template = context.recipients, context.template
        self._context = context
        self._used = sorted(template.used_columns)
        self.linter = Linter(recipients.columns, template.destination_columns, self._used, on_row)
        self._detector = CellDetector(self._used, template.destination_columns, recipients.columns)
        self._on_row = on_row
        self._conversations = Conversations()
        self._gaps = _gaps(template)
        self._blank = {column: Occurrences() for column in self._gaps}
        self._hidden, self._guessed = Occurrences(), Occurrences()
        self._duplicates, self._empty, self._changed = Occurrences(), Occurrences(), Occurrences()
        self._sent = Occurrences()
        self._last = context.section.header_row

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._conversations.__exit__(kind, error, trace)

    def add(self, rows: Sequence[Row], planned: Sequence[PlannedRow]) -> None:
        """Look at a batch of rows and at what is planned for each of them."""
        self._count_blank_rows(rows)
        sent, messages = rows, planned
        if any(plan.state is not State.PENDING for plan in planned):
            sent = [row for row, plan in zip(rows, planned, strict=True) if plan.state is State.PENDING]
            messages = [plan for plan in planned if plan.state is State.PENDING]
            for plan in planned:
                if plan.kind == "duplicate":
                    self._duplicates.add(plan.number)
                elif plan.kind == CHANGED:
                    self._changed.add(plan.number)
        if not sent:
            return
        self._find(sent, messages)

    def _find(self, sent: Sequence[Row], messages: Sequence[PlannedRow]) -> None:
        """Look at the rows of a batch that would be sent."""
        self._sent.add_all([row.number for row in sent])
        if self._context.section.hidden_rows is None:
            for row in sent:
                if row.hidden:
                    self._note(self._hidden, row.number, "hidden-rows")
        self.linter.check(sent)
        for found in self._detector.check(sent).values():
            for each in found:
                self.linter.note(each)
        self._conversations.add(messages)
        self._find_blanks(sent)
        if (encoding := self._context.recipients.facts.encoding) is not None and encoding.guessed:
            self._find_guesses(sent)

    def findings(self) -> tuple[Finding, ...]:
        """Every finding, the most harmful first; complete once all rows were added."""
        return in_order([*self.linter.findings(), *self._of_rows(), *self._of_file(), *self._of_template()])

    def _count_blank_rows(self, rows: Sequence[Row]) -> None:
        """Count the rows that the reader has left out before and between these."""
        missing = rows[-1].number - self._last - len(rows)
        if missing > 0:
            self._empty.count += missing
            before = (self._last, *(row.number for row in rows))
            first = next(a + 1 for a, b in pairwise(before) if b > a + 1)
            self._empty.rows = self._empty.rows or [first]
        self._last = rows[-1].number

    def _note(self, found: Occurrences, row: int, code: str, cell: str = "", example: str = "") -> None:
        found.add(row, cell, example)
        if self._on_row is not None:
            self._on_row(row, code)

    def _find_blanks(self, rows: Sequence[Row]) -> None:
        for column, places in self._gaps.items():
            if all([row.texts[column.position].strip() for row in rows]):  # noqa: C419 - a list is faster
                continue
            for row in rows:
                text = row.texts[column.position]
                if (not text or text.isspace()) and any(self._is_rendered(gap, column, row) for gap in places):
                    self._note(self._blank[column], row.number, "blank-value", f"{column.letter}{row.number}")

    def _is_rendered(self, gap: _Place, column: Column, row: Row) -> bool:
        """Whether the place of a blank cell is rendered, which an `{% if %}` about something else decides."""
        if gap.always:
            return True
        position = column.position
        texts = (*row.texts[:position], SENTINEL, *row.texts[position + 1 :])
        values: tuple[CellValue, ...] = (*row.values[:position], SENTINEL, *row.values[position + 1 :])
        stood_in = row._replace(texts=texts, values=values)
        with contextlib.suppress(*RENDER_ERRORS):
            return SENTINEL in gap.text.render(self._context.template.binding.context(stood_in))
        return True  # a filter that takes numbers alone: it has been reached

    def _find_guesses(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for column in self._used:
                text = row.texts[column.position]
                if not text.isascii():
                    shown = one_line(text[:_SHOWN_LENGTH], _SHOWN_LENGTH)
                    self._note(self._guessed, row.number, "guessed-encoding", f"{column.letter}{row.number}", shown)
                    break

    @cached_property
    def _names(self) -> frozenset[str]:
        """Variables that columns and settings give."""
        binding = self._context.template.binding
        headers = {variable_name(column.header) for column in self._context.recipients.columns}
        return frozenset((headers | set(binding.columns) | set(binding.values)) - {""})

    def _of_rows(self) -> Iterator[Finding]:
        for column, found in self._blank.items():
            if found.count:
                yield self._blank_value(column, self._gaps[column][0].variable, found)
        if (found := self._hidden).count:
            are = "is hidden in the sheet and would be" if found.count == 1 else "are hidden in the sheet and would be"
            yield make("hidden-rows", f"{found.named()} {are} sent too", found)
        if (found := self._guessed).count:
            encoding = self._context.recipients.facts.encoding
            codec = encoding.codec if encoding is not None else ""
            message = (
                f"the encoding is a guess ({codec}), and {found.named()} {_has(found)} letters that depend on it: "
            )
            yield make("guessed-encoding", f"{message}{found.quoted()}", found, codec=codec)
        if (found := self._duplicates).count:
            what = (
                "is an exact duplicate of an earlier row"
                if found.count == 1
                else "are exact duplicates of earlier rows"
            )
            yield make("duplicates", f"{found.named()} {what} and skipped", found)
        if (found := self._changed).count:
            was = (
                "was changed since it was sent and is"
                if found.count == 1
                else "were changed since they were sent and are"
            )
            yield make("changed-row", f"{found.named()} {was} skipped", found)
        yield from self._same_destination()

    def _blank_value(self, column: Column, variable: str, found: Occurrences) -> Finding:
        message = f"“{variable}” is blank in {found.named()}, in the middle of a text"
        merged = self._context.recipients.facts.merged
        areas = list(dict.fromkeys(filter(None, (merged.area_of(column.position, row) for row in found.rows))))
        if areas:
            message = f"{message}; merged cells ({', '.join(areas)}) have their text in the first cell alone"
        return make("blank-value", message, found, variable=variable)

    def _same_destination(self) -> Iterator[Finding]:
        count, messages, rows = self._conversations.several(Occurrences.KEPT)
        if count:
            several = Occurrences()
            several.count, several.rows = count, rows
            gets = "1 conversation gets" if count == 1 else f"{count:,} conversations get"
            first = ", ".join(map(str, rows)) + (", …" if count > len(rows) else "")
            begin = f"begins in row {first}" if count == 1 else f"begin in rows {first}"
            message = f"{gets} more than one message, {messages:,} in all ({begin})"
            yield make("same-destination", message, several)

    def _of_file(self) -> Iterator[Finding]:
        recipients, facts = self._context.recipients, self._context.recipients.facts
        if self._sent.count and (other := self._other_sheet()):
            message = f"sheet “{recipients.sheet}” is read, but “{other}” has the same headers and was on screen"
            yield make("other-sheet", message, self._sent, sheet=str(recipients.sheet), other=other)
        if recipients.header_warning:
            row = next(iter(word for word in recipients.header_warning.split() if word.isdecimal()), "")
            yield make("header-row", f"row {row} looks more like the header row", 1, row=row)
        if facts.merged:
            areas = ", ".join(facts.merged.examples)
            what = f"merged cells ({areas}): only the first cell of each has its text"
            yield make("merged-cells", what, facts.merged.count)
        if (found := self._empty).count:
            rows = "1 blank row" if found.count == 1 else f"{found.count:,} blank rows"
            yield make("empty-rows", f"{rows} within the list, from row {found.rows[0]} on", found)
        used = {column.position for column in self._used} | self._context.selecting
        unused = [column for column in recipients.columns if column.header and column.position not in used]
        if unused:
            named = ", ".join(f"“{shorten(column.label, _SHOWN_LENGTH)}”" for column in unused[:_COLUMNS_LISTED])
            more = ", …" if len(unused) > _COLUMNS_LISTED else ""
            one = "1 column is" if len(unused) == 1 else f"{len(unused):,} columns are"
            yield make("unused-columns", f"{one} not used: {named}{more}", len(unused))

    def _of_template(self) -> Iterator[Finding]:
        template = self._context.template
        for problem in template.binding.unused:
            hint = f"; {problem.remedy}" if problem.remedy else ""
            yield make("unused-setting", f"{problem.where}: {problem.what}{hint}", 1)
        names = column_names(self._context.recipients.columns) | self._names
        left = [(text, found) for text in template.literals if (found := placeholders_in_template(text, names))]
        if left and self._sent.count:
            text, found = left[0]
            message = f"{self._context.template_name} has the placeholder of another program: “{found[0]}” in "
            yield make("placeholder-left", f"{message}“{one_line(text, _SHOWN_LENGTH)}”", self._sent)

    def _other_sheet(self) -> str:
        """The sheet that was on screen when the workbook was saved, where it has the headers too; "" if none."""
        recipients, facts = self._context.recipients, self._context.recipients.facts
        used = {caseless(column.header) for column in self._used}
        if facts.named or not used or facts.active_sheet in ("", recipients.sheet):
            return ""
        for start in recipients.starts():
            if start.sheet == facts.active_sheet:
                rows = (frozenset(map(caseless, texts)) for _, texts in start.rows)
                return facts.active_sheet if any(used <= row for row in rows) else ""
        return ""


class _Place(NamedTuple):
    """Where a blank cell leaves a gap: in which string, and under which name; `always` is as in `messages.gaps.Gap`."""

    variable: str
    text: TextTemplate
    always: bool


def _gaps(template: MessageTemplate) -> dict[Column, list[_Place]]:
    """The gaps of a template by column; those that every row has come first."""
    found: dict[Column, list[_Place]] = {}
    binding = template.binding
    for text in template.texts:
        for (kind, name), always in text.uses.gaps:
            column = binding.columns.get(name) if kind == "variable" else binding.headers.get(name)
            if column is not None:
                found.setdefault(column, []).append(_Place(name, text, always))
    return {column: sorted(places, key=lambda place: not place.always) for column, places in found.items()}


def _has(found: Occurrences) -> str:
    return "has" if found.count == 1 else "have"

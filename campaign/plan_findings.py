"""Collects the findings of a plan while it is read: the one place where they are made."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from campaign.findings import Finding, Occurrences, in_order, make
from campaign.journal.records import State
from campaign.messages.placeholders import variable_for
from campaign.plan_conversations import Conversations
from campaign.plan_gaps import GapFinder
from campaign.recipients import Linter, variable_name
from campaign.recipients.detectors import CellDetector, LetterDetector, column_names, placeholders_in_template
from campaign.recipients.row_batch import RowBatch
from campaign.text import caseless, one_line, quoted, shell_word, shorten, toml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from campaign.config import RecipientsSection
    from campaign.journal.records import PlannedRow
    from campaign.messages import MessageTemplate
    from campaign.recipients.lint import OnRow
    from campaign.sheets import Column, Row, Sheet

HIDDEN, CHANGED = "hidden", "changed since sent"
"""Kinds of the rows that are skipped because the sheet hides them, and because they were sent with another text."""

_COLUMNS_LISTED, _PLACEHOLDERS_LISTED, _SHOWN_LENGTH = 8, 3, 40
_ANY_VARIABLE = "a variable such as {{ name }}"
_LABELS_KEPT = 10_000
"""Rows at the beginning whose names are kept for conversations that turn out to get more than one message."""


class FindingContext(NamedTuple):
    """What a plan is made of, as far as its findings depend on it.

    Attributes:
        recipients: the open list.
        section: how the campaign says it is to be read.
        template: the template bound to the list's columns.
        template_name: its file's name.
        label: the column by whose text rows are called; None: by their number alone.
        selecting: the places of columns that decide which rows are sent, or where a trial sends them, from 0.
        one_conversation: whether all messages go to one conversation on purpose.
    """

    recipients: Sheet
    section: RecipientsSection
    template: MessageTemplate
    template_name: str
    label: Column | None = None
    selecting: frozenset[int] = frozenset()
    one_conversation: bool = False


class FindingCollector:
    """Looks at every row of a plan, and counts what is found over the rows that would be sent. Use with `with`.

    Attributes:
        linter: what it found out about columns.
        last_row: the number of the last row that it has looked at.
    """

    def __init__(self, context: FindingContext, on_row: OnRow | None = None) -> None:
        recipients, template = context.recipients, context.template
        self._context = context
        self._used = sorted(template.used_columns)
        self.linter = Linter(recipients.columns, template.destination_columns, self._used, on_row)
        self._detector = CellDetector(self._used, template.destination_columns, recipients.columns)
        self._on_row = on_row
        self._conversations = Conversations()
        self._letters = LetterDetector(self._used, on_row)
        self._gaps = GapFinder(recipients, template, on_row)
        self._hidden, self._guessed = Occurrences(), Occurrences()
        self._duplicates, self._empty, self._changed = Occurrences(), Occurrences(), Occurrences()
        self._sent = Occurrences()
        self._labels: dict[int, str] = {}
        self.last_row = context.section.header_row

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
                    self._duplicates.add(plan.number, label=plan.label)
                elif plan.kind == CHANGED:
                    self._changed.add(plan.number, label=plan.label)
        if not sent:
            return
        self._find(sent, messages)

    def _find(self, sent: Sequence[Row], messages: Sequence[PlannedRow]) -> None:
        """Look at the rows of a batch that would be sent."""
        batch = RowBatch(sent, self._context.label)
        self._sent.add_all(batch.numbers)
        if self._context.section.hidden_rows is None:
            for row in sent:
                if row.hidden:
                    self._hidden.add(row.number, label=batch.label(row.number))
                    self._tell(row.number, "hidden-rows")
        self.linter.check(batch)
        for found in self._detector.check(batch):
            self.linter.note(found)
        self._letters.check(batch)
        self._gaps.check(batch)
        if self._context.label is not None and len(self._labels) < _LABELS_KEPT:
            self._labels.update((number, batch.label(number)) for number in batch.numbers)
        self._conversations.add([plan.destination for plan in messages], batch.numbers)
        if (encoding := self._context.recipients.facts.encoding) is not None and encoding.guessed:
            self._find_guesses(batch)

    def findings(self) -> tuple[Finding, ...]:
        """Every finding, the most harmful first; complete once all rows were added."""
        found = (self.linter.findings(), self._letters.findings(), self._gaps.findings(), self._of_rows())
        return in_order([*chain(*found), *self._of_file(), *self._of_template()])

    def _count_blank_rows(self, rows: Sequence[Row]) -> None:
        """Count the rows that the reader has left out before and between these."""
        missing = rows[-1].number - self.last_row - len(rows)
        if missing > 0:
            self._empty.count += missing
            before = (self.last_row, *(row.number for row in rows))
            first = next(a + 1 for a, b in pairwise(before) if b > a + 1)
            self._empty.rows = self._empty.rows or [first]
        self.last_row = rows[-1].number

    def _tell(self, row: int, code: str) -> None:
        if self._on_row is not None:
            self._on_row(row, code)

    def _find_guesses(self, batch: RowBatch) -> None:
        for row in batch.rows:
            for column in self._used:
                text = row.texts[column.position]
                if not text.isascii():
                    shown = one_line(text[:_SHOWN_LENGTH], _SHOWN_LENGTH)
                    cell = f"{column.letter}{row.number}"
                    self._guessed.add(row.number, cell, shown, batch.label(row.number))
                    self._tell(row.number, "guessed-encoding")
                    break

    @cached_property
    def _names(self) -> frozenset[str]:
        """Variables that columns and settings give."""
        binding = self._context.template.binding
        headers = {variable_name(column.header) for column in self._context.recipients.columns}
        return frozenset((headers | set(binding.columns) | set(binding.values)) - {""})

    def _of_rows(self) -> Iterator[Finding]:
        if (found := self._hidden).count:
            are = "is hidden in the sheet and would be" if found.count == 1 else "are hidden in the sheet and would be"
            yield make("hidden-rows", f"{found.named()} {are} sent too", found)
        if (found := self._guessed).count:
            yield self._guessed_encoding(found)
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

    def _guessed_encoding(self, found: Occurrences) -> Finding:
        encoding = self._context.recipients.facts.encoding
        codec, others = (encoding.codec, encoding.others) if encoding is not None else ("", ())
        message = f"the encoding is a guess ({codec}), and {found.named()} {_has(found)} letters that depend on it: "
        read = "".join(f"; read as {other.codec}: {quoted(other.words[:2])}" for other in others)
        also = "".join(f' if those of {other.codec} are, encoding = "{other.codec}";' for other in others)
        return make("guessed-encoding", f"{message}{found.quoted()}{read}", found, codec=codec, others=also)

    def _same_destination(self) -> Iterator[Finding]:
        count, messages, rows = self._conversations.several(Occurrences.KEPT)
        if count and not self._context.one_conversation:
            several = Occurrences()
            several.count, several.rows = count, rows
            gets = "1 conversation gets" if count == 1 else f"{count:,} conversations get"
            labels = [self._labels.get(row, "") for row in rows]
            named = [f"{row} ({label})" if label else str(row) for row, label in zip(rows, labels, strict=True)]
            first = ", ".join(named) + (", …" if count > len(rows) else "")
            begin = f"begins in row {first}" if count == 1 else f"begin in rows {first}"
            message = f"{gets} more than one message, {messages:,} in all ({begin})"
            yield make("same-destination", message, several)

    def _of_file(self) -> Iterator[Finding]:
        recipients, facts = self._context.recipients, self._context.recipients.facts
        if self._sent.count and (other := self._other_sheet()):
            message = f"“{recipients.sheet}” is read, but “{other}” has the same headers and was on screen"
            names = {"sheet": toml_text(str(recipients.sheet)), "other": toml_text(other)}
            yield make("other-sheet", message, self._sent, **names, other_typed=shell_word(other))
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
        found = [(written, name, text) for text in template.literals for written, name in _placeholders(text, names)]
        if found and self._sent.count:
            written = {each: variable_for(name) if name else _ANY_VARIABLE for each, name, _ in found}
            few = list(written)[:_PLACEHOLDERS_LISTED]
            more = ", …" if len(written) > len(few) else ""
            a = "a placeholder" if len(written) == 1 else "placeholders"
            message = f"{self._context.template_name} has {a} of another program: {quoted(few)}{more}"
            fix = ", ".join(f"{written[each]} for {each}" for each in few)
            where = "" if found[0][2] in written else f" in “{one_line(found[0][2], _SHOWN_LENGTH)}”"
            yield make("placeholder-left", f"{message}{where}", self._sent, fix=f"write {fix}{more}")

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


def _placeholders(text: str, names: frozenset[str]) -> Iterable[tuple[str, str]]:
    return placeholders_in_template(text, names).items()


def _has(found: Occurrences) -> str:
    return "has" if found.count == 1 else "have"

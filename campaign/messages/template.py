"""A template compiled for one list of recipients: renders a row to a payload or to problems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import TemplateSyntaxError

from campaign.errors import Problem, TemplateError
from campaign.messages.binding import Binding, Mapped, bind, no_hints
from campaign.messages.budget import OverBudgetError
from campaign.messages.destination import UnseenCharacter, deciding_fields, thread_fields, trim_destination
from campaign.messages.environment import RENDER_ERRORS, make_environment
from campaign.messages.placeholders import syntax_hint
from campaign.messages.text_template import TextTemplate, compile_text
from campaign.messages.tree import Branch, Leaf, build, constant_texts, fill, leaves, node_at, path_in_template
from campaign.text import is_blank, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from campaign.channels import Payload
    from campaign.channels.base import FieldProblem, Path
    from campaign.messages.binding import ColumnHints
    from campaign.messages.bounded_environment import BoundedEnvironment
    from campaign.messages.budget import Budget
    from campaign.messages.template_file import TemplateFile
    from campaign.messages.text_template import Context
    from campaign.sheets import Column, Row

CELL = re.compile(r"([A-Z]{1,3})\d+")
MOST_RUNAWAYS = 3
"""Rows that may go over the budget of rendering before the template is given up: each takes a noticeable time."""
STAND_IN = "https://example.com/"
"""A value that every string field of both APIs accepts, to validate a template without a row."""


class RenderedRow(NamedTuple):
    """The result of rendering a row: a valid payload, or the problems that prevent one."""

    payload: Payload | None
    problems: tuple[Problem, ...] = ()


class MessageTemplate:
    """A compiled template bound to columns.

    Attributes:
        channel: the channel of its payloads.
        binding: the source of each variable.
        texts: every string that is rendered, in the order of the template.
    """

    def __init__(self, file: TemplateFile, root: Branch, binding: Binding, budget: Budget) -> None:
        self.channel = file.channel
        self._name = file.path.name
        self.binding = binding
        self.texts = tuple(leaves(root))
        self._root = root
        self._budget = budget
        self._runaways: set[int] = set()
        self._deciding_fields = deciding_fields(file.channel)
        self._sources: dict[Path, _Source] = {}
        self._letters = {column.letter for column in self.used_columns}

    @property
    def used_columns(self) -> frozenset[Column]:
        """The columns whose cells are in the payload, or decide what is in it."""
        return frozenset(column for text in self.texts for column in self.binding.columns_of(text))

    @property
    def literals(self) -> Iterator[str]:
        """Every text that is the same for all rows: constant strings, and what is literal in the others."""
        yield from constant_texts(self._root)
        for text in self.texts:
            yield from text.uses.literals

    @property
    def destination_texts(self) -> tuple[TextTemplate, ...]:
        """The strings that decide the conversation of a row."""
        return self._texts_at(self._deciding_fields)

    @property
    def thread_texts(self) -> tuple[TextTemplate, ...]:
        """Those of them that name another message, into whose conversation this one goes."""
        return self._texts_at(thread_fields(self.channel))

    def _texts_at(self, paths: Iterable[Path]) -> tuple[TextTemplate, ...]:
        nodes = (node_at(self._root, path) for path in paths)
        return tuple(text for node in nodes for text in leaves(node))

    @property
    def destination_columns(self) -> frozenset[Column]:
        """The columns that determine the conversation of a row."""
        return frozenset(column for text in self.destination_texts for column in self.binding.columns_of(text))

    def render(self, row: Row) -> RenderedRow:
        """Render and validate one row.

        Raises:
            TemplateError: the template goes over the budget of rendering in row after row.
        """
        blocking = [problem for problem in row.problems if self._concerns(problem)] if row.problems else ()
        if blocking:
            return RenderedRow(None, tuple(blocking))
        context = self.binding.context(row)
        self._budget.renew()
        try:
            payload = self._root.whole(context)
        except RENDER_ERRORS as error:
            problems = tuple(self._render_problems(row, context))
            return RenderedRow(
                None, problems or (Problem(f"row {row.number}", f"cannot be rendered: {error}", code="render-error"),)
            )
        unseen = trim_destination(payload, self._deciding_fields)
        refused = self.channel.problems(payload)
        if refused or unseen:
            invalid = [self._row_problem(row, context, each) for each in refused]
            return RenderedRow(None, (*invalid, *(self._unseen_problem(row, each) for each in unseen)))
        return RenderedRow(payload)

    def _concerns(self, problem: Problem) -> bool:
        """Whether a problem concerns the payload: one of a cell only if the template uses its column."""
        cell = CELL.fullmatch(problem.where)
        return cell is None or cell[1] in self._letters

    def _render_problems(self, row: Row, context: Context) -> Iterator[Problem]:
        for text in leaves(self._root):
            self._budget.renew()
            try:
                text.render(context)
            except RENDER_ERRORS as error:
                where = _cells(row, self.binding.columns_of(text)) or f"row {row.number}"
                what = f"“{_short(text.source)}” cannot be rendered: {_short(str(error), 200)}"
                yield Problem(where, what, code="render-error")
                if isinstance(error, OverBudgetError):
                    self._count_runaway(row, what)
                    return  # a template has many strings, and each may take as long

    def _count_runaway(self, row: Row, what: str) -> None:
        self._runaways.add(row.number)
        if len(self._runaways) == MOST_RUNAWAYS:
            rows = ", ".join(map(str, sorted(self._runaways)))
            raise TemplateError(Problem(self._name, f"{what} (rows {rows})"))

    def _row_problem(self, row: Row, context: Context, problem: FieldProblem) -> Problem:
        """Express a problem of the payload in terms of the cells that the field comes from."""
        self._budget.renew()  # it renders items of lists once more
        path = path_in_template(self._root, problem.path, context)
        field, columns = self._sources.get(path) or self._source(path)
        blank = [column for column in columns if is_blank(row.texts[column.position])] if problem.missing else ()
        if blank:
            headers = " and ".join([f"“{column.label}”" for column in blank])
            verb = "is" if len(blank) == 1 else "are"
            what = f"{headers} {verb} blank, and {field} needs it"
            return Problem(_cells(row, blank), what, "fill it in", "blank-field")
        if columns:
            shown = ", ".join([f"“{_short(row.texts[column.position])}”" for column in columns])
            return Problem(_cells(row, columns), f"{field} {problem.what}", f"the cell shows {shown}", "invalid-field")
        return Problem(f"row {row.number}", f"{field} {problem.what}", code="invalid-field")

    def _unseen_problem(self, row: Row, unseen: UnseenCharacter) -> Problem:
        """Name the cell that an invisible character of a destination comes from."""
        field, columns = self._sources.get(unseen.path) or self._source(unseen.path)
        cells = _cells(row, [column for column in columns if unseen.character in row.texts[column.position]])
        what = f"{field} contains the invisible character {unseen.described}"
        return Problem(cells or f"row {row.number}", what, "delete it, or type the id again", "invisible-character")

    def _source(self, path: Path) -> _Source:
        texts = leaves(node_at(self._root, path))
        columns = sorted({column for text in texts for column in self.binding.columns_of(text)})
        source = self._sources[path] = _Source(field_name(path), tuple(columns))
        return source


class _Source(NamedTuple):
    """The name of a field of the payload and the columns that it uses; the same for all rows."""

    field: str
    columns: tuple[Column, ...]


def compile_template(
    template: TemplateFile, columns: Sequence[Column], mapped: Mapped, hints: ColumnHints = no_hints
) -> MessageTemplate:
    """Compile a template once for all rows of a list.

    Args:
        template: the template file.
        columns: the columns of the recipients.
        mapped: the sources that the campaign file and the options name.
        hints: explains how the columns were read, for the error of a variable without a source.

    Raises:
        TemplateError: a syntax error, a field that the API does not have, or a variable without a source.
    """
    environment = make_environment()
    root = compile_body(template, environment)
    binding = bind(list(leaves(root)), columns, mapped, template.path.name, hints)
    return MessageTemplate(template, root, binding, environment.budget)


def compile_body(template: TemplateFile, environment: BoundedEnvironment) -> Branch:
    """Compile the body of a template and validate it against the API, as far as possible without a row.

    Raises:
        TemplateError: a syntax error, or a field that the API does not have.
    """
    try:
        root, problems = _compiled(template, environment)
        problems = problems or _api_problems(template, root)
    except RecursionError as error:
        raise TemplateError(Problem(template.path.name, "the template is nested too deeply")) from error
    if problems:
        raise TemplateError(*problems)
    return root


def _compiled(template: TemplateFile, environment: BoundedEnvironment) -> tuple[Branch, list[Problem]]:
    problems: list[Problem] = []

    def compile_leaf(source: str, path: Path) -> TextTemplate:
        try:
            return compile_text(source, environment)
        except TemplateSyntaxError as error:
            line = template.line_of(source, error.lineno)
            where = f"{template.path.name}, line {line}" if line else template.path.name
            what, remedy = syntax_hint(source, environment.is_valid) or (
                (error.message or "").rstrip("."),
                "",
            )
            problems.append(Problem(where, f"{field_name(path)}: {what}", remedy))
        except (SyntaxError, ValueError):  # Jinja accepts it but generates invalid Python from it
            problems.append(Problem(template.path.name, f"{field_name(path)}: is too complex for a template"))
        return compile_text("", environment)

    def is_required(path: Path) -> bool:
        return not path or _is_required(template, path)

    return build(template.body, compile_leaf, is_required), problems


def _is_required(template: TemplateFile, path: Path) -> bool:
    """Whether the API requires the object at a path: reports it missing in an otherwise complete body."""
    parent = body = fill(template.body, STAND_IN)
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    return any(each.missing and each.path == path for each in template.channel.problems(body))


def _api_problems(template: TemplateFile, root: Branch) -> list[Problem]:
    """The problems of the body that do not depend on the cells."""
    return [
        Problem(f"{template.path.name}: {field_name(each.path)}", each.what)
        for each in template.channel.problems(fill(template.body, STAND_IN))
        if not each.takes_text or not isinstance(node_at(root, each.path), Leaf)
    ]


def field_name(path: Path) -> str:
    """Format a path for people: message.template.buttons[2].url, counted from 1."""
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".") or "the body"


def _cells(row: Row, columns: Sequence[Column]) -> str:
    return ", ".join([f"{column.letter}{row.number}" for column in columns])


def _short(text: str, length: int = 40) -> str:
    """Shorten a text to one line; escapes lone surrogates, which cannot be encoded."""
    return one_line(text.encode("utf-8", "backslashreplace").decode(), length)

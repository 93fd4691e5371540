"""A template made ready for one list of recipients: row in, payload or problems out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import TemplateSyntaxError

from campaign.errors import Problem, TemplateError
from campaign.messages.binding import Binding, Mapped, bind, say_nothing
from campaign.messages.environment import RENDER_ERRORS, make_environment
from campaign.messages.text import Text, compile_text
from campaign.messages.tree import Branch, Leaf, build, fill, leaves, node_at, path_in_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.channels import Channel, Payload
    from campaign.channels.base import FieldProblem, Path
    from campaign.messages.binding import AboutTheList
    from campaign.messages.template_file import TemplateFile
    from campaign.messages.text import Context
    from campaign.sheets import Column, Row

CELL = re.compile(r"([A-Z]{1,3})\d+")
STAND_IN = "https://example.com/"
"""Fits every string field of both APIs, so that a template can be checked before there are any rows."""


class Message(NamedTuple):
    """What became of a row: a payload that the server should take, or the reasons why there is none."""

    payload: Payload | None
    problems: tuple[Problem, ...] = ()


class MessageTemplate:
    """A compiled template bound to columns.

    Attributes:
        channel: the channel that its payloads are for.
        binding: where each variable gets its text from.
    """

    def __init__(self, channel: Channel, root: Branch, binding: Binding) -> None:
        self.channel = channel
        self.binding = binding
        self._root = root
        self._sources: dict[Path, _Source] = {}
        self._letters = {column.letter for text in leaves(root) for column in binding.columns_of(text)}

    @property
    def destination_columns(self) -> frozenset[Column]:
        """The columns whose cells say which conversation a row goes to."""
        nodes = (node_at(self._root, path) for path in self.channel.destination_fields)
        return frozenset(column for node in nodes for text in leaves(node) for column in self.binding.columns_of(text))

    def render(self, row: Row) -> Message:
        """Render and validate one row."""
        in_the_way = [problem for problem in row.problems if self._concerns(problem)] if row.problems else ()
        if in_the_way:
            return Message(None, tuple(in_the_way))
        context = self.binding.context(row)
        try:
            payload = self._root.whole(context)
        except RENDER_ERRORS as error:
            problems = tuple(self._render_problems(row, context))
            return Message(None, problems or (Problem(f"row {row.number}", f"cannot be rendered: {error}"),))
        refused = self.channel.problems(payload)
        if refused:
            return Message(None, tuple(self._row_problem(row, context, each) for each in refused))
        return Message(payload)

    def _concerns(self, problem: Problem) -> bool:
        """A problem of a cell matters only if the template uses its column; one of the whole row always does."""
        cell = CELL.fullmatch(problem.where)
        return cell is None or cell[1] in self._letters

    def _render_problems(self, row: Row, context: Context) -> Iterator[Problem]:
        for text in leaves(self._root):
            try:
                text.render(context)
            except RENDER_ERRORS as error:
                where = _cells(row, self.binding.columns_of(text)) or f"row {row.number}"
                yield Problem(where, f"“{_short(text.source)}” cannot be rendered: {_short(str(error), 200)}")

    def _row_problem(self, row: Row, context: Context, problem: FieldProblem) -> Problem:
        """A problem of the payload in terms of the cells that it came from."""
        path = path_in_template(self._root, problem.path, context)
        field, columns = self._sources.get(path) or self._source(path)
        blank = [column for column in columns if not row.texts[column.position].strip()] if problem.missing else ()
        if blank:
            headers = " and ".join([f"“{column.label}”" for column in blank])
            verb = "is" if len(blank) == 1 else "are"
            return Problem(_cells(row, blank), f"{headers} {verb} blank, and {field} needs it", "fill it in")
        if columns:
            shown = ", ".join([f"“{_short(row.texts[column.position])}”" for column in columns])
            return Problem(_cells(row, columns), f"{field} {problem.what}", f"the cell shows {shown}")
        return Problem(f"row {row.number}", f"{field} {problem.what}")

    def _source(self, path: Path) -> _Source:
        texts = leaves(node_at(self._root, path))
        columns = sorted({column for text in texts for column in self.binding.columns_of(text)})
        source = self._sources[path] = _Source(field_name(path), tuple(columns))
        return source


class _Source(NamedTuple):
    """Where a field of the payload comes from: its name for people, and the columns. The same for all rows."""

    field: str
    columns: tuple[Column, ...]


def compile_template(
    template: TemplateFile, columns: Sequence[Column], mapped: Mapped, about: AboutTheList = say_nothing
) -> MessageTemplate:
    """Compile a template once for all rows of a list.

    Args:
        template: the template as read.
        columns: the columns of the recipients.
        mapped: what the campaign file and the options say of variables.
        about: says how the columns were read, for the error of a variable without a source.

    Raises:
        TemplateError: a syntax error, a field that the API does not have, or a variable without a source.
    """
    root = compile_body(template)
    binding = bind(list(leaves(root)), columns, mapped, template.path.name, about)
    return MessageTemplate(template.channel, root, binding)


def compile_body(template: TemplateFile) -> Branch:
    """Compile a template's body and hold it against the API, as far as that goes without a row.

    Raises:
        TemplateError: a syntax error, or a field that the API does not have.
    """
    try:
        root, problems = _compiled(template)
        problems = problems or _api_problems(template, root)
    except RecursionError as error:
        raise TemplateError(Problem(template.path.name, "the template is nested too deeply")) from error
    if problems:
        raise TemplateError(*problems)
    return root


def _compiled(template: TemplateFile) -> tuple[Branch, list[Problem]]:
    environment = make_environment()
    problems: list[Problem] = []

    def compile_leaf(source: str, path: Path) -> Text:
        try:
            return compile_text(source, environment)
        except TemplateSyntaxError as error:
            line = template.line_of(source, error.lineno)
            where = f"{template.path.name}, line {line}" if line else template.path.name
            problems.append(Problem(where, f"{field_name(path)}: {error.message}"))
        except (SyntaxError, ValueError):  # Jinja takes it, and the Python that Jinja makes of it is none
            problems.append(Problem(template.path.name, f"{field_name(path)}: is too much for a template"))
        return compile_text("", environment)

    def is_required(path: Path) -> bool:
        return not path or _is_required(template, path)

    return build(template.body, compile_leaf, is_required), problems


def _is_required(template: TemplateFile, path: Path) -> bool:
    """Whether the API cannot do without the object at a path: it misses it in a body that is otherwise whole."""
    parent = body = fill(template.body, STAND_IN)
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    return any(each.missing and each.path == path for each in template.channel.problems(body))


def _api_problems(template: TemplateFile, root: Branch) -> list[Problem]:
    """What the API rules out whatever stands in the cells."""
    return [
        Problem(f"{template.path.name}: {field_name(each.path)}", each.what)
        for each in template.channel.problems(fill(template.body, STAND_IN))
        if not each.mendable or not isinstance(node_at(root, each.path), Leaf)
    ]


def field_name(path: Path) -> str:
    """A path as people write it: message.template.buttons[2].url, counted from 1."""
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".") or "the body"


def _cells(row: Row, columns: Sequence[Column]) -> str:
    return ", ".join([f"{column.letter}{row.number}" for column in columns])


def _short(text: str, length: int = 40) -> str:
    """One line of a text, as far as a journal can hold it: half of a character cannot be written down."""
    line = " ".join(text.split()).encode("utf-8", "backslashreplace").decode()
    return line if len(line) <= length else line[: length - 1] + "…"

"""A template made ready for one list of recipients: row in, payload or problems out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

from campaign.errors import Problem, TemplateError
from campaign.messages.binding import Binding, Mapped, bind
from campaign.messages.environment import RENDER_ERRORS, make_environment
from campaign.messages.text import Text, compile_text
from campaign.messages.tree import Branch, Constant, Leaf, Node, build, leaves, node_at, path_in_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.channels import Channel, Payload
    from campaign.channels.base import FieldProblem, Path
    from campaign.messages.template_file import TemplateFile
    from campaign.messages.text import Context
    from campaign.recipients.table import Column, Row

CELL = re.compile(r"([A-Z]{1,3})\d+")
STAND_IN = "https://example.com/"
"""Fits every string field of both APIs, so that a template can be checked before there are any rows."""


@dataclass(frozen=True, slots=True)
class Message:
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
        self._letters = {column.letter for text in leaves(root) for column in binding.columns_of(text)}

    def render(self, row: Row) -> Message:
        """Render and validate one row."""
        in_the_way = [problem for problem in row.problems if self._concerns(problem)] if row.problems else ()
        if in_the_way:
            return Message(None, tuple(in_the_way))
        context = self.binding.context(row)
        try:
            payload = self._root.whole(context)
        except RENDER_ERRORS as error:
            return Message(None, (self._render_problem(row, context, error),))
        problems = self.channel.problems(payload)
        if problems:
            return Message(None, tuple(self._row_problem(row, context, each) for each in problems))
        return Message(payload)

    def _concerns(self, problem: Problem) -> bool:
        """A problem of a cell matters only if the template uses its column; one of the whole row always does."""
        cell = CELL.fullmatch(problem.where)
        return cell is None or cell[1] in self._letters

    def _render_problem(self, row: Row, context: Context, error: Exception) -> Problem:
        for text in leaves(self._root):
            try:
                text.render(context)
            except RENDER_ERRORS:
                where = _cells(row, self.binding.columns_of(text)) or f"row {row.number}"
                return Problem(where, f"“{_short(text.source)}” cannot be rendered: {error}")
        return Problem(f"row {row.number}", f"the template cannot be rendered: {error}")

    def _row_problem(self, row: Row, context: Context, problem: FieldProblem) -> Problem:
        """A problem of the payload in terms of the cells that it came from."""
        path = path_in_template(self._root, problem.path, context)
        texts = leaves(node_at(self._root, path))
        columns = sorted({column for text in texts for column in self.binding.columns_of(text)})
        field = field_name(path)
        blank = [column for column in columns if not row.texts[column.position].strip()]
        if problem.missing and blank:
            headers = " and ".join(f"“{column.header}”" for column in blank)
            verb = "is" if len(blank) == 1 else "are"
            return Problem(_cells(row, blank), f"{headers} {verb} blank, and {field} needs it", "fill it in")
        if columns:
            shown = ", ".join(f"“{_short(row.texts[column.position])}”" for column in columns)
            return Problem(_cells(row, columns), f"{field} {problem.what}", f"the cell shows {shown}")
        return Problem(f"row {row.number}", f"{field} {problem.what}")


def compile_template(template: TemplateFile, columns: Sequence[Column], mapped: Mapped) -> MessageTemplate:
    """Compile a template once for all rows of a list.

    Args:
        template: the template as read.
        columns: the columns of the recipients.
        mapped: what the campaign file and the options say of variables.

    Raises:
        TemplateError: a syntax error, a field that the API does not have, or a variable without a source.
    """
    root = compile_body(template)
    return MessageTemplate(template.channel, root, bind(list(leaves(root)), columns, mapped, template.path.name))


def compile_body(template: TemplateFile) -> Branch:
    """Compile a template's body and hold it against the API, as far as that goes without a row.

    Raises:
        TemplateError: a syntax error, or a field that the API does not have.
    """
    environment = make_environment()
    problems: list[Problem] = []

    def compile_leaf(source: str, path: Path) -> Text:
        try:
            return compile_text(source, environment)
        except TemplateSyntaxError as error:
            line = template.line_of(source, error.lineno)
            where = f"{template.path.name}, line {line}" if line else template.path.name
            problems.append(Problem(where, f"{field_name(path)}: {error.message}"))
            return compile_text("", environment)

    built = build(template.body, compile_leaf)
    root = built if isinstance(built, Branch) else Branch(template.body, [], tuple(template.body))
    if not problems:
        problems = [
            Problem(f"{template.path.name}: {field_name(each.path)}", each.what)
            for each in template.channel.problems(_filled(root))
            if not any(leaves(node_at(root, each.path)))
        ]
    if problems:
        raise TemplateError(*problems)
    return root


def _filled(root: Branch) -> Payload:
    """The payload in which every cell holds something."""
    return {**root.constants, **{key: _filled_in(child) for key, child in root.children}}


def _filled_in(node: Node) -> object:
    if isinstance(node, Leaf):
        return STAND_IN
    if isinstance(node, Branch):
        return _filled(node)
    return node.value if isinstance(node, Constant) else [_filled_in(child) for child in node.children]


def field_name(path: Path) -> str:
    """A path as people write it: message.template.buttons[2].url, counted from 1."""
    name = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return name.lstrip(".") or "the body"


def _cells(row: Row, columns: Sequence[Column]) -> str:
    return ", ".join(f"{column.letter}{row.number}" for column in columns)


def _short(text: str, length: int = 40) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"

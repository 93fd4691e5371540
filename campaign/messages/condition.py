"""`where`: an expression over a row's variables that decides whether the row is sent."""

from __future__ import annotations

import re
import threading
from operator import itemgetter
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser

from campaign.errors import CampaignError, CampaignFileError, Problem
from campaign.messages.binding import Binding, Mapped, bind, no_hints
from campaign.messages.budget import OverBudgetError
from campaign.messages.environment import RENDER_ERRORS, make_environment, shown
from campaign.messages.template import MOST_RUNAWAYS
from campaign.messages.text_template import TextTemplate, compile_parsed
from campaign.text import listed, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.messages.binding import ColumnHints
    from campaign.messages.budget import Budget
    from campaign.sheets import Column, Row

HOLDS = "holds for campaign"
"""A filter that no expression can name: whether a result counts as yes."""

MET = "1"
"""What the compiled expression renders to where it is true."""

MOST_REMEMBERED = 4096
"""Results that are kept by the texts of the cells they depend on: many rows share a status, few a name."""

_LONGEST_SHOWN, _CELLS_NAMED = 80, 5

_SLIPS = (
    (re.compile(r"\{\{|\{%|\}\}|%\}"), "write the expression alone, without {{ }}"),
    (re.compile("[“”„‘’]"), "put texts in straight quotation marks"),
    (re.compile(r"(?<![=!<>])=(?!=)"), "compare with =="),
    (re.compile("<>"), "write != for “is not”"),
    (re.compile(r"&&|\|\||\b(?:AND|OR|NOT)\b"), "write and, or, not"),
)
"""What people write who know SQL, a spreadsheet or another language, and what Jinja has instead."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class Condition:
    """An expression that was compiled for the columns of one list.

    Attributes:
        source: the expression as written.
        binding: where its variables come from.
        columns: the columns that it depends on, in sheet order.
    """

    def __init__(self, text: TextTemplate, binding: Binding, budget: Budget) -> None:
        self.source = text.source
        self.binding = binding
        self.columns = tuple(binding.columns_of(text))
        self._text = text
        self._budget = budget
        self._letters = frozenset(column.letter for column in self.columns)
        self._whole_row = text.uses.whole_row
        self._variables = [(name, column.position) for name, column in binding.columns.items()]
        self._contexts = _Contexts(text, binding.values)
        self._render = text.template.root_render_func
        self._runaways: set[int] = set()
        # Cells as stored may differ although they look the same.
        self._remembers = bool(self.columns) and not self._whole_row
        self._key = itemgetter(*(column.position for column in self.columns)) if self.columns else len
        self._remembered: dict[object, bool] = {}
        self._recalled = 0

    @property
    def name(self) -> str:
        """The expression for display, on one line."""
        return one_line(self.source, _LONGEST_SHOWN)

    def look_at(self, row: Row) -> bool | Problem:
        """Whether the row meets the condition, or why that cannot be said.

        Raises:
            CampaignFileError: the expression goes over the budget of rendering in row after row.
        """
        if row.problems and (problem := self._problem_of_cell(row)) is not None:
            return problem
        if not self._remembers:
            return self._answer(row)
        key = self._key(row.texts)
        known = self._remembered.get(key)
        if known is not None:
            self._recalled += 1
            return known
        answer = self._answer(row)
        if isinstance(answer, bool):
            if len(self._remembered) < MOST_REMEMBERED:
                self._remembered[key] = answer
            else:  # where hardly any row is like another one, to look costs more than it saves
                self._remembers = self._recalled > MOST_REMEMBERED
        return answer

    def _answer(self, row: Row) -> bool | Problem:
        self._budget.renew()
        context = self._contexts.context
        variables, texts = context.parent, row.texts
        if self._whole_row:
            variables.update(self.binding.context(row))
        else:
            for name, position in self._variables:
                variables[name] = texts[position]
        try:
            return MET in self._render(context)
        except RENDER_ERRORS as error:
            return self._problem_of(error, row)

    def _problem_of(self, error: Exception, row: Row) -> Problem:
        cells = ", ".join(f"{column.letter}{row.number}" for column in self.columns[:_CELLS_NAMED])
        what = f"where “{self.name}” cannot be answered: {one_line(str(error), 200)}"
        if isinstance(error, OverBudgetError):
            self._runaways.add(row.number)
            if len(self._runaways) >= MOST_RUNAWAYS:  # each row takes a noticeable time
                raise CampaignFileError(Problem("", f"{what} (rows {listed(map(str, sorted(self._runaways)))})"))
        return Problem(cells or f"row {row.number}", what, "correct the cell or the expression", "condition-error")

    def _problem_of_cell(self, row: Row) -> Problem | None:
        """The problem of a cell that the condition depends on: what it would say of the row is not known."""
        for problem in row.problems:
            letters = problem.where.rstrip("0123456789")
            if letters in self._letters or letters == problem.where or " " in letters:
                return problem
        return None


class _Contexts(threading.local):
    """One Jinja context for all rows that a thread looks at: to make one takes longer than to compare two texts."""

    def __init__(self, text: TextTemplate, values: Mapping[str, str]) -> None:
        self.context = text.template.new_context(dict(values))


def compile_conditions(
    sources: Sequence[str], columns: Sequence[Column], mapped: Mapped, hints: ColumnHints = no_hints
) -> tuple[Condition, ...]:
    """Compile expressions for the columns of a list; a row is sent if it meets all of them.

    Args:
        sources: the expressions.
        columns: the columns of the recipients.
        mapped: the sources of variables that the campaign file and the options name.
        hints: explains how the columns were read, for the error of a variable without a source.

    Raises:
        CampaignFileError: one is no expression, or names a variable that there is not.
    """
    return tuple(_compile(source, columns, mapped, hints) for source in sources)


def _compile(source: str, columns: Sequence[Column], mapped: Mapped, hints: ColumnHints) -> Condition:
    where = f"where “{one_line(source, _LONGEST_SHOWN)}”"
    environment = make_environment()
    environment.filters[HOLDS] = holds
    try:
        expression = nodes.Filter(_parsed(Parser(environment, source, state="variable")), HOLDS, [], [], None, None)
        output = nodes.Output([nodes.TemplateData(MET)])
        tree = nodes.Template([nodes.If(expression, [output], [], [])])
        tree.set_lineno(1).set_environment(environment)
        text = compile_parsed(source, tree, environment)
    except TemplateSyntaxError as error:
        what = f"is no expression: {(error.message or '').rstrip('.')}"
        raise CampaignFileError(Problem(where, what, _remedy(source))) from error
    except (RecursionError, SyntaxError, ValueError) as error:  # generated Python that Python does not accept
        raise CampaignFileError(Problem(where, "is too complex for an expression")) from error
    try:
        binding = bind([text], columns, mapped, where, hints)
    except CampaignError as error:
        problems = (Problem(each.where, each.what, each.remedy) for each in error.problems)
        raise CampaignFileError(*problems) from error
    return Condition(text, binding, environment.budget)


def _parsed(parser: Parser) -> nodes.Expr:
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError(f"“{parser.stream.current}” is not expected there", 1)
    return expression


def holds(value: object) -> bool:
    """Whether a result counts as yes: neither nothing nor a blank text, false or zero.

    Raises:
        TemplateRuntimeError: it is no answer, such as a whole row, or a method that is not called.
        UndefinedError: it is a name that there is not.
    """
    answer = value if isinstance(value, bool) else shown(value)
    return bool(answer.strip() if isinstance(answer, str) else answer)


def _remedy(source: str) -> str:
    plain = _QUOTED.sub("''", source)
    return next((remedy for slip, remedy in _SLIPS if slip.search(plain)), "write it as in {% if … %} of a template")

"""A Jinja sandbox in which every rendering has a budget: loops, calls, filters, operators and output are counted.

Jinja's own sandbox bounds `range` and nothing else: nested loops, `'%3000000000d' % 1` or forty doublings of a text run
for ever or fill the memory. Everything that can repeat work or lengthen a text is therefore counted by the `Budget`,
also while the template is compiled, where Jinja evaluates constant expressions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from string import Formatter
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter

from campaign.messages.budget import (
    GROWING,
    LARGEST_NUMBER,
    LONGEST,
    Budget,
    OverBudgetError,
    percent_size,
    refuse_growth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jinja2 import Template
    from jinja2.runtime import Context

CALL = 5
"""Steps of a call: of a macro, a method, a filter or a test."""

PLAIN = frozenset({"int", "float", "lower", "upper", "trim", "length", "default", "d"})
"""Filters whose work and result are no longer than their value, or three times that."""

MOST_PLAIN = 200
"""Nodes of a template up to which it is compiled without counting, if each of them is plain."""

SLOW = {"pprint": 20, "urlize": 40, "wordwrap": 10, "title": 10, "striptags": 5, "wordcount": 5}
SLOW |= {"sort": 4, "dictsort": 4, "groupby": 4, "unique": 2}
"""How often filters that take longer than others go through their value."""


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox with a budget, which the caller renews for each row.

    Attributes:
        budget: what is left of it.
    """

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on by name
        super().__init__(**options)
        self.budget = Budget()

    def is_valid(self, source: str) -> bool:
        """Whether a text is a template."""
        try:
            self.parse(source)
        except TemplateSyntaxError:
            return False
        return True

    def bound(self, finalize: Callable[[object], object]) -> None:
        """Count what filters, tests and output do. Called once, when all filters are in place."""
        plain = {f"{UNCOUNTED}{name}": self.filters[name] for name in PLAIN}
        self.filters = {name: self._bounded(name, function) for name, function in list(self.filters.items())}
        self.filters.update(plain)
        self.tests = {name: self._bounded(name, function) for name, function in self.tests.items()}
        self.filters.update({COUNTED: self.budget.counted, WEIGHED: self._weighed, JOINED: self._joined})

        def counted(value: object) -> object:
            found = finalize(value)
            self.budget.weigh(found)
            return found

        self.finalize = counted

    def compile_tree(self, tree: nodes.Template) -> Template:
        """Compile a parsed template; changes the tree."""
        self.budget.renew()
        if _is_plain(tree):
            for node in tree.find_all(nodes.Filter):
                node.name = f"{UNCOUNTED}{node.name}" if node.name in PLAIN else node.name
        else:
            _count(tree)
        tree.set_environment(self)
        return self.from_string(tree)

    def concat(self, pieces: Iterable[str]) -> str:
        """Join what a template, a macro or a block puts out."""
        return self.budget.joined(pieces)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - as in Jinja
        """Calculate, or fill in or repeat a text.

        Raises:
            OverBudgetError: the result would be far too long.
        """
        if _is_too_long(operator, left, right):
            raise OverBudgetError(f"{operator} makes this far too long")
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            self.budget.weigh(left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, function: Any, /, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - as in Jinja
        """Call a macro or a method.

        Raises:
            OverBudgetError: the result would be far too long.
        """
        self.budget.spend(CALL)
        if isinstance(function, LoopContext) and given:
            return super().call(context, function, self.budget.counted(given[0]), *given[1:], **named)
        method = getattr(function, "__wrapped__", function)  # Jinja wraps str.format where it is looked up
        if not isinstance(method, BuiltinMethodType) or isinstance(method.__self__, type):
            return super().call(context, function, *given, **named)
        value, name = method.__self__, method.__name__
        self.budget.weigh(value, *given, *named.values())
        if isinstance(value, str) and name in ("format", "format_map"):
            return self._formatted(value, given, named if name == "format" else given[0])
        refuse_growth(name, value, given, named)
        return self._charged(super().call(context, function, *given, **named))

    def _formatted(self, text: str, given: tuple[object, ...], named: Mapping[str, Any]) -> str:
        return _BoundedFormatter(self).vformat(str(text), given, named)

    def _bounded(self, name: str, function: Any) -> Callable[..., Any]:  # noqa: ANN401 - Jinja declares no type
        """A filter or test that counts; Jinja's marks on the function stay on it."""
        first = 1 if hasattr(function, "jinja_pass_arg") else 0
        rounds = range(SLOW.get(name, 1))
        budget, charged, grows = self.budget, self._charged, name in GROWING

        @functools.wraps(function)
        def counting(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - any filter's
            budget.spend(CALL)
            for _ in rounds:
                if named or len(given) != 1:
                    budget.weigh(*given[first:], *named.values())
                else:
                    budget.weigh(given[0])
            if grows:
                refuse_growth(name, given[first] if len(given) > first else "", given[first + 1 :], named)
            return charged(function(*given, **named))

        return counting

    def _charged(self, result: object) -> object:
        if not isinstance(result, str | int | float) and isinstance(result, Iterator):
            return self.budget.counted(result)
        self.budget.weigh(result)
        return result

    def _weighed(self, value: object) -> object:
        self.budget.weigh(value)
        return value

    def _joined(self, values: Iterable[object]) -> str:
        def texts() -> Iterator[str]:
            for value in values:
                self._weighed(value)  # before it becomes text
                yield str(value)

        return self.budget.joined(texts())


COUNTED, WEIGHED, JOINED = "counted by campaign", "weighed by campaign", "joined by campaign"
UNCOUNTED = "uncounted "
"""Filters that no template can name, and what the names of others begin with."""


class _BoundedFormatter(SandboxedFormatter):
    """`str.format` in the sandbox; a field is no wider than a long text, and every field counts."""

    def __init__(self, environment: BoundedEnvironment) -> None:
        super().__init__(environment)
        self._budget = environment.budget

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as in string.Formatter
        numbers = "".join(letter if letter.isdigit() else " " for letter in format_spec).split()
        if any(len(number) > 9 or int(number) > LONGEST for number in numbers):
            raise OverBudgetError("format makes this far too long")
        self._budget.weigh(value)
        text = Formatter.format_field(self, value, format_spec)
        self._budget.spend(1, len(text))
        return str(text)


def _is_too_long(operator: str, left: object, right: object) -> bool:
    if operator == "%":
        text = left.decode("latin-1") if isinstance(left, bytes) else left
        return isinstance(text, str) and percent_size(text, right) > LONGEST
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length()
        return (left.bit_length() * abs(right) if operator == "**" else bits) > LARGEST_NUMBER
    if operator == "*":
        number, items = (left, right) if isinstance(left, int) else (right, left)
        return (
            isinstance(number, int)
            and isinstance(items, str | bytes | list | tuple)
            and abs(number) * len(items) > LONGEST
        )
    return False


_PLAIN_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)


def _is_plain(tree: nodes.Template) -> bool:
    """Whether a template goes through each value a few times at most, so that nothing has to be counted.

    Counting takes longer than all the rest of an expression like `status == "paid" and total | int > 0`.
    """
    waiting: list[nodes.Node] = [tree]
    for _ in range(MOST_PLAIN):
        if not waiting:
            return True
        node = waiting.pop()
        if not isinstance(node, _PLAIN_NODES) and not (
            isinstance(node, nodes.Filter) and (node.name in PLAIN or " " in node.name)
        ):
            return False
        waiting += node.iter_child_nodes()
    return False


def _count(tree: nodes.Template) -> None:
    """Put counting around what Jinja compiles to plain Python: loops, `~`, slices and comparisons."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = _filtered(loop.iter, COUNTED)
    compared: list[nodes.Compare | nodes.Operand] = [*tree.find_all(nodes.Compare), *tree.find_all(nodes.Operand)]
    for node in compared:
        if not isinstance(node.expr, nodes.Const):
            node.expr = _filtered(node.expr, WEIGHED)
    _replace(tree)


def _replace(node: nodes.Node) -> None:
    for name, value in node.iter_fields():
        if isinstance(value, list):
            setattr(node, name, [_counted_node(each) for each in value])
        elif isinstance(value, nodes.Node):
            setattr(node, name, _counted_node(value))


def _counted_node(node: Any) -> Any:  # noqa: ANN401 - a node, or a plain value in a list
    if not isinstance(node, nodes.Node):
        return node
    _replace(node)
    if isinstance(node, nodes.Concat):
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), JOINED)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        return _filtered(node, WEIGHED)
    return node


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

"""Which variables of a template's string leave a gap in its text where their cell is blank.

`{{ name }}` beside literal text does; `{{ name | default("…") }}`, `{{ name or "…" }}` and an `{% if name %}` around it
do not, because the template says what happens then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key: TypeAlias = tuple[str, str]
"""A variable as ("variable", its name), a cell as ("header", its header)."""


class Gap(NamedTuple):
    """A place where a blank value leaves a gap.

    Attributes:
        key: whose value.
        always: whether every row has it; else only rendering a row tells, as below an `{% if %}` about something else.
    """

    key: Key
    always: bool


def gaps(tree: nodes.Template, rows: tuple[str, ...]) -> tuple[Gap, ...]:
    """The gaps of a string.

    Args:
        tree: the parsed string.
        rows: the names of the variables that give a cell by its header.
    """
    literal = "".join(data.data for data in tree.find_all(nodes.TemplateData))
    if not any(character.isalnum() for character in literal):
        return ()
    finder = _Finder(rows)
    found = finder.statements(tree.body, frozenset(), always=True)
    return tuple(dict.fromkeys(found))


class _Finder:
    def __init__(self, rows: tuple[str, ...]) -> None:
        self._rows = rows

    def statements(self, body: Sequence[nodes.Node], settled: frozenset[Key], *, always: bool) -> Iterator[Gap]:
        for node in body:
            yield from self._statement(node, settled, always=always)

    def _statement(self, node: nodes.Node, settled: frozenset[Key], *, always: bool) -> Iterator[Gap]:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                yield from (Gap(key, always) for key in self._shown(child) if key not in settled)
        elif isinstance(node, nodes.If):
            below = settled | self._mentioned(node.test)
            yield from self.statements([*node.body, *node.elif_, *node.else_], below, always=False)
        elif isinstance(node, nodes.For):
            own = {("variable", name.name) for name in node.target.find_all(nodes.Name)}
            if isinstance(node.target, nodes.Name):
                own.add(("variable", node.target.name))
            yield from self.statements([*node.body, *node.else_], settled | own, always=False)
        else:  # set, with, filter and macro blocks: what they contain may be shown
            inner = [child for child in node.iter_child_nodes() if isinstance(child, nodes.Stmt)]
            yield from self.statements(inner, settled, always=False)

    def _shown(self, node: nodes.Node) -> Iterator[Key]:
        """Whose values an expression shows without saying what to show instead."""
        key = self._key(node)
        if key is not None:
            yield key
        elif isinstance(node, nodes.Filter) and node.name in ("default", "d"):
            return
        elif isinstance(node, nodes.Filter) and node.node is not None:
            yield from self._shown(node.node)
        elif isinstance(node, nodes.Or):
            yield from self._shown(node.right)
        elif isinstance(node, nodes.CondExpr):
            asked = self._mentioned(node.test)
            for branch in filter(None, (node.expr1, node.expr2)):
                yield from (each for each in self._shown(branch) if each not in asked)
        elif isinstance(node, nodes.BinExpr | nodes.Concat | nodes.Call) and not isinstance(node, nodes.And):
            for child in node.iter_child_nodes():
                yield from self._shown(child)

    def _mentioned(self, node: nodes.Node) -> frozenset[Key]:
        """Whose values a condition is about."""
        within = [node, *node.find_all((nodes.Name, nodes.Getitem, nodes.Getattr))]
        return frozenset(key for each in within if (key := self._key(each)) is not None)

    def _key(self, node: nodes.Node) -> Key | None:
        if isinstance(node, nodes.Name):
            return None if node.name in self._rows else ("variable", node.name)
        if isinstance(node, nodes.Getitem | nodes.Getattr) and isinstance(node.node, nodes.Name):
            name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            return ("header", name) if node.node.name in self._rows and isinstance(name, str) else None
        return None

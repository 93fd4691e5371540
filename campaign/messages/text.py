"""One string of a template, compiled once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

Context: TypeAlias = Mapping[str, object]

MARKS = ("{{", "{%", "{#")
RESERVED = ("row", "raw")
"""Names that reach any header as it stands: row["Họ và tên"] as displayed, raw["Họ và tên"] as stored."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What a template string asks for.

    Attributes:
        variables: the names that it uses.
        optional: those of them that it can do without: each use has a default or asks whether it is defined.
        headers: the headers that it reaches through `row[…]` and `raw[…]`.
        every_header: whether it uses `row` or `raw` so that any header may be reached.
        whole_row: whether it uses `row` or `raw` at all.
    """

    variables: frozenset[str]
    optional: frozenset[str]
    headers: frozenset[str]
    every_header: bool
    whole_row: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A compiled string.

    Attributes:
        source: as it stands in the template.
        uses: what it asks for.
        parts: literal text and names in turn, where that is all there is to it; rendered without Jinja's machinery.
        template: the compiled Jinja template.
    """

    source: str
    uses: Uses
    parts: tuple[tuple[bool, str], ...] | None
    template: Template

    def render(self, context: Context) -> str:
        """The text for one row.

        Raises:
            Exception: one of `environment.RENDER_ERRORS`.
        """
        if self.parts is not None:
            try:
                return "".join([str(context[text]) if is_name else text for is_name, text in self.parts])
            except KeyError:
                pass  # let Jinja say in its own words which name is missing
        return self.template.render(context)


def is_template(source: str) -> bool:
    """Whether a string has anything to render."""
    return any(mark in source for mark in MARKS)


def compile_text(source: str, environment: ImmutableSandboxedEnvironment) -> Text:
    """Compile a string.

    Raises:
        jinja2.TemplateSyntaxError: it is no Jinja template; `lineno` counts within the string.
    """
    tree = environment.parse(source)
    template = environment.from_string(source)
    globals_used = {name.name for name in tree.find_all(nodes.Name) if name.name in environment.globals}
    names = find_undeclared_variables(tree) | globals_used  # a header may be “Range”
    rows = [node for node in tree.find_all(nodes.Name) if node.name in names.intersection(RESERVED)]
    headers = _headers(tree, rows)
    uses = Uses(
        variables=frozenset(names - set(RESERVED)),
        optional=frozenset(names - (_required_names(tree) - environment.globals.keys())),
        headers=frozenset(headers),
        every_header=len(headers) < len(rows),
        whole_row=bool(rows),
    )
    return Text(source, uses, _plain_parts(tree), template)


def _required_names(tree: nodes.Template) -> set[str]:
    """Names with at least one use that neither has a default nor asks whether the name is defined."""
    excused = {id(name) for name in _excused(tree)}
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load" and id(name) not in excused}


def _excused(tree: nodes.Template) -> Iterator[nodes.Node]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if node.name in ("default", "d", "defined", "undefined") and isinstance(node.node, nodes.Name):
            yield node.node


def _headers(tree: nodes.Template, rows: Sequence[nodes.Name]) -> list[str]:
    """The header of each use of `row` and `raw` that names one: row["Tên"], or row.name."""
    named = [(item.node, _constant(item.arg)) for item in tree.find_all(nodes.Getitem)]
    named += [(item.node, item.attr) for item in tree.find_all(nodes.Getattr) if not hasattr(dict, item.attr)]
    return [unicodedata.normalize("NFC", name) for node, name in named if node in rows and isinstance(name, str)]


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None


def _plain_parts(tree: nodes.Template) -> tuple[tuple[bool, str], ...] | None:
    parts: list[tuple[bool, str]] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append((False, node.data))
            elif isinstance(node, nodes.Name) and node.name not in RESERVED:
                parts.append((True, node.name))
            else:
                return None
    return tuple(parts)

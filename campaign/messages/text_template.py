"""The strings of a payload template, compiled once and rendered for every row."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from jinja2 import TemplateAssertionError, nodes
from jinja2.meta import find_undeclared_variables

from campaign.messages.gaps import gaps
from campaign.text import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from jinja2 import Template

    from campaign.messages.bounded_environment import BoundedEnvironment
    from campaign.messages.gaps import Gap

Context: TypeAlias = Mapping[str, object]

MARKS = ("{{", "{%", "{#")
RESERVED = ("row", "raw")
"""Variables that give any cell by its header: row["Họ và tên"] as displayed, raw["Họ và tên"] as stored."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What a string of a template refers to.

    Attributes:
        variables: the names that it uses.
        optional: the variables that may be undefined: each use has a default or tests whether it is defined.
        headers: the headers that it names in `row[…]` and `raw[…]`.
        every_header: whether it uses `row` or `raw` in a way that may refer to any header.
        whole_row: whether it uses `row` or `raw` at all.
        gaps: where a blank value would leave a gap in the text.
        literals: its literal text, piece by piece, and `{{1}}` for a number in the place of a variable.
    """

    variables: frozenset[str]
    optional: frozenset[str]
    headers: frozenset[str]
    every_header: bool
    whole_row: bool
    gaps: tuple[Gap, ...] = ()
    literals: tuple[str, ...] = ()


class TextPart(NamedTuple):
    """A part of a string that is rendered without Jinja, which is much faster.

    Attributes:
        name: the variable; None for literal text.
        text: the literal text, or the default of the variable; None for a variable without a default.
    """

    name: str | None
    text: str | None

    def render(self, context: Context) -> str:
        """The text for one row.

        Raises:
            KeyError: the variable is undefined and has no default.
        """
        if self.name is None:
            return self.text or ""
        if self.text is None:
            return str(context[self.name])
        value = context.get(self.name)
        shown = "" if value is None else str(value)
        return self.text if is_blank(shown) else shown


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A compiled string of a template.

    Attributes:
        source: the string as written in the template.
        uses: what it refers to.
        fill: renders a string of literal text and variables only, a hundred times as fast; None for any other.
        template: the compiled Jinja template.
    """

    source: str
    uses: Uses
    fill: Callable[[Context], str] | None
    template: Template

    def render(self, context: Context) -> str:
        """The text for one row.

        Raises:
            Exception: one of `environment.RENDER_ERRORS`.
        """
        if self.fill is not None:
            try:
                return self.fill(context)
            except KeyError:
                pass  # Jinja raises an error that names the undefined variable
        return self.template.render(context)


def is_template(source: str) -> bool:
    """Whether a string contains Jinja syntax."""
    return any(mark in source for mark in MARKS)


def compile_text(source: str, environment: BoundedEnvironment) -> TextTemplate:
    """Compile a string.

    Raises:
        jinja2.TemplateSyntaxError: it is not a valid Jinja template; `lineno` counts within the string.
    """
    tree = environment.parse(source)
    return compile_parsed(source, tree, environment, _plain_parts(tree, {*RESERVED, *environment.globals}))


def compile_parsed(
    source: str,
    tree: nodes.Template,
    environment: BoundedEnvironment,
    parts: tuple[TextPart, ...] | None = None,
) -> TextTemplate:
    """Compile what was parsed from a string; changes the tree.

    Raises:
        jinja2.TemplateSyntaxError: it is not valid, or names a filter or a test that there is not.
    """
    _refuse_unknown(tree, environment)
    globals_used = {name.name for name in tree.find_all(nodes.Name) if name.name in environment.globals}
    names = find_undeclared_variables(tree) | globals_used  # a header may be “Range”, which is also a Jinja global
    rows = [node for node in tree.find_all(nodes.Name) if node.name in names.intersection(RESERVED)]
    headers = _headers(tree, rows)
    uses = Uses(
        variables=frozenset(names - set(RESERVED)),
        optional=frozenset(names - (_required_names(tree) - environment.globals.keys())),
        headers=frozenset(headers),
        every_header=len(headers) < len(rows),
        whole_row=bool(rows),
        gaps=tuple(gap for gap in gaps(tree, RESERVED) if gap.key[0] == "header" or gap.key[1] in names),
        literals=(*(data.data for data in tree.find_all(nodes.TemplateData)), *_numbers(tree)),
    )
    template = environment.compile_tree(tree)  # last, because it changes the tree
    template.globals = dict(template.globals)  # copied for every row, and a ChainMap is slow to copy
    return TextTemplate(source, uses, None if parts is None else _filler(parts), template)


def _filler(parts: Sequence[TextPart]) -> Callable[[Context], str]:
    """A function that renders the parts; it raises KeyError for a variable that is undefined and has no default."""
    if any(part.name is not None and part.text is not None for part in parts):
        return lambda context: "".join([part.render(context) for part in parts])
    pattern = "".join("%s" if part.name is not None else (part.text or "").replace("%", "%%") for part in parts)
    names = [part.name for part in parts if part.name is not None]
    if not names:
        return lambda _: pattern % ()
    values = itemgetter(*names)
    if len(names) == 1:
        return lambda context: pattern % (values(context),)
    return lambda context: pattern % values(context)


def _numbers(tree: nodes.Template) -> Iterator[str]:
    """The numbers in the place of variables, as WhatsApp's templates have them."""
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.Const) and type(node.value) is int:
                yield f"{{{{{node.value}}}}}"


def _refuse_unknown(tree: nodes.Template, environment: BoundedEnvironment) -> None:
    """Say so before the first row is read: within `{% if … %}`, Jinja says it of each row that comes there."""
    for kind, what, known in ((nodes.Filter, "filter", environment.filters), (nodes.Test, "test", environment.tests)):
        for node in tree.find_all(kind):
            if node.name not in known:
                raise TemplateAssertionError(f"No {what} named {node.name!r}.", node.lineno)


def _required_names(tree: nodes.Template) -> set[str]:
    """Names with at least one use that neither has a default nor tests whether the name is defined."""
    excused = {id(name) for name in _excused(tree)}
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load" and id(name) not in excused}


def _excused(tree: nodes.Template) -> Iterator[nodes.Node]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if node.name in ("default", "d", "defined", "undefined") and isinstance(node.node, nodes.Name):
            yield node.node


def _headers(tree: nodes.Template, rows: Sequence[nodes.Name]) -> list[str]:
    """The headers named by uses of `row` and `raw`: row["Tên"], or row.name."""
    named = [(item.node, _constant(item.arg)) for item in tree.find_all(nodes.Getitem)]
    named += [(item.node, item.attr) for item in tree.find_all(nodes.Getattr) if not hasattr(dict, item.attr)]
    return [unicodedata.normalize("NFC", name) for node, name in named if node in rows and isinstance(name, str)]


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None


def _plain_parts(tree: nodes.Template, special: Container[str]) -> tuple[TextPart, ...] | None:
    """The parts of a string of literal text, `{{ name }}` and `{{ name | default("text") }}` only; None for any other.

    Args:
        tree: the parsed string.
        special: names that are reserved or Jinja globals.
    """
    if not all(isinstance(output, nodes.Output) for output in tree.body):
        return None
    parts = [_plain_part(node, special) for output in tree.body for node in output.iter_child_nodes()]
    return tuple(part for part in parts if part) if all(parts) else None


def _plain_part(node: nodes.Node, special: Container[str]) -> TextPart | None:
    match node:
        case nodes.TemplateData(data=str(data)):
            return TextPart(None, data)
        case nodes.Name(name=str(name)) if name not in special:
            return TextPart(name, None)
        case nodes.Filter(
            node=nodes.Name(name=str(name)),
            name="default" | "d",
            args=[nodes.Const(value=str(text))],
            kwargs=[],
            dyn_args=None,
            dyn_kwargs=None,
        ) if name not in special:
            return TextPart(name, text)
    return None

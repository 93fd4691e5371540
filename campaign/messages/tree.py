"""A payload template as a tree of compiled nodes.

A field that renders to blank text is dropped, and with it an object or list item that loses all its rendered fields:
its constants alone (a button's `type`) mean nothing. So a blank cell gives no footer, no third button, no agent. An
object that the API requires is kept, so that the problem can name its missing fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from campaign.messages.text_template import TextTemplate, is_template
from campaign.text import is_blank

if TYPE_CHECKING:
    from campaign.channels.base import Path
    from campaign.messages.text_template import Context

Node: TypeAlias = "Constant | Leaf | Branch | Items"
Compile: TypeAlias = Callable[[str, "Path"], TextTemplate]
IsRequired: TypeAlias = Callable[["Path"], bool]


class _Nothing:
    """The type of `NOTHING`, which a dropped node renders to."""


NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same for every row."""

    value: Any

    def render(self, context: Context) -> Any:  # noqa: ANN401, ARG002 - JSON, and the nodes' common signature
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string that is rendered for every row."""

    text: TextTemplate

    def render(self, context: Context) -> str | _Nothing:
        """The text, or NOTHING where it is blank."""
        rendered = self.text.render(context)
        return NOTHING if is_blank(rendered) else rendered


@dataclass(frozen=True, slots=True)
class Branch:
    """An object with at least one leaf below it."""

    constants: Mapping[str, Any]
    children: Sequence[tuple[str, Node]]
    order: tuple[str, ...]
    required: bool

    def render(self, context: Context) -> dict[str, Any] | _Nothing:
        """The object, or NOTHING where all rendered fields are dropped and the API does not require it."""
        rendered = self._rendered(context)
        return self._with_constants(rendered) if rendered or self.required else NOTHING

    def whole(self, context: Context) -> dict[str, Any]:
        """The object with its constants, even without a rendered field: for the body itself, which is never dropped."""
        return self._with_constants(self._rendered(context))

    def _rendered(self, context: Context) -> dict[str, Any]:
        rendered = {}
        for key, child in self.children:
            value = child.render(context)
            if value is not NOTHING:
                rendered[key] = value
        return rendered

    def _with_constants(self, rendered: dict[str, Any]) -> dict[str, Any]:
        if not self.constants:
            return rendered
        rendered.update(self.constants)
        return {key: rendered[key] for key in self.order if key in rendered}


@dataclass(frozen=True, slots=True)
class Items:
    """A list with at least one leaf below it."""

    children: Sequence[Node]

    def render(self, context: Context) -> list[Any] | _Nothing:
        """The list without dropped items, or NOTHING where all are dropped."""
        rendered = [child.render(context) for child in self.children]
        return [value for value in rendered if value is not NOTHING] or NOTHING

    def kept(self, context: Context) -> list[int]:
        """The indexes of the items that are not dropped."""
        return [index for index, child in enumerate(self.children) if child.render(context) is not NOTHING]


def build(body: Mapping[str, Any], compile_leaf: Compile, is_required: IsRequired) -> Branch:
    """Compile the body of a template.

    Args:
        body: parsed JSON; fields that are `null` are dropped, as no field of either API accepts it.
        compile_leaf: compiles a string, given its path.
        is_required: returns whether the API requires the object at a path.
    """

    def node(value: Any, path: Path) -> Node:  # noqa: ANN401 - parsed JSON
        if isinstance(value, str):
            return Leaf(compile_leaf(value, path)) if is_template(value) else Constant(value)
        if isinstance(value, dict):
            found = branch(value, path)
            return found if found.children else Constant(found.constants)
        if isinstance(value, list):
            items = [node(each, (*path, index)) for index, each in enumerate(value)]
            rendered = [item.value for item in items if isinstance(item, Constant)]
            return Constant(rendered) if len(rendered) == len(items) else Items(items)
        return Constant(value)

    def branch(value: Mapping[str, Any], path: Path) -> Branch:
        nodes = {key: node(each, (*path, key)) for key, each in value.items() if each is not None}
        constants = {key: each.value for key, each in nodes.items() if isinstance(each, Constant)}
        children = [(key, each) for key, each in nodes.items() if not isinstance(each, Constant)]
        return Branch(constants, children, tuple(nodes), required=bool(children) and is_required(path))

    return branch(body, ())


def fill(value: Any, text: str) -> Any:  # noqa: ANN401 - parsed JSON
    """The body of a template with the same text in place of every rendered string."""
    if isinstance(value, str):
        return text if is_template(value) else value
    if isinstance(value, dict):
        return {key: fill(each, text) for key, each in value.items() if each is not None}
    return [fill(each, text) for each in value] if isinstance(value, list) else value


def leaves(node: Node) -> Iterator[TextTemplate]:
    """Every string below a node, in the order of the template."""
    if isinstance(node, Leaf):
        yield node.text
    elif isinstance(node, Branch):
        for _, child in node.children:
            yield from leaves(child)
    elif isinstance(node, Items):
        for child in node.children:
            yield from leaves(child)


def constant_texts(node: Node) -> Iterator[str]:
    """Every string below a node that is the same for all rows."""
    if isinstance(node, Constant):
        yield from _texts(node.value)
    elif isinstance(node, Branch):
        yield from _texts(node.constants)
        for _, child in node.children:
            yield from constant_texts(child)
    elif isinstance(node, Items):
        for child in node.children:
            yield from constant_texts(child)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - parsed JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def node_at(node: Node, path: Path) -> Node:
    """The node at a path of the template; `Constant(None)` where there is none."""
    for part in path:
        if isinstance(node, Branch):
            node = dict(node.children).get(str(part), Constant(None))
        elif isinstance(node, Items) and isinstance(part, int):
            node = node.children[part]
        else:
            return Constant(None)
    return node


def path_in_template(node: Node, path: Path, context: Context) -> Path:
    """Convert a path in a rendered payload to one in the template, where lists have more items."""
    if not any(isinstance(part, int) for part in path):
        return path
    found: list[str | int] = []
    for part in path:
        found.append(node.kept(context)[part] if isinstance(node, Items) and isinstance(part, int) else part)
        node = node_at(node, (found[-1],))
    return tuple(found)

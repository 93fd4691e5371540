"""The page about JSON output, and its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from tests.docs.shapes import OUTPUTS, Output

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

BEGIN = """\
# JSON output

With `--json` a command prints one JSON value on one line of standard output, in UTF-8, and nothing else there. If it
exits with 2, it prints none, but for `run` where findings have to be decided or rows are invalid. `campaign worker`
prints a line for each event. What people should read is on standard error.

Members may be added. None is renamed, removed or given another meaning before the next major version. Each form has a
JSON Schema, by which a program can check what it gets. This page and the schemas are made from the code.
"""


def json_page() -> str:
    """The page."""
    described: set[type[BaseModel]] = set()
    return "\n".join([BEGIN, *(line for output in OUTPUTS for line in _output(output, described))])


def schema_file(output: Output) -> str:
    """The JSON Schema of an output."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **output.model.model_json_schema()}
    return json.dumps(_open(schema), indent=2) + "\n"


def _open(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """A schema that lets objects have more members, because later versions may add some."""
    if isinstance(schema, list):
        return [_open(each) for each in schema]
    if isinstance(schema, dict):
        return {name: _open(each) for name, each in schema.items() if name != "additionalProperties" or each}
    return schema


def _output(output: Output, described: set[type[BaseModel]]) -> Iterator[str]:
    names = ", ".join(f"`campaign {name} --json`" for name in output.commands) or output.typed
    yield from (f"## {output.title}", "")
    yield from (
        f"{names}. {output.text}",
        "",
        f"Schema: [{output.name}.schema.json](../schemas/{output.name}.schema.json)",
        "",
    )
    yield from _members(output.model, described)


def _members(model: type[BaseModel], described: set[type[BaseModel]]) -> Iterator[str]:
    if "root" in model.model_fields:
        for inner in _models_in(model.model_fields["root"].annotation):
            yield from _members(inner, described)
        return
    described.add(model)
    yield from ("| member | type | meaning |", "| --- | --- | --- |")
    yield from (f"| `{name}` | {_type(field)} | {field.description} |" for name, field in model.model_fields.items())
    yield ""
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            if inner not in described:
                yield from (f"Members of `{name}`:", "")
                yield from _members(inner, described)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


_NAMES = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def _type(field: FieldInfo) -> str:
    return _type_of(field.annotation)


def _type_of(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_of(inner[0])
    if origin is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in inner)
    if origin is UnionType:
        return " or ".join(_type_of(each) for each in inner)
    if origin is list:
        return f"array of {_type_of(inner[0])}s"
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "object"
    return _NAMES.get(annotation, "string")

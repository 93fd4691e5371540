"""What the channels' pydantic models share: strictness, field types, and problems in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from campaign.channels.base import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from campaign.channels.base import Path

Text = Annotated[str, StringConstraints(pattern=r"\S")]
"""A string with something in it to see."""

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+\S*$")]
"""A web address, kept as it was written."""


class Strict(BaseModel):
    """Only the documented fields, of just the documented types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def field_problem(error: ErrorDetails, path: Path, patterns: Mapping[str, str]) -> FieldProblem:
    """One pydantic error in plain words.

    Args:
        error: the error.
        path: its place in the payload.
        patterns: what to say of a string that fails the pattern.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return FieldProblem(path, "is missing, and the API requires it", missing=True)
    if kind == "extra_forbidden":
        return FieldProblem(path, "is not a field of this API")
    if kind == "string_pattern_mismatch":
        return FieldProblem(path, patterns.get(str(context.get("pattern")), "has the wrong form"))
    if kind == "union_tag_not_found":
        return FieldProblem((*path, "type"), "is missing, and the API requires it", missing=True)
    if kind == "union_tag_invalid":
        choices = str(context.get("expected_tags", "")).replace("'", "")
        return FieldProblem((*path, "type"), f"is “{context.get('tag')}”, and must be one of {choices}")
    return FieldProblem(path, _sentence(error["msg"]))


def _sentence(message: str) -> str:
    """Pydantic's "Input should be a valid string" as "should be a valid string"."""
    return message.removeprefix("Input ") if message.startswith("Input ") else message


PATTERNS = {
    r"\S": "is blank, and the API requires it",
    r"^https?://[^\s/?#]+\S*$": "must be a web address that starts with http:// or https://",
}
"""What to say of a string that fails the pattern of one of the types above."""

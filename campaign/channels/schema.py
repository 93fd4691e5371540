"""What the channels' pydantic models share: strictness, field types, and problems in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from campaign.channels.base import FieldProblem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from campaign.channels.base import Path

NOT_BLANK = r"\S"
WEB_ADDRESS = r"^https?://[^\s\p{Cc}\p{Cf}/?#:@][^\s\p{Cc}\p{Cf}]*$"

Text = Annotated[str, StringConstraints(pattern=NOT_BLANK)]
"""A string that is not blank."""

HttpUrl = Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
"""A web address, kept as it was written; one that is copied from a page may end in an invisible character."""

ABSENT: Any = None
"""The default of a field that may be left out but may not be null."""


class Strict(BaseModel):
    """A model of only the documented fields, of exactly the documented types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def field_problem(error: ErrorDetails, path: Path) -> FieldProblem:
    """One pydantic error in plain words; `path` is its place in the payload."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return FieldProblem(path, "is missing, and the API requires it", missing=True)
    if kind in NEVER_TEXT:
        return FieldProblem(path, NEVER_TEXT[kind], takes_text=False)
    if kind == "string_pattern_mismatch":
        return FieldProblem(path, PATTERNS[context["pattern"]])
    if kind == "union_tag_not_found":
        return FieldProblem((*path, "type"), "is missing, and the API requires it", missing=True)
    if kind == "union_tag_invalid":
        choices = str(context.get("expected_tags", "")).replace("'", "")
        return FieldProblem((*path, "type"), f"is “{context.get('tag')}”, and must be one of {choices}")
    return FieldProblem(path, TEXT.get(kind) or error["msg"].removeprefix("Input "), missing=kind == "empty")


NEVER_TEXT = {
    "extra_forbidden": "is not a field of this API",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""What to say instead of pydantic, by its type of error, of a place where no text is valid."""

TEXT = {
    "string_type": "must be text",
    "string_unicode": "holds half of a character, which no server can take",
}
"""What to say instead of pydantic, by its type of error, of a text."""

PATTERNS = {
    NOT_BLANK: "is blank, and the API requires it",
    WEB_ADDRESS: (
        "must be a web address that starts with http:// or https:// and holds no blank or invisible character"
    ),
}
"""What to say of a string that does not match the pattern of one of the types above."""

"""What the channels' pydantic models share: strictness, field types, and problems in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from campaign.channels.base import FieldProblem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from campaign.channels.base import Path

SEEN = r"\S"
WEB_ADDRESS = r"^https?://[^\s\p{Cc}\p{Cf}/?#:@][^\s\p{Cc}\p{Cf}]*$"

Text = Annotated[str, StringConstraints(pattern=SEEN)]
"""A string with something in it to see."""

HttpUrl = Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
"""A web address, kept as it was written; what is copied from a page may end in a character that nobody sees."""

ABSENT: Any = None
"""For a field that may be left out, though it may not be null."""


class Strict(BaseModel):
    """Only the documented fields, of just the documented types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def field_problem(error: ErrorDetails, path: Path) -> FieldProblem:
    """One pydantic error in plain words; `path` is its place in the payload."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return FieldProblem(path, "is missing, and the API requires it", missing=True)
    if kind in NEVER_TEXT:
        return FieldProblem(path, NEVER_TEXT[kind], mendable=False)
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
TEXT = {
    "string_type": "must be text",
    "string_unicode": "holds half of a character, which no server can take",
}
"""What to say instead of pydantic, by its type of error: of places where no text belongs, and of texts."""

PATTERNS = {
    SEEN: "is blank, and the API requires it",
    WEB_ADDRESS: (
        "must be a web address that starts with http:// or https:// and holds no blank or invisible character"
    ),
}
"""What to say of a string that fails the pattern of one of the types above."""

"""The fields of a payload that name the conversation: trimmed, and free of what nobody can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from campaign.recipients.destinations import describe_character, find_unseen, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.channels import Payload
    from campaign.channels.base import Path


class UnseenCharacter(NamedTuple):
    """An invisible or control character in a field of a destination.

    Attributes:
        path: the field.
        character: the character.
        described: its code point, name and place, for people.
    """

    path: Path
    character: str
    described: str


def trim_destination(payload: Payload, fields: Iterable[Path]) -> list[UnseenCharacter]:
    """Trim the fields of a destination in place, before anything compares two destinations.

    Args:
        payload: a rendered payload.
        fields: the places of the fields.

    Returns:
        the first invisible or control character of each field that contains one.
    """
    found: list[UnseenCharacter] = []
    for path in fields:
        holder: dict[Any, Any] | None = payload if len(path) == 1 else _holder(payload, path)
        name = path[-1]
        if holder is None or not isinstance(value := holder.get(name), str):
            continue
        if value.isascii() and value.isprintable() and value[:1] != " " != value[-1:]:
            continue  # as most are
        text = holder[name] = trimmed(value)
        position = find_unseen(text)
        if position >= 0:
            found.append(UnseenCharacter(path, text[position], describe_character(text, position)))
    return found


def _holder(payload: Payload, path: Path) -> dict[str | int, Any] | None:
    """Return the object that contains a field; None where the payload has none."""
    holder: Any = payload
    for part in path[:-1]:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else None

"""The fields of a payload that decide the conversation: trimmed, and free of what nobody can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from campaign.recipients.destinations import describe_character, find_unseen, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.channels import Channel, Payload
    from campaign.channels.base import Path


def deciding_fields(channel: Channel) -> tuple[Path, ...]:
    """The places of a payload that decide where a message goes: those that name the conversation, and threads."""
    return (*channel.destination_fields, *thread_fields(channel))


def thread_fields(channel: Channel) -> tuple[Path, ...]:
    """The places of the optional fields that lead a message into the conversation of another message."""
    found: tuple[Path, ...] = getattr(channel, "thread_fields", ())  # which few channels have
    return found


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


def value_at(payload: Payload | None, path: Path) -> object:
    """What a field of a payload holds; None where it has no such field."""
    holder = None if payload is None else _holder(payload, path)
    return None if holder is None else holder.get(path[-1])


def _holder(payload: Payload, path: Path) -> dict[str | int, Any] | None:
    """Return the object that contains a field; None where the payload has none."""
    holder: Any = payload
    for part in path[:-1]:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else None

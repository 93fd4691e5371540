"""Where an API key comes from: the environment, a file it names, or a hidden prompt. Never a campaign file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import KeyMissingError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels import Channel


def find_key(channel: Channel, environment: Mapping[str, str], prompt: Callable[[str], str] | None) -> str | None:
    """The API key for a channel; None where the channel needs none.

    Args:
        channel: the channel.
        environment: the environment variables.
        prompt: asks for a key without showing it; None where nobody is there to answer.

    Raises:
        KeyMissingError: there is no key, its file cannot be read, or it cannot stand in a header.
    """
    name = channel.key_variable
    if name is None:
        return None
    file = environment.get(f"{name}_FILE")
    if environment.get(name, "").strip():
        return _checked(name, environment[name])
    if file:
        return _checked(f"{name}_FILE", _read(name, Path(file)))
    if prompt is not None:
        return _checked("the key", prompt(f"API key for {channel.name}"))
    remedy = f"set {name}, or {name}_FILE to the file that holds it"
    raise KeyMissingError(Problem(name, f"{channel.name} needs an API key and none is set", remedy))


def _read(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # Notepad begins a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMissingError(Problem(f"{name}_FILE", f"{file} cannot be read as text")) from error


def _checked(where: str, text: str) -> str:
    key = text.strip()
    if not key:
        raise KeyMissingError(Problem(where, "the API key is blank"))
    if not key.isascii() or not key.isprintable():
        raise KeyMissingError(Problem(where, "the key holds characters that no header can carry", "copy it again"))
    return key

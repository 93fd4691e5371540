"""Credentials from the environment, from a file that it names, or from a hidden prompt; never from a campaign file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.channels.credentials import SecretMapping, header_value, with_article
from campaign.errors import KeyMissingError, Problem
from campaign.paths import expanded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels import Channel
    from campaign.channels.credentials import Credential


def find_credentials(
    channel: Channel,
    environment: Mapping[str, str],
    prompt: Callable[[str], str] | None,
    warn: Callable[[Problem], object] = lambda _warning: None,
) -> dict[str, str]:
    """Find the values of a channel's credentials, by name; empty if it requires none.

    Args:
        channel: the channel.
        environment: the environment variables.
        prompt: prompts for a value without showing it; None if there is no terminal.
        warn: called with a warning about a key file that everybody on this machine can read.

    Raises:
        KeyMissingError: one is not set, its file cannot be read, or a header cannot carry it.
    """
    found = SecretMapping((each.name, _find(channel, each, environment, prompt)) for each in channel.credentials)
    for credential in channel.credentials:
        file = environment.get(f"{credential.variable}_FILE")
        if file and not environment.get(credential.variable, "").strip() and _is_open_to_all(expanded(Path(file))):
            what = f"everybody on this computer can read {file}, which holds the {credential.label}"
            warn(Problem(f"{credential.variable}_FILE", what, "make it yours alone: chmod 600", "key-file-open"))
    return found


def _is_open_to_all(file: Path) -> bool:
    """Whether others than the owner and the group can read or write a file.

    Windows has access lists in place of modes; Python shows every file there as open to all (os.stat), so nothing is
    known of it.
    """
    if os.name == "nt":
        return False
    try:
        return bool(file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
    except OSError:
        return False


def _find(
    channel: Channel, credential: Credential, environment: Mapping[str, str], prompt: Callable[[str], str] | None
) -> str:
    name = credential.variable
    file = environment.get(f"{name}_FILE")
    if environment.get(name, "").strip():
        return header_value(credential, name, environment[name])
    if file:
        return header_value(credential, f"{name}_FILE", _read(name, expanded(Path(file))))
    if prompt is not None:
        return header_value(credential, f"the {credential.label}", prompt(f"{credential.label} for {channel.name}"))
    what = f"{channel.name} needs {with_article(credential.label)} and none is set"
    raise KeyMissingError(Problem(name, what, f"set {name}, or {name}_FILE to the file that holds it"))


def _read(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # Notepad begins a file with a byte order mark
    except FileNotFoundError as error:
        raise KeyMissingError(Problem(f"{name}_FILE", f"there is no file {file}", "correct the path")) from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyMissingError(Problem(f"{name}_FILE", f"{file} cannot be read as text")) from error

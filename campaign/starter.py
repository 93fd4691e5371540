"""A new campaign to edit: the starter files of a channel."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.campaign_file import RESERVED_ENDINGS
from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from campaign.channels import Channel

_NO_NAME_OF_A_FILE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_LONGEST_NAME = 150
"""Bytes: file systems keep 255 for a name, and `.sandbox.results (1).xlsx` is added to it."""

_NAME_LINE = re.compile(r'^name = "[^"\n]*"', re.MULTILINE)

FILE = "campaign.toml"
_COLUMNS = re.compile(r"^\[columns\]\n(?:\w+ = .*\n)+", re.MULTILINE)
_FILE_LINE = re.compile(r"^file\s*=\s*\S+", re.MULTILINE)


def make_starter(folder: Path, channel: Channel, source: Path | None = None) -> list[Path]:
    """Put the starter files of a channel into a folder; makes the folder, overwrites nothing.

    The campaign is named after the folder, so that two campaigns have results of different names.

    Args:
        folder: where to put them.
        channel: the channel.
        source: the list that the campaign file is to name in place of the sample; None: the sample.

    Returns:
        The files made.

    Raises:
        UsageError: one of the files exists already, or the folder cannot be written.
    """
    with_sample = sorted((each for each in channel.starter.iterdir() if each.is_file()), key=lambda each: each.name)
    sources = [each for each in with_sample if source is None or each.name.endswith(".toml")]
    targets = [folder / each.name for each in sources]
    try:
        there = [str(target) for target in targets if target.exists()]
        if there:
            raise UsageError(*(Problem(file, "is there already", "choose another folder") for file in there))
        folder.mkdir(parents=True, exist_ok=True)
        for each, target in zip(sources, targets, strict=True):
            content = each.read_bytes()
            if each.name == FILE:
                content = _named(content, name_after(folder))
                content = _with_list(content, folder, source) if source else content
            target.write_bytes(content)
    except OSError as error:
        raise UsageError(Problem(str(folder), f"cannot be written ({error.strerror})")) from error
    return targets


def _named(content: bytes, name: str) -> bytes:
    if not name:
        return content
    return _NAME_LINE.sub(lambda _: f'name = "{name}"', content.decode(), count=1).encode()


def name_after(folder: Path) -> str:
    """The name of the campaign in a folder: the folder's, as far as it can name a file; "" where nothing is left."""
    name = _NO_NAME_OF_A_FILE.sub("-", unicodedata.normalize("NFC", folder.resolve().name))
    name = name.encode(errors="ignore")[:_LONGEST_NAME].decode(errors="ignore").strip(". -")
    if name.lower().endswith(RESERVED_ENDINGS):  # those of rehearsals and tests, whose journals they would share
        stem, _, ending = name.rpartition(".")
        name = f"{stem}-{ending}"
    return name


def _with_list(content: bytes, folder: Path, source: Path) -> bytes:
    """A campaign file that names another list: by a path relative to its folder where there is one."""
    try:
        path = os.path.relpath(source.resolve(), folder.resolve())
    except ValueError:  # another drive, on Windows
        path = str(source.resolve())
    named = json.dumps(Path(path).as_posix(), ensure_ascii=False)  # a JSON string is a TOML string
    text = _FILE_LINE.sub(lambda _: f"file = {named}", content.decode("utf-8"), count=1)
    # The sample's headers are not those of the list: what is left to name is said by `campaign check`.
    return _COLUMNS.sub(lambda found: found[0].replace("\n", "\n# ").rstrip("# "), text).encode("utf-8")

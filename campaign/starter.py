"""A new campaign to edit: the starter files of a channel."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from campaign.channels import Channel

FILE = "campaign.toml"
_COLUMNS = re.compile(r"^\[columns\]\n(?:\w+ = .*\n)+", re.MULTILINE)
_FILE_LINE = re.compile(r"^file\s*=\s*\S+", re.MULTILINE)


def make_starter(folder: Path, channel: Channel, source: Path | None = None) -> list[Path]:
    """Put the starter files of a channel into a folder; makes the folder, overwrites nothing.

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
            target.write_bytes(_with_list(content, folder, source) if source and each.name == FILE else content)
    except OSError as error:
        raise UsageError(Problem(str(folder), f"cannot be written ({error.strerror})")) from error
    return targets


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

"""A new campaign to edit: the starter files of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.channels import Channel


def make_starter(folder: Path, channel: Channel) -> list[Path]:
    """Put the starter files of a channel into a folder; makes the folder, overwrites nothing.

    Args:
        folder: where to put them.
        channel: the channel.

    Returns:
        The files made.

    Raises:
        UsageError: one of the files exists already, or the folder cannot be written.
    """
    sources = sorted((each for each in channel.starter.iterdir() if each.is_file()), key=lambda each: each.name)
    targets = [folder / source.name for source in sources]
    try:
        there = [str(target) for target in targets if target.exists()]
        if there:
            raise UsageError(*(Problem(file, "is there already", "choose another folder") for file in there))
        folder.mkdir(parents=True, exist_ok=True)
        for source, target in zip(sources, targets, strict=True):
            target.write_bytes(source.read_bytes())
    except OSError as error:
        raise UsageError(Problem(str(folder), f"cannot be written ({error.strerror})")) from error
    return targets

"""A campaign to start from: a campaign file, a template and a workbook, to be edited."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from pathlib import Path

STARTERS = ("livechat", "kitechat")


def make_starter(folder: Path, channel: str) -> list[Path]:
    """Put a starter campaign into a folder; makes the folder, overwrites nothing.

    Args:
        folder: where to.
        channel: "livechat" or "kitechat".

    Returns:
        The files made.

    Raises:
        UsageError: one of the files is there already, or the folder cannot be written.
    """
    with as_file(files("campaign") / "starters" / channel) as starter:
        sources = sorted(starter.iterdir())
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

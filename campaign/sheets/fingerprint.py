"""Noticing that a file was changed between two looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from pathlib import Path


class Fingerprint(NamedTuple):
    """Size in bytes and time of the last change in nanoseconds."""

    size: int
    changed: int


def fingerprint(path: Path) -> Fingerprint:
    """Take the file's fingerprint.

    Raises:
        OSError: it is gone.
    """
    status = path.stat()
    return Fingerprint(status.st_size, status.st_mtime_ns)


def refuse_change(path: Path, before: Fingerprint) -> None:
    """Make sure that the file is still the one that was opened.

    Raises:
        RecipientsError: it was saved or removed meanwhile.
    """
    try:
        changed = fingerprint(path) != before
    except OSError:
        changed = True
    if changed:
        raise RecipientsError(Problem(path.name, "was changed while it was being read", "start again"))

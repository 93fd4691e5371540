"""The folder in which a campaign keeps its files: whether it can be written, has room, and has locks."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.doctor.checks import fine, problem, warning
from campaign.doctor.network_drive import network_drive
from campaign.operating_system import Lock, try_lock, unlock

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.doctor.checks import Check

LITTLE, TOO_LITTLE = 1 << 30, 50 << 20
"""Bytes of room below which a warning is due, and below which a run would not get far."""

LONGEST_PATH = 259
"""Characters of a path on Windows, unless long paths are switched on (learn.microsoft.com, "Maximum Path Length
Limitation")."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is known of a folder.

    Attributes:
        path: the folder.
        error: why no file can be made in it; "" where one can.
        room: bytes that are free; None where that is not known.
        has_locks: whether its file system has locks; None where that could not be tried.
        longest: characters of the longest path that a campaign's files have there.
        on_windows: whether this is Windows.
        network: the drive of another computer that it is on; "" where it is not.
    """

    path: Path
    error: str = ""
    room: int | None = None
    has_locks: bool | None = None
    longest: int = 0
    on_windows: bool = False
    network: str = ""


def read_folder(path: Path, name: str) -> Folder:
    """Try a folder with a file that has no name or is removed at once.

    Args:
        path: the folder.
        name: the campaign's name, with which the names of its files begin.
    """
    longest = len(str(path.absolute() / f"{name}.sandbox.results-12 (1).annotated.xlsx"))
    has_locks: bool | None = None
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"campaign")
            file.flush()
            held = try_lock(file.fileno())
            has_locks = held is not Lock.UNSUPPORTED
            if held is Lock.TAKEN:
                unlock(file.fileno())
    except OSError as error:
        return Folder(path.absolute(), error.strerror or str(error), longest=longest, on_windows=os.name == "nt")
    return Folder(path.absolute(), "", _room(path), has_locks, longest, os.name == "nt", network_drive(path))


def _room(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None


def check_folder(folder: Folder) -> list[Check]:
    """What is known of a folder means for its campaign."""
    name = "folder"
    if folder.error:
        what = f"{folder.path}: no file can be written there ({folder.error}), and journal and results belong there"
        return [problem(name, what, "give write access, or move the campaign to a folder of your own")]
    found = []
    if folder.room is not None and folder.room < LITTLE:
        what, remedy = f"{folder.path}: {folder.room >> 20:,} MB are free", "make room: a run keeps every message"
        found.append((problem if folder.room < TOO_LITTLE else warning)(name, what, remedy))
    if folder.has_locks is False:
        what = f"{folder.path}: its file system has no locks, so a second delivery may only be noticed after its start"
        found.append(warning(name, what, "keep the campaign on a disk of this computer"))
    if folder.network:
        what = f"{folder.path}: is on a network drive ({folder.network}), where a journal may serve one computer alone"
        found.append(warning(name, what, "keep the campaign on a disk of this computer, or its journal in PostgreSQL"))
    if folder.on_windows and folder.longest > LONGEST_PATH:
        what = f"{folder.path}: paths there have up to {folder.longest} characters, and Windows takes {LONGEST_PATH}"
        found.append(warning(name, what, "move the campaign to a folder with a shorter path"))
    room = "" if folder.room is None else f", and {folder.room >> 30:,} GB are free"
    return found or [fine(name, f"{folder.path} can be written{room}")]

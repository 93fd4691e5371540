"""What people write where a path belongs: a home folder, a web address, a backslash that TOML reads as an escape."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign.errors import CampaignFileError, Problem
from campaign.operating_system import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOWNLOAD = "download it as .xlsx or CSV first"
SAVE_TEMPLATE = "save the template as a file first"
"""What to do about the web address of a list, and of a template."""

_WEB = re.compile(r"(https?):[/\\]+(?=[^/\\])", re.IGNORECASE)
_SHARED = re.compile(
    r"(?:(?:docs|drive)\.google\.com|1drv\.ms|onedrive\.live\.com|(?:www\.)?dropbox\.com)[/\\]", re.IGNORECASE
)
_LONGEST_ADDRESS = 60
_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", "\x1b": r"\e"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def expanded(path: Path) -> Path:
    """Replace a leading ~ with the home folder, which shells do only at the start of a word, and Windows' never do."""
    try:
        return path.expanduser() if path.parts[:1] == ("~",) else path  # ~$list.xlsx is a file
    except RuntimeError:  # there is no home folder
        return path


def real_file(file: Path) -> Path:
    """The file itself, as its folder spells it: a campaign has one journal and one name, whatever it is called by.

    FILE may be a symbolic link. Windows and macOS also find it by capitals and accents that are written otherwise, and
    a database would take that for another campaign.
    """
    if file.is_symlink():
        return file.resolve()
    with contextlib.suppress(OSError):
        names = os.listdir(file.parent)  # noqa: PTH208 - only names
        if file.name not in names and file.exists():
            return next((file.with_name(each) for each in names if _is_spelling(file, each)), file)
    return file


def _is_spelling(file: Path, name: str) -> bool:
    return _folded(name) == _folded(file.name) and file.with_name(name).samefile(file)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[1-9¹²³])[ ]*(\.|$)", re.IGNORECASE)


def is_device(name: str) -> bool:
    """Whether a file's name is a device on this system.

    Windows takes it for one with an ending, too (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
    """
    return WINDOWS and _DEVICE.match(name) is not None


def web_address(text: str) -> str:
    """The web address that stands where a path belongs, for people; "" where there is none.

    A `Path` of it has one slash after the scheme. What follows "?" may open the document to whoever has it.
    """
    if not _WEB.match(text) and not _SHARED.match(text):
        return ""
    address = _WEB.sub(lambda found: f"{found[1]}://", text, count=1).replace("\\", "/")
    shown = re.split("[?#]", address)[0][:_LONGEST_ADDRESS]
    return shown if shown == address else f"{shown}…"


def refuse_web_address(text: str, remedy: str) -> None:
    """Refuse a web address where a path belongs.

    Raises:
        CampaignFileError: it is one.
    """
    address = web_address(text)
    if address:
        raise CampaignFileError(Problem(address, "is a web address", remedy))


def path_of(given: str | Path | None, remedy: str) -> Path | None:
    """A path of the overrides, from the home folder where it says so.

    Raises:
        CampaignFileError: it is a web address.
    """
    if given:
        refuse_web_address(str(given), remedy)
    return expanded(Path(given)) if given else None


def with_paths(file: Path, given: dict[str, Any]) -> dict[str, Any]:
    """A campaign file's settings with ~ replaced in its paths.

    Raises:
        CampaignFileError: one of them is a web address, or has lost its backslashes.
    """
    found, problems = dict(given), list[Problem]()
    if isinstance(given.get("recipients"), dict):
        found["recipients"] = dict(given["recipients"])
    if isinstance(given.get("suppress"), list):
        found["suppress"] = [dict(each) if isinstance(each, dict) else each for each in given["suppress"]]
    for settings, name, key, remedy in _paths_in(found):
        path = settings.get(key) if isinstance(settings, dict) else None
        if isinstance(settings, dict) and isinstance(path, str):
            problems += _path_problem(file, name, path, remedy)
            settings[key] = str(expanded(Path(path))) if path.startswith("~") else path
    if problems:
        raise CampaignFileError(*problems)
    return found


def _paths_in(given: dict[str, Any]) -> Iterator[tuple[object, str, str, str]]:
    """The paths of a campaign file: section, name of the setting, its key, and what to use in place of an address."""
    yield given, "template", "template", SAVE_TEMPLATE
    yield given.get("recipients"), "recipients.file", "file", DOWNLOAD
    lists = given.get("suppress")
    for section in lists if isinstance(lists, list) else (lists,):
        yield section, "suppress.file", "file", DOWNLOAD


def _path_problem(file: Path, name: str, path: str, remedy: str) -> Iterator[Problem]:
    where, escapes = f"{file}: {name}", escapes_read(path)
    if address := web_address(path):
        yield Problem(where, f"{address} is a web address", remedy)
    elif escapes and path.strip() and not _exists(file.parent / path):
        are = "are control characters" if " and " in escapes else "is a control character"
        plain = as_written(path)
        remedy = f"write it as '{plain}', or with /: \"{plain.replace(chr(92), '/')}\""
        yield Problem(where, f'the path is in "…", where {escapes} {are}', remedy)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for a file
        return False


def escapes_read(path: str) -> str:
    r"""The control characters of a path as the escapes that they were written as ("\t and \n"); "" where it has none.

    "C:\tmp\names.csv" is valid TOML, and no path.
    """
    return " and ".join(dict.fromkeys(map(_escape, _CONTROL.findall(path))))


def as_written(path: str) -> str:
    """A path with its control characters as the escapes that they were written as."""
    return _CONTROL.sub(lambda found: _escape(found[0]), path)


def _escape(character: str) -> str:
    return _ESCAPES.get(character, f"\\u{ord(character):04X}")


DATABASES = ("postgresql://", "postgres://")
"""How the address of a database begins."""

NOT_AN_ADDRESS = "is not the address of a PostgreSQL database; write postgresql://USER@HOST/DATABASE"
"""What is said of one that is none; it is not quoted, because it may contain a password."""

INSTALL_CLUSTER = 'pip install ".[cluster]", or with pipx: pipx install --force ".[cluster]"'
"""The remedy where what connects to a database is not installed, in the words of the README."""


def is_address(where: str) -> bool:
    """Whether a journal's place is the address of a database, and not a path."""
    return where.startswith(DATABASES)

"""Versions: of Python, of the libraries that campaign declares, and of SQLite."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.doctor.checks import fine, problem, warning
from campaign.journal.sqlite.health import LIBRARY_VERSION, OLDEST_LIBRARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.doctor.checks import Check

Version: TypeAlias = tuple[int, ...]

DISTRIBUTION = "campaign"

_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?", re.ASCII)
_BOUND = re.compile(r"(>=|<)\s*([\w.+-]+)")


class Library(NamedTuple):
    """A library that campaign declares.

    Attributes:
        found: the version that is installed; None where it is not.
        least: the lowest version that will do; "" for any.
        below: the version that is too high; "" for none.
    """

    name: str
    found: str | None
    least: str = ""
    below: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """What is installed.

    Attributes:
        campaign: campaign's own version; "" where it is not installed as a package.
        python: Python's version.
        oldest_python: the lowest that will do; () where that is not known.
        system: the operating system, in words.
        libraries: the libraries that campaign declares for this system.
        sqlite: the version of the SQLite library that Python uses.
    """

    campaign: str
    python: Version
    oldest_python: Version
    system: str
    libraries: tuple[Library, ...]
    sqlite: Version


def read_versions() -> Versions:
    """What is installed, as the metadata of the installed packages has it."""
    try:
        own = importlib.metadata.metadata(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return Versions("", sys.version_info[:3], (), platform.platform(), (), LIBRARY_VERSION)
    requirements = own.get_all("Requires-Dist") or ()
    return Versions(
        own["Version"],
        sys.version_info[:3],
        parse_version("".join(re.findall(r">=\s*([\d.]+)", own["Requires-Python"] or ""))),
        platform.platform(),
        tuple(declared_libraries(requirements, sys.platform)),
        LIBRARY_VERSION,
    )


def declared_libraries(requirements: Iterable[str], system: str) -> Iterator[Library]:
    """The libraries of a package's requirements, those of extras left out.

    Args:
        requirements: such as `tzdata>=2024.1; sys_platform == "win32"`.
        system: as `sys.platform` has it.
    """
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is None:
            continue
        name, bounds, marker = found[1], dict(_BOUND.findall(found[2])), found[3] or ""
        if "extra" in marker or ("sys_platform" in marker and system not in marker):
            continue
        yield Library(name, _installed(name), bounds.get(">=", ""), bounds.get("<", ""))


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def parse_version(text: str) -> Version:
    """The numbers of a version, without what follows them; () where there is none."""
    found = re.match(r"\d+(?:\.\d+)*", text.strip())
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def check_versions(versions: Versions) -> list[Check]:
    """What the versions mean."""
    return [_check_python(versions), _check_libraries(versions), _check_sqlite(versions.sqlite)]


def _check_python(versions: Versions) -> Check:
    shown = f"Python {_shown(versions.python)} on {versions.system}"
    if versions.python < versions.oldest_python:
        needed = _shown(versions.oldest_python)
        return problem("python", f"{shown} is too old", f"install Python {needed} or later, and campaign with it")
    return fine("python", f"campaign {versions.campaign}, {shown}" if versions.campaign else shown)


def _check_libraries(versions: Versions) -> Check:
    name, remedy = "libraries", "install campaign again: pipx reinstall campaign, or pip install --upgrade campaign"
    if not versions.campaign:
        what = "campaign is not installed as a package, so the versions of its libraries were not compared"
        return warning(name, what, "install it: pipx install PATH, where PATH is a wheel or a checkout")
    wrong = [said for each in versions.libraries if (said := _unfit(each))]
    if wrong:
        return problem(name, "; ".join(wrong), remedy)
    return fine(name, ", ".join(f"{each.name} {each.found}" for each in versions.libraries))


def _unfit(library: Library) -> str:
    """Why a library will not do; "" where it will."""
    if library.found is None:
        return f"{library.name} is not installed"
    found = parse_version(library.found)
    if library.least and found < parse_version(library.least):
        return f"{library.name} {library.found} is older than {library.least}"
    if library.below and found >= parse_version(library.below):
        return f"{library.name} {library.found} is not below {library.below}"
    return ""


def _check_sqlite(found: Version) -> Check:
    if found < OLDEST_LIBRARY:
        what = f"SQLite {_shown(found)} is older than {_shown(OLDEST_LIBRARY)}, and the journal needs that"
        return problem("sqlite", what, "install a Python of python.org or of conda-forge, which has its own")
    return fine("sqlite", f"SQLite {_shown(found)}")


def _shown(version: Version) -> str:
    return ".".join(map(str, version))

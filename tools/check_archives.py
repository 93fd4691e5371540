"""Compare what was built with what belongs in it: python -m tools.check_archives DIST."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ROOT = Path(__file__).parents[1]

STRAY = re.compile(
    r"(^|/)(__pycache__|\.git|\.venv|\.env|\.idea|\.vscode|node_modules|\.DS_Store|Thumbs\.db)(/|$)"
    r"|\.(pyc|pyo|log|part|bak|orig|rej|swp)$"
    r"|\.journal\.db(-wal|-shm|\.lock)?$|\.results(-\d+)?( \(\d+\))?(\.annotated)?\.xlsx$"
)
"""Files that a run, an editor, an operating system or Python leaves behind; journals contain personal data."""

IN_SDIST = {
    *("campaign", "templates", "samples", "tests", "tools", "man", "docs", "mkdocs.yml", "Dockerfile"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "pyproject.toml", "PKG-INFO"),
    ".gitignore",  # hatchling adds it: what a build from the sdist leaves out is what it names
}
NEEDED_IN_SDIST = IN_SDIST - {".gitignore"}

METADATA = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")


def files_below(folder: Path) -> set[str]:
    """The files of a folder that belong in a wheel, as they are named in an archive."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if not STRAY.search(name)}


def wrong_in_wheel(names: Collection[str], package: Collection[str], templates: Collection[str]) -> Iterator[str]:
    """What is wrong with the files of a wheel.

    Args:
        names: the files of the wheel.
        package: the files of the package's folder.
        templates: the files of the folder of shipped templates.
    """
    wanted = {f"campaign/{name}" for name in package} | {f"campaign/templates/{name}" for name in templates}
    rest = set(names) - wanted
    yield from (f"lacks {name}" for name in sorted(wanted - set(names)))
    about = {name for name in rest if re.match(r"campaign-[^/]+\.dist-info/", name)}
    yield from (f"lacks its {each}" for each in METADATA if not any(name.endswith(f"/{each}") for name in about))
    page = {name for name in rest if re.fullmatch(r"campaign-[^/]+\.data/data/share/man/man1/campaign\.1", name)}
    if not page:
        yield "lacks the man page"
    yield from (f"has {name}, which does not belong there" for name in sorted(rest - about - page))


def wrong_in_sdist(names: Collection[str]) -> Iterator[str]:
    """What is wrong with the files of a source distribution."""
    below = [PurePosixPath(name).parts for name in names]
    top = {parts[1] for parts in below if len(parts) > 1}
    yield from (f"lacks {name}" for name in sorted(NEEDED_IN_SDIST - top))
    yield from (f"has {name}, which does not belong there" for name in sorted(top - IN_SDIST))
    yield from (f"has {name}, which does not belong there" for name in sorted(names) if STRAY.search(name))
    if len({parts[0] for parts in below}) != 1:
        yield "has more than one folder"


def wrong_in(folder: Path) -> Iterator[str]:
    """What is wrong with the archives of a folder: one wheel and one source distribution."""
    wheels, sources = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if (len(wheels), len(sources)) != (1, 1):
        yield f"{folder}: has {len(wheels)} wheels and {len(sources)} source distributions, and not one of each"
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        for each in wrong_in_wheel(names, files_below(ROOT / "campaign"), files_below(ROOT / "templates")):
            yield f"{wheel.name}: {each}"
    for source in sources:
        with tarfile.open(source) as archive:
            names = [member.name for member in archive.getmembers() if not member.isdir()]
        yield from (f"{source.name}: {each}" for each in wrong_in_sdist(names))


def main(folder: Path) -> int:
    """Print what is wrong.

    Returns:
        The exit code.
    """
    found = list(wrong_in(folder))
    for each in found:
        sys.stderr.write(f"{each}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

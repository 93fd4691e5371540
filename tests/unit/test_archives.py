"""What belongs in a wheel and in a source distribution."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools import check_archives
from tools.check_archives import NEEDED_IN_SDIST, ROOT, files_below, main, wrong_in_sdist, wrong_in_wheel

PACKAGE, TEMPLATES = {"__init__.py", "py.typed"}, {"livechat-text.toml"}
WHEEL = {
    "campaign/__init__.py",
    "campaign/py.typed",
    "campaign/templates/livechat-text.toml",
    "campaign-1.0.0.data/data/share/man/man1/campaign.1",
    *(f"campaign-1.0.0.dist-info/{name}" for name in check_archives.METADATA),
}
SDIST = {f"campaign-1.0.0/{name}" for name in NEEDED_IN_SDIST}


def test_a_whole_wheel_is_right() -> None:
    assert list(wrong_in_wheel(WHEEL, PACKAGE, TEMPLATES)) == []


@pytest.mark.parametrize("name", sorted(WHEEL))
def test_a_file_that_a_wheel_lacks_is_named(name: str) -> None:
    found = list(wrong_in_wheel(WHEEL - {name}, PACKAGE, TEMPLATES))
    assert len(found) == 1
    assert found[0].startswith("lacks ")


@pytest.mark.parametrize(
    "name", ["tests/test_a.py", "campaign/a.pyc", "campaign/tet.journal.db", "tools/a.py", "campaign/.env"]
)
def test_a_file_that_a_wheel_must_not_have_is_named(name: str) -> None:
    assert list(wrong_in_wheel(WHEEL | {name}, PACKAGE, TEMPLATES)) == [f"has {name}, which does not belong there"]


def test_a_whole_source_distribution_is_right() -> None:
    assert list(wrong_in_sdist(SDIST | {"campaign-1.0.0/.gitignore"})) == []


@pytest.mark.parametrize(
    "name",
    [
        "campaign-1.0.0/samples/tet.journal.db-wal",
        "campaign-1.0.0/samples/tet.sandbox.results-2.xlsx",
        "campaign-1.0.0/campaign/__pycache__/a.cpython-311.pyc",
        "campaign-1.0.0/.venv",
        "other/README.md",
    ],
)
def test_a_file_that_a_source_distribution_must_not_have_is_named(name: str) -> None:
    assert list(wrong_in_sdist(SDIST | {name}))


def test_what_a_source_distribution_lacks_is_named() -> None:
    assert list(wrong_in_sdist(SDIST - {"campaign-1.0.0/LICENSE"})) == ["lacks LICENSE"]


def test_the_package_has_its_templates_starters_pages_and_the_mark_of_its_types() -> None:
    package = files_below(ROOT / "campaign")
    assert {"py.typed", "channels/livechat/starter/campaign.toml", "review/report.js"} <= package
    assert files_below(ROOT / "templates")


def archives(folder: Path, *, wheel: set[str], sdist: set[str]) -> None:
    with zipfile.ZipFile(folder / "campaign-1.0.0-py3-none-any.whl", "w") as archive:
        for name in wheel:
            archive.writestr(name, "")
    with tarfile.open(folder / "campaign-1.0.0.tar.gz", "w:gz") as source:
        for name in sdist:
            source.addfile(tarfile.TarInfo(name), io.BytesIO())


def test_the_archives_of_a_folder_are_compared_with_the_checkout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = {f"campaign/{name}" for name in files_below(ROOT / "campaign")}
    whole |= {f"campaign/templates/{name}" for name in files_below(ROOT / "templates")}
    archives(tmp_path, wheel=whole | {name for name in WHEEL if name.startswith("campaign-")}, sdist=SDIST)
    assert main(tmp_path) == 0
    archives(tmp_path, wheel=WHEEL, sdist=SDIST)
    assert main(tmp_path) == 1
    assert "lacks campaign/api.py" in capsys.readouterr().err
    assert main(tmp_path / "empty") == 1

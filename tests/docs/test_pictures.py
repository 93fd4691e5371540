"""The pictures of the pages can be made from the code as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, ROOT, page, pages
from tests.integration.chromium import PROGRAM
from tests.screenshots import LIBREOFFICE, PDF_TO_PICTURE, PICTURES, take_pictures


def shown() -> set[str]:
    """The pictures of the README and of all pages, by their path in the repository."""
    found = set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page("../README.md")))
    for name in pages():
        folder = (DOCS / name).parent
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page(name)):
            found.add((folder / target).resolve().relative_to(ROOT).as_posix())
    return found


def test_every_picture_that_is_shown_is_made_by_the_script_and_the_other_way_round() -> None:
    assert shown() == set(PICTURES)
    assert all((ROOT / name).exists() for name in PICTURES)


@pytest.mark.slow
@pytest.mark.skipif(None in (PROGRAM, LIBREOFFICE, PDF_TO_PICTURE), reason="needs Chromium, LibreOffice and poppler")
async def test_the_pictures_are_made(tmp_path: Path) -> None:
    await take_pictures(tmp_path)
    for name in PICTURES:
        width, height = size(tmp_path / name)
        assert width > 1000, name
        assert height > 500, name
        assert (tmp_path / name).stat().st_size > 20_000, name


def size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG, as its header says."""
    head = picture.read_bytes()[:24]
    assert head[1:4] == b"PNG"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")

"""What the pages tell to type: it exists, and where a page has a sample for it, it does what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.docs.commands import NAMES, options_of
from tests.docs.markdown import ROOT, blocks, page, pages, steps
from tests.docs.reader import Reader, is_tried
from tests.integration.conftest import Campaign, RunningSandbox

TEXTS = {"README.md": "../README.md"} | {name: name for name in pages()}
LINE = re.compile(r"^(?:\S+=\S+ )*campaign ")
TRIED = [name for name in pages() if any(map(is_tried, blocks(page(name))))]
TUTORIALS = {"tutorial.md", "vi/huong-dan.md"}


def lines_of(text: str) -> list[str]:
    return [line for block in blocks(text) if block.language == "sh" for line in block.text.splitlines()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_of_a_page_exists_with_its_options(name: str) -> None:
    for line in filter(LINE.match, lines_of(page(TEXTS[name]))):
        words = shlex.split(re.split(r"\s(?:>>|\||&)", line.split("campaign ", 1)[1])[0], comments=True)
        used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert words[0] in NAMES, line
        assert used <= options_of(words[0]) | {"--help"}, line


@pytest.fixture
def reader(
    tmp_path: Path,
    command: Campaign,
    server: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Reader:
    """A reader in a folder with the samples, with Kitechat's key in the environment."""
    request.getfixturevalue("api_key")
    left_out = shutil.ignore_patterns("*.journal.db*", "*.results*.xlsx")
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=left_out)
    monkeypatch.chdir(tmp_path)
    server.list_at_once()

    def database() -> str:
        address = request.getfixturevalue("postgres")
        assert isinstance(address, str)
        return address

    return Reader(tmp_path, command, server.url, database, monkeypatch)


def test_the_tutorials_and_most_recipes_can_be_tried() -> None:
    assert set(TRIED) >= TUTORIALS
    assert len([name for name in TRIED if name.startswith("how-to/")]) >= 10


@pytest.mark.parametrize("name", TRIED)
def test_what_can_be_tried_does_what_the_page_says(reader: Reader, server: RunningSandbox, name: str) -> None:
    for step in steps(page(name)):
        reader.follow(step)
    if name in TUTORIALS:
        assert len(server.ledger.taken()) == 3 + 12  # a test to oneself, and all rows of the list

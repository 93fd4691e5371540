"""What the pages tell to type: it exists, and where a page has a sample for it, it does what the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.docs.commands import NAMES, options_of
from tests.docs.markdown import ROOT, Block, Edit, blocks, page, pages, steps
from tests.integration.conftest import Campaign, RunningSandbox

TEXTS = {"README.md": "../README.md"} | {name: name for name in pages()}
LINE = re.compile(r"^(?:\S+=\S+ )*campaign ")
EXIT_CODE = re.compile(r"# exit code (\d+)")
WITH_A_SERVER = "with a server"
NOT_COMPARED = "not compared"
"""The comment before an output that depends on the time, or comes from a terminal."""


def lines_of(text: str) -> list[str]:
    return [line for block in blocks(text) if block.language == "sh" for line in block.text.splitlines()]


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_of_a_page_exists_with_its_options(name: str) -> None:
    for line in filter(LINE.match, lines_of(page(TEXTS[name]))):
        words = shlex.split(re.split(r"\s(?:>>|\||&)", line.split("campaign ", 1)[1])[0], comments=True)
        used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert words[0] in NAMES or words[0].startswith("--"), line
        assert words[0] not in NAMES or used <= options_of(words[0]) | {"--help"}, line


def is_tried(block: Block) -> bool:
    """Whether a block is about samples, or about files that the page has made."""
    return block.language == "sh" and ("samples/" in block.text or "tet-offer/" in block.text)


TRIED = [name for name in pages() if any(map(is_tried, blocks(page(name))))]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api_key: str) -> Path:
    """A folder with the samples, which is the current one."""
    assert api_key
    left_out = shutil.ignore_patterns("*.journal.db*", "*.results*.xlsx")
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=left_out)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tutorials_and_most_recipes_can_be_tried() -> None:
    assert {"tutorial.md", "vi/huong-dan.md"} <= set(TRIED)
    assert len([name for name in TRIED if name.startswith("how-to/")]) >= 10


@pytest.mark.parametrize("name", TRIED)
def test_what_can_be_tried_ends_with_the_exit_code_that_is_said(
    command: Campaign, server: RunningSandbox, folder: Path, name: str
) -> None:
    output = ""
    for step in steps(page(name)):
        if isinstance(step, Edit):
            edit(folder, step)
        elif step.title:
            (folder / step.title).write_text(step.text, encoding="utf-8")
        elif is_tried(step):
            url = server.url if step.note == WITH_A_SERVER else ""
            output = "".join(do(command, folder, line, url) for line in step.text.splitlines())
        elif step.language == "text" and output and step.note != NOT_COMPARED:
            assert [line for line in shown(step) if line not in output] == []
    if name.startswith("vi/") or name == "tutorial.md":
        assert len(server.ledger.taken()) == 3 + 12  # a test to oneself, and all rows of the list


def edit(folder: Path, step: Edit) -> None:
    file = folder / step.file
    text = file.read_text(encoding="utf-8")
    assert text.count(step.old) == 1, step
    file.write_text(text.replace(step.old, step.new), encoding="utf-8")


def shown(block: Block) -> list[str]:
    """The lines of an output that a page shows; … stands for what it leaves out."""
    return [part.rstrip() for line in block.text.splitlines() for part in re.split(r"(?:^| )…(?:$| )", line)]


def do(command: Campaign, folder: Path, line: str, server: str) -> str:
    """Do what a line of a block says, and return what it prints."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "mkdir":
        (folder / arguments[0]).mkdir()
        return ""
    if program == "cp":
        shutil.copy(folder / arguments[0], folder / arguments[1])
        return ""
    assert program == "campaign", line
    sends = arguments[0] in ("run", "resume", "test")
    more = ["--rate", "1000/s"] if sends and "--rate" not in arguments else []
    if server:
        more += ["--yes"] if sends and "--yes" not in arguments else []
        more += ["--server", server] if arguments[0] in ("run", "test", "check") else []
    else:
        assert not sends or {"--sandbox", "--dry-run"} & set(arguments), f"would be sent: {line}"
    said = command(*arguments, *more)
    expected = EXIT_CODE.search(line)
    assert said.code == (int(expected[1]) if expected else 0), f"{line}\n{said.stdout}{said.stderr}"
    return said.stdout + said.stderr

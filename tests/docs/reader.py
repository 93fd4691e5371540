"""A reader who does what a page says: writes its files, edits them, and types its commands."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaign.cli.databases import JOURNAL_VARIABLE
from tests.docs.markdown import Block, Edit
from tests.integration.conftest import Campaign

WITH_A_SERVER, AND_A_DATABASE = "with a server", "and a database"
"""The comment before commands that send, which then get the address of a sandbox."""
NOT_COMPARED = "not compared"
"""The comment before an output that depends on the time, or comes from a terminal."""
EXIT_CODE = re.compile(r"# exit code (\d+)")
SENDING, ASKING = ("run", "resume", "test"), ("rooms", "conversations")


def is_tried(block: Block) -> bool:
    """Whether a block is about samples, or about files that the page has made."""
    return block.language == "sh" and re.search(r"samples/|[\w-]+/campaign\.toml", block.text) is not None


@dataclass
class Reader:
    """A reader, in a folder with the samples.

    Attributes:
        folder: the folder, which is the current one.
        command: runs campaign.
        server: the address of a sandbox.
        database: returns the address of a database.
        variables: sets variables of the environment.
        output: what the last block has printed.
    """

    folder: Path
    command: Campaign
    server: str
    database: Callable[[], str]
    variables: pytest.MonkeyPatch
    output: str = ""

    def follow(self, step: Block | Edit) -> None:
        """Do what a step says, and compare what is printed with what the page shows."""
        if isinstance(step, Edit):
            self._edit(step)
        elif step.title:
            (self.folder / step.title).write_text(step.text, encoding="utf-8")
        elif is_tried(step):
            if step.note.endswith(AND_A_DATABASE):
                self.variables.setenv(JOURNAL_VARIABLE, self.database())
            sends = step.note.startswith(WITH_A_SERVER)
            self.output = "".join(self._type(line, sends=sends) for line in step.text.splitlines())
        elif step.language == "text" and self.output and step.note != NOT_COMPARED:
            assert [line for line in _shown(step) if line not in self.output] == []

    def _edit(self, step: Edit) -> None:
        file = self.folder / step.file
        text = file.read_text(encoding="utf-8")
        assert text.count(step.old) == 1, step
        file.write_text(text.replace(step.old, step.new), encoding="utf-8")

    def _type(self, line: str, *, sends: bool) -> str:
        """Do what a line says, and return what it prints."""
        words = shlex.split(line, comments=True)
        with self.variables.context() as variables:
            while found := re.fullmatch(r"([A-Z_]+)=(.*)", words[0]):
                variables.setenv(found[1], found[2])
                words = words[1:]
            match words:
                case ["mkdir", name]:
                    (self.folder / name).mkdir()
                    return ""
                case ["cp", source, target]:
                    shutil.copy(self.folder / source, self.folder / target)
                    return ""
            assert words[0] == "campaign", line
            return self._run(line, words[1:], sends=sends)

    def _run(self, line: str, arguments: list[str], *, sends: bool) -> str:
        name, more = arguments[0], list[str]()
        if name in SENDING + ASKING:
            assert sends or {"--sandbox", "--dry-run"} & set(arguments), f"would be sent: {line}"
            more += ["--rate", "1000/s"] if "--rate" not in arguments else []
            more += ["--yes"] if sends and name != "conversations" and "--yes" not in arguments else []
        if sends and name in ("run", "test", "check", *ASKING):
            more += ["--server", self.server]
        said = self.command(*arguments, *more)
        expected = EXIT_CODE.search(line)
        assert said.code == (int(expected[1]) if expected else 0), f"{line}\n{said.stdout}{said.stderr}"
        return said.stdout + said.stderr


def _shown(block: Block) -> list[str]:
    """The lines of an output that a page shows; … is in place of what it leaves out."""
    return [part.rstrip() for line in block.text.splitlines() for part in re.split(r"(?:^| )…(?:$| )", line)]

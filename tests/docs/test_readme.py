"""The README is short, its figures are those of the documentation, and its commands work from a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.docs.fresh_machine import write_stand_ins
from tests.docs.markdown import ROOT, blocks, page

README = page("../README.md")
LONGEST = 150
TESTS = "-m pytest"
"""What the second command has: `.ci/run` takes it from the README and runs it."""

CACHES = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "*.journal.db*", "*.results*.xlsx", "site")
PORT = "3000"
MADE = (
    "samples/livechat-text.sandbox.results.xlsx",
    "tet-offer/tet-offer.sandbox.results.xlsx",
    "tet-offer/tet-offer.test.results.xlsx",
    "tet-offer/tet-offer.results.xlsx",
    "tet-offer/report.html",
)
"""Files that the README's commands write."""


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_command_of_the_tests_is_the_one_that_ci_runs() -> None:
    lines = [line for block in blocks(README) for line in block.text.splitlines() if TESTS in line]
    assert lines == [re.findall(r"^(.*\.venv/bin/python -m pytest.*)$", README, re.MULTILINE)[0]]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert r"sed -n 's/^\(.*\.venv\/bin\/python -m pytest.*\)$/\1/p' README.md" in script


@pytest.mark.parametrize(
    ("begin", "where", "least"),
    [
        pytest.param("tested by killing", "explanation/promises.md", 5, id="kills"),
        pytest.param("Speed is measured", "explanation/speed.md", 4, id="speed"),
    ],
)
def test_the_figures_are_those_of_the_documentation(begin: str, where: str, least: int) -> None:
    told = re.search(rf"{begin}.*?(?=\[All figures)", README, re.DOTALL)
    assert told is not None
    figures = re.findall(r"\d+(?:[,.]\d+)+|\d+ MB", told[0])
    assert len(figures) >= least
    text = page(where)
    assert not [figure for figure in figures if figure not in text]


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", README)
    assert len(links) > 10
    assert not [link for link in links if "://" not in link and not (ROOT / link).exists()]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the blocks are for a POSIX shell")
def test_every_shell_block_works_as_pasted_in_order_from_a_fresh_clone(tmp_path: Path) -> None:
    clone = Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=CACHES))
    port = str(free_port())
    tour = [block for block in blocks(README) if block.language == "sh" and TESTS not in block.text]
    lines = [line.replace(PORT, port) for block in tour for line in block.text.splitlines()]
    script = "".join(f'{line}\necho "exit code $?" >> ../codes\n' for line in lines)
    environment = {"PATH": f"{write_stand_ins(tmp_path)}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["/bin/bash", "-c", script], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    codes = (tmp_path / "codes").read_text(encoding="utf-8").splitlines()
    expected = [found[0] if (found := re.findall(r"exit code \d+", line)) else "exit code 0" for line in lines]
    assert list(zip(codes, lines, strict=True)) == list(zip(expected, lines, strict=True)), done.stdout + done.stderr
    assert "Rehearsal 1 is finished: all 60 rows are sent to the sandbox." in done.stderr
    assert "Run 1 is finished: all 3 rows are sent." in done.stderr
    for name in MADE:
        assert (clone / name).stat().st_size > 1000, name


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

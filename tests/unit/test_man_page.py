"""The man page agrees with the commands, and man can read it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from campaign.cli.main import COMMANDS
from tools.man_page import PAGE, man_page, version_of_project


def test_the_page_is_that_of_the_commands_as_they_are() -> None:
    assert PAGE.read_text(encoding="ascii") == man_page(version_of_project()), "python -m tools.man_page writes it anew"


def test_the_page_has_every_command_and_no_request_by_accident() -> None:
    lines = man_page("1.0.0").splitlines()
    assert [name for name in COMMANDS if not any(line.startswith(f".SS campaign {name}") for line in lines)] == []
    requests = {line.split(" ")[0] for line in lines if line.startswith((".", "'"))}
    assert requests == {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".I", ".RS", ".RE", ".nf", ".fi"}


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_has_nothing_to_say_against_it() -> None:
    words = [shutil.which("groff") or "", "-man", "-Tutf8", "-ww", "-P-cbu", str(PAGE)]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    assert "campaign doctor [FILE]" in done.stdout.decode()

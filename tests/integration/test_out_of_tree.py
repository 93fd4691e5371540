"""A channel of another distribution works with every command, without a change in campaign itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from campaign.channels import CHANNELS
from campaign.sandbox import SandboxSettings
from campaign.starter import make_starter
from tests.integration.chromium import PROGRAM, open_tab
from tests.integration.conftest import Campaign, StartSandbox
from tests.out_of_tree.campaign_pager import PAGER

HOME = Path(__file__).parents[1] / "out_of_tree"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the distribution as pip installs it."""
    site = tmp_path / "site"
    about = site / "campaign_pager-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: campaign-pager\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[campaign.channels]\npager = campaign_pager:PAGER\n")
    shutil.copy(HOME / "campaign_pager.py", site)
    shutil.copytree(HOME / "starter", site / "starter")
    return site


def test_a_process_finds_the_channel_of_an_installed_distribution(installed: Path, tmp_path: Path) -> None:
    paths = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))
    folder = tmp_path / "pages"
    for words in (("new", folder, "--channel", "pager"), ("check", folder / "campaign.toml")):
        command = [sys.executable, "-m", "campaign", *map(str, words)]
        environment = {**os.environ, "PYTHONPATH": paths}
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environment, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Path]:
    """The campaign file of a starter of the channel, in a process that has loaded it."""
    with CHANNELS.temporarily(PAGER):
        make_starter(tmp_path / "pages", PAGER)
        yield tmp_path / "pages" / "campaign.toml"


def test_check_finds_the_channels_problems(command: Campaign, pages: Path) -> None:
    pages.with_name("recipients.csv").write_text("number,text\n0903123456,\n")
    result = command("check", pages, "--json")
    assert result.code == 1
    [problem] = result.json["problems"]
    assert problem["where"] == "B2"


def test_the_preview_is_drawn_on_the_terminal(command: Campaign, pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    result = command("preview", pages)
    assert result.code == 0, result.stderr
    assert "╭─ Control room ─╮" in result.stdout
    assert "│ Gate 4, please │" in result.stdout
    assert PAGER.remark in result.stdout


@pytest.fixture
async def drawn(command: Campaign, pages: Path, tmp_path: Path) -> AsyncIterator[list[str]]:
    """The text of the bubbles on the preview page."""
    page = tmp_path / "preview.html"
    result = command("preview", pages, "--html", page)
    assert result.code == 0, result.stderr
    if PROGRAM is None:
        pytest.skip("there is no browser: install Debian's package chromium")
    async with open_tab(tmp_path) as tab:
        await tab.open(page.as_uri())
        yield await tab.run("[...document.querySelectorAll('.chat *')].map((each) => each.textContent)")


async def test_the_preview_is_drawn_on_the_page(drawn: list[str]) -> None:
    assert drawn[0] == "Control room"
    assert "Gate 4, please" in drawn
    assert "Bring the <b>keys</b>" in drawn


def test_a_rehearsal_runs_to_its_workbook(command: Campaign, pages: Path) -> None:
    result = command("run", pages, "--sandbox", "--yes", "--json", "--rate", "100/s")
    assert result.code == 0, result.stderr
    assert (result.json["rows"], result.json["sent"]) == (2, 2)
    titles, *rows = load_workbook(result.json["results"])["Results"].iter_rows(values_only=True)
    assert [dict(zip(titles, row, strict=True))["Status"] for row in rows] == ["sent", "sent"]


def test_the_key_comes_from_the_channels_own_environment_variables(
    command: Campaign, pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER_USER", "kim")
    result = command("run", pages, "--yes")
    assert result.code == 2
    assert result.stderr.rstrip().endswith(
        "PAGER_TOKEN: pager needs an access token and none is set; "
        "set PAGER_TOKEN, or PAGER_TOKEN_FILE to the file that holds it"
    )


@pytest.mark.parametrize("token", ["right", "wrong"])
def test_both_headers_reach_the_server(
    token: str, start_sandbox: StartSandbox, command: Campaign, pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER_USER", "kim")
    monkeypatch.setenv("PAGER_TOKEN", token)
    server = start_sandbox(SandboxSettings(credentials={"user": "kim", "token": "right"}))
    result = command("run", pages, "--server", server.url, "--yes", "--json")
    assert result.code == (0 if token == "right" else 3)
    assert [(entry.channel, entry.has_credentials) for entry in server.ledger.entries][:1] == [("pager", True)]


def test_credentials_are_never_sent_unencrypted(
    command: Campaign, pages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER_USER", "kim")
    monkeypatch.setenv("PAGER_TOKEN", "t")
    result = command("run", pages, "--yes", "--server", "http://pager.example.com")
    assert result.code == 2
    assert "the user name and access token must not travel in the clear" in result.stderr

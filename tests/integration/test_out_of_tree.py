"""A channel of another distribution works with every command, without a change in campaign itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
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

Process = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the distribution as pip installs it."""
    site = tmp_path_factory.mktemp("installed") / "site"
    about = site / "campaign_pager-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: campaign-pager\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[campaign.channels]\npager = campaign_pager:PAGER\n")
    shutil.copy(HOME / "campaign_pager.py", site)
    shutil.copytree(HOME / "starter", site / "starter")
    return site


@pytest.fixture(scope="module")
def process(installed: Path) -> Process:
    """Run the command line in a process that can import the distribution."""
    paths = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths}

    def run(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "campaign", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, env={**environment, **more}, timeout=60
        )

    return run


@pytest.fixture(scope="module")
def starter(process: Process, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of the channel, made by `campaign new`."""
    folder = tmp_path_factory.mktemp("made") / "pages"
    made = process("new", folder, "--channel", "pager")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def pages(starter: Path, tmp_path: Path) -> Path:
    """A copy of the campaign, for one test."""
    return Path(shutil.copytree(starter, tmp_path / "pages")) / "campaign.toml"


def test_check_finds_the_channel_and_its_problems(process: Process, pages: Path) -> None:
    assert process("check", pages).returncode == 0
    pages.with_name("recipients.csv").write_text("number,text\n0903123456,\n")
    result = process("check", pages, "--json")
    assert result.returncode == 1
    [problem] = json.loads(result.stdout)["problems"]
    assert problem["where"] == "B2"


def test_the_preview_is_drawn_on_the_terminal(process: Process, pages: Path) -> None:
    result = process("preview", pages, COLUMNS="60")
    assert result.returncode == 0, result.stderr
    assert "╭─ Control room ─╮" in result.stdout
    assert "│ Gate 4, please │" in result.stdout
    assert PAGER.remark in result.stdout


@pytest.fixture
async def drawn(process: Process, pages: Path, tmp_path: Path) -> AsyncIterator[list[str]]:
    """The text of the bubbles on the preview page."""
    page = tmp_path / "preview.html"
    result = process("preview", pages, "--html", page)
    assert result.returncode == 0, result.stderr
    if PROGRAM is None:
        pytest.skip("there is no browser: install Debian's package chromium")
    async with open_tab(tmp_path) as tab:
        await tab.open(page.as_uri())
        yield await tab.run("[...document.querySelectorAll('.chat *')].map((each) => each.textContent)")


async def test_the_preview_is_drawn_on_the_page(drawn: list[str]) -> None:
    assert drawn[0] == "Control room"
    assert "Gate 4, please" in drawn
    assert "Bring the <b>keys</b>" in drawn


def test_a_rehearsal_runs_to_its_workbook(process: Process, pages: Path) -> None:
    result = process("run", pages, "--sandbox", "--yes", "--json", "--rate", "100/s")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["rows"], report["sent"]) == (2, 2)
    titles, *rows = load_workbook(report["results"])["Results"].iter_rows(values_only=True)
    assert [dict(zip(titles, row, strict=True))["Status"] for row in rows] == ["sent", "sent"]


def test_the_key_comes_from_the_channels_own_environment_variables(process: Process, pages: Path) -> None:
    result = process("run", pages, "--yes", PAGER_USER="kim")
    assert result.returncode == 2
    assert result.stderr.rstrip().endswith(
        "PAGER_TOKEN: pager needs an access token and none is set; "
        "set PAGER_TOKEN, or PAGER_TOKEN_FILE to the file that holds it"
    )


@pytest.mark.parametrize("token", ["right", "wrong"])
def test_both_headers_reach_the_server(
    token: str,
    start_sandbox: StartSandbox,
    command: Campaign,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAGER_USER", "kim")
    monkeypatch.setenv("PAGER_TOKEN", token)
    with CHANNELS.temporarily(PAGER):
        accepted = {"user": "kim", "token": "right"}
        server = start_sandbox(SandboxSettings(credentials=accepted))
        make_starter(tmp_path / "pages", PAGER)
        result = command("run", tmp_path / "pages" / "campaign.toml", "--server", server.url, "--yes", "--json")
    assert result.code == (0 if token == "right" else 3)
    assert [(entry.channel, entry.has_credentials) for entry in server.ledger.entries][:1] == [("pager", True)]


def test_credentials_are_never_sent_unencrypted(process: Process, pages: Path) -> None:
    result = process("run", pages, "--yes", "--server", "http://pager.example.com", PAGER_USER="kim", PAGER_TOKEN="t")
    assert result.returncode == 2
    assert "the user name and access token must not travel in the clear" in result.stderr

"""Files that people own are never written over: edited workbooks, and the files of a campaign."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.integration.conftest import FAST, livechat_list, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

LIVECHAT = ("--template", "livechat-text")


def correct(workbook: Path, text: str = "CORRECTED BY HAND") -> bytes:
    book = openpyxl.load_workbook(workbook)
    book["To fix"]["B2"] = text
    book.save(workbook)
    return workbook.read_bytes()


@pytest.mark.parametrize("word", ["results", "resume"])
def test_corrections_in_a_workbook_are_kept(
    command: Campaign, server: RunningSandbox, tmp_path: Path, word: str
) -> None:
    rows: list[list[object]] = [["token", "rid", "msg"], ["t", "closed-r", "x"], ["t2", "r2", "y"]]
    recipients = write_workbook(tmp_path / "list.xlsx", rows)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, *(["--limit", "1"] * (word == "resume")))
    corrected = correct(tmp_path / "list.results.xlsx")
    options = ("--yes", "--json") if word == "resume" else ("--json",)
    for _ in range(2):
        said = command(word, recipients, *options)
        assert said.json["results"] == str(tmp_path / "list.results (1).xlsx")
        assert "list.results (1).xlsx" in said.stderr
    assert (tmp_path / "list.results.xlsx").read_bytes() == corrected
    assert not list(tmp_path.glob("*(2)*"))


def test_a_file_of_somebody_else_is_not_taken_for_an_old_workbook(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.xlsx"
    mine.write_bytes(b"anything")
    options = (livechat_list(tmp_path / "list.csv", 2), *LIVECHAT, "--server", server.url, "--results", mine)
    assert command("run", *options, *FAST).json["results"] == str(tmp_path / "mine (1).xlsx")
    assert mine.read_bytes() == b"anything"


@pytest.fixture
def campaign(command: Campaign, server: RunningSandbox, tmp_path: Path) -> Path:
    """A campaign with a list, a template, a journal and a workbook."""
    livechat_list(tmp_path / "list.csv", 2)
    (tmp_path / "t.toml").write_text(
        'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "{{ msg }}"\n', "utf-8"
    )
    path = tmp_path / "c.toml"
    path.write_text(
        f'name = "c"\ntemplate = "t.toml"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n', "utf-8"
    )
    assert command("run", path, *FAST).code == 0
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("list.csv", "choose a name such as list.html", id="the list"),
        pytest.param("link-to-list.html", "the page would replace the list", id="a link to the list"),
        pytest.param("link-to-t.html", "the page would replace the template", id="a link to the template"),
        pytest.param("link-to-c.html", "the page would replace the campaign file", id="a link to the campaign file"),
        pytest.param("t.toml", "choose a name such as t.html", id="the template"),
        pytest.param("c.toml", "choose a name such as c.html", id="the campaign file"),
        pytest.param("c.journal.db", "choose a name such as c.journal.html", id="the journal"),
        pytest.param("c.results.xlsx", "choose a name such as c.results.html", id="the workbook"),
        pytest.param("page", "choose a name such as page.html", id="a name without an ending"),
    ],
)
def test_a_preview_is_a_page_and_takes_no_file_of_the_campaign(
    command: Campaign, campaign: Path, name: str, words: str
) -> None:
    folder = campaign.parent
    for own in ("list.csv", "t.toml", "c.toml"):
        os.link(folder / own, (folder / f"link-to-{own}").with_suffix(".html"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    said = command("preview", campaign, "--html", folder / name)
    assert said.code == 2
    assert words in said.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["page.html", "page.HTM"])
def test_a_page_of_its_own_is_written_and_written_again(command: Campaign, campaign: Path, name: str) -> None:
    for _ in range(2):
        assert command("preview", campaign, "--html", campaign.parent / name).code == 0
    assert (campaign.parent / name).read_text("utf-8").startswith("<!")


@pytest.mark.parametrize("mine", ["report", "page of somebody else"])
def test_a_preview_replaces_no_other_page(command: Campaign, campaign: Path, mine: str) -> None:
    page = campaign.parent / "page.html"
    if mine == "report":
        assert command("results", campaign, "--html", page).code == 0
    else:
        page.write_text("<!DOCTYPE html><title>Mine</title>", "utf-8")
    before = page.read_bytes()
    for _ in range(2):
        said = command("preview", campaign, "--html", page)
        assert said.code == 0
        assert f"{page}: is no preview that campaign wrote there" in said.stderr
        assert "page (1).html" in said.stderr
    assert page.read_bytes() == before
    assert {path.name for path in campaign.parent.glob("*.html")} == {"page.html", "page (1).html"}


def test_a_preview_may_be_written_to_an_empty_file(command: Campaign, campaign: Path) -> None:
    page = campaign.parent / "page.html"
    page.touch()
    assert command("preview", campaign, "--html", page).code == 0
    assert page.stat().st_size

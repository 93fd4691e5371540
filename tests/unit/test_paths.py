"""A path may begin with ~, is never a web address, and never lost its backslashes without a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.campaign_file import load, load_campaign
from campaign.errors import CampaignFileError
from campaign.paths import expanded, web_address

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, object], Path]
    Refusal = Callable[..., list[str]]

SHEET = "https://docs.google.com/spreadsheets/d/1a/edit?usp=sharing#gid=0"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        pytest.param("https://example.com/list.xlsx", "https://example.com/list.xlsx", id="address"),
        pytest.param("https:/example.com/list.xlsx", "https://example.com/list.xlsx", id="as a path"),
        pytest.param(r"https:\example.com\list.xlsx", "https://example.com/list.xlsx", id="as a path of Windows"),
        pytest.param("HTTP://example.com", "HTTP://example.com", id="capitals"),
        pytest.param(SHEET, "https://docs.google.com/spreadsheets/d/1a/edit…", id="without what opens it"),
        pytest.param("docs.google.com/spreadsheets/d/1a", "docs.google.com/spreadsheets/d/1a", id="without a scheme"),
        pytest.param("1drv.ms/x/s!Abc", "1drv.ms/x/s!Abc", id="OneDrive"),
        pytest.param("https://e.com/" + "x" * 99, "https://e.com/" + "x" * 46 + "…", id="long"),
        pytest.param("list.xlsx", "", id="file"),
        pytest.param("https", "", id="scheme alone"),
        pytest.param("lists/https:/x.csv", "", id="folder named like a scheme"),
        pytest.param(r"C:\list.xlsx", "", id="drive"),
        pytest.param("dropbox.com.xlsx", "", id="file named like a host"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_web_address_is_recognised(text: str, address: str) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        pytest.param("~/list.xlsx", "/home/an/list.xlsx", id="file"),
        pytest.param("~", "/home/an", id="folder itself"),
        pytest.param("~$list.xlsx", "~$list.xlsx", id="lock file of a workbook"),
        pytest.param("lists/~/x.csv", "lists/~/x.csv", id="elsewhere"),
    ],
)
def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, path: str, whole: str) -> None:
    monkeypatch.setenv("HOME", "/home/an")
    monkeypatch.setenv("USERPROFILE", "/home/an")
    assert expanded(Path(path)) == Path(whole)


def test_without_a_home_folder_a_tilde_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(_path: Path) -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "expanduser", no_home)
    assert expanded(Path("~/x")) == Path("~/x")


def test_a_campaign_file_may_name_files_of_the_home_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write("c.toml", 'template = "~/t.json"\n[recipients]\nfile = "~/list.xlsx"\n')
    campaign = load("~/c.toml")
    assert campaign.recipients.file == tmp_path / "list.xlsx"
    assert campaign.template == str(tmp_path / "t.json")
    assert load("~/c.toml", recipients="~/other.csv").recipients.file == tmp_path / "other.csv"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            rf'template = "t"\n[recipients]\nfile = "{SHEET}"'.replace(r"\n", "\n"),
            "recipients.file: https://docs.google.com/spreadsheets/d/1a/edit… is a web address; "
            "download it as .xlsx or CSV first",
            id="list",
        ),
        pytest.param(
            'template = "http://example.com/t.json"\n[recipients]\nfile = "x"',
            "template: http://example.com/t.json is a web address; save the template as a file first",
            id="template",
        ),
        pytest.param(
            'template = "t"\n[recipients]\nfile = "C:\\tmp\\names.csv"',
            'recipients.file: the path is in "…", where \\t and \\n are control characters; '
            "write it as 'C:\\tmp\\names.csv', or with /: \"C:/tmp/names.csv\"",
            id="tab and line feed",
        ),
        pytest.param(
            'template = "\\u0007.json"\n[recipients]\nfile = "x"',
            'template: the path is in "…", where \\u0007 is a control character; '
            "write it as '\\u0007.json', or with /: \"/u0007.json\"",
            id="other control character",
        ),
    ],
)
def test_a_path_of_the_campaign_file_that_cannot_be_meant_is_refused(
    write: Write, campaign_refusal: Refusal, text: str, problem: str
) -> None:
    assert campaign_refusal(write("c.toml", text)) == [problem]


def test_a_file_whose_name_has_a_tab_can_be_named(write: Write, tmp_path: Path) -> None:
    try:
        (tmp_path / "a\tb.csv").write_text("token\n", encoding="utf-8")
    except OSError:
        pytest.skip("this system has no such names")
    file = write("c.toml", 'template = "t"\n[recipients]\nfile = "a\\tb.csv"')
    assert load_campaign(file).recipients.file.name == "a\tb.csv"


def test_an_address_is_refused_as_the_file_the_list_and_the_template(write: Write) -> None:
    file = write("c.toml", 'template = "t"\n[recipients]\nfile = "x.csv"')
    for given in ({"file": Path(SHEET)}, {"file": file, "recipients": SHEET}, {"file": file, "template": SHEET}):
        with pytest.raises(CampaignFileError, match=r"^https://docs\.google\.com/\S+…: is a web address; \S+"):
            load(**given)

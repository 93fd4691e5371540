from __future__ import annotations

from pathlib import Path

import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import CHANNELS, KITECHAT, LIVECHAT, Channel
from campaign.errors import UsageError
from campaign.journal import State
from campaign.planning import prepare
from campaign.starter import make_starter, name_after

EACH_STARTER = pytest.mark.parametrize("channel", [pytest.param(each, id=name) for name, each in CHANNELS.items()])


@EACH_STARTER
def test_a_starter_is_a_campaign_file_a_template_and_a_workbook(tmp_path: Path, channel: Channel) -> None:
    made = make_starter(tmp_path / "new" / "campaign", channel)
    assert [file.name for file in made] == ["campaign.toml", "message.toml", "recipients.xlsx"]
    assert sorted(made) == sorted((tmp_path / "new" / "campaign").iterdir())


@EACH_STARTER
def test_every_row_of_a_starter_can_be_sent(tmp_path: Path, channel: Channel) -> None:
    make_starter(tmp_path, channel)
    prepared = prepare(load_campaign(tmp_path / "campaign.toml"))
    assert prepared.channel is channel
    states = [row.state for row in prepared.rows]
    assert states
    assert set(states) == {State.PENDING}


@EACH_STARTER
def test_a_starter_can_be_made_in_a_folder_with_other_files(tmp_path: Path, channel: Channel) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    make_starter(tmp_path, channel)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@EACH_STARTER
def test_a_starter_overwrites_nothing_and_is_made_whole_or_not_at_all(tmp_path: Path, channel: Channel) -> None:
    (tmp_path / "message.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"message\.toml: is there already; choose another folder$"):
        make_starter(tmp_path, channel)
    assert [file.name for file in tmp_path.iterdir()] == ["message.toml"]
    assert (tmp_path / "message.toml").read_text(encoding="utf-8") == "mine"


def test_every_existing_file_is_named(tmp_path: Path) -> None:
    make_starter(tmp_path, LIVECHAT)
    with pytest.raises(UsageError, match="is there already") as caught:
        make_starter(tmp_path, KITECHAT)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "name", [pytest.param("file", id="a file"), pytest.param("x" * 300, id="a name too long for a folder")]
)
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r": cannot be written \("):
        make_starter(tmp_path / name, LIVECHAT)


@EACH_STARTER
def test_a_campaign_is_named_after_its_folder(tmp_path: Path, channel: Channel) -> None:
    make_starter(tmp_path / "Ưu đãi Tết", channel)
    assert load_campaign(tmp_path / "Ưu đãi Tết" / "campaign.toml").name == "Ưu đãi Tết"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        pytest.param("tet-offer", "tet-offer", id="plain"),
        pytest.param("Te\u0302\u0301t", "Tết", id="combining marks"),
        pytest.param('a"b\\c:d*e', "a-b-c-d-e", id="characters that no file has on Windows"),
        pytest.param("a\tb", "a-b", id="control character"),
        pytest.param("tet 2027. ", "tet 2027", id="dot and blank at the end"),
        pytest.param(".hidden", "hidden", id="dot at the beginning"),
        pytest.param("offer.test", "offer-test", id="name of a test"),
        pytest.param("Offer.Sandbox", "Offer-Sandbox", id="name of a rehearsal"),
        pytest.param("x" * 200, "x" * 150, id="long"),
        pytest.param("ế" * 80, "ế" * 50, id="long in bytes"),
        pytest.param("..…", "…", id="dots"),
        pytest.param("***", "", id="nothing left"),
    ],
)
def test_the_name_of_a_folder_is_made_one_of_a_file(folder: str, name: str) -> None:
    assert name_after(Path("/campaigns") / folder) == name


def test_the_folder_itself_may_be_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tet").mkdir()
    monkeypatch.chdir(tmp_path / "tet")
    make_starter(Path(), LIVECHAT)
    assert load_campaign(Path("campaign.toml")).name == "tet"


def test_a_folder_without_a_usable_name_keeps_that_of_the_starter(tmp_path: Path) -> None:
    make_starter(tmp_path / "---", LIVECHAT)
    assert load_campaign(tmp_path / "---" / "campaign.toml").name == "my-campaign"

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import CHANNELS, KITECHAT, LIVECHAT, Channel
from campaign.errors import UsageError
from campaign.journal import State
from campaign.planning import prepare
from campaign.starter import make_starter

if TYPE_CHECKING:
    from pathlib import Path

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

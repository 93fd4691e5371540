"""Preparing a campaign: its list, template and channel fit together, or the error says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from campaign.campaign_file import load_campaign
from campaign.errors import CampaignFileError, RecipientsError, TemplateError
from campaign.planning import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping


from tests.unit.plans import URL, planned, prepared


def test_a_campaign_is_prepared_from_its_three_parts(tmp_path: Path) -> None:
    campaign = prepared(tmp_path, "token,rid,msg\nt,r,Hi\n")
    assert campaign.channel.name == "livechat"
    assert campaign.server == URL
    assert [column.header for column in campaign.recipients.columns] == ["token", "rid", "msg"]
    assert campaign.template_file.path.name == "livechat-text.toml"


def test_the_sandbox_replaces_the_server(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("token,rid,msg\nt,r,Hi\n", encoding="utf-8")
    campaign = load_campaign(tmp_path / "list.csv", {"template": "livechat-text"})
    rehearsal = prepare(campaign, rehearsal=True)
    assert (rehearsal.server, rehearsal.server_name) == ("", "the sandbox")
    with pytest.raises(CampaignFileError, match="livechat needs the address of your server"):
        prepare(campaign)


def test_read_options_are_passed_on(tmp_path: Path) -> None:
    recipients = {"header_row": 2, "delimiter": "semicolon", "encoding": "cp1258"}
    (tmp_path / "x.txt").write_text("", encoding="utf-8")
    path = tmp_path / "list.csv"
    path.write_bytes("an export of today\ntoken;rid;msg\nt;r;Đi\n".encode("cp1258"))
    given = {"template": "livechat-text", "server": {"url": URL}, "recipients": recipients}
    [message] = planned(prepare(load_campaign(path, given)))
    assert message.body is not None
    assert json.loads(message.body)["msg"] == "Đi"


def test_a_template_that_does_not_fit_the_list_is_refused_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="“msg” has no column, no value and no default"):
        prepared(tmp_path, "token,rid,text\nt,r,Hi\n")


def test_a_template_that_does_not_fit_the_list_is_refused_with_read_hints(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="“token”, “rid” and “msg” have no column") as caught:
        prepared(tmp_path, "Customers in May\n\nmã;phòng;tin\nt;r;Hi\n")
    assert [str(problem) for problem in caught.value.problems[1:]] == [
        "list.csv, as it was read: UTF-8, separated by commas",
        "list.csv, as it was read: row 3 looks more like the header row; if it is, set header_row = 3 (--header-row 3)",
    ]


@pytest.mark.parametrize(
    ("header", "overrides", "named"),
    [
        pytest.param("token,rid,msg", {}, "“token”, “rid” and “msg”", id="variables"),
        pytest.param("token;rid;msg", {}, "“token”, “rid” and “msg”", id="other delimiter"),
        pytest.param(
            "Token,Room,Message",
            {"columns": {"rid": "Room", "msg": "Message"}},
            "“token”, “Room” and “Message”",
            id="mapped headers",
        ),
    ],
)
@pytest.mark.parametrize("above", ["Customers,May,Hanoi\nall,of,them", "Customers\n", "Hanoi,May\nAn,Binh"])
def test_the_row_that_has_the_headers_is_named_in_one_sentence(
    tmp_path: Path, above: str, header: str, overrides: Mapping[str, Any], named: str
) -> None:
    with pytest.raises(RecipientsError, match="in row 3") as caught:
        prepared(tmp_path, f"{above}\n{header}\nt,r,Hi\n", **overrides)
    assert [str(problem) for problem in caught.value.problems] == [
        (
            f"list.csv: the headers {named} are in row 3, and not in row 1; "
            "set header_row = 3 under [recipients], or add --header-row 3"
        )
    ]


def test_a_header_named_by_the_template_is_searched_in_the_rows_too(tmp_path: Path) -> None:
    (tmp_path / "message.json").write_text(
        '{"token": "t", "rid": "r", "msg": "{{ row[\'Tin nhắn\'] }}"}', encoding="utf-8"
    )
    with pytest.raises(RecipientsError, match="the header “Tin nhắn” is in row 3, and not in row 1"):
        prepared(tmp_path, "Khách,Tháng 5\n\nTên,Tin nhắn\nAn,Chào\n", template="message.json")


def test_headers_repeated_among_the_rows_are_not_suggested(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="“msg” has no column") as caught:
        prepared(tmp_path, "token,rid,text\nt,r,Hi\ntoken,rid,text\n")
    assert "header_row" not in str(caught.value)


def test_a_mistake_of_the_template_itself_has_no_read_hints(tmp_path: Path) -> None:
    (tmp_path / "message.json").write_text('{"token": "{{ token", "rid": "r", "msg": "m"}', encoding="utf-8")
    with pytest.raises(TemplateError, match=r"message\.json") as caught:
        prepared(tmp_path, "Customers\n\ntoken,rid,msg\nt,r,Hi\n", template="message.json")
    assert "as it was read" not in str(caught.value)


def test_a_value_replaces_a_column(tmp_path: Path) -> None:
    campaign = prepared(tmp_path, "token,rid,text\nt,r,Hi\n", values={"msg": "Same for all"})
    [message] = planned(campaign)
    assert message.body == b'{"token":"t","rid":"r","msg":"Same for all"}'

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.campaign_file import campaign_name, is_spreadsheet, load_campaign
from campaign.errors import CampaignFileError
from campaign.schedule import ANY_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, object], Path]
    Refusal = Callable[..., list[str]]

LEAST = 'template = "livechat-text"\n[recipients]\nfile = "list.xlsx"\n'
WHOLE = """
name = "tet-offer"
template = "kitechat-offer"

[recipients]
file = "customers.xlsx"
sheet = "Khách hàng"
header_row = 3
hidden_rows = "skip"
label = "Tên"
legacy_font = "convert"

[columns]
conversation_id = "Mã hội thoại"

[values]
page_id = "108600123"

[server]
url = "https://chat.example.com"

[throttle]
rate = "600/min"
concurrency = 4

[delivery]
timeout = "45s"
give_up_after = "10min"
on_doubt = "retry"
settle = "3min"
stop_after_refusals = 0

[checks]
accept = ["blank-value"]

[schedule]
not_before = 2026-11-27T09:00:00
window = "08:00-20:00"
days = "mon-sat"
time_zone = "Asia/Ho_Chi_Minh"

[gate]
after = 20
max_failed = "12.5%"

[after]
command = ["./tell", "--channel", "ops"]
webhook = "https://hooks.example.com/x"

[journal]
url = "postgresql://an:s3cret@db/campaigns"
"""


def test_a_whole_campaign_file_is_read(write: Write, tmp_path: Path) -> None:
    campaign = load_campaign(write("tet.toml", WHOLE))
    assert campaign.model_dump(
        exclude={"recipients": {"encoding", "delimiter", "short_date", "where", "key"}, "suppress": True}
    ) == {
        "name": "tet-offer",
        "folder": tmp_path,
        "file": tmp_path / "tet.toml",
        "template": "kitechat-offer",
        "recipients": {
            "file": tmp_path / "customers.xlsx",
            "sheet": "Khách hàng",
            "header_row": 3,
            "hidden_rows": "skip",
            "label": "Tên",
            "legacy_font": "convert",
        },
        "columns": {"conversation_id": "Mã hội thoại"},
        "values": {"page_id": "108600123"},
        "server": {"url": "https://chat.example.com"},
        "throttle": {"rate": 10.0, "concurrency": 4},
        "delivery": {
            "timeout": 45.0,
            "give_up_after": 600.0,
            "on_doubt": "retry",
            "settle": 180.0,
            "stop_after_refusals": 0,
        },
        "checks": {"accept": ("blank-value",)},
        "schedule": {
            "not_before": datetime.fromisoformat("2026-11-27T09:00"),
            "window": (8 * 3600, 20 * 3600),
            "days": frozenset(range(6)),
            "time_zone": "Asia/Ho_Chi_Minh",
        },
        "gate": {"after": 20, "max_failed": 0.125},
        "after": {"command": ("./tell", "--channel", "ops"), "webhook": "https://hooks.example.com/x"},
        "journal": {"url": "postgresql://an:s3cret@db/campaigns"},
    }
    settings = campaign.delivery_settings
    assert settings.schedule == campaign.schedule.schedule
    assert settings.gate == (20, 0.125)
    assert "s3cret" not in repr(campaign)


def test_a_missing_key_has_its_documented_default(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", LEAST))
    assert campaign.name == "tet"
    assert (campaign.recipients.sheet, campaign.recipients.header_row) == (None, 1)
    assert campaign.server.url is None
    assert (campaign.throttle.rate, campaign.throttle.concurrency) == (None, 8)
    assert campaign.delivery.model_dump() == {
        "timeout": 30.0,
        "give_up_after": 600.0,
        "on_doubt": "ask",
        "settle": 120.0,
        "stop_after_refusals": 20,
    }
    assert campaign.delivery_settings.schedule == ANY_TIME
    assert campaign.delivery_settings.gate is None


def test_a_single_code_is_accepted_without_a_list(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", f'{LEAST}[checks]\naccept = "blank-value"\n'))
    assert campaign.checks.accept == ("blank-value",)


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tet.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_campaign(path).template == "livechat-text"


def test_a_campaign_is_immutable(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", LEAST))
    with pytest.raises(ValueError, match="frozen"):
        campaign.name = "other"  # type: ignore[misc]  # the assignment is what is tested


# Overrides


def test_overrides_replace_the_file_key_by_key(write: Write, tmp_path: Path) -> None:
    overrides = {
        "template": "livechat-text",
        "recipients": {"sheet": "VIP"},
        "values": {"shop": "Hà Nội"},
        "throttle": {"rate": "5/s"},
        "server": {"url": "http://127.0.0.1:3000"},
    }
    campaign = load_campaign(write("tet.toml", WHOLE), overrides)
    assert campaign.template == "livechat-text"
    assert (campaign.recipients.file, campaign.recipients.sheet) == (tmp_path / "customers.xlsx", "VIP")
    assert campaign.values == {"page_id": "108600123", "shop": "Hà Nội"}
    assert (campaign.throttle.rate, campaign.throttle.concurrency) == (5.0, 4)
    assert campaign.server.url == "http://127.0.0.1:3000"
    assert campaign.delivery.timeout == 45.0


def test_an_absolute_path_stays_as_it_is(write: Write, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / "other.csv"
    campaign = load_campaign(write("tet.toml", WHOLE), {"recipients": {"file": str(elsewhere)}})
    assert campaign.recipients.file == elsewhere


def test_overrides_can_add_missing_keys(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", "name = 'x'\n"), {"template": "t", "recipients": {"file": "list.csv"}})
    assert campaign.recipients.file.name == "list.csv"


@pytest.mark.parametrize(("other", "short_date"), [("other.xlsx", "d.m.yyyy"), ("other.CSV", "dd/mm/yyyy")])
def test_another_list_keeps_short_date_if_it_can_contain_dates(
    write: Write, tmp_path: Path, other: str, short_date: str
) -> None:
    given = LEAST + 'short_date = "d.m.yyyy"\nheader_row = 3\n'
    campaign = load_campaign(write("tet.toml", given), {"recipients": {"file": str(tmp_path / other)}})
    assert (campaign.recipients.short_date, campaign.recipients.header_row) == (short_date, 1)


def test_a_wrong_override_is_named_like_a_wrong_key(write: Write, campaign_refusal: Refusal) -> None:
    assert campaign_refusal(write("tet.toml", LEAST), throttle={"rate": "fast"}) == [
        "throttle.rate: “fast” is not a rate; write it as “auto”, “10/s” or “600/min”"
    ]


def test_a_column_of_the_command_line_replaces_a_value_of_the_file(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", WHOLE), {"columns": {"page_id": "Trang"}})
    assert campaign.columns["page_id"] == "Trang"
    assert "page_id" not in campaign.values


def test_a_value_of_the_command_line_replaces_a_column_given_there(write: Write) -> None:
    campaign = load_campaign(write("tet.toml", WHOLE), {"columns": {"page_id": "Trang"}, "values": {"page_id": "5"}})
    assert campaign.values["page_id"] == "5"


def test_values_that_are_not_a_section_are_refused_even_with_overrides(write: Write, campaign_refusal: Refusal) -> None:
    assert campaign_refusal(write("tet.toml", f"values = 5\n{LEAST}"), columns={"a": "b"}) == [
        "values: is “5” where a section belongs; write it as [values]"
    ]


# Campaigns from a spreadsheet


def test_a_spreadsheet_with_a_template_is_a_campaign(tmp_path: Path) -> None:
    campaign = load_campaign(tmp_path / "khách hàng.xlsx", {"template": "livechat-text"})
    assert campaign.name == "khách hàng"
    assert campaign.folder == tmp_path
    assert campaign.recipients.file == tmp_path / "khách hàng.xlsx"


def test_a_spreadsheet_without_a_template_is_refused(tmp_path: Path, campaign_refusal: Refusal) -> None:
    assert campaign_refusal(tmp_path / "list.csv", server={"url": "https://chat.example.com"}) == [
        "a spreadsheet needs a template; name one with --template, or write a campaign file"
    ]


@pytest.mark.parametrize(
    ("name", "spreadsheet"),
    [
        pytest.param("a.xlsx", True, id="xlsx"),
        pytest.param("a.CSV", True, id="csv"),
        pytest.param("a", True, id="no suffix"),
        pytest.param("a.toml", False, id="toml"),
        pytest.param("A.TOML", False, id="toml in capitals"),
    ],
)
def test_toml_files_are_campaign_files_and_others_are_lists(name: str, *, spreadsheet: bool) -> None:
    assert is_spreadsheet(Path(name)) is spreadsheet


# The name of the journal and the results


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(WHOLE, "tet-offer", id="as the file says"),
        pytest.param(LEAST, "tet", id="the file's stem"),
        pytest.param("name = 'x'\nno_such_key = 1\n", "x", id="though the file is wrong elsewhere"),
    ],
)
def test_a_campaign_is_identified_by_its_name(write: Write, text: str, name: str) -> None:
    assert campaign_name(write("tet.toml", text)) == name


@pytest.mark.parametrize(
    "file", [pytest.param("gone.toml", id="a missing file"), pytest.param("gone.xlsx", id="a spreadsheet")]
)
def test_a_campaign_is_identified_by_its_files_stem_even_if_the_file_is_gone(tmp_path: Path, file: str) -> None:
    assert campaign_name(tmp_path / file) == "gone"


def test_a_campaign_whose_file_cannot_be_read_has_no_name(write: Write) -> None:
    with pytest.raises(CampaignFileError, match="line 1: there is no value"):
        campaign_name(write("tet.toml", "name ="))

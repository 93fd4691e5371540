from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.campaign_file import Campaign, Section, campaign_name, is_spreadsheet, load_campaign
from campaign.errors import CampaignFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str], Path]

LEAST = 'template = "livechat-text"\n[recipients]\nfile = "list.xlsx"\n'
WHOLE = """
name = "tet-offer"
template = "kitechat-offer"

[recipients]
file = "customers.xlsx"
sheet = "Khách hàng"
header_row = 3

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
stop_after_refusals = 0
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the campaign file."""

    def put(text: str) -> Path:
        path = tmp_path / "tet.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return put


def problems(path: Path, **overrides: object) -> list[str]:
    """What a campaign file is refused with, its name left out."""
    with pytest.raises(CampaignFileError, match=r"\S") as caught:
        load_campaign(path, overrides)
    return [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_a_whole_campaign_file_is_read(write: Write, tmp_path: Path) -> None:
    campaign = load_campaign(write(WHOLE))
    assert campaign.model_dump(exclude={"recipients": {"encoding", "delimiter", "short_date"}}) == {
        "name": "tet-offer",
        "folder": tmp_path,
        "template": "kitechat-offer",
        "recipients": {"file": tmp_path / "customers.xlsx", "sheet": "Khách hàng", "header_row": 3},
        "columns": {"conversation_id": "Mã hội thoại"},
        "values": {"page_id": "108600123"},
        "server": {"url": "https://chat.example.com"},
        "throttle": {"rate": 10.0, "concurrency": 4},
        "delivery": {"timeout": 45.0, "give_up_after": 600.0, "on_doubt": "retry", "stop_after_refusals": 0},
    }


def test_what_is_left_out_has_its_documented_default(write: Write) -> None:
    campaign = load_campaign(write(LEAST))
    assert campaign.name == "tet"
    assert (campaign.recipients.sheet, campaign.recipients.header_row) == (None, 1)
    assert campaign.server.url is None
    assert (campaign.throttle.rate, campaign.throttle.concurrency) == (None, 8)
    assert campaign.delivery.model_dump() == {
        "timeout": 30.0,
        "give_up_after": 600.0,
        "on_doubt": "ask",
        "stop_after_refusals": 20,
    }


def test_a_file_that_notepad_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tet.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_campaign(path).template == "livechat-text"


def test_a_campaign_does_not_change(write: Write) -> None:
    campaign = load_campaign(write(LEAST))
    with pytest.raises(ValueError, match="frozen"):
        campaign.name = "other"  # type: ignore[misc]  # that it cannot be set is what is tested


# Times and rates


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param('"30s"', 30.0, id="seconds"),
        pytest.param('"1.5 s"', 1.5, id="part of a second"),
        pytest.param('"500ms"', 0.5, id="milliseconds"),
        pytest.param('"20 SEC"', 20.0, id="sec"),
        pytest.param('"10min"', 600.0, id="minutes"),
        pytest.param('"2m"', 120.0, id="m"),
        pytest.param('"1h"', 3600.0, id="hours"),
        pytest.param("45", 45.0, id="number"),
        pytest.param("0.5", 0.5, id="fraction"),
    ],
)
def test_a_time_is_written_in_the_usual_ways(write: Write, text: str, seconds: float) -> None:
    assert load_campaign(write(f"{LEAST}[delivery]\ntimeout = {text}\n")).delivery.timeout == seconds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('"soon"', "“soon” is not a time; write it as “30s”, “10min” or “1h”", id="words"),
        pytest.param('"30"', "“30” is not a time; write it as “30s”, “10min” or “1h”", id="no unit"),
        pytest.param('"3 days"', "“3 days” is not a time; write it as “30s”, “10min” or “1h”", id="another unit"),
        pytest.param('"-5s"', "“-5s” is not a time; write it as “30s”, “10min” or “1h”", id="below nothing"),
        pytest.param('"0s"', "should be greater than 0, and is “0s”", id="nothing"),
        pytest.param("0", "should be greater than 0, and is “0”", id="zero"),
        pytest.param("inf", "should be less than or equal to 2592000, and is “inf”", id="for ever"),
        pytest.param('"800h"', "should be less than or equal to 2592000, and is “800h”", id="more than a month"),
        pytest.param("nan", "should be greater than 0, and is “nan”", id="not a number"),
        pytest.param("true", "should be a valid number, and is “True”", id="truth"),
        pytest.param("[30]", "should be a valid number, and is “[30]”", id="list"),
    ],
)
def test_what_is_no_time_is_refused(write: Write, text: str, problem: str) -> None:
    path = write(f"{LEAST}[delivery]\ngive_up_after = {text}\n")
    assert problems(path) == [f"delivery.give_up_after: {problem}"]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        pytest.param('"auto"', None, id="auto"),
        pytest.param('" AUTO "', None, id="in capitals"),
        pytest.param('"10/s"', 10.0, id="a second"),
        pytest.param('"2.5 / sec"', 2.5, id="fraction"),
        pytest.param('"600/min"', 10.0, id="a minute"),
        pytest.param('"36/h"', 0.01, id="an hour"),
        pytest.param("5", 5.0, id="number"),
    ],
)
def test_a_rate_is_written_in_the_usual_ways(write: Write, text: str, rate: float | None) -> None:
    assert load_campaign(write(f"{LEAST}[throttle]\nrate = {text}\n")).throttle.rate == rate


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('"fast"', "“fast” is not a rate; write it as “auto”, “10/s” or “600/min”", id="words"),
        pytest.param('"10"', "“10” is not a rate; write it as “auto”, “10/s” or “600/min”", id="no unit"),
        pytest.param('"10/day"', "“10/day” is not a rate; write it as “auto”, “10/s” or “600/min”", id="another unit"),
        pytest.param('"0/s"', "“0/s” is not a rate; write it as “auto”, “10/s” or “600/min”", id="standstill"),
        pytest.param('"-1/s"', "“-1/s” is not a rate; write it as “auto”, “10/s” or “600/min”", id="backwards"),
        pytest.param("0", "should be greater than 0, and is “0”", id="zero"),
        pytest.param("1e9", "should be less than or equal to 100000, and is “1000000000.0”", id="out of reach"),
        pytest.param("false", "should be a valid number, and is “False”", id="truth"),
    ],
)
def test_what_is_no_rate_is_refused(write: Write, text: str, problem: str) -> None:
    assert problems(write(f"{LEAST}[throttle]\nrate = {text}\n")) == [f"throttle.rate: {problem}"]


# Wrong keys and values


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(f"nam = 'x'\n{LEAST}", "nam: there is no such setting; did you mean “name”?", id="top level"),
        pytest.param(
            f"{LEAST}shet = 'x'\n", "recipients.shet: there is no such setting; did you mean “sheet”?", id="below"
        ),
        pytest.param(
            f"{LEAST}[recipient]\n", "recipient: there is no such setting; did you mean “recipients”?", id="section"
        ),
        pytest.param(
            f"{LEAST}[server]\napikey = 'SECRET'\n",
            "server.apikey: there is no such setting; known here: url",
            id="like no other, and a secret",
        ),
        pytest.param(
            f"folder = 'x'\n{LEAST}",
            "folder: there is no such setting; known here: name, template, recipients, columns, values, server, "
            "throttle, delivery",
            id="name of our own",
        ),
        pytest.param("", 'template: is missing; name a template: template = "livechat-text"', id="template"),
        pytest.param(
            "template = 'livechat-text'\n",
            'recipients: is missing; name the spreadsheet: [recipients] file = "customers.xlsx"',
            id="recipients",
        ),
        pytest.param(
            "template = 'livechat-text'\n[recipients]\n",
            'recipients.file: is missing; name the spreadsheet: [recipients] file = "customers.xlsx"',
            id="file",
        ),
        pytest.param(
            "template = ''\n[recipients]\nfile = 'x'",
            "template: should have at least 1 character, and is “”",
            id="blank template",
        ),
        pytest.param(
            "template = 5\n[recipients]\nfile = 'x'",
            "template: is “5”, and must be text; put it in quotation marks",
            id="template that is a number",
        ),
        pytest.param(
            "template = 'livechat-text'\nrecipients = 'list.xlsx'\n",
            "recipients: is “list.xlsx” where a section belongs; write it as [recipients]",
            id="file without its section",
        ),
        pytest.param(
            f"columns = 'x'\n{LEAST}",
            "columns: is “x” where a section belongs; write it as [columns]",
            id="columns without its section",
        ),
        pytest.param(
            "template = 'livechat-text'\n[recipients]\nfile = 7\n",
            "recipients.file: is “7”, and must be text; put it in quotation marks",
            id="file that is a number",
        ),
        pytest.param(
            f"{LEAST}header_row = 0\n",
            "recipients.header_row: should be greater than or equal to 1, and is “0”",
            id="row 0",
        ),
        pytest.param(
            f"{LEAST}header_row = '2'\n",
            "recipients.header_row: should be a valid integer, and is “2”",
            id="row in quotation marks",
        ),
        pytest.param(
            f"{LEAST}sheet = 2026\n",
            "recipients.sheet: is “2026”, and must be text; put it in quotation marks",
            id="sheet without quotation marks",
        ),
        pytest.param(
            f"{LEAST}[columns]\nname = 2026\n",
            "columns.name: is “2026”, and must be text; put it in quotation marks",
            id="header without quotation marks",
        ),
        pytest.param(
            f"{LEAST}[values]\nprice = 1.50\n",
            "values.price: is “1.5”, and must be text; put it in quotation marks",
            id="number that would lose its zero",
        ),
        pytest.param(
            f"{LEAST}[values]\nvip = true\n",
            "values.vip: is “True”, and must be text; put it in quotation marks",
            id="truth",
        ),
        pytest.param(
            f"{LEAST}[values]\nday = 2026-02-17\n",
            "values.day: is “2026-02-17”, and must be text; put it in quotation marks",
            id="date",
        ),
        pytest.param(
            f"{LEAST}[throttle]\nconcurrency = 0\n",
            "throttle.concurrency: should be greater than or equal to 1, and is “0”",
            id="nobody at work",
        ),
        pytest.param(
            f"{LEAST}[throttle]\nconcurrency = 5000\n",
            "throttle.concurrency: should be less than or equal to 1000, and is “5000”",
            id="too many at work",
        ),
        pytest.param(
            f"{LEAST}[delivery]\non_doubt = 'maybe'\n",
            "delivery.on_doubt: should be 'ask' or 'retry', and is “maybe”",
            id="on_doubt",
        ),
        pytest.param(
            f"{LEAST}[delivery]\nstop_after_refusals = -1\n",
            "delivery.stop_after_refusals: should be greater than or equal to 0, and is “-1”",
            id="fewer than none",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named(write: Write, text: str, problem: str) -> None:
    found = problems(write(text))
    assert problem in found
    assert "SECRET" not in "\n".join(found)


def test_every_problem_is_named_at_once(write: Write) -> None:
    text = f"nam = 1\n{LEAST}header_row = 0\n[throttle]\nrate = 'x'\n[delivery]\ntimeout = 'x'\non_doubt = 'x'\n"
    assert [problem.split(":")[0] for problem in problems(write(text))] == [
        "recipients.header_row",
        "throttle.rate",
        "delivery.timeout",
        "delivery.on_doubt",
        "nam",
    ]


def test_every_section_is_closed_to_unknown_keys() -> None:
    sections = [field.annotation for field in Campaign.model_fields.values()]
    assert [each for each in sections if isinstance(each, type) and issubclass(each, Section)]
    for section in (Campaign, *sections):
        if isinstance(section, type) and issubclass(section, Section):
            assert section.model_config["extra"] == "forbid"


def test_a_whole_number_stands_for_its_digits_in_values(write: Write) -> None:
    assert load_campaign(write(f"{LEAST}[values]\npage_id = 108600123\n")).values == {"page_id": "108600123"}


# Names


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="blank"),
        pytest.param("..", id="dots"),
        pytest.param("tet/offer", id="slash"),
        pytest.param("..\\offer", id="backslash"),
        pytest.param("a:b", id="colon"),
        pytest.param("really?", id="question mark"),
        pytest.param("a\tb", id="tab"),
        pytest.param("offer.", id="final dot"),
        pytest.param("offer ", id="final blank"),
        pytest.param("tet\noffer", id="line break"),
    ],
)
def test_a_name_that_cannot_name_a_file_is_refused(write: Write, name: str) -> None:
    text = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    assert problems(write(f'name = "{text}"\n{LEAST}')) == [
        f'name: “{name}” cannot name a file; leave out / \\ : * ? " < > | and a final dot'
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tết 2026", id="Vietnamese, with a blank"),
        pytest.param("v1.2", id="dot inside"),
        pytest.param("a", id="one letter"),
    ],
)
def test_any_other_name_will_do(write: Write, name: str) -> None:
    assert load_campaign(write(f'name = "{name}"\n{LEAST}')).name == name


@given(st.text(min_size=1, max_size=20))
def test_a_name_never_leads_out_of_its_folder(name: str) -> None:
    try:
        campaign = Campaign.model_validate(
            {"name": name, "folder": Path("here"), "template": "t", "recipients": {"file": "x"}}
        )
    except ValueError:
        return
    journal = campaign.folder / f"{campaign.name}.journal.db"
    assert journal.parent == Path("here")
    assert campaign.name not in {".", ".."}


# Unreadable files


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("template = \n", "is not valid TOML: Invalid value (at line 1, column 12)", id="no value"),
        pytest.param("a = 1\na = 2\n", "is not valid TOML: Cannot overwrite a value (at line 2, column 6)", id="twice"),
        pytest.param("a = " + "1" * 5000, "is not valid TOML: Exceeds the limit", id="endless number"),
        pytest.param("a = " + "[" * 20_000, "is not valid TOML: ", id="nested beyond reason"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(write: Write, text: str, problem: str) -> None:
    [found] = problems(write(text))
    assert found.startswith(problem)


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tet.toml"
    path.write_bytes("name = 'Tết'".encode("utf-16"))
    assert problems(path) == ["is not UTF-8 text; save it as UTF-8"]


def test_a_file_that_is_not_there_is_refused_with_a_way_to_begin(tmp_path: Path) -> None:
    assert problems(tmp_path / "tet.toml") == [
        "there is no such file; `campaign new DIR` makes a campaign to start from"
    ]


def test_a_folder_is_no_campaign_file(tmp_path: Path) -> None:
    (tmp_path / "tet.toml").mkdir()
    [problem] = problems(tmp_path / "tet.toml")
    assert problem.startswith("cannot be read (")


# The command line's word


def test_overrides_win_over_the_file_key_by_key(write: Write, tmp_path: Path) -> None:
    overrides = {
        "template": "livechat-text",
        "recipients": {"sheet": "VIP"},
        "values": {"shop": "Hà Nội"},
        "throttle": {"rate": "5/s"},
        "server": {"url": "http://127.0.0.1:3000"},
    }
    campaign = load_campaign(write(WHOLE), overrides)
    assert campaign.template == "livechat-text"
    assert (campaign.recipients.file, campaign.recipients.sheet) == (tmp_path / "customers.xlsx", "VIP")
    assert campaign.values == {"page_id": "108600123", "shop": "Hà Nội"}
    assert (campaign.throttle.rate, campaign.throttle.concurrency) == (5.0, 4)
    assert campaign.server.url == "http://127.0.0.1:3000"
    assert campaign.delivery.timeout == 45.0


def test_an_absolute_path_stays_as_it_is(write: Write, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / "other.csv"
    campaign = load_campaign(write(WHOLE), {"recipients": {"file": str(elsewhere)}})
    assert campaign.recipients.file == elsewhere


def test_overrides_can_name_what_the_file_leaves_out(write: Write) -> None:
    campaign = load_campaign(write("name = 'x'\n"), {"template": "t", "recipients": {"file": "list.csv"}})
    assert campaign.recipients.file.name == "list.csv"


def test_a_wrong_override_is_named_like_a_wrong_key(write: Write) -> None:
    assert problems(write(LEAST), throttle={"rate": "fast"}) == [
        "throttle.rate: “fast” is not a rate; write it as “auto”, “10/s” or “600/min”"
    ]


def test_a_column_named_on_the_command_line_wins_over_a_value_of_the_file(write: Write) -> None:
    campaign = load_campaign(write(WHOLE), {"columns": {"page_id": "Trang"}})
    assert campaign.columns["page_id"] == "Trang"
    assert "page_id" not in campaign.values


def test_a_value_named_on_the_command_line_wins_over_a_column_named_there(write: Write) -> None:
    campaign = load_campaign(write(WHOLE), {"columns": {"page_id": "Trang"}, "values": {"page_id": "5"}})
    assert campaign.values["page_id"] == "5"


def test_values_that_are_no_section_are_still_refused_beside_overrides(write: Write) -> None:
    assert problems(write(f"values = 5\n{LEAST}"), columns={"a": "b"}) == [
        "values: is “5” where a section belongs; write it as [values]"
    ]


# FILE may be a spreadsheet


def test_a_spreadsheet_with_a_template_is_a_campaign(tmp_path: Path) -> None:
    campaign = load_campaign(tmp_path / "khách hàng.xlsx", {"template": "livechat-text"})
    assert campaign.name == "khách hàng"
    assert campaign.folder == tmp_path
    assert campaign.recipients.file == tmp_path / "khách hàng.xlsx"


def test_a_spreadsheet_without_a_template_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "list.csv", server={"url": "https://chat.example.com"}) == [
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


# The name of journal and results, for resume


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(WHOLE, "tet-offer", id="as the file says"),
        pytest.param(LEAST, "tet", id="the file's stem"),
        pytest.param("name = 'x'\nno_such_key = 1\n", "x", id="though the file is wrong elsewhere"),
    ],
)
def test_a_campaign_is_known_by_its_name(write: Write, text: str, name: str) -> None:
    assert campaign_name(write(text)) == name


@pytest.mark.parametrize(
    "file", [pytest.param("gone.toml", id="a file that is gone"), pytest.param("gone.xlsx", id="a spreadsheet")]
)
def test_a_campaign_is_known_by_its_files_stem_even_if_that_is_gone(tmp_path: Path, file: str) -> None:
    assert campaign_name(tmp_path / file) == "gone"


def test_a_campaign_whose_file_cannot_be_read_has_no_name(write: Write) -> None:
    with pytest.raises(CampaignFileError, match="is not valid TOML"):
        campaign_name(write("name ="))

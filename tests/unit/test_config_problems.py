"""Problems of a campaign file are all reported at once, by key; syntax errors by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.config import Campaign, Section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, object], Path]
    Refusal = Callable[..., list[str]]

LEAST = 'template = "livechat-text"\n[recipients]\nfile = "list.xlsx"\n'


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
            "throttle, delivery, checks, suppress, schedule, gate, after, journal",
            id="name of our own",
        ),
        pytest.param(
            f"{LEAST}[gate]\nmax_faild = '5%'\nafter = 20\n",
            "gate.max_faild: there is no such setting; did you mean “max_failed”?",
            id="section that may be left out",
        ),
        pytest.param(f"{LEAST}[gate]\n", "gate.after: is missing; say after how many rows: after = 20", id="after"),
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
            "template: is blank",
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
            id="boolean",
        ),
        pytest.param(
            f"{LEAST}[values]\nday = 2026-02-17\n",
            "values.day: is “2026-02-17”, and must be text; put it in quotation marks",
            id="date",
        ),
        pytest.param(
            f"{LEAST}[throttle]\nconcurrency = 0\n",
            "throttle.concurrency: should be greater than or equal to 1, and is “0”",
            id="zero workers",
        ),
        pytest.param(
            f"{LEAST}[throttle]\nconcurrency = 5000\n",
            "throttle.concurrency: should be less than or equal to 1000, and is “5000”",
            id="too many workers",
        ),
        pytest.param(
            f"{LEAST}[after]\ncommand = 'notify me'\n",
            "after.command: must be a list, as no shell takes a text apart: "
            'command = ["notify", "--title", "Campaign"]',
            id="command in one text",
        ),
        pytest.param(f"{LEAST}[after]\ncommand = []\n", "after.command: names no program", id="command of no words"),
        pytest.param(
            f"{LEAST}[after]\ncommand = ['notify', 7]\n",
            "after.command.2: is “7”, and must be text; put it in quotation marks",
            id="number in a command",
        ),
        pytest.param(
            f'{LEAST}[after]\ncommand = ["notify", "a\\u0000b"]\n',
            "after.command: holds a NUL character, which no program can be given",
            id="NUL in a command",
        ),
        pytest.param(
            f"{LEAST}[after]\nwebhook = 'hooks.example.com/x'\n",
            "after.webhook: must be a web address that begins with https:// or http://",
            id="web hook without its scheme",
        ),
        pytest.param(
            f"{LEAST}[after]\nwebhook = 'https://me:secret@hooks.example.com'\n",
            "after.webhook: holds a user name or characters that no web address has",
            id="web hook with a password",
        ),
        pytest.param(
            f"{LEAST}[after]\nwebhook = 'https://hooks.example.com:port/'\n",
            "after.webhook: is no web address (Port could not be cast to integer value as 'port')",
            id="web hook with no port",
        ),
        pytest.param(
            f"{LEAST}[journal]\nurl = 'mysql://an:secret@db'\n",
            "journal.url: is not the address of a PostgreSQL database; write postgresql://USER@HOST/DATABASE",
            id="journal in another database",
        ),
        pytest.param(
            f"journal = 'postgresql://an:secret@db/x'\n{LEAST}",
            "journal: is “…” where a section belongs; write it as [journal]",
            id="journal that is no section",
        ),
        pytest.param(
            f"{LEAST}[after]\ncomand = ['x']\n",
            "after.comand: there is no such setting; did you mean “command”?",
            id="misspelt command",
        ),
        pytest.param(
            f"{LEAST}[delivery]\non_doubt = 'maybe'\n",
            "delivery.on_doubt: is “maybe”, and must be 'ask', 'look' or 'retry'",
            id="on_doubt",
        ),
        pytest.param(
            f"{LEAST}hidden_rows = 'no'\n",
            "recipients.hidden_rows: is “no”, and must be 'send' or 'skip'",
            id="hidden_rows",
        ),
        pytest.param(
            f"{LEAST}legacy_font = 'yes'\n",
            "recipients.legacy_font: is “yes”, and must be 'convert'",
            id="legacy_font",
        ),
        pytest.param(
            f"{LEAST}[checks]\naccept = ['blank-values']\n",
            "checks.accept: “blank-values” is not the code of a finding; did you mean “blank-value”?",
            id="the code of a finding",
        ),
        pytest.param(
            f"{LEAST}where = ['a', ' ']\n",
            "recipients.where: is blank",
            id="blank condition",
        ),
        pytest.param(
            f"{LEAST}key = 3\n",
            'recipients.key: is “3”, and must be a list; write it as key = ["…", "…"], and a section as [[key]]',
            id="key that is no text",
        ),
        pytest.param(
            f"{LEAST}[[suppress]]\nfile = 'a.csv'\n[[suppress]]\nfile = 'b.csv'\ncolum = 'x'\n",
            "suppress.2.colum: there is no such setting; did you mean “column”?",
            id="setting of a suppression list",
        ),
        pytest.param(
            f"{LEAST}[[suppress]]\ncolumn = 'x'\n",
            'suppress.1.file: is missing; name the list: file = "stop.xlsx" under [[suppress]]',
            id="suppression list without a file",
        ),
        pytest.param(
            f"{LEAST}[[suppress]]\nfile = 'https://example.com/stop.xlsx'\n",
            "suppress.file: https://example.com/stop.xlsx is a web address; download it as .xlsx or CSV first",
            id="suppression list on the web",
        ),
        pytest.param(
            f"suppress = 'stop.csv'\n{LEAST}",
            'suppress: is “stop.csv”, and must be a list; write it as suppress = ["…", "…"], '
            "and a section as [[suppress]]",
            id="suppression list that is no section",
        ),
        pytest.param(
            f"{LEAST}[delivery]\nstop_after_refusals = -1\n",
            "delivery.stop_after_refusals: should be greater than or equal to 0, and is “-1”",
            id="negative number",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named(write: Write, text: str, problem: str, campaign_refusal: Refusal) -> None:
    found = campaign_refusal(write("tet.toml", text))
    assert problem in found
    assert "SECRET" not in "\n".join(found)


def test_every_problem_is_named_at_once(write: Write, campaign_refusal: Refusal) -> None:
    text = f"nam = 1\n{LEAST}header_row = 0\n[throttle]\nrate = 'x'\n[delivery]\ntimeout = 'x'\non_doubt = 'x'\n"
    assert [problem.split(":")[0] for problem in campaign_refusal(write("tet.toml", text))] == [
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


# Unreadable files


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("template = \n", ", line 1: there is no value after the =", id="no value"),
        pytest.param("a = 1\na = 2\n", ", line 2: “a” is set twice", id="twice"),
        pytest.param("a = " + "1" * 5000, "is not valid TOML: Exceeds the limit", id="endless number"),
        pytest.param("a = " + "[" * 20_000, "is nested too deeply", id="too deeply nested"),
    ],
)
def test_invalid_toml_is_refused_with_its_line(
    write: Write, text: str, problem: str, campaign_refusal: Refusal
) -> None:
    path = write("tet.toml", text)
    [found] = campaign_refusal(path)
    assert found.removeprefix(str(path)).startswith(problem)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, campaign_refusal: Refusal) -> None:
    path = tmp_path / "tet.toml"
    path.write_bytes("name = 'Tết'".encode("utf-16"))
    assert campaign_refusal(path) == ["is not UTF-8 text; save it as UTF-8"]


def test_a_missing_file_is_refused_with_a_hint_at_new(tmp_path: Path, campaign_refusal: Refusal) -> None:
    assert campaign_refusal(tmp_path / "tet.toml") == [
        "there is no such file; `campaign new DIR` makes a campaign to start from"
    ]


def test_a_folder_is_not_a_campaign_file(tmp_path: Path, campaign_refusal: Refusal) -> None:
    (tmp_path / "tet.toml").mkdir()
    [problem] = campaign_refusal(tmp_path / "tet.toml")
    assert problem == "is a folder; name the campaign file in it"

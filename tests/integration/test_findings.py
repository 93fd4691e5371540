"""Nothing goes out that the operator has not seen: findings in every command."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from openpyxl import load_workbook

import campaign
from campaign.journal import open_journal
from campaign.refusals import UndecidedFindingsError
from tests.integration.conftest import FAST, RunningSandbox, write_csv, write_workbook
from tests.integration.conftest import Campaign as Command
from tests.integration.test_terminal import Terminal

TEMPLATE = 'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "{{ rid }}"\nmsg = "Hello {{ name }}"\n'
FILE = 'name = "c"\ntemplate = "t.toml"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "%s"\n'
ROWS = [["token", "rid", "name"], ["t1", "r1", "An"], ["t2", "r2", ""], ["t3", "r3", "NULL"]]


@pytest.fixture
def doubtful(tmp_path: Path, server: RunningSandbox) -> Path:
    """A campaign of three rows, with a blank value and a null word."""
    write_csv(tmp_path / "list.csv", ROWS)
    (tmp_path / "t.toml").write_text(TEMPLATE, encoding="utf-8")
    file = tmp_path / "c.toml"
    file.write_text(FILE % server.url, encoding="utf-8")
    return file


def test_yes_alone_sends_nothing_and_lists_everything_with_its_remedy(
    command: Command, server: RunningSandbox, doubtful: Path
) -> None:
    said = command("run", doubtful, "--yes")
    assert (said.code, said.stdout) == (2, "")
    assert "2 findings have to be decided before anything is sent:" in said.stderr
    assert "✗ null-word: column C “name” has a program's word for “nothing” (1 cell: C4 “NULL”)" in said.stderr
    assert "✗ blank-value: “name” is blank in row 3, in the middle of a text" in said.stderr
    assert "--accept null-word --accept blank-value" in said.stderr
    assert said.stderr.endswith("Nothing was sent.\n")
    assert not server.ledger.entries


def test_the_json_of_a_refused_run_has_the_findings(command: Command, doubtful: Path) -> None:
    said = command("run", doubtful, "--yes", "--json")
    assert said.code == 2
    assert (said.json["state"], said.json["reason"]) == (
        "stopped",
        "findings have to be decided: null-word, blank-value",
    )
    assert (said.json["rows"], said.json["sent"], said.json["pending"]) == (3, 0, 3)
    assert [set(each) for each in said.json["warnings"]] == [
        {"code", "severity", "count", "rows", "cells", "message", "remedy"}
    ] * 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("check",), 1, id="check"),
        pytest.param(("preview",), 1, id="preview"),
        pytest.param(("run", "--dry-run"), 1, id="dry run"),
        pytest.param(("run", "--dry-run", "--sandbox"), 0, id="dry run of a rehearsal"),
        pytest.param(("run", "--sandbox"), 0, id="rehearsal"),
    ],
)
def test_every_command_shows_them(command: Command, doubtful: Path, arguments: tuple[str, ...], code: int) -> None:
    name, *options = arguments
    said = command(name, doubtful, *options)
    assert said.code == code
    assert "✗ blank-value: “name” is blank in row 3" in said.stdout + said.stderr
    accepted = command(name, doubtful, *options, "--accept", "blank-value", "--accept", "null-word")
    assert accepted.code == 0


def test_an_option_and_the_campaign_file_accept_together_and_it_is_on_record(
    command: Command, server: RunningSandbox, doubtful: Path
) -> None:
    with doubtful.open("a", encoding="utf-8") as file:
        file.write('[checks]\naccept = ["blank-value", "hidden-rows"]\n')
    assert command("run", doubtful, "--yes").code == 2
    said = command("run", doubtful, *FAST[2:], "--accept", "null-word", "--limit", "1")
    assert (said.code, len(server.bodies())) == (3, 1)
    assert [each["code"] for each in said.json["warnings"]] == ["null-word", "blank-value"]
    with open_journal(doubtful.with_name("c.journal.db")) as journal:
        accepted = journal.accepted(1)
    assert [each.code for each in accepted] == ["blank-value", "null-word"]
    assert all("@" in each.by and "--accept" in each.by for each in accepted)
    resumed = command("resume", doubtful, *FAST)
    assert (resumed.code, resumed.json["sent"]) == (0, 3)
    assert "null-word (accepted)" in resumed.stderr


def test_a_code_that_is_none_is_refused_and_one_that_does_not_occur_ignored(command: Command, doubtful: Path) -> None:
    wrong = command("run", doubtful, "--yes", "--accept", "null-words")
    assert wrong.code == 2
    assert "--accept: “null-words” is not the code of a finding; did you mean “null-word”?" in wrong.stderr
    right = command("run", doubtful, *FAST[2:], *("--accept", "null-word", "--accept", "blank-value"))
    assert right.code == 0
    again = command("run", doubtful, "--new", *FAST[2:], *("--accept", "mojibake", "--accept", "null-word"))
    assert again.json["reason"] == "findings have to be decided: blank-value"


def test_the_summary_sheet_names_what_was_found_and_who_accepted_it(command: Command, doubtful: Path) -> None:
    assert command("run", doubtful, *FAST[2:], "--accept", "null-word", "--accept", "blank-value").code == 0
    sheet = load_workbook(doubtful.with_name("c.results.xlsx"))["Summary"]
    rows = [[cell.value for cell in row[:4]] for row in sheet.iter_rows()]
    (found,) = [row for row in rows if row[0] == "blank-value"]
    assert found[1] == 1
    assert re.search(r"@.*, by --accept or \[checks\] accept, \d{4}-\d\d-\d\d", str(found[2]))
    assert found[3] == "“name” is blank in row 3, in the middle of a text"


def test_hidden_rows_are_left_out_where_that_is_asked_for(
    command: Command, server: RunningSandbox, doubtful: Path
) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (ROWS[0], ROWS[1], ["t9", "r9", "Chi"]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(doubtful.with_name("hidden.xlsx"))
    options = ("run", doubtful, "--recipients", doubtful.with_name("hidden.xlsx"), *FAST[2:])
    assert command(*options).json["reason"] == "findings have to be decided: hidden-rows"
    said = command(*options, "--hidden-rows", "skip")
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 1, 1)
    assert [body["msg"] for body in server.bodies()] == ["Hello An"]
    assert "hidden in the sheet" in said.stderr


def test_1500_problems_of_one_kind_are_one_line(command: Command, doubtful: Path) -> None:
    rows = [["token", "rid", "name"], *([f"t{number}", "", "An"] for number in range(1500))]
    write_csv(doubtful.with_name("list.csv"), rows)
    for said in (command("check", doubtful), command("run", doubtful, "--yes")):
        output = said.stdout + said.stderr
        assert "“rid” is blank in 1,500 rows (2–1501), and rid needs it; fill it in" in output
        assert output.count("is blank") == 1


def test_the_library_raises_unless_the_codes_are_named(doubtful: Path) -> None:
    plan = campaign.plan(campaign.load(doubtful))
    assert [each.code for each in plan.findings] == ["null-word", "blank-value"]
    with campaign.open_journal(":memory:") as journal:
        with pytest.raises(UndecidedFindingsError, match="null-word"):
            campaign.start_sync(plan, journal=journal)
        assert journal.runs() == []
        run = campaign.start_sync(plan, journal=journal, accept=["null-word", "blank-value"])
        assert [each.code for each in journal.accepted(run.number)] == ["blank-value", "null-word"]


def test_the_question_names_the_facts_and_a_yes_accepts_what_it_shows(server: RunningSandbox, doubtful: Path) -> None:
    terminal = Terminal("run", doubtful)
    terminal.wait_for("[y/N, p: preview]")
    for fact in (
        "List      list.csv",
        "Template  t.toml",
        "10 a minute, until the server tells its own limit; done in under 1 s",
        "First     row 2: Hello An",
        "✗ blank-value: “name” is blank in row 3",
        "A yes accepts what is shown here.",
        f"Send 3 messages to {server.url}?",
    ):
        assert fact in terminal.text
    assert len(terminal.text.splitlines()) <= 24
    terminal.say("p\n")
    terminal.wait_for("Row 4, to t3/r3")
    terminal.wait_for("[y/N, p: preview]")
    terminal.say("y\n")
    assert terminal.end() == 0
    assert len(server.bodies()) == 3
    with open_journal(doubtful.with_name("c.journal.db")) as journal:
        assert {each.by.partition(", ")[2] for each in journal.accepted(1)} == {"on the terminal"}


def test_a_no_at_the_question_accepts_nothing(server: RunningSandbox, doubtful: Path) -> None:
    terminal = Terminal("run", doubtful)
    terminal.wait_for("[y/N, p: preview]")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert not server.ledger.entries
    with open_journal(doubtful.with_name("c.journal.db")) as journal:
        assert journal.runs() == []


def test_there_is_colour_on_a_terminal_alone(command: Command, doubtful: Path) -> None:
    assert "\x1b[31m" not in command("check", doubtful).stdout
    terminal = Terminal("check", doubtful)
    terminal.end()
    assert "\x1b[31m" in terminal.text


def test_check_is_as_wide_as_the_terminal_and_has_no_colour_with_no_color(doubtful: Path) -> None:
    terminal = Terminal("check", doubtful, NO_COLOR="1", COLUMNS="60")
    terminal.end()
    assert "blank-value" in terminal.text
    assert "\x1b[31m" not in terminal.text
    assert max(len(line.rstrip()) for line in terminal.text.splitlines() if str(doubtful.parent) not in line) <= 60


def test_the_page_has_the_findings_of_each_row(command: Command, doubtful: Path, tmp_path: Path) -> None:
    assert command("preview", doubtful, "--html", tmp_path / "p.html").code == 1
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert '"findings":["blank-value"]' in page
    assert page.count('"severity":"stop"') == 2


def test_a_campaign_can_be_made_from_a_list(command: Command, doubtful: Path, tmp_path: Path) -> None:
    assert command("new", tmp_path / "made", "--from", doubtful.with_name("list.csv")).code == 0
    assert not (tmp_path / "made" / "recipients.xlsx").exists()
    made = (tmp_path / "made" / "campaign.toml").read_text(encoding="utf-8")
    assert 'file = "../list.csv"' in made


def test_a_campaign_made_from_a_list_names_its_variables(command: Command, tmp_path: Path) -> None:
    rows = [["Mã hội thoại", "Họ và tên", "名前"], ["1", "Lan", ""]]
    said = command("new", tmp_path / "made", "--from", write_csv(tmp_path / "khách.csv", rows)).stderr.splitlines()
    assert said[-2] == "variables of khách.csv: ma_hoi_thoai, ho_va_ten"
    assert said[-1].startswith(f"Next: write the message in {tmp_path / 'made' / 'message.toml'} with its variables")


def test_what_can_never_be_a_list_is_refused_before_a_campaign_is_made_from_it(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "list.xlsx").write_text("not a workbook", encoding="utf-8")
    result = command("new", tmp_path / "made", "--from", tmp_path / "list.xlsx")
    assert (result.code, "is plain text and not a workbook" in result.stderr) == (2, True)
    assert not (tmp_path / "made").exists()


def test_a_campaign_made_from_a_list_with_headers_further_down_says_so(command: Command, tmp_path: Path) -> None:
    workbook = write_workbook(tmp_path / "list.xlsx", [[], ["Customers"], [], ["token", "rid"], ["t1", "r1"]])
    result = command("new", tmp_path / "made", "--from", workbook)
    assert result.code == 0
    assert "row 4 looks like the header row: set header_row = 4" in result.stderr


def test_rows_are_called_by_what_the_label_column_says(command: Command, doubtful: Path) -> None:
    text = doubtful.read_text(encoding="utf-8").replace('file = "list.csv"', 'file = "list.csv"\nlabel = "name"')
    doubtful.write_text(text, encoding="utf-8")
    assert "Row 2 (An), to t1/r1" in command("preview", doubtful).stdout
    write_csv(doubtful.with_name("list.csv"), [*ROWS, ["t4", "", "Chi"]])
    assert "B5 (Chi): “rid” is blank, and rid needs it; fill it in" in command("check", doubtful).stdout

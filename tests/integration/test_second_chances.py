"""Second chances do not send twice: To fix, --new and --skip-sent, and a resume to another address."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections import Counter
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from openpyxl import load_workbook

import campaign as campaign_api
from campaign.sandbox import SandboxSettings
from campaign.sandbox.faults import Fault, FaultPlan
from tests.integration.conftest import (
    FAST,
    Campaign,
    RunningSandbox,
    StartSandbox,
    kitechat_list,
    livechat_list,
    write_csv,
)

pytestmark = pytest.mark.usefixtures("api_key")

LIVECHAT = ("--template", "livechat-text")
KITECHAT = ("--template", "kitechat-text")
LOST = FaultPlan(script=(None, Fault.RESET_AFTER, None, Fault.RESET_AFTER, None, Fault.RESET_AFTER))
"""Stores a message and drops the connection, three times."""


def times(server: RunningSandbox, field: str = "msg") -> Counter[str]:
    return Counter(str(body.get(field) or body["message"]["text"]) for body in server.bodies())


def rows(workbook: Path | str, sheet: str) -> list[tuple[object, ...]]:
    return list(load_workbook(workbook)[sheet].iter_rows(min_row=2, values_only=True))


@pytest.fixture
def doubtful(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> tuple[Path, RunningSandbox, int]:
    """A finished Kitechat run of 20 rows, some of them in doubt; the server is at its best from now on."""
    server = start_sandbox(SandboxSettings(faults=LOST))
    recipients = kitechat_list(tmp_path / "list.csv", 20)
    campaign = tmp_path / "c.toml"
    campaign.write_text(
        f'name = "c"\ntemplate = "kitechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
        "[throttle]\nconcurrency = 1\n[delivery]\nstop_after_refusals = 0\n",
        encoding="utf-8",
    )
    said = command("run", campaign, *FAST)
    assert recipients.exists()
    assert (said.json["sent"], said.json["in_doubt"]) == (17, 3)
    return campaign, server, 3


def test_rows_in_doubt_are_on_a_sheet_that_is_no_list(
    command: Campaign, doubtful: tuple[Path, RunningSandbox, int], tmp_path: Path
) -> None:
    campaign, server, in_doubt = doubtful
    results = tmp_path / "c.results.xlsx"
    assert rows(results, "To fix") == []
    assert len(rows(results, "In doubt")) == in_doubt
    before = len(server.ledger.taken())
    for sheet in ("To fix", "In doubt"):
        said = command("run", campaign, "--recipients", results, "--sheet", sheet, "--yes")
        assert said.code == 2
    assert "is no list to send" in said.stderr
    for word in ("check", "preview"):
        assert command(word, campaign, "--recipients", results, "--sheet", "In doubt").code == 2
    assert len(server.ledger.taken()) == before


def test_a_copy_of_the_rows_in_doubt_as_csv_sends_none_of_them(
    command: Campaign, doubtful: tuple[Path, RunningSandbox, int], tmp_path: Path
) -> None:
    campaign, server, in_doubt = doubtful
    sheet = load_workbook(tmp_path / "c.results.xlsx")["In doubt"]
    copied = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    copy = write_csv(
        tmp_path / "copy.csv", [[cell.replace(",", ";").replace("\n", " ") for cell in row] for row in copied]
    )
    before = len(server.ledger.taken())
    said = command("run", campaign, "--recipients", copy, *FAST)
    assert (said.code, said.json["skipped"], said.json["sent"]) == (0, in_doubt, 0)
    assert "in doubt already" in said.stderr
    assert len(server.ledger.taken()) == before


def fix(workbook: Path, saved: Path, cells: dict[str, str]) -> Path:
    book = openpyxl.load_workbook(workbook)
    for place, text in cells.items():
        book["To fix"][place] = text
    book.save(saved)
    return saved


@pytest.fixture
def half_failed(command: Campaign, server: RunningSandbox, tmp_path: Path) -> Path:
    """A finished livechat run in which rows 3 and 5 of four failed; its list."""
    written = [
        ["token", "rid", "msg"],
        ["t", "r2", "a"],
        ["t", "closed-3", "b"],
        ["t", "r4", "c"],
        ["t", "closed-5", "d"],
    ]
    recipients = write_csv(tmp_path / "list.csv", written)
    said = command("run", recipients, *LIVECHAT, "--server", server.url, *FAST)
    assert (said.json["sent"], said.json["failed"]) == (2, 2)
    return recipients


def with_a_copy(workbook: Path, saved: Path, cells: dict[str, str]) -> Path:
    """The sheet To fix with its first row corrected, and a copy of that row below the others with other cells."""
    book = openpyxl.load_workbook(fix(workbook, saved, {"B2": "r3"}))
    sheet = book["To fix"]
    sheet.append([cell.value for cell in sheet[2]])
    for column, text in cells.items():
        sheet[f"{column}{sheet.max_row}"] = text
    book.save(saved)
    return saved


@pytest.mark.parametrize("when", ["before any is sent", "when one is sent"])
def test_a_row_to_fix_that_was_copied_with_another_text_is_named_and_not_lost(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path, when: str
) -> None:
    options = (*LIVECHAT, "--server", server.url, "--sheet", "To fix", "--skip-sent", *FAST)
    results = tmp_path / "list.results.xlsx"
    if when == "when one is sent":
        once = fix(results, tmp_path / "once.xlsx", {"B2": "r3"})
        assert command("run", half_failed, "--recipients", once, *options).json["sent"] == 1
    fixed = with_a_copy(results, tmp_path / "fixed.xlsx", {"C": "another text"})
    said = command("run", half_failed, "--recipients", fixed, *options)
    assert said.code == 2
    assert "this row and row 2 are both run 1, row 3, with different messages" in said.stderr
    assert "another text" not in times(server)
    own = with_a_copy(results, tmp_path / "own.xlsx", {"C": "another text", "E": "", "F": ""})
    said = command("run", half_failed, "--recipients", own, *options)
    assert times(server)["another text"] == 1
    assert set(times(server).values()) == {1}


def test_an_exact_copy_of_a_row_to_fix_is_a_duplicate(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path
) -> None:
    fixed = with_a_copy(tmp_path / "list.results.xlsx", tmp_path / "fixed.xlsx", {})
    options = (*LIVECHAT, "--server", server.url, "--sheet", "To fix", *FAST)
    said = command("run", half_failed, "--recipients", fixed, *options)
    assert (said.json["sent"], said.json["skipped"]) == (1, 1)
    assert times(server)["b"] == 1


def test_to_fix_sends_a_row_once_however_often_and_under_whatever_name_it_is_run(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path
) -> None:
    fixed = fix(tmp_path / "list.results.xlsx", tmp_path / "anything.xlsx", {"B2": "r3"})
    options = (*LIVECHAT, "--server", server.url, "--sheet", "To fix", *FAST)
    second = command("run", half_failed, "--recipients", fixed, *options)
    assert (second.json["run"], second.json["sent"], second.json["failed"]) == (2, 1, 1)
    shutil.copy(fixed, tmp_path / "copy.xlsx")
    third = command("run", half_failed, "--recipients", tmp_path / "copy.xlsx", *options)
    assert (third.json["run"], third.json["sent"], third.json["skipped"], third.json["failed"]) == (3, 0, 1, 1)
    assert "sent already: run 2, row 2" in third.stderr
    assert times(server) == {"a": 1, "b": 1, "c": 1}
    # The next sheet names the row of the first list, and goes on from there.
    (left,) = rows(third.json["results"], "To fix")
    assert left[-2:] == (1, 5)
    last = fix(Path(third.json["results"]), tmp_path / "last.xlsx", {"B2": "r5"})
    fourth = command("run", half_failed, "--recipients", last, *options)
    assert (fourth.json["run"], fourth.json["sent"]) == (4, 1)
    again = command("run", half_failed, "--recipients", fixed, *options)
    assert (again.code, again.json["skipped"]) == (0, 2)
    assert set(times(server).values()) == {1}


def test_a_row_that_was_sent_meanwhile_in_the_first_run_is_left_out_of_to_fix(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path
) -> None:
    fixed = fix(tmp_path / "list.results.xlsx", tmp_path / "fixed.xlsx", {"B2": "r3", "B3": "r5"})
    with closing(sqlite3.connect(tmp_path / "list.journal.db", isolation_level=None)) as journal:
        journal.execute("UPDATE status SET state = 'sent' WHERE seq = 2")  # as after `resume --retry failed`
    said = command(
        "run", half_failed, "--recipients", fixed, "--sheet", "To fix", *LIVECHAT, "--server", server.url, *FAST
    )
    assert (said.json["sent"], said.json["skipped"]) == (1, 1)
    assert times(server) == {"a": 1, "c": 1, "d": 1}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("elsewhere", "is the sheet To fix of campaign “list”, run 1"),
        ("same", "is of list.csv, which has the same name “list”"),
    ],
)
@pytest.mark.usefixtures("half_failed")
def test_to_fix_without_its_journal_is_refused(
    command: Campaign, server: RunningSandbox, tmp_path: Path, name: str, sentence: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(tmp_path / "list.results.xlsx", folder / "list.xlsx")
    if name == "same":  # a journal of another campaign is not the one
        livechat_list(folder / "list.csv", 1)
        command("run", folder / "list.csv", *LIVECHAT, "--server", server.url, *FAST)
    before = len(server.ledger.taken())
    said = command(
        "run", folder / "list.xlsx", "--sheet", "To fix", *LIVECHAT, "--server", server.url, "--new", "--yes"
    )
    assert said.code == 2
    assert sentence in said.stderr
    assert len(server.ledger.taken()) == before


def test_to_fix_of_a_list_without_a_campaign_file_is_told_how_to_run_it(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path
) -> None:
    fixed = fix(tmp_path / "list.results.xlsx", tmp_path / "fixed.xlsx", {"B2": "r3"})
    before = {path.name for path in tmp_path.iterdir()}
    said = command("run", fixed, "--sheet", "To fix", *LIVECHAT, "--server", server.url, "--yes")
    assert said.code == 2
    assert f'use `campaign run {half_failed.name} --recipients fixed.xlsx --sheet "To fix"`' in said.stderr
    assert {path.name for path in tmp_path.iterdir()} == before  # no empty journal is left
    (tmp_path / "away").mkdir()
    moved = Path(shutil.copy(fixed, tmp_path / "away"))
    said = command("run", moved, "--sheet", "To fix", *LIVECHAT, "--server", server.url, "--yes")
    assert "where FILE is the campaign file or the list that its first run was given" in said.stderr


def test_run_and_row_that_someone_changed_make_a_row_invalid(
    command: Campaign, server: RunningSandbox, half_failed: Path, tmp_path: Path
) -> None:
    fixed = fix(tmp_path / "list.results.xlsx", tmp_path / "fixed.xlsx", {"E2": "one", "B2": "r3"})
    said = command(
        "run", half_failed, "--recipients", fixed, "--sheet", "To fix", *LIVECHAT, "--server", server.url, "--yes"
    )
    assert said.code == 2
    assert "“one” and “3” are no run and row of this campaign" in said.stderr


def test_new_says_who_gets_the_message_again_in_the_refusal_and_with_yes(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    options = (livechat_list(tmp_path / "list.csv", 30), *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST, "--limit", "5")
    refused = command("run", *options, "--yes")
    assert refused.code == 2
    assert "is unfinished: 5 of 30 rows are sent, 25 wait" in refused.stderr
    assert "--new starts over, and 5 rows that already have this message get it again" in refused.stderr
    assert "--skip-sent leaves them out" in refused.stderr
    again = command("run", *options, *FAST, "--new", "--limit", "2")
    assert "5 rows that already have this message get it again" in again.stderr
    assert "The run before is unfinished: 25 rows of it will be left unsent." in again.stderr
    first = command("results", tmp_path / "list.csv", "--run", "1", "--json")
    assert (first.json["state"], first.json["sent"], first.json["skipped"]) == ("finished", 5, 25)


def test_of_a_finished_run_the_refusal_counts_those_who_have_this_very_message(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    options = (recipients, *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST)
    recipients.write_text(recipients.read_text("utf-8").replace("message 1", "another"), encoding="utf-8")
    assert "2 rows that already have this message get it again" in command("run", *options, "--yes").stderr
    recipients.write_text("token,rid,msg\nnew,new,new\n", encoding="utf-8")
    assert "no row of this list has its message yet" in command("run", *options, "--yes").stderr


def test_skip_sent_sends_the_others_alone(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 6)
    options = (recipients, *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST, "--limit", "2")
    with recipients.open("a", encoding="utf-8") as more:
        more.write("token9,room9,message 9\n")
    said = command("run", *options, *FAST, "--skip-sent")
    assert (said.code, said.json["run"], said.json["sent"], said.json["skipped"]) == (0, 2, 5, 2)
    assert set(times(server).values()) == {1}
    assert command("run", *options, *FAST, "--skip-sent").json["skipped"] == 7


def test_skip_sent_leaves_rows_in_doubt_out(command: Campaign, doubtful: tuple[Path, RunningSandbox, int]) -> None:
    campaign, server, in_doubt = doubtful
    said = command("run", campaign, *FAST, "--skip-sent")
    assert (said.json["sent"], said.json["skipped"]) == (0, 20)
    assert in_doubt
    assert set(times(server, "text").values()) == {1}


def test_a_row_that_was_cut_off_is_looked_up_before_skip_sent_leaves_it_out(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    options = (livechat_list(tmp_path / "list.csv", 4), *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST, "--limit", "2")
    (tmp_path / "list.results.xlsx").unlink()  # a process that was killed has written none
    with closing(sqlite3.connect(tmp_path / "list.journal.db", isolation_level=None)) as journal:
        journal.execute("UPDATE status SET state = 'sending', attempts = 1 WHERE seq IN (2, 3)")  # 2 was taken, 3 not
    said = command("run", *options, *FAST, "--skip-sent")
    assert (said.json["sent"], said.json["skipped"]) == (2, 2)
    assert set(times(server).values()) == {1}


def test_a_changed_address_is_asked_about_before_a_resume(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    livechat_list(tmp_path / "list.csv", 4)
    campaign = tmp_path / "c.toml"
    text = 'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{}"\n'
    campaign.write_text(text.format(server.url), encoding="utf-8")
    command("run", campaign, *FAST, "--limit", "1")
    corrected = server.url.replace("127.0.0.1", "localhost")
    campaign.write_text(text.format(corrected), encoding="utf-8")
    refused = command("resume", campaign, *FAST)
    assert refused.code == 2
    assert f"add --server {corrected}, or --server {server.url}" in refused.stderr
    assert len(server.ledger.taken()) == 1
    assert command("resume", campaign, *FAST, "--server", corrected).json["sent"] == 4
    assert command("resume", campaign, *FAST).code == 0  # nothing is left to send, so nothing is asked
    assert set(times(server).values()) == {1}


def test_a_written_address_that_means_the_same_is_no_change(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    livechat_list(tmp_path / "list.csv", 2)
    campaign = tmp_path / "c.toml"
    text = 'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{}"\n'
    campaign.write_text(text.format(server.url), encoding="utf-8")
    command("run", campaign, *FAST, "--limit", "1")
    campaign.write_text(text.format(server.url + "/"), encoding="utf-8")
    assert command("resume", campaign, *FAST).json["sent"] == 2


def test_after_many_refusals_the_next_step_is_to_look(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    written = [["token", "rid", "msg"], *([f"t{row}", f"closed-{row}", "Hi"] for row in range(60))]
    options = (write_csv(tmp_path / "list.csv", written), *LIVECHAT, "--server", server.url)
    said = command("run", *options, "--yes", "--rate", "1000/s", "--concurrency", "1")
    assert said.code == 3
    assert "is the list or the template wrong? 0 of 60 rows are sent" in said.stderr
    look = said.stderr.index("Look first")
    assert look < said.stderr.index("--skip-sent") < said.stderr.index("campaign resume")


def test_a_dry_run_counts_what_would_be_left_out(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    options = (livechat_list(tmp_path / "list.csv", 6), *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST, "--limit", "2")
    said = command("run", *options, "--dry-run", "--skip-sent", "--json")
    assert (said.json["pending"], said.json["skipped"]) == (4, 2)
    assert command("run", *options, "--dry-run", "--json").json["pending"] == 6


def test_an_address_that_an_option_named_is_no_change_of_the_file(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    livechat_list(tmp_path / "list.csv", 3)
    campaign = tmp_path / "c.toml"
    text = 'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{}"\n'
    campaign.write_text(text.format("https://chat.example.com"), encoding="utf-8")
    command("run", campaign, *FAST, "--server", server.url, "--limit", "1")
    assert command("resume", campaign, *FAST, "--limit", "1").json["sent"] == 2
    campaign.write_text(text.format("https://other.example.com"), encoding="utf-8")
    refused = command("resume", campaign, *FAST)
    assert refused.code == 2
    assert f"planned for {server.url}, and the campaign file now says https://other.example.com" in refused.stderr


@pytest.mark.parametrize("kept", ["file", "memory", "postgres"])
def test_a_program_can_leave_out_who_has_the_message_too(
    server: RunningSandbox, request: pytest.FixtureRequest, tmp_path: Path, kept: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    loaded = campaign_api.load(recipients, template="livechat-text", server=server.url)
    plan = campaign_api.plan(loaded)
    places = {"file": str(tmp_path / "a.journal.db"), "memory": ":memory:"}
    where = places[kept] if kept in places else str(request.getfixturevalue("postgres"))
    with campaign_api.open_journal(where, campaign=uuid.uuid4().hex) as journal:
        first = campaign_api.start_sync(plan, journal=journal)
        assert len(list(first.deliver_sync(limit=2))) == 2
        with pytest.raises(campaign_api.CampaignError, match="2 rows that already have this message get it again"):
            campaign_api.start_sync(plan, journal=journal)
        second = campaign_api.start_sync(plan, journal=journal, new="skip-sent")
        assert [row.state for row in journal.results(second.number)] == ["skipped", "skipped", "pending"]
        assert [row.state for row in journal.results(1)] == ["sent", "sent", "skipped"]
        assert len(list(second.deliver_sync())) == 1
    assert set(times(server).values()) == {1}

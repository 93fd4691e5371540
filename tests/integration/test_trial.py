"""`campaign test`: a few messages to a conversation of one's own; the campaign itself knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from campaign import planning
from campaign.journal import open_journal
from campaign.sandbox import Fault, FaultPlan
from tests.integration.conftest import FAST, kitechat_list, livechat_list, write_csv, write_workbook
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal import PlannedRow
    from campaign.planning import Plan
    from campaign.sheets import Row
    from tests.integration.conftest import Campaign, RunningSandbox, Said

    Test = Callable[..., Said]

OWN = ("--to", "token=mine", "--to", "rid=my-room")
LIVECHAT = ("--template", "livechat-text")


@pytest.fixture
def recipients(tmp_path: Path) -> Path:
    return livechat_list(tmp_path / "list.csv", 6)


@pytest.fixture
def trial(command: Campaign, server: RunningSandbox, recipients: Path) -> Test:
    """Test the list of six rows."""
    return lambda *more: command("test", recipients, *LIVECHAT, "--server", server.url, *FAST, *more)


def sent(server: RunningSandbox) -> list[tuple[str, str, str]]:
    return [(body["token"], body["rid"], body["msg"]) for body in server.bodies()]


def numbered(count: int) -> list[list[object]]:
    """The cells of `livechat_list`."""
    rows: list[list[object]] = [[f"t{number}", f"r{number}", f"message {number}"] for number in range(count)]
    return [["token", "rid", "msg"], *rows]


def own(*numbers: int) -> list[tuple[str, str, str]]:
    return [("mine", "my-room", f"message {number}") for number in numbers]


def test_the_first_three_messages_go_to_a_conversation_of_ones_own(
    trial: Test, server: RunningSandbox, tmp_path: Path
) -> None:
    said = trial(*OWN)
    assert (said.code, said.json["rows"], said.json["sent"], said.json["state"]) == (0, 3, 3, "finished")
    assert sent(server) == own(0, 1, 2)
    assert said.json["results"] == str(tmp_path / "list.test.results.xlsx")
    assert (tmp_path / "list.test.journal.db").exists()
    assert not (tmp_path / "list.journal.db").exists()
    assert "Test 1 is finished: all 3 rows are sent to your own conversation." in said.stderr
    assert "No recipient on the list got a message" in said.stderr
    assert "campaign resume" not in said.stderr
    first = [row[0].value for row in load_workbook(said.json["results"])["Summary"].iter_rows()]
    assert "All 3 rows are sent to your own conversation." in first
    assert any(str(text).startswith("No recipient on the list got a message") for text in first)


def test_the_rows_that_are_named_are_sent_in_the_order_of_the_list(trial: Test, server: RunningSandbox) -> None:
    assert trial(*OWN, "--rows", "6,3-4").json["sent"] == 3
    assert sent(server) == own(1, 2, 4)


def test_each_test_is_a_run_of_its_own(trial: Test, server: RunningSandbox, tmp_path: Path) -> None:
    assert [trial(*OWN).json["run"] for _ in range(2)] == [1, 2]
    assert sent(server) == own(0, 1, 2) * 2
    with open_journal(tmp_path / "list.test.journal.db", create=False) as journal:
        assert [run.manifest.trial for run in journal.runs()] == [True, True]
        assert len(list(journal.results(2))) == 3


def test_a_test_never_counts_as_sent(command: Campaign, trial: Test, server: RunningSandbox, recipients: Path) -> None:
    trial(*OWN)
    said = command("run", recipients, *LIVECHAT, "--server", server.url, *FAST)
    assert (said.code, said.json["run"], said.json["sent"]) == (0, 1, 6)
    again = command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--skip-sent")
    assert again.json["skipped"] == 6
    trial(*OWN)
    taken = sent(server)
    assert (taken[:3], taken[-3:]) == (own(0, 1, 2), own(0, 1, 2))
    assert sorted(taken[3:-3]) == [(f"token{n}", f"room{n}", f"message {n}") for n in range(6)]  # in any order


def test_the_same_text_twice_is_sent_twice(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows = [["token", "rid", "msg"], ["a", "r1", "Hello"], ["b", "r2", "Hello"], ["b", "r2", "Hello"]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    said = command("test", recipients, *LIVECHAT, "--server", server.url, *FAST, *OWN)
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 3, 0)
    assert sent(server) == [("mine", "my-room", "Hello")] * 3


def test_an_interrupted_or_stopped_test_is_simply_made_again(trial: Test, server: RunningSandbox) -> None:
    server.sandbox.set_faults(FaultPlan(script=(None, Fault.UNAUTHORIZED_BEFORE)))
    stopped = trial(*OWN, "--concurrency", "1")
    assert (stopped.code, stopped.json["sent"], stopped.json["pending"]) == (3, 1, 2)
    assert "remove the reasons, then test again" in stopped.stderr
    assert trial(*OWN).json["sent"] == 3


def test_rows_that_are_left_out_are_none_of_the_first(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    book = load_workbook(write_workbook(tmp_path / "list.xlsx", numbered(5)))
    assert book.active is not None
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "list.xlsx")
    options = (tmp_path / "list.xlsx", *LIVECHAT, "--server", server.url, *FAST, *OWN, "--hidden-rows", "skip")
    assert command("test", *options).json["rows"] == 3
    assert sent(server) == own(0, 2, 3)
    named = command("test", *options, "--rows", "3-4")
    assert (named.json["sent"], named.json["skipped"]) == (1, 1)


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_of_a_long_list_no_more_is_read_than_is_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    if name.endswith(".csv"):
        livechat_list(path, 1600)
    else:
        write_workbook(path, numbered(1600))
    planned: list[int] = []
    plan_row = planning._plan_row

    def counted(plan: Plan, row: Row, stamp: planning.Stamp | None) -> PlannedRow:
        planned.append(row.number)
        return plan_row(plan, row, stamp)

    monkeypatch.setattr(planning, "_plan_row", counted)
    options = (path, *LIVECHAT, "--server", server.url, *FAST, *OWN)
    assert command("test", *options).json["sent"] == 3
    assert command("test", *options, "--rows", "600-601").json["sent"] == 2
    assert planned == [2, 3, 4, 600, 601]
    assert sent(server) == own(0, 1, 2, 598, 599)


def test_a_list_without_a_row_to_send_is_refused(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    empty = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"]])
    said = command("test", empty, *LIVECHAT, "--server", server.url, *FAST, *OWN)
    assert (said.code, "the list has no row that could be sent" in said.stderr) == (2, True)


# The destination


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            ("--to", "token=mine"),
            "--to: “rid” of the destination would still come from the list (“rid”); add --to rid=…",
            id="half of it",
        ),
        pytest.param(
            (*OWN, "--to", "msg=x"), "--to msg: “msg” is no variable of the destination", id="not the destination"
        ),
        pytest.param((*OWN, "--to", "ridd=x"), "did you mean “rid”?", id="misspelt"),
        pytest.param((*OWN[:3], "rid= "), "--to rid: is blank", id="blank"),
        pytest.param((), "Missing option '--to'", id="none"),
        pytest.param(("--to", "token"), "has no = between", id="no value"),
        pytest.param((*OWN, "--to", "rid=yours"), "“rid” twice, as “my-room” and “yours”", id="two destinations"),
        pytest.param((*OWN, "--rows", "3,44"), "--rows: the list has no row 44", id="no such row"),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_sent(
    trial: Test, server: RunningSandbox, given: tuple[str, ...], said: str
) -> None:
    result = trial(*given)
    assert result.code == 2
    assert said in " ".join(result.stderr.split())
    assert not server.ledger.entries


def test_everything_that_is_missing_is_named_with_its_column(
    command: Campaign, server: RunningSandbox, api_key: str, tmp_path: Path
) -> None:
    assert api_key
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    options = (recipients, "--template", "kitechat-text", "--server", server.url, *FAST)
    said = command("test", *options, "--to", "conversation_id=me")
    assert (said.code, "“page_id” of the destination would still come from the list" in said.stderr) == (2, True)
    # What is the same for every row anyway is no row's own.
    whole = command("test", *options, "--set", "page_id=77", "--to", "conversation_id=me")
    assert (whole.code, whole.json["sent"]) == (0, 2)
    assert {(body["pageId"], body["conversationId"]) for body in server.bodies()} == {("77", "me")}


def test_a_destination_that_reaches_into_the_row_cannot_be_replaced(
    command: Campaign, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    template = tmp_path / "own.toml"
    template.write_text(
        'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = \'{{ row["rid"] }}\'\nmsg = "{{ msg }}"\n'
    )
    options = ("--template", template, "--server", server.url, *FAST)
    said = command("test", recipients, *options, "--to", "token=mine")
    assert (said.code, "which no --to can replace" in said.stderr) == (2, True)
    assert not server.ledger.entries


def test_a_variable_with_a_column_of_its_own_name_or_a_mapped_one_is_replaced(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["Visitor", "rid", "msg"], ["v", "r", "Hello"]])
    options = (*LIVECHAT, "--map", "token=Visitor", "--server", server.url, *FAST)
    assert command("test", recipients, *options, *OWN).code == 0
    assert sent(server) == [("mine", "my-room", "Hello")]


# Findings, questions, other commands


def test_what_every_test_does_is_no_finding(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows = [["Visitor", "rid", "msg", "note"], ["t1", "r1", "Hello", ""], ["t2", "r2", "Good morning", ""]]
    options = (*LIVECHAT, "--map", "token=VISITOR", "--server", server.url, *FAST)
    said = command("test", write_csv(tmp_path / "list.csv", rows), *options, *OWN).stderr
    assert "same-destination" not in said
    assert "1 column is not used: “note”" in said


def test_findings_have_to_be_decided_as_in_a_real_run_over_the_rows_that_are_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows = [["token", "rid", "msg"], *([f"t{n}", f"r{n}", "Hello"] for n in range(3)), ["t4", "r4", "NULL"]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    options = (recipients, *LIVECHAT, "--server", server.url, *FAST, *OWN)
    assert command("test", *options).code == 0
    refused = command("test", *options, "--rows", "5")
    assert refused.code == 2
    assert refused.json["reason"] == "findings have to be decided: null-word"
    assert command("test", *options, "--rows", "5", "--accept", "null-word").code == 0


def test_an_invalid_row_is_named_and_nothing_is_sent(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows = [["token", "rid", "msg"], ["t1", "r1", "Hello"], ["t2", "r2", ""], ["t3", "r3", "Hello"]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    options = (recipients, *LIVECHAT, "--server", server.url, *FAST, *OWN)
    said = command("test", *options)
    assert (said.code, "C3: “msg” is blank" in said.stderr) == (2, True)
    assert "or choose others with --rows" in said.stderr
    assert not server.ledger.entries
    assert command("test", *options, "--rows", "2,4").json["sent"] == 2


def test_without_a_terminal_and_without_yes_it_shows_the_facts_and_sends_nothing(
    command: Campaign, server: RunningSandbox, recipients: Path
) -> None:
    said = command("test", recipients, *LIVECHAT, "--server", server.url, *OWN)
    assert said.code == 2
    assert "To        mine/my-room, whatever the list says" in said.stderr
    assert f"Send 3 test messages to {server.url}? There is no terminal" in said.stderr
    assert "Several" not in said.stderr
    assert not server.ledger.entries


def test_on_a_terminal_it_asks_first(server: RunningSandbox, recipients: Path) -> None:
    terminal = Terminal("test", recipients, *LIVECHAT, "--server", server.url, *OWN)
    terminal.wait_for(f"Send 3 test messages to {server.url}? [y/N, p: preview]")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert not server.ledger.entries


def test_the_results_of_a_test_are_no_list_to_send(
    command: Campaign, trial: Test, server: RunningSandbox, recipients: Path, tmp_path: Path
) -> None:
    trial(*OWN)
    results = tmp_path / "list.test.results.xlsx"
    options = (*LIVECHAT, "--server", server.url, *FAST)
    said = command("run", recipients, *options, "--recipients", results, "--sheet", "Results")
    assert (said.code, "results of `campaign test`" in said.stderr) == (2, True)


def test_other_commands_do_not_take_the_tests_journal_for_the_campaigns(
    command: Campaign, trial: Test, recipients: Path
) -> None:
    trial(*OWN)
    for words in (("results", recipients), ("resume", recipients, "--yes"), ("undo", recipients, "--yes")):
        said = command(*words)
        assert (said.code, "there is no run of this campaign on record" in said.stderr) == (2, True)

"""`campaign rooms`: a list of visitors becomes a list with their conversations."""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from campaign.channels.livechat.sandbox_rooms import RegisterVisitor, VisitorBook
from campaign.errors import Problem, ResultsError
from campaign.sandbox import Fault, FaultPlan, RateLimit, SandboxSettings
from tests.integration.conftest import FAST, write_csv, write_workbook
from tests.integration.test_processes import nothing_is_left_running, start_process
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, Said, StartSandbox

pytestmark = pytest.mark.usefixtures("nothing_is_left_running")

__all__ = ["nothing_is_left_running"]


def book(server: RunningSandbox) -> VisitorBook:
    """The visitors and rooms of a sandbox."""
    routes = [served.route for served in server.sandbox._served.values()]
    return next(route.book for route in routes if isinstance(route, RegisterVisitor))


def rooms(command: Campaign, server: RunningSandbox, people: Path, *more: str | Path) -> Said:
    return command("rooms", people, "--server", server.url, "-o", people.with_name("out.xlsx"), *FAST, *more)


def rows_of(path: Path | str, sheet: str = "Rooms") -> list[dict[str, str]]:
    """The rows of a list by its headers."""
    worksheet = load_workbook(path)[sheet]
    headers, *rows = worksheet.iter_rows(values_only=True)
    return [dict(zip(map(str, headers), (str(text or "") for text in row), strict=True)) for row in rows]


def persons(path: Path, count: int, first: int = 1) -> Path:
    """Visitors of each kind: with a token, a phone number, an e-mail address, or a name alone."""
    kinds = {
        0: lambda number: [f"visitor-{number}", f"Khách {number}", "", ""],
        1: lambda number: ["", f"Khách {number}", f"0901{number:06}", ""],
        2: lambda number: ["", f"Khách {number}", "", f"khach{number}@example.com"],
        3: lambda number: ["", f"Khách {number}", "", ""],
    }
    rows = [kinds[number % 4](number) for number in range(first, first + count)]
    return write_csv(path, [["token", "name", "phone", "email"], *rows])


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return persons(tmp_path / "people.csv", 8)


def test_each_visitor_gets_a_conversation_and_the_list_says_which(
    command: Campaign, server: RunningSandbox, people: Path
) -> None:
    said = rooms(command, server, people)
    assert said.code == 0
    assert said.json == {
        "run": 1,
        "state": "finished",
        "reason": None,
        "rows": 8,
        "sent": 8,
        "failed": 0,
        "in_doubt": 0,
        "invalid": 0,
        "skipped": 0,
        "pending": 0,
        "deleted": 0,
        "requests": 14,
        "throttled": 0,
        "seconds": said.json["seconds"],
        "results": str(people.with_name("out.xlsx")),
        "warnings": [],
    }
    found = rows_of(said.json["results"])
    assert [row["name"] for row in found] == [f"Khách {number}" for number in range(1, 9)]
    assert {row["token"]: row["rid"] for row in found} == book(server).rooms
    assert {row["room_status"] for row in found} == {"opened"}
    assert [row["token"] for row in found if row["token"].startswith("visitor-")] == ["visitor-4", "visitor-8"]
    assert len({visitor.token for visitor in book(server).visitors}) == 6
    assert all(len(visitor.token) == 40 for visitor in book(server).visitors)
    assert "8 rows of 8 with a conversation, 8 of them opened." in said.stderr


def test_the_list_can_be_run_at_once(command: Campaign, server: RunningSandbox, people: Path) -> None:
    out = rooms(command, server, people).json["results"]
    words = ("--template", "livechat-text", "--set", "msg=Chào", "--server", server.url)
    assert command("run", out, *words, *FAST).json["sent"] == 8
    destinations = {entry.destination for entry in server.ledger.taken()}
    assert {each.account: each.conversation for each in destinations} == book(server).rooms


@pytest.mark.parametrize(("headers", "text"), [(["name"], " --set msg=TEXT"), (["name", "Msg"], "")])
def test_the_next_command_that_is_named_has_a_text(
    command: Campaign, server: RunningSandbox, tmp_path: Path, headers: list[str], text: str
) -> None:
    people = write_csv(tmp_path / "people.csv", [headers, ["Chào"] * len(headers)])
    said = rooms(command, server, people)
    assert f"out.xlsx --template livechat-text{text} --server {server.url}" in said.stderr


def test_rows_in_another_order_are_the_same_visitors(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people, headers = tmp_path / "people.csv", ["name", "phone", "email"]
    rows = [["A", "", "a@example.com"], ["B", "0901000001", "a@example.com"], ["C", "0901000001", ""]]
    first = rows_of(rooms(command, server, write_csv(people, [headers, *rows])).json["results"])
    again = rooms(command, server, write_csv(people, [headers, *reversed(rows)]))
    assert again.json["requests"] == 0
    assert {row["token"] for row in [*first, *rows_of(again.json["results"])]} == {book(server).visitors[0].token}


def test_the_same_command_asks_for_nothing_again(command: Campaign, server: RunningSandbox, people: Path) -> None:
    first = rows_of(rooms(command, server, people).json["results"])
    again = rooms(command, server, people)
    assert (again.json["requests"], again.json["sent"]) == (0, 8)
    assert rows_of(again.json["results"]) == first


def test_new_rows_are_asked_for_and_the_others_keep_their_tokens(
    command: Campaign, server: RunningSandbox, people: Path
) -> None:
    first = rows_of(rooms(command, server, people).json["results"])
    persons(people, 9, first=0)
    again = rooms(command, server, people)
    assert again.json["requests"] == 1
    tokens = {row["name"]: row["token"] for row in rows_of(again.json["results"])}
    assert all(tokens[row["name"]] == row["token"] for row in first)


def test_the_written_list_can_be_asked_for_anew(command: Campaign, server: RunningSandbox, people: Path) -> None:
    out = rooms(command, server, people).json["results"]
    said = command("rooms", out, "--server", server.url, "-o", people.with_name("again.xlsx"), *FAST)
    assert (said.code, said.json["requests"]) == (0, 8)
    before, after = rows_of(out), rows_of(said.json["results"])
    assert {row["room_status"] for row in after} == {"found"}
    assert [row["rid"] for row in after] == [row["rid"] for row in before]
    assert list(after[0]) == list(before[0])


def test_rows_of_one_person_share_a_conversation(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows = [["Họ và tên", "Số điện thoại"], ["Khách", "0901 000 001"], ["Khách A", "0901.000.001"], ["Khách", ""]]
    said = rooms(command, server, write_csv(tmp_path / "p.csv", rows))
    found = rows_of(said.json["results"])
    assert len(book(server).visitors) == 2
    assert found[0]["rid"] == found[1]["rid"] != found[2]["rid"]
    assert (
        "\n  1 row (3) has the conversation of an earlier row, by token, phone number or e-mail address\n"
        in said.stderr
    )


def test_a_visitor_known_by_the_phone_of_one_row_and_the_address_of_another_has_one_conversation(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    known = {"token": "theirs", "name": "A", "phone": "0901000001", "email": "a@example.com"}
    visitor = book(server).register(known)
    rows = [["A", "0901000001", ""], ["B", "0901000002", ""], ["A", "", "a@example.com"], ["C", "", ""]]
    people = write_csv(tmp_path / "people.csv", [["name", "phone", "email"], *rows])
    first, _, third, _ = rows_of(rooms(command, server, people).json["results"])
    assert (first["token"], first["rid"]) == (third["token"], third["rid"])
    assert first["token"] == visitor.token
    assert len(book(server).rooms) == len(book(server).visitors) == 3


def test_cells_are_written_as_they_are_displayed(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows: list[list[object]] = [["name", "Mã", "Ngày"], ["=1+1", "00123", 45000.5], ["Khách", 1.5, None]]
    people = write_workbook(tmp_path / "p.xlsx", rows)
    worksheet = load_workbook(people)
    cell = worksheet["Sheet1"]["A2"]
    cell.value, cell.data_type = "=1+1", "s"
    worksheet["Sheet1"]["C2"].number_format = "dd/mm/yyyy"
    worksheet.save(people)
    said = rooms(command, server, people)
    (first, second) = rows_of(said.json["results"])
    assert (first["name"], first["Mã"], first["Ngày"]) == ("=1+1", "00123", "15/03/2023")
    assert (second["Mã"], second["Ngày"]) == ("1.5", "")
    sheet = load_workbook(said.json["results"])["Rooms"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s", "inlineStr"}


def test_rows_that_name_nobody_or_are_refused_say_why(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    header = ["token", "phone", "email", "msg"]
    rows = [["visitor-1", "", "", "x"], ["offline-1", "", "", "x"], ["", "12", "", "x"], ["lost-1", "", "", "x"]]
    said = rooms(command, server, write_csv(tmp_path / "p.csv", [header, *rows, ["", "", "a@b", "x"]]))
    assert (said.code, said.json["sent"], said.json["failed"], said.json["invalid"]) == (1, 1, 3, 1)
    found = [(row["rid"] != "", row["room_status"]) for row in rows_of(said.json["results"])]
    no_agent = "no agent is online, and the server opens no conversation without one; ask again later (no-agent-online)"
    unknown = "the server knows no visitor with this token, and the row has nothing to register one with"
    assert found == [
        (True, "opened"),
        (False, f"refused: {no_agent}"),
        (False, "not asked: B4: “12” is not one phone number"),
        (False, f"refused: {unknown}"),
        (False, "refused: the server does not accept the e-mail address (error-invalid-email)"),
    ]
    assert "1 not asked (row 4): B4: “12” is not one phone number" in said.stderr
    assert f"1 refused (row 3): {no_agent}" in said.stderr


def test_hidden_rows_have_to_be_decided(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people = write_workbook(tmp_path / "p.xlsx", [["name"], ["Khách 1"], ["Khách 2"], ["Khách 3"]])
    workbook = load_workbook(people)
    workbook["Sheet1"].row_dimensions[3].hidden = True
    workbook.save(people)
    refused = rooms(command, server, people)
    assert refused.code == 2
    assert "hidden-rows: row 3 is hidden in the sheet and would be asked for too" in refused.stderr
    assert not server.ledger.entries
    skipped = rooms(command, server, people, "--hidden-rows", "skip")
    assert (skipped.code, skipped.json["sent"], skipped.json["skipped"]) == (0, 2, 1)
    statuses = [row["room_status"] for row in rows_of(skipped.json["results"])]
    assert statuses == ["opened", "skipped: the sheet hides the row", "opened"]
    sent = rooms(command, server, people, "--hidden-rows", "send")
    assert (sent.code, sent.json["sent"], sent.json["requests"]) == (0, 3, 2)


def test_a_damaged_cell_has_to_be_accepted(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people = write_csv(tmp_path / "p.csv", [["name"], ["Nguy\ufffdn"], ["Khách"]])
    refused = rooms(command, server, people)
    assert refused.code == 2
    assert "lost-letters" in refused.stderr
    assert not server.ledger.entries
    accepted = rooms(command, server, people, "--accept", "lost-letters")
    assert (accepted.code, accepted.json["sent"]) == (0, 2)
    assert [warning["code"] for warning in accepted.json["warnings"]] == ["lost-letters"]


def test_a_guessed_encoding_has_to_be_named(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people = tmp_path / "p.csv"
    people.write_bytes("name,msg\nJosé Müller,x\nAnne,y\n".encode("cp1252"))
    refused = rooms(command, server, people)
    assert refused.code == 2
    assert "guessed-encoding" in refused.stderr
    named = rooms(command, server, people, "--encoding", "cp1252")
    assert (named.code, rows_of(named.json["results"])[0]["name"]) == (0, "José Müller")


def test_refused_visitors_are_asked_for_again(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people = write_csv(tmp_path / "p.csv", [["token", "name"], ["lost-1", ""], ["visitor-2", ""]])
    assert rooms(command, server, people).json["failed"] == 1
    book(server).register({"token": "lost-1"})
    again = rooms(command, server, people)
    assert (again.code, again.json["sent"], again.json["requests"]) == (0, 2, 1)


def test_an_edited_list_is_kept(command: Campaign, server: RunningSandbox, people: Path) -> None:
    out = people.with_name("out.xlsx")
    rooms(command, server, people)
    workbook = load_workbook(out)
    workbook["Rooms"]["A2"] = "mine"
    workbook.save(out)
    again = rooms(command, server, people)
    assert again.json["results"] == str(people.with_name("out (1).xlsx"))
    assert rows_of(out)[0]["token"] == "mine"


def test_a_list_without_rows_is_refused(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    said = rooms(command, server, write_csv(tmp_path / "p.csv", [["token", "name"]]))
    assert (said.code, list(tmp_path.glob("out*"))) == (2, [])
    assert "p.csv: there is no row below the header; add the recipients, one to a row" in said.stderr


def test_what_the_server_says_is_text(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    book(server).rooms["visitor-1"] = "=1+1"
    people = write_csv(tmp_path / "p.csv", [["token"], ["visitor-1"]])
    said = rooms(command, server, people)
    cell = load_workbook(said.json["results"])["Rooms"]["B2"]
    assert (cell.value, cell.data_type in ("s", "inlineStr")) == ("=1+1", True)


def test_an_id_with_control_characters_is_none(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    book(server).rooms["visitor-1"] = "\x1b[2J"
    people = write_csv(tmp_path / "p.csv", [["token"], ["visitor-1"]])
    server.sandbox.set_faults(FaultPlan(script=(None, Fault.REDIRECT_BEFORE), on_read_back=True))
    said = rooms(command, server, people)
    assert (said.code, said.json["pending"]) == (3, 1)
    assert "\x1b" not in said.stderr


def test_the_record_names_nobody(command: Campaign, server: RunningSandbox, people: Path) -> None:
    rooms(command, server, people)
    record = people.with_name("out.rooms.journal.db").read_bytes()
    assert not [text for text in ("Khách", "0901", "example.com") if text.encode() in record]


def test_server_trouble_stops_it_and_the_same_command_goes_on(
    command: Campaign, server: RunningSandbox, people: Path
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(None, None, None, Fault.UNAUTHORIZED_BEFORE)))
    said = rooms(command, server, people, "--concurrency", "1")
    assert (said.code, said.json["state"]) == (3, "stopped")
    assert said.json["reason"].startswith("the server refuses access (HTTP 401)")
    assert said.json["pending"] > 0
    assert "not settled: the same command goes on." in said.stderr
    assert rows_of(said.json["results"])[7]["room_status"] in ("opened", "not asked yet", "registered, not asked yet")
    again = rooms(command, server, people)
    assert (again.code, again.json["sent"]) == (0, 8)
    assert len(book(server).visitors) == 6


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.SERVER_ERROR_AFTER, Fault.HTML_AFTER], ids=str)
def test_a_lost_response_registers_nobody_twice(
    command: Campaign, server: RunningSandbox, people: Path, fault: Fault
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(fault, None, fault, None, fault), on_read_back=True))
    said = rooms(command, server, people)
    assert (said.code, said.json["sent"]) == (0, 8)
    assert (len(book(server).visitors), len(book(server).rooms)) == (6, 8)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        pytest.param(("-o", "out.csv"), "-o out.csv: is no name of a workbook; let it end in .xlsx", id="no workbook"),
        pytest.param(("-o", "no/out.xlsx"), "there is no such folder; make its folder", id="no folder"),
        pytest.param(("--map", "rid=name"), "there is no variable “rid” here", id="variable"),
        pytest.param(("--rate", "fast"), "“fast” is not a rate", id="rate"),
        pytest.param(("--server", "chat"), "--server: “chat”: it is no web address", id="server"),
        pytest.param(("--sheet", "x"), "sheet", id="sheet"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_is_asked(
    command: Campaign, server: RunningSandbox, people: Path, more: tuple[str, ...], what: str
) -> None:
    said = rooms(command, server, people, *more)
    assert said.code == 2
    assert what in said.stderr
    assert not server.ledger.entries


def test_the_list_itself_is_not_written_over(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    people = write_workbook(tmp_path / "out.xlsx", [["name"], ["Khách"]])
    said = rooms(command, server, people)
    assert said.code == 2
    assert "is the list itself; name another file" in said.stderr


def test_without_a_terminal_it_asks_for_yes(command: Campaign, server: RunningSandbox, people: Path) -> None:
    said = command("rooms", people, "--server", server.url, "-o", people.with_name("out.xlsx"))
    assert said.code == 2
    assert f"Ask {server.url} for the conversations of 8 visitors, and register 6 of them?" in said.stderr
    assert "add --yes; nothing was asked" in said.stderr
    assert re.search(r"Columns +token ← token, name ← name, phone ← phone, email ← email", said.stderr)
    assert not server.ledger.entries


def test_another_server_needs_another_file(command: Campaign, server: RunningSandbox, people: Path) -> None:
    rooms(command, server, people)
    said = rooms(command, server, people, "--server", "http://127.0.0.1:9")
    assert said.code == 2
    assert "name another file with -o" in said.stderr


def test_quiet_reports_only_what_went_wrong(command: Campaign, server: RunningSandbox, people: Path) -> None:
    out = people.with_name("out.xlsx")
    said = command("rooms", people, "--server", server.url, "-o", out, "--yes", "--rate", "1000/s", "-q")
    assert (said.code, said.stdout, said.stderr) == (0, "", "")
    server.sandbox.set_faults(FaultPlan(script=(Fault.UNAUTHORIZED_BEFORE,)))
    said = command("rooms", persons(people, 30), "--server", server.url, "-o", out, "--yes", "-q")
    assert said.code == 3
    assert said.stderr.startswith("Stopped: the server refuses access")


def test_a_list_that_cannot_be_written_is_written_by_the_same_command(
    command: Campaign, server: RunningSandbox, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise ResultsError(Problem("out.xlsx", "the list cannot be written (disk full)", "make room"))

    with monkeypatch.context() as patched:
        patched.setattr("campaign.runs.room_report.write_list", full)
        said = rooms(command, server, people)
    assert (said.code, said.json["sent"], said.json["results"]) == (3, 8, None)
    assert "out.xlsx: the list cannot be written (disk full); make room" in said.stderr
    again = rooms(command, server, people)
    assert (again.code, again.json["requests"]) == (0, 0)


@pytest.mark.slow
def test_200_rows_take_as_long_as_the_limits_demand(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    """At 5 and 10 in 1.5 seconds: in the least time the first registration opens the first of 40 windows."""
    server = start_sandbox(SandboxSettings(limit=RateLimit(10, 1.5)))
    rows = [["name"], *([f"Khách {number}"] for number in range(200))]
    people = write_csv(tmp_path / "people.csv", rows)
    began = time.monotonic()
    said = command("rooms", people, "--server", server.url, "-o", tmp_path / "out.xlsx", "--yes", "--json")
    took = time.monotonic() - began
    assert (said.code, said.json["sent"], said.json["throttled"]) == (0, 200, 0)
    assert {entry.status for entry in server.ledger.entries} == {200}
    assert took <= 1.05 * 39 * 1.5


@pytest.mark.slow
def test_twenty_kills_register_nobody_twice(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    chance = random.Random(7)
    server = start_sandbox(SandboxSettings(limit=RateLimit(40, 1.0), latency=0.02))
    people = persons(tmp_path / "people.csv", 200)
    words = ["rooms", str(people), "--server", server.url, "-o", str(tmp_path / "out.xlsx"), "--yes", "--json"]
    killed = 0
    while killed < 20:
        process = start_process(*words)
        seen, until = len(server.ledger.entries), time.monotonic() + 20
        while len(server.ledger.entries) == seen and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.2))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        assert process.returncode != 0, "it was done before twenty kills"
    said = command(*words)
    assert (said.code, said.json["sent"], said.json["pending"]) == (0, 200, 0)
    assert {entry.status for entry in server.ledger.entries} <= {200, None}  # None: killed before the response
    assert (len(book(server).visitors), len(book(server).rooms)) == (150, 200)
    assert {row["token"]: row["rid"] for row in rows_of(said.json["results"])} == book(server).rooms


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX sends them")
def test_ctrl_c_lets_what_is_in_flight_end_and_writes_the_list(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.1))
    people = persons(tmp_path / "people.csv", 200)
    words = ["rooms", str(people), "--server", server.url, "-o", str(tmp_path / "out.xlsx"), "--yes", "--json"]
    process = start_process(*words)
    until = time.monotonic() + 20
    while len(server.ledger.entries) < 10:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["state"], report["reason"]) == (130, "stopped", "interrupted")
    assert "Interrupted: finishing what is in flight" in stderr
    assert len(rows_of(report["results"])) == 200
    assert {entry.status for entry in server.ledger.entries} == {200}
    server.answer_at_once()
    said = command(*words, "--rate", "1000/s")
    assert (said.code, said.json["sent"], len(book(server).visitors)) == (0, 200, 150)


@pytest.mark.slow
def test_a_bar_shows_the_wait_for_the_limit(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(10, 2.5)))
    people = persons(tmp_path / "people.csv", 12)
    terminal = Terminal("rooms", people, "--server", server.url, "-o", tmp_path / "out.xlsx")
    terminal.wait_for("12 visitors, and register 9 of them? [y/N]")
    terminal.say("y\n")
    terminal.wait_for("s for the server's limit")
    assert terminal.end() == 0
    assert "found 12" in terminal.text
    assert "12 rows of 12 with a conversation" in terminal.text


@pytest.mark.slow
def test_no_at_the_question_asks_for_nothing(server: RunningSandbox, people: Path) -> None:
    terminal = Terminal("rooms", people, "--server", server.url, "-o", people.with_name("out.xlsx"))
    terminal.wait_for("[y/N]")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert "Nothing was asked." in terminal.text
    assert not server.ledger.entries

"""`campaign conversations`: the conversations of a period become a list."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

from campaign.channels.sandbox_api import Destination
from campaign.errors import Problem, ResultsError
from campaign.journal.sqlite.conversation_record import ConversationRecord
from campaign.sandbox import Fault, FaultPlan, ListSettings, RateLimit, SandboxSettings
from tests.integration.conftest import FAST
from tests.integration.test_processes import nothing_is_left_running, start_process
from tests.integration.test_rooms import rows_of
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, Said, StartSandbox

pytestmark = [pytest.mark.usefixtures("nothing_is_left_running", "api_key")]

__all__ = ["nothing_is_left_running"]

LISTED = SandboxSettings(listing=ListSettings(most=3))
BEGIN = 1_790_000_000.0
SINCE = ("--since", "2026-09-01", "--rate", "1000/s")


def write(server: RunningSandbox, conversation: str, text: str, at: float = BEGIN) -> None:
    """Let a message be on the server."""
    body = {"pageId": "p1", "conversationId": conversation, "message": {"type": "text", "text": text}}
    server.ledger.write_by_hand("kitechat", Destination("p1", conversation), json.dumps(body).encode(), at)


@pytest.fixture
def server(start_sandbox: StartSandbox) -> RunningSandbox:
    """A sandbox with ten conversations, three to a page; one of them has no lead."""
    started = start_sandbox(LISTED)
    for number in range(9):
        write(started, f"c{number}", f"message {number}", BEGIN + number)
    write(started, "nobody-1", "=1+1", BEGIN + 100)
    return started


def find(command: Campaign, server: RunningSandbox, out: Path, *more: str | Path) -> Said:
    words = ("conversations", "--channel", "kitechat", "--server", server.url, "-o", out, *SINCE, "--json")
    return command(*words, *more)


def test_each_conversation_is_in_the_list_with_its_person(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    write(server, "c4", "the last of all", BEGIN + 200)
    said = find(command, server, tmp_path / "out.xlsx")
    assert (said.code, said.json["state"], said.json["conversations"], said.json["contacts"]) == (0, "finished", 10, 9)
    assert "out.xlsx --template kitechat-text --set text=TEXT\n" in said.stderr
    found = rows_of(said.json["results"], "Conversations")
    assert [row["conversation_id"] for row in found[:3]] == ["c4", "nobody-1", "c8"]
    assert list(found[0]) == [
        *("page_id", "conversation_id", "lead_id", "channel", "last_message", "last_message_at"),
        *("name", "phone", "email", "tags"),
    ]
    assert (found[0]["page_id"], found[0]["channel"], found[0]["last_message"]) == ("p1", "facebook", "the last of all")
    assert found[0]["name"].startswith("Khách ")
    assert (found[1]["last_message"], found[1]["lead_id"], found[1]["name"]) == ("=1+1", "", "")
    sheet = load_workbook(said.json["results"])["Conversations"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s", "inlineStr"}
    assert "10 conversations, 9 with a contact." in said.stderr


def test_the_list_can_be_run_at_once(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    out = find(command, server, tmp_path / "out.xlsx").json["results"]
    words = ("--template", "kitechat-text", "--set", "text=Chào", "--server", server.url)
    assert command("run", out, *words, *FAST).json["sent"] == 10


def test_the_key_is_in_the_header_alone(
    command: Campaign, server: RunningSandbox, tmp_path: Path, api_key: str
) -> None:
    said = find(command, server, tmp_path / "out.xlsx", "-v")
    asked = [entry for entry in server.ledger.entries if entry.method == "GET"]
    assert len(asked) > 10
    assert all(entry.has_credentials for entry in asked)
    assert api_key not in said.stderr + said.stdout
    assert not [path for path in tmp_path.iterdir() if api_key.encode() in path.read_bytes()]


def test_a_key_without_access_to_contacts_gives_the_list_without_them(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITECHAT_API_KEY", "messages-only-key")
    said = find(command, server, tmp_path / "out.xlsx")
    assert (said.code, said.json["conversations"], said.json["contacts"]) == (0, 10, 0)
    (note,) = said.json["notes"]
    assert note.startswith("names, phone numbers, e-mail addresses and tags are left out: the server gives no list of")
    assert "name" not in rows_of(said.json["results"], "Conversations")[0]


def test_a_period_has_an_end(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    said = find(command, server, tmp_path / "out.xlsx", "--until", "2026-09-02")
    assert (said.code, said.json["conversations"]) == (0, 0)
    assert rows_of(said.json["results"], "Conversations") == []


def test_a_server_without_a_list_stops_it(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    said = find(command, start_sandbox(SandboxSettings(listing=None)), tmp_path / "out.xlsx")
    assert (said.code, said.json["state"], said.json["results"]) == (3, "stopped", None)
    assert said.json["reason"].startswith("the server gives no list of messages (HTTP 404)")


def test_times_in_milliseconds_are_tried_too(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(listing=ListSettings(milliseconds=True)))
    write(server, "c1", "Chào")
    assert find(command, server, tmp_path / "out.xlsx").json["conversations"] == 1


def test_it_goes_on_where_it_was_stopped(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    plan = FaultPlan(script=(None, None, None, Fault.UNAUTHORIZED_BEFORE), on_read_back=True)
    server.sandbox.set_faults(plan)
    first = find(command, server, tmp_path / "out.xlsx")
    assert (first.code, first.json["state"], first.json["conversations"]) == (3, "stopped", 9)
    assert "The same command goes on." in first.stderr
    pages = sum(entry.method == "GET" for entry in server.ledger.entries)
    again = find(command, server, tmp_path / "out.xlsx")
    assert (again.code, again.json["conversations"], again.json["contacts"]) == (0, 10, 9)
    asked = sum(entry.method == "GET" for entry in server.ledger.entries) - pages
    assert asked == 2 + 9  # the last page, an empty one, the contacts
    assert again.json["results"] == str(tmp_path / "out.xlsx")


def test_a_list_that_goes_on_with_an_old_one_says_where_it_ends(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(None, Fault.UNAUTHORIZED_BEFORE), on_read_back=True))
    assert find(command, server, tmp_path / "out.xlsx").json["notes"] == []
    with ConversationRecord(tmp_path / "out.conversations.journal.db") as record:
        record.note(until=repr(BEGIN + 50))
    said = find(command, server, tmp_path / "out.xlsx")
    (note,) = said.json["notes"]
    assert note.startswith("the list ends at 2026-09-21 ")
    assert find(command, server, tmp_path / "out.xlsx").json["notes"] == []


def test_a_key_refused_between_contacts_leaves_out_some(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(None,) * 8 + (Fault.UNAUTHORIZED_BEFORE,), on_read_back=True))
    said = find(command, server, tmp_path / "out.xlsx", "--concurrency", "1")
    assert 0 < said.json["contacts"] < 9
    assert said.json["notes"][0].startswith("some names, phone numbers, e-mail addresses and tags are left out: the")


def test_a_time_beyond_the_calendar_is_blank(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strange(*_: object) -> dict[str, object]:
        return {"pageId": "p", "conversationId": "c", "createdAt": "0001-01-01T00:00:00+14:00"}

    monkeypatch.setattr("campaign.channels.kitechat.sandbox_list.ListMessages._session", strange)
    said = find(command, server, tmp_path / "out.xlsx")
    assert said.code == 0
    assert [row["last_message_at"] for row in rows_of(said.json["results"], "Conversations")] == [""]


def test_what_is_done_is_no_longer_on_record(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    find(command, server, tmp_path / "out.xlsx")
    record = (tmp_path / "out.conversations.journal.db").read_bytes()
    assert not [text for text in ("message 1", "Khách", "example.com") if text.encode() in record]


def test_over_the_limit_it_waits(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(listing=ListSettings(most=1), limit=RateLimit(4, 0.5)))
    for number in range(5):
        write(server, f"c{number}", "Chào")
    said = find(command, server, tmp_path / "out.xlsx", "--concurrency", "2")
    assert (said.code, said.json["conversations"], said.json["contacts"]) == (0, 5, 5)
    assert said.json["throttled"] > 0


@pytest.mark.parametrize(
    ("more", "what"),
    [
        pytest.param(("--since", "yesterday"), "“yesterday” is no date; write it as 2026-10-01", id="no date"),
        pytest.param(("--since", "9000-01-01"), "--since: is in the future", id="a beginning to come"),
        pytest.param(("--until", "2026-08-01"), "is not after --since", id="an end before"),
        pytest.param(("--channel", "livechat"), "livechat has no request that lists conversations", id="channel"),
        pytest.param(("-o", "out.csv"), "is no name of a workbook", id="no workbook"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_is_asked(
    command: Campaign, server: RunningSandbox, tmp_path: Path, more: tuple[str, ...], what: str
) -> None:
    before = len(server.ledger.entries)
    said = find(command, server, tmp_path / "out.xlsx", *more)
    assert said.code == 2
    assert what in said.stderr
    assert len(server.ledger.entries) == before


def test_a_missing_key_is_named(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITECHAT_API_KEY")
    said = find(command, server, tmp_path / "out.xlsx")
    assert said.code == 2
    assert "KITECHAT_API_KEY" in said.stderr


def test_a_list_that_cannot_be_written_is_written_by_the_same_command(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise ResultsError(Problem("out.xlsx", "the list cannot be written (disk full)", "make room"))

    with monkeypatch.context() as patched:
        patched.setattr("campaign.runs.conversations.write_list", full)
        said = find(command, server, tmp_path / "out.xlsx")
    assert (said.code, said.json["results"]) == (3, None)
    assert "the list cannot be written (disk full); make room" in said.stderr
    requests = len(server.ledger.entries)
    again = find(command, server, tmp_path / "out.xlsx")
    assert (again.code, again.json["conversations"], again.json["contacts"]) == (0, 10, 9)
    assert len(server.ledger.entries) == requests


def test_quiet_reports_only_what_went_wrong(
    command: Campaign, start_sandbox: StartSandbox, server: RunningSandbox, tmp_path: Path
) -> None:
    words = ("conversations", "--channel", "kitechat", "-o", tmp_path / "out.xlsx", *SINCE, "-q", "--server")
    said = command(*words, server.url)
    assert (said.code, said.stdout, said.stderr) == (0, "", "")
    said = command(*words, start_sandbox(SandboxSettings(listing=None)).url)
    assert said.code == 3
    assert said.stderr.startswith("Stopped: the server gives no list of messages")


def test_what_is_not_understood_is_told(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strange(*_: object) -> dict[str, object]:
        return {"pageId": None}

    monkeypatch.setattr("campaign.channels.kitechat.sandbox_list.ListMessages._session", strange)
    said = find(command, server, tmp_path / "out.xlsx")
    assert (said.code, said.json["conversations"], said.json["unread"]) == (1, 0, 10)
    assert "10 entries of the server's list are not in the API's form, and are left out" in said.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX sends them")
def test_ctrl_c_writes_what_was_read(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, api_key: str
) -> None:
    server = start_sandbox(SandboxSettings(listing=ListSettings(), latency=0.1))
    for number in range(60):
        write(server, f"c{number}", "Chào")
    words = ["conversations", "--channel", "kitechat", "--server", server.url, "-o", str(tmp_path / "out.xlsx")]
    process = start_process(*words, *SINCE, "--concurrency", "2", "--json", KITECHAT_API_KEY=api_key)
    until = time.monotonic() + 20
    while sum(entry.method == "GET" for entry in server.ledger.entries) < 10:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["reason"], report["conversations"]) == (130, "interrupted", 60)
    assert 0 < report["contacts"] < 60
    server.answer_at_once()
    assert find(command, server, tmp_path / "out.xlsx").json["contacts"] == 60


@pytest.mark.slow
def test_a_bar_counts_the_contacts(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(listing=ListSettings(), latency=0.1))
    for number in range(20):
        write(server, f"c{number}", "Chào")
    words = ("conversations", "--channel", "kitechat", "--server", server.url, "-o", tmp_path / "out.xlsx")
    terminal = Terminal(*words, *SINCE)
    assert terminal.end() == 0
    assert "Asking: 20 conversations" in terminal.text
    assert "100%" in terminal.text
    assert "20 conversations, 20 with a contact." in terminal.text

"""Campaigns of an agent's messages, by the command line and over a real socket."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.sandbox import Fault, FaultPlan, RateLimit, SandboxSettings
from tests.integration.conftest import FAST, Campaign, RunningSandbox, StartSandbox, write_csv
from tests.integration.test_secrets import Echo, Handler

TOKEN, USER = "ab/cd+ef&gh==SECRET", "rbAXPnMktTFbNpwtJ"
TEXT = ("--template", "rocketchat-text")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A personal access token and its user, in the environment."""
    monkeypatch.setenv("ROCKETCHAT_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("ROCKETCHAT_USER_ID", USER)


def room_list(path: Path, *rooms: str) -> Path:
    return write_csv(path, [["rid", "msg"], *([room, f"message {number}"] for number, room in enumerate(rooms))])


def rooms(count: int) -> list[str]:
    return [f"room{number}" for number in range(count)]


def taken(server: RunningSandbox) -> list[str]:
    """The texts of the messages that the server took and still has, in order of arrival."""
    bodies = [entry.body for entry in server.ledger.taken() if entry.deleted_at is None]
    return [str(body["message"]["msg"]) for body in bodies if isinstance(body, dict)]


def requests(server: RunningSandbox) -> list[str]:
    return [entry.method for entry in server.ledger.entries]


def test_a_campaign_is_sent_under_ids_of_its_own(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    said = command("run", room_list(tmp_path / "list.csv", *rooms(5)), *TEXT, "--server", server.url, *FAST)
    assert (said.code, said.json["sent"], said.json["requests"]) == (0, 5, 5)
    assert sorted(taken(server)) == [f"message {number}" for number in range(5)]
    ids = {entry.message_id for entry in server.ledger.taken()}
    assert len(ids) == 5
    assert all(message_id and len(message_id) >= 20 for message_id in ids)
    assert all(entry.has_credentials for entry in server.ledger.entries)


@pytest.mark.parametrize(
    ("fault", "course"),
    [
        pytest.param(Fault.RESET_AFTER, ["POST", "GET"], id="taken, and the connection broke"),
        pytest.param(Fault.SERVER_ERROR_AFTER, ["POST", "GET"], id="taken, and 500"),
        pytest.param(Fault.TRUNCATED_AFTER, ["POST", "GET"], id="taken, and half an answer"),
        pytest.param(Fault.HTML_AFTER, ["POST", "GET"], id="taken, and a page"),
        pytest.param(Fault.RESET_BEFORE, ["POST", "GET", "POST"], id="not taken, and the connection broke"),
        pytest.param(Fault.BAD_GATEWAY_BEFORE, ["POST", "GET", "POST"], id="not taken, and 502"),
    ],
)
def test_after_a_lost_response_the_server_is_asked_by_the_id(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, fault: Fault, course: list[str]
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(fault,))))
    said = command("run", room_list(tmp_path / "list.csv", "room"), *TEXT, "--server", server.url, *FAST)
    assert (said.code, said.json["sent"]) == (0, 1)
    assert (taken(server), requests(server)) == (["message 0"], course)


def test_a_message_that_the_user_may_not_see_any_more_is_sent(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(Fault.RESET_AFTER,))))
    said = command("run", room_list(tmp_path / "list.csv", "left-1"), *TEXT, "--server", server.url, *FAST)
    assert (said.json["sent"], requests(server)) == (1, ["POST", "GET"])


def test_a_read_back_that_is_lost_too_is_made_again(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    faults = FaultPlan(script=(Fault.RESET_AFTER, Fault.RESET_BEFORE), on_read_back=True)
    server = start_sandbox(SandboxSettings(faults=faults))
    said = command("run", room_list(tmp_path / "list.csv", "room"), *TEXT, "--server", server.url, *FAST)
    assert (said.json["sent"], requests(server)) == (1, ["POST", "GET", "GET"])
    assert taken(server) == ["message 0"]


def test_a_refused_row_says_why_and_the_others_are_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = room_list(tmp_path / "list.csv", "room", "unknown-1", "foreign-1", "muted-1", "readonly-1")
    said = command("run", recipients, *TEXT, "--server", server.url, *FAST)
    assert (said.code, said.json["sent"], said.json["failed"]) == (1, 1, 4)
    for words in ("no room with this id", "may not write there", "is muted", "the room is read-only"):
        assert words in said.stderr


def test_another_name_without_the_permission_is_refused_in_plain_words(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCKETCHAT_USER_ID", "plain-user")
    recipients = room_list(tmp_path / "list.csv", "room")
    said = command("run", recipients, *TEXT, "--set", "alias=Shop", "--server", server.url, *FAST)
    assert said.json["failed"] == 1
    assert "alias and avatar need the permission message-impersonate, which the user lacks" in said.stderr


def test_a_token_that_the_server_does_not_accept_stops_the_run_with_every_row_pending(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(credentials={"auth_token": "another", "user_id": USER}))
    said = command("run", room_list(tmp_path / "list.csv", *rooms(3)), *TEXT, "--server", server.url, *FAST)
    assert (said.code, said.json["pending"], said.json["state"]) == (3, 3, "stopped")
    assert "ROCKETCHAT_AUTH_TOKEN and ROCKETCHAT_USER_ID have to be" in said.json["reason"]
    assert taken(server) == []


@pytest.mark.parametrize(
    ("missing", "label"),
    [
        pytest.param("ROCKETCHAT_AUTH_TOKEN", "a personal access token", id="token"),
        pytest.param("ROCKETCHAT_USER_ID", "a user id", id="user"),
    ],
)
def test_missing_credentials_send_nothing(
    command: Campaign,
    server: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    missing: str,
    label: str,
) -> None:
    monkeypatch.delenv(missing)
    said = command("run", room_list(tmp_path / "list.csv", "room"), *TEXT, "--server", server.url, *FAST)
    assert said.code == 2
    assert f"{missing}: rocketchat needs {label} and none is set" in said.stderr
    assert server.ledger.entries == []


def test_the_token_may_be_in_a_file_and_a_rehearsal_needs_none(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROCKETCHAT_AUTH_TOKEN")
    recipients = room_list(tmp_path / "list.csv", "room")
    rehearsed = command("run", recipients, *TEXT, "--server", "https://chat.example.com", "--sandbox", *FAST)
    assert rehearsed.json["sent"] == 1
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    monkeypatch.setenv("ROCKETCHAT_AUTH_TOKEN_FILE", str(tmp_path / "token"))
    server = start_sandbox(SandboxSettings(credentials={"auth_token": TOKEN, "user_id": USER}))
    assert command("run", recipients, *TEXT, "--server", server.url, *FAST).json["sent"] == 1


def test_a_token_is_never_sent_unencrypted(command: Campaign, tmp_path: Path) -> None:
    recipients = room_list(tmp_path / "list.csv", "room")
    said = command("run", recipients, *TEXT, "--server", "http://chat.example.com", *FAST)
    assert said.code == 2
    assert "the personal access token and user id must not travel in the clear" in said.stderr


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "location"),
    [
        pytest.param(401, {"status": "error", "message": f"no such token {TOKEN}"}, "", id="401"),
        pytest.param(400, {"success": False, "error": "token ab%2Fcd%2Bef%26gh%3D%3DSECRET"}, "", id="percent"),
        pytest.param(400, {"success": False, "error": "token YWIvY2QrZWYmZ2g9PVNFQ1JFVA=="}, "", id="base64"),
        pytest.param(400, {"success": False, "error": f"foreign [{TOKEN}]", "errorType": TOKEN}, "", id="kind"),
        pytest.param(302, {}, f"/login?user={USER}&token=ab%2Fcd%2Bef%26gh%3D%3DSECRET", id="Location"),
    ],
)
def test_a_token_that_a_server_repeats_is_kept_nowhere(
    command: Campaign, echo: Echo, tmp_path: Path, *, status: int, body: dict[str, object], location: str
) -> None:
    echo.status, echo.body, echo.location = status, json.dumps(body).encode(), location
    room_list(tmp_path / "list.csv", "room1", "room2")
    campaign = tmp_path / "echo.toml"
    campaign.write_text(
        'template = "rocketchat-text"\n[recipients]\nfile = "list.csv"\n[delivery]\ngive_up_after = "1s"\n'
    )
    said = command("run", campaign, "--server", f"http://127.0.0.1:{echo.server_port}", "-v", *FAST)
    kept = said.stdout + said.stderr
    for left in tmp_path.iterdir():
        if left.suffix == ".xlsx":
            with zipfile.ZipFile(left) as book:
                kept += "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
        else:
            kept += left.read_bytes().decode("utf-8", "replace")
    assert "[the API key]" in kept
    for part in ("ef&gh==SECRET", "ef%26gh", "ef&amp;gh", "YWIvY2QrZWYmZ2g9PVNFQ1JFVA", USER):
        assert part.lower() not in kept.lower()


class Preventing(Handler):
    """Answers a message with success and stores nothing, as a server does on which an app prevents it."""

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        self.server.status, self.server.body = 400, b'{"success": false}'
        self.respond()


def test_a_message_that_an_app_of_the_server_prevents_is_failed(command: Campaign, echo: Echo, tmp_path: Path) -> None:
    echo.RequestHandlerClass = Preventing
    echo.status, echo.body = 200, b'{"success": true}'
    recipients, url = room_list(tmp_path / "list.csv", "room"), f"http://127.0.0.1:{echo.server_port}"
    said = command("run", recipients, *TEXT, "--server", url, *FAST)
    assert (said.code, said.json["failed"]) == (1, 1)
    assert "answered with success and stored nothing, as where an app installed on it prevents it" in said.stderr


class FailingLate(Handler):
    """Stores a message, and answers that a later step failed: `afterSaveMessage` in functions/sendMessage.ts."""

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server looks for
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"]
        self.server.status, self.server.body = 400, b'{"success": false, "error": "connection 3 closed"}'
        self.respond()
        self.server.status, self.server.body = 200, json.dumps({"success": True, "message": message}).encode()


def test_a_message_that_was_stored_before_a_later_step_failed_is_sent(
    command: Campaign, echo: Echo, tmp_path: Path
) -> None:
    echo.RequestHandlerClass = FailingLate
    recipients, url = room_list(tmp_path / "list.csv", "room"), f"http://127.0.0.1:{echo.server_port}"
    said = command("run", recipients, *TEXT, "--server", url, *FAST)
    assert (said.code, said.json["sent"], said.json["requests"]) == (0, 1, 2)


def test_an_agents_campaign_keeps_to_the_servers_limit(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(5, 0.4)))
    said = command("run", room_list(tmp_path / "list.csv", *rooms(12)), *TEXT, "--server", server.url, *FAST)
    assert (said.json["sent"], said.json["throttled"]) == (12, 0)
    assert said.json["seconds"] >= 0.8


def test_a_bots_campaign_goes_at_its_own_rate(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROCKETCHAT_USER_ID", "bot-1")
    server = start_sandbox(SandboxSettings(limit=RateLimit(5, 60)))
    said = command("run", room_list(tmp_path / "list.csv", *rooms(12)), *TEXT, "--server", server.url, *FAST)
    assert (said.json["sent"], said.json["throttled"]) == (12, 0)
    assert said.json["seconds"] < 60


def test_a_run_is_taken_back_as_far_as_the_server_lets_it(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = room_list(tmp_path / "list.csv", "room1", "kept-2", "room3")
    assert command("run", recipients, *TEXT, "--server", server.url, *FAST).json["sent"] == 3
    undone = command("undo", recipients, *FAST)
    assert (undone.code, undone.json["deleted"], undone.json["sent"]) == (1, 2, 1)
    assert taken(server) == ["message 1"]
    assert "the server does not let this user delete it: it needs the permission delete-own-message" in undone.stderr
    again = command("undo", recipients, *FAST)
    assert (again.code, again.json["deleted"]) == (1, 2)


def test_a_few_messages_go_to_a_room_of_ones_own_first(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = room_list(tmp_path / "list.csv", *rooms(5))
    said = command("test", recipients, *TEXT, "--server", server.url, "--to", "rid=mine", *FAST)
    assert (said.code, said.json["sent"]) == (0, 3)
    assert {entry.destination.conversation for entry in server.ledger.taken()} == {"mine"}


# A message with a tmid is stored in the room of that message, whatever room it names (methods/sendMessage.ts).
REPLIES = [["rid", "msg", "tmid"], ["room", "Hello", " customers-message "]]


@pytest.mark.parametrize(("thread", "stored"), [pytest.param("mine-too", "mine-too", id="own"), ("", None)])
def test_a_test_goes_into_no_thread_of_the_list(
    command: Campaign, server: RunningSandbox, tmp_path: Path, thread: str, stored: str | None
) -> None:
    recipients = write_csv(tmp_path / "list.csv", REPLIES)
    given = ("test", recipients, *TEXT, "--server", server.url, "--to", "rid=mine", *FAST)
    refused = command(*given)
    assert (refused.code, taken(server)) == (2, [])
    assert "“tmid” of the destination would still come from the list" in refused.stderr
    assert "add --to tmid=…, or --to tmid= for no thread" in refused.stderr
    assert command(*given, "--to", f"tmid={thread}").json["sent"] == 1
    (body,) = server.bodies()
    assert body["message"].get("tmid") == stored


@pytest.mark.parametrize("tmid", ["customers-message", "{{ 'customers-message' }}"])
def test_a_test_goes_into_no_thread_of_the_template(
    command: Campaign, server: RunningSandbox, tmp_path: Path, tmid: str
) -> None:
    body = {"message": {"rid": "{{ rid }}", "msg": "Hello", "tmid": tmid}}
    template = tmp_path / "reply.json"
    template.write_text(json.dumps(body))
    given = (room_list(tmp_path / "list.csv", "room"), "--template", template, "--server", server.url, *FAST)
    refused = command("test", *given, "--to", "rid=mine")
    assert (refused.code, taken(server)) == (2, [])
    assert "tmid names a message, into whose conversation row 2 would go instead" in refused.stderr
    assert command("run", *given).json["sent"] == 1


def test_the_blanks_around_a_thread_are_not_sent(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", REPLIES)
    assert command("run", recipients, *TEXT, "--server", server.url, *FAST).json["sent"] == 1
    (body,) = server.bodies()
    assert body["message"]["tmid"] == "customers-message"


def test_rows_that_were_skipped_as_sent_are_known_again_once_that_message_is_deleted(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = room_list(tmp_path / "list.csv", *rooms(3))
    given = (*TEXT, "--server", server.url, *FAST)
    assert command("run", recipients, *given).json["sent"] == 3
    assert command("run", recipients, *given, "--new").json["sent"] == 3
    assert command("run", recipients, *given, "--skip-sent").json["skipped"] == 3
    assert command("undo", recipients, "--run", "2", *FAST).json["deleted"] == 3
    coverage = command("status", recipients, "--json").json["coverage"]
    assert coverage["sent"] == 3
    assert command("undo", recipients, "--run", "1", *FAST).json["deleted"] == 3
    assert command("status", recipients, "--json").json["coverage"]["sent"] == 0
    assert command("run", recipients, *given, "--skip-sent").json["sent"] == 3

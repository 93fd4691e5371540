"""`campaign status`: how every run stands, from a second terminal, while another process delivers or has ended."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from campaign.cli import watch
from campaign.journal import open_journal
from campaign.sandbox import SandboxSettings
from tests.integration.conftest import FAST, livechat_list
from tests.integration.test_processes import (
    POSIX,
    nothing_is_left_running,
    start_process,
    start_run,
    wait_for_messages,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox

pytestmark = pytest.mark.usefixtures("nothing_is_left_running")

__all__ = ["nothing_is_left_running"]

LIVECHAT = ("--template", "livechat-text")
COUNTS = ("rows", "sent", "failed", "in_doubt", "invalid", "skipped", "pending", "deleted", "requests", "throttled")


def until(ask: Callable[[], dict[str, Any]], wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    end = time.monotonic() + 30
    while not wanted(found := ask()):
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


# At rest


def test_before_the_first_run_the_status_is_empty(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    said = command("status", recipients)
    assert (said.code, said.stderr) == (0, "")
    assert said.stdout.splitlines() == ["list: no run is on record", f"Next: campaign run {recipients}"]
    assert command("status", recipients, "--json").json == {
        "campaign": "list",
        "runs": [],
        "coverage": {"rows": 0, "sent": 0, "in_doubt": 0, "not_sent": 0},
        "active": None,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_file_that_is_not_there_is_a_mistake(command: Campaign, tmp_path: Path) -> None:
    said = command("status", tmp_path / "lits.csv")
    assert (said.code, said.stdout) == (2, "")
    assert "there is no such file, and no run of it on record" in said.stderr


def test_every_run_and_rehearsal_is_reported_and_how_far_the_list_is(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 5)
    options = (recipients, *LIVECHAT, "--server", server.url, *FAST)
    command("run", *options, "--sandbox")
    command("run", *options)
    recipients.write_text(recipients.read_text("utf-8") + "token9,room9,message 9\n", encoding="utf-8")
    command("run", *options, "--skip-sent", "--limit", "1")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    said = command("status", recipients, "--json")
    assert said.code == 0
    runs = [(run["run"], run["state"], run["rehearsal"], run["sent"], run["skipped"]) for run in said.json["runs"]]
    assert runs == [
        (1, "finished", True, 5, 0),
        (1, "finished", False, 5, 0),
        (2, "finished", False, 1, 5),
    ]
    assert all("@" in run["by"] and set(COUNTS) < set(run) for run in said.json["runs"])
    assert said.json["coverage"] == {"rows": 6, "sent": 6, "in_doubt": 0, "not_sent": 0}
    assert said.json["active"] is None
    text = command("status", recipients, "--watch").stdout  # nothing is under way, so there is nothing to watch
    assert text.splitlines()[0] == "list: 2 runs, 1 rehearsal"
    assert "Of list.csv (6 rows), over all runs: 6 sent, 0 not sent." in text
    assert command("status", recipients, "-q").stdout == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_stopped_run_names_the_command_that_goes_on(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "my list.csv", 3)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "1")
    lines = command("status", recipients).stdout.splitlines()
    assert lines[-2:] == [
        "Run 1 stopped: the limit of 1 row is reached.",
        f'2 rows of run 1 are not sent yet. Next: campaign resume "{recipients}"',
    ]


def test_a_rehearsals_journal_that_is_damaged_is_a_warning(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    (tmp_path / "list.sandbox.journal.db").write_bytes(b"this is not a journal, though it is long enough" * 50)
    said = command("status", recipients)
    assert said.code == 0
    assert "Warning: " in said.stderr
    assert "list.sandbox.journal.db: the journal is damaged" in said.stderr


# Beside another process


@pytest.mark.slow
def test_a_delivery_is_seen_stopped_and_over_from_a_second_terminal(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.4))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    process = start_run(recipients, server, "--rate", "50/s", "--concurrency", "4")
    wait_for_messages(server, 6)

    def status() -> dict[str, Any]:
        return command("status", recipients, "--json").json

    found = until(status, lambda found: found["active"] and found["active"]["rate"])
    (run,) = found["runs"]
    assert (run["run"], run["state"], run["ended_at"], run["rows"]) == (1, "sending", None, 400)
    assert run["sent"] + run["pending"] == 400
    assert found["coverage"]["rows"] == 400
    assert (found["active"]["run"], found["active"]["process"]) == (1, process.pid)
    assert 0 < found["active"]["rate"] < 50
    assert found["active"]["eta_seconds"] > 1
    assert found["active"]["waiting_for"] is None

    watching = start_process("status", str(recipients), "--watch", "--json")
    assert command("stop", recipients, "-q").code == 0
    text = command("status", recipients).stdout
    assert "stopping" in text or "Run 1 stopped: stopped by `campaign stop`" in text
    process.communicate(timeout=30)
    assert process.returncode == 130
    ended = json.loads(watching.communicate(timeout=30)[0])
    assert (watching.returncode, ended["runs"][0]["state"], ended["active"]) == (0, "stopped", None)
    assert "campaign resume" in command("status", recipients).stdout.splitlines()[-1]
    sent = command("results", recipients, "--json").json["sent"]
    assert status()["coverage"] == {"rows": 400, "sent": sent, "in_doubt": 0, "not_sent": 400 - sent}


@POSIX
def test_a_delivery_that_was_killed_is_stopped_and_goes_on_with_resume(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    process = start_run(recipients, server, "--rate", "50/s")
    wait_for_messages(server, 10)
    process.kill()
    process.communicate()
    files = {path.name: path.read_bytes() for path in tmp_path.glob("list.journal.db*") if path.suffix != ".db-shm"}
    lines = command("status", recipients).stdout.splitlines()
    assert lines[-2].startswith(f"Run 1 stopped: cut off: process {process.pid} on ")
    assert lines[-1].endswith(f"are not sent yet. Next: campaign resume {recipients}")
    assert command("status", recipients, "--json").json["runs"][0]["state"] == "stopped"
    assert {name: (tmp_path / name).read_bytes() for name in files} == files
    server.answer_at_once()
    assert command("resume", recipients, *FAST).json["sent"] == 400


# Watching


@pytest.fixture
def begun(command: Campaign, server: RunningSandbox, tmp_path: Path) -> Path:
    """A list of which one of three rows is sent."""
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "1")
    return recipients


def test_without_a_terminal_there_is_a_line_now_and_then_until_the_run_ends(
    command: Campaign, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LINE_INTERVAL", 0.0)
    with open_journal(begun.with_name("list.journal.db")) as journal, journal.exclusive():
        session = journal.begin_session(1)
        sleeps = iter(range(3))

        def sleep(_seconds: float) -> None:
            if next(sleeps) == 2:
                journal.end_session(session, "interrupted")

        monkeypatch.setattr("time.sleep", sleep)
        said = command("status", begun, "--watch")
    assert said.code == 0
    lines = said.stdout.partition("list: 1 run")[0].splitlines()
    assert len(lines) == 3
    counts = "(1 sent, 0 failed, 0 in doubt, 2 pending)"
    assert all(line.endswith(f"Run 1 is sending: 1 of 3 rows done {counts}") for line in lines)
    assert "Run 1 stopped: interrupted." in said.stdout


@pytest.mark.parametrize("option", ["-q", "--json"])
def test_a_quiet_watch_says_nothing_before_the_end(
    command: Campaign, begun: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    with open_journal(begun.with_name("list.journal.db")) as journal, journal.exclusive():
        session = journal.begin_session(1)
        monkeypatch.setattr("time.sleep", lambda _: journal.end_session(session, "interrupted"))
        said = command("status", begun, "--watch", option)
    assert (said.code, said.stderr) == (0, "")
    assert said.stdout == "" if option == "-q" else said.json["runs"][0]["state"] == "stopped"


def test_ctrl_c_ends_the_watching_alone(command: Campaign, begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    def interrupt(_seconds: float) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("time.sleep", interrupt)
    with open_journal(begun.with_name("list.journal.db")) as journal, journal.exclusive():
        session = journal.begin_session(1)
        said = command("status", begun, "--watch")
        assert said.code == 130
        assert said.stderr == "Watching is over; the run goes on.\n"
        journal.check_session(session)
        journal.end_session(session, None)

"""Streams that are closed or full, signals, faults of our own: what is sent and the exit code stay right."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from campaign.sandbox import SandboxSettings
from tests.integration.conftest import FAST, Campaign, RunningSandbox, StartSandbox, kitechat_list, livechat_list
from tests.integration.test_processes import POSIX, UNMEASURED, read_until, start_process, wait_for_messages

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full, as Linux has one")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("api_key")]

RUN = ("--template", "livechat-text", "--rate", "1000/s", "--yes", "--json")


def in_shell(redirection: str, *words: str | Path, **more: IO[bytes]) -> subprocess.CompletedProcess[bytes]:
    """Run the command with what a shell makes of its streams: `<&-` closes standard input."""
    script = f'exec "$@" {redirection}'
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "campaign", *map(str, words)]
    return subprocess.run(command, check=False, timeout=60, env=UNMEASURED, **{"capture_output": True, **more})  # type: ignore[call-overload,no-any-return] # the streams' names


@POSIX
@pytest.mark.parametrize("redirection", ["<&-", "<&- 2>&-", "2>&-", pytest.param("2>/dev/full", marks=FULL)])
def test_a_stream_that_is_gone_changes_neither_the_sending_nor_the_code_nor_the_json(
    server: RunningSandbox, tmp_path: Path, redirection: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 20)
    said = in_shell(redirection, "run", recipients, *RUN, "--server", server.url)
    assert said.returncode == 0
    assert json.loads(said.stdout)["sent"] == 20
    assert len(server.ledger.taken()) == 20
    resumed = in_shell(redirection, "resume", recipients, "--yes", "--json")
    assert (resumed.returncode, json.loads(resumed.stdout)["sent"]) == (0, 20)


@POSIX
@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "<&- >&- 2>&-", pytest.param(">/dev/full", marks=FULL)])
def test_a_closed_standard_output_loses_the_json_alone(
    server: RunningSandbox, tmp_path: Path, redirection: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 20)
    said = in_shell(redirection, "run", recipients, *RUN, "--server", server.url)
    assert said.returncode == 0
    assert len(server.ledger.taken()) == 20
    assert (b"--json: " in said.stderr) is ("2>&-" not in redirection)
    assert b"Traceback" not in said.stderr
    assert b"Exception ignored" not in said.stderr


@POSIX
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_went_away_changes_nothing(server: RunningSandbox, tmp_path: Path, stream: str) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 20)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken:
        said = in_shell("", "run", recipients, *RUN, "--server", server.url, capture_output=False, **{stream: broken})  # type: ignore[arg-type]
    assert said.returncode == 0
    assert len(server.ledger.taken()) == 20


@POSIX
def test_exit_codes_are_kept_without_any_stream(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    closed = "<&- >&- 2>&-"
    assert in_shell(closed, "run", recipients, *RUN, "--server", server.url, "--limit", "1").returncode == 3
    assert in_shell(closed, "run", recipients, *RUN, "--server", server.url).returncode == 2
    assert in_shell(closed, "resume", recipients).returncode == 2  # nobody to ask
    assert in_shell(closed, "run", "--no-such-option").returncode == 2
    assert in_shell(closed, "--help").returncode == 0
    assert len(server.ledger.taken()) == 1


@POSIX
@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_a_hangup_ends_as_a_request_to_terminate_does(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path, name: str
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.2))
    recipients = kitechat_list(tmp_path / "list.csv", 60)
    words = ("run", str(recipients), "--template", "kitechat-text", "--server", server.url, "--yes", "--json")
    process = start_process(*words, "--rate", "1000/s", "--concurrency", "8", KITECHAT_API_KEY="key")
    wait_for_messages(server, 10)
    process.send_signal(getattr(signal, name))
    stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["in_doubt"]) == (130, 0)
    assert "Writing list.results.xlsx, 60 rows" in stderr
    assert f"Results: {report['results']}" in stderr.splitlines()
    assert report["sent"] == len(server.ledger.taken()) < 60
    assert Path(report["results"]).exists()
    assert re.search(r"Interrupted: finishing [1-8] requests? in flight \(up to 30 s\); Ctrl-C again cancels", stderr)
    server.answer_at_once()
    resumed = command("resume", recipients, *FAST)
    assert (resumed.code, resumed.json["sent"], resumed.json["in_doubt"]) == (0, 60, 0)
    assert len(server.ledger.entries) == 60


@POSIX
def test_a_hangup_that_is_ignored_stays_ignored(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 30)
    words = ["run", str(recipients), *RUN, "--server", server.url, "--rate", "60/s"]
    script = 'trap "" HUP; exec "$@"'  # as nohup does
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "campaign", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=UNMEASURED,
    )
    try:
        wait_for_messages(server, 5)
        process.send_signal(signal.SIGHUP)
        stdout, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, json.loads(stdout)["sent"]) == (0, 30)


@POSIX
def test_a_hangup_while_planning_has_sent_nothing(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 100_000)
    process = start_process("run", str(recipients), *RUN, "--server", server.url)
    until = time.monotonic() + 30
    while not (tmp_path / "list.journal.db").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; `campaign results`" in stderr
    assert not server.ledger.entries


@POSIX
def test_the_first_interrupt_of_a_long_workbook_says_what_is_written_and_the_second_leaves_it_out(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox()
    recipients = livechat_list(tmp_path / "list.csv", 30_000)
    words = ("run", str(recipients), *RUN, "--server", server.url, "--limit", "5")
    process = start_process(*words)
    until = time.monotonic() + 60
    while not list(tmp_path.glob(".campaign-*.part")):
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = read_until(process, "Writing list.results.xlsx: ")
    assert " of 30,000 rows are in it; Ctrl-C again leaves it out." in said
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert (json.loads(stdout)["sent"], json.loads(stdout)["results"]) == (5, None)
    assert not list(tmp_path.glob(".campaign-*"))


KILLED_AMID_ROWS = """
import os, signal
from campaign.__main__ import main
from campaign.cli.observer import TerminalObserver
TerminalObserver.writing = lambda *_: lambda _rows: os.kill(os.getpid(), signal.SIGKILL)
main()
"""


@POSIX
def test_what_a_killed_process_left_behind_is_cleared_by_the_next_command(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    recipients = livechat_list(tmp_path / "list.csv", 2000)
    words = ("run", str(recipients), *RUN, "--server", server.url, "--limit", "1")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AMID_ROWS, *words],
        check=False,
        capture_output=True,
        timeout=60,
        env={**UNMEASURED, "TMPDIR": str(elsewhere)},
    )
    assert killed.returncode == -signal.SIGKILL
    left = {path: path.read_bytes() for path in tmp_path.glob(".campaign-*")}
    assert any(path.suffix == ".part" for path in left)
    assert not list(elsewhere.iterdir())
    for more in (("results",), ("resume", "--limit", "1", *FAST), ("run", *RUN, "--server", server.url)):
        for path, content in left.items():
            path.write_bytes(content)
        assert command(more[0], recipients, *more[1:]).code in (2, 3)
        assert not list(tmp_path.glob(".campaign-*"))


def broken(*_: object, **__: object) -> None:
    raise KeyError("a\x1b[31m key")


def test_a_fault_of_our_own_ends_with_4_and_a_sentence(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.cli.run.prepare", broken)
    words = ("run", livechat_list(tmp_path / "list.csv", 1), *RUN, "--server", "https://chat.example.com")
    said = command(*words)
    assert said.code == 4
    assert said.stderr == (
        "a fault of campaign's own (KeyError: 'a\\x1b[31m key'): please report it, with what -v adds\n"
    )
    verbose = command(*words, "-v")
    assert verbose.code == 4
    assert "Traceback" in verbose.stderr
    assert "\x1b" not in verbose.stderr


def test_a_folder_that_is_gone_is_no_fault_of_our_own(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> str:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    livechat_list(tmp_path / "list.csv", 1)
    monkeypatch.setattr(os, "getcwd", gone)
    said = command("check", tmp_path / "list.csv", "--template", "livechat-text")
    assert (said.code, said.stderr) == (
        2,
        "the current folder: was removed, or may not be entered; change to another one\n",
    )


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_fault_within_the_delivery_ends_with_4_and_a_report(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    monkeypatch.setattr(f"campaign.channels.{channel}.{channel.title()}.read_response", broken)
    make = livechat_list if channel == "livechat" else kitechat_list
    words = ("--template", f"{channel}-text", "--server", server.url, *FAST)
    said = command("run", make(tmp_path / "list.csv", 20), *words)
    assert said.code == 4
    assert said.json["state"] == "stopped"
    assert said.json["reason"].startswith("a fault of campaign's own (KeyError: ")
    assert "please report it" in said.stderr
    assert "Traceback" not in said.stderr
    assert (tmp_path / "list.results.xlsx").exists()


def test_a_fault_while_the_workbook_is_written_ends_with_4_and_a_report(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.runs.report.write_results", broken)
    said = command("run", livechat_list(tmp_path / "list.csv", 3), *RUN, "--server", server.url)
    assert (said.code, said.json["sent"], said.json["results"]) == (4, 3, None)
    assert "was not written: a fault of campaign's own (KeyError: " in said.stderr


@pytest.mark.parametrize("word", ["check", "run", "resume", "results"])
def test_a_campaign_file_that_is_nested_too_deeply_is_a_mistake_of_its_writer(
    command: Campaign, tmp_path: Path, word: str
) -> None:
    for text in ("name" + ".a" * 5000 + " = 1\n", "name = " + "[" * 5000 + "]" * 5000 + "\n"):
        (tmp_path / "c.toml").write_text(text)
        said = command(word, tmp_path / "c.toml")
        assert said.code == 2
        assert "c.toml: is nested too deeply" in said.stderr


def test_a_resume_with_a_bad_rate_names_the_mistake(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, *RUN, "--server", server.url, "--limit", "1")
    said = command("resume", recipients, "--yes", "--rate", "10")
    assert said.code == 2
    assert "--rate" in said.stderr or "rate" in said.stderr
    assert "Traceback" not in said.stderr
    assert len(server.ledger.taken()) == 1

"""The command as a process: Ctrl-C, kills, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from openpyxl import load_workbook

from campaign.sandbox import SandboxSettings
from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox, livechat_list

pytestmark = pytest.mark.slow

SLOW = SandboxSettings(latency=0.05)
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
"""The environment without coverage.py: an interrupt that arrives while its tracer holds a lock is lost."""

STARTED: list[subprocess.Popen[str]] = []

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX sends them")


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def start_run(recipients: Path, server: RunningSandbox, *more: str) -> subprocess.Popen[str]:
    words = ["run", str(recipients), "--template", "livechat-text", "--server", server.url, "--yes", "--json", *more]
    return start_process(*words)


def start_process(*words: str, **environment: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**UNMEASURED, **environment},
    )
    STARTED.append(process)
    return process


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What the process says on standard error up to the end of the first line with this text."""
    assert process.stderr is not None
    said = ""
    while text not in said:
        line = process.stderr.readline()
        assert line, f"it ended without “{text}”: {said}"
        said += line
    return said


def wait_for_messages(server: RunningSandbox, count: int) -> None:
    until = time.monotonic() + 30
    while len(server.ledger.entries) < count:
        assert time.monotonic() < until, "no messages came"
        time.sleep(0.02)


@contextmanager
def after_messages(server: RunningSandbox, count: int, act: Callable[[], object]) -> Iterator[None]:
    """Do something, on a thread of its own, once so many messages came."""

    def work() -> None:
        wait_for_messages(server, count)
        act()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        yield
        done.result()


def times_taken(server: RunningSandbox) -> Counter[str]:
    return Counter(body["msg"] for body in server.bodies())


@POSIX
def test_ctrl_c_drains_requests_in_flight_and_says_how_to_continue(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SLOW)
    recipients = livechat_list(tmp_path / "list.csv", 200)
    process = start_run(recipients, server, "--rate", "100/s")
    wait_for_messages(server, 10)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert process.returncode == 130
    assert report["reason"] == "interrupted"
    assert report["sent"] == len(server.ledger.taken()) < 200
    assert report["sent"] + report["pending"] == 200
    assert "campaign resume" in stderr
    assert load_workbook(report["results"])["Results"].max_row == 201
    server.answer_at_once()
    resumed = command("resume", recipients, "--yes", "--json", "--rate", "1000/s")
    assert (resumed.code, resumed.json["sent"]) == (0, 200)
    assert set(times_taken(server).values()) == {1}


@POSIX
def test_a_second_ctrl_c_cancels_and_resume_reads_back(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=5))
    recipients = livechat_list(tmp_path / "list.csv", 20)
    process = start_run(recipients, server, "--rate", "1000/s")
    wait_for_messages(server, 1)
    process.send_signal(signal.SIGINT)
    read_until(process, "Ctrl-C again cancels")
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(stdout)["pending"] == 20
    server.answer_at_once()
    resumed = command("resume", recipients, "--yes", "--json", "--rate", "1000/s", "--concurrency", "20")
    assert (resumed.code, resumed.json["sent"]) == (0, 20)
    assert set(times_taken(server).values()) == {1}


@POSIX
def test_ctrl_c_while_planning_has_sent_nothing(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox()
    recipients = livechat_list(tmp_path / "list.csv", 100_000)
    process = start_run(recipients, server)
    until = time.monotonic() + 30
    while not (tmp_path / "list.journal.db").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert not server.ledger.entries


def test_of_two_processes_one_delivers_and_the_other_names_it(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SLOW)
    recipients = livechat_list(tmp_path / "list.csv", 60)
    command("run", recipients, "--template", "livechat-text", "--server", server.url, "--yes", "--limit", "1")
    first = start_process("resume", str(recipients), "--yes", "--json", "--rate", "60/s")
    wait_for_messages(server, 5)
    second = command("resume", recipients, "--yes")
    assert second.code == 2
    assert f"is being worked on by process {first.pid} on " in second.stderr
    stdout, _ = first.communicate(timeout=30)
    assert (first.returncode, json.loads(stdout)["sent"]) == (0, 60)
    assert set(times_taken(server).values()) == {1}


def test_a_killed_process_leaves_no_lock_and_its_rows_are_read_back(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SLOW)
    recipients = livechat_list(tmp_path / "list.csv", 100)
    process = start_run(recipients, server, "--rate", "200/s")
    wait_for_messages(server, 20)
    process.kill()
    process.communicate()
    recipients.write_text("token,rid,msg\nsomebody,else,entirely\n")
    shown = command("results", recipients, "--json")
    assert shown.code == 3
    assert shown.json["sent"] + shown.json["pending"] == 100
    server.answer_at_once()
    resumed = command("resume", recipients, "--yes", "--json", "--rate", "1000/s")
    assert (resumed.code, resumed.json["sent"]) == (0, 100)
    assert times_taken(server) == {f"message {number}": 1 for number in range(100)}


def test_an_interrupted_plan_has_sent_nothing_and_run_starts_over(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 100_000)
    process = start_run(recipients, server)
    until = time.monotonic() + 30
    while not (tmp_path / "list.journal.db").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.3)
    process.kill()
    process.communicate()
    assert not server.ledger.entries
    livechat_list(recipients, 3)
    refused = command("resume", recipients, "--yes")
    assert refused.code == 2
    assert "nothing of it was sent" in refused.stderr
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--yes", "--json")
    assert (result.code, result.json["run"], result.json["sent"]) == (0, 1, 3)


def test_the_sandbox_command_serves_until_it_is_stopped() -> None:
    process = start_process("sandbox", "--port", "0", "--limit", "10/60")
    assert process.stderr is not None
    assert "The sandbox listens on http://127.0.0.1:" in process.stderr.readline()
    process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
    _, stderr = process.communicate(timeout=10)
    assert "Traceback" not in stderr


def test_the_sandbox_command_refuses_an_invalid_limit(command: Campaign) -> None:
    result = command("sandbox", "--limit", "many")
    assert result.code == 2
    assert "ten requests in sixty seconds" in result.stderr

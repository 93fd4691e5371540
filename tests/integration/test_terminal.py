"""Output on a terminal: the confirmation, the progress bar, the hidden prompt."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign.sandbox import RateLimit, SandboxSettings
from tests.integration.conftest import RunningSandbox, StartSandbox, kitechat_list, livechat_list

pytestmark = pytest.mark.slow

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals in the standard library")
termios = pytest.importorskip("termios")


class Terminal:
    """The command on a pseudo-terminal."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self._screen, inside = pty.openpty()
        termios.tcsetwinsize(inside, (24, 160))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "campaign", *map(str, arguments)],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env={**os.environ, **environment},
        )
        os.close(inside)
        self.text = ""

    def wait_for(self, text: str, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < until, self.text
            assert self._process.poll() is None, self.text
            if select.select([self._screen], [], [], 0.1)[0]:
                self.text += self._read()

    def say(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def interrupt(self) -> None:
        """What Ctrl-C does where the terminal is the process's own."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        while piece := self._read():
            self.text += piece
        os.close(self._screen)
        return self._process.wait(timeout=30)

    def _read(self) -> str:
        try:
            return os.read(self._screen, 65536).decode("utf-8", "replace")
        except OSError:  # on Linux: the other end is closed
            return ""


def test_the_confirmation_shows_the_facts_and_no_sends_nothing(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 20)
    terminal = Terminal("run", recipients, "--template", "livechat-text", "--server", server.url, "--rate", "600/min")
    terminal.wait_for(f"Send 20 messages to {server.url}? [y/N, p: preview]")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert "Nothing was sent." in terminal.text
    assert not server.ledger.entries
    assert not (tmp_path / "list.results.xlsx").exists()


def test_the_preview_at_the_question_shows_the_messages_that_a_yes_sends(
    server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 5)
    arguments = ("run", recipients, "--template", "livechat-text", "--server", server.url, "--limit", "2")
    terminal = Terminal(*arguments)
    terminal.wait_for("[y/N, p: preview]")
    terminal.say("p\nn\n")
    assert terminal.end() == 2
    assert "│ message 1 │" in terminal.text
    assert "│ message 2 │" not in terminal.text


def test_yes_sends_and_the_bar_shows_the_wait(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(10, 2.5)))
    recipients = livechat_list(tmp_path / "list.csv", 12)
    terminal = Terminal("run", recipients, "--template", "livechat-text", "--server", server.url)
    terminal.wait_for("10 a minute, until the server tells its own limit; done at")
    terminal.say("y\n")
    terminal.wait_for("s for the server's limit")
    assert terminal.end() == 0
    assert "sent 12, failed 0, in doubt 0" in terminal.text
    assert "all 12 rows are sent" in terminal.text


def test_the_bar_counts_the_messages_of_this_delivery(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 40)
    arguments = ("run", recipients, "--template", "livechat-text", "--server", server.url, "--limit", "10")
    terminal = Terminal(*arguments, "--rate", "100/s", "--yes")
    assert terminal.end() == 3
    assert "100%" in terminal.text
    assert "10 of 40 rows are sent, 30 wait" in terminal.text


def test_a_missing_key_is_prompted_for_and_not_shown(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    arguments = ("run", recipients, "--template", "kitechat-text", "--server", server.url)
    terminal = Terminal(*arguments, KITECHAT_API_KEY="")
    terminal.wait_for("API key for kitechat")
    terminal.say("secret-of-the-test\n")
    terminal.wait_for("[y/N, p: preview]")
    terminal.say("y\n")
    assert terminal.end() == 0
    assert "secret-of-the-test" not in terminal.text
    assert [entry.has_credentials for entry in server.ledger.entries] == [True, True]


@pytest.mark.parametrize(
    ("interrupt", "code", "said"),
    [
        pytest.param(True, 130, "interrupted", id="Ctrl-C"),
        pytest.param(False, 2, "Nothing was sent.", id="Ctrl-D"),
    ],
)
def test_a_question_that_is_not_answered_sends_nothing(
    server: RunningSandbox, tmp_path: Path, *, interrupt: bool, code: int, said: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    terminal = Terminal("run", recipients, "--template", "livechat-text", "--server", server.url)
    terminal.wait_for("[y/N, p: preview]")
    if interrupt:
        terminal.interrupt()
    else:
        terminal.say("\x04")
    assert terminal.end() == code
    assert said in terminal.text
    assert not server.ledger.entries


def test_ctrl_c_at_the_question_for_the_key_is_an_interrupt(server: RunningSandbox, tmp_path: Path) -> None:
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    words = ("run", recipients, "--template", "kitechat-text", "--server", server.url)
    terminal = Terminal(*words, KITECHAT_API_KEY="")
    terminal.wait_for("API key for kitechat")
    terminal.interrupt()
    assert terminal.end() == 130
    assert not server.ledger.entries


def test_the_first_ctrl_c_says_at_once_what_is_being_finished(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(latency=2))
    recipients = livechat_list(tmp_path / "list.csv", 20)
    words = ("run", recipients, "--template", "livechat-text", "--server", server.url, "--yes", "--rate", "1000/s")
    terminal = Terminal(*words, "--concurrency", "4")
    terminal.wait_for("Sending")
    until = time.monotonic() + 10
    while len(server.ledger.entries) < 5:  # one finds out about the server's limit, then four leave at once
        assert time.monotonic() < until
        time.sleep(0.01)
    terminal.interrupt()
    terminal.wait_for("Interrupted: finishing 4 requests in flight (up to 30 s); Ctrl-C again cancels them.", 1.5)
    terminal.wait_for("Writing list.results.xlsx, ")
    assert terminal.end() == 130
    assert len(server.ledger.entries) == 5

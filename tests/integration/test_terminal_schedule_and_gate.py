"""What somebody at a terminal sees and is asked about the schedule and the gate."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_schedule_and_gate import campaign_file, shut
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import RunningSandbox

pytestmark = pytest.mark.slow

GATE = "[gate]\nafter = 10\n"


def at_the_gate(folder: Path, server: RunningSandbox, closed: tuple[int, ...] = ()) -> Terminal:
    """A run whose first rows are sent and that asks whether to go on."""
    terminal = Terminal("run", campaign_file(folder, server.url, GATE, closed=closed))
    terminal.wait_for("waits for the outcomes of the first 10 rows; up to 5% may fail")
    terminal.wait_for("Send 30 messages")
    terminal.say("y\n")
    terminal.wait_for("Go on with the other 20 rows? [y/N]:")
    return terminal


def decisions(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "c.journal.db")) as journal:
        return [detail for (detail,) in journal.execute("SELECT detail FROM decision").fetchall()]


def test_a_yes_goes_on_and_is_on_record(server: RunningSandbox, tmp_path: Path) -> None:
    terminal = at_the_gate(tmp_path, server, closed=(1, 2))
    assert "Gate: of the first 10 rows, 8 were sent and 2 failed." in terminal.text
    assert "[gate] max_failed is 5%." in terminal.text
    assert len(server.ledger.entries) == 10
    terminal.say("y\n")
    assert terminal.end() == 1
    assert len(server.ledger.entries) == 30
    assert decisions(tmp_path) == ["passed: of the first 10 rows, 8 were sent and 2 failed"]


def test_a_no_stops_the_run_also_where_all_were_sent_and_resume_asks_again(
    server: RunningSandbox, tmp_path: Path
) -> None:
    terminal = at_the_gate(tmp_path, server)
    terminal.say("n\n")
    assert terminal.end() == 3
    assert "stopped: not let through the gate (of the first 10 rows, 10 were sent)." in terminal.text
    assert decisions(tmp_path) == []
    again = Terminal("resume", tmp_path / "c.toml")
    again.wait_for("Send 20 messages")
    again.say("y\n")
    again.wait_for("Go on with the other 20 rows? [y/N]:")
    assert len(server.ledger.entries) == 10
    again.say("y\n")
    assert again.end() == 0


def test_ctrl_c_at_the_gate_ends_in_a_report_and_not_after_an_answer(server: RunningSandbox, tmp_path: Path) -> None:
    terminal = at_the_gate(tmp_path, server)
    terminal.interrupt()
    terminal.wait_for("Interrupted.", 5)
    terminal.wait_for("10 of 30 rows are sent, 20 wait", 10)
    assert terminal.end() == 130
    assert len(server.ledger.entries) == 10


def test_a_moment_that_has_passed_is_asked_about(server: RunningSandbox, tmp_path: Path) -> None:
    sections = '[schedule]\nnot_before = 2026-01-02T09:00:00\ntime_zone = "Asia/Ho_Chi_Minh"\n'
    terminal = Terminal("run", campaign_file(tmp_path, server.url, sections, rows=2))
    terminal.wait_for("not_before was Fri 2026-01-02 09:00 (Asia/Ho_Chi_Minh)")
    terminal.wait_for(f"Send 2 messages to {server.url} now? [y/N")
    terminal.say("n\n")
    assert terminal.end() == 2


def test_a_wait_is_shown_with_its_end_and_ctrl_c_ends_it(server: RunningSandbox, tmp_path: Path) -> None:
    opens = shut()
    terminal = Terminal("run", campaign_file(tmp_path, server.url, f'[schedule]\nwindow = "{opens}"\n'))
    terminal.wait_for("When      waits until ")
    terminal.wait_for("the window closes at ")
    terminal.say("y\n")
    terminal.wait_for(f"{opens[:5]}", 10)
    terminal.wait_for("waiting until ")
    terminal.interrupt()
    terminal.wait_for("Interrupted.", 5)
    assert terminal.end() == 130
    assert not server.ledger.entries

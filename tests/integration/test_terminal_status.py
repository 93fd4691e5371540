"""`campaign status --watch` on a terminal: in place, until the run ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from campaign.cli.watch import _rows
from campaign.journal import Activity, open_journal
from campaign.review.findings_text import StyledLine
from tests.integration.conftest import FAST, livechat_list
from tests.unit.journal.planning import message, plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

pytestmark = pytest.mark.slow

terminal = pytest.importorskip("tests.integration.test_terminal", reason="Windows has no pseudo-terminals")

REDRAWN = re.compile(r"\r\x1b\[(\d+)A\x1b\[J")


def test_the_status_is_shown_in_place_until_the_run_ends(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    with open_journal(tmp_path / "list.sandbox.journal.db") as journal:
        for _ in range(25):  # more runs than the screen has lines
            plan(journal, [message(2)])
    command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST, "--limit", "1")
    with open_journal(tmp_path / "list.journal.db") as journal, journal.exclusive():
        session = journal.begin_session(1, by="lan@ops")
        screen = terminal.Terminal("status", recipients, "--watch", COLUMNS="80", LINES="24")
        screen.wait_for("Run 1 is sending: 1 of 3 rows done. Process")
        journal.record_activity(session, Activity(2.0, 1.0, "limit", None, 9e9))
        screen.wait_for("Run 1 is waiting: 1 of 3 rows done, 2.0 messages a second, about 1 s left,")
        journal.end_session(session, "interrupted")
    assert screen.end() == 0
    shown, *_, last = REDRAWN.split(screen.text)
    assert "… 14 earlier" in shown
    rows = len(shown.splitlines())
    assert rows <= 23
    assert REDRAWN.findall(screen.text)[0] == str(rows)
    assert "Run 1 stopped: interrupted." in last
    assert "earlier" not in last  # what stays on the screen is all there is


def test_ctrl_c_ends_the_watching_and_leaves_the_screen_as_it_is(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST, "--limit", "1")
    with open_journal(tmp_path / "list.journal.db") as journal, journal.exclusive():
        session = journal.begin_session(1)
        screen = terminal.Terminal("status", recipients, "--watch")
        screen.wait_for("to end it: campaign stop")
        screen.interrupt()
        assert screen.end() == 130
        assert screen.text.endswith("Watching is over; the run goes on.\r\n")
        journal.end_session(session, None)


def test_lines_that_a_narrower_terminal_has_wrapped_are_all_replaced() -> None:
    lines = [StyledLine("x" * 81), StyledLine(""), StyledLine("x" * 40)]
    assert [_rows(lines, width) for width in (120, 80, 40, 20)] == [3, 4, 5, 8]

"""What somebody at a terminal is asked about second chances."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from campaign.journal import open_journal
from tests.integration.conftest import FAST, livechat_list
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

pytestmark = pytest.mark.slow

LIVECHAT = ("--template", "livechat-text")


def test_a_no_abandons_nothing(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "1")
    terminal = Terminal("abandon", recipients)
    terminal.wait_for("Leave 2 rows of run 1 unsent for good? [y/N]")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert command("resume", recipients, *FAST).json["sent"] == 3


def test_a_wish_to_stop_that_comes_while_a_run_waits_for_its_answer_stops_it_before_the_first_message(
    server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 5)
    terminal = Terminal("run", recipients, *LIVECHAT, "--server", server.url, "--rate", "1/s")
    terminal.wait_for("Send 5 messages")
    with open_journal(tmp_path / "list.journal.db", create=False) as journal:
        journal.request_stop("an@host")
    terminal.say("y\n")
    assert terminal.end() == 130
    assert len(server.ledger.taken()) <= 1


def test_the_question_of_new_says_it_too_and_a_no_changes_nothing(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    options = (livechat_list(tmp_path / "list.csv", 30), *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST, "--limit", "5")
    terminal = Terminal("run", *options, "--new")
    terminal.wait_for("5 rows that already have this message get it again;")
    terminal.wait_for("Send 30 messages")
    terminal.say("n\n")
    assert terminal.end() == 2
    assert command("resume", tmp_path / "list.csv", *FAST).json["sent"] == 30
    assert set(Counter(body["msg"] for body in server.bodies()).values()) == {1}


def test_a_changed_address_is_a_question_and_a_no_sends_nothing(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    livechat_list(tmp_path / "list.csv", 4)
    campaign = tmp_path / "c.toml"
    text = 'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{}"\n'
    campaign.write_text(text.format(server.url), encoding="utf-8")
    command("run", campaign, *FAST, "--limit", "1")
    corrected = server.url.replace("127.0.0.1", "localhost")
    campaign.write_text(text.format(corrected), encoding="utf-8")
    for answer, sent in (("n", 1), ("y", 4)):
        terminal = Terminal("resume", campaign)
        terminal.wait_for(f"Send the rest to {corrected}? [y/N]")
        terminal.say(f"{answer}\n")
        if answer == "y":
            terminal.wait_for("Send 3 messages to")
            terminal.say("y\n")
        assert terminal.end() == (0 if answer == "y" else 2)
        assert len(server.ledger.taken()) == sent

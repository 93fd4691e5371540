"""A journal that is destroyed while a run is delivered: the run stops at once, and says what it knows."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import kitechat_list, livechat_list
from tests.integration.test_processes import nothing_is_left_running, start_process, wait_for_messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

pytestmark = [
    pytest.mark.usefixtures("api_key", "nothing_is_left_running"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files from being written over"),
]

__all__ = ["nothing_is_left_running"]

LISTS = {"livechat": livechat_list, "kitechat": kitechat_list}
ROWS, RATE = 1500, 300


def emptied(journal: Path) -> None:
    journal.write_bytes(b"")


def noise(first: int) -> Callable[[Path], None]:
    def overwrite(journal: Path) -> None:
        with journal.open("r+b") as file:
            file.seek(first * 4096)
            file.write(os.urandom(max(4096, journal.stat().st_size - first * 4096)))

    return overwrite


DAMAGES = {"emptied": emptied, "noise from the first page": noise(0), "noise after the first pages": noise(12)}


@pytest.mark.parametrize("channel", LISTS)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_journal_that_is_destroyed_while_running_stops_the_run_and_the_counts_are_told(
    command: Campaign, server: RunningSandbox, tmp_path: Path, channel: str, damage: Callable[[Path], None]
) -> None:
    LISTS[channel](tmp_path / "list.csv", ROWS)
    file = tmp_path / "c.toml"
    file.write_text(f'template = "{channel}-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n')
    assert command("run", file, "--limit", "5", "--yes").code == 3
    process = start_process("resume", str(file), "--yes", "--json", "--rate", f"{RATE}/s", KITECHAT_API_KEY="k-e-y")
    wait_for_messages(server, 100)
    damage(tmp_path / "c.journal.db")
    at = len(server.ledger.entries)
    stdout, stderr = process.communicate(timeout=25)
    taken = len(server.ledger.taken())
    assert process.returncode == 3, stderr
    told = json.loads(stdout)
    assert (told["state"], told["rows"]) == ("stopped", ROWS)
    assert "the journal " in told["reason"]
    assert abs(told["sent"] - taken) <= 16  # what was under way when it was noticed
    assert told["sent"] + told["pending"] + told["in_doubt"] == ROWS
    assert taken <= at + RATE  # within a second
    assert "campaign resume" not in stderr.split("Run 1 stopped")[1].split("\n", 1)[1]
    assert command("resume", file, "--yes").code == 2
    assert len(server.ledger.taken()) == taken

"""A journal that is destroyed while a run is delivered: the run stops at once, and says what it knows."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.conftest import kitechat_list, livechat_list
from tests.integration.test_processes import after_messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox

pytestmark = [
    pytest.mark.usefixtures("api_key"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files from being written over"),
]

LISTS = {"livechat": livechat_list, "kitechat": kitechat_list}
ROWS, RATE = 1500, 300


def emptied(journal: Path) -> None:
    _write_over(journal, "if=/dev/null")


def noise(first: int) -> Callable[[Path], None]:
    def overwrite(journal: Path) -> None:
        pages = max(1, journal.stat().st_size // 4096 - first)
        _write_over(journal, "if=/dev/urandom", "bs=4096", f"seek={first}", f"count={pages}", "conv=notrunc")

    return overwrite


def _write_over(journal: Path, *operands: str) -> None:
    """Write to it in another process: in this one, to close it would drop SQLite's locks."""
    subprocess.run(["/bin/dd", *operands, f"of={journal}"], check=True, capture_output=True)


DAMAGES = {"emptied": emptied, "noise from the first page": noise(0), "noise after the first pages": noise(12)}


@pytest.mark.slow
@pytest.mark.parametrize("channel", LISTS)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_journal_that_is_destroyed_while_running_stops_the_run_and_the_counts_are_told(
    command: Campaign, server: RunningSandbox, tmp_path: Path, channel: str, damage: Callable[[Path], None]
) -> None:
    LISTS[channel](tmp_path / "list.csv", ROWS)
    file = tmp_path / "c.toml"
    file.write_text(f'template = "{channel}-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n')
    assert command("run", file, "--limit", "5", "--yes").code == 3
    at = 0

    def destroy() -> None:
        nonlocal at
        damage(tmp_path / "c.journal.db")
        at = len(server.ledger.entries)

    began = time.monotonic()
    with after_messages(server, 100, destroy):
        said = command("resume", file, "--yes", "--json", "--rate", f"{RATE}/s")
    assert time.monotonic() - began < 25
    taken = len(server.ledger.taken())
    told = said.json
    assert (said.code, told["state"], told["rows"]) == (3, "stopped", ROWS), said.stderr
    assert "the journal " in told["reason"]
    assert abs(told["sent"] - taken) <= 16  # what was under way when it was noticed
    assert told["sent"] + told["pending"] + told["in_doubt"] == ROWS
    assert taken <= at + RATE  # within a second
    assert "campaign resume" not in said.stderr.split("Run 1 stopped")[1].split("\n", 1)[1]
    assert command("resume", file, "--yes").code == 2
    assert len(server.ledger.taken()) == taken

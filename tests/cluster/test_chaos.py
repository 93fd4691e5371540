"""The short form of `python -m tests.cluster.chaos`, and what only a process shows."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests import postgres
from tests.cluster.chaos.campaigns import Size
from tests.cluster.chaos.proof import Options, prove
from tests.crash.harness import CHATS, environment
from tests.integration.conftest import Campaign
from tests.integration.test_terminal import Terminal

from .conftest import FileMaker, StartWorker, names, wait_for

SIZES = (Size(300, 60), Size(600, 400))


@pytest.mark.slow
def test_no_row_is_lost_or_sent_twice_or_out_of_order(tmp_path: Path) -> None:
    events = {"kills": 6, "freezes": 4, "restarts": 1, "terms": 2, "watchers": 3, "proxies": 3}
    figures, done = prove(Options(events, 18, [CHATS["livechat"], CHATS["kitechat"]], lanes=2, sizes=SIZES), tmp_path)
    assert figures.hold, [str(figures), *figures.wrong]
    assert done.done == events
    assert figures.lists >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("control", "events"),
    [("loose", {"kills": 2, "freezes": 8}), ("forgetful", {"restarts": 4})],
    ids=["neither epochs nor leases", "a server that forgets"],
)
def test_the_control_fails(control: str, events: dict[str, int], tmp_path: Path) -> None:
    """Otherwise the proof finds nothing."""
    figures, _ = prove(Options(events, 3, [CHATS["kitechat"]], lanes=2, control=control, sizes=SIZES[1:]), tmp_path)
    assert figures.twice or figures.out_of_order, [str(figures), *figures.wrong]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.skipif(sys.platform != "linux", reason="the children are found in /proc")
def test_all_that_the_proof_has_started_ends_with_it(how: signal.Signals) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as home:
        Path(home).chmod(0o711)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.chaos", "--kills", "9", "--lanes", "1"],
            env=environment() | {postgres.HOME: f"{home}/postgres"},
        )
        wait_for(lambda: len(_children(process.pid)) >= 6, within=40)  # a sandbox, four workers and `campaign run`
        children = _children(process.pid)
        process.send_signal(how)
        assert process.wait(60) == 128 + how
        assert [each for each in children if Path(f"/proc/{each}").exists()] == []
        assert list(Path(home).iterdir()) == [], "PostgreSQL has ended, too"


def _children(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(process):
                found.append(int(path.parent.name))
    return found


@pytest.mark.slow
def test_sigterm_gives_everything_back_and_ends_with_0(database: str, command: Campaign) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", "worker", "--journal", database, "--name", "one"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    wait_for(lambda: names(database) == ["one"])
    assert command("workers", "--journal", database, "--json").json["workers"][0]["process"] == process.pid
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=10)
    assert (process.returncode, names(database)) == (0, [])
    assert time.monotonic() - began < 3
    assert "Worker one is at work for postgresql://tester@" in stderr
    assert stderr.endswith("Worker one has left.\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("y\n", 130, "the workers are stopping"),
        ("n\n", 3, "it is still being delivered by workers"),
        (None, 3, "it is still being delivered by workers"),
    ],
    ids=["stop", "leave", "Ctrl-C again"],
)
def test_ctrl_c_asks_whether_the_run_stops_or_only_the_watch(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str, answer: str | None, code: int, said: str
) -> None:
    start_worker("one")
    file = campaign_file(4000)
    terminal = Terminal("run", file, "--rate", "100/s", "--journal", database)
    terminal.wait_for("[y/N, p: preview]")
    terminal.say("y\n")
    terminal.wait_for("workers one, sent")
    terminal.interrupt()
    terminal.wait_for("Stop the run on all workers? If not, they go on, and only the watching ends. [y/N]")
    if answer is None:
        terminal.interrupt()
    else:
        terminal.say(answer)
    assert terminal.end() == code
    assert said in terminal.text

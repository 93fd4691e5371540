"""Kills runs while they wait for their window and while their gate holds, and holds the ledger against the list.

Besides what the harness counts, no message may reach the server outside the windows, and none of a row behind the gate
before the run has recorded that it passed.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.crash.harness import (
    SETTLE,
    Chat,
    Figures,
    Size,
    ask,
    compare,
    environment,
    is_planned,
    running_sandbox,
    text_of,
)

WINDOWED, GATED = Size(120, pace=60), Size(60, pace=400)
AFTER = 16
"""Rows before the gate: two rounds of requests at a latency of `LATENCY` seconds."""
LATENCY = 0.15

TRAVEL = 0.1
"""Seconds after closing time in which a message that left before may reach the server."""

CLOSE = 0.4
"""Seconds around the moment at which a window opens or closes, or a gate holds, in which many of the kills fall."""

MOST_KILLS = 5
"""Kills of one list."""

LONGEST_LIST = 600.0


class Open(NamedTuple):
    """The window of one process, in seconds since the epoch."""

    opens: float
    closes: float


@dataclass
class HoldFigures(Figures):
    """What the proof comes to.

    Attributes:
        held: kills while the run waited for its window, or while its gate held.
        astray: messages outside the windows, or of rows behind the gate before it was passed.
        latest: seconds after closing time at which the latest message reached the server.
        lists: how many lists were delivered.
    """

    held: int = 0
    astray: int = 0
    latest: float = 0.0
    lists: int = 0
    what: str = field(default="", kw_only=True)

    def merge(self, other: HoldFigures) -> None:
        self.add(other)
        self.held, self.astray, self.lists = self.held + other.held, self.astray + other.astray, self.lists + 1
        self.latest = max(self.latest, other.latest)

    def __str__(self) -> str:
        astray = "sent outside the window" if self.what == "window" else "begun beyond the gate"
        latest = f", the latest {1000 * self.latest:.0f} ms after closing time" if self.what == "window" else ""
        return f"{super().__str__()}; {self.held} of the kills while it held, {self.astray} {astray}{latest}"


def prove_holds(what: str, chat: Chat, folder: Path, kills: int, seed: int) -> HoldFigures:
    """Deliver lists until `kills` processes have been killed.

    Args:
        what: "window" or "gate".
        chat: the channel.
        folder: where the lists are written.
        kills: how many processes to kill.
        seed: of the faults and of the moments of the kills.
    """
    figures, dice = HoldFigures(what=what), random.Random(f"{seed} {what} {chat.name}")
    with running_sandbox(seed, latency=LATENCY if what == "gate" else 0.0) as url:
        while figures.kills < kills:
            place = folder / f"{chat.name}-{what}-{figures.lists}"
            place.mkdir()
            made = (_Windowed if what == "window" else _Gated)(chat, place, url, dice, kills - figures.kills)
            figures.merge(made.deliver())
            print(f"{chat.name}, {what}: {figures}", *figures.wrong, sep="\n  ", flush=True)
    return figures


class _List:
    """One list, from its plan to its end over all processes."""

    size: Size

    def __init__(self, chat: Chat, place: Path, url: str, dice: random.Random, kills: int) -> None:
        self.chat, self.place, self.url, self.dice = chat, place, url, dice
        self.left = min(kills, dice.randint(1, MOST_KILLS))
        self.figures = HoldFigures()
        ask(url + "/sandbox/ledger", "DELETE")
        lines = [chat.header, *(chat.written(number) for number in range(self.size.rows))]
        (place / "list.csv").write_text("\n".join(lines) + "\n")

    def deliver(self) -> HoldFigures:
        """Start processes until one reports that it has finished."""
        started, report = time.monotonic(), None
        while report is None or report["state"] != "finished":
            if time.monotonic() - started > LONGEST_LIST:
                self.figures.wrong.append(f"{self.place.name} did not finish")
                return self.figures
            self.write_file()
            report = self._process() or report
        self.figures.add(compare(self.chat, self.place, self.url, self.size.rows, report))
        self.judge(json.loads(ask(self.url + "/sandbox/ledger"))["entries"])
        return self.figures

    def write_file(self) -> None:
        """Write the campaign file of the next process."""
        raise NotImplementedError

    def moment(self, process: subprocess.Popen[str]) -> bool:
        """Wait for the moment to kill; whether the process holds at that moment."""
        raise NotImplementedError

    def judge(self, entries: list[dict[str, Any]]) -> None:
        """Count the messages that should not have come when they came."""
        raise NotImplementedError

    def _process(self) -> dict[str, Any] | None:
        words = ["resume" if is_planned(self.place) else "run", str(self.place / "c.toml"), "--yes", "--json", "-q"]
        process = subprocess.Popen(
            [sys.executable, "-m", "campaign", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        if self.left:
            held = self.moment(process)
            if process.poll() is None:
                process.kill()
                process.communicate()
                self.left -= 1
                self.figures.kills += 1
                self.figures.held += held
                cut_off = self.query("SELECT count(*) FROM status WHERE state = 'sending'")
                self.figures.cut_off = max(self.figures.cut_off, cut_off[0][0] if cut_off else 0)
                return None
        else:
            self.let_go(process)
        stdout, stderr = process.communicate(timeout=LONGEST_LIST)
        assert process.returncode in (0, 1, 3, 130), stderr
        if process.returncode == 130 and not stdout:
            return None  # stopped before it had begun to deliver
        report = json.loads(stdout)
        assert isinstance(report, dict)
        return report

    def let_go(self, process: subprocess.Popen[str]) -> None:
        """Do what a process needs that is not killed."""

    def toml(self, sections: str) -> None:
        (self.place / "c.toml").write_text(
            f'template = "{self.chat.template}"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{self.url}"\n'
            f'[throttle]\nrate = "{self.size.pace}/s"\n[delivery]\ntimeout = "400ms"\nstop_after_refusals = 0\n'
            f'on_doubt = "{self.chat.on_doubt}"\nsettle = "{SETTLE}"\n{sections}'
        )

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the journal; nothing where it is not made yet."""
        path = self.place / "c.journal.db"
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as journal:
            try:
                return journal.execute(statement, values).fetchall()
            except sqlite3.OperationalError:
                return []

    def wait_for(self, process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
        while process.poll() is None and not holds():
            time.sleep(0.005)


class _Windowed(_List):
    """Each process has a window of two seconds, which opens soon after it is ready; a busy machine gets more time."""

    size = WINDOWED

    def __init__(self, chat: Chat, place: Path, url: str, dice: random.Random, kills: int) -> None:
        super().__init__(chat, place, url, dice, kills)
        self.windows: list[Open] = []
        self.ahead = 2

    def write_file(self) -> None:
        opens = math.ceil(time.time()) + self.ahead
        self.windows.append(Open(opens, opens + 2))
        opened, closed = (datetime.fromtimestamp(each).astimezone() for each in self.windows[-1])
        self.toml(f'[schedule]\nwindow = "{opened:%H:%M:%S}-{closed:%H:%M:%S}"\n')

    def moment(self, process: subprocess.Popen[str]) -> bool:
        opens, closes = self.windows[-1]
        self._wait_until_ready(process)
        near = self.dice.choice([opens, closes])
        at = self.dice.choice([self.dice.uniform(time.time(), opens), near + self.dice.uniform(-CLOSE, CLOSE)])
        at = self.dice.choice([at, closes + self.dice.uniform(0, 2 * CLOSE)])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, at - time.time()))
        return self._waits(process)

    def let_go(self, process: subprocess.Popen[str]) -> None:
        """Stop it after its window: the next one is tomorrow's."""
        self._wait_until_ready(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.windows[-1].closes + 2.0 - time.time())
        if process.poll() is None:
            process.terminate()

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> None:
        self.wait_for(process, partial(self._waits, process))
        self.ahead += time.time() > self.windows[-1].opens

    def _waits(self, process: subprocess.Popen[str]) -> bool:
        return bool(
            self.query(
                "SELECT 1 FROM activity JOIN session USING (session) "
                "WHERE ended_at IS NULL AND process = ? AND waiting_for = 'window' AND until > ?",
                process.pid,
                time.time(),
            )
        )

    def judge(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["method"] != "POST":
                continue
            late = min(max(each.opens - entry["time"], entry["time"] - each.closes) for each in self.windows)
            if late > TRAVEL:
                self.figures.astray += 1
                text = text_of(entry, self.chat)
                self.figures.wrong.append(f"{self.place.name}: {text} came {late:.3f} s outside the windows")
            self.figures.latest = max(self.figures.latest, min(late, TRAVEL))


class _Gated(_List):
    """Every process holds at its gate, until one has passed it."""

    size = GATED

    def write_file(self) -> None:
        self.toml(f'[gate]\nafter = {AFTER}\nmax_failed = "100%"\n')

    def moment(self, process: subprocess.Popen[str]) -> bool:
        if self.dice.random() < 0.8:
            self.wait_for(process, partial(self._holds, process))
            after = self.dice.uniform(0, LATENCY)
        else:
            self.wait_for(process, partial(is_planned, self.place))
            after = self.dice.uniform(0, 2.0)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
        return self._holds(process)

    def _holds(self, process: subprocess.Popen[str]) -> bool:
        """Whether all rows before the gate have begun, some of them are under way, and it was not passed."""
        found = self.query(
            "SELECT sum(attempts > 0), sum(state = 'sending'), (SELECT count(*) FROM decision), "
            "(SELECT count(*) FROM session WHERE process = ? AND ended_at IS NULL) FROM status WHERE seq <= ?",
            process.pid,
            AFTER,
        )
        begun, under_way, passed, at_work = found[0] if found else (0, 0, 0, 0)
        return begun == AFTER and bool(under_way) and bool(at_work) and not passed

    def judge(self, entries: list[dict[str, Any]]) -> None:
        passed = [at for (at,) in self.query("SELECT at FROM decision WHERE what = 'gate'")]
        if len(passed) != 1:
            self.figures.wrong.append(f"{self.place.name}: passed the gate {len(passed)} times")
        for entry in entries:
            number = int(text_of(entry, self.chat).split()[1]) if entry["method"] == "POST" else 0
            if number >= AFTER and not (passed and entry["time"] >= passed[0]):
                self.figures.astray += 1
                self.figures.wrong.append(f"{self.place.name}: message {number} came before the gate was passed")

"""The processes: workers that a supervisor starts again, and what else has to end with the proof."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.cluster.chaos.altered import CLOCK, CONTROL
from tests.cluster.chaos.events import Happening, History
from tests.crash.harness import environment

HOUR = 3600.0

PATIENCE = 60.0
"""Seconds within which a worker has left after SIGTERM, also where its way to PostgreSQL is in trouble."""


class Children:
    """Processes that end with the proof, in whatever way that ends."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._over = False

    def start(
        self, arguments: Sequence[str], out: IO[bytes], error: IO[bytes], **changed: str
    ) -> subprocess.Popen[bytes]:
        """Start a command; `changed` is added to its environment."""
        module = "tests.cluster.chaos.altered" if changed else "campaign"
        command = [sys.executable, "-m", module, *arguments]
        with self._lock:
            if self._over:
                raise ChildrenEndedError
            self._running = {each for each in self._running if each.poll() is None}
            process = subprocess.Popen(  # a session of its own: Ctrl-C is for the proof
                command, stdout=out, stderr=error, env=environment() | changed, start_new_session=True
            )
            self._running.add(process)
        return process

    def end(self) -> None:
        """Kill all; none is started any more."""
        with self._lock:
            self._over = True
        for process in self._running:
            process.kill()
            process.wait()


class ChildrenEndedError(Exception):
    """The proof is over."""


@dataclass
class Life:
    """One life of a worker.

    Attributes:
        name: that of its place, and a number.
        leaves_by: when it must have left, in seconds on the monotonic clock; None: it was not asked to.
        frozen: it is stopped; None: it is not.
    """

    name: str
    process: subprocess.Popen[bytes]
    leaves_by: float | None = None
    frozen: Happening | None = None
    thaws_at: float = 0.0


class Cluster:
    """Worker processes on one database, each with its own way to it; the clock of the last is an hour off.

    Attributes:
        ends: how often workers ended by themselves, by exit code.
        wrong: what is wrong with them, in words.
    """

    def __init__(
        self, addresses: Sequence[str], folder: Path, children: Children, history: History, control: str | None
    ) -> None:
        self.ends: Counter[int] = Counter()
        self.wrong: list[str] = []
        self._addresses, self._children, self._history, self._control = addresses, children, history, control
        self._log_path = folder / "workers.log"
        self._log = self._log_path.open("ab")
        self._born = [0] * len(addresses)
        self.lives = [self._start(place) for place in range(len(addresses))]

    def _start(self, place: int) -> Life:
        self._born[place] += 1
        name = f"w{place}-{self._born[place]}"
        changed = {} if self._control is None else {CONTROL: self._control}
        if place == len(self._addresses) - 1:
            changed[CLOCK] = str(HOUR if self._born[place] % 2 else -HOUR)
        arguments = ("worker", "--journal", self._addresses[place], "--name", name)
        return Life(name, self._children.start(arguments, self._log, self._log, **changed))

    def kill(self, place: int) -> None:
        """Kill a worker, and start another in its place."""
        life = self.lives[place]
        killed = self._history.begin("a kill", life.name)
        life.process.kill()
        life.process.wait()
        self._history.end(killed)
        self._thaw(life)
        self.lives[place] = self._start(place)

    def freeze(self, place: int, seconds: float) -> None:
        """Stop a worker for a while; see `tend`."""
        life = self.lives[place]
        life.frozen, life.thaws_at = self._history.begin("a freeze", life.name), time.monotonic() + seconds
        life.process.send_signal(signal.SIGSTOP)

    def terminate(self, place: int) -> None:
        """Ask a worker to leave; another takes its place once it has left."""
        life = self.lives[place]
        life.leaves_by = time.monotonic() + PATIENCE
        life.process.terminate()

    def tend(self) -> None:
        """Let those go on whose time has come, and start others in the places of those that have ended."""
        for place, life in enumerate(self.lives):
            if life.frozen is not None and time.monotonic() >= life.thaws_at:
                self._thaw(life)
            code = life.process.poll()
            if code is not None:
                self._note_end(life, code)
                self.lives[place] = self._start(place)
            elif life.leaves_by is not None and time.monotonic() > life.leaves_by:
                self.wrong.append(f"{life.name} has not left within {PATIENCE:.0f} s of SIGTERM")
                self.kill(place)

    def _thaw(self, life: Life) -> None:
        if life.frozen is not None:
            life.process.send_signal(signal.SIGCONT)
            self._history.end(life.frozen)
            life.frozen = None

    def _note_end(self, life: Life, code: int) -> None:
        if life.leaves_by is None:
            self.ends[code] += 1
        expected = (0,) if life.leaves_by is not None else (2,)  # 2: the database could not be reached at its start
        if code not in expected:
            self.wrong.append(f"{life.name} ended by itself with {code}")

    def end(self) -> None:
        """Let all leave, and see whether they do."""
        for life in self.lives:
            self._thaw(life)
            life.process.terminate()
        until = time.monotonic() + PATIENCE
        for life in self.lives:
            try:
                code = life.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                code = None
            if code not in {0, -signal.SIGTERM}:  # the latter: it had not begun yet
                self.wrong.append(f"{life.name} ended with {code} when all was over")

    def close(self) -> None:
        """Close the log, and look for faults in it."""
        self._log.close()
        with contextlib.suppress(OSError):
            text = self._log_path.read_text(encoding="utf-8", errors="replace")
            if (at := text.find("Traceback")) >= 0:
                self.wrong.append(
                    f"a worker wrote {text.count('Traceback')} tracebacks, the first: {text[at : at + 3000]}"
                )

"""One list after the other: planned, watched, resumed and judged, as an operator would whose processes are killed."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.cluster.chaos.events import Events, History
from tests.cluster.chaos.ledgers import RunState, read, run_state
from tests.cluster.chaos.processes import Children, ChildrenEndedError
from tests.cluster.chaos.verdict import Asked, Figures, judge, shown
from tests.crash.harness import Chat, ask

ROWS_OF_A_DESTINATION = 6
CONCURRENCY, TIMEOUT = 8, 0.8

LONGEST_RUN = 1200.0
"""Time limit in seconds for one list with all its events; only a defect takes longer."""

EARLY, EARLY_WITHIN = 0.35, (0.3, 2.5)
"""The probability that `campaign run` is killed early, and after how many seconds: it plans, seals, or has begun to
watch."""

AFTERWARDS = 2.0
"""Seconds after the last trouble within which whatever was late has come."""

WATCHED = ("--watch-only", "--yes", "--json", "-q")


@dataclass(frozen=True)
class Size:
    """The number of rows of a list, and its messages per second."""

    rows: int
    pace: int


SIZES = (Size(240, 50), Size(600, 400), Size(1200, 400))


@dataclass(frozen=True)
class Shared:
    """What the lists that are delivered side by side share.

    Attributes:
        address: of the database.
        folder: for their files.
        workers: how many there are.
        environment: what is changed in the processes that plan and watch.
    """

    address: str
    folder: Path
    children: Children
    events: Events
    history: History
    workers: int
    environment: Mapping[str, str]
    sizes: Sequence[Size] = SIZES
    longest: float = LONGEST_RUN


class UnfinishedError(Exception):
    """A run did not end."""


class Lane(threading.Thread):
    """Delivers lists one after the other until no event is left.

    Attributes:
        figures: the totals so far.
        watcher: the process that plans or watches at the moment.
    """

    def __init__(self, number: int, chats: Sequence[Chat], url: str, shared: Shared, seed: int) -> None:
        super().__init__(name=f"lane {number}", daemon=True)
        self.figures = Figures()
        self.watcher: subprocess.Popen[bytes] | None = None
        self._number, self._chats, self._url, self._shared = number, chats, url, shared
        self._dice = random.Random(f"{seed} {number}")
        self._killed: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Deliver lists; whatever goes wrong is in the figures."""
        count = 0
        try:
            while count == 0 or self._shared.events.are_left:
                name, place = f"c{self._number}x{count}", self._number + count
                self._deliver_list(
                    name, self._chats[place % len(self._chats)], place // len(self._chats) + self._number
                )
                count += 1
        except ChildrenEndedError:
            pass
        except Exception as error:  # noqa: BLE001 - it is part of the verdict
            self.figures.wrong.append(f"c{self._number}x{count}: {type(error).__name__}: {error}")
            print(self.figures.wrong[-1], flush=True)

    def kill_watcher(self) -> bool:
        """Kill the process that plans or watches; returns whether there was one."""
        process = self.watcher
        if process is None or process.poll() is not None:
            return False
        self._killed = process
        process.kill()
        return True

    def _deliver_list(self, name: str, chat: Chat, place: int) -> None:
        shared, size = self._shared, self._shared.sizes[place % len(self._shared.sizes)]
        ask(self._url + "/sandbox/ledger", "DELETE")
        file = write_list(shared.folder, name, chat, size, self._url)
        began, unfinished, report = time.monotonic(), [], dict[str, Any]()
        try:
            self._see_through(file, began + shared.longest)
            self._wait_for_quiet()
            report = self._report(file)
        except UnfinishedError as error:
            unfinished.append(str(error))
        found = read(
            shared.address, self._url, chat, asked := asked_of(name, chat, size, shared.workers), report,
            happenings=shared.history.copy(),
        )  # fmt: skip
        found = replace(found, left=[*unfinished, *found.left])
        figures = judge(asked, found)
        self.figures.add(figures)
        seconds = time.monotonic() - began
        print(f"{name} ({chat.name}, {seconds:.0f} s): {figures}; {shared.events}{shown(figures.wrong)}", flush=True)

    def _see_through(self, file: Path, until: float) -> None:
        """Run; watch again, run again or resume, as it is needed, until the run has ended with no row waiting.

        Raises:
            UnfinishedError: it takes too long.
        """
        while True:
            state = run_state(self._shared.address, file.stem)
            if state is not None and not (state.is_open or state.waiting):
                return
            said = self._perform(_next_command(state), file, until)
            if time.monotonic() > until:
                status = self._perform(("status", "--json"), file, time.monotonic() + 60)
                raise UnfinishedError(f"did not finish: {run_state(self._shared.address, file.stem)}; {said}; {status}")
            time.sleep(0.3)

    def _perform(self, command: Sequence[str], file: Path, until: float) -> str:
        """Perform a command, and perhaps kill it; returns what it said."""
        shared = self._shared
        arguments = [command[0], str(file), "--journal", shared.address, *command[1:]]
        with tempfile.TemporaryFile() as out:
            process = self.watcher = shared.children.start(arguments, out, out, **shared.environment)
            try:
                if command[0] == "run" and self._dice.random() < EARLY:
                    self._kill_early(process)
                process.wait(max(1.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            out.seek(0)
            said = out.read().decode(errors="replace")
        if process is self._killed:
            sealed = run_state(shared.address, file.stem) is not None
            shared.events.phases["sealed and watched" if sealed else "planning"] += 1
        elif process.returncode == 4 or "Traceback" in said:
            self.figures.wrong.append(f"{file.stem}: `campaign {command[0]}` ended with {process.returncode}: {said}")
        return said

    def _kill_early(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(self._dice.uniform(*EARLY_WITHIN))
        except subprocess.TimeoutExpired:
            if self._shared.events.take("watchers"):
                self.kill_watcher()

    def _wait_for_quiet(self) -> None:
        """Wait until the trouble that began before the run's end is over: what was late may still come."""
        ended = time.time()
        while not self._shared.history.is_quiet_since(ended):
            time.sleep(0.2)
        time.sleep(AFTERWARDS)

    def _report(self, file: Path) -> dict[str, Any]:
        """What `campaign results` says; asked again where it was killed, or PostgreSQL was."""
        said = ""
        for _ in range(20):
            said = self._perform(("results", "--json", "-q"), file, time.monotonic() + 120)
            for line in said.splitlines():
                if line.startswith("{"):
                    report: dict[str, Any] = json.loads(line)
                    return report
            time.sleep(0.5)
        raise UnfinishedError(f"`campaign results` says nothing: {said}")


def _next_command(state: RunState | None) -> Sequence[str]:
    """What an operator does next."""
    if state is None:
        return ("run", *WATCHED)
    if state.is_open:
        return ("status", "--watch", "--json")
    return ("resume", *WATCHED)


def asked_of(name: str, chat: Chat, size: Size, workers: int) -> Asked:
    """What a list asks for, as the verdict needs it."""
    destinations, under_way = size.rows // ROWS_OF_A_DESTINATION, workers * CONCURRENCY
    return Asked(name, size.rows, destinations, size.pace, TIMEOUT, under_way, chat.reads_back)


def write_list(folder: Path, name: str, chat: Chat, size: Size, url: str) -> Path:
    """Write a list and its campaign file; returns the latter."""
    asked = asked_of(name, chat, size, 1)
    form = "token{0},room{0},{1}" if chat.name == "livechat" else "1,conversation{0},{1}"
    rows = [form.format(number % asked.destinations, asked.text(number)) for number in range(size.rows)]
    (folder / f"{name}.csv").write_text("\n".join([chat.header, *rows]) + "\n", encoding="utf-8")
    file = folder / f"{name}.toml"
    file.write_text(
        f'template = "{chat.template}"\n[recipients]\nfile = "{name}.csv"\n[server]\nurl = "{url}"\n'
        f'[throttle]\nrate = "{size.pace}/s"\nconcurrency = {CONCURRENCY}\n'
        f'[delivery]\ntimeout = "{TIMEOUT * 1000:.0f}ms"\nstop_after_refusals = 0\n',
        encoding="utf-8",
    )
    return file

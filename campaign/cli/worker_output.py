"""What a worker says of its events: a line of JSON for each on standard output, or a sentence on standard error."""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from campaign.cli.console import say, warn
from campaign.cli.json_output import print_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from campaign.cluster.events import Event
    from campaign.errors import Problem

MOST_WAITING = 10_000
"""Lines that wait for a reader that is slow; the worker waits for none, so those beyond are left out."""

LAST_LINES = 5.0
"""Seconds for which the last lines are waited for."""


class WorkerOutput:
    """Prints from a thread of its own, so that no reader holds up the worker. Use it with `with`."""

    def __init__(self, worker: str, *, as_json: bool, verbose: bool) -> None:
        """Print nothing yet.

        Args:
            worker: its name.
            as_json: whether each event is a line of JSON.
            verbose: whether each event is a sentence.
        """
        self._worker = worker
        self._as_json = as_json
        self._verbose = verbose
        self._lines: queue.Queue[Callable[[], object] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._print, daemon=True, name="output")

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Print what is left."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=LAST_LINES)
            self._thread.join(LAST_LINES)

    def observe(self, event: Event) -> None:
        """Print an event, where that was asked for."""
        if self._as_json:
            self._put_json(event.name, event.facts)
        elif self._verbose:
            self._put(lambda: say(f"{self._worker}: {event.sentence}"))

    def warn(self, problem: Problem) -> None:
        """Print a warning."""
        self._put(lambda: warn(problem))
        if self._as_json:
            facts = asdict(problem)
            self._put_json("warning", {name: facts[name] for name in ("where", "what", "remedy")})

    def _put_json(self, event: str, facts: dict[str, object]) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": time, "event": event, "worker": self._worker, **facts}
        self._put(lambda: print_json(line))

    def _put(self, line: Callable[[], object]) -> None:
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line)

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            line()

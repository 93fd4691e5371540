"""Timeouts that do not count the time for which the process was suspended.

One timer serves all requests of a transport: a timer for each costs a twentieth of a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

TICK = 1.0
"""Seconds between two looks at the clock: of a suspension, at most so much is counted."""

LATE = 0.25
"""Seconds by which a look may be late before the process is taken to have been suspended (Ctrl-Z, SIGSTOP, sleep)."""

GRACE = 0.5
"""Seconds for reading what arrived meanwhile: when the process wakes, timers are due before their data is handled."""


class AwakeTimeout:
    """Cancels its block when its time is over, as `asyncio.timeout` does. Use with `with`, in a task."""

    __slots__ = ("_cancellations", "_others", "at", "passed", "task")

    def __init__(self, others: AwakeTimeouts) -> None:
        self._others = others
        self.at = 0.0
        self.passed = False

    def __enter__(self) -> Self:
        """Start counting."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - only a task can be cancelled
        self.task = task
        self._cancellations = task.cancelling()
        self._others.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting.

        Raises:
            TimeoutError: the time was over.
        """
        if not self.passed:
            self._others.remove(self)
        # Where somebody else has cancelled the task too, it stays cancelled.
        elif self.task.uncancel() <= self._cancellations and kind is asyncio.CancelledError:
            raise TimeoutError from error


class AwakeTimeouts:
    """The timeouts of a transport: all count the same number of seconds, so the earliest is the first."""

    def __init__(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        self._seconds = seconds
        self._loop = loop
        self._running: dict[AwakeTimeout, None] = {}
        self._awake = 0.0
        self._looked_at = self._due = loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, timeout: AwakeTimeout) -> None:
        """Begin to count."""
        now = self._loop.time()
        idle = self._timer is None
        if idle:
            self._looked_at = now
        timeout.at = self._awake + min(now - self._looked_at, TICK) + self._seconds
        self._running[timeout] = None
        if idle:
            self._schedule(now)

    def remove(self, timeout: AwakeTimeout) -> None:
        """End it in time."""
        del self._running[timeout]

    def _schedule(self, now: float) -> None:
        first = next(iter(self._running), None)
        if first is None:
            self._timer = None
            return
        self._due = now + max(0.0, min(TICK, first.at - self._awake))
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        suspended = now - self._due > LATE
        self._awake += (self._due if suspended else now) - self._looked_at
        self._looked_at = now
        for timeout in list(self._running):
            if timeout.at > self._awake:
                break
            if suspended:
                timeout.at = self._awake + GRACE
            else:
                timeout.passed = True
                del self._running[timeout]
                timeout.task.cancel()
        self._schedule(now)

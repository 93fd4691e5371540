"""The database's clock as a worker knows it: all workers of a run have the same time, whatever their machines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.operating_system import uptime

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery.ports import Clock

DRIFT = 1e-4
"""By how many seconds a second a measurement gets worse with age: the clocks of machines run at different speeds."""


class _Measured(NamedTuple):
    """What the database's clock showed, when, and how far that may be from the truth."""

    at: float
    told: float
    uncertainty: float


class DatabaseClock:
    """Tells the database's time; implements `ports.Clock`.

    The time since the last measurement is taken from a clock that goes on while the machine sleeps and that cannot be
    set, so the time of day of this machine does not matter.
    """

    def __init__(self, clock: Clock, elapsed: Callable[[], float] = uptime) -> None:
        """Know nothing yet: until `measure`, the time is that of the machine.

        Args:
            clock: of this machine.
            elapsed: seconds on a clock that goes on while the process is stopped.
        """
        self._clock = clock
        self._elapsed = elapsed
        self._measured: _Measured | None = None

    def measure(self, ask: Callable[[], float]) -> None:
        """Ask for the database's time, and keep the answer where it is better than what is known; from any thread.

        Args:
            ask: returns the database's time, in seconds since the epoch.
        """
        asked = self._elapsed()
        told = ask()
        answered = self._elapsed()
        known, uncertainty = self._measured, (answered - asked) / 2
        if known is None or uncertainty <= known.uncertainty + DRIFT * (asked - known.at):
            self._measured = _Measured((asked + answered) / 2, told, uncertainty)

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        return self._clock.now()

    def epoch(self) -> float:
        """The database's time, in seconds since the epoch."""
        known = self._measured
        return self._clock.epoch() if known is None else known.told + self._elapsed() - known.at

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await self._clock.sleep(seconds)

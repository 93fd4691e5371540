"""Whether the server of a run responds to this worker: where it does not, workers to which it responds go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.delivery.ports import Clock

LONGEST = 30.0
"""Seconds without any response after which a worker leaves a run to others; half of `give_up_after` at most."""

REST, LONGEST_REST = 30.0, 600.0
"""Seconds after which it tries again, with one part of the run; twice as many each time: a row may be in doubt then."""


class Contact:
    """One per run and worker.

    Attributes:
        since: since when requests have had no response, on the monotonic clock; None: the last one had.
        recorded: under which number of the worker others know that it gets no response; None: they do not.
        told: whether it was said that the run is left to others.
    """

    def __init__(self, give_up_after: float, clock: Clock) -> None:
        """Begin with contact.

        Args:
            give_up_after: the run's setting.
            clock: the clock.
        """
        self.since: float | None = None
        self.recorded: int | None = None
        self.told = False
        self._clock = clock
        self._patience = min(LONGEST, give_up_after / 2)
        self._tries = False
        self._rests_until = 0.0
        self._rest = REST

    def responded(self) -> None:
        """Count a response, whatever it says."""
        self.since, self.told, self._rest = None, False, REST

    def failed(self) -> None:
        """Count a request that had none."""
        self._tries = True
        if self.since is None:
            self.since = self._clock.now()

    @property
    def lacking(self) -> float | None:
        """For how many seconds there has been no response; None: there is contact."""
        return None if self.since is None else self._clock.now() - self.since

    @property
    def is_lost(self) -> bool:
        """Whether the run is better left to others; after a rest only once another request had no response."""
        return self._tries and self.lacking is not None and self.lacking >= self._patience

    def rest(self) -> None:
        """Leave the run to others for a while."""
        self._tries = False
        self._rests_until = self._clock.now() + self._rest
        self._rest = min(LONGEST_REST, 2 * self._rest)

    def end_rest(self) -> None:
        """Try again at once: the others may have no contact either by now, or be gone."""
        self._rests_until = 0.0

    @property
    def rests(self) -> bool:
        """Whether it is left to others now."""
        return self._clock.now() < self._rests_until

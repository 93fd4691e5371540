"""What the response to one row's request means for the whole run: its rate, its pauses, and whether it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from campaign.channels.base import Fatal, Indeterminate, Response, Throttled, Unreachable
from campaign.delivery.policy import asked_wait, backoff, wait_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import NoResponse, Quota
    from campaign.delivery.policy import CircuitBreaker
    from campaign.delivery.ports import Clock, Permit, Progress, RateLimiter
    from campaign.delivery.shutdown import Shutdown, StopReason


class StatesQuota(Protocol):
    """Reads the server's own limit from a response; a channel does."""

    def quota(self, response: Response) -> Quota | None:
        """The server's own limit, if a response states it."""
        ...


class PressureContext(Protocol):
    """What it works with; a `DeliveryContext` has it."""

    @property
    def channel(self) -> StatesQuota:
        """Reads the server's limit."""
        ...

    @property
    def rate_limiter(self) -> RateLimiter:
        """Lets requests leave."""
        ...

    @property
    def progress(self) -> Progress:
        """The counts."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock."""
        ...

    @property
    def random(self) -> Callable[[], float]:
        """For jitter."""
        ...

    @property
    def shutdown(self) -> Shutdown:
        """Ends the run."""
        ...


class Backpressure:
    """Draws the consequences of one row's responses for the run; all rows share the circuit breaker."""

    def __init__(self, context: PressureContext, breaker: CircuitBreaker) -> None:
        self._context = context
        self._breaker = breaker
        self._failures = 0
        self._answered = True

    def release(self, permit: Permit, response: Response | NoResponse, verdict: object) -> None:
        """Return the permit and tell the rate limiter what the response says about the server."""
        limiter = self._context.rate_limiter
        whole = response if isinstance(response, Response) else None
        self._answered = whole is not None
        quota = self._context.channel.quota(whole) if whole else None
        refused = isinstance(verdict, Indeterminate) and verdict.refusal is not None
        healthy = refused or not isinstance(verdict, Throttled | Unreachable | Indeterminate | Fatal)
        limiter.release(permit, whole, quota, healthy=healthy)
        self._context.progress.throttled += isinstance(verdict, Throttled)
        if isinstance(verdict, Throttled) and quota is None:
            limiter.slow_down()  # where the server states its quota there is nothing to guess
        if isinstance(verdict, Unreachable | Indeterminate) and not refused:
            limiter.lost_contact()

    def wait(self, verdict: Throttled | Unreachable | Indeterminate, sent_at: float) -> float:
        """How long this row waits; pauses the whole run where every row would meet the same.

        Args:
            verdict: the trouble.
            sent_at: when its request left, on the monotonic clock.
        """
        self._failures += 1
        now = self._context.clock.now()
        self._breaker.record_failure(sent_at, now)
        wait = wait_after(verdict, self._failures, self._context.random)
        if isinstance(verdict, Indeterminate) and verdict.wait is None:
            pause = self.pause_run()
            self.stop_if(self._breaker.check_trouble(now, max(wait, pause), verdict.reason))
            return wait
        self._context.rate_limiter.pause(wait, own=not self._answered)
        self.stop_if(self._breaker.check_trouble(now, wait, verdict.reason, asked=asked_wait(verdict)))
        return 0.0

    def pause_run(self) -> float:
        """Pause the run from the second consecutive failure on: a single lost response may concern this row alone.

        Returns:
            For how many seconds.
        """
        failures = self._breaker.failures - 1
        if failures <= 0:
            return 0.0
        pause = backoff(failures, self._context.random)
        self._context.rate_limiter.pause(pause, own=not self._answered)
        return pause

    def stop_if(self, reason: StopReason | None) -> None:
        """Stop the run where there is a reason to."""
        if reason is not None:
            self._context.shutdown.request(reason)

"""Asking a server until it answers: through the rate limiter, with back-off while it is in trouble.

For requests that are harmless to repeat, so that a lost response is no doubt: it is asked again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from campaign.channels.base import Fatal, Indeterminate, Response, Throttled, Unreachable
from campaign.delivery.backpressure import Backpressure
from campaign.delivery.ports import Progress, SystemClock
from campaign.delivery.redaction import Redaction
from campaign.delivery.shutdown import Shutdown, StopReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import NoResponse, Request
    from campaign.delivery.backpressure import StatesQuota
    from campaign.delivery.policy import CircuitBreaker
    from campaign.delivery.ports import Clock, Permit, RateLimiter, Transport
    from campaign.settings import DeliverySettings

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)

Trouble: TypeAlias = Throttled | Unreachable | Indeterminate | Fatal


@dataclass(frozen=True, slots=True)
class AskContext:
    """All that the questions of one command work with.

    Attributes:
        channel: reads the server's limit from responses.
        settings: time-outs, and when to give up.
        breaker: stops the command after nothing but trouble, or many refusals.
        random: returns a number from 0 to 1, for jitter.
        redaction: blanks the secrets in what is read from responses.
    """

    channel: StatesQuota
    settings: DeliverySettings
    transport: Transport
    rate_limiter: RateLimiter
    shutdown: Shutdown
    breaker: CircuitBreaker
    clock: Clock = field(default_factory=SystemClock)
    progress: Progress = field(default_factory=Progress)
    random: Callable[[], float] = random.random
    redaction: Redaction = field(default_factory=Redaction)


class QuestionRecord(Protocol):
    """The record of a question's requests."""

    async def begin(self, at: float) -> None:
        """Put a request on record, and return once that would survive a power cut.

        Args:
            at: now, in seconds since the epoch.

        Raises:
            JournalWriteError: it is not on record, so the request must not leave.
        """
        ...

    async def end(self, result: object) -> None:
        """Put its result on record, after the rate limiter has learnt from it."""
        ...


class Question(Protocol[Answer_co]):
    """What is asked.

    Attributes:
        route: the server's route, for the rate limiter.
        request: the request.
    """

    route: str
    request: Request

    def read(self, response: Response | NoResponse) -> Answer_co | Trouble:
        """What a response says."""
        ...


class Asker(Generic[Answer]):
    """Asks one question."""

    def __init__(self, context: AskContext, question: Question[Answer], record: QuestionRecord | None = None) -> None:
        self._context = context
        self._question = question
        self._record = record
        self._backpressure = Backpressure(context, context.breaker)
        self._unreadable = 0

    async def ask(self) -> Answer | None:
        """Ask until there is an answer, which may be a refusal; None where the command stops before.

        Raises:
            JournalWriteError: a request could not be put on record.
        """
        context = self._context
        while not context.shutdown:
            permit = await context.rate_limiter.acquire(self._question.route)
            if permit is None:
                return None
            result = await self._exchange(permit)
            if not isinstance(result, Throttled | Unreachable | Indeterminate | Fatal):
                context.progress.trouble = ""
                return result
            wait = self._follow(result, permit.granted_at)
            if wait > 0:
                await context.shutdown.sleep(context.clock, wait)
        return None

    async def _exchange(self, permit: Permit) -> Answer | Trouble:
        context, response = self._context, None
        try:
            if self._record is not None:
                await self._record.begin(context.clock.epoch())
            context.progress.requests += 1
            response = await context.transport.send(self._question.request)
        finally:
            if response is None:
                context.rate_limiter.release(permit)
        result = self._question.read(response)
        self._backpressure.release(permit, response, result)
        if self._record is not None:
            await self._record.end(result)
        return result

    def _follow(self, trouble: Trouble, sent_at: float) -> float:
        """Draw the consequences. Returns the seconds until the question is asked again."""
        reason = self._context.redaction.text(trouble.reason)
        stop_after = trouble.stop_after if isinstance(trouble, Indeterminate) else None
        self._unreadable = self._unreadable + 1 if stop_after else 0
        if isinstance(trouble, Fatal) or (stop_after and self._unreadable >= stop_after):
            self._context.shutdown.request(StopReason(reason))
            return 0.0
        self._context.progress.trouble = reason
        return self._backpressure.wait(trouble, sent_at)

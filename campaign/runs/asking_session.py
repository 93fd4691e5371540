"""A session of questions to a server, until it is done, stopped or cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias

from campaign.delivery import HttpTransport, LocalRateLimiter, Progress, Shutdown, StopReason
from campaign.delivery.asking import AskContext
from campaign.delivery.policy import CircuitBreaker
from campaign.delivery.ports import SystemClock
from campaign.delivery.proxies import NO_PROXIES
from campaign.delivery.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from campaign.delivery.backpressure import StatesQuota
    from campaign.delivery.proxies import ProxySettings
    from campaign.settings import DeliverySettings

    Work: TypeAlias = Callable[[AskContext, LocalRateLimiter], Awaitable[None]]


class AskingObserver(Protocol):
    """Follows a session."""

    def following(
        self, session: AskingSession, unit: str, total: int | None
    ) -> contextlib.AbstractContextManager[None]:
        """Show the session while the block lasts; called within the event loop.

        Args:
            session: the session.
            unit: what is asked for, in the plural.
            total: how many of them; None where that is not known.
        """
        ...


@dataclass(frozen=True, slots=True)
class AskedServer:
    """The server that is asked.

    Attributes:
        url: its base URL, without a slash at the end.
        channel: reads its limit from responses.
        settings: pace, time-outs, when to give up.
        headers: the headers that hold the credentials.
        secrets: the credentials, which are blanked in what is read.
        proxies: the proxies of this machine.
    """

    url: str
    channel: StatesQuota
    settings: DeliverySettings
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secrets: tuple[str, ...] = ()
    proxies: ProxySettings = NO_PROXIES


class AskingSession:
    """Asks a server.

    Attributes:
        progress: the counts so far.
    """

    def __init__(self, server: AskedServer) -> None:
        self._server = server
        self._shutdown = Shutdown()
        self._limiter: LocalRateLimiter | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.progress = Progress()

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave."""
        return self._limiter.waiting_for if self._limiter else 0.0

    @property
    def stopped(self) -> StopReason | None:
        """Why it ended early; None where it did not."""
        return self._shutdown.reason

    def stop(self, reason: str) -> None:
        """End in order; may be called from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._shutdown.request, StopReason(reason, interrupted=True))

    def cancel(self) -> None:
        """Cancel the requests in flight; may be called from a signal handler."""
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    async def perform(self, work: Work, observer: AskingObserver, unit: str, total: int | None = None) -> None:
        """Do the work."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.ensure_future(self._perform(work))
        with observer.following(self, unit, total), contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _perform(self, work: Work) -> None:
        server = self._server
        settings = server.settings
        limiter = LocalRateLimiter(settings.rate, SystemClock(), self._shutdown, give_up_after=settings.give_up_after)
        self._limiter = limiter
        async with HttpTransport(server.url, settings, server.headers, proxies=server.proxies) as transport:
            context = AskContext(
                channel=server.channel,
                settings=settings,
                transport=transport,
                rate_limiter=limiter,
                shutdown=self._shutdown,
                breaker=CircuitBreaker(settings.give_up_after, settings.stop_after_refusals),
                progress=self.progress,
                redaction=Redaction([*server.secrets, *server.headers.values()]),
            )
            await work(context, limiter)

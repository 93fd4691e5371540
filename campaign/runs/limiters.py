"""The rate limiter of a delivery: the one place where it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.delivery import LocalRateLimiter
from campaign.delivery.ports import SystemClock

if TYPE_CHECKING:
    from campaign.delivery import Shutdown
    from campaign.settings import DeliverySettings


def local_limiter(settings: DeliverySettings, shutdown: Shutdown, *, share: int = 1) -> LocalRateLimiter:
    """The limiter of a delivery by this process.

    Args:
        settings: how the run is delivered.
        shutdown: ends every wait.
        share: how many processes deliver the run, among which a rate that is set is divided.
    """
    rate = None if settings.rate is None else settings.rate / share
    return LocalRateLimiter(rate, SystemClock(), shutdown, give_up_after=settings.give_up_after)

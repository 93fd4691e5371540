"""The limits of a delivery: this process's own, or those that it shares with the workers of other machines."""

from __future__ import annotations

import contextlib
import platform
from typing import TYPE_CHECKING

from campaign.delivery import LocalRateLimiter
from campaign.delivery.ports import SystemClock
from campaign.errors import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from campaign.delivery import Shutdown
    from campaign.delivery.ports import RateLimiter
    from campaign.runs.run import Run
    from campaign.settings import DeliverySettings


def own_egress() -> str:
    """The egress of this machine where none is named: its host's name."""
    return platform.node() or "this machine"


def other_senders(server: str, egress: str) -> Problem:
    """The warning that a server counts more requests for a client address than were sent under its name.

    Args:
        server: the server's base URL.
        egress: the address's name.
    """
    what = f"the server counts more requests for this address than were sent from here, egress “{egress}”"
    remedy = (
        "machines behind one NAT need the same --egress; else another campaign or program sends from this address, "
        "and the server refuses some requests of both (they are repeated)"
    )
    return Problem(server, what, remedy)


@contextlib.asynccontextmanager
async def limiter_of(run: Run, settings: DeliverySettings, shutdown: Shutdown) -> AsyncIterator[RateLimiter]:
    """The rate limiter of a delivery, which lasts as long as the block. A rehearsal's sandbox is no other worker's.

    Args:
        run: the run.
        settings: how it is delivered.
        shutdown: ends every wait.
    """
    limits = None if run.record.manifest.rehearsal else run.journal.limits
    clock, give_up_after = SystemClock(), settings.give_up_after
    if limits is None:
        yield LocalRateLimiter(settings.rate, clock, shutdown, give_up_after=give_up_after)
        return
    from campaign.delivery import SharedRateLimiter  # noqa: PLC0415 - loaded where it is used

    budget = limits.budget(run.number, run.credentials, run.server, run.egress)
    async with SharedRateLimiter(budget, settings.rate, clock, shutdown, give_up_after=give_up_after) as limiter:
        yield limiter


def machines_of(run: Run) -> int:
    """How many client addresses send to a run's server, this one included, as far as its journal knows."""
    limits = None if run.record.manifest.rehearsal else run.journal.limits
    return 1 if limits is None else len(limits.egresses(run.server) | {run.egress})

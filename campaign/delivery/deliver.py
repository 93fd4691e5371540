"""One delivery from beginning to end: network, record and sender put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery.interrupt import interruptible
from campaign.delivery.sender import Sender
from campaign.delivery.stop import Stop, StopReason
from campaign.delivery.surroundings import Surroundings
from campaign.delivery.transport import Transport
from campaign.errors import JournalError
from campaign.journal import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.channels import Channel
    from campaign.delivery.sender import Settings
    from campaign.delivery.transport import Server
    from campaign.journal import State

Watch: TypeAlias = Callable[[Sender], None]
"""Shows how far a delivery is; called a few times a second."""

TICK = 0.2

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What to deliver, where and how."""

    journal: Path
    run: int
    channel: Channel
    server: Server
    settings: Settings
    retry: tuple[State, ...] = ()
    """Rows in these states are sent once more, on the operator's word."""


async def deliver(order: Order, watch: Watch | None = None) -> StopReason | None:
    """Deliver what waits in a run.

    Args:
        order: what, where and how.
        watch: is called a few times a second.

    Returns:
        Why it ended before the last row; None where it did not.
    """
    stop = Stop()
    try:
        async with Recorder(order.journal, order.run, order.retry) as record, Transport(order.server) as transport:
            sender = Sender(order.channel, order.settings, Surroundings(transport, record, stop))
            with interruptible(stop):
                await _watched(sender, watch)
    except JournalError as error:
        return StopReason(str(error))
    except Exception as error:
        LOG.exception("a fault of campaign's own")
        return StopReason(f"a fault of campaign's own ({error!r}): please report it")
    except asyncio.CancelledError:  # the second Ctrl-C: what was under way is found `sending` on resume
        stop.ask(StopReason("cancelled", interrupted=True))
    return stop.reason


async def _watched(sender: Sender, watch: Watch | None) -> None:
    if watch is None:
        await sender.deliver()
        return
    ticking = asyncio.create_task(_tick(sender, watch))
    try:
        await sender.deliver()
    finally:
        ticking.cancel()
        watch(sender)


async def _tick(sender: Sender, watch: Watch) -> None:
    while True:
        watch(sender)
        await asyncio.sleep(TICK)

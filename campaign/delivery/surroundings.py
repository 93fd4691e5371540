"""What a delivery works with, as far as it need know: the network, the record, the clock, and the wish to stop."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from campaign.delivery.clock import SystemClock
from campaign.delivery.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.channels.base import NoResponse, Request, Response
    from campaign.delivery.clock import Clock
    from campaign.journal import Outcome, Waiting


class Sends(Protocol):
    """Sends requests; `transport.Transport` is one."""

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read its answer."""
        ...


class Record(Protocol):
    """Keeps what delivery does; `journal.Recorder` is one. Another store need only offer this."""

    @property
    def failed(self) -> bool:
        """Whether an outcome could not be written: then nothing more may be sent."""
        ...

    def announce(self, rows: Sequence[int], at: float) -> None:
        """Put rows' first attempts on record that are about to be made, so that `begin` need not wait for each."""
        ...

    async def begin(self, seq: int, at: float) -> int:
        """Put an attempt on record, durably, and give its number."""
        ...

    def end(self, seq: int, attempt: int, came: str, outcome: Outcome) -> None:
        """Put on record what an attempt came to."""
        ...

    def asked(self, seq: int, began: float, came: str, outcome: Outcome) -> None:
        """Put a read-back on record."""
        ...

    async def waiting(self, after: int, count: int) -> list[Waiting]:
        """The next rows to take care of."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sender works with: the network, the record, and what tests replace."""

    transport: Sends
    record: Record
    stop: Stop = field(default_factory=Stop)
    clock: Clock = field(default_factory=SystemClock)
    random: Callable[[], float] = random.random

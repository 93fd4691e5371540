"""How a sandbox behaves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from campaign.sandbox.faults import FaultPlan


@dataclass(frozen=True, slots=True)
class Limit:
    """A fixed window of requests, one for each message route.

    Attributes:
        count: requests allowed in a window; refused ones count too.
        seconds: length of a window, which begins with the first request after the one before it has ended.
    """

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox behaves.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes any free one.
        latency: seconds between taking a request and answering it.
        limit: the rate limiter; None switches it off, and with it the headers that tell of it.
        clock_skew: seconds that the server's clock is ahead of real time.
        api_key: the one key that Kitechat accepts; None accepts any that is not blank.
        message_limit: longest livechat message in UTF-16 units, as an administrator of Rocket.Chat can set it; None for
            no limit.
        faults: what goes wrong, and how often.
    """

    host: str = "127.0.0.1"
    port: int = 0
    latency: float = 0.0
    limit: Limit | None = None
    clock_skew: float = 0.0
    api_key: str | None = None
    message_limit: int | None = 5000
    faults: FaultPlan = field(default_factory=FaultPlan)

    def now(self) -> float:
        """The server's clock, in seconds since the epoch."""
        return time.time() + self.clock_skew

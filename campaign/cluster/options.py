"""What a worker is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.delivery.ports import SystemClock
from campaign.delivery.proxies import NO_PROXIES

if TYPE_CHECKING:
    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.runs.whole_run import FindCredentials


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is asked for.

    Attributes:
        name: by which an operator calls it.
        find: finds the values that a channel's server asks for.
        only: the campaign that it works for; None: any.
        concurrency: requests under way at once, of all runs.
        proxies: the proxies of this machine.
        until_idle: whether it leaves once no run is left to workers.
        egress: the name of what shares a client address with other workers; None: the host's name.
        clock: of this machine; its time of day is used for nothing once the database has told its own.
    """

    name: str
    find: FindCredentials
    only: str | None = None
    concurrency: int = 64
    proxies: ProxySettings = field(default=NO_PROXIES)
    until_idle: bool = False
    egress: str | None = None
    clock: Clock = field(default_factory=SystemClock)

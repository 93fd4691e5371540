"""How a sandbox behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaign.channels.sandbox_api import RouteSettings
from campaign.sandbox.faults import FaultPlan


@dataclass(frozen=True, slots=True)
class SandboxSettings(RouteSettings):
    """How a sandbox and its routes behave.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes any free one.
        latency: seconds between receiving a request and replying to it.
        faults: what goes wrong, and how often.
    """

    host: str = "127.0.0.1"
    port: int = 0
    latency: float = 0.0
    faults: FaultPlan = field(default_factory=FaultPlan)

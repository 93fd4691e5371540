"""Delivery: rate limiter, attempt on record, HTTP, outcome on record. Never opens the spreadsheet.

Each name is loaded when it is first used: `ports` is for those too who send nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryContext, Progress, RowEvent
    from campaign.delivery.rate_limiter import LocalRateLimiter
    from campaign.delivery.shutdown import Shutdown, StopReason
    from campaign.delivery.transport import HttpTransport
    from campaign.delivery.worker_pool import WorkerPool, deliver

__all__ = [
    "DeliveryContext",
    "HttpTransport",
    "LocalRateLimiter",
    "Progress",
    "RowEvent",
    "Shutdown",
    "StopReason",
    "WorkerPool",
    "deliver",
]

_MODULES = {
    "DeliveryContext": "ports",
    "HttpTransport": "transport",
    "LocalRateLimiter": "rate_limiter",
    "Progress": "ports",
    "RowEvent": "ports",
    "Shutdown": "shutdown",
    "StopReason": "shutdown",
    "WorkerPool": "worker_pool",
    "deliver": "worker_pool",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"campaign.delivery.{_MODULES[name]}"), name)

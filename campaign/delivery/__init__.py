"""Delivery: rate limiter, attempt on record, HTTP, outcome on record. Never opens the spreadsheet.

Each name is loaded when it is first used: `ports` is for those too who send nothing.
"""

from typing import TYPE_CHECKING

from campaign.lazy_names import loading

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryContext, Progress, RowEvent
    from campaign.delivery.rate_limiter import LocalRateLimiter
    from campaign.delivery.shared_rate_limiter import SharedRateLimiter
    from campaign.delivery.shutdown import Shutdown, StopReason
    from campaign.delivery.transport import HttpTransport
    from campaign.delivery.worker_pool import WorkerPool, deliver

__all__ = [
    "DeliveryContext",
    "HttpTransport",
    "LocalRateLimiter",
    "Progress",
    "RowEvent",
    "SharedRateLimiter",
    "Shutdown",
    "StopReason",
    "WorkerPool",
    "deliver",
]

_MODULES = {
    "campaign.delivery.ports": ("DeliveryContext", "Progress", "RowEvent"),
    "campaign.delivery.rate_limiter": ("LocalRateLimiter",),
    "campaign.delivery.shared_rate_limiter": ("SharedRateLimiter",),
    "campaign.delivery.shutdown": ("Shutdown", "StopReason"),
    "campaign.delivery.transport": ("HttpTransport",),
    "campaign.delivery.worker_pool": ("WorkerPool", "deliver"),
}

__getattr__ = loading(__name__, _MODULES)

"""Delivery: rate limiter, attempt on record, HTTP, outcome on record. Never opens the spreadsheet."""

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

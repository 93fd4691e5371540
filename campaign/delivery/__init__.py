"""Delivery: throttle, attempt recorded, HTTP, outcome recorded. Never opens the spreadsheet."""

from campaign.delivery.deliver import Order, Watch, deliver
from campaign.delivery.sender import Sender, Settings
from campaign.delivery.stop import StopReason
from campaign.delivery.transport import Server

__all__ = ["Order", "Sender", "Server", "Settings", "StopReason", "Watch", "deliver"]

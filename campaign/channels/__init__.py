"""The chat servers that campaign can send to, one package each."""

from campaign.channels.base import Channel, Payload
from campaign.channels.kitechat import KITECHAT
from campaign.channels.livechat import LIVECHAT
from campaign.channels.registry import CHANNELS

__all__ = ["CHANNELS", "KITECHAT", "LIVECHAT", "Channel", "Payload"]

"""The chat servers that campaign can send to, one module each."""

from campaign.channels.base import Channel, Payload
from campaign.channels.kitechat import KITECHAT
from campaign.channels.livechat import LIVECHAT

CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (LIVECHAT, KITECHAT)}

__all__ = ["CHANNELS", "KITECHAT", "LIVECHAT", "Channel", "Payload"]

"""The chat servers that campaign can send to, one package each."""

from campaign.channels.base import Channel, Payload
from campaign.channels.kitechat import KITECHAT
from campaign.channels.livechat import LIVECHAT
from campaign.channels.registry import CHANNELS
from campaign.channels.rocketchat import ROCKETCHAT

__all__ = ["CHANNELS", "KITECHAT", "LIVECHAT", "ROCKETCHAT", "Channel", "Payload"]

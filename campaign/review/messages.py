"""The text of a message that is on record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from campaign.channels import CHANNELS
from campaign.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable


def message_reader(channel: str) -> Callable[[bytes], str]:
    """What turns the recorded messages of a channel into plain text, as their recipients read them.

    A message that the channel of today cannot read, or whose channel is not installed any more, is told as JSON.
    """
    try:
        preview = CHANNELS.find(channel).preview
    except ChannelError:
        return bytes.decode

    def read(body: bytes) -> str:
        try:
            return preview(json.loads(body)).text
        except (LookupError, TypeError, ValueError, AttributeError):  # not of the form that the channel knows
            return body.decode(errors="replace")

    return read

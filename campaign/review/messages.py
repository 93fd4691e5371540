"""A message that is on record, as its recipient sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from campaign.channels import CHANNELS
from campaign.channels.preview import Bubble, MessagePreview, Part
from campaign.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable


def preview_reader(channel: str) -> Callable[[bytes], MessagePreview]:
    """What turns the recorded messages of a channel into previews.

    A message that the channel of today cannot read, or whose channel is not installed any more, is shown as JSON.
    """
    try:
        preview = CHANNELS.find(channel).preview
    except ChannelError:
        return _as_json

    def read(body: bytes) -> MessagePreview:
        try:
            made = preview(json.loads(body))
            made.text  # noqa: B018 - fails where a part is no text
        except (LookupError, TypeError, ValueError, AttributeError):  # not of the form that the channel knows
            return _as_json(body)
        return made

    return read


def message_reader(channel: str) -> Callable[[bytes], str]:
    """What turns the recorded messages of a channel into plain text; see `preview_reader`."""
    preview = preview_reader(channel)
    return lambda body: preview(body).text


def _as_json(body: bytes) -> MessagePreview:
    return MessagePreview(("the message as JSON",), "left", (Bubble((Part("text", body.decode(errors="replace")),)),))

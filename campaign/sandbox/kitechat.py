"""Kitechat's part: POST /kitechat/send-message.

The documentation says nothing of answers but their status codes (200, 400, 500, 503 over the limit); the bodies here
are made up, in the usual form.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from campaign.sandbox.exchange import UNKNOWN, Incoming, Reply, json_answer, text_of
from campaign.sandbox.kitechat_body import InvalidBodyError, check_body
from campaign.sandbox.ledger import Destination, Entry, Ledger
from campaign.sandbox.limiter import FixedWindow

if TYPE_CHECKING:
    from campaign.sandbox.settings import SandboxSettings

SEND_PATH = "/kitechat/send-message"


class SendMessage:
    """POST /kitechat/send-message."""

    channel = "kitechat"
    method = "POST"

    def __init__(self, settings: SandboxSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._window = FixedWindow(settings.limit) if settings.limit else None

    def destination(self, incoming: Incoming) -> Destination:
        """PageId and conversationId of the body."""
        return Destination(text_of(incoming.body, "pageId"), text_of(incoming.body, "conversationId"))

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """Take the message, or say why not."""
        if self._window and not self._window.hit(int(self._settings.now() * 1000)).allowed:
            return _refusal(503, "request limit exceeded")
        if not self._accepts(incoming.api_key):
            return _refusal(401, "invalid apikey")
        try:
            check_body(incoming.body)
        except InvalidBodyError as error:
            return _refusal(400, str(error))
        if entry.destination.conversation.startswith(UNKNOWN):
            return _refusal(400, "conversation not found")
        message_id = uuid.uuid4().hex
        self._ledger.take(entry, message_id)
        return json_answer(200, {"success": True, "messageId": message_id})

    def _accepts(self, key: str | None) -> bool:
        if self._settings.api_key is None:
            return bool(key and key.strip())
        return key == self._settings.api_key


def _refusal(status: int, message: str) -> Reply:
    return json_answer(status, {"success": False, "message": message})

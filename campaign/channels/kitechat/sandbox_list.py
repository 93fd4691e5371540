"""Kitechat's part in a sandbox: GET /messages, the list of stored messages.

Parameters and form are those of AntBuddy's public page "19. API get Omni Messages", which does not show the field of a
message's text, that of its time, the order or the largest page: these are made up. A page has whole sessions, of which
each conversation has one. A message to a conversationId that begins with "undelivered-" is listed with an error; one
that begins with "nobody-" has no lead.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.sandbox_api import ListRoute, Reply, error_page, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.channels.sandbox_api import Destination, ListSettings, RouteSettings, SandboxRequest, StoredMessage

    Sessions: TypeAlias = dict[Destination, list[StoredMessage]]

UNDELIVERED = "undelivered-"
NOBODY = "nobody-"
ERROR = "(#551) This person is not available right now."
CHANNEL = "facebook"


class ListMessages(ListRoute):
    """GET /messages."""

    path = "/messages"

    def __init__(self, settings: RouteSettings, listing: ListSettings) -> None:
        super().__init__(settings)
        self._listing = listing

    def list_messages(self, request: SandboxRequest, messages: Sequence[StoredMessage]) -> Reply:
        """A page of sessions with their messages of the period, oldest first."""
        listing, query, window = self._listing, request.query, self.hit()
        if window is not None and not window.allowed:
            return self.failed(503, "request limit exceeded")
        if not self._settings.accepts("api_key", request.headers.get("apikey")):
            return self.failed(401, "invalid apikey")
        start, end = self._time(query.get("created_from")), self._time(query.get("created_to"))
        if start is None or end is None:
            return self.failed(400, "created_from and created_to are required, and must be times")
        sessions: Sessions = {}
        for message in messages:
            if start <= self._created(message) <= end and self._is_shown(message):
                sessions.setdefault(message.destination, []).append(message)
        first, count = _number(query.get("offset"), 0), min(_number(query.get("limit"), 10), listing.most)
        page = list(sessions.items())[first : first + count]
        shown = tuple(str(message.message_id) for _, each in page for message in each)
        content = {"success": True, "data": {"sessions": [self._session(*each) for each in page]}}
        return json_reply(200, content)._replace(listed=shown)

    def throttled(self, headers: Mapping[str, str]) -> Reply:
        """AntBuddy's API pages: 503 is the response over the request limit."""
        return error_page(503, "Service Unavailable", headers)

    def failed(self, status: int, text: str) -> Reply:
        """A refusal in the form of the maker's other endpoints."""
        return json_reply(status, {"success": False, "message": text})

    def _created(self, message: StoredMessage) -> float:
        """By the server's clock."""
        return message.time + self._settings.clock_skew

    def _is_shown(self, message: StoredMessage) -> bool:
        listing = self._listing
        share = zlib.crc32(str(message.message_id).encode()) / 2**32
        return self._created(message) + listing.lag <= self._settings.now() and share >= listing.missing

    def _time(self, text: str | None) -> float | None:
        if self._listing.milliseconds:
            return int(text) / 1000 if text and text.isdecimal() else None
        try:
            moment = datetime.fromisoformat(text or "")
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    def _session(self, destination: Destination, messages: Sequence[StoredMessage]) -> dict[str, object]:
        page, conversation = destination
        return {
            "sessionId": f"{zlib.crc32(f'{page}/{conversation}'.encode('utf-8', 'surrogatepass')):024x}",
            "pageId": page,
            "conversationId": conversation,
            "createdAt": int(self._created(messages[0]) * 1000),
            "leadId": None if conversation.startswith(NOBODY) else lead_of(conversation),
            "messages": [self._message(message) for message in messages],
        }

    def _message(self, message: StoredMessage) -> dict[str, object]:
        body = message.body if isinstance(message.body, dict) else {}
        sent = body.get("message", {})
        template = sent.get("template") or {}
        return {
            "_id": message.message_id,
            "message": template.get("body") or sent.get("text") or "",
            "attachments": {"data": list(_attachments(sent, template))},
            "shares": {"data": []},
            "channel": CHANNEL,
            "errorMessage": ERROR if message.destination.conversation.startswith(UNDELIVERED) else "",
            "isOutboundMessage": True,
            "isResponsedByBot": False,
            "createdAt": int(self._created(message) * 1000),
        }


def lead_of(conversation: str) -> str:
    """The id of the person of a conversation."""
    return f"{zlib.crc32(conversation.encode('utf-8', 'surrogatepass')):024x}"


def _attachments(message: Mapping[str, object], template: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """A file, or the parts of a template beside its body."""
    if message.get("url") and message.get("type") != "text":
        yield {"type": message["type"], "payload": {"url": message["url"]}}
    if template:
        yield {"type": "template", "payload": {name: value for name, value in template.items() if name != "body"}}


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default

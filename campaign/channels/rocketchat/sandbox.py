"""Rocket.Chat's part in a sandbox: chat.sendMessage, chat.getMessage and chat.delete.

Sources, all in RocketChat/Rocket.Chat, version 8, in `apps/meteor/app` where nothing else is said:

- `api/server/v1/chat.ts`: the three routes;
- `api/server/ApiClass.ts`: 401 first, then the limiter, which users with `api-bypass-rate-limit` do not meet, then the
  schema, then the route; the form of errors;
- `packages/rest-typings/src/v1/chat.ts`: the schemas, which `sandbox_checks.py` beside this file has;
- `lib/server/methods/sendMessage.ts`, `lib/server/functions/sendMessage.ts`: length, room, content, `_id`;
- `authorization/server/functions/canSendMessage.ts`, `lib/server/methods/getSingleMessage.ts`,
  `lib/server/functions/deleteMessage.ts`: rooms and their refusals.

An `_id` that exists stores nothing. By the server's version the answer is then a success without a message, or a 400
about an undefined value; here the `_id` decides which.

Some rooms and users are special, so that samples and tests can have refusals:

    ===========================  =================================================
    rid begins with "unknown-"   400 error-invalid-room
    rid begins with "foreign-"   400 error-not-allowed
    rid begins with "readonly-"  400, the room is read-only
    rid begins with "muted-"     400 You_have_been_muted
    rid begins with "left-"      taken; a read-back: 400 error-not-allowed
    rid begins with "kept-"      taken; a deletion: 400 error-action-not-allowed
    user begins with "bot-"      the limiter is off
    user begins with "plain-"    alias and avatar: 400, not enough permission
    ===========================  =================================================
"""

from __future__ import annotations

import uuid
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.livechat.sandbox import LimitedRoute
from campaign.channels.rocketchat.sandbox_checks import (
    content_error,
    deletion_problem,
    length_in_javascript,
    message_of,
    message_problem,
)
from campaign.channels.sandbox_api import Destination, Reply, json_reply, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.sandbox_api import SandboxRequest, StoredMessage

    Lookup: TypeAlias = Callable[[str], StoredMessage | None]

PATH = "/api/v1/chat."
ACCOUNT = "room"
"""In place of an account: a room has one address for all who write into it."""

ROOM_REFUSALS = {
    "unknown-": "error-invalid-room",
    "foreign-": "error-not-allowed",
    "readonly-": "You can't send messages because the room is readonly.",
    "muted-": "You_have_been_muted",
}
LEFT, KEPT, BOT, PLAIN = "left-", "kept-", "bot-", "plain-"

NO_PERMISSION = "Not enough permission"
DUPLICATE = "Cannot read properties of undefined (reading 'starred')"
TOO_LONG = ("Message size exceeds Message_MaxAllowedSize", "error-message-size-exceeded")


class _ChatRoute(LimitedRoute):
    """What the routes share: the user, and how a message and an error look."""

    def respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        """Refuse who is not logged in; then apply the limiter, unless the user is above it, and the route."""
        token, user = request.headers.get("X-Auth-Token"), _user(request)
        if not self._settings.accepts("auth_token", token) or not self._settings.accepts("user_id", user):
            return json_reply(401, {"status": "error", "message": "You must be logged in to do this."})
        return self._respond(request, stored) if user.startswith(BOT) else super().respond(request, stored)

    def _message(self, message_id: str, room: str, request: SandboxRequest, stored: StoredMessage | None) -> object:
        """A message as it is stored, under the name of the user that has sent it."""
        content = message_of(request.body if stored is None else stored.body)
        received_at = request.received_at if stored is None else stored.time
        stored_at = datetime.fromtimestamp(received_at + self._settings.clock_skew, UTC)
        written = stored_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        msg = text_of(content, "msg")
        return {
            **content,
            "_id": message_id,
            "rid": room,
            "msg": msg,
            "ts": written,
            "u": {"_id": _user(request), "username": "agent", "name": "Agent"},
            "_updatedAt": written,
            "urls": [],
            "mentions": [],
            "channels": [],
            "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": msg}]}] if msg else [],
        }


class SendMessage(_ChatRoute):
    """POST /api/v1/chat.sendMessage."""

    path = PATH + "sendMessage"

    def destination(self, request: SandboxRequest) -> Destination:
        """The room that the body's message names."""
        return Destination(ACCOUNT, text_of(message_of(request.body), "rid"))

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        problem = message_problem({} if request.body is None else request.body)
        if problem is not None:
            return _error(f"{problem} [invalid-params]", "invalid-params")
        message = message_of(request.body)
        message_id = message.get("_id") or uuid.uuid4().hex
        refusal = self._refusal(message, _user(request))
        if refusal is not None:
            return refusal._replace(message_id=message_id)
        if stored(message_id):
            return _duplicate(message_id)._replace(message_id=message_id)
        content = self._message(message_id, message["rid"], request, None)
        return json_reply(200, {"message": content, "success": True})._replace(message_id=message_id, taken=True)

    def _refusal(self, message: dict[str, object], user: str) -> Reply | None:
        """What the server has against a message, in the order in which it asks."""
        limit, room = self._settings.message_limit, text_of(message, "rid")
        if limit is not None and length_in_javascript(text_of(message, "msg")) > limit:
            return _error("{} [{}]".format(*TOO_LONG), TOO_LONG[1])
        if not room:
            return _error("The 'rid' property on the message object is missing.")
        if refused := next((error for begin, error in ROOM_REFUSALS.items() if room.startswith(begin)), None):
            return _error(refused)
        if wrong := content_error(message):
            return _error(wrong)
        if user.startswith(PLAIN) and (message.get("alias") or message.get("avatar")):
            return _error(NO_PERMISSION)
        return None


class GetMessage(_ChatRoute):
    """GET /api/v1/chat.getMessage?msgId=…."""

    method = "GET"
    path = PATH + "getMessage"
    is_read_back = True

    def destination(self, request: SandboxRequest) -> Destination:  # noqa: ARG002 - it names a message alone
        """None: the request names a message and no room."""
        return Destination("", "")

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        message_id = request.query.get("msgId")
        if not message_id or len(request.query) > 1:
            what = "must NOT have additional properties" if message_id else "must have required property 'msgId'"
            return _error(f"{what} [invalid-params]", "invalid-params")
        return self._found(message_id, request, stored(message_id))._replace(message_id=message_id)

    def _found(self, message_id: str, request: SandboxRequest, stored: StoredMessage | None) -> Reply:
        if stored is None:
            return json_reply(400, {"success": False})
        room = stored.destination.conversation
        if room.startswith(LEFT):
            details = {"method": "getSingleMessage"}
            refused = {"error": "Not allowed [error-not-allowed]", "errorType": "error-not-allowed", "details": details}
            return json_reply(400, {"success": False, **refused})
        return json_reply(200, {"message": self._message(message_id, room, request, stored), "success": True})


class DeleteMessage(_ChatRoute):
    """POST /api/v1/chat.delete, with `roomId` and `msgId` in its body."""

    path = PATH + "delete"

    def destination(self, request: SandboxRequest) -> Destination:
        """The room that the body names."""
        return Destination(ACCOUNT, text_of(request.body, "roomId"))

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        problem = deletion_problem({} if request.body is None else request.body)
        if problem is not None:
            return _error(f"{problem} [invalid-params]", "invalid-params")
        message_id, room = text_of(request.body, "msgId"), text_of(request.body, "roomId")
        refusal = _kept(message_id, room, stored(message_id))
        if refusal is not None:
            return refusal._replace(message_id=message_id)
        message = {"_id": message_id, "rid": room, "u": {"_id": _user(request), "username": "agent", "name": "Agent"}}
        ts = str(int((request.received_at + self._settings.clock_skew) * 1000))
        reply = json_reply(200, {"_id": message_id, "ts": ts, "message": message, "success": True})
        return reply._replace(message_id=message_id, deleted=True)


def _user(request: SandboxRequest) -> str:
    return request.headers.get("X-User-Id") or ""


def _kept(message_id: str, room: str, stored: StoredMessage | None) -> Reply | None:
    """Why a message is not deleted."""
    if stored is None:
        return _error(f'No message found with the id of "{message_id}".')
    if stored.destination.conversation != room:
        return _error("The room id provided does not match where the message is from.")
    if room.startswith(KEPT):
        return _error("Not allowed [error-action-not-allowed]", "error-action-not-allowed")
    return None


def _duplicate(message_id: str) -> Reply:
    """The answer to an `_id` that exists, of one version or the other."""
    return json_reply(200, {"success": True}) if zlib.crc32(message_id.encode()) % 2 else _error(DUPLICATE)


def _error(text: str, kind: str | None = None) -> Reply:
    """A failure of the API; an error without a name of its own has its text alone."""
    return json_reply(400, {"success": False, "error": text, **({"errorType": kind} if kind else {})})

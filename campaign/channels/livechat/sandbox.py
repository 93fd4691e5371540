"""Rocket.Chat's part in a sandbox: POST /api/v1/livechat/message, and the read-back and the DELETE of a message.

Sources, all in RocketChat/Rocket.Chat:

- `apps/meteor/app/livechat/server/api/v1/message.ts`: the three routes;
- `packages/rest-typings/src/v1/omnichannel.ts`: the schemas;
- `packages/http-router/src/Router.ts`: a body that is not JSON is an empty one;
- `apps/meteor/app/api/server/ApiClass.ts`: limiter, then validator, then the route; and the form of errors.

Stricter in one thing: the real validator turns numbers into text, this one refuses them.

Some destinations are refused, so that samples and tests can have refusals:

    ============================  ============================
    token begins with "unknown-"  400 invalid-token
    rid begins with "unknown-"    400 invalid-room
    rid begins with "closed-"     400 room-closed
    rid begins with "kept-"       taken; a DELETE: 400 error-action-not-allowed
    rid begins with "closing-"    taken; a DELETE: 400 room-closed
    ============================  ============================
"""

from __future__ import annotations

import uuid
import zlib
from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.sandbox_api import Destination, Reply, SandboxRoute, json_reply, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels.sandbox_api import SandboxRequest, StoredMessage, WindowState

    Lookup: TypeAlias = Callable[[str], StoredMessage | None]

MESSAGE_PATH = "/api/v1/livechat/message"

UNKNOWN = "unknown-"
CLOSED = "closed-"
NOT_DELETED = {"kept-": "error-action-not-allowed", "closing-": "room-closed"}

DUPLICATE = "Cannot convert undefined or null to object"
"""The error for an `_id` that exists: `sendMessage` returns nothing then, and a later step fails on that."""


class LimitedRoute(SandboxRoute):
    """A route of Rocket.Chat's API, with the server's rate limiter in front; each route has a window of its own."""

    def respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        """Apply the limiter, then the route."""
        window = self.hit()
        if window is None:
            return self._respond(request, stored)
        headers = _limit_headers(window)
        if window.allowed:
            reply = self._respond(request, stored)
            return reply._replace(headers={**reply.headers, **headers})
        text = (
            f"Error, too many requests. Please slow down. You must wait {window.wait_seconds} seconds "
            "before trying this endpoint again. [error-too-many-requests]"
        )
        return json_reply(429, {"success": False, "error": text}, headers)

    @abstractmethod
    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        """What the route replies behind the limiter."""


class _LivechatRoute(LimitedRoute):
    """What the routes of messages share."""

    def _message(self, message_id: str, destination: Destination, msg: str, received_at: float) -> dict[str, object]:
        """The message as the API's documentation shows it: stored under the visitor's identity, not the agent's."""
        token, rid = destination
        visitor = zlib.crc32(token.encode("utf-8", "surrogatepass"))
        stored_at = _timestamp(received_at + self._settings.clock_skew)
        return {
            "_id": message_id,
            "rid": rid,
            "msg": msg,
            "token": token,
            "alias": f"Guest {visitor % 1000}",
            "ts": stored_at,
            "u": {"_id": f"{visitor:024x}", "username": f"guest-{visitor % 1000}", "name": f"Guest {visitor % 1000}"},
            "_updatedAt": stored_at,
            "urls": [],
            "mentions": [],
            "channels": [],
            "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": msg}]}],
        }


class PostMessage(_LivechatRoute):
    """POST /api/v1/livechat/message."""

    path = MESSAGE_PATH
    example = {"token": "t", "rid": "r", "msg": "Hello"}  # noqa: RUF012 - nothing writes to it

    def destination(self, request: SandboxRequest) -> Destination:
        """Token and rid of the body."""
        return Destination(text_of(request.body, "token"), text_of(request.body, "rid"))

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        body = {} if request.body is None else request.body
        if not isinstance(body, dict):
            return _invalid_params("must be object")
        problem = message_problem(body)
        if problem is not None:
            return _invalid_params(problem)
        destination = self.destination(request)
        message_id = body.get("_id") or uuid.uuid4().hex
        refusal = _room_refusal(destination) or self._closed_or_too_long(destination, body["msg"])
        if refusal is None and stored(message_id):
            refusal = DUPLICATE
        if refusal:
            return self.failed(400, refusal)._replace(message_id=message_id)
        message = self._message(message_id, destination, body["msg"], request.received_at)
        return json_reply(200, {"message": message, "success": True})._replace(message_id=message_id, taken=True)

    def _closed_or_too_long(self, destination: Destination, msg: str) -> str | None:
        if destination.conversation.startswith(CLOSED):
            return "room-closed"
        limit = self._settings.message_limit
        too_long = limit is not None and _length_in_javascript(msg) > limit
        return "message-length-exceeds-character-limit" if too_long else None


class ReadBackMessage(_LivechatRoute):
    """GET /api/v1/livechat/message/{_id}?token=…&rid=…."""

    method = "GET"
    path = MESSAGE_PATH + "/"
    is_read_back = True

    def destination(self, request: SandboxRequest) -> Destination:
        """Token and rid of the query string."""
        return Destination(request.query.get("token", ""), request.query.get("rid", ""))

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        message_id = request.path.removeprefix(self.path)
        return self._found(message_id, request, stored(message_id))._replace(message_id=message_id)

    def _found(self, message_id: str, request: SandboxRequest, stored: StoredMessage | None) -> Reply:
        problem = _fields_problem(request.query, required=("token", "rid"))
        if problem is not None:
            return _invalid_params(problem)
        destination = self.destination(request)
        if stored is not None and stored.destination == destination:
            message = self._message(message_id, destination, text_of(stored.body, "msg"), stored.time)
            return json_reply(200, {"message": message, "success": True})
        return self.failed(400, _room_refusal(destination) or "invalid-message")


class DeleteMessage(_LivechatRoute):
    """DELETE /api/v1/livechat/message/{_id}, with token and rid in its body."""

    method = "DELETE"
    path = MESSAGE_PATH + "/"

    def destination(self, request: SandboxRequest) -> Destination:
        """Token and rid of the body."""
        return Destination(text_of(request.body, "token"), text_of(request.body, "rid"))

    def _respond(self, request: SandboxRequest, stored: Lookup) -> Reply:
        message_id = request.path.removeprefix(self.path)
        body = request.body if isinstance(request.body, dict) else {}
        problem = _fields_problem(body, required=("token", "rid"), optional=("count", "offset", "sort"))
        if problem is not None:
            return _invalid_params(problem)
        refusal = _room_refusal(self.destination(request)) or self._kept(request, stored(message_id))
        if refusal:
            return self.failed(400, refusal)._replace(message_id=message_id)
        message = {"_id": message_id, "ts": _timestamp(request.received_at + self._settings.clock_skew)}
        reply = json_reply(200, {"message": message, "success": True})
        return reply._replace(message_id=message_id, deleted=True)

    def _kept(self, request: SandboxRequest, stored: StoredMessage | None) -> str | None:
        """Why the message is not deleted; the real server looks for it by its id alone, and asks whose it is."""
        destination = self.destination(request)
        if stored is None:
            return "invalid-message"
        if stored.destination.account != destination.account:
            return "error-action-not-allowed"
        return next((error for begin, error in NOT_DELETED.items() if destination.conversation.startswith(begin)), None)


def _limit_headers(window: WindowState) -> dict[str, str]:
    """The headers in which Rocket.Chat states its limit (`enforceRateLimit` in ApiClass.ts)."""
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(window.reset_ms),
    }


def _invalid_params(problem: str) -> Reply:
    content = {"success": False, "error": f"{problem} [invalid-params]", "errorType": "invalid-params"}
    return json_reply(400, content)


def _room_refusal(destination: Destination) -> str | None:
    if destination.account.startswith(UNKNOWN):
        return "invalid-token"
    return "invalid-room" if destination.conversation.startswith(UNKNOWN) else None


def message_problem(body: Mapping[str, object]) -> str | None:
    """What the schema of a message rules out in a body, in the validator's words; None for a valid one."""
    problem = _fields_problem(body, required=("token", "rid", "msg"), optional=("_id", "agent"))
    if problem is not None:
        return problem
    texts = [body["token"], body["rid"], body["msg"]]
    if body.get("_id") is not None:
        texts.append(body["_id"])
    if "agent" in body:
        agent = body["agent"]
        if not isinstance(agent, dict):
            return "must be object"
        problem = _fields_problem(agent, required=("agentId", "username"))
        texts.extend(agent.values())
    return problem or (None if all(isinstance(text, str) for text in texts) else "must be string")


def _fields_problem(
    fields: Mapping[str, object], *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> str | None:
    for name in required:
        if name not in fields:
            return f"must have required property '{name}'"
    if all(name in required or name in optional for name in fields):
        return None
    return "must NOT have additional properties"


def _length_in_javascript(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

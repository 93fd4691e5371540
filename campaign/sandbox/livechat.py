"""Rocket.Chat's part: POST /api/v1/livechat/message, and the read-back of a message.

Sources, all in RocketChat/Rocket.Chat:

- `apps/meteor/app/livechat/server/api/v1/message.ts`: the two routes;
- `packages/rest-typings/src/v1/omnichannel.ts`: the schemas;
- `packages/http-router/src/Router.ts`: a body that is no JSON is an empty one;
- `apps/meteor/app/api/server/ApiClass.ts`: limiter, then validator, then the route; and what errors look like.

Stricter in one thing: the real validator turns numbers into text, this one refuses them.
"""

from __future__ import annotations

import uuid
import zlib
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from campaign.sandbox.exchange import CLOSED, UNKNOWN, Incoming, Reply, json_answer, text_of
from campaign.sandbox.ledger import Destination, Entry, Ledger
from campaign.sandbox.limiter import FixedWindow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.sandbox.settings import SandboxSettings

MESSAGE_PATH = "/api/v1/livechat/message"
READ_BACK_PREFIX = MESSAGE_PATH + "/"

_DUPLICATE = "Cannot convert undefined or null to object"
"""What `sendMessage` leads to when it finds the `_id` taken: it returns nothing, and a later step trips over that."""


class _LivechatRoute(ABC):
    """What both routes share: the limiter in front, with a window of its own for each."""

    channel = "livechat"

    def __init__(self, settings: SandboxSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._window = FixedWindow(settings.limit) if settings.limit else None

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """Let the limiter have its say, then the route."""
        if self._window is None:
            return self._answer(incoming, entry, None)
        verdict = self._window.hit(int(self._settings.now() * 1000))
        if verdict.allowed:
            return self._answer(incoming, entry, verdict.headers)
        text = (
            f"Error, too many requests. Please slow down. You must wait {verdict.wait_seconds} seconds "
            "before trying this endpoint again. [error-too-many-requests]"
        )
        return json_answer(429, {"success": False, "error": text}, verdict.headers)

    @abstractmethod
    def _answer(self, incoming: Incoming, entry: Entry, headers: Mapping[str, str] | None) -> Reply:
        """What the route answers behind the limiter, with the headers that the limiter adds."""

    def _stored(self, entry: Entry, msg: str) -> dict[str, object]:
        """The message as the API's documentation shows it: stored under the visitor's identity, not the agent's."""
        token, rid = entry.destination
        visitor = zlib.crc32(token.encode("utf-8", "surrogatepass"))
        stored_at = _timestamp(entry.time + self._settings.clock_skew)
        return {
            "_id": entry.message_id,
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

    method = "POST"

    def destination(self, incoming: Incoming) -> Destination:
        """Token and rid of the body."""
        return Destination(text_of(incoming.body, "token"), text_of(incoming.body, "rid"))

    def _answer(self, incoming: Incoming, entry: Entry, headers: Mapping[str, str] | None) -> Reply:
        body = {} if incoming.body is None else incoming.body
        if not isinstance(body, dict):
            return _invalid_params("must be object", headers)
        problem = _message_problem(body)
        if problem is not None:
            return _invalid_params(problem, headers)
        message_id = body.get("_id") or uuid.uuid4().hex
        entry.message_id = message_id
        refusal = _room_refusal(entry.destination) or self._message_refusal(entry.destination, message_id, body["msg"])
        if refusal:
            return json_answer(400, {"success": False, "error": refusal}, headers)
        self._ledger.take(entry, message_id)
        return json_answer(200, {"message": self._stored(entry, body["msg"]), "success": True}, headers)

    def _message_refusal(self, destination: Destination, message_id: str, msg: str) -> str | None:
        if destination.conversation.startswith(CLOSED):
            return "room-closed"
        limit = self._settings.message_limit
        if limit is not None and _length_in_javascript(msg) > limit:
            return "message-length-exceeds-character-limit"
        return _DUPLICATE if self._ledger.find(message_id) else None


class ReadBack(_LivechatRoute):
    """GET /api/v1/livechat/message/{_id}?token=…&rid=…."""

    method = "GET"

    def destination(self, incoming: Incoming) -> Destination:
        """Token and rid of the query string."""
        return Destination(incoming.query.get("token", ""), incoming.query.get("rid", ""))

    def _answer(self, incoming: Incoming, entry: Entry, headers: Mapping[str, str] | None) -> Reply:
        entry.message_id = incoming.path.removeprefix(READ_BACK_PREFIX)
        problem = _fields_problem(incoming.query, required=("token", "rid"))
        if problem is not None:
            return _invalid_params(problem, headers)
        stored = self._ledger.find(entry.message_id)
        if stored is not None and stored.destination == entry.destination:
            message = self._stored(stored, text_of(stored.body, "msg"))
            return json_answer(200, {"message": message, "success": True}, headers)
        refusal = _room_refusal(entry.destination) or "invalid-message"
        return json_answer(400, {"success": False, "error": refusal}, headers)


def _invalid_params(problem: str, headers: Mapping[str, str] | None) -> Reply:
    content = {"success": False, "error": f"{problem} [invalid-params]", "errorType": "invalid-params"}
    return json_answer(400, content, headers)


def _room_refusal(destination: Destination) -> str | None:
    if destination.account.startswith(UNKNOWN):
        return "invalid-token"
    return "invalid-room" if destination.conversation.startswith(UNKNOWN) else None


def _message_problem(body: dict[str, object]) -> str | None:
    """What the schema of a message holds against the body, in the validator's words."""
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

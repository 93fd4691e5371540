"""Rocket.Chat's part in a sandbox: POST /api/v1/livechat/visitor and GET /api/v1/livechat/room.

Sources, all in RocketChat/Rocket.Chat: `apps/meteor/app/livechat/server/api/v1/visitor.ts` and `room.ts` (the routes),
`registerGuest` in `apps/meteor/app/livechat/server/lib/` (who is the same visitor), and `RoutingManager` and
`QueueManager` there (`no-agent-online`).

The limit for visitors is half of the sandbox's, as it is on the real server: 5 and 10 a minute.

Some tokens belong to visitors that have always been there, so that samples and tests need not register them:

    ============================  ============================
    token begins with "visitor-"  GET: a room is opened
    token begins with "offline-"  GET: 400 no-agent-online
    any other token               GET: 400 invalid-token, unless it is registered
    ============================  ============================
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaign.channels.livechat.rooms import ROOM_PATH, VISITOR_PATH
from campaign.channels.livechat.sandbox import LimitedRoute
from campaign.channels.sandbox_api import Destination, RateLimit, json_reply, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from campaign.channels.sandbox_api import Reply, RouteSettings, SandboxRequest, StoredMessage

PRESENT, OFFLINE = "visitor-", "offline-"

TEXTS = ("token", "name", "email", "department", "phone", "username")


@dataclass(slots=True)
class Visitor:
    """A visitor, as the server has it."""

    id: str
    number: int
    token: str
    name: str = ""
    phone: str = ""
    email: str = ""


class VisitorBook:
    """The visitors of one sandbox and their rooms.

    Attributes:
        visitors: every visitor that was registered.
        rooms: the open room of a visitor's token.
    """

    def __init__(self) -> None:
        self.visitors: list[Visitor] = []
        self.rooms: dict[str, str] = {}

    def with_token(self, token: str) -> Visitor | None:
        """The visitor with this token."""
        found = next((each for each in self.visitors if each.token == token), None)
        if found is None and token.startswith((PRESENT, OFFLINE)):
            return Visitor(uuid.uuid5(uuid.NAMESPACE_OID, token).hex, 0, token)
        return found

    def register(self, fields: Mapping[str, str]) -> Visitor:
        """Register a visitor, or update the one that is found by token, else by phone, else by e-mail address."""
        email = fields.get("email", "").strip().lower()
        visitor = self._known(fields, email)
        if visitor is None:
            visitor = Visitor(uuid.uuid4().hex, len(self.visitors) + 1, fields["token"])
            self.visitors.append(visitor)
        visitor.name = fields.get("name") or visitor.name
        visitor.phone = fields.get("phone") or visitor.phone
        visitor.email = email or visitor.email
        return visitor

    def _known(self, fields: Mapping[str, str], email: str) -> Visitor | None:
        token, phone = fields["token"], fields.get("phone", "")
        if found := next((each for each in self.visitors if each.token == token), None):
            return found
        if phone and (found := next((each for each in self.visitors if each.phone == phone), None)):
            return found  # it keeps its token
        if email and (found := next((each for each in self.visitors if each.email == email), None)):
            found.token = token
            return found
        return None


class RegisterVisitor(LimitedRoute):
    """POST /api/v1/livechat/visitor."""

    path = VISITOR_PATH

    def __init__(self, settings: RouteSettings, book: VisitorBook) -> None:
        limit = settings.limit
        super().__init__(replace(settings, limit=limit and RateLimit(max(1, limit.count // 2), limit.seconds)))
        self.book = book

    def destination(self, request: SandboxRequest) -> Destination:
        """The token of the body."""
        return Destination(text_of(_visitor_in(request), "token"), "")

    def _respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        fields = _visitor_in(request)
        if not isinstance(fields, dict) or not isinstance(fields.get("token"), str):
            return self.failed(400, "Match error: Missing key in field visitor.token")
        wrong = [name for name in TEXTS if not isinstance(fields.get(name, ""), str)]
        if wrong:
            return self.failed(400, f"Match error: Expected string in field visitor.{wrong[0]}")
        if not fields["token"].strip():
            return _refused("error-invalid-token", "Token cannot be empty")
        email = fields.get("email", "").strip()
        if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            return _refused("error-invalid-email", f"Invalid email {email}")
        visitor = self.book.register(fields)
        found = {
            "_id": visitor.id,
            "username": f"guest-{visitor.number}",
            "token": visitor.token,
            "name": visitor.name,
            "phone": [{"phoneNumber": visitor.phone}] if visitor.phone else None,
            "visitorEmails": [{"address": visitor.email}] if visitor.email else None,
            "status": "online",
        }
        return json_reply(200, {"visitor": {key: value for key, value in found.items() if value}, "success": True})


class FindRoom(LimitedRoute):
    """GET /api/v1/livechat/room?token=…."""

    method = "GET"
    path = ROOM_PATH

    def __init__(self, settings: RouteSettings, book: VisitorBook) -> None:
        super().__init__(settings)
        self.book = book

    def destination(self, request: SandboxRequest) -> Destination:
        """The token of the query string."""
        return Destination(request.query.get("token", ""), "")

    def _respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        token = request.query.get("token", "")
        visitor = self.book.with_token(token)
        if visitor is None:
            return self.failed(400, "invalid-token")
        rid = self.book.rooms.get(token)
        opens = rid is None
        if opens and token.startswith(OFFLINE):
            return _refused("no-agent-online", "Sorry, no online agents")
        if rid is None:
            rid = self.book.rooms[token] = uuid.uuid4().hex[:17]
        username = f"guest-{visitor.number}"
        room = {
            "_id": rid,
            "t": "l",
            "open": True,
            "fname": visitor.name or username,
            "v": {"_id": visitor.id, "username": username, "token": token, "status": "online"},
        }
        return json_reply(200, {"room": room, "newRoom": opens, "success": True})


def room_routes(settings: RouteSettings) -> Sequence[LimitedRoute]:
    """The two routes, over the same visitors."""
    book = VisitorBook()
    return RegisterVisitor(settings, book), FindRoom(settings, book)


def _visitor_in(request: SandboxRequest) -> object:
    return request.body.get("visitor") if isinstance(request.body, dict) else None


def _refused(kind: str, text: str) -> Reply:
    """A `Meteor.Error` as ApiClass.ts writes it."""
    return json_reply(400, {"success": False, "error": f"{text} [{kind}]", "errorType": kind})

"""Visitors and their rooms: `POST /api/v1/livechat/visitor` and `GET /api/v1/livechat/room`, without authentication.

Facts from Rocket.Chat's server source:

- `apps/meteor/app/livechat/server/api/v1/visitor.ts`: the body, the limit of 5 requests a minute;
- `registerGuest` in `apps/meteor/app/livechat/server/lib/` (LivechatTyped.ts, later guests.ts): a visitor is looked for
  by token, else by phone, else by e-mail address, which is trimmed and written in small letters. One that is found by
  phone keeps its token, which the response says; one that is found by e-mail gets the token of the request;
- `apps/meteor/app/livechat/server/api/v1/room.ts`: 400 `invalid-token`, else the visitor's open room, or a new one with
  `newRoom` true.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from campaign.channels.base import Fatal, Indeterminate, NoResponse, NotFound, Refused, Request, Throttled, Unreachable
from campaign.channels.livechat.responses import API, limiter, read_quota, server_wait
from campaign.channels.responses import (
    UNREADABLE_IN_A_ROW,
    is_page,
    kind_of,
    not_json,
    one_line,
    server_trouble,
    without_response,
    wrong_server,
)
from campaign.channels.rooms import Registered, Room

if TYPE_CHECKING:
    from typing import TypeAlias, TypeGuard

    from campaign.channels.base import Payload, Quota, Response
    from campaign.channels.rooms import Registration, RoomVerdict, VisitorData

    Trouble: TypeAlias = Throttled | Unreachable | Indeterminate | Fatal

VISITOR_PATH = "/api/v1/livechat/visitor"
ROOM_PATH = "/api/v1/livechat/room"

UNKNOWN_TOKEN = "invalid-token"  # noqa: S105 - what the server says of a token that it does not know

REFUSALS = {
    "no-agent-online": "no agent is online, and the server opens no conversation without one; ask again later",
    "error-invalid-email": "the server does not accept the e-mail address",
    "error-invalid-department": "the server does not know the department",
}


class LivechatRooms:
    """Rocket.Chat registers every visitor that asks, and opens a room for every visitor."""

    usual_registrations = (5, 60.0)
    usual_rooms = (10, 60.0)

    def registration_request(self, token: str, visitor: VisitorData) -> Request:
        """The documented POST, without the fields that are not known."""
        fields = {"token": token, "name": visitor.name, "phone": visitor.phone, "email": visitor.email}
        body = {"visitor": {name: text for name, text in fields.items() if text}}
        return Request("POST", VISITOR_PATH, json.dumps(body).encode())

    def read_registration(self, response: Response | NoResponse, token: str, visitor: VisitorData) -> Registration:
        """The verdict on a POST: with another token than ours it has to be about our phone number."""
        answer = _answer(response)
        if not isinstance(answer, dict):
            return answer
        found = answer.get("visitor")
        if not isinstance(found, dict):
            return Indeterminate("the server answered 200 without the visitor")
        known = found.get("token", token)
        if known == token:
            return Registered(token)
        if not _is_id(known) or not visitor.phone or visitor.phone not in _phones(found):
            return Indeterminate("the server answered 200 about another visitor than ours")
        return Registered(known)

    def room_request(self, token: str) -> Request:
        """The documented GET."""
        return Request("GET", f"{ROOM_PATH}?{urlencode({'token': token})}")

    def read_room(self, response: Response | NoResponse, token: str) -> RoomVerdict:
        """The verdict on a GET."""
        answer = _answer(response)
        if isinstance(answer, Refused):
            return NotFound() if answer.kind == UNKNOWN_TOKEN else answer
        if not isinstance(answer, dict):
            return answer
        room = answer.get("room")
        if not isinstance(room, dict) or not _is_id(rid := room.get("_id")):
            return Indeterminate("the server answered 200 without the room")
        of = room.get("v")
        if isinstance(of, dict) and of.get("token", token) != token:
            return Indeterminate("the server answered 200 about another visitor's room than ours")
        return Room(rid, opened=answer.get("newRoom") is True)

    def quota(self, response: Response) -> Quota | None:
        """The limiter's window."""
        return read_quota(response)


def _answer(response: Response | NoResponse) -> Payload | Refused | Trouble:
    """The API's answer where it says success; else the refusal, or what is in its way."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if trouble := server_trouble(response, server_wait):
        return trouble
    answer = response.json()
    if not isinstance(answer, dict):
        return _read_non_json(response)
    if 200 <= response.status < 300:
        return answer if answer.get("success") is True else Indeterminate("the server answered 200 without success")
    # A 404 without `success` is the router's: this server has no such route (ApiClass.ts).
    if response.status in (400, 413, 422) or (response.status == 404 and answer.get("success") is False):
        return limiter(answer, response) or _refusal(answer, response.status)
    return wrong_server(response, API)


def _refusal(answer: Payload, status: int) -> Refused:
    error = one_line(str(answer.get("error") or answer.get("message") or f"HTTP {status}"))
    if UNKNOWN_TOKEN in error and "error-" not in error:
        return Refused(UNKNOWN_TOKEN, "the server knows no visitor with this token")
    kind = next((known for known in REFUSALS if known in f"{error} {answer.get('errorType')}"), None)
    if kind is not None:
        return Refused(kind, f"{REFUSALS[kind]} ({kind})")
    return Refused(str(answer.get("errorType") or kind_of(error)), f"the server refused: {error}")


def _read_non_json(response: Response) -> Indeterminate | Fatal:
    if response.status >= 300:
        return wrong_server(response, API)
    verdict = not_json(response)
    return replace(verdict, stop_after=UNREADABLE_IN_A_ROW) if is_page(response) else verdict


def _is_id(value: object) -> TypeGuard[str]:
    """Whether a value can be an id that is written into a list and read back: printable text, with no blank around."""
    return isinstance(value, str) and value != "" and value == value.strip() and value.isprintable()


def _phones(visitor: Payload) -> list[object]:
    listed = visitor.get("phone")
    return [each.get("phoneNumber") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []

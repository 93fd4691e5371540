"""Rocket.Chat livechat: `POST /api/v1/livechat/message`.

Facts from Rocket.Chat's API documentation ("Send New Livechat Message") and from its public server source, version 8:
`apps/meteor/app/livechat/server/api/v1/message.ts` (below: message.ts), `apps/meteor/app/api/server/ApiClass.ts`
(below: ApiClass.ts) and `apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts).
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from campaign.channels.base import FieldProblem, Request
from campaign.channels.livechat.probe import LivechatProbe
from campaign.channels.livechat.responses import read_back, read_quota, read_response
from campaign.channels.livechat.rooms import LivechatRooms
from campaign.channels.livechat.sandbox import DeleteMessage, PostMessage, ReadBackMessage
from campaign.channels.livechat.sandbox_rooms import room_routes
from campaign.channels.livechat.undo import LivechatUndo
from campaign.channels.preview import Bubble, MessagePreview, Part
from campaign.channels.schema import ABSENT, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.base import NoResponse, Path, Payload, Quota, ReadBack, Response, Verdict
    from campaign.channels.credentials import Credential
    from campaign.channels.sandbox_api import RouteSettings, SandboxRoute

REMARK = (
    "Rocket.Chat stores a livechat message under the visitor’s own name, whatever agent it names, so it appears on the "
    "visitor’s side of the conversation. When it is sent, it also gets an _id."
)


class Agent(Strict):
    """The agent is whole or absent (message.ts: both required, additionalProperties false)."""

    agentId: Text
    username: Text


class LivechatBody(Strict):
    """The body without `_id`, which campaign sets itself."""

    token: Text
    rid: Text
    msg: Text
    agent: Agent = ABSENT


_validate = TypeAdapter(LivechatBody).validator.validate_python


def payload_problems(payload: Payload) -> Sequence[FieldProblem]:
    """What message.ts would reject with `invalid-params`."""
    if "_id" in payload:
        rest = {name: value for name, value in payload.items() if name != "_id"}
        what = "must be left out: campaign sets it, so that no retry sends twice"
        return [FieldProblem(("_id",), what, takes_text=False), *payload_problems(rest)]
    try:
        _validate(payload)
    except ValidationError as error:
        return [field_problem(each, each["loc"]) for each in error.errors(include_url=False)]
    return ()


def preview(payload: Payload) -> MessagePreview:
    """The message under the visitor's identity, whatever agent is named (sendMessage.ts)."""
    agent = payload.get("agent")
    sender = ("Visitor", f"agent {agent['username']}") if agent else ("Visitor",)
    return MessagePreview(sender, "right", (Bubble((Part("text", payload["msg"]),)),))


ENDPOINT = "/api/v1/livechat/message"


USUAL_QUOTA = (10, 60.0)
"""Messages in so many seconds, by default: the settings API_Enable_Rate_Limiter_Limit_Calls_Default (10) and
API_Enable_Rate_Limiter_Limit_Time_Default (60,000 ms), which the server's administrator can change."""


class Livechat:
    """Rocket.Chat's livechat API. A repeated `_id` is harmless; a message can be read back, and deleted."""

    name = "livechat"
    default_url = None
    endpoint = ENDPOINT
    credentials: tuple[Credential, ...] = ()
    can_read_back = True
    undo = LivechatUndo(ENDPOINT)
    probe = LivechatProbe(ENDPOINT)
    rooms = LivechatRooms()
    destination_fields: tuple[Path, ...] = (("token",), ("rid",))
    remark = REMARK
    usual_quota = USUAL_QUOTA

    @property
    def starter(self) -> Traversable:
        """The files of a new livechat campaign."""
        return files(__package__) / "starter"

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - the API requires none
        """No headers: the API needs no authentication."""
        return {}

    def recognises(self, body: Payload) -> bool:
        """A body with a room, a visitor or a message text."""
        return not {"rid", "token", "msg"}.isdisjoint(body)

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """What message.ts would reject with `invalid-params`."""
        return payload_problems(payload)

    def destination(self, payload: Payload) -> str:
        """Visitor and room: one conversation."""
        return f"{payload['token']}/{payload['rid']}"

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        """The payload under an `_id` of our own: the server stores one `_id` once."""
        return {"_id": message_id, **payload}

    def preview(self, payload: Payload) -> MessagePreview:
        """A bubble on the visitor's side."""
        return preview(payload)

    def send_request(self, body: bytes) -> Request:
        """The documented POST."""
        return Request("POST", ENDPOINT, body)

    def read_back_request(self, body: bytes) -> Request:
        """message.ts: a GET by `_id`, token and rid, without authentication."""
        payload = json.loads(body)
        query = urlencode({"token": payload["token"], "rid": payload["rid"]})
        return Request("GET", f"{ENDPOINT}/{quote(payload['_id'], safe='')}?{query}")

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:
        """The verdict on a POST."""
        return read_response(response, body, again=again)

    def read_back(self, response: Response | NoResponse, body: bytes) -> ReadBack:
        """The result of a GET."""
        return read_back(response, body)

    def quota(self, response: Response) -> Quota | None:
        """The limiter's window."""
        return read_quota(response)

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The message's POST, its read-back and its DELETE; visitors and their rooms."""
        return PostMessage(settings), ReadBackMessage(settings), DeleteMessage(settings), *room_routes(settings)


LIVECHAT = Livechat()

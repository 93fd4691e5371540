"""Rocket.Chat livechat: `POST /api/v1/livechat/message`.

Facts from Rocket.Chat's API documentation ("Send New Livechat Message") and from its public server source, version 8:
`apps/meteor/app/livechat/server/api/v1/message.ts` (below: message.ts), `apps/meteor/app/api/server/ApiClass.ts`
(below: ApiClass.ts) and `apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts).
"""

from __future__ import annotations

import json
import math
import re
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from campaign.channels.base import FieldProblem, Indeterminate, NoResponse, NotFound, Quota, Refused, Request, Sent
from campaign.channels.livechat.sandbox import PostMessage, ReadBackMessage
from campaign.channels.preview import Bubble, MessagePreview, Part
from campaign.channels.responses import (
    excerpt,
    kind_of,
    one_line,
    retry_after,
    server_trouble,
    without_response,
    wrong_server,
)
from campaign.channels.schema import ABSENT, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.base import Path, Payload, ReadBack, Response, Verdict
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


API = "Rocket.Chat's livechat API"
ENDPOINT = "/api/v1/livechat/message"

LARGEST_QUOTA = 1_000_000_000
"""Requests; a larger number means something else."""

# A second POST with an `_id` that exists stores nothing and answers 400 with this text (sendMessage.ts).
REPEATED_ID = "Cannot convert undefined or null to object"

REFUSALS = {
    "invalid-token": "the server knows no visitor with this token; check the token column",
    "invalid-room": "the server has no open conversation with this room id for this visitor; check the rid column",
    "room-closed": "the conversation is closed; the visitor has to start a new one",
    "message-length-exceeds-character-limit": "the message is longer than the server allows; shorten the text",
}


class Livechat:
    """Rocket.Chat's livechat API. A repeated `_id` is harmless and a message can be read back."""

    name = "livechat"
    default_url = None
    endpoint = ENDPOINT
    credentials: tuple[Credential, ...] = ()
    can_read_back = True
    destination_fields: tuple[Path, ...] = (("token",), ("rid",))
    remark = REMARK

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

    def read_response(self, response: Response | NoResponse, *, again: bool) -> Verdict:
        """The verdict on a POST; a refusal of a repeated attempt counts only after a read-back."""
        if isinstance(response, NoResponse):
            return without_response(response)
        if trouble := server_trouble(response, _wait_of):
            return trouble
        body = response.json()
        if not isinstance(body, dict):
            return _read_non_json(response, again=again)
        if 200 <= response.status < 300:
            return _read_success(body)
        # A 404 without `success` is the router's: this server has no such route (ApiClass.ts).
        if response.status in (400, 413, 422) or (response.status == 404 and body.get("success") is False):
            return _read_refusal(body, response.status, again=again)
        return wrong_server(response, API)

    def read_back(self, response: Response | NoResponse) -> ReadBack:
        """The result of a GET: 200 with the message, or 400 in the API's JSON if it is not in that room."""
        if isinstance(response, NoResponse):
            return without_response(response)
        if trouble := server_trouble(response, _wait_of):
            return trouble
        body = response.json()
        if response.status == 200 and isinstance(body, dict):
            return _read_success(body)
        if response.status == 400 and isinstance(body, dict) and body.get("success") is False:
            return NotFound()
        what = f"the answer to a read-back (HTTP {response.status}) is not {API}'s"
        return Indeterminate(f"{what}: {excerpt(response, 60)}")

    def quota(self, response: Response) -> Quota | None:
        """ApiClass.ts: X-RateLimit headers on every answer while the limiter is on; Reset in epoch milliseconds."""
        if "x-ratelimit-limit" not in response.headers:
            return None
        try:
            quota = Quota(
                limit=int(response.headers["x-ratelimit-limit"]),
                remaining=int(response.headers["x-ratelimit-remaining"]),
                reset_at=float(response.headers["x-ratelimit-reset"]) / 1000,
            )
        except (KeyError, ValueError):
            return None
        sane = math.isfinite(quota.reset_at) and 0 < quota.limit < LARGEST_QUOTA and quota.remaining < LARGEST_QUOTA
        return quota if sane else None

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The message's POST and its read-back."""
        return PostMessage(settings), ReadBackMessage(settings)


def _wait_of(response: Response) -> float | None:
    """Retry-After where a proxy sends one, else the seconds in Rocket.Chat's own text (ApiClass.ts)."""
    asked = retry_after(response)
    if asked is not None:
        return asked
    found = re.search(rb"wait (\d{1,6}) seconds?", response.body)
    return float(found[1]) if found else None


def _read_success(body: Payload) -> Sent | Indeterminate:
    message = body.get("message")
    if body.get("success") is True and isinstance(message, dict) and isinstance(message.get("_id"), str):
        return Sent(message["_id"])
    return Indeterminate("the server answered 200 without the stored message")


def _read_non_json(response: Response, *, again: bool) -> Verdict:
    """The verdict on a body that is not a JSON object: a page of a proxy or another program, never a sent message."""
    if response.status < 300:
        return Indeterminate(f"the answer (HTTP {response.status}) is not JSON: {excerpt(response, 60)}")
    if response.status == 413:
        what = "the message is larger than the server accepts (HTTP 413)"
        return _refused(Refused("too large", f"{what}; shorten the text"), what, again=again)
    return wrong_server(response, API)


def _read_refusal(body: Payload, status: int, *, again: bool) -> Refused | Indeterminate:
    error = one_line(str(body.get("error") or body.get("message") or f"HTTP {status}"))
    kind = next((known for known in REFUSALS if known in error), None)
    if kind is not None:
        refusal = Refused(kind, f"{REFUSALS[kind]} ({kind})")
    else:
        refusal = Refused(str(body.get("errorType") or kind_of(error)), f"the server refused the message: {error}")
    return _refused(refusal, error, again=again or REPEATED_ID in error)


def _refused(refusal: Refused, error: str, *, again: bool) -> Refused | Indeterminate:
    return Indeterminate(f"refused ({error}), though an earlier attempt may be there", refusal) if again else refusal


LIVECHAT = Livechat()

"""Rocket.Chat livechat: `POST /api/v1/livechat/message`.

Facts from Rocket.Chat's API documentation ("Send New Livechat Message") and from its public server source, version 8:
`apps/meteor/app/livechat/server/api/v1/message.ts` (below: message.ts), `apps/meteor/app/api/server/ApiClass.ts`
(below: ApiClass.ts) and `apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from campaign.channels.answers import excerpt, kind_of, lost, one_line, retry_after, trouble, wrong_server
from campaign.channels.base import FieldProblem, Indeterminate, NoResponse, NotFound, Quota, Refused, Request, Sent
from campaign.channels.schema import ABSENT, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.channels.base import Path, Payload, ReadBack, Response, Verdict

API = "Rocket.Chat's livechat API"
ENDPOINT = "/api/v1/livechat/message"

LARGEST_BUDGET = 1_000_000_000
"""Requests; who tells of more speaks of something else."""

# A second POST with an `_id` that exists stores nothing and answers 400 with this text (sendMessage.ts).
REPEATED_ID = "Cannot convert undefined or null to object"

REFUSALS = {
    "invalid-token": "the server knows no visitor with this token; check the token column",
    "invalid-room": "the server has no open conversation with this room id for this visitor; check the rid column",
    "room-closed": "the conversation is closed; the visitor has to start a new one",
    "message-length-exceeds-character-limit": "the message is longer than the server allows; shorten the text",
}


class Agent(Strict):
    """The agent is whole or absent (message.ts: both required, additionalProperties false)."""

    agentId: Text
    username: Text


class Message(Strict):
    """The body without `_id`, which campaign sets itself."""

    token: Text
    rid: Text
    msg: Text
    agent: Agent = ABSENT


_validate = TypeAdapter(Message).validator.validate_python


class Livechat:
    """Rocket.Chat's livechat API. A repeated `_id` is harmless and a message can be read back."""

    name = "livechat"
    default_url = None
    endpoint = ENDPOINT
    key_header = None
    key_variable = None
    can_read_back = True
    destination_fields: tuple[Path, ...] = (("token",), ("rid",))

    def recognises(self, body: Payload) -> bool:
        """A body with a room, a visitor or a message text."""
        return not {"rid", "token", "msg"}.isdisjoint(body)

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """What message.ts would answer with `invalid-params`."""
        if "_id" in payload:
            rest = {name: value for name, value in payload.items() if name != "_id"}
            what = "must be left out: campaign sets it, so that no retry sends twice"
            return [FieldProblem(("_id",), what, mendable=False), *self.problems(rest)]
        try:
            _validate(payload)
        except ValidationError as error:
            return [field_problem(each, each["loc"]) for each in error.errors(include_url=False)]
        return ()

    def destination(self, payload: Payload) -> str:
        """Visitor and room: one conversation."""
        return f"{payload['token']}/{payload['rid']}"

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        """The payload under our own `_id`: the server stores one `_id` once."""
        return {"_id": message_id, **payload}

    def send_request(self, body: bytes) -> Request:
        """The documented POST."""
        return Request("POST", ENDPOINT, body)

    def read_back_request(self, body: bytes) -> Request:
        """message.ts: a GET by `_id`, token and rid, without authentication."""
        payload = json.loads(body)
        query = urlencode({"token": payload["token"], "rid": payload["rid"]})
        return Request("GET", f"{ENDPOINT}/{quote(payload['_id'], safe='')}?{query}")

    def read_response(self, answer: Response | NoResponse, *, again: bool) -> Verdict:
        """Read the answer to a POST; a refusal of a repeated attempt is never believed without a read-back."""
        if isinstance(answer, NoResponse):
            return lost(answer)
        if shared := trouble(answer, _wait_told):
            return shared
        body = answer.json()
        if not isinstance(body, dict):
            return _read_non_json(answer, again=again)
        if 200 <= answer.status < 300:
            return _read_success(body)
        # A 404 without `success` is the router's: this server has no such route (ApiClass.ts).
        if answer.status in (400, 413, 422) or (answer.status == 404 and body.get("success") is False):
            return _read_refusal(body, answer.status, again=again)
        return wrong_server(answer, API)

    def read_back(self, answer: Response | NoResponse) -> ReadBack:
        """Read the answer to a GET: 200 with the message, else 400 in the API's JSON where it is not in that room."""
        if isinstance(answer, NoResponse):
            return lost(answer)
        if shared := trouble(answer, _wait_told):
            return shared
        body = answer.json()
        if answer.status == 200 and isinstance(body, dict):
            return _read_success(body)
        if answer.status == 400 and isinstance(body, dict) and body.get("success") is False:
            return NotFound()
        return Indeterminate(f"the answer to a read-back (HTTP {answer.status}) is not {API}'s: {excerpt(answer, 60)}")

    def quota(self, answer: Response) -> Quota | None:
        """ApiClass.ts: X-RateLimit headers on every answer while the limiter is on; Reset in epoch milliseconds."""
        if "x-ratelimit-limit" not in answer.headers:
            return None
        try:
            budget = Quota(
                limit=int(answer.headers["x-ratelimit-limit"]),
                remaining=int(answer.headers["x-ratelimit-remaining"]),
                reset_at=float(answer.headers["x-ratelimit-reset"]) / 1000,
            )
        except (KeyError, ValueError):
            return None
        sane = (
            math.isfinite(budget.reset_at) and 0 < budget.limit < LARGEST_BUDGET and budget.remaining < LARGEST_BUDGET
        )
        return budget if sane else None


def _wait_told(answer: Response) -> float | None:
    """Retry-After where a proxy sends one, else the seconds in Rocket.Chat's own text (ApiClass.ts)."""
    told = retry_after(answer)
    if told is not None:
        return told
    found = re.search(rb"wait (\d{1,6}) seconds?", answer.body)
    return float(found[1]) if found else None


def _read_success(body: Payload) -> Sent | Indeterminate:
    message = body.get("message")
    if body.get("success") is True and isinstance(message, dict) and isinstance(message.get("_id"), str):
        return Sent(message["_id"])
    return Indeterminate("the server answered 200 without the stored message")


def _read_non_json(answer: Response, *, again: bool) -> Verdict:
    """An HTML page is a proxy's or another program's: never a sent message."""
    if answer.status < 300:
        return Indeterminate(f"the answer (HTTP {answer.status}) is not JSON: {excerpt(answer, 60)}")
    if answer.status == 413:
        what = "the message is larger than the server accepts (HTTP 413)"
        return _refused(Refused("too large", f"{what}; shorten the text"), what, again=again)
    return wrong_server(answer, API)


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

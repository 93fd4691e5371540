"""How Rocket.Chat's livechat responses are read.

Facts from the server's source, version 8: `apps/meteor/app/livechat/server/api/v1/message.ts`,
`apps/meteor/app/api/server/ApiClass.ts` (below: ApiClass.ts) and
`apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.channels.base import Indeterminate, NoResponse, NotFound, Quota, Refused, Sent, Throttled, parse_json
from campaign.channels.responses import (
    UNREADABLE_IN_A_ROW,
    excerpt,
    is_page,
    kind_of,
    not_json,
    one_line,
    retry_after,
    server_trouble,
    without_response,
    wrong_server,
)

if TYPE_CHECKING:
    from campaign.channels.base import Payload, ReadBack, Response, Verdict

API = "Rocket.Chat's livechat API"

LARGEST_QUOTA = 1_000_000_000
"""Requests; a larger number means something else."""

# A second POST with an `_id` that exists stores nothing and answers 400 with this text (sendMessage.ts).
REPEATED_ID = "Cannot convert undefined or null to object"

LIMITER = "error-too-many-requests"
"""What the rate limiter's errors contain (ApiClass.ts)."""

REFUSALS = {
    "invalid-token": "the server knows no visitor with this token; check the token column",
    "invalid-room": "the server has no open conversation with this room id for this visitor; check the rid column",
    "room-closed": "the conversation is closed; the visitor has to start a new one",
    "message-length-exceeds-character-limit": "the message is longer than the server allows; shorten the text",
}


def read_response(response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:
    """The verdict on a POST; a refusal of a repeated attempt counts only after a read-back."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if trouble := server_trouble(response, server_wait):
        return trouble
    answer = response.json()
    if not isinstance(answer, dict):
        return _read_non_json(response, again=again)
    if 200 <= response.status < 300:
        return _read_success(answer, body)
    # A 404 without `success` is the router's: this server has no such route (ApiClass.ts).
    if response.status in (400, 413, 422) or (response.status == 404 and answer.get("success") is False):
        return limiter(answer, response) or _read_refusal(answer, response.status, again=again)
    return wrong_server(response, API)


def read_back(response: Response | NoResponse, body: bytes) -> ReadBack:
    """The result of a GET: 200 with the message, or 400 in the API's JSON if it is not in that room."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if trouble := server_trouble(response, server_wait):
        return trouble
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict):
        return _read_success(answer, body)
    if response.status == 400 and isinstance(answer, dict) and answer.get("success") is False:
        return limiter(answer, response) or NotFound()
    what = f"the answer to a read-back (HTTP {response.status}) is not {API}'s: {excerpt(response, 60)}"
    if response.status < 300 and is_page(response):
        return Indeterminate(f"{what}; check [server] url", stop_after=1)
    return Indeterminate(what)


def read_quota(response: Response) -> Quota | None:
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


def server_wait(response: Response) -> float | None:
    """Retry-After where a proxy sends one, else the seconds in Rocket.Chat's own text (ApiClass.ts)."""
    asked = retry_after(response)
    if asked is not None:
        return asked
    found = re.search(rb"wait (\d{1,6}) seconds?", response.body)
    return float(found[1]) if found else None


def limiter(answer: Payload, response: Response) -> Throttled | None:
    """Throttled where the limiter refused with another status than 429, as before version 1.0 (issue 13441)."""
    if LIMITER not in f"{answer.get('errorType')} {answer.get('error')}":
        return None
    return Throttled(f"over the server's limit (HTTP {response.status})", server_wait(response))


def _read_success(answer: Payload, body: bytes) -> Sent | Indeterminate:
    """Sent where the stored message is ours: a proxy may deliver the answer to another request."""
    message, ours = answer.get("message"), parse_json(body)
    if answer.get("success") is not True or not isinstance(message, dict) or not isinstance(message.get("_id"), str):
        return Indeterminate("the server answered 200 without the stored message")
    if not isinstance(ours, dict) or message["_id"] != ours["_id"] or message.get("rid") != ours["rid"]:
        return Indeterminate("the server answered 200 about another message than ours")
    return Sent(message["_id"])


def _read_non_json(response: Response, *, again: bool) -> Verdict:
    """The verdict on a body that is not a JSON object: a page of a proxy or another program, never a sent message."""
    if response.status < 300:
        verdict = not_json(response)
        return replace(verdict, stop_after=UNREADABLE_IN_A_ROW) if is_page(response) else verdict
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

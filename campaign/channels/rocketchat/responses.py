"""How the answers to `chat.sendMessage` and `chat.getMessage` are read.

Facts from Rocket.Chat's public server source, version 8, all in `apps/meteor/app`:

- `api/server/v1/chat.ts`: the routes;
- `api/server/ApiClass.ts`: the form of errors, 401 before everything else, then the limiter;
- `lib/server/methods/sendMessage.ts` and `lib/server/functions/sendMessage.ts`: what a message may be refused for, in
  this order: length, user, room, attachments and permissions, and last an `_id` that exists, for which nothing is
  returned, so that a later step fails, or answers with success and no message, by version. What fails once the message
  is stored (`afterSaveMessage`) is a 400 like any other;
- `authorization/server/functions/canSendMessage.ts`: rooms that a user may not write in;
- `lib/server/methods/getSingleMessage.ts`: the message is looked for first, and then whether the user may see its room.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from campaign.channels.base import Fatal, Indeterminate, NoResponse, NotFound, Refused, Sent, Throttled, parse_json
from campaign.channels.livechat.responses import limiter, server_wait
from campaign.channels.responses import (
    UNREADABLE_IN_A_ROW,
    excerpt,
    is_page,
    kind_of,
    not_json,
    one_line,
    server_trouble,
    without_response,
    wrong_server,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels.base import Payload, ReadBack, Response, Verdict

API = "Rocket.Chat's API"

REFUSALS = {
    "error-message-size-exceeded": (
        "the message is longer than the server allows (Administration → Message → Maximum Allowed Characters per "
        "Message); shorten the text"
    ),
    "error-invalid-room": "the server has no room with this id; check the rid column",
    "error-not-allowed": (
        "the user may not write there: it has to serve this conversation or be a member of the room; nobody may in an "
        "encrypted room, or with a tmid where threads are switched off"
    ),
    "room_is_blocked": "one of the two has blocked this direct conversation",
    "room is readonly": "the room is read-only, and the user lacks the permission post-readonly",
    "You_have_been_muted": "the user is muted in this room",
    "Not enough permission": (
        "alias and avatar need the permission message-impersonate, which the user lacks; grant it, or leave them out"
    ),
    "Invalid href value provided": "the server does not accept one of the addresses in the message",
    "error-mac-limit-reached": "the workspace has no monthly active contacts left, so nobody can be written to anew",
    "error-room-": "the server takes no messages for this room",
}
"""What an error contains, and what to say of it. The last one begins the names of several errors."""

INVALID = re.compile(r"^invalid-params$|\bparam(eter)? is (missing|required)|property on the message object is missing")
"""What the server says, by type or text, of a body that it does not take: nothing of it is stored."""

FATAL = {
    "error-invalid-user": "the server does not know the user of ROCKETCHAT_USER_ID",
    "restricted-workspace": "the workspace is restricted: its licence does not let it send messages",
}
"""The same for errors that every row would share."""

ACCESS = (
    "ROCKETCHAT_AUTH_TOKEN and ROCKETCHAT_USER_ID have to be a personal access token and the id of the same user, and "
    "the token must not have been removed"
)

NOTHING_STORED = Refused(
    "not stored", "the server answered with success and stored nothing, as where an app installed on it prevents it"
)

NO_ACCESS, LOOKED_UP_BY = "error-not-allowed", "getSingleMessage"


def read_response(response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:
    """The verdict on a POST; a refusal of a repeated attempt counts only after a read-back."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if trouble := api_trouble(response):
        return trouble
    answer = response.json()
    if not isinstance(answer, dict):
        return _read_non_json(response, again=again)
    if response.status < 300:
        return _read_success(answer, body)
    if not is_refusal(answer, response.status):
        return wrong_server(response, API)
    return limiter(answer, response) or common_error(answer) or _read_refusal(answer, response.status, again=again)


def read_back(response: Response | NoResponse, body: bytes) -> ReadBack:
    """The result of a GET: 200 with the message, or 400 in the API's JSON."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if trouble := api_trouble(response):
        return trouble
    answer = response.json()
    if response.status == 200 and isinstance(answer, dict):
        return _read_message(answer, body)
    if response.status == 400 and isinstance(answer, dict) and answer.get("success") is False:
        return limiter(answer, response) or common_error(answer) or _read_absence(answer, body)
    what = f"the answer to a read-back (HTTP {response.status}) is not {API}'s: {excerpt(response, 60)}"
    if response.status < 300 and is_page(response):
        return Indeterminate(f"{what}; check [server] url", stop_after=1)
    return Indeterminate(what)


def api_trouble(response: Response) -> Throttled | Indeterminate | Fatal | None:
    """The verdict on trouble of the server's, or on credentials that it does not accept."""
    answer = response.json() if response.status == 401 else None
    if isinstance(answer, dict):
        return Fatal(f"the server does not accept the user (HTTP 401, {error_of(answer, 401)}): {ACCESS}")
    return server_trouble(response, server_wait)


def is_refusal(answer: Payload, status: int) -> bool:
    """Whether an answer refuses one message; a 404 without `success` is the router's, of a server without the route."""
    return status in (400, 413, 422) or (status == 404 and answer.get("success") is False)


def common_error(answer: Payload) -> Fatal | None:
    """Fatal where every other row would be refused for the same cause."""
    known = known_error(answer, FATAL)
    return None if known is None else Fatal(f"{FATAL[known]} ({known})")


def known_error(answer: Payload, table: Mapping[str, str]) -> str | None:
    """The first key of a table that an answer's error contains, in its text or as its type."""
    said = f"{answer.get('errorType')} {error_of(answer, 400)}"
    return next((known for known in table if known in said), None)


def error_of(answer: Payload, status: int) -> str:
    """The error of an answer, on one line."""
    return one_line(str(answer.get("error") or answer.get("message") or f"HTTP {status}"))


def _read_success(answer: Payload, body: bytes) -> Sent | Indeterminate:
    if answer.get("success") is True and answer.get("message") is None:
        return Indeterminate("the server answered with success and without the message", NOTHING_STORED)
    return _read_message(answer, body)


def _read_message(answer: Payload, body: bytes) -> Sent | Indeterminate:
    """Sent where the stored message is ours: a proxy may deliver the answer to another request."""
    message = answer.get("message")
    if answer.get("success") is not True or not isinstance(message, dict) or not isinstance(message.get("_id"), str):
        return Indeterminate("the server answered 200 without the stored message")
    ours = _message_of(body)
    # A message in a thread is stored in the room of the thread, whatever room it names (methods/sendMessage.ts).
    is_in_our_room = message.get("rid") == ours["rid"] or "tmid" in ours
    if message["_id"] != ours["_id"] or not is_in_our_room:
        return Indeterminate("the server answered 200 about another message than ours")
    return Sent(message["_id"])


def _read_absence(answer: Payload, body: bytes) -> Sent | NotFound | Indeterminate | Fatal:
    """What a 400 to a read-back says: of an absent message nothing (chat.ts); any other error leaves the question open.

    A room that the user may not see is refused only once the message is found.
    """
    error = error_of(answer, 400)
    if not answer.get("error") and not answer.get("errorType"):
        return NotFound()
    if NO_ACCESS not in f"{answer.get('errorType')} {error}":
        return Indeterminate(f"the server could not look the message up ({error})")
    details = answer.get("details")
    if isinstance(details, dict) and details.get("method") == LOOKED_UP_BY:
        return Sent(_message_of(body)["_id"])
    return Fatal(
        f"the server does not let the user look a message up ({NO_ACCESS}): give it access to the room, then resume"
    )


def _message_of(body: bytes) -> Payload:
    """The message of a frozen body of ours."""
    ours: Any = parse_json(body)
    message: Payload = ours["message"]
    return message


def _read_non_json(response: Response, *, again: bool) -> Verdict:
    """The verdict on a body that is not a JSON object: a page of a proxy or another program, never a sent message."""
    if response.status < 300:
        verdict = not_json(response)
        return replace(verdict, stop_after=UNREADABLE_IN_A_ROW) if is_page(response) else verdict
    if response.status == 413:
        what = "the message is larger than the server accepts (HTTP 413)"
        return _refused(Refused("too large", f"{what}; shorten the text"), what, again=again)
    return wrong_server(response, API)


def _read_refusal(answer: Payload, status: int, *, again: bool) -> Refused | Indeterminate:
    """The verdict on a refusal; after a 400 that is not known the message may be there.

    Either its `_id` existed (an undefined value, or MongoDB's E11000 where two arrive at once), or something failed
    once it was stored.
    """
    error, kind = error_of(answer, status), known_error(answer, REFUSALS)
    if kind is not None:
        return _refused(Refused(kind, f"{REFUSALS[kind]} ({error})"), error, again=again)
    refusal = Refused(str(answer.get("errorType") or kind_of(error)), f"the server refused the message: {error}")
    may_be_there = status == 400 and not any(map(INVALID.search, (str(answer.get("errorType")), error)))
    return _refused(refusal, error, again=again or may_be_there)


def _refused(refusal: Refused, error: str, *, again: bool) -> Refused | Indeterminate:
    return Indeterminate(f"refused ({error}), though the message may be there", refusal) if again else refusal

"""Taking a livechat message back: `DELETE /api/v1/livechat/message/{_id}` with token and rid in its JSON body.

Facts from Rocket.Chat's server source, version 8: `apps/meteor/app/livechat/server/api/v1/message.ts` (the route: 200
with `_id` and `ts`, or 400 `invalid-token`, `invalid-room`, `invalid-message`),
`packages/rest-typings/src/v1/omnichannel.ts` (the schema: token and rid are required) and
`apps/meteor/app/livechat/server/lib/messages.ts` (`deleteMessage`: `error-action-not-allowed` where the setting
Message_AllowDeleting is off, or the message is not the visitor's). Where Message_ShowDeletedStatus is on, the
conversation says that a message was removed, and a second DELETE of it answers 200 like the first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from campaign.channels.base import Fatal, Indeterminate, NoResponse, NotFound, Refused, Request, parse_json
from campaign.channels.livechat.responses import API, limiter, server_wait
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
from campaign.channels.undo import Deleted

if TYPE_CHECKING:
    from campaign.channels.base import Payload, Response, Throttled
    from campaign.channels.undo import UndoVerdict

ABSENT = "invalid-message"

KEPT = {
    "invalid-token": "the server knows no visitor with this token any more",
    "invalid-room": "the server has no conversation with this room id for this visitor any more",
    "room-closed": "the conversation is closed",
    "error-action-not-allowed": "the server does not allow it (Administration → Message → Allow Message Deleting)",
}


class LivechatUndo:
    """Rocket.Chat deletes a message for whoever knows the visitor's token and the room, as its sender does."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def request(self, body: bytes) -> Request:
        """The DELETE of one message."""
        payload = json.loads(body)
        destination = {"token": payload["token"], "rid": payload["rid"]}
        return Request("DELETE", f"{self._endpoint}/{quote(payload['_id'], safe='')}", json.dumps(destination).encode())

    def read(self, response: Response | NoResponse, body: bytes) -> UndoVerdict:
        """The verdict on a DELETE."""
        if isinstance(response, NoResponse):
            return without_response(response)
        if trouble := server_trouble(response, server_wait):
            return trouble
        answer = response.json()
        if not isinstance(answer, dict):
            return _read_non_json(response)
        if 200 <= response.status < 300:
            return _read_success(answer, body)
        # A 404 without `success` is the router's: this server has no such route (ApiClass.ts).
        if response.status in (400, 413, 422) or (response.status == 404 and answer.get("success") is False):
            return limiter(answer, response) or _read_refusal(answer, response.status)
        return wrong_server(response, API)


def _read_success(answer: Payload, body: bytes) -> Deleted | Indeterminate:
    message, ours = answer.get("message"), parse_json(body)
    if answer.get("success") is not True or not isinstance(message, dict) or not isinstance(ours, dict):
        return Indeterminate("the server answered 200 without the deleted message")
    if message.get("_id") != ours["_id"]:
        return Indeterminate("the server answered 200 about another message than ours")
    return Deleted()


def _read_refusal(answer: Payload, status: int) -> NotFound | Refused | Throttled:
    error = one_line(str(answer.get("error") or answer.get("message") or f"HTTP {status}"))
    if ABSENT in error:
        return NotFound()
    kind = next((known for known in KEPT if known in error), None)
    if kind is not None:
        return Refused(kind, f"{KEPT[kind]} ({kind})")
    return Refused(str(answer.get("errorType") or kind_of(error)), f"the server refused to delete it: {error}")


def _read_non_json(response: Response) -> Indeterminate | Fatal:
    if response.status >= 300:
        return wrong_server(response, API)
    verdict = not_json(response)
    return replace(verdict, stop_after=UNREADABLE_IN_A_ROW) if is_page(response) else verdict

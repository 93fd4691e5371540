"""Taking a message back: `POST /api/v1/chat.delete` with `roomId` and `msgId`.

Facts from Rocket.Chat's public server source, version 8, in `apps/meteor/app`: `api/server/v1/chat.ts` (the route: 200
with `_id`, or 400 with a sentence), `lib/server/functions/deleteMessage.ts` (`error-action-not-allowed`, and apps that
prevent it) and `authorization/server/functions/canDeleteMessage.ts` (settings, permissions, and the time after which
nobody may delete). Where Message_ShowDeletedStatus is on, the conversation says that a message was removed, and a
second deletion of it answers 200 like the first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.channels.base import Indeterminate, NoResponse, NotFound, Refused, Request
from campaign.channels.livechat.responses import limiter
from campaign.channels.responses import UNREADABLE_IN_A_ROW, is_page, kind_of, not_json, without_response, wrong_server
from campaign.channels.rocketchat.responses import API, api_trouble, common_error, error_of, is_refusal, known_error
from campaign.channels.undo import Deleted

if TYPE_CHECKING:
    from campaign.channels.base import Fatal, Payload, Response
    from campaign.channels.undo import UndoVerdict

ENDPOINT = "/api/v1/chat.delete"

ABSENT = "No message found with the id of"

KEPT = {
    "error-action-not-allowed": (
        "the server does not let this user delete it: it needs the permission delete-own-message, “Allow Message "
        "Deleting” has to be on, and its time limit must not have passed"
    ),
    "room is readonly": "the room is read-only, and the user lacks the permission post-readonly",
    "room id provided does not match": "the message is in another room: that of the thread which its tmid names",
    "App prevented the message deleting": "an app installed on the server prevents it",
}


class RocketChatUndo:
    """Rocket.Chat deletes a message for the user who has sent it, where its settings allow that."""

    def request(self, body: bytes) -> Request:
        """The POST that deletes one message."""
        message = json.loads(body)["message"]
        return Request("POST", ENDPOINT, json.dumps({"roomId": message["rid"], "msgId": message["_id"]}).encode())

    def read(self, response: Response | NoResponse, body: bytes) -> UndoVerdict:
        """The verdict on it."""
        if isinstance(response, NoResponse):
            return without_response(response)
        if trouble := api_trouble(response):
            return trouble
        answer = response.json()
        if not isinstance(answer, dict):
            return _read_non_json(response)
        message_id = json.loads(body)["message"]["_id"]
        if response.status < 300:
            return _read_success(answer, message_id)
        if not is_refusal(answer, response.status):
            return wrong_server(response, API)
        return limiter(answer, response) or common_error(answer) or _read_refusal(answer, response.status, message_id)


def _read_success(answer: Payload, message_id: str) -> Deleted | Indeterminate:
    if answer.get("success") is not True or not isinstance(answer.get("_id"), str):
        return Indeterminate("the server answered 200 without the deleted message")
    if answer["_id"] != message_id:
        return Indeterminate("the server answered 200 about another message than ours")
    return Deleted()


def _read_refusal(answer: Payload, status: int, message_id: str) -> NotFound | Refused | Indeterminate:
    error = error_of(answer, status)
    if ABSENT in error:
        return NotFound() if message_id in error else Indeterminate("the server answered about another message")
    kind = known_error(answer, KEPT)
    if kind is not None:
        return Refused(kind, f"{KEPT[kind]} ({error})")
    return Refused(str(answer.get("errorType") or kind_of(error)), f"the server refused to delete it: {error}")


def _read_non_json(response: Response) -> Indeterminate | Fatal:
    if response.status >= 300:
        return wrong_server(response, API)
    verdict = not_json(response)
    return replace(verdict, stop_after=UNREADABLE_IN_A_ROW) if is_page(response) else verdict

"""Rocket.Chat as an agent or a bot: `POST /api/v1/chat.sendMessage`.

Facts from Rocket.Chat's public server source, version 8: `apps/meteor/app/api/server/v1/chat.ts` (below: chat.ts),
`apps/meteor/app/lib/server/methods/sendMessage.ts`, `apps/meteor/app/lib/server/functions/sendMessage.ts` and
`apps/meteor/app/api/server/ApiClass.ts` (the headers of authentication, the rate limiter).
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from campaign.channels.base import Request
from campaign.channels.credentials import Credential, SecretMapping
from campaign.channels.livechat import USUAL_QUOTA
from campaign.channels.livechat.responses import read_quota
from campaign.channels.rocketchat.payload import payload_problems, preview
from campaign.channels.rocketchat.probe import RocketChatProbe
from campaign.channels.rocketchat.responses import read_back, read_response
from campaign.channels.rocketchat.sandbox import DeleteMessage, GetMessage, SendMessage
from campaign.channels.rocketchat.undo import RocketChatUndo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.base import FieldProblem, NoResponse, Path, Payload, Quota, ReadBack, Response, Verdict
    from campaign.channels.preview import MessagePreview
    from campaign.channels.sandbox_api import RouteSettings, SandboxRoute

ENDPOINT = "/api/v1/chat.sendMessage"
READ_BACK = "/api/v1/chat.getMessage"

BODY_FIELDS = frozenset({"message", "previewUrls"})
"""Fields of a body, of which campaign takes the first alone."""

OWN_FIELDS = frozenset({"rid", "msg", "tmid", "attachments"})
"""Fields by which a message is recognised unless the body has other fields, as those of other APIs do."""

REMARK = (
    "The message appears under the name of the agent or bot whose token sends it, or under its alias. "
    "When it is sent, it also gets an _id."
)


class RocketChat:
    """Rocket.Chat's API for its users. A repeated `_id` is harmless; a message can be read back, and deleted."""

    name = "rocketchat"
    default_url = None
    endpoint = ENDPOINT
    credentials = (
        Credential("auth_token", "ROCKETCHAT_AUTH_TOKEN", "personal access token"),
        Credential("user_id", "ROCKETCHAT_USER_ID", "user id"),
    )
    can_read_back = True
    undo = RocketChatUndo()
    probe = RocketChatProbe(READ_BACK)
    destination_fields: tuple[Path, ...] = (("message", "rid"),)
    # methods/sendMessage.ts: a message with a tmid is stored in the room of that message, whatever room it names.
    thread_fields: tuple[Path, ...] = (("message", "tmid"),)
    remark = REMARK
    usual_quota = USUAL_QUOTA

    @property
    def starter(self) -> Traversable:
        """The files of a new campaign."""
        return files(__package__) / "starter"

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """ApiClass.ts: the user's id and a token of the same user."""
        return SecretMapping({"X-Auth-Token": values["auth_token"], "X-User-Id": values["user_id"]})

    def recognises(self, body: Payload) -> bool:
        """A body whose message has a room, a text, a thread or attachments."""
        message = body.get("message")
        return body.keys() <= BODY_FIELDS and isinstance(message, dict) and not OWN_FIELDS.isdisjoint(message)

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """What the server would refuse, or store without anything to see."""
        return payload_problems(payload)

    def destination(self, payload: Payload) -> str:
        """The room."""
        return str(payload["message"]["rid"])

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        """The payload under an `_id` of our own: the server stores one `_id` once."""
        return {**payload, "message": {"_id": message_id, **payload["message"]}}

    def preview(self, payload: Payload) -> MessagePreview:
        """A bubble on the company's side, and one for each attachment."""
        return preview(payload)

    def send_request(self, body: bytes) -> Request:
        """The POST of one message."""
        return Request("POST", ENDPOINT, body)

    def read_back_request(self, body: bytes) -> Request:
        """chat.ts: a GET by `_id`."""
        return Request("GET", f"{READ_BACK}?{urlencode({'msgId': json.loads(body)['message']['_id']})}")

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:
        """The verdict on a POST."""
        return read_response(response, body, again=again)

    def read_back(self, response: Response | NoResponse, body: bytes) -> ReadBack:
        """The result of a GET."""
        return read_back(response, body)

    def quota(self, response: Response) -> Quota | None:
        """The limiter's window; none for a user with the permission `api-bypass-rate-limit`, as bots usually have."""
        return read_quota(response)

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The message's POST, its read-back and its deletion."""
        return SendMessage(settings), GetMessage(settings), DeleteMessage(settings)


ROCKETCHAT = RocketChat()

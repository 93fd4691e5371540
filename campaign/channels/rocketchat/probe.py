"""The harmless request to Rocket.Chat as an agent or a bot: the GET of a message that does not exist.

Facts from the server's source, version 8, in `apps/meteor/app/api/server`: `v1/chat.ts` (GET chat.getMessage stores
nothing, and answers 400 without an error where there is no such message) and `ApiClass.ts` (401 first, where token and
user do not belong together; then the limiter, which states its window in headers, one for each route).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.channels.base import NotFound, Request, Sent
from campaign.channels.probe import Answered
from campaign.channels.rocketchat.responses import read_back

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, Response
    from campaign.channels.probe import ProbeVerdict

NAME = "campaign-doctor"
"""The message that is asked for. campaign derives each id that it sends, and none is a word."""

_BODY = f'{{"message": {{"_id": "{NAME}", "rid": "{NAME}"}}}}'.encode()


class RocketChatProbe:
    """The read-back of a message that nobody sent, with the credentials."""

    def __init__(self, path: str) -> None:
        self._path = path

    def request(self) -> Request:
        """The GET."""
        return Request("GET", f"{self._path}?msgId={NAME}")

    def read(self, response: Response | NoResponse) -> ProbeVerdict:
        """The API's answer for an absent message, which it gives only to a user that is logged in."""
        verdict = read_back(response, _BODY)
        if isinstance(verdict, NotFound | Sent):
            return Answered("Rocket.Chat's API answers, and takes the token and the user id")
        return verdict

"""The harmless request to Rocket.Chat: the GET of a message that does not exist, of a visitor who does not exist.

Facts from the server's source, version 8: `apps/meteor/app/livechat/server/api/v1/message.ts` (GET
/api/v1/livechat/message/{_id} needs no authentication, stores nothing, and answers 400 `invalid-token` where no visitor
has the token) and `apps/meteor/app/api/server/ApiClass.ts` (every answer states the limiter of its route in headers;
GET has a window of its own, so that a campaign loses nothing of the window of POST).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from campaign.channels.base import NotFound, Request, Sent
from campaign.channels.livechat.responses import read_back
from campaign.channels.probe import Answered

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, Response
    from campaign.channels.probe import ProbeVerdict

NAME = "campaign-doctor"
"""The message, visitor and room that are asked for. campaign derives each id that it sends, and none is a word."""

_BODY = f'{{"_id": "{NAME}", "token": "{NAME}", "rid": "{NAME}"}}'.encode()


class LivechatProbe:
    """The read-back of a message that nobody sent."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def request(self) -> Request:
        """The GET."""
        return Request("GET", f"{self._endpoint}/{NAME}?{urlencode({'token': NAME, 'rid': NAME})}")

    def read(self, response: Response | NoResponse) -> ProbeVerdict:
        """The API's own refusal is the right answer."""
        verdict = read_back(response, _BODY)
        if isinstance(verdict, NotFound | Sent):
            return Answered("Rocket.Chat's livechat API answers")
        return verdict

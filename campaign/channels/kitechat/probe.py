"""The harmless request to Kitechat: the list of messages of one second, long before any campaign.

From AntBuddy's public page "19. API get Omni Messages" (docs.antbuddy.com, AntCRM): GET /messages with the header
`apikey` reads the messages of a period. The other pages of the same API give 401 for a key that is not valid. Whether a
server has this list, and shows it for this key, is not certain (`look_up.py`), so a refusal of the list is no fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.channels.base import NoResponse, Refused, Request, Response, Sent
from campaign.channels.kitechat.look_up import KitechatLookUp
from campaign.channels.kitechat.responses import read_response
from campaign.channels.look_up import ListPage, Period
from campaign.channels.probe import Answered
from campaign.channels.responses import not_json

if TYPE_CHECKING:
    from campaign.channels.probe import ProbeVerdict

LONG_AGO = Period(1_577_836_800.0, 1_577_836_801.0)
"""The first second of 2020, in seconds since the epoch."""

NO_LIST = "it gives no list of messages, so rows in doubt cannot be looked up; the key is tried by the first message"

_LOOK_UP = KitechatLookUp()


class KitechatProbe:
    """The documented list, of a period in which nothing was sent."""

    def request(self) -> Request:
        """The GET."""
        return _LOOK_UP.request(LONG_AGO, 0, 0)

    def read(self, response: Response | NoResponse) -> ProbeVerdict:
        """A list shows that the key is accepted; a refusal in the API's form, that the server is the right one."""
        if not isinstance(response, NoResponse) and response.status in (403, 404):
            return Answered(f"the server answers (HTTP {response.status})", NO_LIST)
        if isinstance(_LOOK_UP.read(response), ListPage):
            return Answered("the server takes the key, and lists messages, so rows in doubt can be looked up")
        verdict = read_response(response)
        if not isinstance(verdict, Sent | Refused):
            return verdict
        assert isinstance(response, Response)  # noqa: S101 - without one it is neither
        # 400 is documented as invalid input, without a word on its body.
        right = response.status == 400 or isinstance(response.json(), dict)
        return Answered("the server answers", NO_LIST) if right else not_json(response)

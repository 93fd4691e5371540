"""AntBuddy Kitechat: `POST https://apiring.antbuddy.com/kitechat/send-message`.

Facts from the API's document ("API send message Livechat": the header `apikey`) and from AntBuddy's public API pages
(status codes 200, 400, 500, and 503 over the request limit). The document names no response body and no idempotency
key, so a lost response leaves its row in doubt, until the list of messages is looked up (`look_up.py`).
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from campaign.channels.base import Request
from campaign.channels.credentials import Credential, SecretMapping
from campaign.channels.kitechat.conversations import KitechatConversations
from campaign.channels.kitechat.look_up import KitechatLookUp
from campaign.channels.kitechat.payload import payload_problems, preview
from campaign.channels.kitechat.probe import KitechatProbe
from campaign.channels.kitechat.responses import read_response
from campaign.channels.kitechat.sandbox import SendMessage
from campaign.channels.kitechat.sandbox_contacts import FindContacts
from campaign.channels.kitechat.sandbox_list import ListMessages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.base import FieldProblem, NoResponse, Path, Payload, Quota, ReadBack, Response, Verdict
    from campaign.channels.preview import MessagePreview
    from campaign.channels.sandbox_api import RouteSettings, SandboxRoute

ENDPOINT = "/kitechat/send-message"


class Kitechat:
    """AntBuddy's Kitechat API. The server cannot be asked about one message, but for those of a period."""

    name = "kitechat"
    default_url = "https://apiring.antbuddy.com"
    endpoint = ENDPOINT
    credentials = (Credential("api_key", "KITECHAT_API_KEY", "API key"),)
    can_read_back = False
    look_up = KitechatLookUp()
    probe = KitechatProbe()
    conversations = KitechatConversations()
    destination_fields: tuple[Path, ...] = (("pageId",), ("conversationId",))
    remark = ""

    @property
    def starter(self) -> Traversable:
        """The files of a new Kitechat campaign."""
        return files(__package__) / "starter"

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The documented header `apikey`."""
        return SecretMapping(apikey=values["api_key"])

    def recognises(self, body: Payload) -> bool:
        """A body with a page or a conversation."""
        return not {"pageId", "conversationId"}.isdisjoint(body)

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """What the document rules out."""
        return payload_problems(payload)

    def destination(self, payload: Payload) -> str:
        """Page and conversation."""
        return f"{payload['pageId']}/{payload['conversationId']}"

    def stamp(self, payload: Payload, message_id: str) -> Payload:  # noqa: ARG002 - the API takes no id
        """The payload as it is: the document has no field for an id."""
        return payload

    def preview(self, payload: Payload) -> MessagePreview:
        """A bubble of the page's, and its cards."""
        return preview(payload)

    def send_request(self, body: bytes) -> Request:
        """The documented POST."""
        return Request("POST", ENDPOINT, body)

    def read_response(
        self,
        response: Response | NoResponse,
        body: bytes,  # noqa: ARG002 - responses do not repeat the message
        *,
        again: bool,  # noqa: ARG002 - no read-back here
    ) -> Verdict:
        """The verdict on a POST."""
        return read_response(response)

    def read_back_request(self, body: bytes) -> Request:
        """Kitechat documents no look-up of one message.

        Raises:
            NotImplementedError: always; `can_read_back` is False.
        """
        raise NotImplementedError("Kitechat documents no look-up of one message")

    def read_back(self, response: Response | NoResponse, body: bytes) -> ReadBack:
        """Kitechat documents no look-up of one message.

        Raises:
            NotImplementedError: always; `can_read_back` is False.
        """
        raise NotImplementedError("Kitechat documents no look-up of one message")

    def quota(self, response: Response) -> Quota | None:  # noqa: ARG002 - nothing to read
        """None: Kitechat does not state its limit before it is reached."""
        return None

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The documented POST; messages and contacts where the sandbox is to list what it has stored."""
        listing = settings.listing
        lists = [] if listing is None else [ListMessages(settings, listing), FindContacts(settings)]
        return SendMessage(settings), *lists


KITECHAT = Kitechat()

"""The built-in channels keep what the protocol promises, and the suite finds channels that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from campaign.channels import KITECHAT, LIVECHAT, ROCKETCHAT, Payload
from campaign.channels.base import Refused, Request, Sent
from campaign.channels.kitechat import Kitechat
from campaign.channels.livechat import Livechat
from campaign.channels.livechat.undo import LivechatUndo
from campaign.channels.preview import MessagePreview
from campaign.channels.sandbox_api import RouteSettings
from campaign.channels.undo import Deleted
from campaign.testing import ChannelConformance
from tests.out_of_tree.campaign_pager import PAGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels.base import NoResponse, Response

LIVECHAT_BODY: Payload = {"token": "t", "rid": "r", "msg": "Chào", "agent": {"agentId": "a", "username": "kim.jane"}}
KITECHAT_BODY: Payload = {"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "Chào"}}
ROCKETCHAT_BODY: Payload = {
    "message": {
        "rid": "r",
        "msg": "Chào",
        "alias": "Shop",
        "attachments": [
            {"title": "Áo dài", "actions": [{"type": "button", "text": "Xem", "url": "https://example.com/"}]}
        ],
    }
}


class TestLivechat(ChannelConformance):
    channel = LIVECHAT
    payload = LIVECHAT_BODY


class TestKitechat(ChannelConformance):
    channel = KITECHAT
    payload = KITECHAT_BODY


class TestRocketChat(ChannelConformance):
    channel = ROCKETCHAT
    payload = ROCKETCHAT_BODY


class TestRocketChatInAThread(ChannelConformance):
    channel = ROCKETCHAT
    payload: ClassVar[Payload] = {"message": {"rid": "r", "tmid": "m0", "msg": "Chào"}}


class TestPager(ChannelConformance):
    channel = PAGER
    payload: ClassVar[Payload] = {"number": "0903123456", "text": "Gate 4"}


class BelievesEverything(Livechat):
    """Takes any whole response for a sent message."""

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Sent:  # noqa: ARG002
        return Sent("m1")


class BlamesTheRow(Livechat):
    """Takes the server's trouble for a refusal of the row."""

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Refused:  # noqa: ARG002
        return Refused("error", "an error")


class FindsEverything(Livechat):
    """Finds a message in whatever a read-back brings."""

    def read_back(self, response: Response | NoResponse, body: bytes) -> Sent:  # noqa: ARG002
        return Sent("m1")


class DeletesEverything(LivechatUndo):
    """Takes whatever comes for a deletion."""

    def __init__(self) -> None:
        super().__init__(LIVECHAT.endpoint)

    def read(self, response: Response | NoResponse, body: bytes) -> Deleted:  # noqa: ARG002
        return Deleted()


class BelievesDeletions(Livechat):
    """Reads every answer as a deletion."""

    undo = DeletesEverything()


class StampsAnew(Livechat):
    """Stamps a stamped payload once more."""

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        return {"_id": message_id + payload.get("_id", ""), **{key: payload[key] for key in LIVECHAT_BODY}}


class ChangesItsArgument(Livechat):
    """Stamps in place."""

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        payload["_id"] = message_id
        return payload


class ShowsNothing(Livechat):
    """Has an empty preview."""

    def preview(self, payload: Payload) -> MessagePreview:  # noqa: ARG002
        return MessagePreview(("Visitor",), "right", ())


class IgnoresTheRoom(Livechat):
    """Takes every room of a visitor for one destination."""

    def destination(self, payload: Payload) -> str:
        return str(payload["token"])


class LeaksTheKey(Kitechat):
    """Puts the key into the URL as well."""

    def __init__(self) -> None:
        self.key = ""

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        self.key = values["api_key"]
        return super().auth_headers(values)

    def send_request(self, body: bytes) -> Request:
        return Request("POST", f"{self.endpoint}?apikey={self.key}", body)


class NamesTheServer(Kitechat):
    """Gives a whole URL."""

    def send_request(self, body: bytes) -> Request:
        return Request("POST", f"https://apiring.antbuddy.com{self.endpoint}", body)


class HasNoRoutes(Kitechat):
    """Is not in the sandbox."""

    def sandbox_routes(self, settings: RouteSettings) -> tuple[()]:  # noqa: ARG002
        return ()


@pytest.mark.parametrize(
    ("channel", "found_by"),
    [
        pytest.param(BelievesEverything(), "test_a_page_is_never_a_sent_message", id="a page is sent"),
        pytest.param(BelievesEverything(), "test_without_a_response_nothing_is_concluded", id="no response is sent"),
        pytest.param(BelievesEverything(), "test_over_the_limit_is_not_a_failure", id="429 is sent"),
        pytest.param(BlamesTheRow(), "test_server_trouble_fails_no_row", id="500 is a refusal"),
        pytest.param(BlamesTheRow(), "test_refused_access_and_redirects_stop_the_run", id="401 is a refusal"),
        pytest.param(FindsEverything(), "test_a_read_back_concludes_nothing_from_trouble", id="a page is found"),
        pytest.param(
            BelievesDeletions(), "test_no_message_is_taken_for_deleted_after_trouble", id="a page is a deletion"
        ),
        pytest.param(
            BelievesDeletions(), "test_the_sandbox_deletes_a_message_that_it_took", id="gone is deleted once more"
        ),
        pytest.param(StampsAnew(), "test_stamping_is_idempotent", id="a second stamp"),
        pytest.param(ChangesItsArgument(), "test_stamping_is_idempotent", id="a stamp in place"),
        pytest.param(ShowsNothing(), "test_a_valid_payload_has_a_preview", id="an empty preview"),
        pytest.param(IgnoresTheRoom(), "test_the_destination_depends_on_its_fields", id="half a destination"),
        pytest.param(LeaksTheKey(), "test_credentials_travel_in_headers_alone", id="a key in the URL"),
        pytest.param(NamesTheServer(), "test_requests_are_relative_to_the_base_url", id="a whole URL"),
        pytest.param(HasNoRoutes(), "test_the_sandbox_takes_a_valid_payload", id="no sandbox"),
    ],
)
def test_a_channel_that_breaks_a_promise_is_found(channel: Livechat | Kitechat, found_by: str) -> None:
    class Suite(ChannelConformance):
        pass

    Suite.channel = channel
    Suite.payload = dict(LIVECHAT_BODY if isinstance(channel, Livechat) else KITECHAT_BODY)
    with pytest.raises(AssertionError):
        getattr(Suite(), found_by)()

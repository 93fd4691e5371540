"""AntBuddy Kitechat: `POST https://apiring.antbuddy.com/kitechat/send-message`.

Facts from the API's document ("API send message Livechat": the header `apikey`) and from AntBuddy's public API pages
(status codes 200, 400, 500, and 503 over the request limit). The document names no response body, idempotency key or
look-up, so a lost response leaves its row in doubt.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from campaign.channels.base import Indeterminate, NoResponse, Refused, Request, Sent, Throttled
from campaign.channels.credentials import Credential, SecretMapping
from campaign.channels.kitechat.payload import payload_problems, preview
from campaign.channels.kitechat.sandbox import SendMessage
from campaign.channels.responses import (
    excerpt,
    kind_of,
    one_line,
    retry_after,
    server_trouble,
    without_response,
    wrong_server,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.base import FieldProblem, Path, Payload, Quota, ReadBack, Response, Verdict
    from campaign.channels.preview import MessagePreview
    from campaign.channels.sandbox_api import RouteSettings, SandboxRoute

API = "Kitechat's API"
ENDPOINT = "/kitechat/send-message"

FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure", "false", "ko"})
ID_FIELDS = ("messageId", "message_id", "msgId", "mid", "id", "_id")


class Kitechat:
    """AntBuddy's Kitechat API. The server cannot be asked about a lost response."""

    name = "kitechat"
    default_url = "https://apiring.antbuddy.com"
    endpoint = ENDPOINT
    credentials = (Credential("api_key", "KITECHAT_API_KEY", "API key"),)
    can_read_back = False
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

    def read_response(self, response: Response | NoResponse, *, again: bool) -> Verdict:  # noqa: ARG002 - no read-back here
        """The verdict on a POST. 503 is the documented response over the request limit: not taken."""
        if isinstance(response, NoResponse):
            return without_response(response)
        if response.status == 503:
            return Throttled("over the server's limit (HTTP 503)", retry_after(response))
        if trouble := server_trouble(response, retry_after):
            return trouble
        body = response.json()
        if 200 <= response.status < 300:
            return _read_success(response, body)
        # 400 is documented as "invalid input" without a word on its body; the others count only in JSON.
        is_page = response.body.lstrip().startswith(b"<")  # of a proxy, which says nothing about the row but its size
        if (
            response.status == 413
            or (response.status == 400 and not is_page)
            or (response.status in (404, 422) and isinstance(body, dict))
        ):
            return _read_refusal(response, body)
        return wrong_server(response, API)

    def read_back_request(self, body: bytes) -> Request:
        """Kitechat documents no look-up.

        Raises:
            NotImplementedError: always; `can_read_back` is False.
        """
        raise NotImplementedError("Kitechat documents no look-up")

    def read_back(self, response: Response | NoResponse) -> ReadBack:
        """Kitechat documents no look-up.

        Raises:
            NotImplementedError: always; `can_read_back` is False.
        """
        raise NotImplementedError("Kitechat documents no look-up")

    def quota(self, response: Response) -> Quota | None:  # noqa: ARG002 - nothing to read
        """None: Kitechat does not state its limit before it is reached."""
        return None

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The documented POST."""
        return (SendMessage(settings),)


def _read_success(response: Response, body: object) -> Sent | Refused | Indeterminate:
    if not isinstance(body, dict):
        return Indeterminate(f"the answer (HTTP {response.status}) is not JSON: {excerpt(response, 60)}")
    words = {str(body.get(name, "")).lower() for name in ("success", "ok", "status")}
    says_no = bool(body.get("error")) or not FAILURE_WORDS.isdisjoint(words)
    if says_no or _failure_code(body.get("code")) or _failure_code(body.get("status")):
        return _read_refusal(response, body)
    return Sent(_message_id(body))


def _failure_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 400


def _message_id(body: dict[str, object]) -> str | None:
    data = body.get("data")
    places = [body, data] if isinstance(data, dict) else [body]
    found = (place[name] for name in ID_FIELDS for place in places if isinstance(place.get(name), str | int))
    return next((str(value) for value in found if not isinstance(value, bool)), None)


def _read_refusal(response: Response, body: object) -> Refused:
    said = ""
    if isinstance(body, dict):
        said = next((one_line(str(body[name])) for name in ("message", "error", "msg", "code") if body.get(name)), "")
    said = said or excerpt(response)
    return Refused(
        f"{response.status} {kind_of(said)}", f"the server refused the message (HTTP {response.status}): {said}"
    )


KITECHAT = Kitechat()

"""AntBuddy Kitechat: `POST https://apiring.antbuddy.com/kitechat/send-message`.

Facts from the API's document ("API send message Livechat": fields, types, the header `apikey`) and from AntBuddy's
public API pages (status codes 200, 400, 500, and 503 over the request limit). No answer body, idempotency key or
look-up is documented, so a lost answer leaves its row in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from campaign.channels.answers import excerpt, kind_of, lost, one_line, retry_after, trouble, wrong_server
from campaign.channels.base import Indeterminate, NoResponse, Refused, Request, Sent, Throttled
from campaign.channels.schema import ABSENT, HttpUrl, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from campaign.channels.base import FieldProblem, Path, Payload, Quota, ReadBack, Response, Verdict

API = "Kitechat's API"
ENDPOINT = "/kitechat/send-message"

Media = Literal["image", "video", "audio", "document"]


class TextHeader(Strict):
    """A header in words."""

    type: Literal["text"]
    text: Text
    url: HttpUrl = ABSENT


class MediaHeader(Strict):
    """A header that shows a file."""

    type: Media
    url: HttpUrl
    text: Text = ABSENT


class QuickReply(Strict):
    """A button that answers with its payload."""

    type: Literal["quick_replies"]
    text: Text
    payload: Text
    url: HttpUrl = ABSENT


class WebUrl(Strict):
    """A button that opens a page."""

    type: Literal["web_url"]
    text: Text
    url: HttpUrl
    payload: Text = ABSENT


Header = Annotated[TextHeader | MediaHeader, Field(discriminator="type")]
Button = Annotated[QuickReply | WebUrl, Field(discriminator="type")]


class Card(Strict):
    """A card of a carousel: everything that a template holds, but no cards."""

    header: Header = ABSENT
    body: Text = ABSENT
    footer: Text = ABSENT
    buttons: list[Button] = ABSENT

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "must hold something")
        return self


class Template(Card):
    """A structured message."""

    cards: list[Card] = ABSENT


class TextMessage(Strict):
    """A message in words."""

    type: Literal["text"]
    text: Text
    url: HttpUrl = ABSENT


class MediaMessage(Strict):
    """A message that shows a file."""

    type: Media
    url: HttpUrl
    text: Text = ABSENT


class TemplateMessage(Strict):
    """A structured message."""

    type: Literal["template"]
    template: Template


class Body(Strict):
    """The whole body."""

    pageId: Text
    conversationId: Text
    message: Annotated[TextMessage | MediaMessage | TemplateMessage, Field(discriminator="type")]


_validate = TypeAdapter(Body).validator.validate_python

FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure", "false", "ko"})
ID_FIELDS = ("messageId", "message_id", "msgId", "mid", "id", "_id")


class Kitechat:
    """AntBuddy's Kitechat API. A lost answer cannot be resolved by asking."""

    name = "kitechat"
    default_url = "https://apiring.antbuddy.com"
    endpoint = ENDPOINT
    key_header = "apikey"
    key_variable = "KITECHAT_API_KEY"
    can_read_back = False
    destination_fields: tuple[Path, ...] = (("pageId",), ("conversationId",))

    def recognises(self, body: Payload) -> bool:
        """A body with a page or a conversation."""
        return not {"pageId", "conversationId"}.isdisjoint(body)

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """What the document rules out."""
        try:
            _validate(payload)
        except ValidationError as error:
            return [field_problem(each, _without_tags(each["loc"])) for each in error.errors(include_url=False)]
        return ()

    def destination(self, payload: Payload) -> str:
        """Page and conversation."""
        return f"{payload['pageId']}/{payload['conversationId']}"

    def stamp(self, payload: Payload, message_id: str) -> Payload:  # noqa: ARG002 - the API takes no id of ours
        """The payload as it is: the document has no field for an id of ours."""
        return payload

    def send_request(self, body: bytes) -> Request:
        """The documented POST."""
        return Request("POST", ENDPOINT, body)

    def read_response(self, answer: Response | NoResponse, *, again: bool) -> Verdict:  # noqa: ARG002 - no read-back here
        """Read the answer to a POST. 503 is the documented answer over the request limit: not taken."""
        if isinstance(answer, NoResponse):
            return lost(answer)
        if answer.status == 503:
            return Throttled("over the server's limit (HTTP 503)", retry_after(answer))
        if shared := trouble(answer, retry_after):
            return shared
        body = answer.json()
        if 200 <= answer.status < 300:
            return _read_success(answer, body)
        # 400 is documented as "invalid input" with no word about its body; the others count only in JSON.
        is_page = answer.body.lstrip().startswith(b"<")  # a proxy's, which says nothing of the row, but for its size
        if (
            answer.status == 413
            or (answer.status == 400 and not is_page)
            or (answer.status in (404, 422) and isinstance(body, dict))
        ):
            return _read_refusal(answer, body)
        return wrong_server(answer, API)

    def read_back_request(self, body: bytes) -> Request:
        """Kitechat documents no look-up.

        Raises:
            NotImplementedError: always; `can_read_back` says so beforehand.
        """
        raise NotImplementedError("Kitechat documents no look-up")

    def read_back(self, answer: Response | NoResponse) -> ReadBack:
        """Kitechat documents no look-up.

        Raises:
            NotImplementedError: always; `can_read_back` says so beforehand.
        """
        raise NotImplementedError("Kitechat documents no look-up")

    def quota(self, answer: Response) -> Quota | None:  # noqa: ARG002 - nothing to read
        """Kitechat tells nothing of its limit before it is reached."""
        return None


def _without_tags(location: Path) -> Path:
    """Where an error stands in the payload: pydantic adds the chosen `type` after a message, a header or a button."""
    path: list[str | int] = []
    tag_follows = False
    for part in location:
        if tag_follows:
            tag_follows = False
            continue
        path.append(part)
        in_buttons = isinstance(part, int) and path[-2] == "buttons"
        tag_follows = in_buttons or part == "header" or path == ["message"]
    return tuple(path)


def _read_success(answer: Response, body: object) -> Sent | Refused | Indeterminate:
    if not isinstance(body, dict):
        return Indeterminate(f"the answer (HTTP {answer.status}) is not JSON: {excerpt(answer, 60)}")
    words = {str(body.get(name, "")).lower() for name in ("success", "ok", "status")}
    says_no = bool(body.get("error")) or not FAILURE_WORDS.isdisjoint(words)
    if says_no or _failure_code(body.get("code")) or _failure_code(body.get("status")):
        return _read_refusal(answer, body)
    return Sent(_message_id(body))


def _failure_code(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 400


def _message_id(body: dict[str, object]) -> str | None:
    data = body.get("data")
    places = [body, data] if isinstance(data, dict) else [body]
    found = (place[name] for name in ID_FIELDS for place in places if isinstance(place.get(name), str | int))
    return next((str(value) for value in found if not isinstance(value, bool)), None)


def _read_refusal(answer: Response, body: object) -> Refused:
    said = ""
    if isinstance(body, dict):
        said = next((one_line(str(body[name])) for name in ("message", "error", "msg", "code") if body.get(name)), "")
    said = said or excerpt(answer)
    return Refused(f"{answer.status} {kind_of(said)}", f"the server refused the message (HTTP {answer.status}): {said}")


KITECHAT = Kitechat()

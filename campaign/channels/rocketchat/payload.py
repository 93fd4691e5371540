"""The body of `chat.sendMessage`: what the server accepts, and what a recipient sees of it.

Facts from Rocket.Chat's public server source, version 8: `packages/rest-typings/src/v1/chat.ts` (the schema) and
`apps/meteor/app/lib/server/functions/sendMessage.ts` (below: sendMessage.ts), which checks texts, addresses, fields and
actions of attachments. The server stores fields that it does not know; here they are problems: nobody sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from campaign.channels.base import FieldProblem
from campaign.channels.preview import Bubble, Button, MessagePreview, Part
from campaign.channels.schema import ABSENT, HttpUrl, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from pydantic_core import ErrorDetails

    from campaign.channels.base import Payload
    from campaign.channels.preview import PartKind

MEDIA: tuple[tuple[str, PartKind], ...] = (
    ("thumb_url", "image"),
    ("image_url", "image"),
    ("audio_url", "audio"),
    ("video_url", "video"),
)
"""Fields of an attachment that show a file, and what kind of file."""

PARTS: tuple[tuple[str, PartKind], ...] = (
    ("author_name", "foot"),
    ("author_link", "link"),
    ("title", "head"),
    ("title_link", "link"),
    ("text", "text"),
    *MEDIA,
)
"""Fields of an attachment from top to bottom, and how each is drawn."""

SHOWN = ("author_name", "title", "text", *(name for name, _ in MEDIA), "fields", "actions")
"""Fields of an attachment that a recipient sees; the others say how."""


class Field(Strict):
    """A title with a value below it; `short` ones stand beside each other (sendMessage.ts requires both texts)."""

    title: Text
    value: Text
    short: bool = ABSENT


class Action(Strict):
    """A button that opens an address, or sends a text into the conversation."""

    type: Literal["button"]
    text: Text = ABSENT
    image_url: HttpUrl = ABSENT
    url: HttpUrl = ABSENT
    is_webview: bool = ABSENT
    webview_height_ratio: Literal["compact", "tall", "full"] = ABSENT
    msg: Text = ABSENT
    msg_in_chat_window: bool = ABSENT

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.text or self.image_url):
            raise PydanticCustomError("empty", "must have a text or an image_url to be seen")
        if not (self.url or self.msg):
            raise PydanticCustomError("empty", "must have a url to open or a msg to send")
        return self


class Attachment(Strict):
    """A card below the text: an author, a title, a text, a file, fields and buttons."""

    color: Text = ABSENT
    collapsed: bool = ABSENT
    author_name: Text = ABSENT
    author_link: HttpUrl = ABSENT
    author_icon: HttpUrl = ABSENT
    title: Text = ABSENT
    title_link: HttpUrl = ABSENT
    title_link_download: bool = ABSENT
    text: Text = ABSENT
    thumb_url: HttpUrl = ABSENT
    image_url: HttpUrl = ABSENT
    audio_url: HttpUrl = ABSENT
    video_url: HttpUrl = ABSENT
    fields: list[Field] = ABSENT
    button_alignment: Literal["vertical", "horizontal"] = ABSENT
    actions: list[Action] = ABSENT

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if not any(getattr(self, name) for name in SHOWN):
            raise PydanticCustomError("empty", "must show something: a title, a text, a file, fields or actions")
        return self


class Message(Strict):
    """A message without `_id`, which campaign sets itself."""

    rid: Text
    msg: Text = ABSENT
    alias: Text = ABSENT
    emoji: Text = ABSENT
    avatar: HttpUrl = ABSENT
    tmid: Text = ABSENT
    attachments: list[Attachment] = ABSENT

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.msg or self.attachments):
            raise PydanticCustomError("nothing_to_send", "is missing, and there is no attachment either")
        return self


class Body(Strict):
    """The whole body."""

    message: Message


_validate = TypeAdapter(Body).validator.validate_python


def payload_problems(payload: Payload) -> Sequence[FieldProblem]:
    """What the server would refuse, or store without anything to see."""
    message = payload.get("message")
    if isinstance(message, dict) and "_id" in message:
        rest = {name: value for name, value in message.items() if name != "_id"}
        what = "must be left out: campaign sets it, so that no retry sends twice"
        problem = FieldProblem(("message", "_id"), what, takes_text=False)
        return [problem, *payload_problems({**payload, "message": rest})]
    try:
        _validate(payload)
    except ValidationError as error:
        return [_problem(each) for each in error.errors(include_url=False)]
    return ()


def _problem(error: ErrorDetails) -> FieldProblem:
    path = error["loc"]
    match error["type"]:
        case "nothing_to_send":
            return FieldProblem((*path, "msg"), error["msg"], missing=True)
        case "literal_error":
            return FieldProblem(path, f"must be {error['ctx']['expected']}".replace("'", ""))
        case "bool_type":
            return FieldProblem(path, "must be true or false", takes_text=False)
    return field_problem(error, path)


def preview(payload: Payload) -> MessagePreview:
    """The agent's message: a bubble with the text, and one for each attachment."""
    message = payload["message"]
    text = Bubble((Part("text", str(message["msg"])),)) if message.get("msg") else Bubble()
    bubbles = [text, *map(_card, message.get("attachments") or ())]
    shown = tuple(bubble for bubble in bubbles if bubble.parts or bubble.buttons)
    return MessagePreview(tuple(_sender(message)), "left", shown)


def _sender(message: dict[str, Any]) -> Iterator[str]:
    yield "Agent"
    if message.get("alias"):
        yield f"as {message['alias']}"
    for name in ("emoji", "avatar"):
        if message.get(name):
            yield f"{name} {message[name]}"
    if message.get("tmid"):
        yield f"in the thread {message['tmid']}"


def _card(attachment: dict[str, Any]) -> Bubble:
    actions = attachment.get("actions") or ()
    return Bubble(tuple(_parts(attachment)), tuple(_button(action) for action in actions))


def _parts(attachment: dict[str, Any]) -> Iterator[Part]:
    for name, kind in PARTS:
        if attachment.get(name):
            yield Part(kind, str(attachment[name]))
    for each in attachment.get("fields") or ():
        yield Part("text", f"{each['title']}: {each['value']}")


def _button(action: dict[str, Any]) -> Button:
    label = str(action.get("text") or action.get("image_url") or "")
    if action.get("url"):
        return Button("link", label, str(action["url"]))
    return Button("reply", label, str(action.get("msg") or ""))

"""The body of Kitechat's messages: what the server accepts, and what a recipient sees of it.

Facts from the API's document ("API send message Livechat": fields and types).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from campaign.channels.preview import Bubble, Button, MessagePreview, Part
from campaign.channels.schema import ABSENT, HttpUrl, Strict, Text, field_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from campaign.channels.base import FieldProblem, Path, Payload

Media = Literal["image", "video", "audio", "document"]


class TextHeader(Strict):
    """A header of text."""

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


AnyHeader = Annotated[TextHeader | MediaHeader, Field(discriminator="type")]
AnyButton = Annotated[QuickReply | WebUrl, Field(discriminator="type")]


class Card(Strict):
    """A card of a carousel: the fields of a template, without cards."""

    header: AnyHeader = ABSENT
    body: Text = ABSENT
    footer: Text = ABSENT
    buttons: list[AnyButton] = ABSENT

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "must hold something")
        return self


class Template(Card):
    """A structured message."""

    cards: list[Card] = ABSENT


class TextMessage(Strict):
    """A message of text."""

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


def payload_problems(payload: Payload) -> Sequence[FieldProblem]:
    """What the document rules out."""
    try:
        _validate(payload)
    except ValidationError as error:
        return [field_problem(each, _without_tags(each["loc"])) for each in error.errors(include_url=False)]
    return ()


def _without_tags(location: Path) -> Path:
    """The place of an error in the payload: pydantic adds the chosen `type` after a message, a header or a button."""
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


def preview(payload: Payload) -> MessagePreview:
    """The page's message: one bubble, and one for each card of a carousel."""
    sender, message = (f"Page {payload['pageId']}",), payload["message"]
    if message["type"] != "template":
        return MessagePreview(sender, "left", (Bubble(tuple(_content(message, "text"))),))
    template = message["template"]
    own = _card(template)
    cards = tuple(_card(card) for card in template.get("cards") or [])
    return MessagePreview(sender, "left", (own,) if own.parts or own.buttons else (), cards)


def _card(card: dict[str, Any]) -> Bubble:
    parts = [*_content(card["header"], "head")] if card.get("header") else []
    if card.get("body"):
        parts.append(Part("text", card["body"]))
    if card.get("footer"):
        parts.append(Part("foot", card["footer"]))
    return Bubble(tuple(parts), tuple(_button(button) for button in card.get("buttons") or []))


def _content(content: dict[str, Any], text: Literal["text", "head"]) -> Iterator[Part]:
    """A message or a header: text, or a file; the API allows the other's field beside each."""
    if content["type"] == "text":
        yield Part(text, content["text"])
        if content.get("url"):
            yield Part("link", content["url"])
    else:
        yield Part(content["type"], content["url"])
        if content.get("text"):
            yield Part("text", content["text"])


def _button(button: dict[str, Any]) -> Button:
    if button["type"] == "web_url":
        return Button("link", button["text"], button["url"])
    return Button("reply", button["text"], button["payload"])

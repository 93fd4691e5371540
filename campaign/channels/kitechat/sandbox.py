"""Kitechat's part in a sandbox: POST /kitechat/send-message.

The documentation names the status codes alone (200, 400, 500, 503 over the limit); the bodies here are made up, in the
usual form. A conversationId that begins with "unknown-" is refused, so that samples and tests can have refusals.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from campaign.channels.sandbox_api import Destination, Reply, SandboxRoute, error_page, json_reply, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels.sandbox_api import SandboxRequest, StoredMessage

JsonObject: TypeAlias = dict[str, object]

UNKNOWN = "unknown-"

MEDIA = ("image", "video", "audio", "document")
MESSAGE_TYPES = ("text", *MEDIA, "template")
HEADER_TYPES = ("text", *MEDIA)
BUTTON_TYPES = ("quick_replies", "web_url")
CARD_FIELDS = ("header", "body", "footer", "buttons")


class SendMessage(SandboxRoute):
    """POST /kitechat/send-message."""

    path = "/kitechat/send-message"

    def destination(self, request: SandboxRequest) -> Destination:
        """PageId and conversationId of the body."""
        return Destination(text_of(request.body, "pageId"), text_of(request.body, "conversationId"))

    def respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        """Take the message, or say why not."""
        window = self.hit()
        if window is not None and not window.allowed:
            return self.failed(503, "request limit exceeded")
        if not self._settings.accepts("api_key", request.headers.get("apikey")):
            return self.failed(401, "invalid apikey")
        try:
            check_body(request.body)
        except InvalidBodyError as error:
            return self.failed(400, str(error))
        if self.destination(request).conversation.startswith(UNKNOWN):
            return self.failed(400, "conversation not found")
        message_id = uuid.uuid4().hex
        return json_reply(200, {"success": True, "messageId": message_id})._replace(message_id=message_id, taken=True)

    def throttled(self, headers: Mapping[str, str]) -> Reply:
        """AntBuddy's API pages: 503 is the response over the request limit."""
        return error_page(503, "Service Unavailable", headers)

    def failed(self, status: int, text: str) -> Reply:
        """A refusal in the form of the maker's other endpoints."""
        return json_reply(status, {"success": False, "message": text})


class InvalidBodyError(ValueError):
    """The body is not what the documentation describes: "place: what is wrong"."""


def check_body(body: object) -> None:
    """Compare a body with the documentation.

    Raises:
        InvalidBodyError: naming the first thing that is wrong.
    """
    fields = _object(body, "body", ("pageId", "conversationId", "message"))
    _require_text(fields, "pageId", "body")
    _require_text(fields, "conversationId", "body")
    _check_message(_require(fields, "message", "body"), "message")


def _check_message(value: object, where: str) -> None:
    message = _object(value, where, ("type", "text", "url", "template"))
    kind = _one_of(message, "type", where, MESSAGE_TYPES)
    _check_texts(message, where, ("text", "url"))
    if kind == "text":
        _require_text(message, "text", where)
    elif kind in MEDIA:
        _require_text(message, "url", where)
    if kind == "template" or "template" in message:
        _check_template(_require(message, "template", where), f"{where}.template")


def _check_template(value: object, where: str) -> None:
    template = _object(value, where, (*CARD_FIELDS, "cards"))
    _check_content(template, where)
    for place, card in _items(template, "cards", where):
        _check_content(_object(card, place, CARD_FIELDS), place)


def _check_content(content: JsonObject, where: str) -> None:
    """Check the fields that a template and a card have in common."""
    if not content:
        raise InvalidBodyError(f"{where}: must not be empty")
    _check_texts(content, where, ("body", "footer"))
    if "header" in content:
        _check_header(content["header"], f"{where}.header")
    for place, button in _items(content, "buttons", where):
        _check_button(button, place)


def _check_header(value: object, where: str) -> None:
    header = _object(value, where, ("type", "text", "url"))
    kind = _one_of(header, "type", where, HEADER_TYPES)
    _check_texts(header, where, ("text", "url"))
    _require_text(header, "text" if kind == "text" else "url", where)


def _check_button(value: object, where: str) -> None:
    button = _object(value, where, ("type", "text", "payload", "url"))
    kind = _one_of(button, "type", where, BUTTON_TYPES)
    _check_texts(button, where, ("text", "payload", "url"))
    _require_text(button, "text", where)
    _require_text(button, "payload" if kind == "quick_replies" else "url", where)


def _object(value: object, where: str, allowed: tuple[str, ...]) -> JsonObject:
    if not isinstance(value, dict):
        raise InvalidBodyError(f"{where}: must be an object")
    for name in value:
        if name not in allowed:
            raise InvalidBodyError(f"{where}.{name}: is not a documented field")
    return value


def _items(fields: JsonObject, name: str, where: str) -> list[tuple[str, object]]:
    values = fields.get(name, [])
    if not isinstance(values, list):
        raise InvalidBodyError(f"{where}.{name}: must be an array")
    return [(f"{where}.{name}[{index}]", value) for index, value in enumerate(values)]


def _require(fields: JsonObject, name: str, where: str) -> object:
    if name not in fields:
        raise InvalidBodyError(f"{where}.{name}: is required")
    return fields[name]


def _require_text(fields: JsonObject, name: str, where: str) -> None:
    value = _require(fields, name, where)
    if not isinstance(value, str):
        raise InvalidBodyError(f"{where}.{name}: must be a string")
    if not value.strip():
        raise InvalidBodyError(f"{where}.{name}: must not be blank")


def _check_texts(fields: JsonObject, where: str, names: tuple[str, ...]) -> None:
    for name in names:
        value = fields.get(name, "")
        if not isinstance(value, str):
            raise InvalidBodyError(f"{where}.{name}: must be a string")
        if name == "url" and "url" in fields and not _is_web_address(value):
            raise InvalidBodyError(f"{where}.url: must be an http or https address")


def _one_of(fields: JsonObject, name: str, where: str, choices: tuple[str, ...]) -> str:
    value = _require(fields, name, where)
    if not isinstance(value, str) or value not in choices:
        raise InvalidBodyError(f"{where}.{name}: must be one of {', '.join(choices)}")
    return value


def _is_web_address(text: str) -> bool:
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False

"""Whether a body is what Kitechat's documentation describes, and nothing beyond it."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

JsonObject: TypeAlias = dict[str, object]

MEDIA = ("image", "video", "audio", "document")
MESSAGE_TYPES = ("text", *MEDIA, "template")
HEADER_TYPES = ("text", *MEDIA)
BUTTON_TYPES = ("quick_replies", "web_url")
CARD_FIELDS = ("header", "body", "footer", "buttons")


class InvalidBodyError(ValueError):
    """The body is not what the documentation describes: "place: what is wrong"."""


def check_body(body: object) -> None:
    """Hold a body against the documentation.

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
    """What a template and a card have in common."""
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

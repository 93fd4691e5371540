"""What Rocket.Chat's server checks in the bodies of chat.sendMessage and chat.delete.

Sources: `packages/rest-typings/src/v1/chat.ts` (the schemas) and
`apps/meteor/app/lib/server/functions/sendMessage.ts` (`validateMessage`, `validateAttachment`). Like the real server,
this one stores fields of a message and of attachments that it does not know. Stricter in one thing: the real validator
turns numbers into text, this one refuses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DELETION = ("msgId", "roomId")
TEXTS = ("_id", "rid", "tmid", "msg", "alias", "emoji", "avatar")

ATTACHMENT_TEXTS = ("color", "text", "button_alignment", "author_name", "title", "image_preview", "image_type")
ATTACHMENT_ADDRESSES = (
    *("thumb_url", "message_link", "author_link", "author_icon", "title_link"),
    *("image_url", "audio_url", "video_url"),
)
ATTACHMENT_TRUTHS = ("collapsed", "title_link_download")
ACTION_TEXTS = ("type", "text", "webview_height_ratio", "msg")
ACTION_ADDRESSES = ("url", "image_url")
ACTION_TRUTHS = ("is_webview", "msg_in_chat_window")

BAD_ADDRESS = "Invalid href value provided"
INCOMPLETE_FIELD = "Invalid attachment field, title and value is required"


def message_of(body: object) -> dict[str, Any]:
    """The message of a body; an empty one where there is none."""
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, dict) else {}


def message_problem(body: object) -> str | None:
    """What the schema rules out in a body, in the validator's words; None for a valid one."""
    problem = _fields_problem(body, required=("message",), optional=("previewUrls",))
    message = body.get("message") if isinstance(body, dict) else None
    return problem or next(_message_problems(message), None)


def deletion_problem(body: object) -> str | None:
    """The same for the body of a deletion."""
    problem = _fields_problem(body, required=DELETION, optional=("asUser",))
    if problem is None and isinstance(body, dict) and not all(isinstance(body[name], str) for name in DELETION):
        return "must be string"
    return problem


def _fields_problem(body: object, *, required: tuple[str, ...], optional: tuple[str, ...]) -> str | None:
    if not isinstance(body, dict):
        return "must be object"
    if missing := next((name for name in required if name not in body), None):
        return f"must have required property '{missing}'"
    return None if body.keys() <= {*required, *optional} else "must NOT have additional properties"


def _message_problems(message: object) -> Iterator[str]:
    if not isinstance(message, dict):
        yield "must be object"
        return
    if "rid" in message and message["rid"] is None:  # every other field may be null
        yield "must be string"
    if any(not isinstance(message.get(name), str | None) for name in TEXTS):
        yield "must be string"
    attachments = message.get("attachments")
    if not isinstance(attachments, list | None):
        yield "must be array"
    elif not all(isinstance(each, dict) for each in attachments or ()):
        yield "must be object"


def content_error(message: Mapping[str, Any]) -> str | None:
    """What the server has against the content of a message that fits the schema; None: nothing."""
    avatar = message.get("avatar")
    if avatar is not None and not (avatar.startswith("/") or is_web_address(avatar)):
        return BAD_ADDRESS
    return next((error for each in message.get("attachments") or () for error in _attachment_errors(each)), None)


def _attachment_errors(attachment: Mapping[str, Any]) -> Iterator[str]:
    yield from _type_errors(attachment, ATTACHMENT_TEXTS, ATTACHMENT_ADDRESSES, ATTACHMENT_TRUTHS)
    for name in ("fields", "actions"):
        if not isinstance(attachment.get(name), list | None):
            yield f"Match error: Expected array in field {name}"
            return
    for each in attachment.get("fields") or ():
        yield from _field_errors(each)
    for each in attachment.get("actions") or ():
        if isinstance(each, dict):
            yield from _type_errors(each, ACTION_TEXTS, ACTION_ADDRESSES, ACTION_TRUTHS)
        else:
            yield "Match error: Failed Match.Where validation"


def _field_errors(field: object) -> Iterator[str]:
    if not isinstance(field, dict):
        yield INCOMPLETE_FIELD
        return
    yield from _type_errors(field, ("title",), (), ("short",))
    if not isinstance(field.get("value"), str | int | float | None):
        yield "Match error: Match.OneOf, Match.Maybe or Match.Optional validation failed in field value"
    if not field.get("title") or not field.get("value"):
        yield INCOMPLETE_FIELD


def _type_errors(
    fields: Mapping[str, Any], texts: tuple[str, ...], addresses: tuple[str, ...], truths: tuple[str, ...]
) -> Iterator[str]:
    """Fields of another type than the server expects; absent and null are the same."""
    for name in (*texts, *addresses):
        if not isinstance(fields.get(name), str | None):
            yield f"Match error: Expected string, got {type(fields[name]).__name__} in field {name}"
        elif name in addresses and fields.get(name) is not None and not is_web_address(fields[name]):
            yield BAD_ADDRESS
    for name in truths:
        if not isinstance(fields.get(name), bool | None):
            yield f"Match error: Expected boolean, got {type(fields[name]).__name__} in field {name}"


def is_web_address(text: str) -> bool:
    """Whether a browser takes the text for an address of the web."""
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def length_in_javascript(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

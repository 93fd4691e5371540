"""Reading the sessions of Kitechat's list: which message is where, from when, and what became of it.

The documented fields of a session are `pageId`, `conversationId` and `messages`; those of a message are `_id`,
`isOutboundMessage` and `errorMessage` (AntBuddy's page "19. API get Omni Messages"). Its time is in none of them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels.kitechat.content import listed_content, listed_texts
from campaign.channels.look_up import ListedMessage
from campaign.channels.responses import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.channels.look_up import Conversation

TIME_FIELDS = ("createdAt", "created_at", "createdTime", "timestamp", "time")
"""Fields in which such APIs state when a message was created."""

MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds: as seconds it would be beyond the year 5000."""

NO_ERROR = frozenset({"", "0", "200", "{}", "[]", "none", "null", "undefined", "false", "ok", "success"})
"""What a field for errors holds where there was none, in small letters."""


def entries_of(session: object) -> Iterator[ListedMessage | None]:
    """The messages of a session; None for what is not understood."""
    messages = session.get("messages") if isinstance(session, dict) else None
    conversation = conversation_of(session) if isinstance(session, dict) else None
    if conversation is None or not isinstance(messages, list):
        yield None
        return
    for message in messages:
        yield _listed(message, conversation) if isinstance(message, dict) else None


def conversation_of(session: Mapping[str, object]) -> Conversation | None:
    """Page and conversation of a session; None where it does not say."""
    page, conversation = session.get("pageId"), session.get("conversationId")
    if all(isinstance(each, str | int) and not isinstance(each, bool) for each in (page, conversation)):
        return str(page), str(conversation)
    return None


def _listed(message: Mapping[str, object], conversation: Conversation) -> ListedMessage | None:
    message_id, outbound = message.get("_id"), message.get("isOutboundMessage")
    if not isinstance(message_id, str) or not message_id:
        return None
    created = _created(message)
    return ListedMessage(
        message_id=message_id,
        conversation=conversation,
        outbound=outbound if isinstance(outbound, bool) else None,
        created=created.earliest if created else None,
        precision=created.precision if created else 0.0,
        texts=listed_texts(message),
        content=listed_content(message),
        error=error_of(message.get("errorMessage")),
        zoned=created is None or created.zoned,
    )


def error_of(value: object) -> str:
    """Why a message was not delivered; "" where nothing in the field says that: {"code": 0, "message": ""} is none."""
    if all(str(leaf).strip().lower() in NO_ERROR for leaf in _leaves(value)):
        return ""
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _leaves(value: object) -> Iterator[object]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        else:
            yield each


class _Created(NamedTuple):
    earliest: float
    precision: float
    zoned: bool = True


def time_of(message: Mapping[str, object]) -> float | None:
    """When a message was created, in seconds since the epoch; None where it does not say."""
    created = _created(message)
    return created.earliest if created else None


def _created(message: Mapping[str, object]) -> _Created | None:
    """When a message was created: by its own field, else by its id.

    The first four bytes of a MongoDB ObjectId are its second of creation (BSON specification, "ObjectId").
    """
    for name in TIME_FIELDS:
        if found := moment_of(message.get(name)):
            return found
    message_id = str(message.get("_id"))
    return _Created(float(int(message_id[:8], 16)), 1.0) if re.fullmatch(r"[0-9a-f]{24}", message_id) else None


def moment_of(value: object) -> _Created | None:
    """A time in ISO 8601, in milliseconds or in seconds; text of digits counts as a number.

    One that names no zone is read as UTC, and may be of any other.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{9,14}", value):
        value = int(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and 0 < value < MILLISECONDS * 1000:
        seconds = float(value)
        return _Created(seconds / 1000, 0.001) if seconds >= MILLISECONDS else _Created(seconds, 1.0)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    zoned = moment.tzinfo is not None
    aware = moment if zoned else moment.replace(tzinfo=UTC)
    return _Created(aware.timestamp(), 0.001 if "." in value else 1.0, zoned)

"""Looking up Kitechat's messages: `GET /messages?created_from=…&created_to=…&limit=…&offset=…`.

Facts from AntBuddy's public page "19. API get Omni Messages" (docs.antbuddy.com, AntCRM): the header `apikey`, the four
parameters, of which the two times are required, and the answer, `{"success": true, "data": {"sessions": [session]}}`,
where a session has `pageId`, `conversationId` and `messages`, each of them `{"_id", "attachments", "shares", "channel",
"errorMessage", "isOutboundMessage", …}`.

The page's table calls the times timestamps, and its example shows ISO 8601 in UTC, so both are tried. It does not show
which field holds the text, nor say what `limit` and `offset` count, in which order messages come or how many a page can
have. So a text is found in whichever field it stands, pages are asked for until one is empty, and the offset grows by
the sessions of a page, of which there are never more than messages: pages may overlap, and none is left out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from campaign.channels.base import Fatal, NoResponse, Request
from campaign.channels.kitechat.responses import API, read_response
from campaign.channels.look_up import ListedMessage, ListPage, OtherForm, Sought, Unavailable
from campaign.channels.responses import (
    UNREADABLE_IN_A_ROW,
    excerpt,
    is_page,
    not_json,
    one_line,
    server_trouble,
    without_response,
)
from campaign.channels.responses import retry_after as wait_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.channels.base import Payload, Response
    from campaign.channels.look_up import Conversation, LookUpResult, Period

PATH = "/messages"

PAGE = 100
"""Sessions or messages asked for at once; the page of the API states no limit, and a hundred is a common one."""

NOT_CONTENT = frozenset({"_id", "channel", "errorMessage"})
"""Documented fields of a message whose text is not what its recipient reads."""

TIME_FIELDS = ("createdAt", "created_at", "createdTime", "timestamp", "time")
"""Fields in which such APIs state when a message was created."""

MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds: as seconds it would be beyond the year 5000."""


class KitechatLookUp:
    """The documented list, with the times in ISO 8601 or in milliseconds."""

    forms = 2

    def request(self, period: Period, offset: int, form: int) -> Request:
        """The documented GET; the times are rounded outwards."""
        start, end = int(period.start // 1), int(-(-period.end // 1))
        times = (_iso(start), _iso(end)) if form == 0 else (str(start * 1000), str(end * 1000))
        query = {"created_from": times[0], "created_to": times[1], "limit": str(PAGE), "offset": str(offset)}
        return Request("GET", f"{PATH}?{urlencode(query)}")

    def read(self, response: Response | NoResponse) -> LookUpResult:
        """The page, or what is in its way. A page of HTML with 200 may be a proxy's alone, so it is indeterminate."""
        if isinstance(response, NoResponse):
            verdict = without_response(response)
            return Unavailable(verdict.reason) if isinstance(verdict, Fatal) else verdict
        if response.status == 400 and not is_page(response):
            return OtherForm(f"the server does not accept the period (HTTP 400): {excerpt(response)}")
        if 200 <= response.status < 300:
            return _read_page(response)
        return _read_trouble(response)

    def sought(self, body: bytes) -> Sought:
        """Page, conversation and content of a message."""
        payload = json.loads(body)
        return Sought((payload["pageId"], payload["conversationId"]), content_of(payload["message"]))


def folded(text: str) -> str:
    """A text for comparison: composed (NFC), each run of white space one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def content_of(message: Payload) -> frozenset[str]:
    """What a message in the list must have to be this one.

    A text has its text and a file its address. A template has the text of its body: header, footer and buttons may be
    in fields of their own, or left out. Without a body, its cards' bodies count, and without those all that it shows.
    """
    if message["type"] == "template":
        template = message["template"]
        bodies = [part["body"] for part in (template, *template.get("cards", ())) if part.get("body")]
        own = [template["body"]] if template.get("body") else bodies or list(_shown(template))
    else:
        own = [message["text"] if message["type"] == "text" else message["url"]]
    return frozenset(filter(None, map(folded, own)))


def _shown(template: Payload) -> Iterator[str]:
    """Texts and addresses of headers, footers and buttons."""
    for part in (template, *template.get("cards", ())):
        header = part.get("header") or {}
        yield from (header[name] for name in ("text", "url") if header.get(name))
        if part.get("footer"):
            yield part["footer"]
        yield from (button["text"] for button in part.get("buttons") or ())


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _read_trouble(response: Response) -> LookUpResult:
    """The verdict on a status that is not 2xx. 503 is the documented response over the request limit."""
    said = f"HTTP {response.status}"
    trouble = read_response(response) if response.status == 503 else server_trouble(response, wait_of)
    if trouble is None or isinstance(trouble, Fatal) or response.status == 303:
        more = "" if is_page(response) else f": {excerpt(response, 60)}"
        return Unavailable(f"the server gives no list of messages ({said}){more}")
    return trouble  # type: ignore[return-value] # neither sent nor refused: it is trouble


def _read_page(response: Response) -> LookUpResult:
    answer = response.json()
    if answer is None:
        return replace(not_json(response), stop_after=UNREADABLE_IN_A_ROW)
    data = answer.get("data") if isinstance(answer, dict) else None
    sessions = data.get("sessions") if isinstance(data, dict) else None
    if not isinstance(answer, dict) or answer.get("success") is not True or not isinstance(sessions, list):
        status = _status_in(answer)
        if status in (429, 503) or status >= 500:
            return _read_trouble(response._replace(status=status))
        return Unavailable(f"the server's list of messages is not in the form of {API}: {excerpt(response, 60)}")
    entries = [entry for session in sessions for entry in _entries(session)]
    read = tuple(entry for entry in entries if entry is not None)
    return ListPage(read, len(sessions), len(entries) - len(read))


def _status_in(answer: object) -> int:
    """The HTTP status that an answer has in its body, as gateways put it there; 0 for none."""
    codes = [answer.get(name) for name in ("code", "status", "error_code")] if isinstance(answer, dict) else []
    return next((code for code in codes if isinstance(code, int) and 100 <= code < 600), 0)


def _entries(session: object) -> Iterator[ListedMessage | None]:
    """The messages of a session; None for what is not understood."""
    messages = session.get("messages") if isinstance(session, dict) else None
    conversation = _conversation(session) if isinstance(session, dict) else None
    if conversation is None or not isinstance(messages, list):
        yield None
        return
    for message in messages:
        yield _listed(message, conversation) if isinstance(message, dict) else None


def _conversation(session: Mapping[str, object]) -> Conversation | None:
    page, conversation = session.get("pageId"), session.get("conversationId")
    if isinstance(page, str | int) and isinstance(conversation, str | int):
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
        texts=frozenset(
            folded(text) for name, value in message.items() if name not in NOT_CONTENT for text in _texts(value)
        ),
        error=_error(message.get("errorMessage")),
    )


def _error(value: object) -> str:
    if isinstance(value, str):
        return one_line(value)
    return one_line(json.dumps(value, ensure_ascii=False, default=str)) if value else ""


def _texts(value: object) -> Iterator[str]:
    """Every text in a value; the depth is that of JSON which a parser has accepted."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


class _Created(NamedTuple):
    earliest: float
    precision: float


def _created(message: Mapping[str, object]) -> _Created | None:
    """When a message was created: by its own field, else by its id.

    The first four bytes of a MongoDB ObjectId are its second of creation (BSON specification, "ObjectId").
    """
    for name in TIME_FIELDS:
        if found := _moment(message.get(name)):
            return found
    message_id = str(message.get("_id"))
    return _Created(float(int(message_id[:8], 16)), 1.0) if re.fullmatch(r"[0-9a-f]{24}", message_id) else None


def _moment(value: object) -> _Created | None:
    """A time in ISO 8601, in milliseconds or in seconds; text of digits counts as a number."""
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
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _Created(aware.timestamp(), 0.001 if "." in value else 1.0)

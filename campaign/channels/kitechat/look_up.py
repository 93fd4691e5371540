"""Looking up Kitechat's messages: `GET /messages?created_from=…&created_to=…&limit=…&offset=…`.

Facts from AntBuddy's public page "19. API get Omni Messages" (docs.antbuddy.com, AntCRM): the header `apikey`, the four
parameters, of which the two times are required, and the answer, `{"success": true, "data": {"sessions": [session]}}`,
where a session has `pageId`, `conversationId` and `messages`, each of them `{"_id", "attachments", "shares", "channel",
"errorMessage", "isOutboundMessage", …}`.

The page's table calls the times timestamps, and its example shows ISO 8601 in UTC, so both are tried. It does not show
which field holds the text, nor say what `limit` and `offset` count, in which order messages come or how many a page can
have. So fields are known by their names (`content.py`), pages are asked for until one is empty, and the offset grows by
the sessions of a page, of which there are never more than messages: pages may overlap, and none is left out.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Request, Throttled, Unreachable
from campaign.channels.kitechat.content import content_of, parts_of
from campaign.channels.kitechat.listed import entries_of
from campaign.channels.kitechat.responses import API, read_response
from campaign.channels.look_up import ListPage, OtherForm, Sought, Unavailable
from campaign.channels.responses import (
    UNREADABLE_IN_A_ROW,
    excerpt,
    is_page,
    not_json,
    server_trouble,
    without_response,
)
from campaign.channels.responses import retry_after as wait_of

if TYPE_CHECKING:
    from campaign.channels.base import Response
    from campaign.channels.look_up import LookUpResult, Period

Obstacle: TypeAlias = OtherForm | Unavailable | Throttled | Unreachable | Indeterminate

PATH = "/messages"

PAGE = 100
"""Sessions or messages asked for at once; the page of the API states no limit, and a hundred is a common one."""


LONGEST_PAGE = 32 * 1024 * 1024
"""Bytes read of a page: sessions can be long, and their messages have pictures' addresses and more beside the text."""


class KitechatLookUp:
    """The documented list, with the times in ISO 8601 or in milliseconds."""

    forms = 2

    def request(self, period: Period, offset: int, form: int) -> Request:
        """The documented GET; the times are rounded outwards."""
        start, end = int(period.start // 1), int(-(-period.end // 1))
        times = (_iso(start), _iso(end)) if form == 0 else (str(start * 1000), str(end * 1000))
        query = {"created_from": times[0], "created_to": times[1], "limit": str(PAGE), "offset": str(offset)}
        return Request("GET", f"{PATH}?{urlencode(query)}", longest=LONGEST_PAGE)

    def read(self, response: Response | NoResponse) -> LookUpResult:
        """The page, or what is in its way. A page of HTML with 200 may be a proxy's alone, so it is indeterminate."""
        sessions = sessions_of(response)
        if not isinstance(sessions, list):
            return sessions
        entries = [entry for session in sessions for entry in entries_of(session)]
        read = tuple(entry for entry in entries if entry is not None)
        return ListPage(read, len(sessions), len(entries) - len(read))

    def sought(self, body: bytes) -> Sought:
        """Page, conversation and content of a message."""
        payload = json.loads(body)
        message = payload["message"]
        conversation = (payload["pageId"], payload["conversationId"])
        return Sought(conversation, content_of(message), parts_of(message), message["type"])


def sessions_of(response: Response | NoResponse) -> list[object] | Obstacle:
    """The sessions of a page of the list, or what is in its way."""
    if isinstance(response, NoResponse):
        verdict = without_response(response)
        return Unavailable(verdict.reason) if isinstance(verdict, Fatal) else verdict
    if response.status == 400 and not is_page(response):
        return OtherForm(f"the server does not accept the period (HTTP 400): {excerpt(response)}")
    if 200 <= response.status < 300:
        return _read_page(response)
    return read_trouble(response, "messages")


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def read_trouble(response: Response, what: str) -> Unavailable | Throttled | Indeterminate:
    """The verdict on a status that is not 2xx. 503 is the documented response over the request limit.

    Args:
        response: the response.
        what: what is listed, for the reason.
    """
    said = f"HTTP {response.status}"
    trouble = read_response(response) if response.status == 503 else server_trouble(response, wait_of)
    if trouble is None or isinstance(trouble, Fatal) or response.status == 303:
        more = "" if is_page(response) else f": {excerpt(response, 60)}"
        return Unavailable(f"the server gives no list of {what} ({said}){more}")
    return trouble  # type: ignore[return-value] # neither sent nor refused: it is trouble


def _read_page(response: Response) -> list[object] | Obstacle:
    answer = response.json()
    if answer is None:
        return _unreadable(response)
    data = answer.get("data") if isinstance(answer, dict) else None
    sessions = data.get("sessions") if isinstance(data, dict) else None
    if not isinstance(answer, dict) or answer.get("success") is not True or not isinstance(sessions, list):
        status = _status_in(answer)
        if status in (429, 503) or status >= 500:
            return read_trouble(response._replace(status=status), "messages")
        return Unavailable(f"the server's list of messages is not in the form of {API}: {excerpt(response, 60)}")
    return sessions


def _unreadable(response: Response) -> Unavailable | Indeterminate:
    """The verdict on a 2xx whose body could not be parsed."""
    if len(response.body) > LONGEST_PAGE:
        return Unavailable(f"a page of the server's list is longer than {LONGEST_PAGE // 1024**2} MB")
    try:
        json.loads(response.body)
    except RecursionError:
        return Unavailable("the server's list of messages is nested too deeply to be read")
    except ValueError:
        pass
    return replace(not_json(response), stop_after=UNREADABLE_IN_A_ROW)


def _status_in(answer: object) -> int:
    """The HTTP status that an answer has in its body, as gateways put it there; 0 for none."""
    codes = [answer.get(name) for name in ("code", "status", "error_code")] if isinstance(answer, dict) else []
    return next((code for code in codes if isinstance(code, int) and 100 <= code < 600), 0)

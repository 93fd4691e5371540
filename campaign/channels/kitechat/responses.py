"""How Kitechat's responses are read.

AntBuddy's API pages name the status codes 200, 400, 500, and 503 over the request limit. No body of a 200 is
documented. Gateways and frameworks in front of such APIs answer 200 and put the real status into the body, so an object
is read for a denial in the forms that are in common use; whatever else it holds, the 200 counts.
"""

from __future__ import annotations

import re
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Refused, Sent, Throttled
from campaign.channels.responses import (
    excerpt,
    is_page,
    kind_of,
    not_json,
    one_line,
    retry_after,
    server_trouble,
    without_response,
    wrong_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.channels.base import Payload, Response, Verdict

API = "Kitechat's API"

STATUS_FIELDS = ("code", "status", "statusCode", "status_code", "error_code", "errorCode")
"""Fields of a body whose number is read as an HTTP status, where it can be one."""

ERROR_FIELDS = ("error", "errors")
SUCCESS_FIELDS = ("success", "isSuccess", "is_success", "ok")
WORD_FIELDS = (*SUCCESS_FIELDS, "status", "result")
REASON_FIELDS = ("message", "error", "errors", "msg", *(name for name in STATUS_FIELDS if name != "status"))
ID_FIELDS = ("messageId", "message_id", "msgId", "mid", "id", "_id")

FAILURE_WORD = re.compile(
    r"(error|fail\w*|false|ko|nok|no|not[ _-]ok|rejected|refused|denied|declined|blocked|invalid|unauthori[sz]ed"
    r"|forbidden|unsuccessful|undeliver(ed|able)|not[ _-]sent)\Z",
    re.IGNORECASE,
)

BELOW = frozenset(status.value for status in HTTPStatus if status >= 400)
"""Numbers that are read as an HTTP status below `error` or `data`: other codes there are the API's own, such as the
100, 190 and 551 that Facebook gives for pages
(https://developers.facebook.com/docs/graph-api/guides/error-handling)."""

Number: TypeAlias = int | float | Decimal


def read_response(response: Response | NoResponse) -> Verdict:
    """The verdict on a POST. 503 is the documented response over the request limit: not taken."""
    if isinstance(response, NoResponse):
        return without_response(response)
    if 200 <= response.status < 300:
        return _read_success(response)
    return _read_failure(response, f"HTTP {response.status}")


def _read_failure(response: Response, said: str) -> Throttled | Indeterminate | Fatal | Refused:
    """The verdict on a status that is not 2xx; `said` names where it was found."""
    if response.status == 503:
        return Throttled(f"over the server's limit ({said})", retry_after(response))
    if trouble := server_trouble(response, retry_after, said):
        return trouble
    # 400 is documented as "invalid input" without a word on its body; the others count only in JSON. A page is a
    # proxy's, which says nothing about the row but its size.
    if (
        response.status == 413
        or (response.status == 400 and not is_page(response))
        or (response.status in (404, 422) and isinstance(response.json(), dict))
    ):
        return _refused(response, said)
    return wrong_server(response, API)


def _read_success(response: Response) -> Verdict:
    answer = response.json()
    if isinstance(answer, dict):
        return _read_object(response, answer)
    if isinstance(answer, str | list) or answer is True or not response.body.strip():
        return Sent(None)
    return _refused(response, f"HTTP {response.status}") if answer is False else not_json(response)


def _read_object(response: Response, answer: Payload) -> Verdict:
    """The verdict on a 2xx with an object: a status in it counts first, then any other form of a denial."""
    said = f"HTTP {response.status}"
    codes = _codes(answer)
    data = answer.get("data")
    above = [(name, code) for name, code in codes if 100 <= code < 600 and not 200 <= code < 300]
    for name, code in (*above, *((name, code) for name, code in _codes_below(answer) if code in BELOW)):
        if code == int(code):
            return _read_failure(response._replace(status=int(code)), f"{said}, {name} {int(code)}")
    denied = any(code != 0 and not 200 <= code < 300 for _, code in codes)
    if denied or _denies(answer) or (isinstance(data, dict) and _has_error(data)):
        return _refused(response, said)
    return Sent(_message_id(answer))


def _codes(fields: Mapping[str, object], where: str = "") -> list[tuple[str, Number]]:
    """The numbers in fields that may be a status, with the names by which people find them."""
    return [(where + name, code) for name in STATUS_FIELDS if (code := _number(fields.get(name))) is not None]


def _codes_below(answer: Payload) -> Iterator[tuple[str, Number]]:
    """The numbers that may be a status in an error, and in `data` and an error there."""
    data = answer.get("data")
    for where, fields in (("", answer), ("data.", data)):
        if not isinstance(fields, dict):
            continue
        for name in ERROR_FIELDS:
            error = fields.get(name)
            for each in error if isinstance(error, list) else [error]:
                if isinstance(each, dict):
                    yield from _codes(each, f"{where}{name}.")
                elif (code := _number(each)) is not None:
                    yield f"{where}{name}", code
        if where:
            yield from _codes(fields, where)


def _number(value: object) -> Number | None:
    """A number, or a text of digits, that is not true or false."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value.strip()):
        return Decimal(value.strip())
    return value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _denies(fields: Mapping[str, object]) -> bool:
    if _has_error(fields):
        return True
    if fields.get("result") in (False, 0, "0"):
        return True
    return any(FAILURE_WORD.match(str(fields.get(name, "")).strip()) for name in WORD_FIELDS)


def _has_error(fields: Mapping[str, object]) -> bool:
    """Whether fields hold an error, or say that there was no success."""
    if any(fields.get(name) in (False, 0, "0") for name in SUCCESS_FIELDS):  # 0 == False, None is neither
        return True
    return any(bool(fields.get(name)) for name in ERROR_FIELDS)


def _message_id(answer: Payload) -> str | None:
    data = answer.get("data")
    places = [answer, data] if isinstance(data, dict) else [answer]
    found = (place[name] for name in ID_FIELDS for place in places if isinstance(place.get(name), str | int))
    return next((str(value) for value in found if not isinstance(value, bool)), None)


def _refused(response: Response, said: str) -> Refused:
    answer = response.json()
    reason = (_reason(answer) or excerpt(response)) if isinstance(answer, dict) else excerpt(response)
    return Refused(f"{response.status} {kind_of(reason)}", f"the server refused the message ({said}): {reason}")


def _reason(answer: Payload) -> str:
    data = answer.get("data")
    places = [answer, data] if isinstance(data, dict) else [answer]
    return next((one_line(str(place[name])) for place in places for name in REASON_FIELDS if place.get(name)), "")

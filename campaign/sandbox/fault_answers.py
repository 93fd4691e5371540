"""The answers that faults put in place of the server's own."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple

from campaign.sandbox.exchange import HTML_TYPE, JSON_TYPE, Reply, json_answer
from campaign.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOVED_PATH = "/sandbox/moved"
"""Where redirects lead: a client that follows one is written down in the ledger, with or without its key."""

_SIGN_IN_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in first.</body></html>"
_CUT_JSON = b'{"success": tr'


class Circumstances(NamedTuple):
    """What a fault's answer depends on.

    Attributes:
        channel: the API that was spoken to.
        now: the server's clock, in seconds since the epoch.
        retry_after: seconds to ask the client to wait.
    """

    channel: str
    now: float
    retry_after: int


def fault_answer(fault: Fault, circumstances: Circumstances) -> Reply:
    """What is answered when a fault strikes that lets a whole answer through."""
    return _ANSWERS[fault](circumstances)


def page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An error page as nginx writes it."""
    text = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, text.encode(), {**HTML_TYPE, **headers} if headers else HTML_TYPE)


def _throttled(circumstances: Circumstances, headers: Mapping[str, str] | None = None) -> Reply:
    if circumstances.channel == "kitechat":
        # AntBuddy's API pages: 503 is the answer over the request limit.
        return page(503, "Service Unavailable", headers)
    return page(429, "Too Many Requests", headers)


def _throttled_seconds(circumstances: Circumstances) -> Reply:
    return _throttled(circumstances, {"Retry-After": str(circumstances.retry_after)})


def _throttled_date(circumstances: Circumstances) -> Reply:
    until = formatdate(circumstances.now + circumstances.retry_after, usegmt=True)
    return _throttled(circumstances, {"Retry-After": until})


def _redirect(circumstances: Circumstances) -> Reply:
    return page(302, "Found", {"Location": f"{MOVED_PATH}?channel={circumstances.channel}"})


def _server_error(circumstances: Circumstances) -> Reply:
    return _failure(500, "Internal server error", circumstances)


def _unauthorized(circumstances: Circumstances) -> Reply:
    return _failure(401, "unauthorized", circumstances)


def _failure(status: int, text: str, circumstances: Circumstances) -> Reply:
    name = "message" if circumstances.channel == "kitechat" else "error"
    return json_answer(status, {"success": False, name: text})


def _bad_gateway(_: Circumstances) -> Reply:
    return page(502, "Bad Gateway")


def _html(_: Circumstances) -> Reply:
    return Reply(200, _SIGN_IN_PAGE, HTML_TYPE)


def _not_json(_: Circumstances) -> Reply:
    return Reply(200, _CUT_JSON, JSON_TYPE)


_ANSWERS: Mapping[Fault, Callable[[Circumstances], Reply]] = {
    Fault.SERVER_ERROR_BEFORE: _server_error,
    Fault.SERVER_ERROR_AFTER: _server_error,
    Fault.BAD_GATEWAY_BEFORE: _bad_gateway,
    Fault.BAD_GATEWAY_AFTER: _bad_gateway,
    Fault.HTML_BEFORE: _html,
    Fault.HTML_AFTER: _html,
    Fault.NOT_JSON_BEFORE: _not_json,
    Fault.NOT_JSON_AFTER: _not_json,
    Fault.THROTTLED_BEFORE: _throttled,
    Fault.THROTTLED_SECONDS_BEFORE: _throttled_seconds,
    Fault.THROTTLED_DATE_BEFORE: _throttled_date,
    Fault.REDIRECT_BEFORE: _redirect,
    Fault.UNAUTHORIZED_BEFORE: _unauthorized,
}

"""The replies that faults put in place of the server's own."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels.sandbox_api import HTML_TYPE, JSON_TYPE, Reply, error_page
from campaign.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels.sandbox_api import SandboxRoute

MOVED_PATH = "/sandbox/moved"
"""Where redirects lead: a client that follows one is recorded in the ledger, with or without its credentials."""

_SIGN_IN_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in first.</body></html>"
_CUT_JSON = b'{"success": tr'


class FaultContext(NamedTuple):
    """What the reply of a fault depends on.

    Attributes:
        channel: the name of the channel that the request was for.
        route: the route that the request was for.
        now: the server's clock, in seconds since the epoch.
        retry_after: seconds to ask the client to wait.
    """

    channel: str
    route: SandboxRoute
    now: float
    retry_after: int


def fault_reply(fault: Fault, context: FaultContext) -> Reply:
    """The reply to a request that a fault strikes, for faults that let a whole reply through."""
    return _REPLIES[fault](context)


def _throttled(context: FaultContext) -> Reply:
    return context.route.throttled({})


def _throttled_seconds(context: FaultContext) -> Reply:
    return context.route.throttled({"Retry-After": str(context.retry_after)})


def _throttled_date(context: FaultContext) -> Reply:
    return context.route.throttled({"Retry-After": formatdate(context.now + context.retry_after, usegmt=True)})


def _redirect(context: FaultContext) -> Reply:
    return error_page(302, "Found", {"Location": f"{MOVED_PATH}?channel={context.channel}"})


def _server_error(context: FaultContext) -> Reply:
    return context.route.failed(500, "Internal server error")


def _unauthorized(context: FaultContext) -> Reply:
    return context.route.failed(401, "unauthorized")


def _bad_gateway(_: FaultContext) -> Reply:
    return error_page(502, "Bad Gateway")


def _html(_: FaultContext) -> Reply:
    return Reply(200, _SIGN_IN_PAGE, HTML_TYPE)


def _not_json(_: FaultContext) -> Reply:
    return Reply(200, _CUT_JSON, JSON_TYPE)


_REPLIES: Mapping[Fault, Callable[[FaultContext], Reply]] = {
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

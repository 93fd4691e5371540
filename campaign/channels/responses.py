"""What the responses of all HTTP servers have in common."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NoResponse, Throttled, Unreachable
from campaign.text import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import Response


UNREADABLE_IN_A_ROW = 3
"""Consecutive responses that cannot be read as HTTP after which the run stops."""


def without_response(outcome: NoResponse) -> Indeterminate | Unreachable | Fatal:
    """The verdict without a response: whether the message may be there depends on whether the request left."""
    if outcome.request_left:
        return Indeterminate(outcome.reason, stop_after=UNREADABLE_IN_A_ROW if outcome.permanent else None)
    return Fatal(outcome.reason) if outcome.permanent else Unreachable(outcome.reason)


def server_trouble(
    response: Response, wait_of: Callable[[Response], float | None], said: str = ""
) -> Throttled | Indeterminate | Fatal | None:
    """The verdict on trouble of the server's, which is never the row's; None if the response is about the row.

    Args:
        response: the response.
        wait_of: gives the seconds that a response asks to wait.
        said: where the status was found, for reasons; "": in the status line.
    """
    status = response.status
    said = said or f"HTTP {status}"
    if 200 <= status < 300:
        return None
    if status == 429:
        return Throttled(f"over the server's limit ({said})", wait_of(response))
    if status in (401, 403):
        return Fatal(f"the server refuses access ({said}): {excerpt(response)}")
    if 300 <= status < 400:
        return _redirect(response, said)
    if status >= 500 or status in (408, 425) or status < 200:
        return Indeterminate(f"server trouble ({said})", wait=wait_of(response))
    return None


def _redirect(response: Response, said: str) -> Fatal | Indeterminate:
    """A redirect stops the run. 303 answers a POST that may have been performed (RFC 9110, section 15.4.4)."""
    where = one_line(response.headers.get("location", "another address"), 200)
    reason = f"the server redirects ({said}) to {where}; put the final address into [server] url"
    return Indeterminate(reason, stop_after=1) if response.status == 303 else Fatal(reason)


def not_json(response: Response) -> Indeterminate:
    """The verdict on a 2xx whose body is not the API's JSON."""
    return Indeterminate(f"the answer (HTTP {response.status}) is not JSON: {excerpt(response, 60)}")


def is_page(response: Response) -> bool:
    """Whether the body is markup, as web pages are."""
    return response.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def wrong_server(response: Response, api: str) -> Fatal:
    """The verdict on a response that this API does not give: another program listens at this address."""
    return Fatal(
        f"the server's answer (HTTP {response.status}) is not one of {api}: {excerpt(response, 60)}; check [server] url"
    )


def retry_after(response: Response) -> float | None:
    """The seconds that a Retry-After header asks to wait, in both its forms (RFC 9110, section 10.2.3).

    A date is compared with the response's own Date, so that the server's clock may be wrong.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until, now = http_date(text), http_date(response.headers.get("date", ""))
    if until is None or now is None:
        return None
    return max(0.0, until - now)


@lru_cache(maxsize=8)  # the responses of a busy server have the same Date for a whole second
def http_date(text: str) -> float | None:
    """A date of an HTTP header in seconds since the epoch; None if it is not a date.

    The oldest of its three forms names no time zone, and means UTC like the others (RFC 9110, section 5.6.7).
    """
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def kind_of(text: str) -> str:
    """A refusal's text without what differs from row to row: numbers, ids, quoted words."""
    return re.sub(r"""\S*\d\S*|"[^"]*"|'[^']*'|“[^”]*”""", "…", text)


def excerpt(response: Response, length: int = 120) -> str:
    """The beginning of a response's body on one line, for a reason that people read."""
    return one_line(response.body[:2000].decode("utf-8", "replace"), length) or "(nothing)"


def one_line(text: str, length: int = 300) -> str:
    """A server's text as one printable line of at most `length` characters, for a terminal or a cell."""
    return shorten(" ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split()), length)

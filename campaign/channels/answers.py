"""What the answers of every HTTP server have in common."""

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


def lost(answer: NoResponse) -> Indeterminate | Unreachable:
    """No answer: whether the message may be there depends on whether anything left."""
    return Indeterminate(answer.reason) if answer.request_left else Unreachable(answer.reason)


def trouble(
    answer: Response, wait_told: Callable[[Response], float | None]
) -> Throttled | Indeterminate | Fatal | None:
    """The server's own trouble, which is never the row's; None where the answer speaks of the row.

    Args:
        answer: the answer.
        wait_told: gives the seconds that an answer asks for.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == 429:
        return Throttled("over the server's limit (HTTP 429)", wait_told(answer))
    if status in (401, 403):
        return Fatal(f"the server refuses access (HTTP {status}): {excerpt(answer)}")
    if 300 <= status < 400:
        where = one_line(answer.headers.get("location", "another address"), 200)
        return Fatal(f"the server redirects (HTTP {status}) to {where}; put the final address into [server] url")
    if status >= 500 or status in (408, 425) or status < 200:
        return Indeterminate(f"server trouble (HTTP {status})", wait=wait_told(answer))
    return None


def wrong_server(answer: Response, api: str) -> Fatal:
    """An answer that this API does not give: another program answers at this address."""
    return Fatal(
        f"the server's answer (HTTP {answer.status}) is not one of {api}: {excerpt(answer, 60)}; check [server] url"
    )


def retry_after(answer: Response) -> float | None:
    """The seconds that a Retry-After header asks for, in both its forms (RFC 9110, section 10.2.3).

    A date is measured against the answer's own Date, so that the server's clock may be wrong.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until, now = http_date(text), http_date(answer.headers.get("date", ""))
    if until is None or now is None:
        return None
    return max(0.0, until - now)


@lru_cache(maxsize=8)  # a busy server's answers have the same Date for a whole second
def http_date(text: str) -> float | None:
    """A date of an HTTP header in seconds since the epoch; None where it is no date.

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


def excerpt(answer: Response, length: int = 120) -> str:
    """The beginning of an answer's body on one line, for a reason that people read."""
    return one_line(answer.body[:2000].decode("utf-8", "replace"), length) or "(nothing)"


def one_line(text: str, length: int = 300) -> str:
    """What a server says, as far as it can stand in a reason that people read on a terminal or in a cell."""
    return shorten(" ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split()), length)

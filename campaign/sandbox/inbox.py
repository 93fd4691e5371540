"""The inbox page: the document, and the messages that it asks for again and again."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from campaign.webpage import content_policy, read_part, shared_script, shared_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from campaign.channels import Channel
    from campaign.channels.sandbox_api import SandboxRoute
    from campaign.sandbox.ledger import Entry, Ledger

AT_MOST = 300
"""How many messages the page gets and shows."""

_SEARCHED_AT_ONCE = 25
_MARKS = re.compile("[\u0300-\u036f]+")


class InboxPage(NamedTuple):
    """The page, and the headers to send with it."""

    text: str
    headers: Mapping[str, str]


def inbox_page(channels: Sequence[Channel], routes: Sequence[SandboxRoute]) -> InboxPage:
    """The page of a sandbox that serves these channels and routes."""
    style = shared_style() + read_part(__package__, "inbox.css")
    script = shared_script() + read_part(__package__, "inbox.js")
    page = read_part(__package__, "inbox.html")
    page = page.replace("<style></style>", f"<style>{style}</style>").replace("<p>hints</p>", _hints(channels, routes))
    return InboxPage(page.replace("<script></script>", f"<script>{script}</script>"), _headers(style, script))


def _hints(channels: Sequence[Channel], routes: Sequence[SandboxRoute]) -> str:
    """Which credentials a campaign needs, and how to send a message by hand, as HTML."""
    lines = [
        f"<p>A {html.escape(channel.name)} campaign needs the variable "
        f"<code>{html.escape(each.variable)}</code>; here any text will do.</p>"
        for channel in channels
        for each in channel.credentials
    ]
    example = next((route for route in routes if route.example), None)
    if example is not None:
        body = json.dumps(json.dumps(example.example))
        command = f'{html.escape(example.path)} -H "Content-Type: application/json" -d {html.escape(body, quote=False)}'
        lines.append("<p>Or send a single message by hand:</p>")
        lines.append(f'<pre>curl <span class="origin"></span>{command}</pre>')
    return "\n".join(lines)


def _headers(style: str, script: str) -> dict[str, str]:
    """Headers that let the page ask its own server, and load nothing from elsewhere."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": content_policy(style, script, "connect-src 'self'", "frame-ancestors 'none'"),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


async def news(ledger: Ledger, after: int, wanted: str, is_connected: Callable[[], bool]) -> list[Entry]:
    """The newest `AT_MOST` messages that were stored since, oldest first.

    Args:
        ledger: what has reached the sandbox.
        after: the number of the last message that the page knows; 0 for none.
        wanted: a text that the messages have to contain, whatever its case and accents; blank for any.
        is_connected: whether the client still waits for the response; a long search ends when it does not.
    """
    needle = _folded(wanted.strip())
    return await _find(ledger, after, needle, is_connected) if needle else ledger.latest(AT_MOST, after)


async def _find(ledger: Ledger, after: int, needle: str, is_connected: Callable[[], bool]) -> list[Entry]:
    """The newest messages that contain the needle, searched in small steps: others are taken meanwhile."""
    found: list[Entry] = []
    for count, entry in enumerate(reversed(ledger.taken()), start=1):
        if entry.number <= after or len(found) == AT_MOST or not is_connected():
            break
        if needle in _folded("\n".join(_texts_of(entry))):
            found.append(entry)
        if count % _SEARCHED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return found[::-1]


def _texts_of(entry: Entry) -> Iterator[str]:
    """Every text that the page shows of a message."""
    yield from (entry.channel, *entry.destination, entry.message_id or "", entry.fault or "")
    yield from _leaves(entry.body)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def _folded(text: str) -> str:
    """The text as it is searched: “nguyen” finds “Nguyễn” as well."""
    if text.isascii():
        return text.lower()
    # “đ” is a letter of its own, which does not decompose.
    return _MARKS.sub("", normalize("NFD", text)).lower().replace("đ", "d")

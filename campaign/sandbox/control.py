"""The sandbox's own routes: the inbox page, and the control of the sandbox by other processes."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from unicodedata import normalize

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from campaign.channels.sandbox_api import JSON_TYPE, RouteSettings, SandboxRequest
from campaign.errors import UsageError
from campaign.sandbox.faults import FaultPlan
from campaign.webpage import content_policy, read_part, shared_script, shared_style

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from campaign.channels import Channel, Payload
    from campaign.channels.sandbox_api import SandboxRoute
    from campaign.sandbox.ledger import Entry, Ledger

AT_MOST = 300
"""The number of messages that the page loads and shows."""

_SEARCHED_AT_ONCE = 25
_MARKS = re.compile("[\u0300-\u036f]+")


class InboxPage(NamedTuple):
    """The HTML of the page and its headers."""

    text: str
    headers: Mapping[str, str]


def inbox_page(channels: Sequence[Channel], routes: Sequence[SandboxRoute]) -> InboxPage:
    """Build the page of a sandbox that serves these channels and routes."""
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
    """Headers that allow the page requests to its own server only."""
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
        after: the number of the last message that the page has; 0 for none.
        wanted: a text that the messages must contain, ignoring case and accents; blank for any.
        is_connected: returns whether the client still waits for the response; a long search ends when it does not.
    """
    needle = _folded(wanted.strip())
    return await _find(ledger, after, needle, is_connected) if needle else ledger.latest(AT_MOST, after)


async def _find(ledger: Ledger, after: int, needle: str, is_connected: Callable[[], bool]) -> list[Entry]:
    """The newest messages that contain the needle; searches in small steps, so that the server stays responsive."""
    found: list[Entry] = []
    for count, entry in enumerate(reversed(ledger.taken()), start=1):
        if entry.number <= after or len(found) == AT_MOST or not is_connected():
            break
        if not entry.dropped and needle in _folded("\n".join(_texts_of(entry))):
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
    """Fold a text for searching: “nguyen” finds “Nguyễn” as well."""
    if text.isascii():
        return text.lower()
    # “đ” has no decomposition.
    return _MARKS.sub("", normalize("NFD", text)).lower().replace("đ", "d")


_WRITE_EVERY_BYTES = 64 * 1024


class Control:
    """The sandbox's own routes.

    They are `GET /`, `GET /sandbox/inbox`, `GET` and `DELETE /sandbox/ledger`, `PUT /sandbox/faults`, and
    `POST /sandbox/by-hand`, with which an agent writes a message.
    """

    def __init__(
        self,
        ledger: Ledger,
        page: InboxPage,
        channels: Mapping[str, Channel],
        set_faults: Callable[[FaultPlan], None],
    ) -> None:
        self._ledger = ledger
        self._page = page
        self._channels = channels
        self._set_faults = set_faults
        self.routes: Mapping[tuple[str, str], Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            ("GET", "/"): self._send_page,
            ("GET", "/sandbox/inbox"): self._send_inbox,
            ("GET", "/sandbox/ledger"): self._send_ledger,
            ("DELETE", "/sandbox/ledger"): self._clear_ledger,
            ("PUT", "/sandbox/faults"): self._put_faults,
            ("POST", "/sandbox/by-hand"): self._write_by_hand,
        }

    async def _send_page(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=self._page.text, headers=self._page.headers)

    async def _send_inbox(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send the newest messages above the number `after` that contain the text `find`, and the counts."""
        ledger, last = self._ledger, self._ledger.latest(1)
        content: dict[str, object] = {
            "begun": ledger.begun,
            "requests": ledger.requests,
            "taken": ledger.taken_count,
            "at_most": AT_MOST,
            "newest": last[0].number if last else 0,
        }
        wanted = request.query.get("find", "")
        found = await news(ledger, _number_after(request), wanted, lambda: request.transport is not None)
        content["listed"] = [entry.number for entry in ledger.latest(AT_MOST) if entry.listed_at is not None]
        content["deleted"] = [entry.number for entry in ledger.latest(AT_MOST) if entry.deleted_at is not None]
        content["messages"] = [self._message(entry) for entry in found]
        return web.Response(text=json.dumps(content), headers=JSON_TYPE)

    def _message(self, entry: Entry) -> dict[str, object]:
        body = cast("Payload", entry.body)  # checked by the route that took it
        return {**entry.as_json(), "preview": self._channels[entry.channel].preview(body).as_json()}

    async def _send_ledger(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send the entries numbered above `after`, in chunks, so that the server stays responsive."""
        response = web.StreamResponse(headers=JSON_TYPE)
        await response.prepare(request)
        piece = '{"entries": ['
        between = ""
        for entry in self._ledger.entries_as_json(_number_after(request)):
            piece += between + json.dumps(entry)
            between = ",\n"
            if len(piece) >= _WRITE_EVERY_BYTES:
                await response.write(piece.encode())
                piece = ""
                await asyncio.sleep(0)
        await response.write_eof(f"{piece}]}}".encode())
        return response

    async def _clear_ledger(self, _: web.BaseRequest) -> web.StreamResponse:
        self._ledger.clear()
        return web.Response(status=204)

    async def _put_faults(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            plan = FaultPlan.from_json(await request.read())
        except UsageError as error:
            return web.Response(status=400, text=json.dumps({"error": str(error)}), headers=JSON_TYPE)
        self._set_faults(plan)
        return web.Response(status=204)

    async def _write_by_hand(self, request: web.BaseRequest) -> web.StreamResponse:
        """Store a message of an agent: `{"channel", "body", "at"}`, where `at` is optional."""
        try:
            given = TypeAdapter(_ByHand).validate_json(await request.read())
            channel = self._channels[given.channel]
        except (ValidationError, KeyError) as error:
            return web.Response(status=400, text=json.dumps({"error": str(error)}), headers=JSON_TYPE)
        if problems := channel.problems(given.body):
            return web.Response(status=400, text=json.dumps({"error": problems[0].what}), headers=JSON_TYPE)
        incoming = SandboxRequest(channel.endpoint, {}, {}, body=given.body)
        routes = channel.sandbox_routes(RouteSettings())
        route = next(each for each in routes if each.method == "POST" and each.serves(channel.endpoint))
        raw = json.dumps(given.body).encode()
        self._ledger.write_by_hand(channel.name, route.destination(incoming), raw, given.at)
        return web.Response(status=204)


class _ByHand(NamedTuple):
    """A message written by hand: the channel's name, the body that would send it, and when (epoch); None: now."""

    channel: str
    body: dict[str, Any]
    at: float | None = None


def _number_after(request: web.BaseRequest) -> int:
    after = request.query.get("after", "0")
    return int(after) if after.isdecimal() else 0

"""The sandbox's own routes: the inbox page, and the control of it by other processes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING

from aiohttp import web

from campaign.errors import UsageError
from campaign.sandbox.exchange import JSON_TYPE
from campaign.sandbox.faults import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from campaign.sandbox.ledger import Ledger

INBOX_LENGTH = 300
_WRITE_EVERY_BYTES = 64 * 1024


class Control:
    """Answers `GET /`, `GET /sandbox/inbox`, `GET` and `DELETE /sandbox/ledger` and `PUT /sandbox/faults`."""

    def __init__(self, ledger: Ledger, set_faults: Callable[[FaultPlan], None]) -> None:
        self._ledger = ledger
        self._set_faults = set_faults
        self._page = resources.files("campaign.sandbox").joinpath("inbox.html").read_text(encoding="utf-8")
        self._page_headers = _page_headers(self._page)
        self.routes: Mapping[tuple[str, str], Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            ("GET", "/"): self._show_inbox,
            ("GET", "/sandbox/inbox"): self._tell_inbox,
            ("GET", "/sandbox/ledger"): self._tell_ledger,
            ("DELETE", "/sandbox/ledger"): self._clear_ledger,
            ("PUT", "/sandbox/faults"): self._put_faults,
        }

    async def _show_inbox(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=self._page, headers=self._page_headers)

    async def _tell_inbox(self, request: web.BaseRequest) -> web.StreamResponse:
        """The newest messages above the number `after`, with the counts that stand at the head of the page."""
        ledger = self._ledger
        content = {
            "begun": ledger.begun,
            "requests": len(ledger.entries),
            "taken": ledger.taken_count,
            "messages": [entry.as_json() for entry in ledger.latest(INBOX_LENGTH, _number_after(request))],
        }
        return web.Response(text=json.dumps(content), headers=JSON_TYPE)

    async def _tell_ledger(self, request: web.BaseRequest) -> web.StreamResponse:
        """The entries numbered above `after`, in pieces, so that messages go on being taken meanwhile."""
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


def _number_after(request: web.BaseRequest) -> int:
    after = request.query.get("after", "0")
    return int(after) if after.isdecimal() else 0


def _page_headers(page: str) -> dict[str, str]:
    """Headers that let the page run its one script and style, and nothing from elsewhere."""
    policy = (
        f"default-src 'none'; script-src {_hash_of('script', page)}; style-src {_hash_of('style', page)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _hash_of(tag: str, page: str) -> str:
    [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"

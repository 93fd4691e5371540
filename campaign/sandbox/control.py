"""The sandbox's own routes: the inbox page, and the control of it by other processes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web

from campaign.errors import UsageError
from campaign.sandbox.exchange import JSON_TYPE
from campaign.sandbox.faults import FaultPlan
from campaign.sandbox.inbox import news
from campaign.sandbox.inbox_page import inbox_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from campaign.sandbox.ledger import Ledger

_WRITE_EVERY_BYTES = 64 * 1024


class Control:
    """Answers `GET /`, `GET /sandbox/inbox`, `GET` and `DELETE /sandbox/ledger` and `PUT /sandbox/faults`."""

    def __init__(self, ledger: Ledger, set_faults: Callable[[FaultPlan], None]) -> None:
        self._ledger = ledger
        self._set_faults = set_faults
        self._page = inbox_page()
        self.routes: Mapping[tuple[str, str], Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            ("GET", "/"): self._show_inbox,
            ("GET", "/sandbox/inbox"): self._tell_inbox,
            ("GET", "/sandbox/ledger"): self._tell_ledger,
            ("DELETE", "/sandbox/ledger"): self._clear_ledger,
            ("PUT", "/sandbox/faults"): self._put_faults,
        }

    async def _show_inbox(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=self._page.text, headers=self._page.headers)

    async def _tell_inbox(self, request: web.BaseRequest) -> web.StreamResponse:
        """The newest messages above the number `after` that contain the text `find`, and what the page counts."""
        wanted = request.query.get("find", "")
        content = await news(self._ledger, _number_after(request), wanted, lambda: request.transport is not None)
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

"""The sandbox's own routes: the inbox page, and the control of the sandbox by other processes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, cast

from aiohttp import web

from campaign.channels.sandbox_api import JSON_TYPE
from campaign.errors import UsageError
from campaign.sandbox.faults import FaultPlan
from campaign.sandbox.inbox import AT_MOST, InboxPage, news

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from campaign.channels import Channel, Payload
    from campaign.sandbox.ledger import Entry, Ledger

_WRITE_EVERY_BYTES = 64 * 1024


class Control:
    """Replies to `GET /`, `GET /sandbox/inbox`, `GET` and `DELETE /sandbox/ledger` and `PUT /sandbox/faults`."""

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
        }

    async def _send_page(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=self._page.text, headers=self._page.headers)

    async def _send_inbox(self, request: web.BaseRequest) -> web.StreamResponse:
        """The newest messages above the number `after` that contain the text `find`, and what the page counts."""
        ledger, last = self._ledger, self._ledger.latest(1)
        content: dict[str, object] = {
            "begun": ledger.begun,
            "requests": len(ledger.entries),
            "taken": ledger.taken_count,
            "at_most": AT_MOST,
            "newest": last[0].number if last else 0,
        }
        wanted = request.query.get("find", "")
        found = await news(ledger, _number_after(request), wanted, lambda: request.transport is not None)
        content["messages"] = [self._message(entry) for entry in found]
        return web.Response(text=json.dumps(content), headers=JSON_TYPE)

    def _message(self, entry: Entry) -> dict[str, object]:
        body = cast("Payload", entry.body)  # the route that took it has checked it
        return {**entry.as_json(), "preview": self._channels[entry.channel].preview(body).as_json()}

    async def _send_ledger(self, request: web.BaseRequest) -> web.StreamResponse:
        """The entries numbered above `after`, in pieces, so that messages are taken meanwhile."""
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

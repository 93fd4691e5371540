"""Rows to preview, and the page that shows them in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from campaign.channels import CHANNELS, KITECHAT
from campaign.errors import Problem
from campaign.journal import PlannedRow, State
from campaign.review.preview import PreviewContext
from campaign.review.preview_page import write_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from campaign.channels import Channel
    from campaign.channels.preview import MessagePreview
    from tests.integration.chromium import Tab


class AnyChannel:
    """Shows the messages of every channel, so that a page can show several."""

    name = KITECHAT.name
    remark = KITECHAT.remark

    def preview(self, payload: dict[str, Any]) -> MessagePreview:
        [channel] = [each for each in CHANNELS.values() if each.recognises(payload)]
        return channel.preview(payload)


HEADERS = ("Họ và tên", "Link", "")
CONTEXT = PreviewContext(
    "tet-offer", cast("Channel", AnyChannel()), "https://apiring.antbuddy.com", "customers.xlsx", "offer.toml", HEADERS
)
CDN = "https://cdn.example.com"
WEB = {"type": "web_url", "text": "Mua ngay", "url": "https://shop.example.com/tet?id=1&x=2"}
REPLY = {"type": "quick_replies", "text": "Không", "payload": "NO_THANKS"}
LIVECHAT = {"token": "t", "rid": "r", "msg": "Chào chị Lan,\nđơn hàng 00123 đã giao 🎉"}
AGENT = {"agentId": "CkCPNcvsvCDfmWLqC", "username": "kim.jane"}

LEAST_CONTRAST = """(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const clear = (colour) => channels(colour)[3] === 0;
    const light = (colour) => channels(colour).slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (found) => clear(getComputedStyle(found).backgroundColor) ? ground(found.parentElement)
        : getComputedStyle(found).backgroundColor;
    const contrast = (found) => {
        const [dark, bright] = [getComputedStyle(found).color, ground(found)].map(light).sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const texts = [...document.querySelectorAll("header *, article *, label, #place")]
        .filter((found) => [...found.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return Math.min(...texts.map(contrast));
})()"""
"""The contrast of the page's faintest text against what is behind it, as WCAG 2.2 reckons it."""


def kitechat(**message: object) -> dict[str, Any]:
    return {"pageId": "108600123", "conversationId": "c", "message": message}


def template(**parts: object) -> dict[str, Any]:
    return kitechat(type="template", template=parts)


def to_send(number: int, payload: dict[str, Any], *cells: str) -> PlannedRow:
    return row(number, "108600123/c", payload, texts=cells)


def row(  # noqa: PLR0917 - in the order of the page
    number: int,
    destination: str,
    payload: dict[str, Any] | None,
    problems: tuple[Problem, ...] = (),
    skipped: str = "",
    texts: tuple[str, ...] = (),
) -> PlannedRow:
    """A planned row as a preview gets it; `skipped` is why it will not be sent."""
    state = State.SKIPPED if skipped else State.INVALID if problems else State.PENDING
    return PlannedRow(number, state, destination, payload, problems, reason=skipped, texts=texts)


PEOPLE = (
    to_send(2, kitechat(type="text", text="Chào Nguyễn Thị Lan"), "Nguyễn Thị Lan", "https://a.vn"),
    to_send(3, kitechat(type="text", text="Chào Đỗ Minh"), "Đỗ Minh", "https://b.vn"),
    row(4, "", None, (Problem("B4", "“Link” is blank", "fill it in"),), "", ("Lan Anh", "")),
)


class Page:
    """A preview page, open in the browser."""

    def __init__(self, tab: Tab, path: Path) -> None:
        self.tab = tab
        self.path = path

    async def open(self, *rows: PlannedRow) -> None:
        await self.open_all(rows)

    async def open_all(self, rows: Iterable[PlannedRow]) -> None:
        write_page(CONTEXT, rows, self.path)
        await self.tab.open(self.address)

    @property
    def address(self) -> str:
        return self.path.as_uri()

    async def text(self, selector: str) -> str:
        """What a person reads in an element."""
        said: str = await self.tab.run(f"document.querySelector({json.dumps(selector)}).innerText")
        return said

    async def all(self, selector: str, what: str = "textContent") -> list[Any]:
        """A property of every element that matches."""
        each = f"[...document.querySelectorAll({json.dumps(selector)})].map((found) => found.{what})"
        found: list[Any] = await self.tab.run(each)
        return found

    async def titles(self) -> list[str]:
        return await self.all("article h2")

    async def unfold(self) -> None:
        """Open every fold-out."""
        await self.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        await self.tab.settle()

    async def find(self, text: str, column: str = "any") -> None:
        """Search as a person would."""
        choice = f"column.value = {json.dumps(column)}, column.dispatchEvent(new Event('change'))"
        await self.tab.run(f"wanted.value = '', {choice}, wanted.focus()")
        await self.tab.write(text)

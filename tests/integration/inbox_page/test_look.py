from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import Fault, FaultPlan
from tests.integration.preview_page.pages import CDN, LEAST_CONTRAST, WEB, template

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_right_to_left_text_runs_from_the_right(inbox: Inbox) -> None:
    await inbox.livechat("Chào", "مرحبا ليلى", token="مرحبا")
    await inbox.open()
    assert await inbox.all(".bubble p", "matches(':dir(rtl)')") == [True, False]
    assert await inbox.all("article:first-child .to bdi", "matches(':dir(rtl)')") == [True, False, False]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read_in_light_and_dark(inbox: Inbox, scheme: str) -> None:
    inbox.sandbox.set_faults(FaultPlan(script=(Fault.BAD_GATEWAY_AFTER,)))
    await inbox.livechat("một")
    await inbox.tab.look(width=1280, scheme=scheme)
    await inbox.open()
    await inbox.find("một")
    await inbox.until("found.checkVisibility()")
    await inbox.tab.run("pause.click()")
    await inbox.livechat("một")
    await inbox.until("waiting.checkVisibility()")
    assert await inbox.tab.run(LEAST_CONTRAST) >= 4.5
    assert await inbox.tab.run(LEAST_CONTRAST.replace("header *", ".finder *, .remark, .welcome *")) >= 4.5


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_sticks_out_sideways(inbox: Inbox, width: int) -> None:
    long = "x" * 400
    card = {"header": {"type": "image", "url": f"{CDN}/{long}.png"}, "body": long, "buttons": [{**WEB, "text": long}]}
    await inbox.send({**template(**card, cards=[card, card]), "conversationId": long})
    await inbox.livechat(long, _id=long, token=long)
    await inbox.tab.look(width=width, scheme="light")
    await inbox.open()
    await inbox.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    await inbox.find(long)
    await inbox.until("found.checkVisibility()")
    assert await inbox.tab.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("motion", "moving"), [("reduce", 0), ("no-preference", 1)])
async def test_nothing_moves_for_those_who_want_it_so(inbox: Inbox, motion: str, moving: int) -> None:
    await inbox.tab.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": motion}])
    await inbox.open()
    await inbox.livechat("một")
    await inbox.until_shown("một")
    assert await inbox.tab.run("document.getAnimations().length") == moving

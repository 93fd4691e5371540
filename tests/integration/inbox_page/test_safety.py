from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.preview_page.pages import REPLY, WEB, template

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_script_in_a_message_is_text(inbox: Inbox) -> None:
    evil = "</script><script>window.struck = true</script><img src=x onerror='window.struck = true'>"
    await inbox.livechat(evil, _id=evil, token=evil)
    await inbox.send({**template(body=evil, buttons=[{**REPLY, "text": evil}]), "conversationId": evil})
    await inbox.open()
    await inbox.tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert await inbox.tab.run("typeof window.struck") == "undefined"
    assert await inbox.all("script, img", "tagName") == ["SCRIPT"]
    assert await inbox.all(".bubble > p") == [evil, evil]
    await inbox.find(evil)
    await inbox.until("found.textContent.startsWith('2 messages contain')")


async def test_links_lead_to_the_web_and_tell_it_nothing_of_this_page(inbox: Inbox) -> None:
    await inbox.livechat("javascript:alert(1)", _id="javascript:alert(1)")
    await inbox.send(template(buttons=[WEB]))
    await inbox.open()
    links = [await inbox.all("article a", what) for what in ("href", "rel", "target")]
    assert links == [[WEB["url"]], ["noopener noreferrer"], ["_blank"]]


async def test_the_policy_stops_whatever_got_into_the_page(inbox: Inbox) -> None:
    await inbox.open()
    refused = await inbox.tab.run(
        """new Promise((done) => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", (event) => {
                refused.push(event.effectiveDirective);
                if (refused.length === 3) done(refused.sort());
            });
            const script = document.createElement("script"), image = new Image();
            script.textContent = "window.struck = true";
            image.src = "http://127.0.0.1:9/a.png";
            document.body.append(script, image);
            fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert refused == ["connect-src", "img-src", "script-src-elem"]
    assert await inbox.tab.run("typeof window.struck") == "undefined"
    inbox.tab.complaints.clear()
    inbox.tab.requests.clear()

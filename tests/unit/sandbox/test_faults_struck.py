"""What a client sees of each fault, over a real socket, and what the ledger says of it."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest

from campaign.sandbox import Fault, FaultPlan

from .conftest import until

if TYPE_CHECKING:
    from .conftest import Client, Open

LOST = [
    Fault.RESET_BEFORE,
    Fault.RESET_AFTER,
    Fault.STALL_BEFORE,
    Fault.STALL_AFTER,
    Fault.TRUNCATED_AFTER,
]
STATUS = {
    Fault.SERVER_ERROR_BEFORE: 500,
    Fault.SERVER_ERROR_AFTER: 500,
    Fault.BAD_GATEWAY_BEFORE: 502,
    Fault.BAD_GATEWAY_AFTER: 502,
    Fault.HTML_BEFORE: 200,
    Fault.HTML_AFTER: 200,
    Fault.NOT_JSON_BEFORE: 200,
    Fault.NOT_JSON_AFTER: 200,
    Fault.REDIRECT_BEFORE: 302,
    Fault.UNAUTHORIZED_BEFORE: 401,
}


async def struck_by(fault: Fault, open_sandbox: Open, retry_after: int = 1) -> Client:
    return await open_sandbox(faults=FaultPlan(script=(fault,), stall_seconds=0.02, retry_after=retry_after))


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.value) for fault in LOST])
async def test_no_whole_answer_gets_through(open_sandbox: Open, fault: Fault) -> None:
    client = await struck_by(fault, open_sandbox)
    with pytest.raises(aiohttp.ClientError, match=r"reset|disconnected|Not enough data"):
        await client.kitechat()
    [entry] = client.sandbox.ledger.entries
    assert (entry.status, entry.fault, entry.taken) == (None, fault.value, not fault.is_before)
    assert (await client.kitechat()).status == 200


@pytest.mark.parametrize(("fault", "status"), [pytest.param(*item, id=item[0].value) for item in STATUS.items()])
async def test_another_answer_takes_the_place_of_the_servers_own(open_sandbox: Open, fault: Fault, status: int) -> None:
    client = await struck_by(fault, open_sandbox)
    session = aiohttp.ClientSession()
    async with (
        session,
        session.post(
            f"{client.sandbox.url}/kitechat/send-message",
            json={"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "x"}},
            headers={"apikey": "k"},
            allow_redirects=False,
        ) as response,
    ):
        text = await response.text()
    assert response.status == status
    assert "messageId" not in text
    [entry] = client.sandbox.ledger.entries
    assert (entry.status, entry.fault, entry.taken) == (status, fault.value, not fault.is_before)


async def test_a_gateways_error_is_a_page_like_nginxs(open_sandbox: Open) -> None:
    client = await struck_by(Fault.BAD_GATEWAY_AFTER, open_sandbox)
    reply = await client.livechat()
    assert reply.headers["Content-Type"] == "text/html"
    assert "<hr><center>nginx</center>" in reply.content


@pytest.mark.parametrize(
    ("channel", "status"), [pytest.param("livechat", 429, id="livechat"), pytest.param("kitechat", 503, id="kitechat")]
)
async def test_throttling_can_come_without_a_word_on_how_long(open_sandbox: Open, channel: str, status: int) -> None:
    client = await struck_by(Fault.THROTTLED_BEFORE, open_sandbox)
    reply = await getattr(client, channel)()
    assert reply.status == status
    assert "Retry-After" not in reply.headers
    assert client.sandbox.ledger.taken() == []


async def test_throttling_can_say_how_long_in_seconds(open_sandbox: Open) -> None:
    client = await struck_by(Fault.THROTTLED_SECONDS_BEFORE, open_sandbox, retry_after=7)
    assert (await client.livechat()).headers["Retry-After"] == "7"


async def test_throttling_can_say_until_when_by_the_servers_clock(open_sandbox: Open) -> None:
    plan = FaultPlan(script=(Fault.THROTTLED_DATE_BEFORE,), retry_after=30)
    client = await open_sandbox(faults=plan, clock_skew=3600.0)
    reply = await client.livechat()
    wait = parsedate_to_datetime(reply.headers["Retry-After"]) - parsedate_to_datetime(reply.headers["Date"])
    assert 29 <= wait.total_seconds() <= 31


async def test_a_redirect_that_is_followed_is_written_down_with_its_key(open_sandbox: Open) -> None:
    client = await struck_by(Fault.REDIRECT_BEFORE, open_sandbox)
    body = {"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "x"}}
    await client.ask("POST", "/kitechat/send-message", json=body, headers={"apikey": "k"}, allow_redirects=True)
    first, followed = client.sandbox.ledger.entries
    assert first.status == 302
    assert (followed.channel, followed.method, followed.status) == ("kitechat", "GET", 404)
    assert followed.has_credentials


async def test_a_stalled_request_is_let_go_when_the_client_gives_up(open_sandbox: Open) -> None:
    client = await open_sandbox(faults=FaultPlan(script=(Fault.STALL_AFTER,)))
    with pytest.raises(TimeoutError, match=r"^$"):
        await client.ask("POST", "/kitechat/send-message", json={}, timeout=aiohttp.ClientTimeout(total=0.02))
    server = client.sandbox._runner and client.sandbox._runner.server
    assert server
    await until(lambda: not server.connections)
    [entry] = client.sandbox.ledger.entries
    assert (entry.status, entry.fault) == (None, "stall-after")


async def test_closing_does_not_wait_for_a_stalled_request(open_sandbox: Open) -> None:
    client = await open_sandbox(faults=FaultPlan(script=(Fault.STALL_BEFORE,)))
    sending = asyncio.create_task(client.livechat())
    await until(lambda: client.sandbox.ledger.entries)
    async with asyncio.timeout(5):
        await client.sandbox.close()
    with pytest.raises(aiohttp.ClientError, match=r"reset|disconnected"):
        await sending


async def test_read_backs_are_struck_where_the_plan_says_so(open_sandbox: Open) -> None:
    client = await open_sandbox(faults=FaultPlan(script=(None, Fault.BAD_GATEWAY_BEFORE), on_read_back=True))
    await client.livechat(_id="m1")
    assert (await client.read_back("m1")).status == 502
    assert (await client.read_back("m1")).status == 200

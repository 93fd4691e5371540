from __future__ import annotations

import asyncio
import io
import socket
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest

from campaign.channels import LIVECHAT
from campaign.channels.kitechat import Kitechat
from campaign.channels.livechat import Livechat
from campaign.errors import UsageError
from campaign.sandbox import RateLimit, Sandbox, SandboxSettings, serve

from .conftest import KITECHAT_PATH, LIVECHAT_PATH, until

if TYPE_CHECKING:
    from .conftest import Client, Open


async def raw_exchange(client: Client, request: bytes, *, abort: bool = False) -> bytes:
    port = int(client.sandbox.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    if abort:
        writer.transport.abort()
        return b""
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_port_that_is_taken_is_said_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port}: the sandbox cannot listen .*choose another port"):
            await Sandbox(SandboxSettings(port=port)).start()


async def test_a_chosen_port_is_the_one_in_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    async with Sandbox(SandboxSettings(port=port)) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{port}"


async def test_an_ipv6_address_stands_in_brackets() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with Sandbox(SandboxSettings(host="::1")) as sandbox:
        assert sandbox.url.startswith("http://[::1]:")


async def test_a_sandbox_can_be_closed_twice_and_started_again(client: Client) -> None:
    await client.livechat(_id="m1")
    await client.sandbox.close()
    await client.sandbox.close()
    await client.sandbox.start()
    assert (await client.read_back("m1")).status == 200


async def test_serve_tells_its_address_and_runs_until_cancelled() -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(SandboxSettings(), ready.set_result))
    port = int((await ready).rpartition(":")[2])
    serving.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await serving
    with pytest.raises(OSError, match=str(port)):
        await asyncio.open_connection("127.0.0.1", port)


async def test_the_answer_comes_after_the_latency(open_sandbox: Open) -> None:
    client = await open_sandbox(latency=0.05)
    begin = time.perf_counter()
    await client.livechat()
    assert time.perf_counter() - begin >= 0.05


async def test_a_message_is_taken_though_the_client_dies_before_the_answer(open_sandbox: Open) -> None:
    client = await open_sandbox(latency=0.05)
    body = b'{"token": "t", "rid": "r", "msg": "x", "_id": "m1"}'
    head = f"POST {LIVECHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    head += "\r\nContent-Type: application/json"
    await raw_exchange(client, head.encode() + b"\r\n\r\n" + body, abort=True)
    await until(client.sandbox.ledger.taken)
    await client.sandbox.close()
    [entry] = client.sandbox.ledger.entries
    assert (entry.taken, entry.status) == (True, None)


async def test_a_message_cut_off_on_its_way_is_not_in_the_ledger(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await raw_exchange(
        client, f"POST {LIVECHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{{".encode(), abort=True
    )
    await client.livechat()
    assert len(client.sandbox.ledger.entries) == 1
    assert caplog.records == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/api/v1/livechat/messages", id="another route"),
        pytest.param("GET", LIVECHAT_PATH, id="another method"),
        pytest.param("GET", KITECHAT_PATH, id="kitechat has no look-up"),
        pytest.param("GET", "/favicon.ico", id="a browser's wish"),
    ],
)
async def test_anything_else_is_an_html_404_and_not_in_the_ledger(client: Client, method: str, path: str) -> None:
    reply = await client.ask(method, path)
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/html"
    assert not client.sandbox.ledger.entries


async def test_a_body_beyond_the_servers_size_is_a_413_on_record(client: Client) -> None:
    reply = await client.ask("POST", LIVECHAT_PATH, data=io.BytesIO(bytes(9 * 1024 * 1024)))
    assert reply.status == 413
    [entry] = client.sandbox.ledger.entries
    assert (entry.taken, entry.status) == (False, 413)


@pytest.mark.parametrize("skew", [pytest.param(90.0, id="fast"), pytest.param(-90.0, id="slow")])
async def test_a_skewed_clock_shows_in_date_and_reset_and_not_in_the_window(open_sandbox: Open, skew: float) -> None:
    client = await open_sandbox(limit=RateLimit(1, 30), clock_skew=skew)
    before = time.time()
    reply = await client.livechat()
    after = time.time()
    assert int(before) <= parsedate_to_datetime(reply.headers["Date"]).timestamp() - skew <= after
    reset = int(reply.headers["X-RateLimit-Reset"]) / 1000 - skew
    assert before - 0.001 <= reset - 30 <= after
    stored = datetime.fromisoformat(reply.content["message"]["ts"]).timestamp()
    assert before - 0.001 <= stored - skew <= after
    assert before <= client.sandbox.ledger.entries[0].time <= after


async def test_without_skew_the_date_is_the_real_time(client: Client) -> None:
    reply = await client.livechat()
    assert abs(parsedate_to_datetime(reply.headers["Date"]).timestamp() - time.time()) < 2


class Rival(Livechat):
    name = "rival"


class WithHtmlInItsName(Kitechat):
    name = "<b>"


def test_two_channels_cannot_have_the_same_route() -> None:
    with pytest.raises(UsageError, match=r"^POST /api/v1/livechat/message: the channels livechat and rival both have"):
        Sandbox(channels=[LIVECHAT, Rival()])


async def test_a_sandbox_serves_the_channels_that_it_is_given() -> None:
    async with Sandbox(channels=[WithHtmlInItsName()]) as sandbox, aiohttp.ClientSession() as session:
        async with session.post(sandbox.url + LIVECHAT_PATH, json={}) as response:
            assert response.status == 404
        async with session.post(sandbox.url + KITECHAT_PATH, json={}, headers={"apikey": "k"}) as response:
            assert response.status == 400
        async with session.get(sandbox.url) as response:
            page = await response.text()
    assert (
        "<p>A &lt;b&gt; campaign needs the variable <code>KITECHAT_API_KEY</code>; here any text will do.</p>" in page
    )
    assert "single message by hand" not in page


async def test_one_connection_serves_many_messages(client: Client) -> None:
    replies = await asyncio.gather(*(client.livechat(_id=f"m{number}") for number in range(200)))
    assert {reply.status for reply in replies} == {200}
    assert {entry.message_id for entry in client.sandbox.ledger.taken()} == {f"m{number}" for number in range(200)}

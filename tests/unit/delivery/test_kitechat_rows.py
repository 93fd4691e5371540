"""Kitechat rows, as in the table of docs/explanation/responses.md: no row is sent again after a lost response."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaign.channels.base import NoResponse, Response
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fakes import FAST, NO_CONNECTION, RESET, Fault, fake_delivery, refused

POST = ("POST", "m1")
LOST = [
    pytest.param(RESET, id="reset"),
    pytest.param(NoResponse("no answer within 30 s", request_left=True), id="timeout"),
    pytest.param(Response(500), id="500"),
    pytest.param(Response(502), id="502"),
    pytest.param(Response(504), id="504"),
    pytest.param(Response(200, {}, b"<html>Welcome</html>"), id="200 that is not JSON"),
    pytest.param(Response(200, {}, b'{"success":tr'), id="200 cut off"),
]


@pytest.mark.parametrize(
    ("body", "message_id"),
    [(b'{"success":true}', None), (b'{"data":{"id":7}}', "7"), (b'{"messageId":"abc"}', "abc")],
    ids=["no id", "id in data", "id"],
)
async def test_a_message_is_sent_with_one_request(body: bytes, message_id: str | None) -> None:
    it = fake_delivery("kitechat", faults={"m1": [Fault(Response(200, {}, body), takes=True)]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST]
    assert it.log.outcomes[1].message_id == message_id


@pytest.mark.parametrize("takes", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("response", LOST)
async def test_a_lost_response_leaves_the_row_in_doubt(response: Response | NoResponse, *, takes: bool) -> None:
    it = fake_delivery("kitechat", 2, faults={"m1": [Fault(response, takes=takes)]})
    await it.deliver()
    assert it.log.states == {1: State.IN_DOUBT, 2: State.SENT}
    assert it.server.requests.count(POST) == 1
    assert it.log.outcomes[1].reason
    assert (it.context.progress.in_doubt, it.context.progress.sent) == (1, 1)


async def test_on_doubt_retry_sends_again_after_a_lost_response() -> None:
    it = fake_delivery(
        "kitechat", 1, DeliverySettings(rate=1000, on_doubt="retry"), faults={"m1": [Fault(RESET, takes=True)] * 2}
    )
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.taken["m1"] == 3


@pytest.mark.parametrize(
    "response",
    [
        Response(200, {}, b'{"success":false,"message":"no such page"}'),
        Response(400, {}, b"no such page"),
        refused("no such page", status=404),
        refused("no such page", status=413),
        refused("no such page", status=422),
    ],
    ids=["200 that says failure", "400", "404", "413", "422"],
)
async def test_a_refused_row_fails_at_once(response: Response) -> None:
    it = fake_delivery("kitechat", faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.log.states == {1: State.FAILED}
    assert it.server.requests == [POST]
    assert "no such page" in it.log.outcomes[1].reason


async def test_a_refusal_does_not_resolve_doubt_about_an_earlier_attempt() -> None:
    settings = DeliverySettings(rate=1000, on_doubt="retry")
    it = fake_delivery(
        "kitechat", 1, settings, faults={"m1": [Fault(RESET, takes=True), Fault(refused("no such page"))]}
    )
    await it.deliver()
    assert it.log.states == {1: State.IN_DOUBT}
    assert it.log.outcomes[1].reason.startswith("an earlier attempt may have been accepted; the next one was refused: ")
    assert "no such page" in it.log.outcomes[1].reason
    assert (it.context.progress.in_doubt, it.context.progress.failed) == (1, 0)
    assert [came for _, came in it.log.results] == ["unclear", "refused"]


async def test_a_refusal_leaves_a_row_in_doubt() -> None:
    it = fake_delivery("kitechat", 1, faults={"m1": [Fault(refused("no such page"))]})
    it.log.doubt(1)
    await it.deliver()
    assert it.log.states == {1: State.IN_DOUBT}
    assert it.server.requests == [POST]


async def test_a_refused_key_leaves_a_row_in_doubt_when_the_run_stops() -> None:
    it = fake_delivery("kitechat", 1, faults={"m1": [Fault(Response(401))]})
    it.log.doubt(1)
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.log.states == {1: State.IN_DOUBT}


@pytest.mark.parametrize(
    ("response", "seconds"),
    [(Response(503, {"retry-after": "7"}), 7.0), (Response(503), 0.5), (Response(429, {"retry-after": "3"}), 3.0)],
    ids=["503 with Retry-After", "503", "429"],
)
async def test_a_throttled_row_waits_and_never_fails(response: Response, seconds: float) -> None:
    it = fake_delivery("kitechat", faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, POST]
    assert it.server.sent_at[1] - it.server.sent_at[0] == pytest.approx(seconds, abs=0.1)


async def test_an_unannounced_limit_halves_the_rate() -> None:
    it = fake_delivery("kitechat", 5, DeliverySettings(rate=100, concurrency=1), faults={"m1": [Fault(Response(503))]})
    await it.deliver()
    waits = [later - sooner for sooner, later in zip(it.server.sent_at, it.server.sent_at[1:], strict=False)]
    assert it.context.rate_limiter.current_rate < 100
    assert waits[0] == pytest.approx(0.5, abs=0.1)


async def test_without_a_connection_a_row_waits() -> None:
    it = fake_delivery("kitechat", faults={"m1": [Fault(NO_CONNECTION)] * 4})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.taken["m1"] == 1


@pytest.mark.parametrize("status", [401, 403, 307, 405])
async def test_a_fatal_response_stops_the_run(status: int) -> None:
    it = fake_delivery("kitechat", 30, faults={"m1": [Fault(Response(status))]})
    await it.deliver()
    assert it.shutdown.reason is not None
    assert f"HTTP {status}" in it.shutdown.reason.text
    assert it.log.states == dict.fromkeys(range(1, 31), State.PENDING)


async def test_a_lost_response_does_not_delay_other_rows() -> None:
    it = fake_delivery("kitechat", 20, DeliverySettings(rate=1000, concurrency=1), faults={"m1": [Fault(RESET)]})
    await it.deliver()
    assert it.server.sent_at[-1] - it.server.sent_at[0] < 1


@pytest.mark.parametrize("lost", [RESET, NO_CONNECTION], ids=["reset", "no connection"])
async def test_after_a_lost_response_one_request_is_sent_alone(lost: NoResponse) -> None:
    faults = {f"m{number}": [Fault(lost)] for number in range(2, 10)}
    it = fake_delivery("kitechat", 20, DeliverySettings(rate=1000, concurrency=8), faults=faults)
    await it.deliver()
    together, alone, next_one = it.server.sent_at[8], it.server.sent_at[9], it.server.sent_at[10]
    assert together - it.server.sent_at[1] < 0.02 < alone - together
    assert next_one - alone >= 0.02


async def test_responses_lost_together_count_as_one_failure() -> None:
    faults = {f"m{number}": [Fault(RESET)] for number in range(2, 10)}
    it = fake_delivery("kitechat", 20, DeliverySettings(rate=1000, concurrency=8), faults=faults)
    await it.deliver()
    assert len(it.log.in_state(State.IN_DOUBT)) == 8
    assert it.server.sent_at[-1] - it.server.sent_at[0] < 2


async def test_consecutive_lost_responses_make_all_rows_wait() -> None:
    faults = {f"m{number}": [Fault(RESET)] for number in range(1, 6)}
    it = fake_delivery("kitechat", 6, DeliverySettings(rate=1000, concurrency=1), faults=faults)
    await it.deliver()
    waits = [later - sooner for sooner, later in zip(it.server.sent_at, it.server.sent_at[1:], strict=False)]
    assert waits == pytest.approx([0.02, 0.5, 1, 2, 4], abs=0.1)


ONE_BY_ONE = replace(FAST, concurrency=1)


@pytest.mark.parametrize("takes", [True, False], ids=["taken", "not taken"])
async def test_after_a_303_the_row_is_in_doubt_and_the_run_stops(*, takes: bool) -> None:
    see_other = Response(303, {"location": "/done"})
    it = fake_delivery("kitechat", 3, ONE_BY_ONE, faults={"m1": [Fault(see_other, takes=takes)]})
    await it.deliver()
    assert it.server.requests == [POST]
    assert it.log.states == {1: State.IN_DOUBT, 2: State.PENDING, 3: State.PENDING}
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text == (
        "the server redirects (HTTP 303) to /done; put the final address into [server] url"
    )


async def test_answers_that_cannot_be_read_stop_after_three() -> None:
    unreadable = NoResponse("the answer's head is longer than 128 KB", request_left=True, permanent=True)
    it = fake_delivery(
        "kitechat", 8, ONE_BY_ONE, faults={f"m{row}": [Fault(unreadable, takes=True)] for row in range(1, 9)}
    )
    await it.deliver()
    assert it.log.in_state(State.IN_DOUBT) == [1, 2, 3]
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text == unreadable.reason


async def test_a_status_in_a_body_is_obeyed_as_the_status_itself_would_be() -> None:
    bodies = [b'{"code": 429}', b'{"status": "503"}', b'{"code": 500}', b'{"code": 404}', b'{"code": 401}']
    faults = {f"m{row}": [Fault(Response(200, {}, body))] for row, body in enumerate(bodies, 1)}
    it = fake_delivery("kitechat", 6, ONE_BY_ONE, faults=faults)
    await it.deliver()
    sent, doubt, failed, pending = State.SENT, State.IN_DOUBT, State.FAILED, State.PENDING
    assert it.log.states == {1: sent, 2: sent, 3: doubt, 4: failed, 5: pending, 6: pending}


async def test_a_way_to_the_server_that_cannot_work_stops_at_once_and_leaves_the_row_pending() -> None:
    untrusted = NoResponse("the certificate is not trusted", request_left=False, permanent=True)
    it = fake_delivery("kitechat", 3, ONE_BY_ONE, faults={"m1": [Fault(untrusted)]})
    await it.deliver()
    assert it.server.requests == [POST]
    assert it.log.in_state(State.PENDING) == [1, 2, 3]
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text == "the certificate is not trusted"

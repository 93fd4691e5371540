"""Livechat rows, as in the table of docs/explanation/responses.md: the outcome of a row and its requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaign.channels.base import NoResponse, Response
from campaign.journal import State

from .fakes import FAST, NO_CONNECTION, RESET, Fault, fake_delivery, refused, taken

HTML = Response(200, {"content-type": "text/html"}, b"<html>Welcome</html>")
TIMEOUT = Fault(NoResponse("no answer within 30 s", request_left=True), after=30.0)
LOST = [
    pytest.param(RESET, id="reset"),
    pytest.param(TIMEOUT.response, id="timeout"),
    pytest.param(Response(500), id="500"),
    pytest.param(Response(502, {}, b"<html>Bad gateway</html>"), id="502"),
    pytest.param(Response(503), id="503"),
    pytest.param(Response(504), id="504"),
    pytest.param(HTML, id="200 that is not JSON"),
    pytest.param(Response(200, {}, b'{"success":tr'), id="200 cut off"),
    pytest.param(Response(200, {}, b'{"success":false}'), id="200 that says failure"),
]
POST, GET = ("POST", "m1"), ("GET", "m1")


async def test_a_message_is_sent_with_one_request() -> None:
    it = fake_delivery("livechat")
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST]
    outcome = it.log.outcomes[1]
    assert (outcome.message_id, outcome.http_status, outcome.reason, outcome.kind) == ("m1", 200, "", "")
    assert outcome.latency == pytest.approx(0.02, abs=0.001)
    assert outcome.at == pytest.approx(it.clock.epoch(), abs=0.1)


@pytest.mark.parametrize("response", LOST)
async def test_a_stored_message_is_not_sent_again_after_a_lost_response(response: Response | NoResponse) -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(response, takes=True)]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, GET]
    assert it.log.outcomes[1].message_id == "m1"


@pytest.mark.parametrize("response", LOST)
async def test_a_missing_message_is_sent_again_after_a_lost_response(response: Response | NoResponse) -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, GET, POST]
    assert it.server.taken["m1"] == 1
    assert [came for _, came in it.log.results] == ["unclear", "absent", "sent"]


@pytest.mark.parametrize(
    ("response", "kind", "reason"),
    [
        (refused("room-closed"), "room-closed", "conversation is closed"),
        (refused("invalid-token"), "invalid-token", "no visitor with this token"),
        (refused("not here", status=404), "not here", "refused the message: not here"),
        (refused("too big", status=413), "too big", "refused the message: too big"),
        (refused("bad field", status=422), "bad field", "refused the message: bad field"),
    ],
    ids=["room closed", "invalid token", "404", "413", "422"],
)
async def test_a_refused_row_fails_at_once(response: Response, kind: str, reason: str) -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.log.states == {1: State.FAILED}
    assert it.server.requests == [POST]
    assert it.log.outcomes[1].kind == kind
    assert reason in it.log.outcomes[1].reason
    assert it.context.progress.failed == 1


async def test_a_duplicate_id_is_not_a_refusal() -> None:
    absent = Fault(refused("invalid-message"))  # read back too early: the server was still storing it
    it = fake_delivery("livechat", faults={"m1": [Fault(RESET, takes=True)]}, read_back_faults={"m1": [absent]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, GET, POST, GET]
    assert it.server.taken["m1"] == 1


async def test_a_refused_second_attempt_fails_if_the_message_is_missing() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(RESET), Fault(refused("room-closed"))]})
    await it.deliver()
    assert it.log.states == {1: State.FAILED}
    assert it.server.requests == [POST, GET, POST, GET]
    assert it.log.outcomes[1].kind == "room-closed"
    assert it.server.taken["m1"] == 0


async def test_a_refused_second_attempt_is_sent_if_the_message_is_stored() -> None:
    absent = Fault(refused("invalid-message"))
    it = fake_delivery(
        "livechat",
        faults={"m1": [Fault(RESET, takes=True), Fault(refused("room-closed"))]},
        read_back_faults={"m1": [absent]},
    )
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.context.progress.failed == 0


@pytest.mark.parametrize(
    "found",
    [RESET, NO_CONNECTION, Response(500), Response(429), HTML, Response(404, {}, b"<html>Not found</html>")],
    ids=["reset", "no connection", "500", "429", "HTML", "404 of a proxy"],
)
@pytest.mark.parametrize("takes", [True, False], ids=["there", "not there"])
async def test_an_inconclusive_read_back_is_repeated(found: Response | NoResponse, *, takes: bool) -> None:
    it = fake_delivery(
        "livechat", faults={"m1": [Fault(RESET, takes=takes)]}, read_back_faults={"m1": [Fault(found)] * 3}
    )
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, GET, GET, GET, GET] + ([] if takes else [POST])
    assert it.server.taken["m1"] == 1


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (Response(429, {"retry-after": "7"}), 7.0),
        (refused("Error, too many requests. You must wait 9 seconds", status=429), 9.0),
        (Response(429), 0.5),
    ],
    ids=["Retry-After", "in the text", "not stated"],
)
async def test_a_throttled_row_waits_as_long_as_the_server_says(response: Response, seconds: float) -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST, POST]
    assert it.server.sent_at[1] - it.server.sent_at[0] == pytest.approx(seconds, abs=0.1)
    assert it.log.results[0] == (1, "not_taken")


async def test_without_a_connection_a_row_backs_off_without_a_read_back() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(NO_CONNECTION)] * 5})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == [POST] * 6
    waits = [later - sooner for sooner, later in zip(it.server.sent_at, it.server.sent_at[1:], strict=False)]
    assert waits == pytest.approx([0.5, 1, 2, 4, 8], abs=0.1)


async def test_between_a_lost_response_and_its_read_back_a_row_is_sending() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(RESET)]}, read_back_faults={"m1": [TIMEOUT]})
    await it.deliver()
    assert [outcome.state for outcome in it.log.history] == [
        State.SENDING,
        State.SENDING,
        State.PENDING,
        State.SENT,
    ]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (Response(401, {}, b"no"), "refuses access (HTTP 401)"),
        (Response(403, {}, b"no"), "refuses access (HTTP 403)"),
        (Response(302, {"location": "https://login"}), "redirects (HTTP 302) to https://login"),
        (Response(404, {}, b"<html>no such page</html>"), "is not one of Rocket.Chat's livechat API"),
    ],
    ids=["401", "403", "redirect", "another program"],
)
async def test_a_fatal_response_stops_the_run(response: Response, reason: str) -> None:
    it = fake_delivery("livechat", 30, faults={"m1": [Fault(response)]})
    await it.deliver()
    assert it.shutdown.reason is not None
    assert reason in it.shutdown.reason.text
    assert it.log.states == dict.fromkeys(range(1, 31), State.PENDING)
    assert it.server.requests == [POST]


async def test_a_read_back_without_access_leaves_its_row_sending() -> None:
    it = fake_delivery(
        "livechat", faults={"m1": [Fault(RESET, takes=True)]}, read_back_faults={"m1": [Fault(Response(401))]}
    )
    await it.deliver()
    assert it.log.states == {1: State.SENDING}
    assert it.shutdown.reason is not None
    assert "refuses access" in it.shutdown.reason.text


@pytest.mark.parametrize("takes", [True, False], ids=["and ours is taken", "and ours is not"])
@pytest.mark.parametrize("about", [taken("other"), taken("m1", "another room")], ids=["id", "room"])
async def test_a_success_for_another_message_is_read_back(about: Response, *, takes: bool) -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(about, takes=takes)]})
    await it.deliver()
    assert it.server.requests == [POST, GET] if takes else [POST, GET, POST]
    assert it.log.outcomes[1].message_id == "m1"
    assert it.server.taken == {"m1": 1}


async def test_a_read_back_about_another_message_finds_nothing_out() -> None:
    it = fake_delivery(
        "livechat",
        faults={"m1": [Fault(RESET)]},
        read_back_faults={"m1": [Fault(taken("other")), Fault(taken("other"))]},
    )
    await it.deliver()
    assert it.server.requests == [POST, GET, GET, GET, POST]
    assert it.log.states == {1: State.SENT}


SEE_OTHER = Response(303, {"location": "/done"})


@pytest.mark.parametrize(("takes", "state"), [(True, State.SENT), (False, State.PENDING)], ids=["taken", "not taken"])
async def test_after_a_303_the_row_is_read_back_and_the_run_stops(state: State, *, takes: bool) -> None:
    it = fake_delivery("livechat", 2, replace(FAST, concurrency=1), faults={"m1": [Fault(SEE_OTHER, takes=takes)]})
    await it.deliver()
    assert it.server.requests == [POST, GET]
    assert it.log.states == {1: state, 2: State.PENDING}
    assert it.shutdown.reason is not None
    assert "redirects (HTTP 303) to /done" in it.shutdown.reason.text


async def test_a_page_is_read_back_and_where_that_is_a_page_too_the_run_stops() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(HTML)]}, read_back_faults={"m1": [Fault(HTML)]})
    await it.deliver()
    assert it.server.requests == [POST, GET]
    assert it.log.states == {1: State.SENDING}
    assert it.shutdown.reason is not None
    assert "is not Rocket.Chat's livechat API's" in it.shutdown.reason.text
    assert it.shutdown.reason.text.endswith("check [server] url")
    assert it.clock.now() < 1005


async def test_a_single_page_stops_nothing() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(HTML, takes=True)]})
    await it.deliver()
    assert it.server.requests == [POST, GET]
    assert (it.log.states, it.shutdown.reason) == ({1: State.SENT}, None)


async def test_the_limiters_text_with_400_is_waited_for() -> None:
    text = "Error, too many requests. You must wait 3 seconds before trying this endpoint again."
    it = fake_delivery("livechat", faults={"m1": [Fault(refused(f"{text} [error-too-many-requests]"))]})
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert 1003 <= it.clock.now() < 1004

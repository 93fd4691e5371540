"""How the answers of Rocket.Chat's API for its users are read: those of its public server source, and all others."""

from __future__ import annotations

import json

import pytest

from campaign.channels.base import (
    Fatal,
    Indeterminate,
    NoResponse,
    NotFound,
    Quota,
    Refused,
    Request,
    Response,
    Sent,
    Throttled,
    Unreachable,
)
from campaign.channels.rocketchat import ROCKETCHAT
from campaign.channels.rocketchat.responses import ACCESS, FATAL, NOTHING_STORED, REFUSALS

FIRST = pytest.mark.parametrize(
    "again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")]
)
BODY = b'{"message": {"_id": "m1", "rid": "r", "msg": "Hello"}}'
IN_A_THREAD = b'{"message": {"_id": "m1", "rid": "r", "tmid": "m0", "msg": "Hello"}}'
LIMITED = "Error, too many requests. Please slow down. You must wait 54 seconds before trying this endpoint again."


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def failure(error: str, **more: object) -> dict[str, object]:
    return {"success": False, "error": error, **more}


def stored(**fields: object) -> dict[str, object]:
    user = {"_id": "u1", "username": "kim.jane", "name": "Kim"}
    return {"message": {"_id": "m1", "rid": "r", "msg": "Hello", "u": user, **fields}, "success": True}


NOT_JSON = "the answer (HTTP 200) is not JSON: "
NO_MESSAGE = Indeterminate("the server answered 200 without the stored message")
ANOTHER = Indeterminate("the server answered 200 about another message than ours")
TOO_LARGE = "the message is larger than the server accepts (HTTP 413)"
LOGGED_OUT = {"status": "error", "message": "You must be logged in to do this."}


def other_program(status: int, said: str) -> Fatal:
    what = f"the server's answer (HTTP {status}) is not one of Rocket.Chat's API"
    return Fatal(f"{what}: {said}; check [server] url")


# What was received, the verdict on it, and its id.
AT_ANY_ATTEMPT = [
    (answer(200, stored()), Sent("m1"), "200 with the message"),
    (
        answer(200, {"success": True}),
        Indeterminate("the server answered with success and without the message", NOTHING_STORED),
        "200 of a repeated id, or of an app that prevents it",
    ),
    (
        answer(200, {"success": True, "message": None}),
        Indeterminate("the server answered with success and without the message", NOTHING_STORED),
        "200 with null",
    ),
    (answer(200, stored(_id="m2")), ANOTHER, "200 with another id"),
    (answer(200, stored(rid="x")), ANOTHER, "200 with another room"),
    (answer(200, stored(_id=5)), NO_MESSAGE, "200 with a number as id"),
    (answer(200, {**stored(), "success": "true"}), NO_MESSAGE, "200 with success as text"),
    (answer(200, failure("oops")), NO_MESSAGE, "200 that denies"),
    (answer(200, {}), NO_MESSAGE, "200 empty object"),
    (answer(200, []), Indeterminate(f"{NOT_JSON}[]"), "200 list"),
    (answer(200), Indeterminate(f"{NOT_JSON}(nothing)"), "200 empty"),
    (answer(200, b'{"succ'), Indeterminate(f'{NOT_JSON}{{"succ'), "200 cut off"),
    (answer(200, b"<html>Hi"), Indeterminate(f"{NOT_JSON}<html>Hi", stop_after=3), "200 HTML"),
    (
        answer(401, LOGGED_OUT),
        Fatal(f"the server does not accept the user (HTTP 401, You must be logged in to do this.): {ACCESS}"),
        "401",
    ),
    (answer(401, b"<html>"), Fatal("the server refuses access (HTTP 401): <html>"), "401 of a proxy"),
    (
        answer(403, failure("unauthorized")),
        Fatal('the server refuses access (HTTP 403): {"success": false, "error": "unauthorized"}'),
        "403",
    ),
    *(
        (answer(400, failure(f"Said [{error}]", errorType=error)), Fatal(f"{words} ({error})"), error)
        for error, words in FATAL.items()
    ),
    (answer(400, b"<html>Bad"), other_program(400, "<html>Bad"), "400 HTML"),
    (answer(404, {"status": "error"}), other_program(404, '{"status": "error"}'), "404 of the router"),
    (answer(405, failure("no")), other_program(405, '{"success": false, "error": "no"}'), "405"),
    (answer(429, failure(LIMITED)), Throttled("over the server's limit (HTTP 429)", 54.0), "429"),
    (
        answer(400, failure(f"{LIMITED} [error-too-many-requests]")),
        Throttled("over the server's limit (HTTP 400)", 54.0),
        "the limiter's text with 400",
    ),
    (answer(503, retry_after="5"), Indeterminate("server trouble (HTTP 503)", wait=5.0), "503"),
    (NoResponse("no answer within 30 s", request_left=True), Indeterminate("no answer within 30 s"), "no answer"),
    (NoResponse("refused", request_left=False), Unreachable("refused"), "no connection"),
]


@FIRST
@pytest.mark.parametrize(("response", "verdict"), [pytest.param(*each, id=name) for *each, name in AT_ANY_ATTEMPT])
def test_a_response_is_read(response: Response | NoResponse, verdict: object, *, again: bool) -> None:
    assert ROCKETCHAT.read_response(response, BODY, again=again) == verdict


SAID = "the server refused the message: "

# A refusal of the first attempt; of a later one it counts only after a read-back.
REFUSALS_OF_A_ROW = [
    *((answer(400, failure(f"So: {kind}")), kind, f"{words} (So: {kind})") for kind, words in REFUSALS.items()),
    (
        answer(400, failure("Not allowed", errorType="error-not-allowed")),
        "error-not-allowed",
        f"{REFUSALS['error-not-allowed']} (Not allowed)",
    ),
    (
        answer(400, failure("must be string [invalid-params]", errorType="invalid-params")),
        "invalid-params",
        f"{SAID}must be string [invalid-params]",
    ),
    (
        answer(400, failure('The required "text" param is missing.')),
        "The required … param is missing.",
        f'{SAID}The required "text" param is missing.',
    ),
    (answer(404, failure("no such thing")), "no such thing", f"{SAID}no such thing"),
    (answer(422, failure("no such thing")), "no such thing", f"{SAID}no such thing"),
    (answer(413, b"<html>Too Large"), "too large", f"{TOO_LARGE}; shorten the text"),
]


@pytest.mark.parametrize(
    ("response", "kind", "reason"),
    [pytest.param(*each, id=f"{each[0].status} {each[1]}") for each in REFUSALS_OF_A_ROW],
)
def test_a_refusal_counts_at_once_or_after_a_read_back(response: Response, kind: str, reason: str) -> None:
    assert ROCKETCHAT.read_response(response, BODY, again=False) == Refused(kind, reason)
    later = ROCKETCHAT.read_response(response, BODY, again=True)
    assert isinstance(later, Indeterminate)
    assert later.refusal == Refused(kind, reason)


@FIRST
@pytest.mark.parametrize(
    "error",
    [
        pytest.param("Cannot read properties of undefined (reading 'starred')", id="version 8"),
        pytest.param("Cannot convert undefined or null to object", id="an older one"),
        pytest.param("E11000 duplicate key error collection: rocketchat_message", id="two at once"),
        pytest.param("connection 3 to 10.0.0.5:27017 closed", id="a failure after the message was stored"),
        pytest.param("", id="no word on it"),
    ],
)
def test_a_400_behind_which_the_message_may_be_stored_is_read_back_at_any_attempt(error: str, *, again: bool) -> None:
    verdict = ROCKETCHAT.read_response(answer(400, failure(error)), BODY, again=again)
    assert isinstance(verdict, Indeterminate)
    assert isinstance(verdict.refusal, Refused)
    assert error in verdict.reason


def test_a_message_in_a_thread_is_ours_in_whichever_room_the_thread_is() -> None:
    came = answer(200, stored(rid="room of the thread", tmid="m0"))
    assert ROCKETCHAT.read_response(came, IN_A_THREAD, again=False) == Sent("m1")
    assert ROCKETCHAT.read_back(came, IN_A_THREAD) == Sent("m1")
    assert ROCKETCHAT.read_response(answer(200, stored(_id="m2")), IN_A_THREAD, again=False) == ANOTHER


# Read-back


def not_allowed(**more: object) -> Response:
    return answer(400, failure("Not allowed [error-not-allowed]", errorType="error-not-allowed", **more))


@pytest.mark.parametrize(
    ("came", "found"),
    [
        pytest.param(answer(200, stored()), Sent("m1"), id="there"),
        pytest.param(answer(200, stored(t="rm", msg="")), Sent("m1"), id="there, and removed by somebody"),
        pytest.param(answer(400, {"success": False}), NotFound(), id="not there"),
        pytest.param(not_allowed(details={"method": "getSingleMessage"}), Sent("m1"), id="there, in a room not ours"),
        pytest.param(answer(429, failure(LIMITED)), Throttled("over the server's limit (HTTP 429)", 54.0), id="429"),
        pytest.param(
            answer(400, failure(f"{LIMITED} [error-too-many-requests]")),
            Throttled("over the server's limit (HTTP 400)", 54.0),
            id="400 limiter",
        ),
        pytest.param(answer(500), Indeterminate("server trouble (HTTP 500)"), id="500"),
        pytest.param(NoResponse("late", request_left=True), Indeterminate("late"), id="no answer"),
        pytest.param(NoResponse("refused", request_left=False), Unreachable("refused"), id="no connection"),
    ],
)
def test_a_read_back_finds(came: Response | NoResponse, found: object) -> None:
    assert ROCKETCHAT.read_back(came, BODY) == found


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(answer(401, LOGGED_OUT), id="401"),
        pytest.param(answer(302, location="/login"), id="302"),
        pytest.param(answer(403), id="403"),
        pytest.param(answer(400, failure("Said [restricted-workspace]")), id="a restricted workspace"),
        pytest.param(not_allowed(), id="a refusal that does not say of what"),
        pytest.param(not_allowed(details={"method": "sendMessage"}), id="the refusal of a send"),
    ],
)
def test_a_read_back_that_is_turned_away_stops_the_run(came: Response) -> None:
    assert isinstance(ROCKETCHAT.read_back(came, BODY), Fatal)


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(answer(200, b"<html>"), id="200 HTML"),
        pytest.param(answer(200, stored(_id="m2")), id="200 about another"),
        pytest.param(answer(200, {"success": True}), id="200 without a message"),
        pytest.param(answer(200, []), id="200 list"),
        pytest.param(answer(201, stored()), id="201"),
        pytest.param(answer(400, b"<html>"), id="400 HTML"),
        pytest.param(answer(400, {"error": "bad request"}), id="400 of another program"),
        pytest.param(answer(400, failure("connection 3 to 10.0.0.5:27017 closed")), id="400 of another cause"),
        pytest.param(answer(400, {"success": False, "errorType": "error-app-user"}), id="400 with a type alone"),
        pytest.param(answer(404, failure("not found")), id="404"),
        pytest.param(answer(404, b"<html>"), id="404 HTML"),
    ],
)
def test_a_read_back_that_is_not_the_apis_finds_nothing_out(came: Response) -> None:
    found = ROCKETCHAT.read_back(came, BODY)
    assert isinstance(found, Indeterminate)
    assert found.refusal is None


def test_a_read_back_asks_by_the_id_alone() -> None:
    body = json.dumps({"message": {"_id": "a/b?c&d", "rid": "r", "msg": "x"}}).encode()
    assert ROCKETCHAT.read_back_request(body) == Request("GET", "/api/v1/chat.getMessage?msgId=a%2Fb%3Fc%26d")


def test_a_message_is_posted_as_it_was_frozen() -> None:
    assert ROCKETCHAT.send_request(b"frozen") == Request("POST", "/api/v1/chat.sendMessage", b"frozen")


def test_the_servers_budget_is_read_where_the_limiter_states_one() -> None:
    limited = answer(200, x_ratelimit_limit="10", x_ratelimit_remaining="9", x_ratelimit_reset="1795262400500")
    assert ROCKETCHAT.quota(limited) == Quota(limit=10, remaining=9, reset_at=1795262400.5)
    assert ROCKETCHAT.quota(answer(200)) is None

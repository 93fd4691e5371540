"""What the responses of all HTTP servers have in common: trouble, dates, waits and excerpts."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import CHANNELS, Channel
from campaign.channels.base import Fatal, Indeterminate, NoResponse, Response, Throttled, Unreachable
from campaign.channels.responses import (
    excerpt,
    http_date,
    one_line,
    retry_after,
    server_trouble,
    without_response,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

EACH_CHANNEL = pytest.mark.parametrize("channel", [pytest.param(each, id=name) for name, each in CHANNELS.items()])
BODY = b'{"_id": "m1", "token": "t", "rid": "r", "msg": "Hello"}'
NOON = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"retry-after": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after": " 120 "}, 120.0, id="seconds"),
        pytest.param({"retry-after": "1.5"}, None, id="not a whole number"),
        pytest.param({"retry-after": "-3"}, None, id="negative"),
        pytest.param({"retry-after": "²"}, None, id="a digit that is no number"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": NOON}, 30.0, id="date"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 11:59:00 GMT", "date": NOON}, 0.0, id="date gone by"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, None, id="date and no clock to hold it against"),
        pytest.param({"retry-after": "Sat Nov 21 12:00:30 2026", "date": NOON}, 30.0, id="date in the oldest form"),
        pytest.param({"retry-after": "Saturday, 21-Nov-26 12:00:30 GMT", "date": NOON}, 30.0, id="date of RFC 850"),
        pytest.param({"retry-after": "Sat, 99 Nov 2026 12:00:30 GMT", "date": NOON}, None, id="no such day"),
    ],
)
@pytest.mark.usefixtures("far_from_greenwich")
def test_retry_after_is_read_in_both_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(Response(429, headers)) == seconds


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local time that is not the time of HTTP's dates."""
    if not hasattr(time, "tzset"):  # Windows: the time zone cannot be changed for one process
        yield
        return
    zone = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "ICT-7")
    time.tzset()
    yield
    if zone is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", zone)
    time.tzset()


def test_a_date_of_http_is_in_seconds_since_the_epoch() -> None:
    assert http_date("Thu, 01 Jan 1970 00:01:40 GMT") == 100.0


@given(st.text())
def test_no_header_is_too_odd_to_be_looked_at_for_a_date(text: str) -> None:
    date = http_date(text)
    assert date is None or isinstance(date, float)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(b"", "(nothing)", id="empty"),
        pytest.param(b" \r\n ", "(nothing)", id="blank"),
        pytest.param(b"<html>\n  <b>Bad\tGate", "<html> <b>Bad Gate", id="one line"),
        pytest.param("Lỗi".encode(), "Lỗi", id="UTF-8"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", id="no text"),
        pytest.param(b"\x1b[31mred\x00", "[31mred", id="nothing that a terminal would obey"),
        pytest.param(b"x" * 5000, "x" * 19 + "…", id="long"),
    ],
)
def test_an_excerpt_is_one_short_line(body: bytes, shown: str) -> None:
    assert excerpt(Response(500, {}, body), 20) == shown


@given(st.text())
def test_what_a_server_says_becomes_one_short_printable_line(text: str) -> None:
    line = one_line(text, 30)
    assert line.isprintable()
    assert len(line) <= 30


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"a": [1, null]}', {"a": [1, None]}, id="object"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', {"a": 1}, id="with a mark in front"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"\xff{}", None, id="no text"),
        pytest.param(b"[" * 100_000, None, id="nested beyond reason"),
        pytest.param(b"1" * 4301, Decimal("1" * 4301), id="endless number"),
        pytest.param(b'{"a": -' + b"1" * 700 + b"}", {"a": -int("1" * 700)}, id="long number"),
    ],
)
def test_a_body_that_is_no_json_reads_as_nothing(body: bytes, value: object) -> None:
    assert Response(200, {}, body).json() == value


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        pytest.param(
            NoResponse("no answer within 30 s", request_left=True), Indeterminate("no answer within 30 s"), id="lost"
        ),
        pytest.param(
            NoResponse("connection refused", request_left=False), Unreachable("connection refused"), id="never left"
        ),
        pytest.param(
            NoResponse("the answer's head is too large", request_left=True, permanent=True),
            Indeterminate("the answer's head is too large", stop_after=3),
            id="lost for good",
        ),
        pytest.param(
            NoResponse("no trusted certificate", request_left=False, permanent=True),
            Fatal("no trusted certificate"),
            id="never leaves",
        ),
    ],
)
def test_without_a_response_it_matters_whether_the_request_left(outcome: NoResponse, verdict: object) -> None:
    assert without_response(outcome) == verdict


def responding(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


OVER = "over the server's limit (HTTP 429)"
MOVED = "https://new.example.com/; put the final address into [server] url"


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        pytest.param(responding(429, b"<html>slow down"), Throttled(OVER), id="429 HTML"),
        pytest.param(responding(429, b'{"success":false}'), Throttled(OVER), id="429 JSON"),
        pytest.param(responding(429, retry_after="7"), Throttled(OVER, 7.0), id="429 seconds"),
        pytest.param(
            responding(429, retry_after="Sat, 21 Nov 2026 12:01:00 GMT", date=NOON),
            Throttled(OVER, 60.0),
            id="429 date",
        ),
        *(
            pytest.param(
                responding(status, b'{"message":"Unauthorized"}'),
                Fatal(f'the server refuses access (HTTP {status}): {{"message":"Unauthorized"}}'),
                id=str(status),
            )
            for status in (401, 403)
        ),
        *(
            pytest.param(
                responding(status, location="https://new.example.com/"),
                Fatal(f"the server redirects (HTTP {status}) to {MOVED}"),
                id=str(status),
            )
            for status in (301, 302, 307, 308)
        ),
        pytest.param(
            responding(304),
            Fatal("the server redirects (HTTP 304) to another address; put the final address into [server] url"),
            id="304 to nowhere",
        ),
        *(
            pytest.param(
                responding(status, b'{"error":"boom"}'),
                Indeterminate(f"server trouble (HTTP {status})"),
                id=str(status),
            )
            for status in (101, 408, 425, 500, 502, 504, 520, 599)
        ),
        pytest.param(
            responding(503, retry_after="5"), Indeterminate("server trouble (HTTP 503)", wait=5.0), id="503 seconds"
        ),
        *(
            pytest.param(responding(status), None, id=str(status))
            for status in (200, 204, 299, 400, 404, 413, 418, 422)
        ),
    ],
)
def test_the_servers_own_trouble_is_never_the_rows(response: Response, verdict: object) -> None:
    assert server_trouble(response, retry_after) == verdict


@pytest.mark.parametrize(
    "location", ["https://x.example/caf\udce9", "https://x.example/" + "a" * 5000], ids=["odd", "long"]
)
def test_where_a_redirect_leads_can_be_shown_and_stored(location: str) -> None:
    verdict = server_trouble(responding(302, location=location), retry_after)
    assert isinstance(verdict, Fatal)
    assert verdict.reason.isprintable()
    assert len(verdict.reason.encode()) < 400


@EACH_CHANNEL
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (402, 405, 406, 410, 415, 418)])
@pytest.mark.parametrize(
    "body",
    [pytest.param(b"<html>", id="HTML"), pytest.param(b'{"error":"x"}', id="JSON"), pytest.param(b"", id="empty")],
)
def test_an_answer_that_the_api_does_not_give_stops_the_run(channel: Channel, status: int, body: bytes) -> None:
    verdict = channel.read_response(Response(status, {}, body), BODY, again=False)
    assert isinstance(verdict, Fatal)
    assert f"HTTP {status}" in verdict.reason
    assert verdict.reason.endswith("check [server] url")


@EACH_CHANNEL
@given(
    status=st.integers(200, 599),
    headers=st.dictionaries(st.sampled_from(["retry-after", "location", "date"]), st.text()),
    body=st.binary() | st.sampled_from([b"[" * 100_000, b"1" * 5000, b'{"error":{"a":[1]}}', b'"ok"', b"null", b"NaN"]),
    again=st.booleans(),
)
def test_no_answer_is_too_odd_to_be_read(
    channel: Channel, status: int, headers: dict[str, str], body: bytes, *, again: bool
) -> None:
    answer = Response(status, headers, body)
    verdict = channel.read_response(answer, BODY, again=again)
    assert type(verdict).__name__ in {"Sent", "Refused", "Throttled", "Indeterminate", "Fatal"}
    assert channel.quota(answer) is None


@EACH_CHANNEL
@given(status=st.integers(200, 599), body=st.binary())
def test_nothing_but_the_apis_own_json_is_a_sent_message(channel: Channel, status: int, body: bytes) -> None:
    verdict = channel.read_response(Response(status, {}, b"<" + body), BODY, again=False)
    assert type(verdict).__name__ != "Sent"

"""What every HTTP server's answers have in common: dates, waits and excerpts."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import CHANNELS, Channel
from campaign.channels.base import Fatal, Indeterminate, NoResponse, Response, Throttled, Unreachable
from campaign.channels.responses import excerpt, http_date, one_line, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator

EACH_CHANNEL = pytest.mark.parametrize("channel", [pytest.param(each, id=name) for name, each in CHANNELS.items()])
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
        pytest.param(b"1" * 5000, None, id="endless number"),
    ],
)
def test_a_body_that_is_no_json_reads_as_nothing(body: bytes, value: object) -> None:
    assert Response(200, {}, body).json() == value


@EACH_CHANNEL
def test_an_answer_that_never_came_leaves_the_row_unclear_if_anything_left(channel: Channel) -> None:
    lost = channel.read_response(NoResponse("no answer within 30 s", request_left=True), again=False)
    assert lost == Indeterminate("no answer within 30 s")


@EACH_CHANNEL
def test_a_request_that_never_left_says_that_the_server_is_unreachable(channel: Channel) -> None:
    lost = channel.read_response(NoResponse("connection refused", request_left=False), again=False)
    assert lost == Unreachable("connection refused")


@EACH_CHANNEL
@pytest.mark.parametrize("again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({}, None, id="untold"),
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 12:01:00 GMT", "date": NOON}, 60.0, id="date"),
    ],
)
@pytest.mark.parametrize(
    "body", [pytest.param(b"<html>slow down", id="HTML"), pytest.param(b'{"success":false}', id="JSON")]
)
def test_429_is_never_a_failure(
    channel: Channel, *, again: bool, headers: dict[str, str], wait: float | None, body: bytes
) -> None:
    verdict = channel.read_response(Response(429, headers, body), again=again)
    assert verdict == Throttled("over the server's limit (HTTP 429)", wait)


@EACH_CHANNEL
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (401, 403)])
def test_a_refused_key_stops_the_run(channel: Channel, status: int) -> None:
    verdict = channel.read_response(Response(status, {}, b'{"message":"Unauthorized"}'), again=False)
    assert verdict == Fatal(f'the server refuses access (HTTP {status}): {{"message":"Unauthorized"}}')


@EACH_CHANNEL
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (301, 302, 303, 307, 308)])
def test_a_redirect_stops_the_run_and_is_named(channel: Channel, status: int) -> None:
    verdict = channel.read_response(Response(status, {"location": "https://new.example.com/"}), again=False)
    assert verdict == Fatal(
        f"the server redirects (HTTP {status}) to https://new.example.com/; put the final address into [server] url"
    )


@EACH_CHANNEL
@pytest.mark.parametrize(
    "location", ["https://x.example/caf\udce9", "https://x.example/" + "a" * 5000], ids=["odd", "long"]
)
def test_where_a_redirect_leads_can_be_shown_and_stored(channel: Channel, location: str) -> None:
    verdict = channel.read_response(Response(302, {"location": location}), again=False)
    assert isinstance(verdict, Fatal)
    assert verdict.reason.isprintable()
    assert len(verdict.reason.encode()) < 400


@EACH_CHANNEL
def test_a_redirect_to_nowhere_stops_the_run_too(channel: Channel) -> None:
    verdict = channel.read_response(Response(304), again=False)
    assert isinstance(verdict, Fatal)
    assert "to another address;" in verdict.reason


@EACH_CHANNEL
@pytest.mark.parametrize(
    "status", [pytest.param(each, id=str(each)) for each in (101, 408, 425, 500, 502, 504, 520, 599)]
)
@pytest.mark.parametrize("again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")])
def test_the_servers_own_trouble_is_never_the_rows(channel: Channel, status: int, *, again: bool) -> None:
    verdict = channel.read_response(Response(status, {}, b'{"success":false,"error":"boom"}'), again=again)
    assert verdict == Indeterminate(f"server trouble (HTTP {status})")


@EACH_CHANNEL
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (402, 405, 406, 410, 415, 418)])
@pytest.mark.parametrize(
    "body",
    [pytest.param(b"<html>", id="HTML"), pytest.param(b'{"error":"x"}', id="JSON"), pytest.param(b"", id="empty")],
)
def test_an_answer_that_the_api_does_not_give_stops_the_run(channel: Channel, status: int, body: bytes) -> None:
    verdict = channel.read_response(Response(status, {}, body), again=False)
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
    verdict = channel.read_response(answer, again=again)
    assert type(verdict).__name__ in {"Sent", "Refused", "Throttled", "Indeterminate", "Fatal"}
    assert channel.quota(answer) is None


@EACH_CHANNEL
@given(status=st.integers(200, 599), body=st.binary())
def test_nothing_but_the_apis_own_json_is_a_sent_message(channel: Channel, status: int, body: bytes) -> None:
    verdict = channel.read_response(Response(status, {}, b"<" + body), again=False)
    assert type(verdict).__name__ != "Sent"

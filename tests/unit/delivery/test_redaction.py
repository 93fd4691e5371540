"""A key that a server repeats is found in every spelling, and blanking it does not change what a response means."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode, urlsafe_b64encode
from functools import partial
from html import escape
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import KITECHAT
from campaign.channels.base import Fatal, Indeterminate, NoResponse, Refused, Response, Sent, Unreachable
from campaign.delivery.redaction import BLANKED, Redaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import Verdict

KEY = "ab/cd+ef&gh==SECRET"
REDACTION = Redaction([KEY])


def read(response: Response | NoResponse, key: str = KEY) -> Verdict:
    verdict: Verdict = Redaction([key]).read(response, partial(KITECHAT.read_response, body=b"{}", again=False))
    return verdict


SPELLINGS = {
    "as it is": KEY,
    "upper case": KEY.upper(),
    "lower case": KEY.lower(),
    "JSON with escaped slashes": KEY.replace("/", r"\/"),
    "JSON escapes": "".join(rf"\u{ord(each):04x}" for each in KEY),
    "JSON escapes in capitals": "".join(rf"\u{ord(each):04X}" for each in KEY),
    "JSON within JSON": json.dumps(json.dumps(KEY.replace("/", r"\/")))[1:-1],
    "JavaScript escapes": "".join(rf"\x{ord(each):02x}" for each in KEY),
    "percent": quote(KEY, safe=""),
    "percent, lower case": quote(KEY, safe="").lower(),
    "percent, slashes left": quote(KEY),
    "percent, twice": quote(quote(KEY, safe=""), safe=""),
    "percent, every letter": "".join(f"%{ord(each):02X}" for each in KEY),
    "HTML": escape(KEY),
    "HTML, decimal": "".join(f"&#{ord(each)};" for each in KEY),
    "HTML, hexadecimal": "".join(f"&#x{ord(each):X};" for each in KEY),
    "HTML, twice": escape(escape(KEY)),
    "HTML, named": KEY.replace("&", "&AMP;").replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    "hexadecimal": KEY.encode().hex(),
    "base64": b64encode(KEY.encode()).decode(),
    "base64 after one": b64encode(b"x" + KEY.encode()).decode(),
    "base64 after two": b64encode(b"x:" + KEY.encode()).decode(),
    "base64 in the middle": b64encode(b"user:" + KEY.encode() + b":more").decode(),
    "base64 for URLs": urlsafe_b64encode(KEY.encode()).decode(),
    "base64, percent": quote(b64encode(KEY.encode()).decode(), safe=""),
    "full-width letters": "".join(chr(ord(each) + 0xFEE0) for each in KEY),
    "mathematical letters": KEY.replace("SECRET", "\U0001d412\U0001d404\U0001d402\U0001d411\U0001d404\U0001d413"),
    "escapes of old JavaScript": "".join(f"%u{ord(each):04x}" for each in KEY),
    "escapes of new JavaScript": "".join(rf"\u{{{ord(each):x}}}" for each in KEY),
    "octal": "".join(rf"\{ord(each):03o}" for each in KEY),
    "hexadecimal, blanks": KEY.encode().hex(" "),
    "hexadecimal, colons": KEY.encode().hex(":").upper(),
    "broken by a line": KEY[:9] + "\n" + KEY[9:],
    "broken by a line of a header": KEY[:9] + "\r\n    " + KEY[9:],
    "broken by tabs": "\t".join(KEY),
    "broken by NUL": "\0".join(KEY),
    "broken by zero-width spaces": "\u200b".join(KEY),
    "broken by soft hyphens": "\u00ad".join(KEY),
    "broken by colours": KEY[:9] + "\x1b[1;31m" + KEY[9:] + "\x1b[0m",
    "broken, in JSON": json.dumps("\x1b[31m".join(KEY) + "\n\u200b\0".join(KEY))[1:-1],
    "broken, in HTML": "&shy;".join(KEY),
    "broken, percent": "%0A".join(KEY),
    "broken by tags": "<wbr>".join(KEY),
    "base64, lines": "\r\n".join(re.findall(".{1,6}", b64encode(b"user:" + KEY.encode()).decode())),
    "base64, lines in JSON": r"\n".join(re.findall(".{1,6}", b64encode(b"user:" + KEY.encode()).decode())),
    "full-width and broken": "\n".join(chr(ord(each) + 0xFEE0) for each in KEY),
    "a mixture": r"ab%2fcd\u002bef&amp;gh=%3DSecret",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_spelling_of_the_key_is_blanked(spelling: str) -> None:
    found = REDACTION.text(f"the key {spelling} is wrong")
    assert BLANKED in found
    assert spelling not in found
    assert len(found) < 60  # of base64, what does not belong to the key is left


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_verdict_holds_a_spelling_of_the_key(spelling: str) -> None:
    lengths = range(60, 400, 17)  # also where a reason is cut within the key
    for status, length in product([200, 302, 400, 401, 500], lengths):
        said = json.dumps("x" * length + " ")[:-1] + spelling.replace('"', "") + '"'
        body = f'{{"error": {said}, "id": {said}}}' if status != 200 else f'{{"success": true, "id": {said}}}'
        verdict = read(Response(status, {"location": f"/?{spelling}"}, body.encode()))
        shown = repr(verdict)
        assert REDACTION.text(shown) == shown
        assert "ab/cd" not in shown.lower()
        assert "ab%2f" not in shown.lower()


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40),
    before=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=5),
    data=st.data(),
)
def test_any_key_is_found_in_any_mixture_of_escapes(key: str, before: str, data: st.DataObject) -> None:
    ways: list[Callable[[str], str]] = [
        str,
        lambda c: f"%{ord(c):02x}",
        lambda c: rf"\u{ord(c):04X}",
        lambda c: f"&#{ord(c)};",
        lambda c: c.swapcase(),
    ]
    spelt = "".join(data.draw(st.sampled_from(ways))(each) for each in key)
    assert spelt not in Redaction([key]).text(f"{before}{spelt} is wrong")


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40),
    before=st.binary(max_size=4),
    after=st.binary(max_size=4),
)
def test_any_key_is_found_in_base64(key: str, before: bytes, after: bytes) -> None:
    coded = b64encode(before + key.encode() + after).decode()
    blanked = Redaction([key]).text(coded)
    assert BLANKED in blanked
    assert len(blanked.replace(BLANKED, "")) <= len(coded) - len(key)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("bad key ab/cd+ef…", f"bad key {BLANKED}…", id="cut within the key"),
        pytest.param("bad key ab/…", "bad key ab/…", id="too little to be the key"),
        pytest.param("it took 5 s…", "it took 5 s…", id="cut elsewhere"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_that_was_shortened_holds_no_part_of_the_key(text: str, shown: str) -> None:
    assert REDACTION.text(text) == shown


@pytest.mark.parametrize("key", ["success", "true", "messageId", "error", "status", "{", '"', ":", "m-1"])
def test_a_key_that_is_a_word_of_the_answer_does_not_change_its_meaning(key: str) -> None:
    taken = Response(200, {}, b'{"success": true, "messageId": "m-1", "status": "ok"}')
    refused = Response(400, {}, b'{"success": false, "error": "no such page", "status": "error"}')
    assert isinstance(read(taken, key), Sent)
    assert isinstance(read(refused, key), Refused)
    assert isinstance(read(Response(401, {}, b'{"error": "x"}'), key), Fatal)


def test_a_wait_that_the_server_asks_for_stays_as_it_is() -> None:
    response = Response(500, {"retry-after": "12", "x-said": "secret-12"}, b"12 secret-12")
    verdict = read(response, "12")
    assert isinstance(verdict, Indeterminate)
    assert verdict.wait == 12


def test_what_could_not_be_sent_is_blanked_as_well() -> None:
    verdict = read(NoResponse(f"the server cannot be reached (no such host: https://{KEY})", request_left=False))
    assert verdict == Unreachable(f"the server cannot be reached (no such host: https://{BLANKED})")


def test_without_secrets_nothing_changes() -> None:
    assert Redaction().text("anything") == "anything"
    response = Response(400, {}, b'{"error": "x"}')
    assert Redaction([""]).read(response, partial(KITECHAT.read_response, body=b"{}", again=False)) == read(response)


def test_the_longer_of_two_secrets_is_blanked_whole() -> None:
    assert Redaction(["token", "token-and-more"]).text("token-and-more, token") == f"{BLANKED}, {BLANKED}"


def test_a_redaction_does_not_show_its_secrets() -> None:
    assert KEY not in repr(REDACTION)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        pytest.param("abc", "a b c, a\nb\nc", id="a short key in blanks"),
        pytest.param("true", "t\nrue", id="a word in two lines"),
        pytest.param("secret1", "73 65 63 72 65 74 31", id="a short key in spaced digits"),
        pytest.param(KEY, "ab cd ef gh SECRET", id="parts of a key"),
        pytest.param("12345678", "1,2,3,4,5,6,7,8", id="digits with commas"),
    ],
)
def test_ordinary_text_is_left_as_it_is(key: str, text: str) -> None:
    assert Redaction([key]).text(text) == text


@pytest.mark.parametrize("gap", ["\u200b", "\u00ad", "\0", "\x1b[31m", r"\u200b"], ids=ascii)
def test_a_short_key_is_found_where_nothing_visible_breaks_it(gap: str) -> None:
    assert Redaction(["s3cret"]).text(f"a {gap.join('s3cret')} b") == f"a {BLANKED} b"


@pytest.mark.parametrize("gap", ["\n", "\t", " \u200b ", "\x1b[31m", r"\n"], ids=ascii)
def test_what_stands_around_a_broken_key_is_left(gap: str) -> None:
    first, last = gap.join(KEY), gap.join(KEY.lower())
    text = f"one \n two{first}\u200b three\n{last} \n four"
    assert REDACTION.text(text) == f"one \n two{BLANKED}\u200b three\n{BLANKED} \n four"


PIECES = ["\\", "%25", "&amp;", "YWIv", "a", " ", "\\n", "a\u200b", "\uff41 ", "61:", "\x1b[3", KEY[:-1] + " "]


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_a_long_body_is_searched_in_time_that_grows_with_its_length(piece: str) -> None:
    began = time.process_time()
    REDACTION.text(piece * (250_000 // len(piece)) + "%")
    assert time.process_time() - began < 2  # a tenth of a second on a machine that does nothing else


@pytest.mark.parametrize("key", [KEY, "s3cret"])
def test_four_megabytes_of_ordinary_text_are_searched_in_a_second(key: str) -> None:
    body = r'{"text": "The quick brown fox jumps over the lazy dog.\nXin chào", "url": "https://x/?a=%20"}'
    began = time.process_time()
    assert BLANKED not in Redaction([key]).text(body * (4_000_000 // len(body)))
    assert time.process_time() - began < 4  # half a second on a machine that does nothing else

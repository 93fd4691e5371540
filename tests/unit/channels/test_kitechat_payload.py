from __future__ import annotations

import pytest

from campaign.channels.base import FieldProblem, Path, Payload
from campaign.channels.kitechat import KITECHAT

MEDIA = ("image", "video", "audio", "document")
URL = "https://example.com/a.jpg"
BLANK = "is blank, and the API requires it"
MISSING = "is missing, and the API requires it"
NO_FIELD = "is not a field of this API"
NO_ADDRESS = "must be a web address that starts with http:// or https:// and holds no blank or invisible character"
REPLY: Payload = {"type": "quick_replies", "text": "Yes", "payload": "YES"}
LINK: Payload = {"type": "web_url", "text": "More", "url": URL}


def body(message: object) -> Payload:
    return {"pageId": "p", "conversationId": "c", "message": message}


def structured(**fields: object) -> Payload:
    return body({"type": "template", "template": fields})


def found(payload: Payload) -> list[tuple[Path, str]]:
    return [(problem.path, problem.what) for problem in KITECHAT.problems(payload)]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(body({"type": "text", "text": "Chào 🎉"}), id="text"),
        pytest.param(body({"type": "text", "text": "x", "url": URL}), id="text with a url"),
        *[pytest.param(body({"type": kind, "url": URL}), id=kind) for kind in MEDIA],
        pytest.param(body({"type": "image", "url": "http://example.com", "text": "x"}), id="http, with a text"),
        pytest.param(structured(body="x"), id="template of a body"),
        pytest.param(structured(footer="x"), id="template of a footer"),
        pytest.param(structured(header={"type": "text", "text": "x"}), id="header text"),
        pytest.param(structured(header={"type": "text", "text": "x", "url": URL}), id="header text with a url"),
        *[pytest.param(structured(header={"type": kind, "url": URL}), id=f"header {kind}") for kind in MEDIA],
        pytest.param(structured(header={"type": "image", "url": URL, "text": "x"}), id="header image with a text"),
        pytest.param(structured(body="x", buttons=[REPLY, LINK]), id="buttons"),
        pytest.param(structured(buttons=[{**REPLY, "url": URL}, {**LINK, "payload": "x"}]), id="buttons with all"),
        pytest.param(structured(body="x", buttons=[], cards=[]), id="empty lists"),
        pytest.param(
            structured(
                body="x",
                cards=[
                    {"header": {"type": "image", "url": URL}, "body": "x", "footer": "x", "buttons": [REPLY, LINK]},
                    {"body": "y"},
                ],
            ),
            id="cards",
        ),
    ],
)
def test_what_the_document_allows_is_no_problem(payload: Payload) -> None:
    assert not KITECHAT.problems(payload)


@pytest.mark.parametrize(
    ("message", "path", "what"),
    [
        pytest.param({"type": "text"}, ("text",), MISSING, id="text without text"),
        pytest.param({"type": "text", "text": " "}, ("text",), BLANK, id="blank text"),
        pytest.param({"type": "text", "text": 5}, ("text",), "must be text", id="text that is a number"),
        pytest.param({"type": "text", "text": None}, ("text",), "must be text", id="null text"),
        pytest.param({"type": "text", "text": "x", "url": None}, ("url",), "must be text", id="null in a spare field"),
        pytest.param({"type": "text", "text": "x", "url": "x"}, ("url",), NO_ADDRESS, id="spare field is no address"),
        pytest.param({"type": "text", "text": "x", "to": "y"}, ("to",), NO_FIELD, id="field beyond the document"),
        pytest.param({"type": "text", "text": "x", "template": {}}, ("template",), NO_FIELD, id="text and template"),
        *[pytest.param({"type": kind}, ("url",), MISSING, id=f"{kind} without url") for kind in MEDIA],
        pytest.param({"type": "template"}, ("template",), MISSING, id="template without template"),
        pytest.param({"type": "template", "template": {}}, ("template",), "must hold something", id="empty template"),
        pytest.param({"type": "template", "template": None}, ("template",), "must be an object", id="null template"),
        pytest.param(
            {"type": "template", "template": "hi"}, ("template",), "must be an object", id="template in words"
        ),
        pytest.param(
            {"type": "sticker"},
            ("type",),
            "is “sticker”, and must be one of text, image, video, audio, document, template",
            id="unknown type",
        ),
        pytest.param({"text": "x"}, ("type",), MISSING, id="no type"),
        pytest.param("hello", (), "must be an object", id="message in words"),
    ],
)
def test_a_message_that_the_document_rules_out(message: object, path: Path, what: str) -> None:
    assert found(body(message)) == [(("message", *path), what)]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("example.com/a.jpg", id="no scheme"),
        pytest.param("ftp://example.com/a.jpg", id="another scheme"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///a.jpg", id="only a path"),
        pytest.param("https://?a=b", id="only a query"),
        pytest.param("https://example.com/a b.jpg", id="space"),
        pytest.param("https://example.com/a.jpg\n", id="line break at the end"),
        pytest.param(" https://example.com/a.jpg", id="space in front"),
        pytest.param("x\nhttps://example.com/a.jpg", id="on the second line"),
        pytest.param("https://example.com/a.jpg\u200b", id="invisible character at the end"),
        pytest.param("https://:443/a.jpg", id="only a port"),
        pytest.param("", id="empty"),
    ],
)
def test_a_url_must_be_a_web_address(url: str) -> None:
    assert found(body({"type": "image", "url": url})) == [(("message", "url"), NO_ADDRESS)]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://example.com", id="host alone"),
        pytest.param("https://example.com:8443/a?b=c#d", id="all parts"),
        pytest.param("https://ví-dụ.vn/ảnh tết.jpg".replace(" ", "%20"), id="not in ASCII"),
    ],
)
def test_a_web_address_is_kept_as_it_was_written(url: str) -> None:
    assert not found(body({"type": "image", "url": url}))


@pytest.mark.parametrize(
    ("header", "path", "what"),
    [
        pytest.param({"type": "text"}, ("text",), MISSING, id="text without text"),
        pytest.param({"type": "text", "text": ""}, ("text",), BLANK, id="blank text"),
        *[pytest.param({"type": kind, "text": "x"}, ("url",), MISSING, id=f"{kind} without url") for kind in MEDIA],
        pytest.param({"type": "video", "url": "x"}, ("url",), NO_ADDRESS, id="no address"),
        pytest.param({"text": "x"}, ("type",), MISSING, id="no type"),
        pytest.param(
            {"type": "template"},
            ("type",),
            "is “template”, and must be one of text, image, video, audio, document",
            id="unknown type",
        ),
        pytest.param({"type": "text", "text": "x", "payload": "y"}, ("payload",), NO_FIELD, id="one field too many"),
        pytest.param(None, (), "must be an object", id="null"),
    ],
)
@pytest.mark.parametrize("in_card", [pytest.param(False, id="of the template"), pytest.param(True, id="of a card")])
def test_a_header_that_the_document_rules_out(header: object, path: Path, what: str, *, in_card: bool) -> None:
    payload = structured(cards=[{"body": "x"}, {"header": header}]) if in_card else structured(header=header)
    place = ("message", "template", "cards", 1, "header") if in_card else ("message", "template", "header")
    assert found(payload) == [((*place, *path), what)]


@pytest.mark.parametrize(
    ("button", "path", "what"),
    [
        pytest.param({"type": "quick_replies", "text": "x"}, ("payload",), MISSING, id="reply without payload"),
        pytest.param({"type": "quick_replies", "payload": "x"}, ("text",), MISSING, id="reply without text"),
        pytest.param({**REPLY, "payload": " "}, ("payload",), BLANK, id="blank payload"),
        pytest.param({"type": "web_url", "text": "x"}, ("url",), MISSING, id="link without url"),
        pytest.param({"type": "web_url", "url": URL}, ("text",), MISSING, id="link without text"),
        pytest.param({**LINK, "url": "x"}, ("url",), NO_ADDRESS, id="no address"),
        pytest.param({**LINK, "title": "x"}, ("title",), NO_FIELD, id="field beyond the document"),
        pytest.param(
            {**LINK, "type": "phone"}, ("type",), "is “phone”, and must be one of quick_replies, web_url", id="type"
        ),
        pytest.param({"text": "x"}, ("type",), MISSING, id="no type"),
        pytest.param(None, (), "must be an object", id="null"),
        pytest.param("More", (), "must be an object", id="in words"),
    ],
)
@pytest.mark.parametrize("in_card", [pytest.param(False, id="of the template"), pytest.param(True, id="of a card")])
def test_a_button_that_the_document_rules_out(button: object, path: Path, what: str, *, in_card: bool) -> None:
    buttons = [REPLY, button]
    payload = structured(cards=[{"buttons": buttons}]) if in_card else structured(buttons=buttons)
    place = ("message", "template", "cards", 0) if in_card else ("message", "template")
    assert found(payload) == [((*place, "buttons", 1, *path), what)]


@pytest.mark.parametrize(
    ("card", "path", "what"),
    [
        pytest.param({}, (), "must hold something", id="empty"),
        pytest.param(None, (), "must be an object", id="null"),
        pytest.param({"body": "x", "cards": []}, ("cards",), NO_FIELD, id="cards in a card"),
        pytest.param({"body": "x", "title": "y"}, ("title",), NO_FIELD, id="field beyond the document"),
        pytest.param({"body": " "}, ("body",), BLANK, id="blank body"),
        pytest.param({"footer": None}, ("footer",), "must be text", id="null footer"),
        pytest.param({"buttons": REPLY}, ("buttons",), "must be a list", id="one button without its list"),
    ],
)
def test_a_card_that_the_document_rules_out(card: object, path: Path, what: str) -> None:
    assert found(structured(cards=[{"body": "x"}, card])) == [(("message", "template", "cards", 1, *path), what)]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in ("pageId", "conversationId", "message")])
def test_a_required_field_must_be_there(name: str) -> None:
    payload = {key: value for key, value in body({"type": "text", "text": "x"}).items() if key != name}
    assert KITECHAT.problems(payload) == [FieldProblem((name,), MISSING, missing=True)]


def test_all_problems_are_named_at_once() -> None:
    payload = structured(header={"type": "image"}, body=5, buttons=[{"type": "web_url"}], cards=[{"cards": []}])
    paths = {path for path, _ in found({**payload, "pageId": "", "extra": 1})}
    template = ("message", "template")
    assert paths == {
        ("pageId",),
        ("extra",),
        (*template, "header", "url"),
        (*template, "body"),
        (*template, "buttons", 0, "text"),
        (*template, "buttons", 0, "url"),
        (*template, "cards", 0, "cards"),
    }


def test_places_with_nothing_in_them_are_marked() -> None:
    problems = KITECHAT.problems(structured(cards=[{}], body="", buttons=[{}]))
    assert {problem.path: problem.missing for problem in problems} == {
        ("message", "template", "cards", 0): True,
        ("message", "template", "body"): False,
        ("message", "template", "buttons", 0, "type"): True,
    }


def test_places_where_no_text_belongs_are_marked() -> None:
    problems = KITECHAT.problems(structured(body="", title="x", header="x", buttons="x"))
    assert {problem.path[-1]: problem.takes_text for problem in problems} == {
        "body": True,
        "title": False,
        "header": False,
        "buttons": False,
    }


def test_the_api_takes_no_id_of_ours() -> None:
    payload = body({"type": "text", "text": "x"})
    assert KITECHAT.stamp(payload, "abc") == payload


def test_page_and_conversation_are_the_destination() -> None:
    assert KITECHAT.destination(body({})) == "p/c"


@pytest.mark.parametrize(
    ("payload", "recognised"),
    [
        pytest.param({"pageId": "x"}, True, id="pageId"),
        pytest.param({"conversationId": "x"}, True, id="conversationId"),
        pytest.param({"message": {}}, False, id="message alone"),
        pytest.param({"rid": "x"}, False, id="livechat's"),
    ],
)
def test_a_body_is_recognised_by_its_fields(payload: Payload, *, recognised: bool) -> None:
    assert KITECHAT.recognises(payload) is recognised

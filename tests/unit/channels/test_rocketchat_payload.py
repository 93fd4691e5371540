"""The body of chat.sendMessage: what the server accepts, and what is a problem before the first send."""

from __future__ import annotations

import pytest

from campaign.channels.base import FieldProblem, Path, Payload
from campaign.channels.rocketchat import ROCKETCHAT

URL = "https://example.com/a.png"
BUTTON: Payload = {"type": "button", "text": "Xem", "url": URL}
CARD: Payload = {
    "color": "#cc0000",
    "collapsed": False,
    "author_name": "Lan",
    "author_link": URL,
    "author_icon": URL,
    "title": "Áo dài",
    "title_link": URL,
    "title_link_download": True,
    "text": "Còn 3",
    "thumb_url": URL,
    "image_url": URL,
    "fields": [{"title": "Giá", "value": "1.200.000 ₫", "short": True}],
    "button_alignment": "horizontal",
    "actions": [BUTTON, {"type": "button", "text": "Đặt", "msg": "MUA", "msg_in_chat_window": True}],
}


def body(**fields: object) -> Payload:
    return {"message": {"rid": "r", "msg": "Chào", **fields}}


def problems(payload: Payload) -> list[tuple[Path, str]]:
    return [(each.path, each.what) for each in ROCKETCHAT.problems(payload)]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(body(), id="a text"),
        pytest.param(body(alias="Shop", emoji=":gift:", avatar=URL, tmid="m0"), id="with all that says how"),
        pytest.param(body(attachments=[CARD, {"audio_url": URL}, {"video_url": URL}]), id="with attachments"),
        pytest.param({"message": {"rid": "r", "attachments": [{"image_url": URL}]}}, id="a picture alone"),
        pytest.param(body(msg="x" * 100_000), id="100 kB"),
        pytest.param(body(msg="{{ 7 * 7 }}"), id="looks like a template"),
    ],
)
def test_what_the_server_accepts_is_no_problem(payload: Payload) -> None:
    assert not ROCKETCHAT.problems(payload)


BLANK = "is blank, and the API requires it"
UNKNOWN = "is not a field of this API"
ADDRESS = "must be a web address that starts with http:// or https:// and holds no blank or invisible character"
UNSEEN = "must show something: a title, a text, a file, fields or actions"


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        pytest.param({"rid": " "}, ("rid",), BLANK, id="blank room"),
        pytest.param({"rid": 5}, ("rid",), "must be text", id="a number as room"),
        pytest.param({"msg": " \n"}, ("msg",), BLANK, id="blank text"),
        pytest.param({"alias": None}, ("alias",), "must be text", id="null"),
        pytest.param({"avatar": "face.png"}, ("avatar",), ADDRESS, id="a file as avatar"),
        pytest.param({"token": "t"}, ("token",), UNKNOWN, id="livechat's token"),
        pytest.param({"tshow": True}, ("tshow",), UNKNOWN, id="a field beyond ours"),
        pytest.param({"attachments": {}}, ("attachments",), "must be a list", id="one attachment without a list"),
        pytest.param({"attachments": ["x"]}, ("attachments", 0), "must be an object", id="a text as attachment"),
    ],
)
def test_what_the_server_would_refuse_or_nobody_would_see_is_a_problem(change: Payload, path: Path, what: str) -> None:
    assert problems(body(**change)) == [(("message", *path), what)]


@pytest.mark.parametrize(
    ("change", "path", "what"),
    [
        pytest.param({"image_url": "a.png"}, ("image_url",), ADDRESS, id="a file as picture"),
        pytest.param({"image": URL}, ("image",), UNKNOWN, id="a misspelt field"),
        pytest.param({"collapsed": "yes"}, ("collapsed",), "must be true or false", id="a word for true"),
        pytest.param(
            {"button_alignment": "left"},
            ("button_alignment",),
            "must be vertical or horizontal",
            id="another place for buttons",
        ),
        pytest.param(
            {"fields": [{"title": "Giá"}]},
            ("fields", 0, "value"),
            "is missing, and the API requires it",
            id="a field without a value",
        ),
        pytest.param(
            {"fields": [{"title": "Giá", "value": 5}]}, ("fields", 0, "value"), "must be text", id="a number as value"
        ),
        pytest.param(
            {"actions": [{**BUTTON, "type": "link"}]}, ("actions", 0, "type"), "must be button", id="no button"
        ),
        pytest.param(
            {"actions": [{"type": "button", "text": "Xem"}]},
            ("actions", 0),
            "must have a url to open or a msg to send",
            id="a button that does nothing",
        ),
        pytest.param(
            {"actions": [{"type": "button", "url": URL}]},
            ("actions", 0),
            "must have a text or an image_url to be seen",
            id="a button without a face",
        ),
    ],
)
def test_a_wrong_part_of_an_attachment_is_named(change: Payload, path: Path, what: str) -> None:
    assert problems(body(attachments=[{"title": "Áo dài", **change}])) == [(("message", "attachments", 0, *path), what)]


@pytest.mark.parametrize("unseen", [pytest.param({}, id="empty"), pytest.param({"color": "#c00"}, id="a colour alone")])
def test_an_attachment_has_to_show_something(unseen: Payload) -> None:
    path = ("message", "attachments", 0)
    assert ROCKETCHAT.problems(body(attachments=[unseen])) == [FieldProblem(path, UNSEEN, missing=True)]


@pytest.mark.parametrize("nothing", [pytest.param({}, id="absent"), pytest.param({"attachments": []}, id="none")])
def test_a_message_has_a_text_or_an_attachment(nothing: Payload) -> None:
    what = "is missing, and there is no attachment either"
    assert ROCKETCHAT.problems({"message": {"rid": "r", **nothing}}) == [
        FieldProblem(("message", "msg"), what, missing=True)
    ]


def test_only_campaign_itself_sets_the_id() -> None:
    found = problems(body(_id="mine", rid=" "))
    assert found == [
        (("message", "_id"), "must be left out: campaign sets it, so that no retry sends twice"),
        (("message", "rid"), BLANK),
    ]


@pytest.mark.parametrize("message", [pytest.param(None, id="null"), pytest.param("Chào", id="text")])
def test_a_message_is_an_object(message: object) -> None:
    assert problems({"message": message}) == [(("message",), "must be an object")]


def test_the_stamped_payload_holds_the_id_and_is_otherwise_the_same() -> None:
    payload = body(attachments=[CARD])
    assert ROCKETCHAT.stamp(payload, "abc") == {"message": {"_id": "abc", **payload["message"]}}
    assert "_id" not in payload["message"]


@pytest.mark.parametrize(
    ("given", "recognised"),
    [
        pytest.param(body(), True, id="its own"),
        pytest.param({"message": {"attachments": []}}, True, id="attachments alone"),
        pytest.param({**body(), "previewUrls": []}, True, id="with a field that campaign does not take"),
        pytest.param({"message": {"type": "text", "text": "x"}}, False, id="kitechat's message"),
        pytest.param({"token": "t", "rid": "r", "msg": "x"}, False, id="livechat's"),
        pytest.param({"pageId": "p", "message": {"text": "x", "attachments": []}}, False, id="kitechat's, with more"),
        pytest.param({"message": "x"}, False, id="a text"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_body_is_recognised_by_the_fields_of_its_message(given: Payload, *, recognised: bool) -> None:
    assert ROCKETCHAT.recognises(given) is recognised


def test_token_and_user_travel_in_two_headers_and_are_not_shown() -> None:
    headers = ROCKETCHAT.auth_headers({"auth_token": "secret-token", "user_id": "the-user"})
    assert dict(headers) == {"X-Auth-Token": "secret-token", "X-User-Id": "the-user"}
    assert "secret" not in repr(headers)
    assert [each.variable for each in ROCKETCHAT.credentials] == ["ROCKETCHAT_AUTH_TOKEN", "ROCKETCHAT_USER_ID"]

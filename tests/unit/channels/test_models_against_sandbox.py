"""The payload models and the sandbox read the same documents, each on its own: they must come to the same result."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import KITECHAT, LIVECHAT, ROCKETCHAT, Payload
from campaign.channels.kitechat.sandbox import InvalidBodyError, check_body
from campaign.channels.livechat.sandbox import message_problem
from campaign.channels.rocketchat import sandbox_checks as rocketchat_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.sampled_from(["x", "Chào bạn", "{{ 7 * 7 }}", " a\nb ", "🎉"])
URL = st.sampled_from(["https://example.com", "http://example.com:80/a?b#c", "https://ví-dụ.vn/ảnh.jpg"])
MEDIA = st.sampled_from(["image", "video", "audio", "document"])
ODD = st.sampled_from(
    [None, 0, 1.5, True, [], {}, "x", " ", "", ["x"], {"x": "y"}, "text", "https://", "ftp://a", "a b"]
)
NAMES = st.sampled_from(["type", "text", "url", "payload", "body", "header", "footer", "buttons", "cards", "template"])
CHAT_NAMES = st.sampled_from(
    ["type", "text", "url", "msg", "title", "image_url", "fields", "actions", "short", "avatar"]
)


def fields(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


HEADER = fields({"type": st.just("text"), "text": TEXT}, url=URL) | fields({"type": MEDIA, "url": URL}, text=TEXT)
REPLY = fields({"type": st.just("quick_replies"), "text": TEXT, "payload": TEXT}, url=URL)
LINK = fields({"type": st.just("web_url"), "text": TEXT, "url": URL}, payload=TEXT)
CARD = {"header": HEADER, "footer": TEXT, "buttons": st.lists(REPLY | LINK, max_size=2)}
TEMPLATE = fields({"body": TEXT}, **CARD, cards=st.lists(fields({"body": TEXT}, **CARD), max_size=2))
MESSAGE = st.one_of(
    fields({"type": st.just("text"), "text": TEXT}, url=URL),
    fields({"type": MEDIA, "url": URL}, text=TEXT),
    fields({"type": st.just("template"), "template": TEMPLATE}),
)
KITECHAT_BODIES = fields({"pageId": TEXT, "conversationId": TEXT, "message": MESSAGE})
ACTION = fields(
    {"type": st.just("button"), "text": TEXT, "url": URL}, msg=TEXT, image_url=URL, is_webview=st.booleans()
)
ATTACHMENT = {
    **dict.fromkeys(["color", "text", "author_name"], TEXT),
    **dict.fromkeys(["title_link", "thumb_url", "image_url", "audio_url", "video_url"], URL),
    "fields": st.lists(fields({"title": TEXT, "value": TEXT}, short=st.booleans()), max_size=2),
    "actions": st.lists(ACTION, max_size=2),
    "collapsed": st.booleans(),
}
CHAT_MESSAGE = fields(
    {"rid": TEXT, "msg": TEXT},
    **dict.fromkeys(["alias", "emoji", "tmid"], TEXT),
    avatar=URL,
    attachments=st.lists(fields({"title": TEXT}, **ATTACHMENT), max_size=2),
)
ROCKETCHAT_BODIES = fields({"message": CHAT_MESSAGE})
LIVECHAT_BODIES = fields({"token": TEXT, "rid": TEXT, "msg": TEXT}, agent=fields({"agentId": TEXT, "username": TEXT}))


def places(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place below a value, as a container and a key."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@st.composite
def with_one_mistake(
    draw: st.DrawFn, bodies: st.SearchStrategy[Payload], names: st.SearchStrategy[str] = NAMES
) -> Payload:
    """A body in which one thing was left out, put in or replaced; it may well be none the worse for it."""
    body = copy.deepcopy(draw(bodies))
    container, key = draw(st.sampled_from(list(places(body))))
    change = draw(st.sampled_from(["leave out", "replace", "put in"]))
    if change == "leave out":
        del container[key]
    elif change == "replace":
        container[key] = draw(ODD)
    elif isinstance(container, dict):
        container[draw(names)] = draw(ODD)
    return body


def taken_by_kitechat(body: Payload) -> bool:
    try:
        check_body(body)
    except InvalidBodyError:
        return False
    return True


@given(KITECHAT_BODIES)
def test_a_body_as_documented_passes_kitechats_model_and_sandbox(body: Payload) -> None:
    assert not KITECHAT.problems(body)
    assert taken_by_kitechat(body)


@given(with_one_mistake(KITECHAT_BODIES))
def test_what_kitechats_model_passes_its_sandbox_takes(body: Payload) -> None:
    if not KITECHAT.problems(body):
        assert taken_by_kitechat(body)


@given(LIVECHAT_BODIES)
def test_a_body_as_documented_passes_livechats_model_and_sandbox(body: Payload) -> None:
    assert not LIVECHAT.problems(body)
    assert message_problem(body) is None


@given(with_one_mistake(LIVECHAT_BODIES))
def test_what_livechats_model_passes_its_sandbox_takes(body: Payload) -> None:
    if not LIVECHAT.problems(body):
        assert message_problem(body) is None


def refused_by_rocketchat(body: Payload) -> str | None:
    problem = rocketchat_sandbox.message_problem(body)
    return problem or rocketchat_sandbox.content_error(rocketchat_sandbox.message_of(body))


@given(ROCKETCHAT_BODIES)
def test_a_body_as_documented_passes_rocketchats_model_and_sandbox(body: Payload) -> None:
    assert not ROCKETCHAT.problems(body)
    assert refused_by_rocketchat(body) is None


@given(with_one_mistake(ROCKETCHAT_BODIES, CHAT_NAMES))
def test_what_rocketchats_model_passes_its_sandbox_takes(body: Payload) -> None:
    if not ROCKETCHAT.problems(body):
        assert refused_by_rocketchat(body) is None
        assert ROCKETCHAT.preview(body).bubbles


@given(with_one_mistake(ROCKETCHAT_BODIES, CHAT_NAMES))
def test_what_rocketchats_sandbox_takes_can_be_shown_in_its_inbox(body: Payload) -> None:
    if refused_by_rocketchat(body) is None:
        assert ROCKETCHAT.preview(body).as_json()

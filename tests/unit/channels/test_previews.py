from __future__ import annotations

from typing import Any

import pytest

from campaign.channels import KITECHAT, LIVECHAT, ROCKETCHAT
from campaign.channels.preview import Bubble, Button, MessagePreview, Part

URL = "https://cdn.example.com/a.png"
WEB = {"type": "web_url", "text": "Mua", "url": "https://shop.example.com"}
REPLY = {"type": "quick_replies", "text": "Không", "payload": "NO"}


def kitechat(message: dict[str, Any]) -> dict[str, Any]:
    return {"pageId": "7", "conversationId": "c", "message": message}


def template(**parts: object) -> dict[str, Any]:
    return kitechat({"type": "template", "template": parts})


@pytest.mark.parametrize(
    ("agent", "sender"),
    [
        pytest.param({}, ("Visitor",), id="no agent"),
        pytest.param({"agent": {"agentId": "a", "username": "kim.jane"}}, ("Visitor", "agent kim.jane"), id="an agent"),
    ],
)
def test_a_livechat_message_is_the_visitors_own(agent: dict[str, Any], sender: tuple[str, ...]) -> None:
    shown = LIVECHAT.preview({"token": "t", "rid": "r", "msg": "Chào", **agent})
    assert shown == MessagePreview(sender, "right", (Bubble((Part("text", "Chào"),)),))


@pytest.mark.parametrize(
    ("message", "parts", "plain"),
    [
        pytest.param({"type": "text", "text": "Chào"}, [("text", "Chào")], ("Chào",), id="text"),
        pytest.param(
            {"type": "text", "text": "Chào", "url": URL}, [("text", "Chào"), ("link", URL)], ("Chào", URL),
            id="text with an address",
        ),
        pytest.param({"type": "image", "url": URL}, [("image", URL)], (f"[image] {URL}",), id="image"),
        pytest.param({"type": "video", "url": URL}, [("video", URL)], (f"[video] {URL}",), id="video"),
        pytest.param({"type": "audio", "url": URL}, [("audio", URL)], (f"[audio] {URL}",), id="audio"),
        pytest.param(
            {"type": "document", "url": URL, "text": "HĐ"}, [("document", URL), ("text", "HĐ")],
            (f"[document] {URL}", "HĐ"), id="document and text",
        ),
    ],
)  # fmt: skip
def test_a_kitechat_message_comes_from_the_page(
    message: dict[str, Any], parts: list[tuple[str, str]], plain: tuple[str, ...]
) -> None:
    shown = KITECHAT.preview(kitechat(message))
    assert (shown.sender, shown.side, shown.cards) == (("Page 7",), "left", ())
    [bubble] = shown.bubbles
    assert list(bubble.parts) == parts
    assert bubble.sections == (plain,)


def test_a_template_shows_header_body_and_footer_and_then_its_buttons() -> None:
    header = {"type": "text", "text": "Tết"}
    [bubble] = KITECHAT.preview(template(header=header, body="Chị Lan ơi", footer="DỪNG", buttons=[WEB, REPLY])).bubbles
    assert bubble == Bubble(
        (Part("head", "Tết"), Part("text", "Chị Lan ơi"), Part("foot", "DỪNG")),
        (Button("link", "Mua", "https://shop.example.com"), Button("reply", "Không", "NO")),
    )
    buttons = ("[Mua] opens https://shop.example.com", "[Không] answers NO")
    assert bubble.sections == (("Tết", "Chị Lan ơi", "DỪNG"), buttons)


def test_a_template_of_buttons_alone_has_no_words() -> None:
    [bubble] = KITECHAT.preview(template(buttons=[REPLY])).bubbles
    assert bubble.sections == (("[Không] answers NO",),)


def test_every_card_is_a_bubble_of_its_own() -> None:
    header = {"type": "image", "url": URL}
    shown = KITECHAT.preview(template(body="Mời xem", cards=[{"header": header, "body": "Một"}, {"body": "Hai"}]))
    assert [title for title, _ in shown.titled()] == ["Page 7", "Page 7 · card 1 of 2", "Page 7 · card 2 of 2"]
    assert shown.cards[0].sections == ((f"[image] {URL}", "Một"),)


def test_cards_may_stand_without_words_above_them() -> None:
    shown = KITECHAT.preview(template(cards=[{"body": "Một"}]))
    assert [title for title, _ in shown.titled()] == ["Page 7 · card 1 of 1"]


def test_a_message_of_an_agent_is_on_the_companys_side() -> None:
    shown = ROCKETCHAT.preview({"message": {"rid": "r", "msg": "Chào"}})
    assert shown == MessagePreview(("Agent",), "left", (Bubble((Part("text", "Chào"),)),))


def test_an_agents_other_name_picture_and_thread_are_named() -> None:
    other = {"alias": "Cửa hàng", "emoji": ":gift:", "avatar": URL, "tmid": "m0"}
    shown = ROCKETCHAT.preview({"message": {"rid": "r", "msg": "Chào", **other}})
    assert shown.sender == ("Agent", "as Cửa hàng", "emoji :gift:", f"avatar {URL}", "in the thread m0")


def test_every_attachment_of_an_agents_message_is_a_bubble_below_its_text() -> None:
    card = {
        "author_name": "Lan",
        "author_link": URL,
        "title": "Áo dài",
        "title_link": URL,
        "text": "Còn 3",
        "image_url": URL,
        "fields": [{"title": "Giá", "value": "1.200.000 ₫", "short": True}],
        "actions": [
            {"type": "button", "text": "Xem", "url": URL},
            {"type": "button", "text": "Đặt", "msg": "MUA", "msg_in_chat_window": True},
            {"type": "button", "image_url": URL, "msg": "MUA"},
        ],
    }
    shown = ROCKETCHAT.preview(
        {"message": {"rid": "r", "msg": "Mời xem", "attachments": [card, {"audio_url": URL}, {"video_url": URL}]}}
    )
    text, first, *others = shown.bubbles
    assert text.sections == (("Mời xem",),)
    assert [part.kind for part in first.parts] == ["foot", "link", "head", "link", "text", "image", "text"]
    assert str(first.parts[-1]) == "Giá: 1.200.000 ₫"
    assert first.buttons == (Button("link", "Xem", URL), Button("reply", "Đặt", "MUA"), Button("reply", URL, "MUA"))
    assert [each.sections for each in others] == [((f"[audio] {URL}",),), ((f"[video] {URL}",),)]


def test_an_attachment_may_stand_without_a_text_above_it() -> None:
    [only] = ROCKETCHAT.preview({"message": {"rid": "r", "attachments": [{"image_url": URL}]}}).bubbles
    assert only.sections == ((f"[image] {URL}",),)

from __future__ import annotations

from typing import Any

import pytest

from campaign.review.preview_bubbles import Bubble, bubbles

URL = "https://cdn.example.com/a.png"
WEB = {"type": "web_url", "text": "Mua", "url": "https://shop.example.com"}
REPLY = {"type": "quick_replies", "text": "Không", "payload": "NO"}


def kitechat(message: dict[str, Any]) -> dict[str, Any]:
    return {"pageId": "7", "conversationId": "c", "message": message}


def template(**parts: object) -> dict[str, Any]:
    return kitechat({"type": "template", "template": parts})


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        pytest.param({"token": "t", "rid": "r", "msg": "Chào"}, "Visitor", id="no agent"),
        pytest.param(
            {"token": "t", "rid": "r", "msg": "Chào", "agent": {"agentId": "a", "username": "kim.jane"}},
            "Visitor · agent kim.jane",
            id="an agent",
        ),
    ],
)
def test_a_livechat_message_is_the_visitors_own(payload: dict[str, Any], title: str) -> None:
    assert list(bubbles(payload)) == [Bubble(title, (("Chào",),))]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        pytest.param({"type": "text", "text": "Chào"}, ("Chào",), id="text"),
        pytest.param({"type": "text", "text": "Chào", "url": URL}, ("Chào", URL), id="text with an address"),
        pytest.param({"type": "image", "url": URL}, (f"[image] {URL}",), id="image"),
        pytest.param({"type": "video", "url": URL}, (f"[video] {URL}",), id="video"),
        pytest.param({"type": "audio", "url": URL}, (f"[audio] {URL}",), id="audio"),
        pytest.param(
            {"type": "document", "url": URL, "text": "HĐ"}, (f"[document] {URL}", "HĐ"), id="document and text"
        ),
    ],
)
def test_a_kitechat_message_comes_from_the_page(message: dict[str, Any], words: tuple[str, ...]) -> None:
    assert list(bubbles(kitechat(message))) == [Bubble("Page 7", (words,))]


def test_a_template_shows_header_body_and_footer_and_then_its_buttons() -> None:
    header = {"type": "text", "text": "Tết"}
    payload = template(header=header, body="Chị Lan ơi", footer="DỪNG", buttons=[WEB, REPLY])
    buttons = ("[Mua] opens https://shop.example.com", "[Không] answers NO")
    assert list(bubbles(payload)) == [Bubble("Page 7", (("Tết", "Chị Lan ơi", "DỪNG"), buttons))]


def test_a_template_of_buttons_alone_has_no_words() -> None:
    assert list(bubbles(template(buttons=[REPLY]))) == [Bubble("Page 7", (("[Không] answers NO",),))]


def test_every_card_is_a_bubble_of_its_own() -> None:
    header = {"type": "image", "url": URL}
    shown = list(bubbles(template(body="Mời xem", cards=[{"header": header, "body": "Một"}, {"body": "Hai"}])))
    assert [bubble.title for bubble in shown] == ["Page 7", "Page 7 · card 1 of 2", "Page 7 · card 2 of 2"]
    assert shown[1].sections == ((f"[image] {URL}", "Một"),)


def test_cards_may_stand_without_words_above_them() -> None:
    assert [bubble.title for bubble in bubbles(template(cards=[{"body": "Một"}]))] == ["Page 7 · card 1 of 1"]

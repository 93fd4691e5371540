"""The shipped templates, rendered with blank cells and without; blank fields are left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from campaign.channels import CHANNELS
from campaign.errors import TemplateError
from campaign.messages import Mapped, MessageTemplate, compile_template, load_template, shipped_templates
from campaign.sheets import Row
from campaign.sheets.table import columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.channels import Payload

SHIPPED = shipped_templates()
URL = "https://example.com/a.jpg"
CONVERSATION = {"page_id": "108600123", "conversation_id": "0042"}


def prepared(name: str, *headers: str) -> MessageTemplate:
    return compile_template(load_template(SHIPPED[name]), columns_of(headers), Mapped({}, {}))


def message(name: str, cells: Mapping[str, str]) -> Payload:
    """The payload of one row with these cells."""
    texts = tuple(cells.values())
    made = prepared(name, *cells).render(Row(2, texts, texts))
    assert made.payload is not None, made.problems
    return made.payload


def problems(name: str, cells: Mapping[str, str]) -> list[str]:
    texts = tuple(cells.values())
    made = prepared(name, *cells).render(Row(2, texts, texts))
    assert made.payload is None
    return [str(problem) for problem in made.problems]


def test_every_template_is_shipped() -> None:
    assert set(SHIPPED) == {
        "livechat-text",
        "livechat-text-agent",
        "kitechat-text",
        "kitechat-image",
        "kitechat-video",
        "kitechat-audio",
        "kitechat-document",
        "kitechat-template",
        "kitechat-cards",
        "rocketchat-text",
        "rocketchat-image",
        "rocketchat-card",
    }


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in SHIPPED])
def test_a_shipped_template_is_named_after_its_channel(name: str) -> None:
    template = load_template(SHIPPED[name])
    assert template.channel is CHANNELS[name.partition("-")[0]]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in SHIPPED])
def test_a_shipped_template_names_the_variables_that_it_needs_in_its_comment(name: str) -> None:
    comment = " ".join(line for line in load_template(SHIPPED[name]).text.splitlines() if line.startswith("#"))
    with pytest.raises(TemplateError, match="no column, no value and no default") as caught:
        prepared(name)
    needed = [each for problem in caught.value.problems for each in re.findall("“(.+?)”", problem.what)]
    assert needed
    assert set(needed) <= set(re.findall(r"\w+", comment))


def test_livechat_text() -> None:
    cells = {"token": "t", "rid": "r", "msg": "Chào"}
    assert message("livechat-text", cells) == cells


@pytest.mark.parametrize(
    ("agent", "sent"),
    [
        pytest.param(
            {"agent_id": "a1", "agent_username": "kim"}, {"agent": {"agentId": "a1", "username": "kim"}}, id="whole"
        ),
        pytest.param({"agent_id": "", "agent_username": " "}, {}, id="blank"),
        pytest.param({}, {}, id="no such columns"),
    ],
)
def test_livechat_text_agent(agent: dict[str, str], sent: dict[str, object]) -> None:
    cells = {"token": "t", "rid": "r", "msg": "Chào"}
    assert message("livechat-text-agent", cells | agent) == cells | sent


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        pytest.param(
            {"Agent id": "a1", "Agent username": ""},
            "E2: “Agent username” is blank, and agent.username needs it; fill it in",
            id="no username",
        ),
        pytest.param(
            {"Agent id": "", "Agent username": "kim"},
            "D2: “Agent id” is blank, and agent.agentId needs it; fill it in",
            id="no id",
        ),
    ],
)
def test_a_half_filled_agent_is_named_by_its_blank_cell(agent: dict[str, str], message: str) -> None:
    assert problems("livechat-text-agent", {"token": "t", "rid": "r", "msg": "Chào"} | agent) == [message]


def test_kitechat_text() -> None:
    assert message("kitechat-text", CONVERSATION | {"text": "Chào"}) == {
        "pageId": "108600123",
        "conversationId": "0042",
        "message": {"type": "text", "text": "Chào"},
    }


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in ("image", "video", "audio", "document")])
def test_kitechat_media(kind: str) -> None:
    sent = message(f"kitechat-{kind}", CONVERSATION | {"url": URL})
    assert sent["message"] == {"type": kind, "url": URL}


BUTTONS = [f"button_{n}_{part}" for n in (1, 2, 3) for part in ("type", "text", "payload", "url")]
BLANK = dict.fromkeys(["header_type", "header_text", "header_url", "footer", *BUTTONS], "")


@pytest.mark.parametrize("optional", [pytest.param({}, id="no such columns"), pytest.param(BLANK, id="blank")])
def test_kitechat_template_requires_only_a_body(optional: dict[str, str]) -> None:
    sent = message("kitechat-template", CONVERSATION | {"body": "Chào"} | optional)
    assert sent["message"] == {"type": "template", "template": {"body": "Chào"}}


@pytest.mark.parametrize(
    ("cells", "template"),
    [
        pytest.param({"footer": "Bye"}, {"footer": "Bye"}, id="footer"),
        pytest.param({"header_text": "Tết"}, {"header": {"type": "text", "text": "Tết"}}, id="header text"),
        pytest.param({"header_url": URL}, {"header": {"type": "image", "url": URL}}, id="header url"),
        pytest.param(
            {"header_type": "video", "header_url": URL}, {"header": {"type": "video", "url": URL}}, id="header type"
        ),
        pytest.param(
            {"header_type": "image", "header_url": URL, "header_text": "Tết"},
            {"header": {"type": "image", "url": URL, "text": "Tết"}},
            id="header with all",
        ),
        pytest.param({"header_type": "video"}, {}, id="header type alone says nothing"),
        pytest.param(
            {"button_1_text": "More", "button_1_url": URL},
            {"buttons": [{"type": "web_url", "text": "More", "url": URL}]},
            id="button that opens a page",
        ),
        pytest.param(
            {"button_1_text": "Yes", "button_1_payload": "YES"},
            {"buttons": [{"type": "quick_replies", "text": "Yes", "payload": "YES"}]},
            id="button that replies",
        ),
        pytest.param(
            {
                "button_1_text": "Yes",
                "button_1_type": "quick_replies",
                "button_1_payload": "YES",
                "button_1_url": URL,
                "button_3_text": "More",
                "button_3_url": URL,
            },
            {
                "buttons": [
                    {"type": "quick_replies", "text": "Yes", "payload": "YES", "url": URL},
                    {"type": "web_url", "text": "More", "url": URL},
                ]
            },
            id="first and third button",
        ),
    ],
)
@pytest.mark.parametrize("others", [pytest.param({}, id="no other columns"), pytest.param(BLANK, id="others blank")])
def test_kitechat_template_shows_what_is_filled_in(
    cells: dict[str, str], template: Payload, others: dict[str, str]
) -> None:
    sent = message("kitechat-template", CONVERSATION | {"body": "Chào"} | others | cells)
    assert sent["message"]["template"] == {"body": "Chào"} | template


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        pytest.param({"button_2_text": "More", "button_2_type": "web_url"}, "buttons[2].url", id="no url"),
        pytest.param({"button_1_text": "Yes"}, "buttons[1].payload", id="no payload"),
        pytest.param({"button_3_url": URL}, "buttons[3].type", id="no text"),
        pytest.param({"header_type": "text", "header_url": URL}, "header.text", id="header text without text"),
    ],
)
def test_a_half_filled_part_of_kitechat_template_is_a_problem(cells: dict[str, str], field: str) -> None:
    found = problems("kitechat-template", CONVERSATION | {"body": "Chào"} | BLANK | cells)
    assert all("blank, and message.template." in problem for problem in found)
    assert any(f"message.template.{field} needs it" in problem for problem in found)


def test_kitechat_template_without_its_body_is_a_problem() -> None:
    found = problems("kitechat-template", CONVERSATION | {"body": ""} | BLANK)
    assert len(found) == 1
    assert "“body”" in found[0]
    assert "message.template needs it" in found[0]


def card(number: int, **parts: str) -> dict[str, str]:
    names = ("image", "body", "footer", "button", "link")
    return {f"card_{number}_{name}": parts.get(name, "") for name in names}


def test_kitechat_cards_shows_as_many_cards_as_are_filled_in() -> None:
    whole = {"image": URL, "body": "Áo dài", "footer": "Còn 3", "button": "Xem", "link": URL}
    sent = message("kitechat-cards", CONVERSATION | card(1, **whole) | card(2) | card(3, image=URL, body="Nón lá"))
    assert sent["message"]["template"] == {
        "cards": [
            {
                "body": "Áo dài",
                "footer": "Còn 3",
                "header": {"type": "image", "url": URL},
                "buttons": [{"type": "web_url", "text": "Xem", "url": URL}],
            },
            {"body": "Nón lá", "header": {"type": "image", "url": URL}},
        ]
    }


def test_kitechat_cards_needs_columns_for_one_card_only() -> None:
    sent = message("kitechat-cards", CONVERSATION | {"card_1_image": URL, "card_1_body": "Áo dài", "body": "Chào"})
    assert sent["message"]["template"] == {
        "body": "Chào",
        "cards": [{"body": "Áo dài", "header": {"type": "image", "url": URL}}],
    }


def test_a_half_filled_button_of_a_card_is_named_by_its_cell() -> None:
    cells = CONVERSATION | card(1) | card(2, body="Áo dài", button="Xem")
    [problem] = problems("kitechat-cards", cells)
    letter = columns_of(cells)[list(cells).index("card_2_link")].letter
    assert problem == (
        f"{letter}2: “card_2_link” is blank, and message.template.cards[2].buttons[1].url needs it; fill it in"
    )


ROOM = {"rid": "zRAeTszXor8CCPceB"}
AS_SOMEBODY = {"alias": "Shop", "emoji": ":gift:", "avatar": URL, "tmid": "m0"}


@pytest.mark.parametrize(
    ("cells", "sent"),
    [
        pytest.param({}, {}, id="no other columns"),
        pytest.param(dict.fromkeys(AS_SOMEBODY, ""), {}, id="others blank"),
        pytest.param(AS_SOMEBODY, AS_SOMEBODY, id="all"),
    ],
)
def test_rocketchat_text(cells: dict[str, str], sent: dict[str, str]) -> None:
    assert message("rocketchat-text", ROOM | {"msg": "Chào"} | cells) == {"message": ROOM | {"msg": "Chào"} | sent}


def test_rocketchat_text_without_its_text_is_a_problem_of_the_blank_cell() -> None:
    [problem] = problems("rocketchat-text", ROOM | {"msg": " "})
    assert problem == "B2: “msg” is blank, and message.msg needs it; fill it in"


@pytest.mark.parametrize(
    ("cells", "sent"),
    [
        pytest.param({}, {}, id="a picture alone"),
        pytest.param({"msg": "Mời xem"}, {"msg": "Mời xem"}, id="with a text above it"),
    ],
)
def test_rocketchat_image(cells: dict[str, str], sent: dict[str, str]) -> None:
    made = message("rocketchat-image", ROOM | {"url": URL} | cells)
    assert made == {"message": ROOM | sent | {"attachments": [{"image_url": URL}]}}


def test_rocketchat_image_without_a_picture_sends_the_text_and_without_both_nothing() -> None:
    assert message("rocketchat-image", ROOM | {"url": "", "msg": "Chào"}) == {"message": ROOM | {"msg": "Chào"}}
    [problem] = problems("rocketchat-image", ROOM | {"url": "", "msg": ""})
    assert problem == "C2: “msg” is blank, and message.msg needs it; fill it in"
    [problem] = problems("rocketchat-image", ROOM | {"url": ""})
    assert problem == "row 2: message.msg is missing, and there is no attachment either"


CARD = [
    *("msg", "color", "title_link", "text", "image_url"),
    *(f"field_{n}_{part}" for n in (1, 2) for part in ("title", "value")),
    *(f"button_{n}_{part}" for n in (1, 2) for part in ("text", "url", "msg")),
]


@pytest.mark.parametrize(
    "others", [pytest.param({}, id="no other columns"), pytest.param(dict.fromkeys(CARD, ""), id="others blank")]
)
@pytest.mark.parametrize(
    ("cells", "card"),
    [
        pytest.param({}, {}, id="a title alone"),
        pytest.param({"text": "Còn 3", "image_url": URL}, {"text": "Còn 3", "image_url": URL}, id="text and picture"),
        pytest.param(
            {"field_2_title": "Giá", "field_2_value": "1.200.000 ₫"},
            {"fields": [{"short": True, "title": "Giá", "value": "1.200.000 ₫"}]},
            id="the second field alone",
        ),
        pytest.param(
            {"button_1_text": "Xem", "button_1_url": URL, "button_2_text": "Đặt", "button_2_msg": "MUA"},
            {
                "actions": [
                    {"type": "button", "text": "Xem", "url": URL},
                    {"type": "button", "text": "Đặt", "msg": "MUA"},
                ]
            },
            id="a button of each kind",
        ),
    ],
)
def test_rocketchat_card_shows_what_is_filled_in(cells: dict[str, str], card: Payload, others: dict[str, str]) -> None:
    made = message("rocketchat-card", ROOM | {"title": "Áo dài"} | others | cells)
    assert made == {"message": ROOM | {"attachments": [{"title": "Áo dài"} | card]}}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param(
            {"button_1_text": "Xem"}, "blank, and message.attachments[1].actions[1] needs it", id="no address"
        ),
        pytest.param({"button_2_url": URL}, "blank, and message.attachments[1].actions[2] needs it", id="no text"),
        pytest.param(
            {"field_1_title": "Giá"},
            "“field_1_value” is blank, and message.attachments[1].fields[1].value",
            id="no value",
        ),
    ],
)
def test_a_half_filled_part_of_rocketchat_card_is_a_problem(cells: dict[str, str], said: str) -> None:
    [problem] = problems("rocketchat-card", ROOM | {"title": "Áo dài"} | dict.fromkeys(CARD, "") | cells)
    assert said in problem

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.errors import Problem
from campaign.journal import PlannedRow, State
from campaign.review.preview import PreviewContext
from campaign.review.preview_terminal import NARROWEST, terminal_preview
from campaign.review.terminal_text import columns, hanging

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = PreviewContext(
    campaign="tet-offer",
    channel=KITECHAT,
    server="https://apiring.antbuddy.com",
    recipients="customers.xlsx, sheet “Khách hàng”",
    template="kitechat-text.toml",
    headers=("Mã hội thoại", "Lời nhắn"),
)
PAYLOAD = {"pageId": "7", "conversationId": "c", "message": {"type": "text", "text": "Chị Lan ơi 🎉"}}
TO_SEND = PlannedRow(2, State.PENDING, "7/c", PAYLOAD, texts=("c", "Chị Lan ơi 🎉"))
DUPLICATE = TO_SEND._replace(number=3, state=State.SKIPPED, reason="exact duplicate of row 2")
BLANK = Problem("B4", "“Lời nhắn” is blank, and message.text needs it", "fill it in")
FAULTY = PlannedRow(4, State.INVALID, problems=(BLANK,))


def test_the_whole_preview() -> None:
    assert list(terminal_preview(CONTEXT, [TO_SEND, DUPLICATE, FAULTY], 60)) == [
        "tet-offer: a preview; nothing has been sent",
        "  recipients  customers.xlsx, sheet “Khách hàng”",
        "  template    kitechat-text.toml",
        "  channel     kitechat, https://apiring.antbuddy.com",
        "",
        "Row 2, to 7/c",
        "  ╭─ Page 7 ──────╮",
        "  │ Chị Lan ơi 🎉 │",
        "  ╰───────────────╯",
        "",
        "Row 3, to 7/c",
        "  – exact duplicate of row 2: will be skipped",
        "  ╭─ Page 7 ──────╮",
        "  │ Chị Lan ơi 🎉 │",
        "  ╰───────────────╯",
        "",
        "Row 4",
        "  ✗ B4: “Lời nhắn” is blank, and message.text needs it; fill",
        "    it in",
        "",
        "Rows shown: 3. 1 to send, 1 to be skipped, 1 with problems.",
    ]


def test_what_is_not_there_is_not_counted() -> None:
    assert list(terminal_preview(CONTEXT, [TO_SEND], 60))[-1] == "Rows shown: 1. 1 to send."


def test_livechat_says_whose_name_a_message_stands_under() -> None:
    text = " ".join(terminal_preview(replace(CONTEXT, channel=LIVECHAT), [], 70))
    assert "stores a livechat message under the visitor’s own name" in text


@pytest.mark.parametrize("width", [20, 33, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = {
        **PAYLOAD,
        "message": {"type": "text", "text": "Chị Nguyễn Thị Lan ơi 👨‍👩‍👧 https://x.example/" + "a" * 300},
    }
    for line in terminal_preview(CONTEXT, [TO_SEND, TO_SEND._replace(payload=long), FAULTY], width):
        assert columns(line) <= width


def test_a_terminal_narrower_than_any_message_gets_the_narrowest_preview() -> None:
    lines = list(terminal_preview(CONTEXT, [TO_SEND, FAULTY], 1))
    assert lines == list(terminal_preview(CONTEXT, [TO_SEND, FAULTY], NARROWEST))


def test_nothing_from_a_cell_can_command_the_terminal() -> None:
    evil = "\x1b[2J\x1b]52;c;cm0=\x07\x9b31m\r\u202e"
    context = replace(CONTEXT, campaign=evil, recipients=evil, template=evil, server=evil)
    payload = {"pageId": evil, "conversationId": evil, "message": {"type": "text", "text": evil}}
    row = PlannedRow(2, State.SKIPPED, evil, payload, (Problem(evil, evil, evil),), reason=evil, texts=(evil,))
    text = "".join(terminal_preview(context, [row], 80))
    assert r"\x1b[2J" in text
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", text)


def test_rows_are_read_only_as_far_as_lines_are_asked_for() -> None:
    taken = []

    def rows() -> Iterator[PlannedRow]:
        for number in range(1_000_000):
            taken.append(number)
            yield TO_SEND

    lines = terminal_preview(CONTEXT, rows(), 60)
    assert "Row 2, to 7/c" in [next(lines) for _ in range(8)]
    assert taken == [0]


def test_the_first_line_after_a_mark_uses_the_room_that_the_others_leave_blank() -> None:
    assert list(hanging("  ✗ code: ", "one two three four", 20, indent=6)) == ["  ✗ code: one two", "      three four"]
    assert list(hanging("", "one two three four", 10, indent=4)) == ["one two", "    three", "    four"]
    assert list(hanging("  – ", "abcdefghijkl", 10, indent=4)) == ["  –", "    abcdef", "    ghijkl"]

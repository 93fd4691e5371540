from __future__ import annotations

from typing import Any

from campaign.channels import LIVECHAT
from campaign.errors import Problem
from campaign.journal import PlannedRow, State
from campaign.review.preview import PreviewContext, note

PAYLOAD: dict[str, Any] = {"token": "t", "rid": "r", "msg": "Xin chào"}
CONTEXT = PreviewContext("tet-offer", LIVECHAT, "https://chat.example.com", "customers.xlsx", "offer.toml", ())
PENDING = PlannedRow(3, State.PENDING, "t/r", PAYLOAD)


def test_the_channel_knows_how_a_message_looks() -> None:
    assert CONTEXT.preview(PENDING) == LIVECHAT.preview(PAYLOAD)
    assert note(PENDING) == ""


def test_a_duplicate_says_that_it_will_be_skipped() -> None:
    row = PENDING._replace(state=State.SKIPPED, kind="duplicate", reason="exact duplicate of row 2")
    assert note(row) == "exact duplicate of row 2: will be skipped"
    assert CONTEXT.preview(row) == LIVECHAT.preview(PAYLOAD)


def test_a_row_with_problems_has_no_message() -> None:
    row = PlannedRow(3, State.INVALID, problems=(Problem("B3", "“Link” is blank", "fill it in"),), reason="B3: …")
    assert CONTEXT.preview(row) is None
    assert note(row) == ""

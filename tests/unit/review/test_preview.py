from __future__ import annotations

from typing import Any

from campaign.channels import LIVECHAT
from campaign.errors import Problem
from campaign.journal import PlannedMessage, State
from campaign.messages import RenderedRow
from campaign.review.preview import preview_row
from campaign.sheets import Row

PAYLOAD: dict[str, Any] = {"token": "t", "rid": "r", "msg": "Xin chào"}
ROW = Row(3, ("Xin chào", ""), ("Xin chào", None))
PENDING = PlannedMessage(3, "t/r", b"{}", b"digest", "[]", State.PENDING)


def test_a_row_to_send_shows_its_payload_without_the_id_that_delivery_adds() -> None:
    shown = preview_row(LIVECHAT, ROW, RenderedRow(PAYLOAD), PENDING._replace(body=b'{"_id":"x"}'))
    assert (shown.row, shown.destination, shown.payload) == (3, "t/r", PAYLOAD)
    assert (shown.problems, shown.note, shown.cells) == ((), "", ("Xin chào", ""))
    assert shown.preview == LIVECHAT.preview(PAYLOAD)


def test_a_duplicate_says_that_it_will_be_skipped() -> None:
    planned = PENDING._replace(state=State.SKIPPED, kind="duplicate", reason="exact duplicate of row 2")
    shown = preview_row(LIVECHAT, ROW, RenderedRow(PAYLOAD), planned)
    assert shown.note == "exact duplicate of row 2: will be skipped"
    assert shown.payload == PAYLOAD


def test_a_row_with_problems_has_no_message() -> None:
    problem = Problem("B3", "“Link” is blank", "fill it in")
    planned = PENDING._replace(destination="", body=None, digest=None, state=State.INVALID, reason=str(problem))
    shown = preview_row(LIVECHAT, ROW, RenderedRow(None, (problem,)), planned)
    assert (shown.destination, shown.payload, shown.preview, shown.problems) == ("", None, None, (problem,))


def test_a_problem_found_only_when_the_body_is_written_is_shown_as_well() -> None:
    planned = PENDING._replace(
        body=None, digest=None, state=State.INVALID, reason="row 3: a cell holds half a character"
    )
    shown = preview_row(LIVECHAT, ROW, RenderedRow({**PAYLOAD, "msg": "\ud83d"}), planned)
    assert shown.payload is None
    assert [str(problem) for problem in shown.problems] == ["row 3: a cell holds half a character"]

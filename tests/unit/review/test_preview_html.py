from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.errors import Problem, RecipientsError, ResultsError
from campaign.journal import PlannedRow, State
from campaign.review.preview import PreviewContext
from campaign.review.preview_page import write_page
from tests.unit.review.elements import Elements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT = PreviewContext(
    "tet-offer", KITECHAT, "https://apiring.antbuddy.com", "customers.xlsx", "kitechat-text.toml", ("Mã", "Lời nhắn")
)
PAYLOAD = {"pageId": "7", "conversationId": "c", "message": {"type": "text", "text": "Chị Lan ơi 🎉"}}
ROW = PlannedRow(2, State.PENDING, "7/c", PAYLOAD, texts=("c", "Chị Lan ơi 🎉"))


def page(folder: Path, context: PreviewContext, *rows: PlannedRow) -> Elements:
    path = folder / "preview.html"
    write_page(context, rows, path)
    return Elements(path.read_text(encoding="utf-8"))


def rows_in(elements: Elements) -> Any:  # noqa: ANN401 - parsed JSON
    return json.loads(elements.of("script")[0][1])["rows"]


def test_the_rows_stand_in_the_page_as_json(tmp_path: Path) -> None:
    faulty = PlannedRow(3, State.INVALID, problems=(Problem("B3", "is blank", "fill it in"),), texts=("c", ""))
    (attributes, data), _ = page(tmp_path, CONTEXT, ROW, faulty).of("script")
    assert attributes["type"] == "application/json"
    assert json.loads(data) == {
        "headers": ["Mã", "Lời nhắn"],
        "rows": [
            {
                "row": 2,
                "label": "",
                "to": "7/c",
                "payload": PAYLOAD,
                "preview": {
                    "sender": ["Page 7"],
                    "side": "left",
                    "bubbles": [{"parts": [["text", "Chị Lan ơi 🎉"]], "buttons": []}],
                    "cards": [],
                },
                "problems": [],
                "note": "",
                "cells": ["c", "Chị Lan ơi 🎉"],
                "findings": [],
            },
            {
                "row": 3,
                "label": "",
                "to": "",
                "payload": None,
                "preview": None,
                "problems": [["B3", "is blank", "fill it in"]],
                "note": "",
                "cells": ["c", ""],
                "findings": [],
            },
        ],
        "findings": [],
    }


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("</script><script>alert(1)</script>", id="the end of the element"),
        pytest.param("<!--<script>", id="a comment that would swallow the end"),
        pytest.param("&lt;b&gt; &amp;", id="entities"),
        pytest.param("a\u2028b\x00\x1b\r\n", id="line separators and control characters"),
        pytest.param("\\u003c \"quoted\" 'text' {{ 7 * 7 }}", id="escapes, quotes and a template's braces"),
        pytest.param("\ud83d", id="half of a character"),
    ],
)
def test_whatever_a_cell_holds_stays_data(cell: str, tmp_path: Path) -> None:
    elements = page(tmp_path, CONTEXT, ROW._replace(texts=(cell,), payload={**PAYLOAD, "conversationId": cell}))
    assert len(elements.of("script")) == 2
    assert rows_in(elements)[0]["cells"] == [cell]
    assert rows_in(elements)[0]["payload"]["conversationId"] == cell


def test_the_facts_are_escaped(tmp_path: Path) -> None:
    evil = '<img src=x onerror="alert(1)">'
    elements = page(tmp_path, replace(CONTEXT, campaign=evil, server=evil, recipients=evil, template=evil))
    assert elements.of("img") == []
    assert elements.of("h1")[0][1].startswith(evil)


def test_the_policy_names_the_pages_own_style_and_script_and_nothing_else(tmp_path: Path) -> None:
    elements = page(tmp_path, CONTEXT, ROW)
    policy = next(a["content"] for a, _ in elements.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (elements.of("style")[0][1], elements.of("script")[1][1])
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_names_nothing_outside_itself(tmp_path: Path) -> None:
    elements = page(tmp_path, CONTEXT, ROW)
    named = [
        value for _, attributes, _ in elements.content for key, value in attributes.items() if key in {"src", "href"}
    ]
    assert named == ["#messages"]
    assert not re.search(r"url\(|@import|innerHTML|eval\(", elements.of("style")[0][1] + elements.of("script")[1][1])


def test_a_list_without_rows_to_show_is_a_page_as_well(tmp_path: Path) -> None:
    assert rows_in(page(tmp_path, CONTEXT)) == []


def test_livechat_says_whose_name_a_message_stands_under(tmp_path: Path) -> None:
    said = " ".join(text for _, text in page(tmp_path, replace(CONTEXT, channel=LIVECHAT)).of("p"))
    assert "under the visitor’s own name" in said


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no owner-only mode bits")
def test_only_its_owner_can_read_the_page(tmp_path: Path) -> None:
    page(tmp_path, CONTEXT, ROW)
    assert stat.S_IMODE((tmp_path / "preview.html").stat().st_mode) == 0o600


def test_an_older_page_is_replaced(tmp_path: Path) -> None:
    page(tmp_path, CONTEXT, ROW._replace(number=3))
    assert rows_in(page(tmp_path, CONTEXT, ROW))[0]["row"] == 2


def test_an_older_page_stays_where_the_list_turns_out_to_be_damaged(tmp_path: Path) -> None:
    def rows() -> Iterator[PlannedRow]:
        yield ROW
        raise RecipientsError(Problem("customers.xlsx", "is damaged"))

    (tmp_path / "preview.html").write_text("old")
    with pytest.raises(RecipientsError, match="is damaged"):
        write_page(CONTEXT, rows(), tmp_path / "preview.html")
    assert [path.name for path in tmp_path.iterdir()] == ["preview.html"]
    assert (tmp_path / "preview.html").read_text() == "old"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"preview\.html: the page cannot be written \(No such file or directory\)"):
        write_page(CONTEXT, [ROW], tmp_path / "nowhere" / "preview.html")


def test_a_folder_is_no_place_for_a_page(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="is not a file; name a file for the page"):
        write_page(CONTEXT, [ROW], tmp_path)

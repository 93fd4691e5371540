"""Ids are trimmed, and free of characters that nobody sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.journal import State
from campaign.recipients.destinations import BLANKS, describe_character, find_unseen, trimmed, with_unseen_named
from tests.unit.plans import planned, prepared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("blank", [pytest.param(blank, id=f"U+{ord(blank):04X}") for blank in BLANKS])
def test_outer_blanks_of_every_kind_are_trimmed(blank: str) -> None:
    assert trimmed(f"{blank}{blank}r 1{blank}") == "r 1"


def test_the_characters_that_nobody_sees_are_shown_by_their_code_points() -> None:
    assert with_unseen_named(" r1\u200b ") == "r1<U+200B>"
    assert with_unseen_named("r1") == "r1"


@pytest.mark.parametrize(
    ("text", "described"),
    [
        pytest.param("r1\u200b", "U+200B (ZERO WIDTH SPACE) after “r1”", id="at the end"),
        pytest.param("\u202dtok2\u202c", "U+202D (LEFT-TO-RIGHT OVERRIDE) before “tok2”", id="round an id"),
        pytest.param("a\u00adb", "U+00AD (SOFT HYPHEN) after “a”", id="a soft hyphen"),
        pytest.param("\ufeffr1", "U+FEFF (ZERO WIDTH NO-BREAK SPACE) before “r1”", id="a byte order mark"),
        pytest.param("a\tb", "U+0009 (TAB) after “a”", id="a tab inside"),
        pytest.param("a\x00b", "U+0000 (NUL) after “a”", id="a NUL"),
        pytest.param("a\x07b", "U+0007 (CONTROL CHARACTER) after “a”", id="a bell"),
        pytest.param("a\u2028b", "U+2028 (LINE SEPARATOR) after “a”", id="a line separator"),
        pytest.param("1234567890123456\u2060", "U+2060 (WORD JOINER) after “567890123456”", id="a long id"),
        pytest.param("1\ufe0f2", "U+FE0F (VARIATION SELECTOR-16) after “1”", id="a variation selector"),
        pytest.param("a\u3164", "U+3164 (HANGUL FILLER) after “a”", id="a filler"),
    ],
)
def test_an_invisible_character_is_named_with_its_place(text: str, described: str) -> None:
    assert describe_character(text, find_unseen(text)) == described


@pytest.mark.parametrize("text", ["r1", "a b", "mã-số", "ทดสอบ", "محمد", "客户", "a\u00a0b", "é", "e\u0301"])
def test_an_id_that_is_seen_whole_has_none(text: str) -> None:
    assert find_unseen(text) == -1


def test_ids_are_trimmed_before_duplicates_are_sought(tmp_path: Path) -> None:
    text = "token,rid,msg\ntok1 ,\u00a0r1,hello\ntok1,r1\u3000,hello\n"
    first, second = planned(prepared(tmp_path, text))
    assert first.destination == "tok1/r1"
    assert first.payload is not None
    assert (first.payload["token"], first.payload["rid"]) == ("tok1", "r1")
    assert second.state is State.SKIPPED


def test_an_id_with_an_invisible_character_makes_its_row_invalid(tmp_path: Path) -> None:
    (row,) = planned(prepared(tmp_path, "token,rid,msg\nt1,r1\u200b,hello \u200d 👩\u200d🚀\n"))
    (problem,) = row.problems
    assert (problem.where, problem.code) == ("B2", "invisible-character")
    assert str(problem) == (
        "B2: rid contains the invisible character U+200B (ZERO WIDTH SPACE) after “r1”; delete it, or type the id again"
    )


def test_such_a_character_of_the_template_is_a_problem_of_the_row(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(
        'channel = "livechat"\n[payload]\ntoken = "{{ token }}"\nrid = "r\u200b"\nmsg = "{{ msg }}"\n', encoding="utf-8"
    )
    (row,) = planned(prepared(tmp_path, "token,msg\nt1,hello\n", template=str(tmp_path / "t.toml")))
    assert [problem.where for problem in row.problems] == ["row 2"]

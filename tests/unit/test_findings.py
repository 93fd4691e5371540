"""Findings: their codes, their remedies, and what has to be decided."""

from __future__ import annotations

import pytest

from campaign.errors import UsageError
from campaign.finding_kinds import KINDS, Severity
from campaign.findings import (
    Finding,
    Occurrences,
    how_to_accept,
    in_order,
    known_codes,
    make,
    undecided,
)
from campaign.refusals import UndecidedFindingsError

HIDDEN = make("hidden-rows", "2 rows are hidden", 2)
BLANK = make("blank-value", "“name” is blank", 1, variable="name")
UNUSED = make("unused-columns", "1 column is not used", 1)


def occurrences(*rows: int) -> Occurrences:
    found = Occurrences()
    for row in rows:
        found.add(row, f"C{row}", f"text {row}")
    return found


@pytest.mark.parametrize(
    "code",
    [
        *("hidden-rows", "guessed-encoding", "lost-letters", "mojibake", "legacy-font", "ruined-number"),
        *("blank-value", "placeholder-left", "null-word", "other-sheet", "csv-apostrophe", "backslash-quotes"),
    ],
)
def test_these_have_to_be_decided(code: str) -> None:
    assert KINDS[code].severity is Severity.STOP


@pytest.mark.parametrize("code", ["trimmed", "same-destination", "duplicates", "empty-rows", "unused-columns"])
def test_these_are_notes(code: str) -> None:
    assert KINDS[code].severity is Severity.NOTE


@pytest.mark.parametrize("code", KINDS)
def test_every_finding_that_stops_says_how_to_accept_it(code: str) -> None:
    names = ("sheet", "other", "other_typed", "codec", "others", "variable", "row", "fix")
    found = make(code, "…", 1, **dict.fromkeys(names, "x"))
    assert "{" not in found.remedy.replace("{{", "").replace("{%", "")
    if found.stops:
        assert found.fix
        assert found.remedy.endswith(f'--accept {code}, or accept = ["{code}"] under [checks]')


def test_a_remedy_is_the_line_for_the_campaign_file_and_the_option() -> None:
    assert 'hidden_rows = "skip" (or "send") under [recipients], or --hidden-rows skip' in HIDDEN.remedy
    assert '{{ name | default("…") }}' in BLANK.fix
    guessed = make("guessed-encoding", "…", 1, codec="cp1258", others="")
    assert 'encoding = "cp1258" under [recipients], or --encoding cp1258' in guessed.remedy


def test_the_most_harmful_comes_first() -> None:
    assert in_order([UNUSED, BLANK, HIDDEN]) == (HIDDEN, BLANK, UNUSED)


def test_a_code_that_is_accepted_and_a_note_need_no_decision() -> None:
    assert undecided([HIDDEN, BLANK, UNUSED], {"blank-value", "mojibake"}) == (HIDDEN,)


def test_the_error_names_what_is_undecided_and_has_everything_that_was_found() -> None:
    error = UndecidedFindingsError([HIDDEN, BLANK, UNUSED], {"blank-value"})
    assert [(each.code, each.what) for each in error.problems] == [("hidden-rows", "2 rows are hidden")]
    assert error.findings == (HIDDEN, BLANK, UNUSED)
    assert error.exit_code == 2


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="“blank_values” is not the code of a finding; did you mean “blank-value”"):
        known_codes(["blank_values"])
    with pytest.raises(UsageError, match="the codes are ruined-number, other-sheet"):
        known_codes(["xyz"])
    assert known_codes("blank-value") == {"blank-value"}


def test_several_codes_are_accepted_in_one_line() -> None:
    said = '--accept a --accept b, or accept = ["a", "b"] under [checks]'
    assert how_to_accept(["a", "b"]) == said


def test_a_finding_survives_being_stored() -> None:
    found = make("blank-value", "“name” is blank", occurrences(2, 5), variable="name")
    assert Finding.from_json(found.as_json()) == found
    assert (found.rows, found.cells) == ((2, 5), ("C2", "C5"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param((2,), "row 2", id="one"),
        pytest.param((2, 3), "2 rows (2–3)", id="two in a row"),
        pytest.param((2, 4), "2 rows (2, 4)", id="two apart"),
        pytest.param(tuple(range(2, 1502)), "1,500 rows (2–1501)", id="one range"),
        pytest.param((2, 3, 5, 8, 9, 10, 12, 13), "8 rows (2–3, 5, 8–10, …)", id="more ranges than are shown"),
    ],
)
def test_rows_are_named_by_their_ranges(rows: tuple[int, ...], said: str) -> None:
    assert occurrences(*rows).named() == said


def test_a_million_occurrences_keep_the_first_few() -> None:
    found = Occurrences()
    for row in range(2, 200_000, 2):
        found.add(row, f"C{row}", "x")
    assert (found.count, found.rows, len(found.cells)) == (99_999, [2, 4, 6, 8, 10], 5)

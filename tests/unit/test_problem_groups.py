"""Problems of one kind are one line, with the numbers of their rows."""

from __future__ import annotations

import pytest

from campaign.errors import Problem
from campaign.problem_groups import MOST_KINDS, ProblemGroups, RowNumbers, row_numbers

BLANK = "“rid” is blank, and rid needs it"
UNCLOSED = "a field starts with a quotation mark that is not closed"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param([7], "7", id="one"),
        pytest.param([2, 3], "2, 3", id="two in a row"),
        pytest.param([2, 3, 4], "2–4", id="three in a row"),
        pytest.param(range(2, 1502), "2–1501", id="very many in a row"),
        pytest.param([2, 5, 9, 10, 11, 12, 20], "2, 5, 9–12, 20", id="mixed"),
        pytest.param([5, 5, 6, 6], "5, 6", id="the same twice"),
        pytest.param(range(2, 2_000_000, 2), "2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, …", id="every other"),
        pytest.param([*range(1, 40, 3), *range(50, 90)], "1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, …", id="late"),
    ],
)
def test_numbers_of_rows_are_listed_as_ranges(numbers: list[int], text: str) -> None:
    assert row_numbers(numbers) == text


def test_rows_are_counted_however_many_are_listed() -> None:
    assert RowNumbers(range(2, 2_000_000, 2)).count == 999_999


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        pytest.param([Problem("B2", BLANK, "fill it in")], [f"B2: {BLANK}; fill it in"], id="one"),
        pytest.param(
            [Problem(f"B{row}", BLANK, "fill it in") for row in range(2, 1502)],
            [f"column B, 1,500 rows (2–1501): {BLANK}; fill it in"],
            id="a blank column",
        ),
        pytest.param(
            [Problem(f"A{row}, B{row}", "are blank") for row in (2, 5)],
            ["columns A, B, 2 rows (2, 5): are blank"],
            id="two cells of a row",
        ),
        pytest.param(
            [Problem("B2", BLANK), Problem("C2", BLANK), Problem("B3", BLANK)],
            [f"column B, 2 rows (2, 3): {BLANK}", f"C2: {BLANK}"],
            id="two columns",
        ),
        pytest.param(
            [Problem(f"C{row}", "url is no address", f"the cell shows “x{row}”") for row in (2, 3)],
            ["column C, 2 rows (2, 3): url is no address; in C2, the cell shows “x2”"],
            id="each shows something else",
        ),
        pytest.param(
            [Problem("row 5", f"line 5: {UNCLOSED}"), Problem("row 9", f"line 12: {UNCLOSED}")],
            [f"2 rows (5, 9): {UNCLOSED}"],
            id="lines of a text file",
        ),
        pytest.param(
            [Problem(f"row {row}", f"line {row} has 3 fields and the header has 4") for row in (2, 3)],
            ["2 rows (2, 3): the line has 3 fields and the header has 4"],
            id="lines with too few fields",
        ),
        pytest.param(
            [Problem("list.csv", "is odd"), Problem("list.csv", "is odd")], ["list.csv: is odd"], id="not of a row"
        ),
        pytest.param(
            [Problem("B2", "x", code="a"), Problem("B3", "x", code="b")], ["B2: x", "B3: x"], id="different codes"
        ),
    ],
)
def test_problems_of_one_kind_are_one(problems: list[Problem], said: list[str]) -> None:
    groups = ProblemGroups()
    for problem in problems:
        groups.add(problem)
    assert [str(problem) for problem in groups.problems()] == said


def test_a_group_keeps_the_code() -> None:
    groups = ProblemGroups()
    assert groups.add(Problem("B2", "x", code="blank-field"))
    assert not groups.add(Problem("B3", "x", code="blank-field"))
    assert [problem.code for problem in groups.problems()] == ["blank-field"]


def test_beyond_some_kinds_the_rows_are_counted_together() -> None:
    groups = ProblemGroups()
    for row in range(2, 1_000_002):
        groups.add(Problem(f"B{row}", f"shows “{row}”"))
    found = groups.problems()
    assert len(found) == MOST_KINDS + 1
    assert str(found[-1]) == "999,800 more rows have problems of other kinds (202–1000001); correct those above first"

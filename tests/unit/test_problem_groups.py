"""1,500 problems of one kind are one line."""

from __future__ import annotations

from campaign.errors import Problem
from campaign.problem_groups import ProblemGroups


def blank(row: int) -> Problem:
    return Problem(f"B{row}", "“rid” is blank, and rid needs it", "fill it in", "blank-field")


def grouped(rows: range, most: int | None = None) -> list[str]:
    groups = ProblemGroups()
    for row in rows:
        groups.add(row, [blank(row)])
    return [str(problem) for problem in groups.problems(most)]


def test_few_problems_are_named_by_cell() -> None:
    assert grouped(range(2, 4)) == [str(blank(2)), str(blank(3))]


def test_many_of_one_kind_are_one_line() -> None:
    assert grouped(range(2, 1502)) == ["“rid” is blank in 1,500 rows (2–1501), and rid needs it; fill it in"]


def test_rows_are_called_by_their_labels_too() -> None:
    groups = ProblemGroups()
    for row, label in ((2, "Lan"), (3, ""), (4, "An"), (5, "Mai")):
        groups.add(row, [blank(row)], label)
    (line,) = map(str, groups.problems())
    assert line.startswith("“rid” is blank in 4 rows (2–5: Lan, …), and rid needs it")


def test_problems_of_other_words_keep_their_words() -> None:
    groups = ProblemGroups()
    for row in range(2, 12):
        groups.add(row, [Problem(f"B{row}", "contains the error #N/A", "correct it", "unreadable-cell")])
    assert [str(problem) for problem in groups.problems()] == [
        "10 rows (2–11): column B contains the error #N/A; correct it"
    ]


def test_a_row_is_called_by_its_label() -> None:
    groups = ProblemGroups()
    groups.add(2, [blank(2)], "An Nguyễn")
    assert [problem.where for problem in groups.problems()] == ["B2 (An Nguyễn)"]


def test_more_kinds_than_are_shown_are_counted() -> None:
    groups = ProblemGroups(most=3)
    for row in range(2, 12):
        groups.add(row, [Problem(f"B{row}", f"is wrong: {row}")])
    assert str(list(groups.problems())[-1]) == "… and 7 more problems"
    assert [str(problem) for problem in groups.problems(1)] == ["B2: is wrong: 2", "… and 9 more problems"]


def test_an_expression_that_fails_for_many_texts_is_one_line_and_few_are_named_with_theirs() -> None:
    def problem(row: int, text: str) -> Problem:
        what = f"where “total > 5” cannot be answered: “{text}” is not a number"
        return Problem(f"D{row}", what, "correct it", "condition-error")

    groups = ProblemGroups()
    for row in range(2, 1002):
        groups.add(row, [problem(row, f"{row:,}")])
    assert [str(each) for each in groups.problems()] == [
        "1,000 rows (2–1001): column D where “total > 5” cannot be answered: “…” is not a number; correct it"
    ]
    few, alike = ProblemGroups(), ProblemGroups()
    for row in range(2, 4):
        few.add(row, [problem(row, f"{row},000")])
    assert [str(each) for each in few.problems()] == [str(problem(2, "2,000")), str(problem(3, "3,000"))]
    for row in range(2, 9):
        alike.add(row, [problem(row, "n/a")])
    assert "“n/a” is not a number" in str(*alike.problems())

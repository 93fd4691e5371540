from __future__ import annotations

from pathlib import Path

import pytest

from campaign import errors
from campaign.errors import CampaignError, JournalBusyError, JournalError, JournalWriteError, Problem


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        pytest.param(
            Problem("list.xlsx, B7", "is blank", "fill it in"), "list.xlsx, B7: is blank; fill it in", id="all"
        ),
        pytest.param(Problem("list.xlsx, B7", "is blank"), "list.xlsx, B7: is blank", id="nothing to do"),
        pytest.param(Problem("", "… and 3 more rows"), "… and 3 more rows", id="nowhere"),
        pytest.param(Problem("", "is blank", "fill it in"), "is blank; fill it in", id="nowhere, with a remedy"),
    ],
)
def test_a_problem_reads_where_what_and_what_to_do(problem: Problem, sentence: str) -> None:
    assert str(problem) == sentence


def test_an_error_lists_its_problems_one_per_line() -> None:
    error = CampaignError(Problem("A1", "is blank"), Problem("B1", "is blank"))
    assert str(error) == "A1: is blank\nB1: is blank"
    assert [problem.where for problem in error.problems] == ["A1", "B1"]


def every_error() -> list[type[CampaignError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CampaignError)]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("error", [pytest.param(each, id=each.__name__) for each in every_error()])
def test_every_error_is_in_the_tree_at_the_top_of_the_file(error: type[CampaignError]) -> None:
    line = next(line for line in (errors.__doc__ or "").splitlines() if error.__name__ in line)
    assert error is CampaignError or error.code in line.split()


def test_every_error_has_its_own_code_and_gives_it_to_its_problems() -> None:
    assert len({error.code for error in every_error()}) == len(every_error())
    error = JournalBusyError(Problem("a", "is busy"), Problem("b", "is blank", code="blank-field"))
    assert [problem.code for problem in error.problems] == ["journal-busy", "blank-field"]


@pytest.mark.parametrize("error", [pytest.param(each, id=each.__name__) for each in every_error()])
def test_every_error_means_that_nothing_was_sent(error: type[CampaignError]) -> None:
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "error", [pytest.param(JournalBusyError, id="busy"), pytest.param(JournalWriteError, id="unwritable")]
)
def test_the_journals_errors_share_a_base_class(error: type[CampaignError]) -> None:
    assert issubclass(error, JournalError)


@pytest.mark.parametrize("error", [pytest.param(each, id=each.__name__) for each in every_error()[1:]])
def test_every_code_is_documented(error: type[CampaignError]) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    assert f"`{error.code}`" in documented

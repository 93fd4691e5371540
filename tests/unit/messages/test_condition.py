"""`where`: expressions over a row, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from campaign.errors import CampaignFileError, Problem
from campaign.messages import Mapped
from campaign.messages.condition import MOST_REMEMBERED, Condition, compile_conditions
from campaign.sheets import Row
from campaign.sheets.table import columns_of

HEADERS = ("Status", "Total", "Họ tên")
NOTHING = Mapped({}, {})


def condition(source: str, headers: Sequence[str] = HEADERS, mapped: Mapped = NOTHING) -> Condition:
    (compiled,) = compile_conditions([source], columns_of(headers), mapped)
    return compiled


@pytest.mark.parametrize(
    ("source", "met"),
    [
        pytest.param('status == "VIP"', True, id="equal"),
        pytest.param('status != "VIP"', False, id="not equal"),
        pytest.param('status | lower == "vip" and total | int > 4', True, id="filters"),
        pytest.param('row["Họ tên"] == "An"', True, id="row"),
        pytest.param('raw["Total"] > 4', True, id="raw"),
        pytest.param('status in ["A", "VIP"]', True, id="in"),
        pytest.param("status", True, id="a text"),
        pytest.param("blank | default('')", False, id="no variable, with a default"),
        pytest.param("blank is defined", False, id="no variable"),
        pytest.param("ho_ten.startswith('B')", False, id="method"),
        pytest.param("'  '", False, id="a blank text"),
        pytest.param("total | int - 5", False, id="zero"),
        pytest.param("none", False, id="none"),
        pytest.param('campaign == "tet"', True, id="value of the campaign"),
        pytest.param('"{{ x }}" == "{{ " ~ "x }}"', True, id="braces in a text"),
    ],
)
def test_a_row_meets_a_condition_or_not(row: Callable[..., Row], source: str, met: bool) -> None:  # noqa: FBT001
    given = row("VIP", "5", "An", values=("VIP", 5, "An"))
    assert condition(source, mapped=Mapped({}, {"campaign": "tet"})).look_at(given) is met


def test_a_text_that_is_not_surely_a_number_is_no_answer(row: Callable[..., Row]) -> None:
    answer = condition("total | int < 500").look_at(row("VIP", "1,200", "An"))
    assert isinstance(answer, Problem)
    assert "“1,200” is not a number" in answer.what


def test_a_variable_may_be_mapped_to_a_header(row: Callable[..., Row]) -> None:
    mapped = Mapped({"tier": "Status"}, {})
    assert condition('tier == "VIP"', mapped=mapped).look_at(row("VIP", "", "")) is True


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param("status ==", "is no expression: unexpected 'end of template'", id="cut off"),
        pytest.param("", "is no expression", id="blank"),
        pytest.param('status = "VIP"', "“=” is not expected there; compare with ==", id="one equals sign"),
        pytest.param('{{ status == "VIP" }}', "write the expression alone, without {{ }}", id="braces"),
        pytest.param("status == “VIP”", "put texts in straight quotation marks", id="curly quotation marks"),
        pytest.param("status <> 'VIP'", "write != for “is not”", id="not equal as in SQL"),
        pytest.param("status AND total", "write and, or, not", id="capitals"),
        pytest.param("status %} x {% if 1", "is no expression", id="out of the expression"),
        pytest.param("status | uper == 'VIP'", "No filter named 'uper'", id="unknown filter"),
        pytest.param("status is vip", "No test named 'vip'", id="unknown test"),
        pytest.param("(" * 500 + "1" + ")" * 500, "is too complex", id="nested"),
        pytest.param('statuss == "VIP"', "the nearest header is “Status”", id="unknown variable"),
        pytest.param('row["Stattus"] == "VIP"', "did you mean “Status”?", id="unknown header"),
    ],
)
def test_a_mistake_names_the_expression(source: str, problem: str) -> None:
    with pytest.raises(CampaignFileError) as caught:
        condition(source)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"where “{source[:20]}")
    assert {each.code for each in caught.value.problems} == {"campaign-file"}


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        pytest.param('raw["Total"] > 4', "B2", "'>' not supported", id="text with a number"),
        pytest.param("status.upper", "A2", "a function is not text", id="method that is not called"),
        pytest.param("row", "A2, B2, C2", "a whole row is not text", id="whole row"),
        pytest.param("1 / 0", "row 2", "division by zero", id="no cell"),
        pytest.param("status.__class__", "A2", "unsafe", id="beyond the sandbox"),
        pytest.param("nothing or nothing is defined or nothing", "row 2", "'nothing' is undefined", id="undefined"),
    ],
)
def test_a_row_for_which_it_cannot_be_answered_is_named_by_cell(
    row: Callable[..., Row], source: str, where: str, what: str
) -> None:
    if source.startswith("nothing"):  # a use that is not excused is refused before the first row
        with pytest.raises(CampaignFileError, match="has no column"):
            condition(source)
        return
    problem = condition(source).look_at(row("a", "x", "b"))
    assert isinstance(problem, Problem)
    assert (problem.where, problem.code) == (where, "condition-error")
    assert what in problem.what
    assert f"where “{source}” cannot be answered" in problem.what


def test_a_damaged_cell_that_it_depends_on_is_the_rows_problem(row: Callable[..., Row]) -> None:
    damaged, elsewhere = Problem("A2", "contains the error #N/A"), Problem("C2", "contains the error #N/A")
    split = Problem("row 2", "line 2 has 2 fields and the header has 3")
    assert condition('status == "VIP"').look_at(row("#N/A", "", "", problems=[damaged])) == damaged
    assert condition('status == "VIP"').look_at(row("VIP", "", "#N/A", problems=[elsewhere])) is True
    assert condition('status == "VIP"').look_at(row("VIP", "", "", problems=[split])) == split


def test_an_expression_that_runs_away_is_given_up_after_three_rows(row: Callable[..., Row]) -> None:
    runaway = condition("(status * 500000) ~ (status * 500000) ~ (status * 500000) ~ (status * 500000)" * 1)
    heavy = condition("range(99999) | map('string') | join | length * (range(99999) | list | length) and status")
    for number in (2, 3):
        assert isinstance(heavy.look_at(row("a", "", "", number=number)), Problem)
    with pytest.raises(CampaignFileError, match=r"rows 2, 3, 4"):
        heavy.look_at(row("a", "", "", number=4))
    assert isinstance(runaway.look_at(row("abcdefgh", "", "")), Problem)


def test_results_are_remembered_by_what_they_depend_on_and_within_bounds(row: Callable[..., Row]) -> None:
    compiled = condition('status == "VIP"')
    assert [compiled.look_at(row("VIP", str(number), "")) for number in range(3)] == [True] * 3
    assert len(compiled._remembered) == 1
    for number in range(MOST_REMEMBERED + 10):
        compiled.look_at(row(str(number), "", ""))
    assert len(compiled._remembered) == MOST_REMEMBERED
    assert not compiled._remembers  # hardly any row was like another one
    assert compiled.look_at(row("VIP", "", "")) is True
    assert compiled.look_at(row("yet another", "", "")) is False


def test_threads_do_not_mix_up_their_rows(row: Callable[..., Row]) -> None:
    compiled = condition("row['Status'] == row['Total']")

    def look(number: int) -> object:
        return compiled.look_at(row(str(number), str(number % 2000), ""))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(look, range(4000)))
    assert found == [True] * 2000 + [False] * 2000

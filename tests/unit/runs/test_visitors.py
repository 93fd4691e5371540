"""Which rows of a list are the same visitor, and what is registered of each."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from campaign.channels.rooms import VisitorData
from campaign.errors import Problem, RecipientsError, UsageError
from campaign.runs.visitors import ListedVisitor, find_columns, list_visitors
from campaign.sheets import Row, open_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from campaign.runs.visitors import VisitorList
    from campaign.sheets import Sheet

HEADERS = "token,name,phone,email"


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Sheet]:
    """Opens a list with these lines."""

    def make(*lines: str) -> Sheet:
        path = tmp_path / "list.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return open_sheet(path)

    return make


def visitors_of(sheet: Sheet) -> VisitorList:
    return list_visitors(sheet.rows(), find_columns(sheet, {}))


def owners(found: VisitorList) -> list[int]:
    """Whose each row is, as the place of its visitor."""
    order = list(found.visitors)
    return [order.index(row.identity) if row.identity else -1 for row in found.rows]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["t1,,,", "t2,,,", "t1,A,,"], [0, 1, 0], id="by token"),
        pytest.param([",A,0901 000 001,", ",B,0901000001,", ",C,0901000002,"], [0, 0, 1], id="by phone"),
        pytest.param([",A,,a@x.vn", ",B,,A@X.VN", ",C,,c@x.vn"], [0, 0, 1], id="by e-mail, in any case"),
        pytest.param([",A,0901000001,a@x.vn", ",B,0901000002,a@x.vn"], [0, 0], id="by e-mail of another phone"),
        pytest.param([",A,0901000001,", ",A,0901000001,a@x.vn", ",A,,a@x.vn"], [0, 0, 0], id="by a row between"),
        pytest.param([",A,,a@x.vn", ",A,0901000001,", ",A,0901000001,A@x.vn"], [0, 0, 0], id="by a later row between"),
        pytest.param(["t1,,0901000001,", ",A,0901000001,a@x.vn", ",A,,a@x.vn"], [0, 0, 0], id="by a token, and a row"),
        pytest.param(
            ["t1,,0901000001,", "t2,,0901000002,", ",A,0901000001,a@x.vn", ",A,0901000002,a@x.vn"],
            [0, 1, 0, 1],
            id="by the nearest token",
        ),
        pytest.param([",A,,", ",A,,", ",B,,"], [0, 1, 2], id="namesakes are several"),
        pytest.param([",A,0901000001,", "t1,,0901000001,"], [0, 0], id="by the phone of a later token"),
        pytest.param([",,,", ",A,,"], [0], id="a blank row is none"),
    ],
)
def test_rows_of_one_visitor_are_told(listed: Callable[..., Sheet], lines: list[str], expected: list[int]) -> None:
    assert owners(visitors_of(listed(HEADERS, *lines))) == expected


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_who_is_who_does_not_depend_on_the_order_of_rows(listed: Callable[..., Sheet], order: Sequence[int]) -> None:
    lines = [",A,0901000002,", ",A,0901000002,a@x.vn", ",A,,a@x.vn", ",A,0901000001,A@x.vn"]
    found = visitors_of(listed(HEADERS, *(lines[place] for place in order)))
    assert {row.identity for row in found.rows} == {"phone:0901000001"}
    ((_, visitor),) = found.visitors.items()
    assert visitor.data.phone
    assert visitor.data.email


def test_a_later_row_adds_what_the_first_does_not_say(listed: Callable[..., Sheet]) -> None:
    found = visitors_of(listed(HEADERS, ",,0901000001,", ",B,0901000001,b@x.vn", ",C,0901000001,c@x.vn"))
    assert list(found.visitors.values()) == [ListedVisitor("", VisitorData("B", "0901000001", "b@x.vn"))]


def test_no_phone_number_or_address_is_registered_for_two_visitors(listed: Callable[..., Sheet]) -> None:
    found = visitors_of(listed(HEADERS, "t1,A,0901000001,a@x.vn", "t2,B,0901000001,a@x.vn"))
    assert found.visitors == {
        "token:t1": ListedVisitor("t1", VisitorData("A", "0901000001", "a@x.vn")),
        "token:t2": ListedVisitor("t2", VisitorData("B")),
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(",,,,x", "the row says neither a token nor a name, phone number or e-mail address", id="nobody"),
        pytest.param(",A,0901000001; 0901000002,,x", "C2: “0901000001; 0901000002” is not one phone number", id="two"),
        pytest.param(",A,8.49E+10,,x", "C2: “8.49E+10” is not one phone number", id="ruined"),
        pytest.param(",A,,a at x,x", "D2: “a at x” is not one e-mail address", id="no address"),
        pytest.param("t\u200b1,,,,x", "A2: the token has U+200B (ZERO WIDTH SPACE) after “t” in it", id="unseen"),
    ],
)
def test_a_row_that_names_nobody_says_why(listed: Callable[..., Sheet], line: str, problem: str) -> None:
    found = visitors_of(listed(f"{HEADERS},msg", line))
    assert [(row.identity, row.problem) for row in found.rows] == [("", problem)]
    assert not found.visitors


def test_an_error_in_a_cell_that_is_used_is_a_problem_of_its_row(listed: Callable[..., Sheet]) -> None:
    columns = find_columns(listed("name,msg", "A,x"), {})
    wrong = (Problem("A2", "shows an error (#N/A)", "mend the formula"),)
    other = (Problem("B3", "shows an error (#N/A)", "mend the formula"),)
    rows = [Row(2, ("#N/A", "x"), ("#N/A", "x"), (), wrong), Row(3, ("B", "#N/A"), ("B", "#N/A"), (), other)]
    found = list_visitors(rows, columns)
    assert [row.problem for row in found.rows] == ["A2: shows an error (#N/A)", ""]


def test_columns_are_found_by_their_usual_headers(listed: Callable[..., Sheet]) -> None:
    columns = find_columns(listed("Họ và tên,Số điện thoại,E-mail,Nội dung", "A,1,b,c"), {})
    assert {name: column.letter for name, column in columns.items()} == {"name": "A", "phone": "B", "email": "C"}


def test_columns_are_found_by_the_headers_that_are_named(listed: Callable[..., Sheet]) -> None:
    columns = find_columns(listed("Khách,Số ĐT,phone", "A,1,2"), {"name": "Khách", "phone": "Số ĐT"})
    assert {name: column.letter for name, column in columns.items()} == {"name": "A", "phone": "B"}


def test_a_variable_that_there_is_not_is_refused(listed: Callable[..., Sheet]) -> None:
    with pytest.raises(UsageError, match="there is no variable “rid” here; the variables are token, name"):
        find_columns(listed("name", "A"), {"rid": "name"})


@pytest.mark.parametrize(
    ("headers", "mapped", "why"),
    [
        pytest.param("Mã,Nội dung", {}, "has no column token, name, phone, email", id="none of them"),
        pytest.param("name,msg", {"phone": "Số"}, "there is no column with the header “Số”", id="not there"),
        pytest.param("name,name", {}, "columns A and B share the header “name”", id="twice"),
    ],
)
def test_a_list_without_the_columns_is_refused(
    listed: Callable[..., Sheet], headers: str, mapped: dict[str, str], why: str
) -> None:
    with pytest.raises(RecipientsError, match=why):
        find_columns(listed(headers, "A,B"), mapped)

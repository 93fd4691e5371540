"""If a list does not have the headers that a template needs, other rows and sheets are searched for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.errors import RecipientsError
from campaign.recipients.header_search import HeaderPlace, elsewhere, find_headers, how_it_was_read
from campaign.sheets import SheetStart
from tests.unit.plans import Rows

WANTED = ["token", "rid", "Họ tên"]
LIST = SheetStart("List", [(1, ["Customers"]), (3, ["Token", "RID", "Họ\u200b tên"]), (4, ["t", "r", "An"])])


@pytest.mark.parametrize(
    ("starts", "present", "place"),
    [
        pytest.param([LIST], ["Customers"], HeaderPlace("List", 3, ()), id="another row"),
        pytest.param([SheetStart("A", [(1, ["a"])]), LIST], ["a"], HeaderPlace("List", 3, ()), id="another sheet"),
        pytest.param([LIST, LIST._replace(sheet="B")], ["x"], HeaderPlace("List", 3, ()), id="the first of two"),
        pytest.param([LIST], ["token", "rid", "Họ tên"], None, id="nothing missing"),
        pytest.param([LIST], ["rid", "token", "Name"], HeaderPlace("List", 3, ()), id="one more than the list has"),
        pytest.param(
            [SheetStart("A", [(2, ["token", "rid"])])], ["x"], HeaderPlace("A", 2, ("Họ tên",)), id="most of them"
        ),
        pytest.param(
            [SheetStart("A", [(2, ["token", "rid"])]), LIST], ["x"], HeaderPlace("List", 3, ()), id="all before most"
        ),
        pytest.param([SheetStart("A", [(2, ["token"])])], ["x"], None, id="fewer than half"),
        pytest.param([SheetStart("A", [(2, ["token", "rid"])])], ["token", "rid"], None, id="no more than here"),
        pytest.param([SheetStart("A", [])], [""], None, id="blank sheet"),
    ],
)
def test_the_row_that_has_most_of_the_headers_is_found(
    starts: list[SheetStart], present: list[str], place: HeaderPlace | None
) -> None:
    assert find_headers(starts, WANTED, present) == place


def test_headers_in_letters_that_are_no_variables_are_found() -> None:
    assert find_headers([SheetStart(None, [(2, ["名前"])])], ["名前"], ["x"]) == HeaderPlace(None, 2, ())


@pytest.mark.parametrize(
    ("place", "sheet", "header_row", "problem"),
    [
        pytest.param(
            HeaderPlace("List", 3, ()),
            "Summary",
            1,
            "x.xlsx: the headers “token”, “rid” and “Họ tên” are in row 3 of sheet “List”, and not in row 1 of sheet "
            '“Summary”; set sheet = "List" and header_row = 3 under [recipients], or add --sheet "List" --header-row 3',
            id="sheet and row",
        ),
        pytest.param(
            HeaderPlace("List", 1, ()),
            "Summary",
            1,
            "x.xlsx: the headers “token”, “rid” and “Họ tên” are in row 1 of sheet “List”, and not in row 1 of sheet "
            '“Summary”; set sheet = "List" under [recipients], or add --sheet "List"',
            id="sheet",
        ),
        pytest.param(
            HeaderPlace(None, 1, ("rid",)),
            None,
            4,
            "x.xlsx: the headers “token” and “Họ tên” are in row 1, and not in row 4; “rid” is in neither; "
            "set header_row = 1 under [recipients], or add --header-row 1",
            id="row, but for one",
        ),
        pytest.param(
            HeaderPlace('5" $', 1, ("rid", "token")),
            "A",
            1,
            'x.xlsx: the header “Họ tên” is in row 1 of sheet “5" $”, and not in row 1 of sheet “A”; “rid” and “token” '
            "are in neither; set sheet = '5\" $' under [recipients], or add --sheet '5\" $'",
            id="a name to be quoted",
        ),
    ],
)
def test_one_sentence_says_where_they_are_and_how_to_read_them(
    place: HeaderPlace, sheet: str | None, header_row: int, problem: str
) -> None:
    assert str(elsewhere("x.xlsx", place, WANTED, sheet=sheet, header_row=header_row)) == problem


def test_how_a_list_was_read_is_said_if_no_row_has_the_headers() -> None:
    rows = Rows(Path("x.csv"), (), (), notes=("UTF-8",))
    assert list(map(str, how_it_was_read(rows, 1, WANTED))) == ["x.csv, as it was read: UTF-8"]


def test_the_place_of_the_headers_replaces_what_is_said_of_each() -> None:
    class Elsewhere(Rows):
        def starts(self) -> object:  # type: ignore[override]
            return [LIST]

    with pytest.raises(RecipientsError, match="in row 3 of sheet “List”"):
        how_it_was_read(Elsewhere(Path("x.xlsx"), (), (), sheet="A"), 1, WANTED)  # type: ignore[arg-type]

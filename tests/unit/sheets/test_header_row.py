from __future__ import annotations

import pytest

from campaign.errors import RecipientsError
from campaign.sheets.header_row import find_header_row, looks_like_headers

WORDS = ["name", "phone"]


def test_the_header_row_is_the_one_that_is_named() -> None:
    rows = [(1, ["Customers"]), (3, WORDS), (4, ["An", "1"])]
    assert find_header_row(rows, 3, "c.xlsx") == (WORDS, "")


def test_a_blank_header_row_is_refused_with_the_row_that_looks_like_it() -> None:
    rows = [(1, ["", " "]), (2, ["1", "2"]), (3, WORDS), (4, ["An", "Binh"])]
    message = r"^c\.xlsx, row 1: is blank, so there are no headers; row 3 looks like .*: set header_row = 3 \(--hea"
    with pytest.raises(RecipientsError, match=message):
        find_header_row(rows, 1, "c.xlsx")


def test_a_header_row_that_was_left_out_as_blank_is_refused() -> None:
    with pytest.raises(RecipientsError, match=r"row 1: is blank, .*set header_row = 3"):
        find_header_row([(3, WORDS), (4, ["An", "1"])], 1, "c.xlsx")


def test_a_header_row_beyond_the_end_is_refused_with_the_last_row() -> None:
    with pytest.raises(
        RecipientsError,
        match=r"^c\.xlsx, row 9: does not exist: the last row is 4; .*header_row = 2 \(--header-row 2\)$",
    ):
        find_header_row([(2, WORDS), (4, ["An", "1"])], 9, "c.xlsx")


def test_where_no_row_looks_like_the_header_the_option_is_named() -> None:
    with pytest.raises(RecipientsError, match=r"row 1: is blank.*; set header_row .* to the number of the header row"):
        find_header_row([(2, ["1", "2"])], 1, "c.xlsx")


@pytest.mark.parametrize("rows", [[], [(1, [""]), (2, [" "])]], ids=["no-rows", "blank-rows"])
def test_an_empty_table_is_refused(rows: list[tuple[int, list[str]]]) -> None:
    with pytest.raises(RecipientsError, match=r"^c\.xlsx: is empty; put the headers in the first row"):
        find_header_row(rows, 1, "c.xlsx")


def test_a_title_in_the_header_row_is_doubted() -> None:
    rows = [(1, ["Customers in May", ""]), (2, [""]), (3, WORDS)]
    assert find_header_row(rows, 1, "c.xlsx").warning == (
        "row 3 looks more like the header row; if it is, set header_row = 3 (--header-row 3)"
    )


def test_a_single_column_is_not_doubted() -> None:
    assert find_header_row([(1, ["phone"]), (2, ["0901"])], 1, "c.csv").warning == ""


def test_the_search_for_a_header_row_ends_after_some_hundred_rows() -> None:
    looked_at = []

    def rows() -> object:
        for number in range(2, 100_000):
            looked_at.append(number)
            yield number, ["1"]

    with pytest.raises(RecipientsError, match="row 1: is blank"):
        find_header_row(rows(), 1, "c.csv")  # type: ignore[arg-type]
    assert len(looked_at) < 1_000


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["name", "phone"], True, id="words"),
        pytest.param(["Customers 2024", "", ""], False, id="a-title-alone"),
        pytest.param(["name", "0901234567"], False, id="a-number"),
        pytest.param(["name", "14/07/2024"], False, id="a-date"),
        pytest.param(["", " "], False, id="blank"),
    ],
)
def test_a_header_row_is_detected_by_its_words(*, texts: list[str], expected: bool) -> None:
    assert looks_like_headers(texts) is expected

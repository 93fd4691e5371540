from __future__ import annotations

import pytest

from campaign.sheets.table import column_letter, columns_of


@pytest.mark.parametrize(
    ("index", "letter"),
    [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")],
    ids=str,
)
def test_columns_are_lettered_as_in_a_spreadsheet(index: int, letter: str) -> None:
    assert column_letter(index) == letter


def test_headers_become_columns_in_their_order() -> None:
    columns = columns_of(["token", "Họ và tên"])
    assert columns == ((0, "A", "token"), (1, "B", "Họ và tên"))


def test_blank_headers_at_the_end_are_no_columns() -> None:
    assert [column.header for column in columns_of(["a", "", "b", " ", ""])] == ["a", "", "b"]


def test_headers_are_trimmed_and_composed() -> None:
    (column,) = columns_of(["\n Te\u0302n  "])
    assert column.header == "Tên"


def test_equal_headers_stay_apart() -> None:
    assert [column.header for column in columns_of(["name", "name"])] == ["name", "name"]

"""No column is added where a formula refers to: its result would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.review.annotation.formulas import FormulaColumns, last_column_of
from tests.unit.sheets.books import row, text

from .copies import cells_of, copy_of, list_xml

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


@pytest.mark.parametrize(
    ("formula", "column"),
    [
        ("SUM(B1:C1*B2:$D$2)", 4),
        ("IF(B3,1,2)", 2),
        ("SUM(A:$F)", 6),
        ("LOG10(A1)+ATAN2(B1,C1)", 3),
        ("A1:INDEX(E:E,3)", 5),
        ("ROW(1:1)", 0),
        ('"Z9"&A1', 1),
        ("People[Z9]+B2", 2),
        ("tax_Z9+Z9.x", 0),
        ("Other!A1:ZZ9+'An other'!ZZ9", 0),
        ("'My ''list'!A1:Z9", 26),
        ("'MY ''LIST'!Z9", 26),
    ],
)
def test_the_last_column_that_a_formula_refers_to(formula: str, column: int) -> None:
    assert last_column_of(formula, "My 'list") == column


def test_a_sheet_whose_name_needs_no_quotation_marks_is_known() -> None:
    assert last_column_of("Khách!C1+Khác!Z1", "khách") == 3


def test_formulas_that_differ_in_their_rows_count_once() -> None:
    found = FormulaColumns("Sheet12")
    for number in range(100):
        found.add(f"Sheet12!B{number}+Sheet1x!Z{number}", 0)
    found.add("B7", 3)
    assert found.last == 5


@pytest.mark.parametrize(
    ("formula", "first"),
    [
        pytest.param("<f>SUM(A2:H2)</f>", "I1", id="of a cell"),
        pytest.param('<f t="shared" ref="A2:B2" si="0">SUM(C2:H2)</f>', "J1", id="shared to the right"),
        pytest.param('<f t="shared" si="0"/>', "C1", id="shared"),
        pytest.param("<f>SUM(A2:XFD2)</f>", "C1", id="of whole rows"),
    ],
)
def test_columns_are_added_right_of_what_formulas_refer_to(path: Path, formula: str, first: str) -> None:
    copied = copy_of(path, list_xml(row(2, f'<c r="A2">{formula}<v>0</v></c>', text("B2", "not H9"))))
    assert cells_of(copied, 1)[2].reference == first

"""No column is added where a formula refers to: its result would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.review.annotation.formulas import FormulaColumns, columns_of
from tests.unit.sheets import books
from tests.unit.sheets.books import row, text

from .copies import FAILED, PERSON, annotated, cells_of, copy_of, list_xml, part_of

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
        ("'First:Last'!C1+First:Last!D1", 4),
    ],
)
def test_the_last_column_that_a_formula_refers_to(formula: str, column: int) -> None:
    assert max(columns_of(formula, "My 'list"), default=0) == column


def test_a_sheet_whose_name_needs_no_quotation_marks_is_known() -> None:
    assert list(columns_of("Khách!C1+Khác!Z1", "khách")) == [3]


def test_outside_of_a_sheet_only_what_names_it_is_of_it() -> None:
    assert list(columns_of("Z1+People!$C$2:D9", "People", elsewhere=True)) == [4]


def test_a_column_after_a_dollar_stays_the_same_where_a_formula_is_shared() -> None:
    assert list(columns_of("$C1+D1+A1:$B1", "People", 3)) == [3, 7, 2]


def test_formulas_that_differ_in_their_rows_count_once() -> None:
    found = FormulaColumns("Sheet12", 100)
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
        pytest.param("<f>SUM(A2:XFD2)+SUM(A2:D2)</f>", "E1", id="of whole rows and others"),
    ],
)
def test_columns_are_added_right_of_what_formulas_refer_to(path: Path, formula: str, first: str) -> None:
    copied = copy_of(path, list_xml(row(2, f'<c r="A2">{formula}<v>0</v></c>', text("B2", "not H9"))))
    assert cells_of(copied, 1)[2].reference == first


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        pytest.param('<cfRule type="expression"><formula>$F2="x"</formula></cfRule>', "G1", id="of a fixed column"),
        pytest.param('<cfRule type="expression"><formula>C2="x"</formula></cfRule>', "E1", id="beside each cell"),
        pytest.param('<cfRule type="cellIs"><formula>5</formula></cfRule>', "C1", id="of a number"),
        pytest.param('<cfRule type="colorScale"/>', "K1", id="comparing the numbers of its area"),
        pytest.param('<cfRule type="containsText"/>', "C1", id="of each cell alone"),
    ],
)
def test_columns_are_added_where_they_do_not_change_a_conditional_format(path: Path, rule: str, first: str) -> None:
    after = f'<conditionalFormatting sqref="A2:B2 A3:J9">{rule}</conditionalFormatting>'
    assert cells_of(copy_of(path, list_xml(PERSON, after=after)), 1)[2].reference == first


def test_columns_are_added_right_of_what_a_sparkline_shows(path: Path) -> None:
    line = "<ext><x14:sparkline xmlns:x14='a' xmlns:xm='b'><xm:f>Data!B2:F2</xm:f></x14:sparkline></ext>"
    assert cells_of(copy_of(path, list_xml(PERSON, after=f"<extLst>{line}</extLst>")), 1)[2].reference == "G1"


NAMES = "<definedNames><definedName name='{}'>Data!$A:$G</definedName></definedNames></workbook>"
CHART = "<c:chartSpace xmlns:c='c'><c:f>Data!$A$2:$G$2</c:f><c:v>1</c:v></c:chartSpace>"


@pytest.mark.parametrize(
    ("other", "name", "chart", "first"),
    [
        pytest.param("<f>SUM(Data!A:G)+Z9</f>", "", "", "H1", id="formula"),
        pytest.param("<f>SUM(A:G)</f>", "", "", "C1", id="formula-about-itself"),
        pytest.param("<v>Data!A:G</v>", "", "", "C1", id="value"),
        pytest.param("<v>1</v>", "everyone", "", "H1", id="name"),
        pytest.param("<v>1</v>", "_xlnm.Print_Area", "", "C1", id="print-area"),
        pytest.param("<v>1</v>", "", CHART, "H1", id="chart"),
    ],
)
def test_columns_are_added_right_of_what_the_rest_of_the_workbook_refers_to(
    path: Path, other: str, name: str, chart: str, first: str
) -> None:
    workbook = books.workbook_xml(["Data", "Total"])
    relations = {"rId1": ("worksheet", "worksheets/sheet1.xml"), "rId2": ("worksheet", "worksheets/sheet2.xml")}
    contents = {
        **books.parts(
            list_xml(PERSON), workbook=workbook.replace("</workbook>", NAMES.format(name)) if name else workbook
        ),
        "xl/worksheets/sheet2.xml": books.sheet_xml(row(1, f'<c r="A1">{other}</c>')),
        "xl/_rels/workbook.xml.rels": books.relations_xml(relations),
        **({"xl/charts/chart1.xml": chart} if chart else {}),
    }
    copied = annotated(books.save(path, contents), {2: FAILED})
    assert cells_of(part_of(copied), 1)[2].reference == first

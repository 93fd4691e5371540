"""What a sheet shows against what it stores, and what Excel had ruined before the sheet came here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pytest

from campaign.errors import Problem
from campaign.recipients.lint import Linter
from campaign.recipients.row_batch import RowBatch
from campaign.sheets import CellValue, Row
from campaign.sheets.number_format import CellText
from campaign.sheets.table import columns_of

Cell = CellValue | tuple[CellValue, str]
"""A value in the General format, or with the number format that it is shown in."""

UNFORMATTED = "numbers as text, which do not show the number format of the others"
RUINED = "contains numbers of 16 or more digits that end in zeros"


def looked_at(*cells: Cell, is_id: bool = False, problems: Sequence[Problem] = ()) -> Linter:
    """A list of one column, "Id" or "Note", from row 2 on; the problems are the last row's."""
    columns = columns_of(["Id" if is_id else "Note"])
    linter = Linter(columns, columns if is_id else ())
    display = CellText()
    for number, cell in enumerate(cells, start=2):
        value, code = cell if isinstance(cell, tuple) else (cell, "General")
        last = number == len(cells) + 1
        text = display.display(value, code)
        linter.check(RowBatch([Row(number, (text,), (value,), (code,), tuple(problems) if last else ())]))
    return linter


def example(*cells: Cell) -> tuple[str, str] | None:
    return next(iter(looked_at(*cells).examples().values()), None)


def faults(*cells: Cell, is_id: bool = False) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in looked_at(*cells, is_id=is_id).findings()]


def codes(*cells: Cell, is_id: bool = False) -> list[str]:
    return [code for code, _ in faults(*cells, is_id=is_id)]


@pytest.mark.parametrize(
    ("cell", "stored", "displayed"),
    [
        pytest.param((901234567, "0000000000"), "901234567", "0901234567", id="zero padding"),
        pytest.param((1500000, '#,##0 "đ"'), "1500000", "1,500,000 đ", id="currency"),
        pytest.param(108600123456789, "108600123456789", "1.086E+14", id="a long number under General"),
        pytest.param(0.1 + 0.2, "0.30000000000000004", "0.3", id="a sum of fractions"),
        pytest.param((1.5e16, "0.00"), "15000000000000000", "15000000000000000.00", id="a large float"),
        pytest.param((datetime(2026, 1, 5), "dd/mm/yyyy"), "2026-01-05", "05/01/2026", id="a date"),  # noqa: DTZ001
        pytest.param((time(8, 30), "h:mm AM/PM"), "08:30:00", "8:30 AM", id="a time"),
        pytest.param((True, "General"), None, None, id="a truth value as it is"),
        pytest.param(("An", '"Dear "@'), "An", "Dear An", id="text under a text format"),
        pytest.param((5, ";;;"), "5", "", id="a hidden number"),
        pytest.param(12, None, None, id="a number as it is"),
        pytest.param(12.0, None, None, id="a whole float as it is"),
        pytest.param("12", None, None, id="text as it is"),
    ],
)
def test_a_column_is_known_by_what_it_stores_and_shows(cell: Cell, stored: str | None, displayed: str | None) -> None:
    assert example(cell) == (None if stored is None else (stored, displayed))


def test_the_example_is_the_first_cell_that_differs() -> None:
    assert example("text", None, 7, (8, "0.0"), (9, "000")) == ("8", "8.0")


def test_the_example_is_found_however_far_down_it_is() -> None:
    assert example(*[7] * 1200, (8, "0.0")) == ("8", "8.0")
    assert example((8, "0.0"), *[7] * 1200, (9, "0.0")) == ("8", "8.0")


def test_a_column_without_a_difference_has_no_example() -> None:
    assert looked_at("a", None, 3).examples() == {}


def test_digits_that_excel_lost_in_an_unused_column_are_a_note() -> None:
    columns = columns_of(["Token", "Note"])
    linter = Linter(columns, used=columns[:1])
    linter.check(RowBatch([Row(2, ("t", "1234567890123450000"), ("t", 1234567890123450000), ("General", "0"))]))
    assert [(each.code, each.stops) for each in linter.findings()] == [("long-numbers", False)]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param((1234567890123456789, "0"), id="a program wrote every digit"),
        pytest.param((100000000000000, "0"), id="fifteen digits"),
        pytest.param("1234567890123450000", id="text"),
        pytest.param((0.1234567890123456789, "0.00"), id="a fraction"),
    ],
)
def test_whole_numbers_are_not_called_ruined(cell: Cell) -> None:
    assert faults(cell) == []


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        pytest.param("1.08600E+14", "scientific-text", id="text, as Excel saves it in a CSV file"),
        pytest.param("1,08600E+14", "scientific-text", id="with a decimal comma"),
    ],
)
def test_ids_in_scientific_notation_are_seen(cell: Cell, code: str) -> None:
    assert codes("B108", cell, is_id=True) == [code]
    assert faults("B108", cell) == []


@pytest.mark.parametrize("text", ["1E5", "12E+14", "1.08e+14", "E+14", "7E+1x"])
def test_an_id_that_only_resembles_scientific_notation_is_none(text: str) -> None:
    assert faults(text, is_id=True) == []


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param((108600123, "#,##0"), id="thousands"),
        pytest.param((108600123, "0.0"), id="decimals"),
        pytest.param(-5, id="a sign"),
    ],
)
def test_ids_with_more_than_digits_are_seen(cell: Cell) -> None:
    assert codes(cell, is_id=True) == ["id-format"]


def test_padded_ids_are_sound() -> None:
    assert faults((123, "00000"), 456, is_id=True) == []


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 3), date(2026, 1, 3), time(3, 1), timedelta(hours=3)],  # noqa: DTZ001
    ids=["date and time", "date", "time", "duration"],
)
def test_dates_among_ids_are_seen(value: CellValue) -> None:
    assert codes("3-2", value, is_id=True) == ["id-dates"]
    assert faults("3-2", value) == []


def test_numbers_among_texts_with_leading_zeros_have_lost_theirs() -> None:
    assert faults(901234567, "0912345678", None, 987654321, (912, "0000000000")) == [
        (
            "lost-zeros",
            "column A “Note” contains numbers among texts with leading zeros (2 cells: A2 “901234567”, A5)",
        )
    ]


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(("0912", "0913"), id="text alone"),
        pytest.param((912, "0"), id="a single zero"),
        pytest.param((912, "0.5"), id="a fraction"),
        pytest.param(((912, "0000"), "0913"), id="numbers that are shown with theirs"),
        pytest.param((True, "0913"), id="a truth value"),
    ],
)
def test_other_leading_zeros_are_no_sign_of_lost_ones(cells: tuple[Cell, ...]) -> None:
    assert faults(*cells) == []


def test_numbers_stored_as_text_matter_where_the_others_show_a_format() -> None:
    found = faults((1000000, "#,##0 đ"), "2000000", "none")
    assert found == [
        (
            "numbers-as-text",
            f"column A “Note” contains {UNFORMATTED} (1 cell: A3 “2000000”)",
        )
    ]
    assert faults(1000000, 0.1 + 0.2, "2000000", "none") == []


def test_ids_as_text_of_which_none_has_its_last_digits_are_seen() -> None:
    ruined = ("1086001234567890000", "1086001234567910000")
    assert codes(*ruined, "108", is_id=True) == ["long-numbers"]
    assert faults(*ruined, "1086001234567891234", is_id=True) == []
    assert faults("4726189270784410", is_id=True) == []
    assert faults(*ruined) == []


def test_faults_that_the_reader_found_in_cells_are_counted_by_column() -> None:
    columns = columns_of(["Token", "", "Note"])
    linter = Linter(columns)
    for number in range(2, 7):
        problems = (
            Problem(f"C{number}", "contains the error #N/A", "correct it in the sheet"),
            Problem(f"B{number}", "contains a formula whose result was never calculated", "save it"),
            Problem(f"row {number}", "line 3 has 2 fields and the header has 3"),
        )
        linter.check(RowBatch([Row(number, ("t", "", "#N/A"), ("t", None, "#N/A"), (), problems)]))
    assert [(each.message, each.remedy) for each in linter.findings()] == [
        ("column B “” contains a formula whose result was never calculated (5 cells: B2, B3, B4, …)", "save it"),
        ("column C “Note” contains the error #N/A (5 cells: C2 “#N/A”, C3, C4, …)", "correct it in the sheet"),
    ]


def test_a_column_with_very_many_kinds_of_faults_names_some() -> None:
    columns = columns_of(["Note"])
    linter = Linter(columns)
    for number in range(2, 50):
        linter.check(
            RowBatch([Row(number, ("",), (None,), (), (Problem(f"A{number}", f"is damaged: {number}", "x"),))])
        )
    assert len(linter.findings()) == 10


def test_a_long_cell_is_cut_where_it_is_named() -> None:
    (found,) = looked_at("x" * 31, problems=[Problem("A2", "contains a NUL character")]).findings()
    assert found.message == f"column A “Note” contains a NUL character (1 cell: A2 “{'x' * 29}…”)"


def test_a_list_without_rows_has_nothing_to_tell() -> None:
    linter = looked_at()
    assert (linter.examples(), linter.findings()) == ({}, [])

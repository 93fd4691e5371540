"""The formats that a workbook names by number alone."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import CellText, builtin_format

SHOWN = [
    (0, 1234.5, "1234.5"),
    (1, 1234.5, "1235"),
    (2, 1234.5, "1234.50"),
    (3, 1234.5, "1,235"),
    (4, 1234.5, "1,234.50"),
    (5, -1234.5, "($1,235)"),
    (6, 1234.5, "$1,235"),
    (7, 1234.5, "$1,234.50"),
    (8, -1234.5, "($1,234.50)"),
    (9, 0.125, "13%"),
    (10, 0.125, "12.50%"),
    (11, 1234.5, "1.23E+03"),
    (12, 1234.5, "1234 1/2"),
    (13, 1234.5, "1234  1/2"),
    (14, 45351, "29/02/2024"),
    (15, 45351, "29-Feb-24"),
    (16, 45351, "29-Feb"),
    (17, 45351, "Feb-24"),
    (18, 45351.75, "6:00 PM"),
    (19, 45351.75, "6:00:00 PM"),
    (20, 45351.75, "18:00"),
    (21, 45351.75, "18:00:00"),
    (22, 45351.75, "29/02/2024 18:00"),
    (23, 1234.5, "1234.5"),
    (27, 45351, "29/02/2024"),
    (32, 45351.75, "18:00:00"),
    (36, 45351, "29/02/2024"),
    (37, -1234.5, "(1,235)"),
    (38, 1234.5, "1,235"),
    (39, 1234.5, "1,234.50"),
    (40, -1234.5, "(1,234.50)"),
    (41, 1234.5, "1,235"),
    (41, 0, "-"),
    (42, -1234.5, "$(1,235)"),
    (43, 0, "-"),
    (43, 1234.5, "1,234.50"),
    (44, 1234.5, "$1,234.50"),
    (45, 0.05, "12:00"),
    (46, 1.05, "25:12:00"),
    (47, 0.05001, "12:00.9"),
    (48, 12345, "12.3E+3"),
    (49, 1234.5, "1234.5"),
    (57, 45351, "29/02/2024"),
]


@pytest.mark.parametrize(
    ("format_id", "value", "text"), [pytest.param(*case, id=f"{case[0]} with {case[1]}") for case in SHOWN]
)
def test_a_built_in_format_shows_what_excel_in_english_shows(format_id: int, value: float, text: str) -> None:
    code = builtin_format(format_id)

    assert code is not None
    assert CellText().display(value, code) == text


def test_every_id_from_0_to_58_is_understood() -> None:
    cells = CellText()

    for format_id in range(59):
        cells.display(45351.4375, builtin_format(format_id) or "missing [")

    assert cells.not_understood == {}


@pytest.mark.parametrize("format_id", [-1, 59, 163, 164])
def test_other_ids_are_no_built_in_formats(format_id: int) -> None:
    assert builtin_format(format_id) is None

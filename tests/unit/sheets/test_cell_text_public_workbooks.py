"""Cells of public workbooks with what Excel itself displayed for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest

from campaign.sheets.number_format import CellText

_FILE = Path(__file__).parents[2] / "data" / "displayed-cells.json"


class DisplayedCell(TypedDict):
    raw_value: float
    number_format: str
    date1904: bool
    displayed: str
    category: str


CELLS: list[DisplayedCell] = json.loads(_FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "cell", [pytest.param(cell, id=f"{cell['category']}-{number}") for number, cell in enumerate(CELLS)]
)
def test_a_cell_shows_what_excel_displayed(cell: DisplayedCell) -> None:
    cells = CellText(date1904=cell["date1904"])

    # What moves a number within its cell is not part of a message.
    assert cells.display(cell["raw_value"], cell["number_format"]) == cell["displayed"].strip()

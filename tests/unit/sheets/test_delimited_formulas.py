"""Formulas in a text file that are nothing but a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sheets import open_sheet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("field", "text"),
    [
        pytest.param('="00123"', "00123", id="a text that keeps its zeros"),
        pytest.param('"=""00123"""', "00123", id="quoted as CSV has it"),
        pytest.param('"=""say """"hi"""""""', 'say "hi"', id="with quotation marks of its own"),
        pytest.param('=""', "", id="blank"),
        pytest.param('="a"&"b"', '="a"&"b"', id="a formula that has to be calculated"),
        pytest.param("=1+1", "=1+1", id="another formula"),
    ],
)
def test_a_formula_that_is_nothing_but_a_text_is_that_text(tmp_path: Path, field: str, text: str) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(f"name,id\nAn,{field}\n", encoding="utf-8")
    (found,) = open_sheet(path).rows()
    assert found.texts == ("An", text)
    assert found.values == ("An", text or None)


def test_headers_and_blank_rows_are_read_without_such_formulas_too(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text('="name",="id"\n="",=""\n="An",="007"\n', encoding="utf-8")
    opened = open_sheet(path)
    assert [column.header for column in opened.columns] == ["name", "id"]
    assert [(found.number, found.texts) for found in opened.rows()] == [(3, ("An", "007"))]

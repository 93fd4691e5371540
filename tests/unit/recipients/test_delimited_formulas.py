"""Formulas in a text file that are nothing but a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.recipients import open_recipients

if TYPE_CHECKING:
    from pathlib import Path

REMEDY = "put every text that holds the separator, a quotation mark or a line break in quotation marks"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


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
def test_a_formula_that_is_nothing_but_a_text_is_that_text(path: Path, field: str, text: str) -> None:
    (found,) = open_recipients(written(path, f"name,id\nAn,{field}\n")).rows()
    assert found.texts == ("An", text)
    assert found.values == ("An", text or None)


def test_headers_and_blank_rows_are_read_without_such_formulas_too(path: Path) -> None:
    recipients = open_recipients(written(path, '="name",="id"\n="",=""\n="An",="007"\n'))
    assert [column.header for column in recipients.columns] == ["name", "id"]
    assert [(found.number, found.texts) for found in recipients.rows()] == [(3, ("An", "007"))]

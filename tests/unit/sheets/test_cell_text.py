"""What a cell shows, whatever it contains."""

from __future__ import annotations

import pytest

from campaign.sheets.number_format import CellText, format_number


@pytest.mark.parametrize(
    ("value", "word"), [pytest.param(True, "TRUE", id="true"), pytest.param(False, "FALSE", id="false")]
)
@pytest.mark.parametrize("code", ["General", "@", "0.00", "dd/mm/yyyy", ";;;", "0 N"])
def test_a_boolean_is_a_word_in_every_format(code: str, *, value: bool, word: str) -> None:
    assert CellText().display(value, code) == word


@pytest.mark.parametrize("code", ["General", "0.00", "dd/mm/yyyy", '"always"', "0 N"])
def test_a_blank_cell_shows_nothing(code: str) -> None:
    cells = CellText()

    assert cells.display(None, code) == ""
    assert cells.not_understood == {}


def test_a_format_that_is_not_understood_is_noted_once_with_its_first_example() -> None:
    cells = CellText()

    shown = [cells.display(value, "0 N") for value in (1.5, 2, "text")]

    assert shown == ["1.5", "2", "text"]
    assert cells.not_understood == {"0 N": "1.5"}


def test_a_format_that_some_values_have_no_text_in_is_understood_all_the_same() -> None:
    cells = CellText()

    assert cells.display(45351, "dd/mm/yyyy") == "29/02/2024"
    assert cells.display(-3, "dd/mm/yyyy") == "########"
    assert cells.not_understood == {}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        pytest.param("mm-dd-yy", "29.2.2024", id="format 14"),
        pytest.param("m/d/yy h:mm", "29.2.2024 10:30", id="format 22"),
        pytest.param("[$-F800]dddd, mmmm dd, yyyy", "29.2.2024", id="system date"),
        pytest.param("[$-F800]dddd, mmmm dd, yyyy;@", "29.2.2024", id="system date with a section for text"),
    ],
)
def test_a_date_left_to_the_system_is_shown_as_the_setting_says(code: str, text: str) -> None:
    cells = CellText(short_date="d.m.yyyy")

    assert cells.display(45351.4375, code) == text
    assert cells.display(45352, code) != text
    assert cells.follows_system == {code: text}


@pytest.mark.parametrize("code", ["mm-dd-yy;@", "m/d/yy\\ h:mm", "dd/mm/yyyy"])
def test_a_date_spelt_in_the_sheet_does_not_follow_the_setting(code: str) -> None:
    cells = CellText(short_date="yyyy")
    cells.display(45351, code)

    assert cells.display(45351, code) != "2024"
    assert cells.follows_system == {}


@pytest.mark.parametrize(
    "short_date",
    [
        pytest.param("[$-40C]d mmm", id="not supported"),
        pytest.param("d/m;@", id="two sections"),
        pytest.param("dd[", id="no format code"),
        pytest.param("0.00", id="a code for numbers"),
    ],
)
def test_a_setting_that_is_no_date_format_is_refused(short_date: str) -> None:
    with pytest.raises(ValueError, match=r"meaning|not a format for dates|not known"):
        CellText(short_date=short_date)


def test_openpyxl_s_misspelt_built_in_formats_are_read_as_excel_s() -> None:
    cells = CellText()
    accounting = '_("$"* #,##0.00_)_("$"* \\(#,##0.00\\)_("$"* "-"??_)_(@_)'

    assert cells.display(-1234.5, accounting) == "$(1,234.50)"
    assert cells.display(0, accounting) == "$-"
    assert cells.display("Lan", accounting) == "Lan"
    assert cells.display(0.001, "mmss.0") == "01:26.4"


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        pytest.param(1234567, "#,##0", "1,234,567", id="thousands"),
        pytest.param(1234.5, '#,##0.00 "đ"', "1,234.50 đ", id="currency"),
        pytest.param(45351, "dd/mm/yyyy", "29/02/2024", id="serial date"),
    ],
)
def test_a_number_can_be_formatted_without_a_workbook(value: float, code: str, text: str) -> None:
    assert format_number(value, code) == text


@pytest.mark.parametrize("code", ["0 N", "[DBNum1]0", "[$-40C]mmm"])
def test_formatting_a_number_with_a_code_that_is_not_understood_is_an_error(code: str) -> None:
    with pytest.raises(ValueError, match=r"meaning|supported|known"):
        format_number(1, code)

"""Any text in a cell: unchanged where a workbook can contain it, otherwise escaped visibly."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.review.workbook.cells import MOST_UNITS, spreadsheet_string, visible
from campaign.review.workbook.sheet_layouts import distinct_headers
from campaign.sheets import ReadOptions, open_sheet

from .results_journals import facts, failed, opened, planned, sent, written

if TYPE_CHECKING:
    from pathlib import Path

any_text = st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=40)
storable = any_text.map(lambda text: "".join(c for c in text if c >= " " or c in "\t\r\n"))
awkward = st.sampled_from(
    ["=1", "_x0041_", "_x005F_x0041_", "_x000D_", "__x0041_", "a\r\nb", "\r", "]]>", "&amp;", "<t>", " a ", "\n", "\t"]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x00b\x07\x1f", "a\\x00b\\x07\\x1f", id="control characters"),
        pytest.param("\ud83d!", "\\ud83d!", id="half a character"),
        pytest.param("\ufffe\uffff", "\\ufffe\\uffff", id="what is no character"),
        pytest.param("Nguyễn\t\r\n😀 שלום \x7f\x85", "Nguyễn\t\r\n😀 שלום \x7f\x85", id="all else"),
    ],
)
def test_what_no_workbook_holds_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_the_longest_text_that_a_cell_takes_is_whole() -> None:
    assert visible("x" * MOST_UNITS) == "x" * MOST_UNITS


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        pytest.param("x" * 32_768, "32,768", id="one character too many"),
        pytest.param("x" * 1_000_000, "1,000,000", id="far too many"),
        pytest.param("😀" * 16_384, "16,384", id="characters of two units"),
        pytest.param("x" + "😀" * 16_384, "16,385", id="a cut through a character"),
    ],
)
def test_a_longer_text_is_cut_and_says_so(text: str, characters: str) -> None:
    shown = visible(text)
    assert shown.endswith(f"… [cut, {characters} characters in all]")
    assert MOST_UNITS - 1 <= len(shown.encode("utf-16-le")) // 2 <= MOST_UNITS
    assert text.startswith(shown.partition("…")[0])


@given(st.text())
def test_whatever_the_text_it_can_be_written_as_xml(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert (fromstring(f"<t>{escape(spreadsheet_string(text))}</t>").text or "") == spreadsheet_string(text)


@pytest.mark.parametrize(
    "text", [pytest.param("\r\n" * 5000, id="carriage returns"), pytest.param("_x0041_" * 4000, id="escapes")]
)
def test_a_text_that_only_its_spelling_makes_too_long_is_cut_with_a_mark(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, [planned(2, (text, "", ""))], {1: failed()})
    [row] = open_sheet(path, ReadOptions(sheet="To fix")).rows()
    assert row.texts[0].startswith(text[:8000])
    assert row.texts[0].endswith(f"… [cut, {len(text):,} characters in all]")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(storable, awkward), min_size=30, max_size=60))
def test_text_is_the_same_when_the_workbook_is_read_again(tmp_path: Path, texts: list[str]) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    rows = [planned(number, (text, "filled")) for number, text in enumerate(texts, start=2)]
    outcomes = {seq: failed() for seq in range(1, len(rows) + 1)}
    path = written(tmp_path, rows, outcomes, facts(("Text", "Filled")))
    for sheet, column in (("Results", 1), ("To fix", 0)):
        read = open_sheet(path, ReadOptions(sheet=sheet)).rows()
        assert [row.texts[column] for row in read] == texts
    assert all(cell.data_type in {"s", "n"} for cell in opened(path)["To fix"]["A"])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_no_text_at_all_makes_a_workbook_that_cannot_be_opened(
    tmp_path: Path, header: str, cell: str, reason: str
) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    reason = reason.encode(errors="ignore").decode()  # the journal takes no half characters as reasons
    path = written(tmp_path, [planned(2, (cell,))], {1: failed(reason, reason)}, facts((header,), sheet=reason))
    book = opened(path)
    assert book["Results"].tables["Results"].column_names[1] == distinct_headers(["Status", header])[1]
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n", "d"}


def test_text_that_looks_like_an_escape_is_not_taken_for_one(tmp_path: Path) -> None:
    path = written(tmp_path, [planned(2, ("_x0041_",))], {1: sent()}, facts(("_x0042_",)))
    recipients = open_sheet(path, ReadOptions(sheet="Results"))
    assert [recipients.columns[1].header, *(row.texts[1] for row in recipients.rows())] == ["_x0042_", "_x0041_"]
    assert opened(path)["Results"].tables["Results"].column_names[1] == "_x0042_"


@pytest.mark.parametrize(
    ("headers", "distinct"),
    [
        pytest.param(["A", "a", "A (2)"], ["A", "a (2)", "A (2) (2)"], id="alike in another case"),
        pytest.param(["", " ", "Column A"], ["Column A", "Column B", "Column A (2)"], id="blank"),
        pytest.param(["a\nb", " a  b "], ["a b", "a b (2)"], id="in several lines"),
        pytest.param(["x" * 300] * 2, ["x" * 255, "x" * 251 + " (2)"], id="long"),
        pytest.param(["\x00"], ["\\x00"], id="control characters"),
    ],
)
def test_headers_of_a_table_differ(headers: list[str], distinct: list[str]) -> None:
    assert distinct_headers(headers) == distinct

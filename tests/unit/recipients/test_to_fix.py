"""How the sheets To fix and In doubt are recognised as lists, also in copies."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.packaging.custom import StringProperty

from campaign.errors import RecipientsError
from campaign.recipients.to_fix import (
    SourceColumns,
    ToFixList,
    WorkbookMark,
    mark_of,
    properties_of,
    source_columns,
    source_headers,
    to_fix_list,
)
from campaign.sheets import ReadOptions, open_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MARK = WorkbookMark("offer & co", "abc123", "2")
LAST = ("Reason", "Run", "Source row")


def workbook(path: Path, headers: Sequence[str], sheet: str, mark: WorkbookMark | None = None) -> Path:
    book = openpyxl.Workbook()
    book.worksheets[0].title = sheet
    book.worksheets[0].append(list(headers))
    for name, text in properties_of(mark).items() if mark else ():
        book.custom_doc_props.append(StringProperty(name=name, value=text))  # type: ignore[attr-defined]
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("originals", "headers"),
    [
        pytest.param(("Id",), ("Run", "Source row"), id="neither"),
        pytest.param(("Id", "run"), ("Campaign run", "Campaign row"), id="one of them, in another case"),
        pytest.param(("Source row ",), ("Campaign run", "Campaign row"), id="the other, with a blank"),
        pytest.param(("Run", "Campaign row"), ("Campaign run (2)", "Campaign row (2)"), id="both pairs"),
    ],
)
def test_headers_are_chosen_that_the_list_does_not_have(originals: Sequence[str], headers: tuple[str, str]) -> None:
    assert source_headers(originals) == headers
    assert source_columns([*originals, "Reason", *headers]) == SourceColumns(len(originals) + 1, len(originals) + 2)


@pytest.mark.parametrize(
    ("headers", "trusted", "found"),
    [
        pytest.param(("Id", *LAST), False, (2, 3), id="a copy"),
        pytest.param(("Id", *LAST, ""), False, (2, 3), id="a copy with a blank column"),
        pytest.param(("Id", "Reason (2)", "Run", "Source row"), False, (2, 3), id="the list has a reason"),
        pytest.param(("Id", "Run", "Source row"), False, None, id="a list of the operator's own"),
        pytest.param((*LAST, "Id"), False, None, id="somewhere in a list of the operator's own"),
        pytest.param(("Source row", "Id", "Run"), True, (2, 0), id="moved on campaign's sheet"),
        pytest.param(("Run", "Campaign run", "Campaign row"), True, (1, 2), id="the list has a run"),
        pytest.param(("Id", "Run"), True, None, id="one is gone"),
    ],
)
def test_the_columns_are_found(headers: Sequence[str], *, trusted: bool, found: tuple[int, int] | None) -> None:
    assert source_columns(headers, trusted=trusted) == found


def test_a_mark_survives_a_copy_under_another_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "offer.results.xlsx", ("Id", *LAST), "To fix", MARK)
    openpyxl.load_workbook(path).save(tmp_path / "anything.xlsx")
    assert mark_of(tmp_path / "anything.xlsx") == MARK


@pytest.mark.parametrize("name", ["list.csv", "gone.xlsx"])
def test_other_files_have_no_mark(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.csv").write_text("token,rid\n", encoding="utf-8")
    assert mark_of(tmp_path / name) is None


def test_a_workbook_of_the_operators_own_has_no_mark(tmp_path: Path) -> None:
    assert mark_of(workbook(tmp_path / "list.xlsx", ("Id",), "List")) is None


@pytest.mark.parametrize("sheet", ["In doubt", "In doubt 2", "in doubt"])
@pytest.mark.parametrize("mark", [MARK, None], ids=["marked", "without a mark"])
def test_the_sheet_in_doubt_is_no_list(tmp_path: Path, sheet: str, mark: WorkbookMark | None) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Id", *LAST), sheet, mark)
    with pytest.raises(RecipientsError, match=r"x\.xlsx, sheet “.n doubt.*the sheet is no list to send; .*resolve"):
        to_fix_list(open_sheet(path, ReadOptions(sheet=sheet)))


def test_a_sheet_in_doubt_of_the_operators_own_is_a_list(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ("token", "rid", "msg"), "In doubt")
    assert to_fix_list(open_sheet(path, ReadOptions(sheet="In doubt"))) is None


def test_a_sheet_to_fix_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Id", "Reason"), "To fix", MARK)
    with pytest.raises(RecipientsError, match="the columns Run and Source row are missing"):
        to_fix_list(open_sheet(path, ReadOptions(sheet="To fix")))


@pytest.mark.parametrize(
    "content", [b"<Properties><property name=", b"<!DOCTYPE x><Properties/>"], ids=["cut", "doctype"]
)
def test_damaged_properties_are_none(tmp_path: Path, content: bytes) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Id",), "List")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("docProps/custom.xml", content)
    assert mark_of(path) is None
    assert open_sheet(path).columns[0].header == "Id"


def test_the_sheet_results_of_a_list_with_a_column_run_is_no_sheet_to_fix(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Run", "Status", "Reason", "Latency ms", "Source row"), "Results", MARK)
    assert to_fix_list(open_sheet(path, ReadOptions(sheet="Results"))) is None


def test_a_sheet_to_fix_under_another_name_is_recognised(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Id", *LAST), "corrected", MARK)
    assert to_fix_list(open_sheet(path)) == ToFixList(SourceColumns(2, 3), MARK)


def test_a_sheet_to_fix_under_another_name_may_have_notes_beside_it(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ("Id", *LAST, "my notes"), "corrected", MARK)
    assert to_fix_list(open_sheet(path)) == ToFixList(SourceColumns(2, 3), MARK)

"""Suppression lists as files: their columns, and what is wrong with them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from campaign.errors import RecipientsError
from campaign.recipients import suppression
from campaign.recipients.suppression import SuppressionList, SuppressionRule, values_among
from campaign.sheets import open_sheet

TEXTS = ("t1", "090 123 45 67", "an@example.com")


def rule(path: Path, content: str | None = None, **others: object) -> SuppressionRule:
    if content is not None:
        path.write_text(content, encoding="utf-8")
    return replace(SuppressionRule(str(path), "phone", 1, "Điện thoại"), **others)  # type: ignore[arg-type]


def found(wanted: SuppressionRule) -> str | None:
    read = SuppressionList(wanted)
    read.read()
    suppressed = read.look_at(TEXTS)
    return suppressed and suppressed.reason


@pytest.mark.parametrize(
    ("content", "others", "reason"),
    [
        pytest.param("Phone\n1\n0901234567\n", {}, "column Phone, row 3", id="the only column"),
        pytest.param("Since,Phone\n2026,0901234567\n", {}, "column Phone, row 2", id="called as the variable"),
        pytest.param("Since,Điện thoại\n2026,0901234567\n", {}, "column Điện thoại, row 2", id="called as the header"),
        pytest.param("A,B\nx,0901234567\n", {"column": " b "}, "column B, row 2", id="named"),
        pytest.param("0901234567\n", {}, "column 0901234567, row 1", id="no header row"),
        pytest.param("Stop\n\nNumber\n0901234567\n", {"header_row": 3}, "column Number, row 4", id="header row"),
        pytest.param("A;B\nx;0901234567\n", {"column": "B", "delimiter": ";"}, "column B, row 2", id="delimiter"),
        pytest.param("Phone\n0901\n", {}, None, id="not in it"),
        pytest.param("Phone\n", {}, None, id="nobody in it"),
        pytest.param(
            "Mail\nAN@example.com\n", {"position": None, "text": "an@example.com"}, "column Mail, row 2", id="value"
        ),
        pytest.param("Phone\n0901234567\n", {"position": 9}, None, id="cell that is missing"),
    ],
)
def test_a_value_stands_in_a_column(
    tmp_path: Path, content: str, others: dict[str, object], reason: str | None
) -> None:
    expected = None if reason is None else f"stands in stop.csv, {reason}"
    assert found(rule(tmp_path / "stop.csv", content, **others)) == expected


def test_a_header_that_is_named_is_no_value(tmp_path: Path) -> None:
    assert found(rule(tmp_path / "stop.csv", "0901234567\n1\n", column="0901234567")) is None


def test_a_sheet_of_a_workbook_is_named(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("2026").append(["Phone"])
    book["2026"].append([901234567])
    book.save(tmp_path / "stop.xlsx")
    assert found(rule(tmp_path / "stop.xlsx", sheet="2026")) == "stands in stop.xlsx, sheet “2026”, column Phone, row 2"


@pytest.mark.parametrize(
    ("content", "others", "problem"),
    [
        pytest.param(None, {}, "there is no such file", id="missing"),
        pytest.param("", {}, "is empty", id="empty"),
        pytest.param("A,B\n1,2\n", {}, "has no column “Điện thoại”; name one under [[suppress]]", id="no column"),
        pytest.param("Phone,phone\n1,2\n", {"header": ""}, "has several columns “phone”", id="several columns"),
        pytest.param("A,B\n1,2\n", {"column": "C"}, "has no column “C”", id="no column of this name"),
        pytest.param("A,a\n1,2\n", {"column": "a"}, "has 2 columns “a”", id="two columns of this name"),
        pytest.param("Phone\n#N/A\n", {}, "stop.csv, A2: contains the error #N/A", id="error in a cell"),
        pytest.param("A,Phone\n1,2\n1\n3,4\n", {}, "stop.csv, row 3: line 3 has 1 field", id="split line"),
        pytest.param("Phone\n1\n8.49E+11\n", {}, "A3: “8.49E+11” is a number whose last digits", id="scientific"),
        pytest.param("Phone\n\xe9\n", {"encoding": "ascii"}, "is not ascii", id="encoding"),
    ],
)
def test_a_list_that_cannot_be_read_is_named_as_what_it_is(
    tmp_path: Path, content: str | None, others: dict[str, object], problem: str
) -> None:
    with pytest.raises(RecipientsError) as caught:
        found(rule(tmp_path / "stop.csv", content, **others))
    assert problem in str(caught.value)
    assert all(each.where.startswith("suppression list ") for each in caught.value.problems)


@pytest.mark.parametrize(
    ("stored", "form"),
    [
        pytest.param(84901234567, "General", id="as it is"),
        pytest.param(84901234567, "0.00E+00", id="scientific"),
        pytest.param(849012345671, "General", id="too long to be shown"),
        pytest.param(84901234567, "#,##0", id="grouped"),
        pytest.param(84901234567.0, "0.00", id="with decimals"),
        pytest.param(84901234567, "+00 000 000 000", id="with a plus sign"),
    ],
)
def test_a_number_of_a_workbook_is_the_number_however_it_is_shown(tmp_path: Path, stored: float, form: str) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Phone"])
    sheet.append([stored])
    sheet["A2"].number_format = form
    book.save(tmp_path / "stop.xlsx")
    read = SuppressionList(rule(tmp_path / "stop.xlsx"))
    read.read()
    assert read.look_at(["", str(int(stored))]) is not None


def test_a_number_that_a_spreadsheet_program_has_shortened_stops_the_list(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Conversation"])
    sheet.append([1234567890123450])
    sheet["A2"].number_format = "0"
    book.save(tmp_path / "stop.xlsx")
    with pytest.raises(
        RecipientsError, match=r"A2: “1.23456789012345E\+15” is a number whose last digits are not known"
    ):
        SuppressionList(rule(tmp_path / "stop.xlsx")).read()


def test_a_value_in_scientific_notation_cannot_be_looked_for(tmp_path: Path) -> None:
    read = SuppressionList(rule(tmp_path / "stop.csv", "Phone\n849012345671\n"))
    read.read()
    unclear = read.unclear(["", "8.49E+11"])
    assert unclear is not None
    assert unclear.reason == "“8.49E+11” cannot be looked for in stop.csv, because its last digits are not shown"
    assert read.unclear(["", "R2E+2x"]) is None


def test_a_folder_in_place_of_a_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipientsError, match=r"suppression list .*: is a folder"):
        found(rule(tmp_path))


def test_a_list_is_current_until_its_file_changes_also_to_one_of_the_same_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "stop.csv"
    read = SuppressionList(rule(path, "Phone\n0900000000\n"))
    assert not read.is_current()
    read.read()
    assert read.is_current()
    before = path.stat()
    other = tmp_path / "other.csv"
    other.write_text("Phone\n0901234567\n", encoding="utf-8")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert not read.is_current()
    path.unlink()
    assert not read.is_current()


def test_the_values_of_a_list_of_plain_lines_are_known_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = rule(tmp_path / "stop.csv", "Phone\n" + "".join(f"09{number:08}\n" for number in range(5000)))
    (tmp_path / "list.csv").write_text("a,b,c\n1,0900000007,3\n1,090 000 4000,3\n", encoding="utf-8")
    values = values_among(open_sheet(tmp_path / "list.csv"), wanted)
    assert values is not None
    assert len(values) == 2
    read = SuppressionList(wanted)
    read.read(values)
    assert len(read._index) == 2
    suppressed = read.look_at(("1", "+84 900004000", "3"))
    assert suppressed is not None
    assert suppressed.reason == "stands in stop.csv, column Phone, row 4002"
    monkeypatch.setattr(suppression, "MOST_WANTED", 0)
    (tmp_path / "list.csv").write_text("a,b,c\n1,2,3\n" * 100_000, encoding="utf-8")
    assert values_among(open_sheet(tmp_path / "list.csv"), wanted) is None
    (tmp_path / "list.csv").write_text('a,b,c\n1,"2\n",3\n', encoding="utf-8")
    assert values_among(open_sheet(tmp_path / "list.csv"), wanted) is None
    constant = replace(wanted, position=None, text="x")
    assert len(values_among(open_sheet(tmp_path / "list.csv"), constant) or ()) == 1

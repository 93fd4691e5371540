from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem, RecipientsError
from campaign.sheets import ReadOptions, limits, open_sheet
from campaign.sheets.files import FileKind

if TYPE_CHECKING:
    from pathlib import Path

REMEDY = "put every text that contains the delimiter, a quotation mark or a line break in quotation marks"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_rows_come_under_their_headers_with_their_numbers(path: Path) -> None:
    opened = open_sheet(written(path, "Mã,Họ và tên\r\n007,An\r\n\r\n,\r\n8,Bình\r\n"))
    assert [column.header for column in opened.columns] == ["Mã", "Họ và tên"]
    assert [(row.number, row.texts) for row in opened.rows()] == [(2, ("007", "An")), (5, ("8", "Bình"))]
    assert opened.sheet is None


def test_rows_can_be_read_again(path: Path) -> None:
    opened = open_sheet(written(path, "a\n1\n"))
    assert list(opened.rows()) == list(opened.rows())


def test_every_value_is_a_text_and_a_blank_one_is_none(path: Path) -> None:
    first, second = open_sheet(written(path, "a,b,c\n007,, x \n1,2,3\n")).rows()
    assert (first.texts, first.values, first.formats) == (("007", "", " x "), ("007", None, " x "), ())
    assert second.values == ("1", "2", "3")


def test_a_field_may_hold_line_breaks(path: Path) -> None:
    rows = open_sheet(written(path, 'a,b\n"one\ntwo",x\n3,4\n')).rows()
    assert [(row.number, row.texts) for row in rows] == [(2, ("one\ntwo", "x")), (3, ("3", "4"))]


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        pytest.param("tên;n\nĐức;1\n", "utf-8-sig", "UTF-8 with BOM, separated by semicolons", id="utf-8-with-bom"),
        pytest.param("tên\tn\nĐức\t1\n", "utf-16", "UTF-16, separated by tabs", id="excel-unicode-text"),
        pytest.param("tên|n\nĐức|1\n", "utf-8", "UTF-8, separated by vertical bars", id="pipes"),
    ],
)
def test_what_was_found_out_is_noted(path: Path, text: str, encoding: str, note: str) -> None:
    opened = open_sheet(written(path, text, encoding))
    assert opened.notes == (note,)
    assert [row.texts for row in opened.rows()] == [("Đức", "1")]


def test_what_the_operator_says_is_obeyed(path: Path) -> None:
    written(path, "a;b~c\né~1\n", "cp1250")
    opened = open_sheet(path, ReadOptions(encoding="cp1250", delimiter="~"))
    assert [column.header for column in opened.columns] == ["a;b", "c"]
    assert [row.texts for row in opened.rows()] == [("é", "1")]
    assert opened.notes == ("cp1250, separated by “~”",)


def test_vietnamese_of_cp1258_is_put_together(path: Path) -> None:
    path.write_bytes("te\u0302n,n\nNguyê\u0303n,1\nTiê\u0301ng Viê\u0323t,2\n".replace("e\u0302", "ê").encode("cp1258"))
    opened = open_sheet(path)
    assert opened.columns[0].header == "tên"
    assert [row.texts[0] for row in opened.rows()] == ["Nguyễn", "Tiếng Việt"]


def test_a_sep_line_is_no_row(path: Path) -> None:
    opened = open_sheet(written(path, "sep=;\r\na,b;c\r\n1;2\r\n3;4;5\r\n"))
    assert [column.header for column in opened.columns] == ["a,b", "c"]
    first, second = opened.rows()
    assert (first.number, second.number) == (2, 3)
    assert second.problems[0].what == "line 4 has 3 fields and the header has 2"


def test_a_sep_line_in_quotation_marks_is_no_row(path: Path) -> None:
    opened = open_sheet(written(path, '"sep=;"\r\n"a,b";"c"\r\n"1";"2"\r\n'))
    assert [column.header for column in opened.columns] == ["a,b", "c"]
    assert [row.texts for row in opened.rows()] == [("1", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1258"])
def test_the_mark_that_dos_programs_end_a_file_with_is_no_row(path: Path, encoding: str) -> None:
    opened = open_sheet(written(path, "a;b\r\n1;Đ\r\n\x1a", encoding), ReadOptions(encoding=encoding))
    assert [(row.texts, row.problems) for row in opened.rows()] == [(("1", "Đ"), ())]


def test_a_file_of_nothing_but_the_mark_that_ends_it_is_empty(path: Path) -> None:
    with pytest.raises(RecipientsError, match=r"^customers\.csv: is empty; put the headers in the first row"):
        open_sheet(written(path, "\x1a"))


def test_the_separator_is_found_though_a_field_is_long(path: Path) -> None:
    opened = open_sheet(written(path, f'a;b\n"{"x" * 200_000}";2\n'))
    assert [row.texts[1] for row in opened.rows()] == ["2"]


def test_a_tsv_is_separated_by_tabs(tmp_path: Path) -> None:
    opened = open_sheet(written(tmp_path / "a.tsv", "a,b\tc\n1\t2\n"))
    assert [column.header for column in opened.columns] == ["a,b", "c"]


def test_the_header_row_may_be_further_down(path: Path) -> None:
    written(path, 'Customers\n\n"name\n(full)",phone\nAn,1\n')
    opened = open_sheet(path, ReadOptions(header_row=3))
    assert [column.header for column in opened.columns] == ["name\n(full)", "phone"]
    assert [row.number for row in opened.rows()] == [4]


def test_a_title_above_the_headers_is_noted(path: Path) -> None:
    opened = open_sheet(written(path, "Customers\n\nname,phone\nAn,1\n"))
    assert opened.notes[1] == "row 3 looks more like the header row; if it is, set header_row = 3"


@pytest.mark.parametrize("separator", [";", "\t", "|"], ids=["semicolons", "tabs", "bars"])
def test_a_title_is_doubted_though_it_does_not_tell_the_separator(path: Path, separator: str) -> None:
    opened = open_sheet(written(path, f"Customers\n\nname{separator}phone\nAn{separator}1\n"))
    assert opened.notes[1:] == ("row 3 looks more like the header row; if it is, set header_row = 3",)
    mended = open_sheet(path, ReadOptions(header_row=3))
    assert [column.header for column in mended.columns] == ["name", "phone"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        pytest.param("phone\n0901\n0902\n", ReadOptions(), id="one column"),
        pytest.param("text\nhi; you\n", ReadOptions(delimiter=","), id="a separator that was named"),
        pytest.param("sep=,\ntext\nhi; you\n", ReadOptions(), id="a sep line"),
    ],
)
def test_a_header_of_one_field_is_not_doubted_without_need(path: Path, text: str, options: ReadOptions) -> None:
    assert len(open_sheet(written(path, text), options).notes) == 1


def test_a_blank_header_row_is_refused(path: Path) -> None:
    with pytest.raises(RecipientsError, match=r"^customers\.csv, row 1: is blank, .* set header_row = 2$"):
        open_sheet(written(path, ",\nname,phone\nAn,1\n"))


def test_a_sheet_is_refused(path: Path) -> None:
    with pytest.raises(
        RecipientsError, match=r"^customers\.csv: is a text file and has no sheets; leave out the sheet$"
    ):
        open_sheet(written(path, "a,b\n"), ReadOptions(sheet="Data"))


@pytest.mark.parametrize("short_date", ["d.m.yyyy", "["], ids=["a format", "no format"])
def test_a_short_date_is_refused(path: Path, short_date: str) -> None:
    message = r"^customers\.csv: is a text file, and its dates are not reformatted; leave out the short_date$"
    with pytest.raises(RecipientsError, match=message):
        open_sheet(written(path, "a,b\n"), ReadOptions(short_date=short_date))


def test_a_file_without_rows_has_columns_and_no_rows(path: Path) -> None:
    opened = open_sheet(written(path, "a,b"))
    assert (len(opened.columns), list(opened.rows())) == (2, [])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param("1,2,3", "line 3 has 3 fields and the header has 2", id="too-many"),
        pytest.param("1", "line 3 has 1 field and the header has 2", id="too-few"),
        pytest.param('1,"2', "line 3: a field starts with a quotation mark that is not closed", id="open-mark"),
    ],
)
def test_a_line_of_another_shape_is_a_problem_of_its_row(path: Path, line: str, what: str) -> None:
    rows = list(open_sheet(written(path, f"a,b\nx,y\n{line}\n5,6\n")).rows())
    assert [row.problems for row in rows] == [(), (Problem("row 3", what, REMEDY, "malformed-line"),), ()]
    assert rows[2].texts == ("5", "6")


def test_the_line_is_named_that_an_editor_shows(path: Path) -> None:
    (_, torn) = open_sheet(written(path, 'a,b\n"1\n2",x\n3\n')).rows()
    assert (torn.number, torn.problems[0].where, torn.problems[0].what[:6]) == (3, "row 3", "line 4")


def test_blank_fields_too_many_are_no_problem(path: Path) -> None:
    (row,) = open_sheet(written(path, "a,b,,\n1,2,,,,\n,,,,,,,\n")).rows()
    assert (row.texts, row.problems) == (("1", "2"), ())


def test_fields_under_blank_headers_are_left_out(path: Path) -> None:
    (row,) = open_sheet(written(path, "a,b,\n1,2,remark\n,,remark\n")).rows()
    assert (row.texts, row.problems) == (("1", "2"), ())


def test_a_stray_field_alone_in_its_line_is_a_problem(path: Path) -> None:
    (row,) = open_sheet(written(path, "a,b\n,,x\n")).rows()
    assert row.problems[0].what == "line 2 has 3 fields and the header has 2"


def test_short_rows_as_excel_saves_them_are_no_problem(path: Path) -> None:
    full = "".join(f"{number},x,note\n" for number in range(2, 17))
    narrow = "".join(f"{number},x\n" for number in range(17, 33))
    last = "33,x,note\n34,x,\n"
    rows = list(open_sheet(written(path, f"id,name,note\n{full}{narrow}{last}")).rows())
    assert [row for row in rows if row.problems] == []
    assert rows[15] == (17, ("17", "x", ""), ("17", "x", None), (), (), False)


def test_short_rows_among_whole_ones_are_problems(path: Path) -> None:
    full = "".join(f"{number},x,note\n" for number in range(2, 17))
    mixed = "17,x\n18,x,note\n19,x\n"
    rows = open_sheet(written(path, f"id,name,note\n{full}{mixed}")).rows()
    assert [row.number for row in rows if row.problems] == [17, 19]


def test_a_short_last_row_by_itself_is_a_problem(path: Path) -> None:
    full = "".join(f"{number},x,note\n" for number in range(2, 17))
    rows = open_sheet(written(path, f"id,name,note\n{full}17,cut o")).rows()
    assert [row.number for row in rows if row.problems] == [17]


def test_a_nul_character_is_a_problem_of_its_cell(path: Path) -> None:
    (row,) = open_sheet(written(path, "a,b\n1,x\0y\n")).rows()
    assert row.problems == (Problem("B2", "contains a NUL character (line 2)", "delete it", "unreadable-cell"),)


def test_a_huge_field_is_a_problem_of_its_cell(path: Path) -> None:
    first, second = open_sheet(written(path, f"a,b\n{'x' * 999_999},{'y' * 999_999}\n1,{'z' * 1_000_001}\n")).rows()
    assert first.problems == ()
    assert [str(problem) for problem in second.problems] == [
        "B3: contains 1,000,001 characters (line 3), more than 1,000,000; shorten it"
    ]


def test_a_line_over_the_limit_is_a_problem_of_its_row(path: Path) -> None:
    first, second = open_sheet(written(path, f"a,b\n1,{'z' * 4_000_000}\n3,4\n")).rows()
    assert [problem.what for problem in first.problems] == ["line 2 has more than 4,000,000 characters"]
    assert second.texts == ("3", "4")


def test_a_quotation_mark_left_open_in_the_header_is_refused(path: Path) -> None:
    message = r"^customers\.csv: line 1: a field starts with a quotation mark that is not closed; put every text"
    with pytest.raises(RecipientsError, match=message):
        open_sheet(written(path, 'a,"b\n1,2\n'))


def test_more_columns_than_a_sheet_has_are_refused(path: Path) -> None:
    with pytest.raises(RecipientsError, match=r"has 16,385 columns, more than 16,384; check the delimiter"):
        open_sheet(written(path, "x," * 16_384 + "x\n"))


def test_a_table_that_is_wide_and_blank_over_the_limit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_BLANKS", 1_000)
    with pytest.raises(RecipientsError, match="has 200 columns with a header, and almost all of their cells are blank"):
        list(open_sheet(written(path, "h," * 199 + "h\n" + "1\n" * 20)).rows())


def test_a_file_changed_after_it_was_opened_is_refused(path: Path) -> None:
    opened = open_sheet(written(path, "a\n1\n"))
    os.utime(path, (1, 1))
    with pytest.raises(RecipientsError, match=r"^customers\.csv: was changed while it was being read; start again$"):
        list(opened.rows())


def test_a_file_that_goes_away_while_it_is_opened_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path, "a\n1\n")

    def look_and_lose(_path: Path) -> FileKind:
        path.unlink()
        return FileKind.TEXT

    monkeypatch.setattr("campaign.sheets.opening.kind_of", look_and_lose)
    with pytest.raises(
        RecipientsError, match=r"^customers\.csv: cannot be read \(No such file or directory\); check that"
    ):
        open_sheet(path)


def test_a_file_overwritten_while_it_is_read_is_refused(path: Path) -> None:
    rows = open_sheet(written(path, "name\n" + "Anh\n" * 50_000)).rows()
    next(rows)
    path.write_bytes(b"\xff" * 200_000)
    with pytest.raises(RecipientsError, match=r"^customers\.csv: cannot be read to its end \('utf-8' codec"):
        list(rows)

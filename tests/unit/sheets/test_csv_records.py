from __future__ import annotations

import io

import pytest

from campaign.sheets.csv_records import CsvRecord, read_records


def read(text: str, delimiter: str = ",") -> list[CsvRecord]:
    return list(read_records(io.StringIO(text, newline=""), delimiter))


def test_records_have_their_row_and_their_line() -> None:
    assert read('a,b\r\n"1\r\n2",3\r\n4,5\r\n') == [
        (1, 1, ["a", "b"], ""),
        (2, 2, ["1\r\n2", "3"], ""),
        (3, 4, ["4", "5"], ""),
    ]


def test_blank_lines_count_as_rows() -> None:
    assert [(record.number, record.fields) for record in read("a\n\n\nb")] == [(1, ["a"]), (2, []), (3, []), (4, ["b"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_lines_may_end_in_three_ways(end: str) -> None:
    assert [record.fields for record in read(f"a,b{end}1,2{end}")] == [["a", "b"], ["1", "2"]]


def test_quotation_marks_within_a_field_are_text() -> None:
    assert read('5" pipe,"say ""hi"""\n')[0].fields == ['5" pipe', 'say "hi"']


@pytest.mark.parametrize(
    ("text", "line", "fields", "following"),
    [
        pytest.param('a,"b\nc,d\ne,f\n', 1, ["a", "b"], [(2, ["c", "d"]), (3, ["e", "f"])], id="in-the-first-line"),
        pytest.param('x\na,"b\nc,d\n', 2, ["a", "b"], [(3, ["c", "d"])], id="further-down"),
        pytest.param('a,"b', 1, ["a", "b"], [], id="in-the-last-line"),
        pytest.param('a,"b\n', 1, ["a", "b"], [], id="before-the-last-line-break"),
        pytest.param('a,"\nc\n', 1, ["a", ""], [(2, ["c"])], id="at-the-end-of-a-line"),
        pytest.param('a,"b\r\nc\r\n', 1, ["a", "b"], [(2, ["c"])], id="windows-line-ends"),
        pytest.param('a,"b\rc\r', 1, ["a", "b"], [(2, ["c"])], id="old-mac-line-ends"),
        pytest.param('a,"b\n\nc', 1, ["a", "b"], [(2, []), (3, ["c"])], id="a-blank-line-after-it"),
    ],
)
def test_a_quotation_mark_that_nothing_closes_costs_its_own_line_alone(
    text: str, line: int, fields: list[str], following: list[tuple[int, list[str]]]
) -> None:
    found = read(text)
    broken = next(record for record in found if record.error)
    assert broken.error == f"line {line}: a field starts with a quotation mark that is not closed"
    assert broken.fields == fields
    rest = [record for record in found if record.number > broken.number]
    assert [(record.line, record.fields) for record in rest] == following


def test_the_line_named_is_the_one_where_the_mark_opens_and_not_where_the_record_begins() -> None:
    broken, rest = read('1,"two\nlines","open\nlost?,x\n')
    assert broken.error.startswith("line 2: ")
    assert (rest.line, rest.fields) == (3, ["lost?", "x"])


def test_a_mark_that_the_next_stray_one_seems_to_close_loses_no_line() -> None:
    first, second, third = read('a,"b\nc,d\ne,"f"\n')
    assert first.error == "line 1: a field starts with a quotation mark that is not closed"
    assert (second.fields, third.fields) == (["c", "d"], ["e", "f"])


def test_every_mark_that_nothing_closes_is_named() -> None:
    found = read('a,"1\nb,"2"\nc,"3\nd,4\n')
    assert [record.error[:6] for record in found] == ["line 1", "", "line 3", ""]


@pytest.mark.parametrize(
    ("line", "fields"),
    [('"a"b,c', ["ab", "c"]), ('"say "hi"",c', ['say hi""', "c"])],
    ids=["text-after-a-mark", "marks-not-doubled"],
)
def test_text_after_a_closing_mark_is_taken_within_a_line(line: str, fields: list[str]) -> None:
    assert read(f"{line}\nd,e\n") == [(1, 1, fields, ""), (2, 2, ["d", "e"], "")]


def test_a_mark_that_nothing_closes_is_found_behind_text_after_another() -> None:
    first, second = read('"a"b,"c\nd,e\n')
    assert (first.fields, first.error[:6]) == (["ab", "c"], "line 1")
    assert second.fields == ["d", "e"]


def test_a_record_that_grows_over_the_limit_is_cut_at_its_line() -> None:
    long = "x" * 30_000
    found = read('a,"b\n' + f"{long},y\n" * 200)
    assert found[0].error == "line 1: a field starts with a quotation mark that is not closed"
    assert [record.fields for record in found[1:]] == [[long, "y"]] * 200
    assert [record.line for record in found] == [*range(1, 202)]


def test_a_line_over_the_limit_is_skipped_and_reported() -> None:
    first, second, last = read("a,b\n" + "x" * 9_500_000 + "\nc,d\n")
    assert (first.fields, last.fields, last.line) == (["a", "b"], ["c", "d"], 3)
    assert (second.number, second.error) == (2, "line 2 has more than 4,000,000 characters")


def test_a_line_over_the_limit_may_be_the_last() -> None:
    records = read("a\n" + "x" * 9_500_000)
    assert [record.error for record in records] == ["", "line 2 has more than 4,000,000 characters"]


def test_a_long_line_within_a_quoted_field_is_no_part_of_it() -> None:
    broken, too_long, last = read('a,"b\n' + "x" * 5_000_000 + "\nc\n")
    assert broken.error.startswith("line 1: a field starts with a quotation mark")
    assert too_long.error == "line 2 has more than 4,000,000 characters"
    assert last.fields == ["c"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param("a,b\r\n\x1a", [["a", "b"]], id="on a line of its own"),
        pytest.param("a,b\x1a", [["a", "b"]], id="behind the last field"),
        pytest.param('a,"b"\x1a', [["a", "b"]], id="behind a quotation mark"),
        pytest.param("\x1a", [], id="alone"),
        pytest.param("a\x1a,b\n\x1a\nc\n", [["a\x1a", "b"], ["\x1a"], ["c"]], id="anywhere else it is text"),
    ],
)
def test_the_mark_that_dos_programs_end_a_file_with_is_dropped(text: str, fields: list[list[str]]) -> None:
    assert [(record.fields, record.error) for record in read(text)] == [(each, "") for each in fields]


def test_a_mark_behind_a_quoted_field_that_nothing_closes_is_no_part_of_it() -> None:
    (broken,) = read('a,"b\r\n\x1a')
    assert (broken.fields, broken.error[:6]) == (["a", "b"], "line 1")


def test_a_field_may_be_longer_than_the_csv_module_allows_by_itself() -> None:
    assert len(read("a," + "x" * 200_000)[0].fields[1]) == 200_000


def test_the_first_line_may_have_another_number() -> None:
    assert next(read_records(io.StringIO("a"), ",", first_line=2)).line == 2


def read_with_width(text: str, width: int, delimiter: str = ",") -> list[CsvRecord]:
    return list(read_records(io.StringIO(text, newline=""), delimiter, width=width))


SWALLOWED = "line 2: a field starts with a quotation mark that is not closed before line {}, and the lines from here on"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        pytest.param('t,r,n\n1,2,"An\n3,4,B\n5,6,C"\n7,8,D\n', 4, id="closed by a stray mark"),
        pytest.param('t,r,n\n1,2,"An\n3,4,B\n5,6,C\n"\n7,8,D\n', 5, id="closed by a mark alone"),
        pytest.param('t,r,n\r\n1,2,"An\r\n3,4,B\r\n5,6,C"\r\n7,8,D\r\n', 4, id="Windows line ends"),
    ],
)
def test_a_field_that_contains_rows_was_not_closed_where_it_should_be(text: str, last: int) -> None:
    _, broken, second, third, *_ = found = read_with_width(text, 3)
    assert broken.error == f"{SWALLOWED.format(last)} look like rows"
    assert broken.fields == ["1", "2", "An"]
    assert (second.fields, third.fields[:2]) == (["3", "4", "B"], ["5", "6"])
    assert found[-1].fields == ["7", "8", "D"]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        pytest.param('1,2,"12 Lê Lợi\nQuận 1, TP. HCM, Việt Nam"\n', 3, id="an address"),
        pytest.param('1,2,"Hello\n\nbye"\n', 3, id="paragraphs"),
        pytest.param('1,"a\nb,c\nd,e"\n', 2, id="two columns, and a comma in two lines"),
        pytest.param('"a\nb\nc"\n', 1, id="one column"),
        pytest.param('1,2,"a\n,,"\n', 3, id="delimiters alone"),
        pytest.param('1,2,"a\nb,c,d"\n', 0, id="a width that is not known"),
    ],
)
def test_a_text_of_several_lines_is_one(text: str, width: int) -> None:
    (record,) = read_with_width(text, width)
    assert record.error == ""

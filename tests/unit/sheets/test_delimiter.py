from __future__ import annotations

import pytest

from campaign.errors import RecipientsError
from campaign.sheets.delimiter import find_delimiter


def found(*lines: str, wanted: str | None = None, header_row: int = 1, suffix: str = ".csv") -> str:
    return find_delimiter([f"{line}\r\n" for line in lines], wanted, header_row=header_row, suffix=suffix).character


@pytest.mark.parametrize(
    ("lines", "character"),
    [
        pytest.param(["id,name", "1,An"], ",", id="comma"),
        pytest.param(["id;name", "1;An"], ";", id="semicolon"),
        pytest.param(["id\tname", "1\tAn"], "\t", id="tab"),
        pytest.param(["id|name", "1|An"], "|", id="pipe"),
        pytest.param(["id;name;price", "1;An;3,5", "2;Bình;4,25"], ";", id="decimal-commas"),
        pytest.param(["id,name,note", "1,An,a; b; c", "2,Bình,d"], ",", id="semicolons-in-a-text"),
        pytest.param(["id;note, long", "1;hi, you", "2;dear, all"], ";", id="a-comma-in-every-text"),
        pytest.param(['"a,b,c";d', '"1,2,3";4'], ";", id="commas-in-quotation-marks"),
        pytest.param(["id;name"], ";", id="header-alone"),
        pytest.param(["phone", "0901"], ",", id="one-column"),
        pytest.param(["", "id;name", "1;An"], ";", id="blank-first-line"),
        pytest.param([], ",", id="nothing"),
    ],
)
def test_the_separator_is_found(lines: list[str], character: str) -> None:
    assert found(*lines) == character


def test_the_header_row_decides_and_not_the_title_above_it() -> None:
    assert found("Customers, May 2024, Hanoi", "id;name", "1;An", header_row=2) == ";"


@pytest.mark.parametrize("suffix", [".tsv", ".TAB"])
def test_a_tsv_is_separated_by_tabs(suffix: str) -> None:
    assert found("a,b\tc", suffix=suffix) == "\t"


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", "\ufeffsep=;", '"sep=;"', '\ufeff"sep=;"'])
def test_a_sep_line_is_obeyed(line: str) -> None:
    delimiter = find_delimiter([f"{line}\r\n", "a,b;c\r\n"], None, header_row=1, suffix=".csv")
    assert delimiter[:2] == (";", True)


@pytest.mark.parametrize("line", ["sep=", "sep=ab", "separator=;", "step;sep=;", '"sep=;', '"sep=";"'])
def test_what_only_resembles_a_sep_line_is_a_record(line: str) -> None:
    assert not find_delimiter([line], None, header_row=1, suffix=".csv").has_sep_line


@pytest.mark.parametrize(
    ("wanted", "character"),
    [
        (";", ";"),
        ("Semicolon", ";"),
        ("tab", "\t"),
        (r"\t", "\t"),
        ("\t", "\t"),
        ("pipe", "|"),
        ("comma", ","),
        ("~", "~"),
    ],
    ids=repr,
)
def test_the_operator_may_name_the_separator(wanted: str, character: str) -> None:
    assert found("a,b;c", wanted=wanted, suffix=".tsv") == character


@pytest.mark.parametrize("line", ['sep="', '"sep=""', "sep=\0", "sep= ", '"sep= "', "sep=a", "sep=1"], ids=repr)
def test_a_sep_line_with_what_cannot_separate_fields_is_refused(line: str) -> None:
    message = r"^line 1, sep=: “[^”]” cannot separate fields; put the delimiter there, or delete the line$"
    with pytest.raises(RecipientsError, match=message):
        found(line, "a;b")


def test_the_operator_outdoes_a_sep_line_with_what_cannot_separate_fields() -> None:
    assert found("sep= ", "a|b", wanted="|") == "|"


def test_the_operator_outdoes_a_sep_line_which_is_no_row_all_the_same() -> None:
    assert find_delimiter(["sep=;\n", "a|b\n"], "|", header_row=1, suffix=".csv")[:2] == ("|", True)


@pytest.mark.parametrize("wanted", ["", "ab", '"', "\n", "\0", "a", "1", " "], ids=repr)
def test_what_cannot_separate_fields_is_refused(wanted: str) -> None:
    with pytest.raises(
        RecipientsError, match=r"^delimiter: “[^”]*” cannot separate fields; use one character, or a name"
    ):
        found("a,b", wanted=wanted)


@pytest.mark.parametrize(
    ("character", "label"),
    [(",", "separated by commas"), ("\t", "separated by tabs"), ("~", "separated by “~”")],
    ids=repr,
)
def test_the_separator_is_described_in_words(character: str, label: str) -> None:
    assert find_delimiter(["a"], character, header_row=1, suffix=".csv").label == label

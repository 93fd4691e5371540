"""A mistake in a TOML file is said with the line, a caret under the place and the likely cause."""

from __future__ import annotations

import tomllib

import pytest

from campaign.errors import Problem
from campaign.toml_text import toml_problem


def problem_in(text: str) -> Problem:
    with pytest.raises(tomllib.TOMLDecodeError, match=r"\S") as caught:
        tomllib.loads(text)
    return toml_problem("c.toml", text, caught.value)


BACKSLASH = 'a backslash in "…" starts an escape such as \\n'
UNQUOTED = "a text has to be in quotation marks"
NOT_CLOSED = "a quotation mark is not closed on this line"


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        pytest.param(r'a = "C:\Users\an"', 1, BACKSLASH, r"write a path with /: a = 'C:\Users\an'", id="hex"),
        pytest.param(r'a = "C:\lists"', 1, BACKSLASH, r"a = 'C:\lists'", id="backslash"),
        pytest.param(r'''a = "C:\it's"''', 1, BACKSLASH, 'a = "C:/it\'s"', id="backslash and apostrophe"),
        pytest.param('m = """\nA \\B\n"""', 2, BACKSLASH, "in '''…'''", id="backslash in a long text"),
        pytest.param("a = 1\nname = “c”", 2, "“ is a curly quotation mark", 'straight ones: name = "c"', id="curly"),
        pytest.param("a = ‘c’", 1, "‘ is a curly quotation mark", "straight ones: a = 'c'", id="curly, single"),
        pytest.param("„a“ = 'c'", 1, "„ is a curly quotation mark", "\"a\" = 'c'", id="curly around a name"),
        pytest.param('a = "c”\nb = 1', 1, "” is a curly quotation mark", 'a = "c"', id="curly at the end"),
        pytest.param(
            '[columns]\nHọ tên = "name"',
            2,
            "“Họ tên” has a blank or a letter beyond a–z in it: such a name has to be in quotation marks",
            'the variable is on the left, its header on the right: name = "Họ tên"',
            id="header on the left",
        ),
        pytest.param(
            '[columns]\nname = "x"\nHọ tên = "name"', 3, "“Họ tên”", 'right: variable = "Họ tên"', id="and set"
        ),
        pytest.param('[columns]\nĐơn = "Đơn"', 2, "“Đơn” has a blank", 'variable = "Đơn"', id="header twice"),
        pytest.param("[values]\nHọ tên = 'x'", 2, "“Họ tên” has a blank", "write \"Họ tên\" = 'x'", id="value"),
        pytest.param("name: c", 1, "are separated by =, not by :", 'write name = "c"', id="colon"),
        pytest.param('Tên: "c"', 1, "are separated by =, not by :", 'write "Tên" = "c"', id="colon after accents"),
        pytest.param("// list", 1, "a comment does not start with // here", "start it with #", id="comment"),
        pytest.param("list", 1, "this line has no =", 'name = "value"', id="no equals sign"),
        pytest.param("= 1", 1, "there is no name before the =", 'name = "value"', id="no name"),
        pytest.param("a\xa0= 1", 1, "an invisible character (U+00A0, NO-BREAK SPACE)", "plain blank", id="NBSP"),
        pytest.param("\u200ba = 1", 1, "(U+200B, ZERO WIDTH SPACE)", "delete it", id="zero width"),
        pytest.param('a = "x\x0b"', 1, "(U+000B, a control character)", "delete it", id="control character"),
        pytest.param("[recipients\na = 1", 1, "brackets around the name of this section", "[recipients]", id="section"),
        pytest.param("[my list]", 1, "brackets around the name of this section", '["my list"]', id="blank in section"),
        pytest.param("[[a]\nb = 1", 1, "brackets around the name of this section", "[[a]]", id="section of several"),
        pytest.param("a = 1\na = 2\nb = 3", 2, "“a” is set twice", "delete one", id="setting twice"),
        pytest.param("[a]\n[a]", 2, "the section [a] is there twice", "together under one", id="section twice"),
        pytest.param("a = ['x' 'y']", 1, "a comma is missing in the list", "put one between", id="comma missing"),
        pytest.param("a = ['x'\nb = 1", 2, "the list is not closed", "put ] at its end", id="list"),
        pytest.param("a = ['x',\nb = 1", 2, "the list above this line is not closed", "put ]", id="list with comma"),
        pytest.param("a = {b = 1 c = 2}", 1, "a comma is missing in the group", "put one", id="comma in a group"),
        pytest.param("a = {b = 1", 1, "the group {…} is not closed", "put } at its end", id="group"),
        pytest.param("a = {b = 1,}", 1, "there is a comma too many", "delete it", id="comma in a group too many"),
        pytest.param("a = [1,,2]", 1, "there is a comma too many", "delete it", id="comma in a list too many"),
        pytest.param("a = 'c',\nb = 1", 1, "there is a comma too many", "a line of its own", id="comma at the end"),
        pytest.param("[a]]", 1, "there is a bracket too many", "delete it", id="bracket too many"),
        pytest.param("a = 'it's'", 1, "the text ends at the quotation mark", 'one with \' in it in "…"', id="it's"),
        pytest.param("a = 'x' b = 'y'", 1, "two settings on one line", "start a new line", id="two settings"),
        pytest.param("a = livechat-text", 1, UNQUOTED, 'write a = "livechat-text"', id="text"),
        pytest.param("a = C:\\lists", 1, UNQUOTED, "write a = 'C:\\lists'", id="path"),
        pytest.param("a = 10/s  # fast", 1, UNQUOTED, 'write a = "10/s"', id="rate"),
        pytest.param("a = 0084", 1, UNQUOTED, 'write a = "0084"', id="leading zeros"),
        pytest.param("a = 1,000", 1, "a number has nothing between its thousands", "a = 1000", id="thousands"),
        pytest.param("a =", 1, "there is no value after the =", "or delete the line", id="no value"),
        pytest.param("a = None", 1, "there is no value “None”", "delete the line", id="None"),
        pytest.param("a = Yes", 1, "“Yes” is not a value", "write a = true", id="yes"),
        pytest.param('a = "x\nb = 1', 1, NOT_CLOSED, 'put " at the end of the text', id="quotation mark"),
        pytest.param("a = 'x\nb = 1", 1, NOT_CLOSED, "put ' at the end of the text", id="apostrophe"),
        pytest.param('"Họ tên = "x"', 1, NOT_CLOSED, 'put " at the end', id="quotation mark of a name"),
        pytest.param('a = 1\nm = """x\ny\n', 2, 'the text that begins with """ is not closed', '"""', id="long text"),
        pytest.param("m = '''x\ny\n", 1, "the text that begins with ''' is not closed", "'''", id="long raw text"),
    ],
)
def test_the_likely_cause_is_said(text: str, line: int, what: str, remedy: str) -> None:
    problem = problem_in(text)
    assert problem.where == f"c.toml, line {line}"
    assert what in problem.what
    assert remedy in problem.remedy.splitlines()[0]


def test_a_mistake_of_no_known_kind_has_the_words_of_the_parser() -> None:
    problem = toml_problem("c.toml", "a = 1", tomllib.TOMLDecodeError("Odd \x1b (at line 1, column 3)"))
    assert str(problem).startswith("c.toml, line 1: is not valid TOML: Odd U+001B; compare")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param('[r]\nfile = "C:\\Users"', '    file = "C:\\Users"\n              ^', id="in the line"),
        pytest.param("  Họ tên = 1", "    Họ tên = 1\n    ^", id="indented"),
        pytest.param("a = '日本' x", "    a = '日本' x\n               ^", id="wide letters"),
        pytest.param("a = 'Ho\u0323' x", "    a = 'Ho\u0323' x\n             ^", id="combining marks"),
        pytest.param("a\t= 'x' y", "    a = 'x' y\n            ^", id="tab"),
        pytest.param("\u202ea = 1", "    ·a = 1\n    ^", id="character that turns the line round"),
        pytest.param("a = 'x", "    a = 'x\n        ^", id="at the end"),
        pytest.param("a = 1\r\nb = \r\n", "    b =\n        ^", id="Windows line breaks"),
    ],
)
def test_the_line_is_shown_with_a_caret_under_the_place(text: str, shown: str) -> None:
    assert problem_in(text).remedy.partition("\n")[2] == shown


def test_a_long_line_is_shortened_around_the_place() -> None:
    shown = problem_in(f"a = '{'x' * 100_000}' b{'y' * 100_000}").remedy.splitlines()
    assert len(shown[1]) < 120
    assert shown[1][len(shown[2]) - 1] == "b"


def test_a_key_in_the_file_is_not_repeated() -> None:
    assert "s3cret" not in str(problem_in("api_key = s3cret"))


@pytest.mark.parametrize("text", [" " * 100_000 + "x", "\n" * 100_000 + "x", 'a = "x" ' + '" ' * 50_000, "[" * 500])
def test_no_line_takes_long_to_explain(text: str) -> None:
    assert problem_in(text).what

"""What is typed wrongly is refused in words, with the nearest right value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from campaign.cli.main import COMMANDS, OTHER_WORDS, unknown_command
from campaign.cli.parameters import Amount, FilePath, OneOf, WholeNumber, did_you_mean, row_ranges


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        pytest.param("7", [range(7, 8)], id="row"),
        pytest.param("2-5", [range(2, 6)], id="range"),
        pytest.param("74,84", [range(74, 75), range(84, 85)], id="rows"),
        pytest.param(" 3 , 9 - 11 ", [range(3, 4), range(9, 12)], id="blanks"),
        pytest.param("rows 13, 28", [range(13, 14), range(28, 29)], id="as the summary has them"),
        pytest.param("(row 3)", [range(3, 4)], id="with parentheses"),
        pytest.param("2–1501", [range(2, 1502)], id="en dash"),
        pytest.param("2, 5 and 9–12", [range(2, 3), range(5, 6), range(9, 13)], id="and"),
        pytest.param("3-3", [range(3, 4)], id="range of one"),
    ],
)
def test_rows_are_read_as_they_are_typed_and_as_they_are_printed(typed: str, rows: list[range]) -> None:
    assert list(row_ranges(typed)) == rows


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        pytest.param("5-2", "“5-2” runs backwards; write 2-5", id="backwards"),
        pytest.param("2-", "“2-” is not a row or a range of rows; write 3,9 or 2-5", id="no end"),
        pytest.param("B2", "“B2” is not a row", id="cell"),
        pytest.param("2.5", "“2.5” is not a row", id="fraction"),
        pytest.param("99999999", "“99999999” is not a row", id="beyond any sheet"),
        pytest.param("rows 2, 5, …", "“…” stands for rows that are not named; name them all", id="ellipsis"),
        pytest.param("rows", "name 1 to 400 rows", id="none"),
        pytest.param("", "name 1 to 400 rows", id="blank"),
        pytest.param("1," * 401, "name 1 to 400 rows", id="too many"),
    ],
)
def test_what_is_no_row_is_refused(typed: str, refusal: str) -> None:
    with pytest.raises(click.BadParameter, match=r"\S") as caught:
        row_ranges(typed)
    assert refusal in caught.value.message


@pytest.mark.parametrize(
    ("kind", "typed", "refusal"),
    [
        pytest.param(WholeNumber(0, 65535), "80x", "“80x” is not a whole number from 0 to 65535", id="port"),
        pytest.param(WholeNumber(0, 65535), "70000", "“70000” is not a whole number from 0 to 65535", id="too large"),
        pytest.param(WholeNumber(1), "0", "“0” is not a whole number from 1 on", id="too small"),
        pytest.param(Amount(0), "-1", "“-1” is not a number from 0 on", id="negative"),
        pytest.param(OneOf(["failed", "in-doubt"]), "faild", "there is no “faild”; did you mean “failed”?", id="near"),
        pytest.param(OneOf(["failed", "in-doubt"]), "In_Doubt", "did you mean “in-doubt”?", id="underscore"),
        pytest.param(OneOf(["failed", "in-doubt"]), "zzz", "use failed or in-doubt", id="like none"),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence(kind: Any, typed: str, refusal: str) -> None:  # noqa: ANN401
    with pytest.raises(click.BadParameter, match=r"\S") as caught:
        kind.convert(typed, None, None)
    assert caught.value.message.endswith(refusal)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        pytest.param(WholeNumber(0, 65535), "0", 0, id="whole number"),
        pytest.param(Amount(0), "0.5", 0.5, id="number"),
        pytest.param(OneOf(["sent", "not-sent"]), "sent", "sent", id="word"),
        pytest.param(FilePath(), "list.csv", Path("list.csv"), id="path"),
    ],
)
def test_a_right_value_is_taken(kind: Any, typed: str, value: Any) -> None:  # noqa: ANN401
    assert kind.convert(typed, None, None) == value


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert FilePath().convert("~/list.csv", None, None) == tmp_path / "list.csv"


def test_nothing_is_suggested_for_a_word_like_no_other() -> None:
    assert did_you_mean("zzz", ["failed", "sent"]) == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("chek", "there is no command “chek”; did you mean `campaign check`?", id="misspelt"),
        pytest.param("Run", "did you mean `campaign run`?", id="capital"),
        pytest.param("send", "did you mean `campaign run`?", id="another word"),
        pytest.param("list.xlsx", "“list.xlsx” is a file, and a command comes first: `campaign check list", id="file"),
        pytest.param("zzz", "there is no command “zzz”; the commands are: new, check, ", id="like none"),
    ],
)
def test_a_command_that_does_not_exist_is_answered_with_the_one_that_may_be_meant(typed: str, said: str) -> None:
    assert said in unknown_command(typed)


def test_every_other_word_stands_for_a_command() -> None:
    assert set(OTHER_WORDS.values()) <= set(COMMANDS)

"""Which rows are left out, and the key by which two rows are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.errors import Problem, RecipientsError
from campaign.messages import Mapped
from campaign.messages.condition import compile_conditions
from campaign.recipients.row_key import RowKey
from campaign.recipients.selection import Selection
from campaign.recipients.suppression import SuppressionList, SuppressionRule
from campaign.sheets import Row
from campaign.sheets.table import columns_of

HEADERS = ("Status", "Phone")


def selection(tmp_path: Path, *where: str, listed: str = "", rows: tuple[range, ...] = ()) -> Selection:
    lists = []
    if listed:
        (tmp_path / "stop.csv").write_text(f"Phone\n{listed}\n", encoding="utf-8")
        lists.append(SuppressionList(SuppressionRule(str(tmp_path / "stop.csv"), "phone", 1, "Phone")))
        lists[0].read()
    return Selection(compile_conditions(where, columns_of(HEADERS), Mapped({}, {})), lists, rows)


def test_a_row_is_left_out_by_the_first_rule_that_says_so(tmp_path: Path, row: Callable[..., Row]) -> None:
    chosen = selection(
        tmp_path, 'status == "new"', 'phone != "3"', listed="1\n0901234567", rows=(range(2, 4), range(9, 10))
    )
    assert chosen.look_at(row("new", "2", number=2)) is None
    assert chosen.look_at(row("old", "1", number=5)) == ("not among --rows", "not among --rows")
    assert chosen.look_at(row("old", "1", number=3)) == ('left out by where: status == "new"',) * 2
    assert chosen.look_at(row("new", "3", number=9)) == ('left out by where: phone != "3"',) * 2
    assert chosen.look_at(row("new", "0901234567", number=2)) == (
        "stands in stop.csv, column Phone",
        "stands in stop.csv, column Phone, row 3",
    )


def test_a_row_that_is_left_out_anyhow_needs_no_answer_of_a_condition(tmp_path: Path, row: Callable[..., Row]) -> None:
    chosen = selection(tmp_path, "1 / (status | int)", 'phone != "x"', listed="1")
    assert isinstance(chosen.look_at(row("0", "2")), Problem)
    found = [chosen.look_at(row("0", phone)) for phone in ("x", "1")]
    assert [not isinstance(each, Problem) and each is not None for each in found] == [True, True]


def test_a_row_whose_value_cannot_be_read_is_not_sent(tmp_path: Path, row: Callable[..., Row]) -> None:
    chosen = selection(tmp_path, listed="1")
    damaged, other = Problem("B2", "contains the error #N/A"), Problem("A2", "contains the error #N/A")
    assert chosen.look_at(row("new", "#N/A", problems=[damaged])) == damaged
    assert chosen.look_at(row("#N/A", "2", problems=[other])) is None


def test_rows_that_are_not_in_the_list_are_named(tmp_path: Path, row: Callable[..., Row]) -> None:
    chosen = selection(tmp_path, rows=(range(2, 4), range(3, 4), range(7, 8), range(20, 31)))
    for number in range(2, 10):
        chosen.look_at(row("", "", number=number))
    with pytest.raises(RecipientsError, match=r"list\.csv, --rows: the list has no row 20-30"):
        chosen.end("list.csv")
    chosen.look_at(row("", "", number=25))
    chosen.end("list.csv")


def test_keys_are_equal_where_the_texts_are() -> None:
    key = RowKey(("order", "day"), (0, 2), ("Order", "Day"))
    assert key.shown == "“order” and “day”"
    one = key.of(("A1", "x", "2026"))
    assert one is not None
    assert len(one) == 16
    assert key.of((" A1 ", "y", "2026\n")) == one
    assert key.of(("a1", "x", "2026")) != one
    assert key.of(("A1", "x", "")) not in (one, None)
    assert key.of(("", "x", " ")) is None
    assert key.of(("A1",)) == key.of(("A1", "x", ""))
    assert key.of(("Bi\u0300nh", "", "1")) == key.of(("Bình", "", "1"))
    assert key.of(("\ud800", "", "1")) is not None
    assert RowKey(("order", "date"), (0, 2), ("Order", "Day")).of(("A1", "x", "2026")) != one
    assert key.of(("A", "", "1B")) != key.of(("A1", "", "B"))


def test_a_key_is_found_in_another_list_by_its_headers() -> None:
    key = RowKey(("order",), (0,), ("Order",))
    elsewhere = key.within(("Name", "Order", "Order"))
    assert elsewhere is not None
    assert elsewhere.positions == (1,)
    assert elsewhere.of(("An", "A1", "B2")) == key.of(("A1",))
    assert key.within(("Name",)) is None

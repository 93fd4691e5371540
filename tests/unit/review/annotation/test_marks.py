"""The mark of a row is its latest state over all runs of its list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.journal import EarlierRow, RowResult, State
from campaign.review.annotation import Mark, added_headers, latest_marks
from campaign.review.annotation.marks import values_by_row

if TYPE_CHECKING:
    from collections.abc import Mapping


def result(row: int, state: State, reason: str = "", at: float | None = 5.0) -> RowResult:
    return RowResult(row, (), state, "", reason, None, None, 1, at, None, row - 1, "", None)


def marks(
    runs: Mapping[int, list[RowResult]], others: Mapping[tuple[int, int], EarlierRow] | None = None
) -> dict[int, Mark]:
    found = list(latest_marks(runs, (others or {}).get))
    assert [row for row, _ in found] == sorted(row for row, _ in found)
    return dict(found)


@pytest.mark.parametrize(
    ("found", "mark"),
    [
        (result(2, State.SENT), Mark("sent", "", 5.0)),
        (result(2, State.SENT, "settled by hand", None), Mark("sent", "settled by hand", None)),
        (result(2, State.FAILED, "no such room"), Mark("failed", "no such room")),
        (result(2, State.IN_DOUBT, "no answer"), Mark("in doubt", "no answer")),
        (result(2, State.SENDING, ""), Mark("cut off")),
        (result(2, State.PENDING, "", None), Mark("pending")),
        (result(2, State.INVALID, "B2: blank\nC2: too long"), Mark("invalid", "B2: blank | C2: too long")),
    ],
    ids=["sent", "sent by hand", "failed", "in doubt", "cut off", "pending", "invalid"],
)
def test_a_mark_is_in_words(found: RowResult, mark: Mark) -> None:
    assert marks({1: [found]}) == {2: mark}


@pytest.mark.parametrize(
    ("first", "second", "latest"),
    [
        (State.SENT, State.SKIPPED, "sent"),
        (State.SENT, State.PENDING, "sent"),
        (State.IN_DOUBT, State.INVALID, "in doubt"),
        (State.SENDING, State.SKIPPED, "cut off"),
        (State.FAILED, State.SKIPPED, "skipped"),
        (State.FAILED, State.SENT, "sent"),
        (State.SENT, State.FAILED, "failed"),
        (State.IN_DOUBT, State.SENT, "sent"),
        (State.DELETED, State.SKIPPED, "deleted"),
        (State.DELETED, State.PENDING, "pending"),
    ],
)
def test_the_latest_run_counts_unless_it_left_out_what_was_sent(first: State, second: State, latest: str) -> None:
    assert marks({1: [result(2, first)], 2: [result(2, second)]})[2].status == latest


def test_runs_may_have_different_rows() -> None:
    runs = {1: [result(2, State.SENT), result(5, State.FAILED)], 3: [result(3, State.SENT), result(5, State.SENT)]}
    assert {row: mark.status for row, mark in marks(runs).items()} == {2: "sent", 3: "sent", 5: "sent"}


def test_a_row_that_was_sent_from_the_sheet_to_fix_is_sent() -> None:
    runs = {1: [result(2, State.FAILED, "no such room"), result(3, State.FAILED, "no such room")]}
    others = {(1, 2): EarlierRow(2, 7, State.SENT, 9.0), (1, 3): EarlierRow(2, 8, State.IN_DOUBT, 9.0)}
    assert marks(runs, others) == {
        2: Mark("sent", "by run 2, row 7 of its list", 9.0),
        3: Mark("in doubt", "by run 2, row 8 of its list"),
    }


@pytest.mark.parametrize(
    ("state", "status"), [(State.SKIPPED, "sent"), (State.PENDING, "sent"), (State.FAILED, "failed")]
)
def test_what_was_sent_from_the_sheet_to_fix_has_its_place_among_the_runs(state: State, status: str) -> None:
    runs = {1: [result(2, State.FAILED)], 3: [result(2, state)]}
    assert marks(runs, {(1, 2): EarlierRow(2, 7, State.SENT, 9.0)})[2].status == status


@pytest.mark.parametrize(
    ("headers", "added"),
    [
        (["Id"], ("Status", "Reason", "Sent at")),
        (["Id", " status "], ("Status (2)", "Reason (2)", "Sent at (2)")),
        (["Reason", "Sent at (2)"], ("Status (3)", "Reason (3)", "Sent at (3)")),
    ],
    ids=["free", "taken", "taken twice"],
)
def test_added_headers_are_no_headers_of_the_list(headers: list[str], added: tuple[str, ...]) -> None:
    assert added_headers(headers) == added


def test_values_are_found_row_by_row() -> None:
    values = values_by_row([(3, Mark("sent")), (5, Mark("failed"))], 2, ("S", "R", "A"))
    assert [values(row) for row in (1, 2, 3, 4, 6, 7)] == [None, ("S", "R", "A"), Mark("sent"), None, None, None]

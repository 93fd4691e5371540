from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.journal import RecordedCell, State, Tally
from campaign.journal.cells import decode_cells, encode_cells
from campaign.journal.records import storable

LONG_AGO, FAR_AHEAD = timedelta(days=-3_000_000), timedelta(days=3_000_000)
VALUES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.timedeltas(LONG_AGO, FAR_AHEAD),
)
TEXTS = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    "value",
    [
        12,
        2**70,
        0.1,
        1e300,
        True,
        date(1900, 1, 1),
        datetime(2026, 3, 1, 12, 30, 45, 678),  # noqa: DTZ001 - a sheet's dates have no zone
        datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=7))),
        time(23, 59, 59, 999999),
        timedelta(hours=36, milliseconds=1),
        timedelta(days=-1, seconds=3),
    ],
    ids=repr,
)
def test_a_typed_cell_comes_back_as_it_was(value: float | date | time | timedelta) -> None:
    (cell,) = decode_cells(encode_cells(("shown",), (value,), ("0.00",)))
    assert cell == RecordedCell("shown", value, "0.00")
    assert type(cell.value) is type(value)


@given(st.lists(st.tuples(TEXTS, VALUES, st.text()), max_size=5))
def test_any_typed_cells_come_back_as_they_were(cells: list[tuple[str, int, str]]) -> None:
    columns = [tuple(part) for part in zip(*cells, strict=True)] or [(), (), ()]
    assert decode_cells(encode_cells(*columns)) == tuple(RecordedCell(*cell) for cell in cells)


@given(st.lists(TEXTS, max_size=5))
def test_any_text_comes_back_as_it_was(texts: list[str]) -> None:
    assert decode_cells(encode_cells(texts, texts, ())) == tuple(RecordedCell(text) for text in texts)


@pytest.mark.parametrize("value", ["0001", None], ids=["text", "blank"])
def test_a_cell_without_a_typed_value_is_its_text(value: str | None) -> None:
    assert decode_cells(encode_cells(("0001",), (value,), ("@",))) == (RecordedCell("0001"),)


@given(TEXTS)
def test_any_text_can_be_stored(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        (found,) = connection.execute("SELECT ?", (storable(text),)).fetchone()
    assert found == storable(text)


def test_a_whole_text_is_stored_as_it_is() -> None:
    assert storable("Trần Văn 😀\n") == "Trần Văn 😀\n"
    assert storable("cut \ud83d off") == "cut ? off"


def test_a_tally_counts() -> None:
    tally = Tally({State.SENT: 3, State.PENDING: 2}, 5, 0, 1.0, None, None)
    assert tally.rows == 5
    assert tally.count(State.SENT, State.FAILED) == 3
    assert not tally.finished


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING])
def test_a_run_with_a_pending_row_is_unfinished(state: State) -> None:
    assert not Tally({state: 1}, 0, 0, 0.0, None, None).finished
    assert Tally({State.IN_DOUBT: 1, State.INVALID: 2}, 0, 0, 0.0, None, None).finished

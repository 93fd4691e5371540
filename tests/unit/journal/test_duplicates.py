from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import JournalWriteError
from campaign.journal import PlannedRow, State
from campaign.journal.sqlite import Duplicates

from .planning import message


def with_digest(row: int, digest: int | None) -> PlannedRow:
    state = State.PENDING if digest is not None else State.INVALID
    return message(row, state)._replace(digest=None if digest is None else b"%d" % digest)


def test_distinct_messages_are_not_changed() -> None:
    batch = [with_digest(row, row) for row in range(2, 10)]
    with Duplicates() as duplicates:
        assert duplicates.skip(batch) is batch


def test_a_duplicate_is_skipped_and_names_the_earlier_row() -> None:
    with Duplicates() as duplicates:
        first, second, other = duplicates.skip([with_digest(2, 1), with_digest(3, 1), with_digest(4, 2)])
    assert (first.state, other.state) == (State.PENDING, State.PENDING)
    assert (second.state, second.kind, second.reason) == (State.SKIPPED, "duplicate", "exact duplicate of row 2")


def test_a_batch_is_compared_with_all_earlier_batches() -> None:
    with Duplicates() as duplicates:
        for start in range(0, 5000, 500):
            duplicates.skip([with_digest(row, row) for row in range(start, start + 500)])
        (late,) = duplicates.skip([with_digest(9000, 17)])
    assert late.reason == "exact duplicate of row 17"


def test_invalid_rows_are_not_duplicates_of_one_another() -> None:
    batch = [with_digest(2, None), with_digest(3, None), with_digest(4, 1), with_digest(5, 1)]
    with Duplicates() as duplicates:
        assert [each.state for each in duplicates.skip(batch)] == [
            State.INVALID,
            State.INVALID,
            State.PENDING,
            State.SKIPPED,
        ]


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=15), max_size=6))
def test_the_first_of_equal_messages_is_kept_whatever_the_batches(batches: list[list[int | None]]) -> None:
    row = 1
    first: dict[int, int] = {}
    with Duplicates() as duplicates:
        for digests in batches:
            batch = [with_digest(row + place, digest) for place, digest in enumerate(digests, start=1)]
            for each, digest in zip(duplicates.skip(batch), digests, strict=True):
                if digest is None:
                    assert each.state is State.INVALID
                elif first.setdefault(digest, each.number) == each.number:
                    assert each.state is State.PENDING
                else:
                    assert each.reason == f"exact duplicate of row {first[digest]}"
            row += len(digests)


def test_a_full_disk_is_a_write_error() -> None:
    with Duplicates() as duplicates:
        duplicates._connection.execute("PRAGMA max_page_count = 3")
        with pytest.raises(JournalWriteError, match=r"temporary files: cannot be written \(database or disk is full\)"):
            duplicates.skip([with_digest(row, row) for row in range(5000)])

"""Poolers are known by the numbers of the processes that answer."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

import pytest

from campaign.errors import JournalError
from campaign.journal.postgres.pooler import TRIALS, refuse_without_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.postgres.database import Connection


class FakeConnection:
    """A connection that is answered by one process after the other."""

    def __init__(self, begins: int, answers: Sequence[int]) -> None:
        self.info = self
        self.backend_pid = begins
        self.closed = False
        self._answers = list(answers)

    def execute(self, _query: str) -> Any:  # noqa: ANN401 - itself, as a cursor
        return self

    def fetchone(self) -> tuple[int]:
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0],)

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def close(self) -> None:
        self.closed = True


def look(connection: FakeConnection, other: FakeConnection) -> None:
    refuse_without_sessions(cast("Connection", connection), lambda: cast("Connection", other), "postgresql://db")


@pytest.mark.parametrize(
    ("begins", "own", "others"),
    [
        pytest.param(9, [1], [1], id="always the same"),
        pytest.param(9, [1, 2, 1, 1], [3, 3, 1], id="others come between"),
    ],
)
def test_a_process_that_answers_two_sessions_keeps_none(begins: int, own: list[int], others: list[int]) -> None:
    other = FakeConnection(begins, others)
    with pytest.raises(JournalError, match="pool_mode = transaction"):
        look(FakeConnection(begins, own), other)
    assert other.closed


def test_a_pooler_that_keeps_sessions_is_none_of_these() -> None:
    other = FakeConnection(9, [2])
    look(FakeConnection(9, [1]), other)
    assert (other.closed, TRIALS > 1) == (True, True)


def test_the_server_itself_is_not_asked_twice() -> None:
    other = FakeConnection(1, [1])
    look(FakeConnection(1, [1]), other)
    assert not other.closed

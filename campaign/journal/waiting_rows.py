"""The rows that delivery has yet to take care of, read a page at a time beside a busy event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.records import State, Waiting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# Python's sqlite3 lets go of the interpreter for every row that it fetches, and waits to get it back. So a page comes
# as one row, each of its lines a row of the run; texts are in hexadecimal digits, which hold no blank or line break.
_PAGE = """
SELECT group_concat(
    seq || ' ' || row || ' ' || hex(destination) || ' ' || hex(body) || ' ' || state || ' ' || attempts, char(10)
) FROM (
    SELECT seq, row, destination, body, state, attempts FROM status JOIN message USING (run, seq)
    WHERE run = ? AND seq > ? AND state IN ({marks}) ORDER BY seq LIMIT ?
)
"""


def read_page(
    connection: sqlite3.Connection, run: int, states: Sequence[State], after: int, count: int
) -> list[Waiting]:
    """The next rows of a run in some states, in sheet order.

    Args:
        connection: to the journal.
        run: the run's number.
        states: which rows to take.
        after: the place in the run after which to look.
        count: how many at the most.

    Raises:
        sqlite3.Error: the journal cannot be read.
    """
    query = _PAGE.format(marks=", ".join("?" for _ in states))
    (page,) = connection.execute(query, (run, after, *states, count)).fetchone()
    return sorted(map(_waiting, page.splitlines())) if page else []


def _waiting(line: str) -> Waiting:
    seq, row, destination, body, state, attempts = line.split(" ")
    return Waiting(
        seq=int(seq),
        row=int(row),
        destination=bytes.fromhex(destination).decode(),
        body=bytes.fromhex(body),
        cut_off=state == State.SENDING,
        attempts=int(attempts),
        doubted=state == State.IN_DOUBT,
    )

"""What a journal keeps for second chances: which rows have a message already, and what operators decided."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.records import State

if TYPE_CHECKING:
    from campaign.journal.cells import RecordedCell


class EarlierRow(NamedTuple):
    """A row of an earlier run that its recipient has, or may have.

    Attributes:
        run: the run.
        row: the row's number in that run's list.
        state: sent, in doubt or sending.
        at: when its last attempt ended, or began if it has not, in seconds since the epoch.
        digest: the digest of its message, where rows are looked up by key and that is known; else None.
    """

    run: int
    row: int
    state: State
    at: float | None = None
    digest: bytes | None = None


DELIVERED = (State.SENT, State.IN_DOUBT, State.SENDING)
"""States of rows whose recipients have the message, or may have it; those who surely have it come first."""


class Decision(NamedTuple):
    """What an operator decided about a run: abandon, resolve or forget; or that it went on past its gate.

    Attributes:
        what: the command, in a word; or `GATE`.
        by: the operator, as user@host.
        at: seconds since the epoch.
        detail: what exactly, for people.
    """

    what: str
    by: str
    at: float
    detail: str


class Acceptance(NamedTuple):
    """A finding that was accepted for a run.

    Attributes:
        code: the finding's code.
        by: the operator, as user@host, and how: "on the terminal", "--accept".
        at: seconds since the epoch.
    """

    code: str
    by: str
    at: float


class StatedQuota(NamedTuple):
    """A server's own limit as it last stated it: so many requests in so many seconds; `at` is when, since the epoch."""

    requests: int
    seconds: float
    at: float


class NextMessage(NamedTuple):
    """A message that waits to be sent; its body is as it is sent, its cells as in the list."""

    row: int
    destination: str
    body: bytes
    cells: tuple[RecordedCell, ...]


DUPLICATE, SAME_KEY = "duplicate", "same key"
"""Kinds of rows that are skipped for an earlier row of their list: of the same message, and of the same key."""

ALREADY_SENT, ALREADY_IN_DOUBT = "already sent", "already in doubt"
"""Kinds of rows that are left out because of an earlier run; `earlier_row_text` in their reason names its row."""

_EARLIER_ROW = re.compile(r"run (\d+), row (\d+)")


def earlier_row_text(run: int, row: int) -> str:
    """A row of an earlier run in the reason of a row that is left out because of it."""
    return f"run {run}, row {row}"


def named_earlier_row(reason: str) -> tuple[int, int] | None:
    """Run and row that such a reason names; None where it names none, as after `campaign forget`."""
    found = _EARLIER_ROW.search(reason)
    return (int(found[1]), int(found[2])) if found else None


ABANDONED, SETTLED = "abandoned", "settled by hand"
"""Kinds of rows that an operator left unsent, and whose doubt an operator settled."""

GATE = "gate"
"""The decision that a run went on past its gate: it is not held there again."""
AT_WORK = "another process is at work on it"
"""Part of the stop reason of a delivery that another one has taken the place of."""

LIST_SUSPECTED = "is the list or the template wrong?"
"""How a stop reason ends where many rows were refused alike: then the next step is to look, not to send the rest."""

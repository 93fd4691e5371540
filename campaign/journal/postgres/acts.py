"""What the events of a delivery mean for the rows on record, worked out before any of it is written.

An event names its row; what has to be on record for it to count depends on what the same delivery has done before. So a
group can be written again as it is where it is not known whether it was committed.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.deletions import UNDO
from campaign.journal.doubts import NO_ROW
from campaign.journal.events import ReservedAttempts
from campaign.journal.postgres.texts import text_of
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from campaign.journal.events import Event, Line

UNREACHABLE, NEVER_LEFT = "unreachable", "never left"
"""The result of a send whose request did not leave; the kind of a row that is in doubt, although it did not."""

WAITS = frozenset({State.PENDING.value, State.SENDING.value})
"""States of rows that may be sent again in the same delivery."""


class Deed(IntEnum):
    """What an act does."""

    BEGIN = auto()
    END = auto()
    WITHDRAW = auto()
    READ_BACK = auto()
    BEGIN_UNDO = auto()
    END_UNDO = auto()
    LOOK_UP = auto()
    END_LATE = auto()
    """The end of a send that was not taken, of a row that is another's by now."""
    NOTHING = auto()


FENCED = frozenset({Deed.BEGIN, Deed.READ_BACK, Deed.BEGIN_UNDO, Deed.LOOK_UP})
"""What only the holder of the row's shard may do. An attempt that has begun may end late: that is evidence."""

ENDS = frozenset({Deed.END, Deed.END_LATE, Deed.READ_BACK, Deed.END_UNDO, Deed.LOOK_UP})
"""What has a result, which is kept with the attempts."""


class Known(NamedTuple):
    """What is on record of a row.

    Attributes:
        shard: its shard.
        attempts: how many times it was attempted.
        state: its state.
        at: when its last attempt began, in seconds since the epoch, while that has not ended.
    """

    shard: int
    attempts: int
    state: str
    at: float | None = None


class Act(NamedTuple):
    """An event, with what has to be on record for it to count.

    Attributes:
        last: the number of the row's last attempt, from 1; for a beginning that of the one that begins.
        before: the state in which the row has to be for a send to begin.
        n: the number under which it is among the row's attempts: `last` for a send; else unlike any other.
        epoch: that under which the delivery holds the shard.
    """

    deed: Deed
    shard: int
    seq: int
    last: int
    before: str
    n: int
    epoch: int
    what: str
    started_at: float
    ended_at: float | None
    outcome: str | None
    http_status: int | None
    reason: str
    state: str
    kind: str
    message_id: str | None
    latency: float | None

    @property
    def goes_on(self) -> bool:
        """Whether the row's next attempt is this delivery's, so that only the holder of its shard may say so."""
        return self.deed is Deed.WITHDRAW or (self.deed is Deed.END and self.state in WAITS)

    def come_late(self) -> Act:
        """What it is once the shard is held under another epoch."""
        if not self.goes_on:
            return self
        if self.deed is Deed.WITHDRAW:
            return self._replace(deed=Deed.NOTHING)
        never_left = self.outcome == UNREACHABLE
        return self._replace(deed=Deed.END_LATE, kind=NEVER_LEFT if never_left else self.kind)


def lines_of(events: Iterable[Event]) -> Iterator[Line]:
    """The events, one for each row."""
    for event in events:
        if isinstance(event, ReservedAttempts):
            for attempt, seq in event.attempts:
                yield (
                    attempt, event.run, seq, "send", event.at, None, None, None, "", State.SENDING, "", None, None,
                )  # fmt: skip
        else:
            yield event


def batches_of(lines: Iterable[Line], known: Mapping[int, Known], epochs: Mapping[int, int]) -> tuple[
    list[list[Act]], dict[int, Known]
]:  # fmt: skip
    """What is to be done, as batches in each of which a row occurs once.

    Args:
        lines: the events in their order.
        known: what is on record of every row that they name.
        epochs: that under which each shard is held; a look-up is kept under the first.

    Returns:
        The batches, and what will be on record of the rows once they are written.
    """
    batches: list[list[Act]] = [[]]
    seen: set[int] = set()
    after: dict[int, Known] = {}
    no_row = Known(next(iter(epochs)), 0, "")
    for line in lines:
        seq = line[2]
        act, then = act_of(line, no_row if seq == NO_ROW else after.get(seq) or known[seq], epochs)
        if seq in seen:
            batches.append([])
            seen.clear()
        batches[-1].append(act)
        if seq != NO_ROW:
            seen.add(seq)
            after[seq] = then
    return batches, after


def act_of(line: Line, known: Known, epochs: Mapping[int, int]) -> tuple[Act, Known]:
    """What an event does to a row, and what is on record of the row afterwards."""
    number, _, seq, what, started_at, ended_at, outcome, http_status, reason, state, kind, message_id, latency = line
    deed = _deed(what, ended_at, outcome)
    shard, last, before, began = known
    if deed is Deed.BEGIN:
        last += 1
        known = Known(shard, last, state, started_at)
    elif deed is Deed.WITHDRAW:
        known = Known(shard, last - 1, state)
    elif deed is Deed.END:
        started_at = started_at if began is None else began
        known = Known(shard, last, state)
    elif deed is Deed.READ_BACK or (deed is Deed.END_UNDO and kind):
        known = known._replace(state=state)
    n = last if what == "send" else number
    return (
        Act(
            deed, shard, seq, last, before, n, epochs[shard], what, started_at, ended_at, outcome, http_status,
            text_of(reason), str(state), text_of(kind), message_id and text_of(message_id), latency,
        ),
        known,
    )  # fmt: skip


def _deed(what: str, ended_at: float | None, outcome: str | None) -> Deed:
    if what == UNDO:
        return Deed.BEGIN_UNDO if ended_at is None else Deed.END_UNDO
    if what != "send":
        return Deed.LOOK_UP if what == "look-up" else Deed.READ_BACK
    if ended_at is None:
        return Deed.BEGIN
    return Deed.WITHDRAW if outcome is None else Deed.END

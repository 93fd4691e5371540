"""How many rows a delivery or an undo takes, and what it has counted where its journal cannot be read any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.journal.deletions import MAY_BE_THERE
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from campaign.delivery import Progress
    from campaign.journal import JournalStore, Tally


def count_waiting(journal: JournalStore, run: int, retry: Collection[State], rows: Sequence[range]) -> int:
    """How many rows a delivery takes that retries some states; of those only `rows`, where any are named."""
    tally = journal.tally(run)
    again = sum(state in retry for _, state in journal.row_states(run, rows)) if rows else tally.count(*retry)
    return tally.count(State.PENDING, State.SENDING) + again


def count_rows(journal: JournalStore, run: int, states: Collection[State], rows: Sequence[range]) -> int:
    """How many rows of a run are in some states; of those only `rows`, where any are named."""
    if not rows:
        return journal.tally(run).count(*states)
    return sum(state in states for _, state in journal.row_states(run, rows))


def tally_without(before: Tally, progress: Progress, seconds: float) -> Tally:
    """The figures after an undo, from those before it; the arguments are those of `counted_tally`."""
    states = {state: before.count(state) for state in State}
    deleted = progress.deleted
    states[State.DELETED] += deleted
    for state in MAY_BE_THERE:
        taken = min(deleted, states[state])
        states[state] -= taken
        deleted -= taken
    return _later(before, states, progress, seconds)


def counted_tally(before: Tally, progress: Progress, retry: Collection[State], seconds: float) -> Tally:
    """The figures after a delivery, from those before it.

    Args:
        before: as the journal said before the delivery began.
        progress: what the delivery has counted.
        retry: states of the rows that it sent again.
        seconds: how long it took.
    """
    states = {state: before.count(state) for state in State}
    done = progress.done
    for state in (State.PENDING, State.SENDING, *retry):  # where the rows come from that have a final state now
        taken = min(done, states[state])
        states[state] -= taken
        done -= taken
    states[State.SENT] += progress.sent
    states[State.FAILED] += progress.failed
    states[State.IN_DOUBT] += progress.in_doubt
    return _later(before, states, progress, seconds)


def _later(before: Tally, states: Mapping[State, int], progress: Progress, seconds: float) -> Tally:
    return replace(
        before,
        states=states,
        requests=before.requests + progress.requests,
        throttled=before.throttled + progress.throttled,
        seconds=before.seconds + seconds,
    )

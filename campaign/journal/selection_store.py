"""What a journal keeps of the rules for rows: their keys, and which are left out before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager

    from campaign.journal.decisions import EarlierRow
    from campaign.journal.records import State

KeyOf: TypeAlias = Callable[[int, Sequence[str]], bytes | None]
"""The key of a row by its run and its cells as displayed; None where it has none."""

FindByKey: TypeAlias = Callable[[bytes, bytes | None], "EarlierRow | None"]
"""Looks up a row by its key and, among rows of which no key is known, by the digest of its message."""


class SelectedRow(NamedTuple):
    """A row with what decides whether it is left out.

    Attributes:
        seq: its place in the run.
        row: its number in the list.
        texts: its cells as displayed; blank where they were deleted.
    """

    seq: int
    row: int
    texts: tuple[str, ...]


class Omission(NamedTuple):
    """A row that is left out.

    Attributes:
        seq: its place in the run.
        row: its number in the list.
        kind: the same for all rows that are left out for this.
        reason: why this one is.
    """

    seq: int
    row: int
    kind: str
    reason: str


class SelectionStore(Protocol):
    """The part of a journal store that rules for rows read and write."""

    def delivered_keys(
        self, runs: Sequence[int], same: Collection[int], key_of: KeyOf
    ) -> AbstractContextManager[FindByKey]:
        """Looks up rows by key: the row of these runs that was sent already, or may have been.

        Args:
            runs: the runs.
            same: those of them whose keys on record are of the same names.
            key_of: the key of a row that has none on record.
        """
        ...

    def selected_rows(self, run: int, states: Collection[State], rows: Sequence[range] = ()) -> Iterator[SelectedRow]:
        """The rows of a run that are in some states, in sheet order; `rows`: the numbers of those, () for all."""
        ...

    def leave_out(
        self, run: int, omissions: Sequence[Omission], states: Collection[State], session: int | None = None
    ) -> int:
        """Skip rows of a run that are still in some states, all or nothing, and return how many there were.

        Args:
            run: the run's number.
            omissions: the rows.
            states: a row that is in any other state stays as it is.
            session: the session that delivers; None: unchecked.

        Raises:
            JournalBusyError: another session has begun since.
        """
        ...

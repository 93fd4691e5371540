"""What a journal in memory keeps of the rules for rows; `sqlite.selection` is its counterpart."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaign.journal.cells import decode_texts
from campaign.journal.memory_second_chances import earlier_row
from campaign.journal.memory_status import MemoryStatus
from campaign.journal.records import State, storable
from campaign.journal.selection_store import SelectedRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.journal.decisions import EarlierRow
    from campaign.journal.selection_store import FindByKey, KeyOf, Omission


class MemorySelection(MemoryStatus):
    """The part of a journal in memory that rules for rows read and write."""

    @contextlib.contextmanager
    def delivered_keys(self, runs: Sequence[int], same: Collection[int], key_of: KeyOf) -> Iterator[FindByKey]:
        """Looks up rows by key; see `SelectionStore.delivered_keys`."""
        by_key: dict[bytes, EarlierRow] = {}
        without_key: dict[bytes | None, EarlierRow] = {}
        for run, row in self._delivered(runs):
            key = row.planned.key if run in same else None
            key = key_of(run, decode_texts(row.planned.cells)) if key is None else key
            earlier = earlier_row(run, row)._replace(digest=row.planned.digest)
            if key is None:
                without_key.setdefault(row.planned.digest, earlier)
            else:
                by_key.setdefault(key, earlier)

        def find(key: bytes, digest: bytes | None) -> EarlierRow | None:
            return by_key.get(key) or (None if digest is None else without_key.get(digest))

        yield find

    def selected_rows(self, run: int, states: Collection[State], rows: Sequence[range] = ()) -> Iterator[SelectedRow]:
        """The rows of a run that are in some states, in sheet order."""
        for seq, row in list(self._runs[run].rows.items()):
            number = row.planned.number
            if row.outcome.state in states and (not rows or any(number in each for each in rows)):
                yield SelectedRow(seq, number, decode_texts(row.planned.cells))

    def leave_out(
        self, run: int, omissions: Sequence[Omission], states: Collection[State], session: int | None = None
    ) -> int:
        """Skip rows of a run that are still in some states; see `SelectionStore.leave_out`."""
        if session is not None:
            self.check_session(session)
        count = 0
        for seq, _, kind, reason in omissions:
            row = self._runs[run].rows[seq]
            if row.outcome.state in states:
                row.outcome = row.outcome._replace(state=State.SKIPPED, kind=storable(kind), reason=storable(reason))
                count += 1
        return count

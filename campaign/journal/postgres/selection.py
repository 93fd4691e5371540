"""What a journal in a database keeps of the rules for rows; see `journal.selection_store`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.cells import decode_texts
from campaign.journal.postgres.sql import NUMBERED, ROWS, bounds_of, given
from campaign.journal.postgres.status import PostgresStatus
from campaign.journal.postgres.texts import text_of
from campaign.journal.selection_store import SelectedRow
from campaign.journal.sqlite.lookup import EarlierRows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.journal.decisions import EarlierRow
    from campaign.journal.records import State
    from campaign.journal.selection_store import FindByKey, KeyOf, Omission

_SELECTED: LiteralString = f"""
SELECT seq, row, cells FROM {ROWS}
WHERE run = %(run)s AND seq > %(after)s AND state = ANY(%(states)s)
    AND (cardinality(%(first)s::integer[]) = 0 OR {NUMBERED})
ORDER BY seq LIMIT %(most)s
"""

_LEAVE_OUT: LiteralString = f"""
UPDATE campaign.status AS status SET state = 'skipped', kind = given.kind, reason = given.reason
FROM {given("seq", "kind", "reason")} JOIN campaign.message USING (run, seq)
WHERE status.run = given.run AND status.shard = message.shard AND status.seq = given.seq
    AND status.state = ANY(%(states)s)
"""


class PostgresSelection(PostgresStatus):
    """The part of a journal that rules for rows read and write."""

    @contextlib.contextmanager
    def delivered_keys(self, runs: Sequence[int], same: Collection[int], key_of: KeyOf) -> Iterator[FindByKey]:
        """Looks up rows by key; see `SelectionStore.delivered_keys`."""
        with EarlierRows() as by_key, EarlierRows() as without_key:
            for page in self._delivered(runs):
                keyed, others = [], []
                for each in page:
                    key = each.key if each.row.run in same else None
                    key = key_of(each.row.run, decode_texts(each.cells)) if key is None else key
                    if key is not None:
                        keyed.append((key, each.row))
                    elif each.identity is not None:
                        others.append((each.identity, each.row))
                by_key.add(keyed)
                without_key.add(others)

            def find(key: bytes, digest: bytes | None) -> EarlierRow | None:
                return by_key.find(key) or (None if digest is None else without_key.find(digest))

            yield find

    def selected_rows(self, run: int, states: Collection[State], rows: Sequence[range] = ()) -> Iterator[SelectedRow]:
        """The rows of a run that are in some states, in sheet order, a page at a time."""
        values = {"run": self._key(run), "states": list(map(str, states)), **bounds_of(rows)}
        for page in self._pages(_SELECTED, values, place=0):
            yield from [SelectedRow(seq, row, decode_texts(cells)) for seq, row, cells in page]

    def leave_out(
        self, run: int, omissions: Sequence[Omission], states: Collection[State], session: int | None = None
    ) -> int:
        """Skip rows of a run that are still in some states; see `SelectionStore.leave_out`."""
        values = {
            "run": self._key(run),
            "seq": [each.seq for each in omissions],
            "kind": [text_of(each.kind) for each in omissions],
            "reason": [text_of(each.reason) for each in omissions],
            "states": list(map(str, states)),
        }
        with self._database.transaction() as connection:
            if session is not None:
                self.check_session(session)
            return connection.execute(_LEAVE_OUT, values).rowcount

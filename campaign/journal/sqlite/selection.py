"""What a journal file keeps of the rules for rows; see `journal.selection_store`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaign.journal.cells import decode_texts
from campaign.journal.digests import digest_of
from campaign.journal.records import State, storable
from campaign.journal.selection_store import SelectedRow
from campaign.journal.sqlite.schema import decoding, plain_errors, transaction
from campaign.journal.sqlite.status import SqliteStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.journal.decisions import EarlierRow
    from campaign.journal.selection_store import FindByKey, KeyOf, Omission

PAGE = 1000

_ROWS = """
FROM status JOIN message USING (run, seq) LEFT JOIN digest USING (run, seq) LEFT JOIN row_key USING (run, seq)
"""
_BY_KEY = f"""
SELECT known_key(run, cells, row_key.key), run, row, state, at, coalesce(digest, digest_of(body)) {_ROWS}
"""
_WITHOUT_KEY = f"""
SELECT CASE WHEN known_key(run, cells, row_key.key) IS NULL THEN coalesce(digest, digest_of(body)) END,
    run, row, state, at, coalesce(digest, digest_of(body)) {_ROWS}
"""


class RecordedSelection(SqliteStatus):
    """The part of a journal file that rules for rows read and write."""

    @contextlib.contextmanager
    def delivered_keys(self, runs: Sequence[int], same: Collection[int], key_of: KeyOf) -> Iterator[FindByKey]:
        """Looks up rows by key; see `SelectionStore.delivered_keys`."""

        def known_key(run: int, cells: str, key: bytes | None) -> bytes | None:
            if run in same and key is not None:
                return key
            with decoding(self.path):
                return key_of(run, decode_texts(cells))

        self._connection.create_function("known_key", 3, known_key, deterministic=True)
        self._connection.create_function("digest_of", 1, digest_of, deterministic=True)
        with (
            self._delivered("delivered_key", _BY_KEY, runs) as by_key,
            self._delivered("delivered_without_key", _WITHOUT_KEY, runs) as without_key,
        ):

            def find(key: bytes, digest: bytes | None) -> EarlierRow | None:
                return by_key(key) or (None if digest is None else without_key(digest))

            yield find

    def selected_rows(self, run: int, states: Collection[State], rows: Sequence[range] = ()) -> Iterator[SelectedRow]:
        """The rows of a run that are in some states, in sheet order, a page at a time."""
        marks = ", ".join("?" for _ in states)
        numbered = " OR ".join("row BETWEEN ? AND ?" for _ in rows) or "1"
        bounds = [bound for each in rows for bound in (each.start, each.stop - 1)]
        after = 0
        while True:
            with plain_errors(self.path):
                page = self._connection.execute(
                    "SELECT seq, row, cells FROM status JOIN message USING (run, seq) "  # noqa: S608 - only marks
                    f"WHERE run = ? AND seq > ? AND state IN ({marks}) AND ({numbered}) ORDER BY seq LIMIT {PAGE}",
                    (run, after, *states, *bounds),
                ).fetchall()
            if not page:
                return
            after = page[-1][0]
            with decoding(self.path):
                found = [SelectedRow(seq, row, decode_texts(cells)) for seq, row, cells in page]
            yield from found

    def leave_out(
        self, run: int, omissions: Sequence[Omission], states: Collection[State], session: int | None = None
    ) -> int:
        """Skip rows of a run that are still in some states; see `SelectionStore.leave_out`."""
        marks = ", ".join("?" for _ in states)
        count = 0
        with plain_errors(self.path), transaction(self._connection):
            if session is not None:
                self.check_session(session)
            for seq, _, kind, reason in omissions:
                count += self._connection.execute(
                    "UPDATE status SET state = ?, kind = ?, reason = ? "  # noqa: S608 - only marks
                    f"WHERE run = ? AND seq = ? AND state IN ({marks})",
                    (State.SKIPPED, storable(kind), storable(reason), run, seq, *states),
                ).rowcount
        return count

"""The rows of earlier runs by their keys, also of runs that were planned before the campaign named a key."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal import JournalStore, RunRecord
    from campaign.journal.selection_store import FindByKey
    from campaign.recipients.row_key import RowKey


@contextlib.contextmanager
def earlier_keys(key: RowKey | None, journal: JournalStore, records: Sequence[RunRecord]) -> Iterator[FindByKey | None]:
    """Looks up rows that were sent, or may have been, by their keys; None where the campaign names no key.

    The key of a run that had another one, or none, is that of its cells, if its list had the columns.

    Args:
        key: what makes two rows the same.
        journal: the campaign's journal.
        records: the runs, oldest first.
    """
    if key is None:
        yield None
        return
    within = {run.number: key.within(run.manifest.headers) for run in records}
    same = frozenset(run.number for run in records if run.manifest.key == key.names)

    def key_of(run: int, texts: Sequence[str]) -> bytes | None:
        known = within[run]
        return None if known is None else known.of(texts)

    with journal.delivered_keys([run.number for run in reversed(records)], same, key_of) as find:
        yield find

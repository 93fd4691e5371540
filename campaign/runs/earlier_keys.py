"""The rows of earlier runs by their keys, also of runs that were planned before the campaign named a key."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaign.errors import Problem
from campaign.journal.decisions import DELIVERED
from campaign.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal import JournalStore, RunRecord
    from campaign.journal.selection_store import FindByKey
    from campaign.recipients.row_key import RowKey


@contextlib.contextmanager
def earlier_keys(key: RowKey | None, journal: JournalStore, records: Sequence[RunRecord]) -> Iterator[FindByKey | None]:
    """Looks up rows that were sent, or may have been, by their keys; None where the campaign names no key.

    The key of a run that had another one, or none, is that of its cells, if its list had the columns. So is that of
    a run in which the same names meant other columns.

    Args:
        key: what makes two rows the same.
        journal: the campaign's journal.
        records: the runs, oldest first.
    """
    if key is None:
        yield None
        return
    within = {run.number: key.within(run.manifest.headers) for run in records}
    same = frozenset(run.number for run in records if _is_same(key, run, within[run.number]))

    def key_of(run: int, texts: Sequence[str]) -> bytes | None:
        known = within[run]
        return None if known is None else known.of(texts)

    with journal.delivered_keys([run.number for run in reversed(records)], same, key_of) as find:
        yield find


def _is_same(key: RowKey, run: RunRecord, within: RowKey | None) -> bool:
    """Whether the keys that a run has on record can be compared: those of a column that was renamed since can."""
    manifest = run.manifest
    return manifest.key == key.names and (within is None or manifest.key_headers in ((), key.headers))


def unknown_key(key: RowKey, journal: JournalStore) -> Problem | None:
    """That a key tells nothing of what some runs have sent, because their lists have not all its columns."""
    runs = [run for run in journal.runs() if run.planned and run.manifest.key != key.names]
    strange = [run for run in runs if key.within(run.manifest.headers) is None]
    unknown = [run for run in strange if journal.tally(run.number).count(*DELIVERED)]
    if not unknown:
        return None
    known = unknown[-1].manifest.headers
    missing = listed(f"“{header}”" for header in dict.fromkeys(key.headers) if header not in known)
    one = len(unknown) == 1
    lists = f"the list of run {unknown[0].number} has" if one else f"the lists of {len(unknown):,} runs have"
    what = (
        f"{lists} no column {missing}, so {'its' if one else 'their'} rows are known by destination and content alone: "
        "one that was sent, and has another text by now, is sent again"
    )
    remedy = "if the column was renamed, keep the name of the key, and name the new header under [columns]"
    return Problem(f"recipients.key: {key.shown}", what, remedy, "key-unknown")

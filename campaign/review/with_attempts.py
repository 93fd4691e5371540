"""The rows of a run, each with the requests that were made for it."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import JournalStore, RowResult
    from campaign.journal.attempts import RecordedAttempt


def with_attempts(journal: JournalStore, run: int) -> Iterator[tuple[RowResult, list[RecordedAttempt]]]:
    """Every row of a run in sheet order, with its attempts in theirs; both are read as they are needed.

    Raises:
        JournalError: the journal cannot be read.
    """
    attempts = groupby(journal.attempts(run), key=attrgetter("seq"))
    seq, of_row = next(attempts, (None, iter(())))
    for result in journal.results(run):
        while seq is not None and seq < result.seq:  # look-ups, which are no single row's
            seq, of_row = next(attempts, (None, iter(())))
        yield result, list(of_row) if seq == result.seq else []

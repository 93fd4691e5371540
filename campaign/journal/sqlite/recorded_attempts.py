"""Reading the attempts of a run; see `journal.attempts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.attempts import RecordedAttempt
from campaign.journal.sqlite.reader import PAGE, JournalReader
from campaign.journal.sqlite.schema import decoding, plain_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTEMPTS = """
SELECT seq, what, started_at, ended_at, outcome, http_status, coalesce(detail, '') FROM attempt
WHERE run = ? ORDER BY seq, attempt
"""


class RecordedAttempts(JournalReader):
    """The part of a journal that tells of attempts."""

    def attempts(self, run: int) -> Iterator[RecordedAttempt]:
        """Every request of a run in the order of its rows; see `AttemptStore.attempts`."""
        with plain_errors(self.path):
            cursor = self._connection.execute(_ATTEMPTS, (run,))
        while True:
            with plain_errors(self.path):
                page = cursor.fetchmany(PAGE)
            if not page:
                return
            with decoding(self.path):
                yield from [RecordedAttempt(*row) for row in page]

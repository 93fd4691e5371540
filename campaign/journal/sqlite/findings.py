"""What a journal file keeps of findings; see `journal.finding_store`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from campaign.findings import Finding
from campaign.journal.cells import decode_cells
from campaign.journal.decisions import Acceptance, NextMessage, StatedQuota
from campaign.journal.records import storable
from campaign.journal.sqlite.recorded_attempts import RecordedAttempts
from campaign.journal.sqlite.schema import decoding, plain_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.journal.records import State


class RecordedFindings(RecordedAttempts):
    """The part of a journal that keeps findings."""

    def record_findings(self, run: int, findings: Sequence[Finding]) -> None:
        """Record what was found when a run was planned."""
        stored = [(run, place, json.dumps(each.as_json())) for place, each in enumerate(findings)]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("INSERT INTO finding VALUES (?, ?, ?)", stored)

    def findings(self, run: int) -> tuple[Finding, ...]:
        """What was found when a run was planned."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT finding FROM finding WHERE run = ? ORDER BY place", (run,)
            ).fetchall()
        with decoding(self.path):
            return tuple(Finding.from_json(json.loads(text)) for (text,) in found)

    def accept(self, run: int, codes: Collection[str], by: str) -> None:
        """Record that findings of a run are accepted, by whom and when."""
        stored = [(run, code, storable(by), time.time()) for code in codes]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("INSERT OR IGNORE INTO accepted VALUES (?, ?, ?, ?)", stored)

    def accepted(self, run: int) -> list[Acceptance]:
        """Which findings of a run were accepted."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT code, by, at FROM accepted WHERE run = ? ORDER BY code", (run,)
            ).fetchall()
        return [Acceptance(*each) for each in found]

    def record_quota(self, server: str, requests: int, seconds: float) -> None:
        """Record the limit that a server states."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO server_quota VALUES (?, ?, ?, ?)", (server, requests, seconds, time.time())
            )

    def stated_quota(self, server: str) -> StatedQuota | None:
        """The limit that a server stated last."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT requests, seconds, at FROM server_quota WHERE server = ?", (server,)
            ).fetchone()
        return None if found is None else StatedQuota(*found)

    def next_messages(self, run: int, states: Collection[State], most: int) -> list[NextMessage]:
        """The first messages of a run whose rows are in these states."""
        marks = ", ".join("?" for _ in states)
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT row, destination, body, cells FROM status JOIN message USING (run, seq) "  # noqa: S608 - only marks
                f"WHERE run = ? AND state IN ({marks}) AND body IS NOT NULL ORDER BY seq LIMIT ?",
                (run, *states, most),
            ).fetchall()
        with decoding(self.path):
            return [NextMessage(row, to, body, decode_cells(cells)) for row, to, body, cells in found]

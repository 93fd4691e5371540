"""What a journal in a database keeps of findings; see `journal.finding_store`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, LiteralString

from campaign.findings import Finding
from campaign.journal.cells import decode_cells
from campaign.journal.decisions import Acceptance, NextMessage, StatedQuota
from campaign.journal.postgres.reader import PostgresReader
from campaign.journal.postgres.sql import ROWS
from campaign.journal.postgres.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.journal.records import State

_NEXT: LiteralString = f"""
SELECT row, destination, body, cells FROM {ROWS}
WHERE run = %(run)s AND state = ANY(%(states)s) AND body IS NOT NULL ORDER BY seq LIMIT %(most)s
"""


class PostgresFindings(PostgresReader):
    """The part of a journal that keeps findings."""

    def record_findings(self, run: int, findings: Sequence[Finding]) -> None:
        """Record what was found when a run was planned."""
        key = self._key(run)
        stored = [(key, place, json.dumps(each.as_json())) for place, each in enumerate(findings)]
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO campaign.finding VALUES (%s, %s, %s)", stored)

    def findings(self, run: int) -> tuple[Finding, ...]:
        """What was found when a run was planned."""
        query: LiteralString = "SELECT finding FROM campaign.finding WHERE run = %s ORDER BY place"
        return tuple(Finding.from_json(json.loads(text)) for (text,) in self._database.rows(query, (self._key(run),)))

    def accept(self, run: int, codes: Collection[str], by: str) -> None:
        """Record that findings of a run are accepted, by whom and when."""
        key = self._key(run)
        stored = [(key, code, text_of(by), time.time()) for code in codes]
        with self._database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO campaign.accepted VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", stored)

    def accepted(self, run: int) -> list[Acceptance]:
        """Which findings of a run were accepted."""
        query: LiteralString = 'SELECT code, by, at FROM campaign.accepted WHERE run = %s ORDER BY code COLLATE "C"'
        return [Acceptance(*each) for each in self._database.rows(query, (self._key(run),))]

    def record_quota(self, server: str, requests: int, seconds: float) -> None:
        """Record the limit that a server states."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO campaign.server_quota VALUES (%s, %s, %s, %s, %s) ON CONFLICT (campaign, server) "
                "DO UPDATE SET requests = excluded.requests, seconds = excluded.seconds, at = excluded.at",
                (self.campaign, server, requests, seconds, time.time()),
            )

    def stated_quota(self, server: str) -> StatedQuota | None:
        """The limit that a server stated last."""
        query: LiteralString = (
            "SELECT requests, seconds, at FROM campaign.server_quota WHERE campaign = %s AND server = %s"
        )
        found = self._database.row(query, (self.campaign, server))
        return None if found is None else StatedQuota(*found)

    def next_messages(self, run: int, states: Collection[State], most: int) -> list[NextMessage]:
        """The first messages of a run whose rows are in these states."""
        values = {"run": self._key(run), "states": list(map(str, states)), "most": most}
        found = self._database.rows(_NEXT, values)
        return [NextMessage(row, to, bytes(body), decode_cells(cells)) for row, to, body, cells in found]

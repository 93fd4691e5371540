"""The record of `campaign rooms`: each visitor, each request before it leaves, and the windows of the server's quota.

Visitors are known by keys that are made with a secret of the record, so it holds no name, phone number or address.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Self

from campaign.errors import JournalError, Problem
from campaign.journal.room_records import RecordedWindow, Visit, VisitState
from campaign.journal.sqlite.record_file import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEEP_QUOTA = """
INSERT OR REPLACE INTO quota
SELECT route, ?, ?, ?, ?, (SELECT max(number) FROM request) FROM request WHERE number = ?
"""
"""Requests up to the last one are in the window already: the rate limiter has counted them."""


class RoomRecord(RecordFile):
    """An open record of `campaign rooms`."""

    application_id = 0x63726F6F  # "croo"
    command = "rooms"
    if_lost = "then visitors that are known by name alone are registered a second time"
    schema = """
    CREATE TABLE visit (
        key TEXT PRIMARY KEY,
        token TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        rid TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE request (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        route TEXT NOT NULL,
        key TEXT NOT NULL,
        began_at REAL NOT NULL,
        result TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE quota (
        route TEXT PRIMARY KEY,
        most INTEGER NOT NULL,
        spare INTEGER NOT NULL,
        ends_at REAL NOT NULL,
        length REAL NOT NULL,
        request INTEGER NOT NULL
    )
    """

    def __enter__(self) -> Self:
        """Open the record, or make it with a secret of its own.

        Raises:
            JournalBusyError: another process has it open.
            JournalError: it is damaged, another program's, from a newer version, or cannot be made.
        """
        super().__enter__()
        try:
            if self.fact("secret") is None:
                self.note(secret=secrets.token_hex(32))
        except BaseException:
            self.__exit__()
            raise
        return self

    def require_server(self, server: str) -> None:
        """Refuse another server than that of the record: its visitors are not known there.

        Raises:
            JournalError: it is another.
        """
        known = self.fact("server")
        if known is None:
            self.note(server=server)
        elif known != server:
            what = f"holds the visitors of {known}, and --server says {server}"
            raise JournalError(Problem(str(self.path), what, "name another file with -o"))

    def made(self, purpose: str, text: str) -> str:
        """A text that cannot be guessed without the record's secret, and that is the same each time."""
        secret = self.fact("secret") or ""
        return hmac.new(secret.encode(), f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()

    def add(self, visits: Iterable[Visit]) -> None:
        """Put visitors on record that are not there yet."""
        rows = ((each.key, each.token) for each in visits)
        self.write_many("INSERT OR IGNORE INTO visit (key, token) VALUES (?, ?)", rows)

    def visits(self) -> dict[str, Visit]:
        """Every visitor on record, by key."""
        rows = self.rows("SELECT key, token, state, rid, reason FROM visit")
        return {row[0]: Visit(row[0], row[1], VisitState(row[2]), row[3], row[4]) for row in rows}

    def ask_refused_again(self) -> None:
        """Let visitors wait again whom the server refused: a repeated command asks for them once more."""
        self.write(("UPDATE visit SET state = 'waiting', reason = '' WHERE state = 'refused'", ()))

    def begin(self, route: str, key: str, at: float) -> int:
        """Put a request on record that is about to leave; returns its number."""
        return self.write(("INSERT INTO request (route, key, began_at) VALUES (?, ?, ?)", (route, key, at)))

    def end(self, number: int, result: str, visit: Visit | None, quota: RecordedWindow | None) -> None:
        """Put the result of a request on record, what the visitor has become, and the window of its route.

        Args:
            number: the request's number.
            result: what came of it, in a word.
            visit: the visitor as it is now; None where nothing has changed.
            quota: the window of the request's route; None where it is not known.
        """
        statements: list[tuple[str, tuple[object, ...]]] = [
            ("UPDATE request SET result = ? WHERE number = ?", (result, number))
        ]
        if visit is not None:
            became = (visit.token, visit.state.value, visit.rid, visit.reason, visit.key)
            statements.append(("UPDATE visit SET token = ?, state = ?, rid = ?, reason = ? WHERE key = ?", became))
        if quota is not None:
            values = (quota.limit, quota.left, quota.ends_at, quota.length, number)
            statements.append((_KEEP_QUOTA, values))
        self.write(*statements)

    def windows(self, usual: Mapping[str, tuple[int, float]]) -> dict[str, RecordedWindow]:
        """The last known window of each route, with the requests that were made since.

        Args:
            usual: requests and seconds of the limit that each route usually has: as long as the server has stated
                none, requests without a response count against it.
        """
        found = {}
        for route, (most, length) in usual.items():
            later = "SELECT began_at FROM request WHERE route = ? AND result = '' ORDER BY number"
            found[route] = RecordedWindow(most, most, 0.0, length, tuple(at for (at,) in self.rows(later, route)))
        for route, most, spare, ends_at, length, last in self.rows("SELECT * FROM quota"):
            later = "SELECT began_at FROM request WHERE route = ? AND number > ? ORDER BY number"
            times = tuple(at for (at,) in self.rows(later, route, last))
            found[route] = RecordedWindow(most, spare, ends_at, length, times)
        return found

    @property
    def requests(self) -> int:
        """How many requests are on record."""
        return int(self.rows("SELECT count(*) FROM request")[0][0])

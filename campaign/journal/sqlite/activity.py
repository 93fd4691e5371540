"""The record of what a delivery is doing: one row of a small table for each session, written over every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.activity import Activity
from campaign.journal.records import storable

if TYPE_CHECKING:
    import sqlite3


def write_activity(connection: sqlite3.Connection, session: int, activity: Activity) -> None:
    """Put an activity in the place of the session's earlier one, in one statement, also within a transaction.

    Records may arrive out of order, one with a group of attempts and another by itself: the later one stays.

    Raises:
        sqlite3.Error: it is not written.
    """
    connection.execute(
        "INSERT INTO activity (session, rate, eta_seconds, waiting_for, until, at, stopping, waited) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session) DO UPDATE SET rate = excluded.rate, "
        "eta_seconds = excluded.eta_seconds, waiting_for = excluded.waiting_for, until = excluded.until, "
        "at = excluded.at, stopping = excluded.stopping, waited = excluded.waited "
        "WHERE excluded.at >= activity.at",
        (session, *activity._replace(stopping=storable(activity.stopping))),
    )


def read_activity(connection: sqlite3.Connection) -> Activity | None:
    """The activity of the session that has not ended; None where there is none.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    found = connection.execute(
        "SELECT rate, eta_seconds, waiting_for, until, at, stopping, waited FROM activity JOIN session USING (session) "
        "WHERE ended_at IS NULL ORDER BY session DESC LIMIT 1"
    ).fetchone()
    return None if found is None else Activity(*found)

"""The record of what a delivery is doing: one row for each session, written over every time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.postgres.texts import text_of

if TYPE_CHECKING:
    from campaign.journal.activity import Activity
    from campaign.journal.postgres.database import Connection


def write_activity(connection: Connection, session: int, activity: Activity) -> None:
    """Put an activity in the place of the session's earlier one, within the caller's transaction.

    Records may arrive out of order, one with a group of attempts and another by itself: the later one stays.

    Raises:
        psycopg.Error: it is not written.
    """
    connection.execute(
        "INSERT INTO campaign.activity AS last (session, rate, eta_seconds, waiting_for, until, at, stopping, waited) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (session) DO UPDATE SET rate = excluded.rate, "
        "eta_seconds = excluded.eta_seconds, waiting_for = excluded.waiting_for, until = excluded.until, "
        "at = excluded.at, stopping = excluded.stopping, waited = excluded.waited WHERE excluded.at >= last.at",
        (session, *activity._replace(stopping=text_of(activity.stopping))),
    )

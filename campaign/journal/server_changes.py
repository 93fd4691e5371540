"""Changes of a database after which a process does not go on: it is on another server, or a newer campaign's."""

from __future__ import annotations

from campaign.errors import JournalServerError, Problem

NEWER = "journal-newer"
"""Code of the problem of a database that a newer campaign works with."""

REMEDY = (
    "`campaign resume FILE --recover` goes on, and counts every row that waits as perhaps sent; where it is a "
    "synchronous standby that took over, and lacks nothing: `campaign journal upgrade --synchronous-standby`"
)


def other_server(where: str, difference: str) -> JournalServerError:
    """The error of a database whose server is another one than before."""
    what = (
        f"the database is on another server than before, or was restored ({difference}): attempts that were on record "
        "may be missing, so rows that seem to wait may have been sent"
    )
    return JournalServerError(Problem(where, what, REMEDY))

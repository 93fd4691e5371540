"""The journal as one SQLite file per campaign: the default store."""

from campaign.journal.sqlite.duplicates import Duplicates
from campaign.journal.sqlite.journal import SqliteJournal
from campaign.journal.sqlite.opening import Accepted

__all__ = ["Accepted", "Duplicates", "SqliteJournal"]

"""The journal as one SQLite file per campaign: the default store."""

from typing import TYPE_CHECKING

from campaign.lazy_names import loading

if TYPE_CHECKING:
    from campaign.journal.sqlite.duplicates import Duplicates
    from campaign.journal.sqlite.journal import SqliteJournal
    from campaign.journal.sqlite.opening import Accepted

__all__ = ["Accepted", "Duplicates", "SqliteJournal"]

_MODULES = {
    "campaign.journal.sqlite.duplicates": ("Duplicates",),
    "campaign.journal.sqlite.journal": ("SqliteJournal",),
    "campaign.journal.sqlite.opening": ("Accepted",),
}

__getattr__ = loading(__name__, _MODULES)

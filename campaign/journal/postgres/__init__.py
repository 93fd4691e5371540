"""The journal in a PostgreSQL database, which contains those of many campaigns: an optional extra."""

from typing import TYPE_CHECKING

from campaign.lazy_names import loading

if TYPE_CHECKING:
    from campaign.journal.postgres.journal import PostgresJournal

__all__ = ["PostgresJournal"]

__getattr__ = loading(__name__, {"campaign.journal.postgres.journal": ("PostgresJournal",)})

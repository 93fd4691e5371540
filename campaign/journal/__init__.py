"""The store: every message and every attempt, in one SQLite file per campaign. The only place with SQL."""

from campaign.journal.duplicates import Duplicates
from campaign.journal.journal import Journal
from campaign.journal.lock import sole_delivery
from campaign.journal.recorder import Recorder
from campaign.journal.records import (
    SANDBOX,
    Cell,
    Outcome,
    PlannedMessage,
    ReasonCount,
    Result,
    Run,
    RunFacts,
    State,
    Tally,
    Waiting,
    encode_cells,
)

__all__ = [
    "SANDBOX",
    "Cell",
    "Duplicates",
    "Journal",
    "Outcome",
    "PlannedMessage",
    "ReasonCount",
    "Recorder",
    "Result",
    "Run",
    "RunFacts",
    "State",
    "Tally",
    "Waiting",
    "encode_cells",
    "sole_delivery",
]

"""Send a personalised chat message to every row of a spreadsheet, and know what became of each.

    >>> import campaign
    >>> c = campaign.load("tet-offer.toml")
    >>> plan = campaign.plan(c, sandbox=True)          # reads, renders and validates; sends nothing
    >>> plan.counts
    PlanCounts(rows=2, pending=2, invalid=0, skipped=0)

In a coroutine:

    async with campaign.open_journal("tet.journal.db") as journal:
        run = await campaign.start(plan, journal=journal)
        async for event in run.deliver(limit=10):
            print(event.row, event.state, event.reason)
        report = await run.report()
    report.to_xlsx("tet.xlsx")

In a script, all of it at once: `campaign.run(c, sandbox=True)`.

What is named in `__all__` is the public API. Each name is loaded when it is first used, because `campaign --help` needs
none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.api import load, plan, resume, resume_sync, run, start, start_sync
    from campaign.config import Campaign
    from campaign.delivery.ports import RowEvent
    from campaign.errors import CampaignError, Problem
    from campaign.journal import JournalStore, RowResult, State, Tally, open_journal
    from campaign.planning import Plan, PlanCounts
    from campaign.runs import Report, Run, RunObserver, RunOptions, SendConfirmation

__all__ = [
    "Campaign",
    "CampaignError",
    "JournalStore",
    "Plan",
    "PlanCounts",
    "Problem",
    "Report",
    "RowEvent",
    "RowResult",
    "Run",
    "RunObserver",
    "RunOptions",
    "SendConfirmation",
    "State",
    "Tally",
    "load",
    "open_journal",
    "plan",
    "resume",
    "resume_sync",
    "run",
    "start",
    "start_sync",
]

_MODULES = {
    "campaign.api": ("load", "plan", "resume", "resume_sync", "run", "start", "start_sync"),
    "campaign.config": ("Campaign",),
    "campaign.delivery.ports": ("RowEvent",),
    "campaign.errors": ("CampaignError", "Problem"),
    "campaign.journal": ("JournalStore", "RowResult", "State", "Tally", "open_journal"),
    "campaign.planning": ("Plan", "PlanCounts"),
    "campaign.runs": ("Report", "Run", "RunObserver", "RunOptions", "SendConfirmation"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            value = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Send a personalised chat message to every row of a spreadsheet, and record the outcome of each.

    import campaign

    c = campaign.load("tet-offer/campaign.toml")
    plan = campaign.plan(c, sandbox=True)  # reads, renders and validates; sends nothing
    print(plan.counts, plan.findings, plan.rows[0].payload)
    for row in plan.invalid:
        print(row.number, row.problems[0].code, row.problems[0])
    async with campaign.open_journal("tet.journal.db") as journal:
        run = await campaign.start(plan, journal=journal)
        async for event in run.deliver(rate="10/s", limit=10):
            print(event.row, event.state, event.reason)
        report = await run.report()
    report.to_xlsx("tet.xlsx")

`sandbox=True` rehearses against a local server. Without it, pass the server's `api_key` to `start` if it requires one.
`start` raises where rows are invalid; `skip_invalid=True` sends the others.
Every asynchronous function has a blocking counterpart (`start_sync`, `deliver_sync`, …), and `campaign.run(c)` does
everything in one call. Nothing prints, prompts, reads environment variables or installs signal handlers.

`__all__` lists the public API. Each name is loaded when it is first used, because `campaign --help` needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.lazy_names import loading as _loading

if TYPE_CHECKING:
    from campaign.api import plan, resume, resume_sync, run, start, start_sync
    from campaign.campaign_file import load
    from campaign.config import Campaign
    from campaign.delivery.ports import RowEvent
    from campaign.delivery.proxies import ProxySettings
    from campaign.errors import CampaignError, Problem
    from campaign.findings import Finding
    from campaign.journal import JournalStore, RowResult, State, Tally, open_journal
    from campaign.plan_rows import PlanCounts
    from campaign.planning import Plan
    from campaign.runs import Report, Run, RunObserver, RunOptions, SendConfirmation

__all__ = [
    "Campaign",
    "CampaignError",
    "Finding",
    "JournalStore",
    "Plan",
    "PlanCounts",
    "Problem",
    "ProxySettings",
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
    "campaign.api": ("plan", "resume", "resume_sync", "run", "start", "start_sync"),
    "campaign.campaign_file": ("load",),
    "campaign.config": ("Campaign",),
    "campaign.delivery.ports": ("RowEvent",),
    "campaign.delivery.proxies": ("ProxySettings",),
    "campaign.errors": ("CampaignError", "Problem"),
    "campaign.findings": ("Finding",),
    "campaign.journal": ("JournalStore", "RowResult", "State", "Tally", "open_journal"),
    "campaign.plan_rows": ("PlanCounts",),
    "campaign.planning": ("Plan",),
    "campaign.runs": ("Report", "Run", "RunObserver", "RunOptions", "SendConfirmation"),
}

__getattr__ = _loading(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted(__all__)

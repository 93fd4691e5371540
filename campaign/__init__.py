"""Send a personalised chat message to every row of a spreadsheet, and know what became of each.

    from campaign import Wishes, load_campaign, start

    report = start(load_campaign(Path("tet-offer.toml")), Wishes(sandbox=True), attendant)

What is named in `__all__` is the public API. Each name is loaded when it is first used, because `campaign --help` needs
none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.campaign_file import Campaign, load_campaign
    from campaign.errors import CampaignError, Problem
    from campaign.journal import State, Tally
    from campaign.plan import planned_rows, prepare
    from campaign.runs import Attendant, Facts, Places, Report, Wishes, report_on, resume, start

__all__ = [
    "Attendant",
    "Campaign",
    "CampaignError",
    "Facts",
    "Places",
    "Problem",
    "Report",
    "State",
    "Tally",
    "Wishes",
    "load_campaign",
    "planned_rows",
    "prepare",
    "report_on",
    "resume",
    "start",
]

_HOMES = {
    "campaign.campaign_file": ("Campaign", "load_campaign"),
    "campaign.errors": ("CampaignError", "Problem"),
    "campaign.journal": ("State", "Tally"),
    "campaign.plan": ("planned_rows", "prepare"),
    "campaign.runs": ("Attendant", "Facts", "Places", "Report", "Wishes", "report_on", "resume", "start"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

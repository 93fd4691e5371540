"""A run from beginning to end: plan, confirm, deliver, report. Prints nothing and installs no signal handler.

Each name is loaded when it is first used: `campaign status` needs none of what plans and delivers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.runs.confirmation import SendConfirmation
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.runs.report import Report
    from campaign.runs.run import Run

__all__ = ["Report", "Run", "RunObserver", "RunOptions", "RunPaths", "SendConfirmation"]

_MODULES = {
    "Report": "report",
    "Run": "run",
    "RunObserver": "options",
    "RunOptions": "options",
    "RunPaths": "options",
    "SendConfirmation": "confirmation",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"campaign.runs.{_MODULES[name]}"), name)

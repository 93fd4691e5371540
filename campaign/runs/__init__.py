"""A run from beginning to end: plan, confirm, deliver, report. Prints nothing and installs no signal handler.

Each name is loaded when it is first used: `campaign status` needs none of what plans and delivers.
"""

from typing import TYPE_CHECKING

from campaign.lazy_names import loading

if TYPE_CHECKING:
    from campaign.runs.confirmation import SendConfirmation
    from campaign.runs.options import RunObserver, RunOptions, RunPaths
    from campaign.runs.report import Report
    from campaign.runs.run import Run

__all__ = ["Report", "Run", "RunObserver", "RunOptions", "RunPaths", "SendConfirmation"]

_MODULES = {
    "campaign.runs.confirmation": ("SendConfirmation",),
    "campaign.runs.options": ("RunObserver", "RunOptions", "RunPaths"),
    "campaign.runs.report": ("Report",),
    "campaign.runs.run": ("Run",),
}

__getattr__ = loading(__name__, _MODULES)

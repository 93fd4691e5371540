"""A run from beginning to end: plan, confirm, deliver, report. Prints nothing and installs no signal handler."""

from campaign.runs.confirmation import SendConfirmation
from campaign.runs.options import RunObserver, RunOptions, RunPaths
from campaign.runs.report import Report
from campaign.runs.run import Run

__all__ = ["Report", "Run", "RunObserver", "RunOptions", "RunPaths", "SendConfirmation"]

"""A run from beginning to end: plan, ask, deliver, review."""

from campaign.runs.resuming import report_on, resume
from campaign.runs.starting import start
from campaign.runs.terms import Attendant, Facts, Places, Report, Wishes

__all__ = ["Attendant", "Facts", "Places", "Report", "Wishes", "report_on", "resume", "start"]

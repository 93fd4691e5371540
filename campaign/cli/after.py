"""Telling others that a run has ended, as `[after]` of the campaign file says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from campaign.campaign_file import real_file
from campaign.cli.console import warn
from campaign.cli.options import proxies
from campaign.cli.reports import report_as_json
from campaign.runs.after import Surroundings, tell

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.config import AfterSection
    from campaign.runs import Report


def tell_after(after: AfterSection, report: Report | None, file: Path) -> None:
    """Hand the JSON summary of a run to what the campaign file names, and warn where that fails.

    Args:
        after: what it names.
        report: the run; None where it was not confirmed.
        file: what the command was given.
    """
    if report is None or report.run.manifest.rehearsal or (after.command is None and after.webhook is None):
        return
    tell(after, report_as_json(report, file), Surroundings(real_file(file), os.environ, proxies()), warn)

"""Reports the end of a run to what `[after]` of the campaign file names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from campaign.cli.console import warn
from campaign.cli.options import proxies
from campaign.cli.reports import report_as_json
from campaign.paths import real_file
from campaign.runs.after import AfterContext, notify

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.config import AfterSection
    from campaign.runs import Report


def notify_after(after: AfterSection, report: Report | None, file: Path) -> None:
    """Hand the JSON summary of a run to what the campaign file names, and warn where that fails.

    Args:
        after: what it names.
        report: the run; None where it was not confirmed.
        file: what the command was given.
    """
    if report is None or report.run.manifest.rehearsal or (after.command is None and after.webhook is None):
        return
    notify(after, report_as_json(report, file), AfterContext(real_file(file), os.environ, proxies()), warn)

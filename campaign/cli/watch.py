"""`campaign status --watch`: on a terminal in place, elsewhere a line now and then; each until the run has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from campaign.cli.console import rewind, say, show_lines, size_of_terminal
from campaign.review.status_text import progress_line, status_lines
from campaign.review.terminal_text import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.review.findings_text import StyledLine
    from campaign.review.next_steps import NextCommands
    from campaign.review.status import CampaignStatus
    from campaign.runs.status import StatusReader

REFRESH_INTERVAL = 1.0
"""Seconds between two looks."""

LINE_INTERVAL = 10.0
"""Seconds between two lines where standard output is not a terminal."""

OTHER_LINES = 12
"""Lines of the screen beside those of the runs."""


def watch_screen(reader: StatusReader, commands: NextCommands) -> None:
    """Show the status in place until no run is under way, and leave the place to what is shown next.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    shown: list[StyledLine] = []
    while (status := reader.read()).active is not None:
        width, height = size_of_terminal()
        rewind(_rows(shown, width))
        shown = list(status_lines(status, commands, width, max(1, height - OTHER_LINES)))[: height - 1]
        show_lines(shown, out=True)
        time.sleep(REFRESH_INTERVAL)
    rewind(_rows(shown, size_of_terminal()[0]))


def watch_lines(reader: StatusReader) -> None:
    """Print a line now and then until no run is under way.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    due = 0.0
    while (status := reader.read()).active is not None:
        if time.monotonic() >= due:
            due = time.monotonic() + LINE_INTERVAL
            say(progress_line(status), out=True)
        time.sleep(REFRESH_INTERVAL)


def watch_silently(reader: StatusReader) -> None:
    """Wait until no run is under way.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    while is_active(reader.read()):
        time.sleep(REFRESH_INTERVAL)


def is_active(status: CampaignStatus) -> bool:
    """Whether a run is under way."""
    return status.active is not None


def _rows(lines: Sequence[StyledLine], width: int) -> int:
    """Rows of the terminal that lines take up, also where it is narrower now than when they were printed."""
    return sum(max(1, -(-columns(line.text) // width)) for line in lines)

"""The exit codes of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.records import State

if TYPE_CHECKING:
    from campaign.journal import Tally

ALL_SENT = 0
SOME_NOT_SENT = 1
"""Finished, but some row is invalid, failed or in doubt."""
NOTHING_SENT = 2
"""Wrong usage, a missing key, a bad file, or invalid rows."""
STOPPED = 3
"""Stopped before the end."""
INTERNAL_FAULT = 4
"""A fault of campaign's own."""
INTERRUPTED = 130


def exit_code(tally: Tally, *, interrupted: bool, fault: bool = False, finished: bool = True) -> int:
    """The exit code of `run`, `resume` and `results`; `finished`: it is, and its journal says so."""
    if fault:
        return INTERNAL_FAULT
    if interrupted:
        return INTERRUPTED
    if not finished:
        return STOPPED
    return SOME_NOT_SENT if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT) else ALL_SENT

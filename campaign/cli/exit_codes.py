"""The exit codes of the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.records import State

if TYPE_CHECKING:
    from campaign.journal import Tally
    from campaign.runs.undo import UndoReport

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


def undo_exit_code(undone: UndoReport) -> int:
    """The exit code of `undo`: 0 all deleted, 1 some not."""
    ended = undone.ended
    if undone.report.fault or (ended is not None and ended.fault):
        return INTERNAL_FAULT
    if undone.report.interrupted or (ended is not None and ended.interrupted):
        return INTERRUPTED
    if ended is not None or undone.report.lost:
        return STOPPED
    return SOME_NOT_SENT if undone.left else ALL_SENT

"""What is shown of a delivery beside its bar, or in a line of its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.runs import Run

MOVING = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}, {remaining} left{postfix}"
MOVING_ON = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}{postfix}"
WAITING = "{percentage:3.0f}%{postfix}"

LONG_WAIT = 1.0
"""Shortest wait that is shown, in seconds."""


def wait_of(run: Run) -> float:
    """Seconds until the next request may leave."""
    return run.rate_limiter.waiting_for if run.rate_limiter else 0.0


def state_of(run: Run) -> str:
    """How far it is, and what it waits for."""
    progress, wait = run.progress, wait_of(run)
    counts = f"sent {progress.sent}, failed {progress.failed}, in doubt {progress.in_doubt}"
    if progress.deletes:
        counts = f"deleted {progress.deleted}, not deleted {progress.kept}"
    if progress.activity:
        return f"{progress.activity}, {counts}"
    if wait < LONG_WAIT:
        return counts
    if not progress.trouble:
        return f"waiting {wait:.0f} s for the server's limit, {counts}"
    return f"waiting {wait:.0f} s for the server, {counts} ({progress.trouble})"

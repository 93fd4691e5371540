"""The person at the terminal: is shown what happens, and asked before anything is sent."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Never, Self

import click
from tqdm import tqdm

from campaign.cli.say import warn
from campaign.delivery.throttle import DEFAULT_RATE
from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from campaign.delivery import Sender, Watch
    from campaign.plan import PlanCount
    from campaign.runs import Facts

LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""

LONG_WAIT = 1.0
"""Seconds of waiting that are worth a word."""

MOVING = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}, {remaining} left{postfix}"
WAITING = "{percentage:3.0f}%{postfix}"


class Terminal:
    """Shows progress and asks, on stderr; an Attendant."""

    def __init__(self, *, yes: bool, quiet: bool) -> None:
        self._yes = yes
        self._quiet = quiet
        self._bar: tqdm[Never] | None = None
        self._line_at = time.monotonic() + LINE_EVERY

    def __enter__(self) -> Self:
        """Attend a run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the screen to what is printed next."""
        self._close_bar()

    def warned(self, warning: Problem) -> None:
        """Print a warning, quiet or not."""
        warn(warning)

    def planned(self, count: PlanCount) -> None:
        """Show how many rows are planned."""
        if self._quiet:
            return
        if sys.stderr.isatty():
            if self._bar is None:
                self._bar = tqdm(desc="Planning", unit=" rows", file=sys.stderr, leave=False)
            self._bar.update()
        elif time.monotonic() >= self._line_at:
            self._line(f"planning: {count.rows} rows")

    def agrees(self, facts: Facts) -> bool:
        """Ask, with the facts.

        Raises:
            UsageError: nobody is there to answer, and --yes was not given.
        """
        self._close_bar()
        if self._yes:
            return True
        messages = "1 message" if facts.messages == 1 else f"{facts.messages} messages"
        question = f"Send {messages} to {facts.server}, {_how_long(facts)}?"
        if not sys.stdin.isatty():
            raise UsageError(Problem("", f"{question} There is no terminal to ask on", "say --yes; nothing was sent"))
        return click.confirm(question, err=True)

    def key_prompt(self) -> Callable[[str], str] | None:
        """Ask for a key without showing it."""
        if not sys.stdin.isatty():
            return None
        return lambda text: str(click.prompt(text, hide_input=True, err=True))

    def delivery(self, rows: int) -> Watch:
        """A bar on a terminal, a line every ten seconds elsewhere."""
        if self._quiet:
            return lambda _sender: None
        if not sys.stderr.isatty():
            return lambda sender: self._delivery_line(sender, rows)
        # smoothing=0: the mean since the beginning, which has the waits in it, gives the honest time that is left
        self._bar = tqdm(total=rows, desc="Sending", unit=" rows", file=sys.stderr, dynamic_ncols=True, smoothing=0)
        return self._delivery_bar

    def writing(self, path: Path, rows: int) -> Callable[[int], object]:
        """A bar on a terminal."""
        self._close_bar()
        if self._quiet or not sys.stderr.isatty():
            return lambda _rows: None
        self._bar = tqdm(total=rows, desc=f"Writing {path.name}", unit=" rows", file=sys.stderr, leave=False)
        return self._bar.update

    def _delivery_bar(self, sender: Sender) -> None:
        progress = sender.progress
        if self._bar is None:
            return
        # Chosen anew each time: on a terminal of 80 columns there is no room for the wait beside the bar.
        self._bar.bar_format = WAITING if sender.throttle.waiting_for >= LONG_WAIT else MOVING
        self._bar.update(progress.sent + progress.failed + progress.in_doubt - self._bar.n)
        self._bar.set_postfix_str(_state_of(sender), refresh=True)

    def _delivery_line(self, sender: Sender, rows: int) -> None:
        if time.monotonic() >= self._line_at:
            progress = sender.progress
            done = progress.sent + progress.failed + progress.in_doubt
            self._line(f"{done} of {rows} rows; {_state_of(sender)}")

    def _line(self, text: str) -> None:
        self._line_at = time.monotonic() + LINE_EVERY
        click.echo(text, err=True)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _how_long(facts: Facts) -> str:
    if facts.rate:
        return f"{_span(facts.messages / facts.rate)} at {facts.rate:g} a second"
    return f"as fast as the server allows ({_span(facts.messages / DEFAULT_RATE)} unless it tells a limit of its own)"


def _state_of(sender: Sender) -> str:
    progress = sender.progress
    counts = f"sent {progress.sent}, failed {progress.failed}, in doubt {progress.in_doubt}"
    wait = sender.throttle.waiting_for
    if wait < LONG_WAIT:
        return counts
    if not progress.trouble:
        return f"waiting {wait:.0f} s for the server's limit, {counts}"
    return f"waiting {wait:.0f} s for the server, {counts} ({progress.trouble})"


def _span(seconds: float) -> str:
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

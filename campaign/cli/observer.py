"""The observer of a run on the terminal: shows progress and asks for confirmation before sending."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Never, Self

from tqdm import tqdm

from campaign.cli.console import ask, confirm, confirm_aside, is_terminal, say, show_lines, warn, width_of
from campaign.cli.progress_text import LONG_WAIT, state_of, wait_of
from campaign.cli.question import WIDEST, facts_of, notes_of, preview_of, question_of
from campaign.cli.signals import interruptible
from campaign.cli.undo_question import undo_facts, undo_question
from campaign.delivery.gate import percent
from campaign.errors import Problem, UsageError
from campaign.review.phrases import rows_of
from campaign.runs import RunObserver
from campaign.text import harmless, rough_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from campaign.delivery.gate import GateOutcome
    from campaign.findings import Finding
    from campaign.plan_rows import PlanCounts
    from campaign.runs import Run, SendConfirmation
    from campaign.runs.undo import UndoConfirmation

LINE_INTERVAL = 10.0
"""Seconds between two lines of progress if stderr is not a terminal."""

REFRESH_INTERVAL = 0.2
"""Seconds between two updates of the progress."""

LINE_INTERVAL_WAITING = 3600.0
"""The same while the run waits for its window."""

MOVING = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}, {remaining} left{postfix}"
MOVING_ON = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}{postfix}"
WAITING = "{percentage:3.0f}%{postfix}"


class TerminalObserver(RunObserver):
    """Shows a run's progress and asks before sending, on stderr. Use with `with`."""

    def __init__(self, *, yes: bool, quiet: bool) -> None:
        self._yes = yes
        self._quiet = quiet
        self._bar: tqdm[Never] | None = None
        self._line_at = time.monotonic() + LINE_INTERVAL
        self._interrupted = False
        self._asking = False
        self._wait_shown: float | None = None
        self._screen = threading.Lock()
        self._until_written = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._until_written.close()
        self._close_bar()

    def warned(self, warning: Problem) -> None:
        """Print a warning, even with --quiet."""
        self._close_bar()
        warn(warning)

    def accepts(self, difference: Problem) -> bool:
        """Ask, where there is a terminal; --yes agrees to what was planned only."""
        self._close_bar()
        if self._yes or not is_terminal(sys.stdin):
            return False
        warn(difference)
        return confirm("Go on?")

    def planned(self, counts: PlanCounts) -> None:
        """Show how many rows are planned."""
        if self._quiet:
            return
        if is_terminal(sys.stderr):
            if self._bar is None:
                self._bar = tqdm(desc="Planning", unit=" rows", file=sys.stderr, leave=False)
            self._bar.update()
        elif time.monotonic() >= self._line_at:
            self._line(f"planning: {counts.rows} rows")

    def decides(self, findings: Sequence[Finding]) -> bool:  # noqa: ARG002 - any of them
        """A yes on the terminal accepts what is shown with the question; --yes accepts nothing."""
        return not self._yes and is_terminal(sys.stdin)

    def confirm(self, confirmation: SendConfirmation) -> bool:
        """Ask for confirmation, with what an operator should know.

        Raises:
            UsageError: there is no terminal to ask on, and --yes was not given.
        """
        self._close_bar()
        if self._yes:
            show_lines(notes_of(confirmation, width_of(sys.stderr), quiet=self._quiet))
            return True
        question = question_of(confirmation)
        if not is_terminal(sys.stdin):
            show_lines(facts_of(confirmation, width_of(sys.stderr)))
            raise UsageError(Problem("", f"{question} There is no terminal to ask on", "add --yes; nothing was sent"))
        show_lines(facts_of(confirmation, min(width_of(sys.stderr), WIDEST)))

        def preview() -> None:
            show_lines(preview_of(confirmation, min(width_of(sys.stderr), WIDEST)))

        return ask(f"{question} [y/N, p: preview]", {"p": preview})

    def agree(self, question: str) -> bool:
        """Ask on a terminal; elsewhere the command itself was the decision."""
        self._close_bar()
        return self._yes or not is_terminal(sys.stdin) or confirm(question)

    def confirm_undo(self, confirmation: UndoConfirmation) -> bool:
        """Ask for confirmation, with what an operator should know.

        Raises:
            UsageError: there is no terminal to ask on, and --yes was not given.
        """
        self._close_bar()
        if self._yes:
            return True
        question = undo_question(confirmation)
        show_lines(undo_facts(confirmation, min(width_of(sys.stderr), WIDEST)))
        if not is_terminal(sys.stdin):
            what = f"{question} There is no terminal to ask on"
            raise UsageError(Problem("", what, "add --yes; nothing was deleted"))
        return confirm(question)

    def confirm_server(self, planned: str, now: str) -> bool:
        """Ask which of two addresses is right; nothing but --server answers that in advance.

        Raises:
            UsageError: there is no terminal to ask on, or --yes was given.
        """
        self._close_bar()
        differs = f"the run was planned for {planned}, and the campaign file now says {now}"
        if self._yes or not is_terminal(sys.stdin):
            raise UsageError(Problem("[server] url", differs, f"add --server {now}, or --server {planned}"))
        say(f"[server] url: {differs}.", color="yellow")
        return confirm(f"Send the rest to {now}?")

    def passes_gate(self, outcome: GateOutcome) -> bool:
        """Say what became of the first rows, and ask whether to go on; --yes goes on where few enough failed."""
        if self._yes or not is_terminal(sys.stdin):
            if outcome.kept and not self._quiet:
                with self._screen:
                    self._close_bar()
                    say(f"Gate: {outcome}.")
            return outcome.kept
        with self._screen:
            self._asking = True  # from now on nothing else is shown
            self._close_bar()
        say(f"Gate: {outcome}.", color=None if outcome.kept else "yellow")
        if not outcome.kept:
            say(f"[gate] max_failed is {percent(outcome.max_failed)}.", color="yellow")
        try:
            return confirm_aside(f"Go on with the other {rows_of(outcome.behind)}?")
        finally:
            self._asking = False

    @contextlib.contextmanager
    def delivering(self, run: Run, rows: int) -> Iterator[None]:
        """Handle interrupts, and show a bar on a terminal or a line every ten seconds elsewhere."""
        loop = asyncio.get_running_loop()
        refreshing = asyncio.create_task(self._refresh(run, rows))

        def stop(reason: str) -> None:
            run.stop(reason)
            loop.call_soon_threadsafe(self._tell_what_is_finishing, run)  # not from within a signal handler

        try:
            with interruptible(stop, run.cancel):
                yield
        finally:
            refreshing.cancel()
            with self._screen:
                self._show(run, rows)

    def writing(self, path: Path, rows: int) -> Callable[[int], object]:
        """Show a bar on a terminal or a line every ten seconds elsewhere.

        The first interrupt says what is being written, the second one ends it.
        """
        self._close_bar()
        self._line_at = time.monotonic() + LINE_INTERVAL
        done = 0

        def wrote(more: int) -> None:
            nonlocal done
            done += more
            if self._bar is not None:
                self._bar.update(more)
            elif not self._quiet and time.monotonic() >= self._line_at:
                self._line(f"Writing {path.name}: {done:,} of {rows:,} rows are in it")

        def stop(_reason: str) -> None:
            self._tell(f"Writing {path.name}: {done:,} of {rows:,} rows are in it; Ctrl-C again leaves it out.")

        if self._interrupted:
            self._tell(f"Writing {path.name}, {rows:,} rows; Ctrl-C again leaves it out.")
        first = _give_up if self._interrupted else stop
        self._until_written.enter_context(interruptible(first, _give_up))
        if not self._quiet and is_terminal(sys.stderr):
            desc = harmless(f"Writing {path.name}")
            self._bar = tqdm(total=rows, desc=desc, unit=" rows", file=sys.stderr, leave=False)
        return wrote

    def _tell_what_is_finishing(self, run: Run) -> None:
        if self._interrupted:
            return
        self._interrupted = True
        count = run.rate_limiter.in_flight if run.rate_limiter else 0
        if not count:
            self._tell("Interrupted.")
            return
        requests = "1 request" if count == 1 else f"{count} requests"
        longest = f"up to {rough_duration(run.settings.timeout)}"
        self._tell(f"Interrupted: finishing {requests} in flight ({longest}); Ctrl-C again cancels them.")

    def _tell(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        if self._asking:
            say("")
        say(text)

    async def _refresh(self, run: Run, rows: int) -> None:
        while True:
            with self._screen:
                self._show(run, rows)
            await asyncio.sleep(REFRESH_INTERVAL)

    def _show(self, run: Run, rows: int) -> None:
        if self._quiet or self._asking:
            return
        if is_terminal(sys.stderr):
            self._show_bar(run, rows)
        else:
            self._show_line(run, rows)

    def _show_line(self, run: Run, rows: int) -> None:
        now, until = time.monotonic(), run.progress.waiting_until
        if until is None and self._wait_shown is not None:  # the window has opened
            self._line_at = now + LINE_INTERVAL
        if now >= self._line_at or until not in (None, self._wait_shown):
            self._line(f"{run.progress.done} of {rows} rows; {state_of(run)}")
            if until is not None:
                self._line_at = now + LINE_INTERVAL_WAITING
        self._wait_shown = until

    def _show_bar(self, run: Run, rows: int) -> None:
        if self._bar is None:
            # smoothing=0: only the mean since the start includes the waits, and so estimates the time left correctly
            doing = "Deleting" if run.progress.deletes else "Sending"
            self._bar = tqdm(total=rows, desc=doing, unit=" rows", file=sys.stderr, dynamic_ncols=True, smoothing=0)
        if run.task is not None:
            self._bar.start_t = time.time() - run.task.seconds  # waits for the schedule do not count
        # Chosen at each refresh: a terminal of 80 columns has no room for the wait beside the bar.
        waits = wait_of(run) >= LONG_WAIT or run.progress.waiting_for != ""
        late = run.task.late_end() if run.task is not None and not waits else None
        self._bar.bar_format = WAITING if waits else MOVING if late is None else MOVING_ON
        self._bar.update(run.progress.done - self._bar.n)
        state = state_of(run) if late is None else f"done at about {late}, {state_of(run)}"
        self._bar.set_postfix_str(harmless(state), refresh=True)

    def _line(self, text: str) -> None:
        self._line_at = time.monotonic() + LINE_INTERVAL
        say(text)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _give_up(_reason: str = "") -> Never:
    raise KeyboardInterrupt

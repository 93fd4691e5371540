"""The observer of `campaign rooms` and `campaign conversations` on the terminal: a bar, or lines, and the question."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING, Never

from tqdm import tqdm

from campaign.channels.responses import one_line
from campaign.cli.console import confirm, is_terminal, say, show_lines, width_of
from campaign.cli.progress_text import LONG_WAIT
from campaign.cli.question import WIDEST, fact_lines
from campaign.cli.question_when import ends_at
from campaign.cli.signals import interruptible
from campaign.errors import Problem, UsageError
from campaign.refusals import UndecidedFindingsError
from campaign.review.findings_text import BLOCKING, CAUTION, StyledLine, blocking_lines
from campaign.review.phrases import rows_of
from campaign.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.delivery import Progress
    from campaign.runs.asking_session import AskingSession
    from campaign.runs.rooms import RoomConfirmation

LINE_INTERVAL = 10.0
"""Seconds between two lines of progress if stderr is not a terminal."""

REFRESH_INTERVAL = 0.2
"""Seconds between two updates of the progress."""

MOVING = "{percentage:3.0f}%|{bar}| {rate_noinv_fmt}, {remaining} left{postfix}"
COUNTING = "{desc}: {n_fmt}{unit}{postfix}"


class AskingTerminalObserver:
    """Shows the progress of a session, and asks before it, on stderr."""

    def __init__(self, *, yes: bool = False, quiet: bool) -> None:
        self._yes = yes
        self._quiet = quiet
        self._unit = ""
        self._bar: tqdm[Never] | None = None
        self._line_at = time.monotonic() + LINE_INTERVAL
        self._interrupted = False

    def confirm_rooms(self, confirmation: RoomConfirmation) -> bool:
        """Ask, with what an operator should know.

        Raises:
            UsageError: there is no terminal to ask on, and --yes was not given.
            UndecidedFindingsError: findings have to be decided, and --yes accepts none.
        """
        asks = not self._yes and is_terminal(sys.stdin)
        if confirmation.undecided and not asks:
            still = {finding.code for finding in confirmation.undecided}
            accepted = {finding.code for finding in confirmation.findings} - still
            raise UndecidedFindingsError(confirmation.findings, accepted)
        if self._yes:
            return True
        show_lines(room_facts(confirmation, min(width_of(sys.stderr), WIDEST)))
        question = room_question(confirmation)
        if not asks:
            what = f"{question} There is no terminal to ask on"
            raise UsageError(Problem("", what, "add --yes; nothing was asked"))
        return confirm(question)

    @contextlib.contextmanager
    def following(self, session: AskingSession, unit: str, total: int | None) -> Iterator[None]:
        """Handle interrupts, and show a bar on a terminal or a line every ten seconds elsewhere."""
        self._unit = unit
        loop = asyncio.get_running_loop()
        refreshing = asyncio.create_task(self._refresh(session, total))

        def stop(reason: str) -> None:
            session.stop(reason)
            loop.call_soon_threadsafe(self._tell_of_interrupt)  # not from within a signal handler

        try:
            with interruptible(stop, session.cancel):
                yield
        finally:
            refreshing.cancel()
            self._show(session, total)
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _tell_of_interrupt(self) -> None:
        if not self._interrupted:
            self._interrupted = True
            if self._bar is not None:
                self._bar.clear()
            say("Interrupted: finishing what is in flight; Ctrl-C again cancels it.")

    async def _refresh(self, session: AskingSession, total: int | None) -> None:
        while True:
            self._show(session, total)
            await asyncio.sleep(REFRESH_INTERVAL)

    def _show(self, session: AskingSession, total: int | None) -> None:
        if self._quiet:
            return
        if is_terminal(sys.stderr):
            self._show_bar(session, total)
        elif time.monotonic() >= self._line_at:
            self._line_at = time.monotonic() + LINE_INTERVAL
            of = "" if total is None else f" of {total:,}"
            say(f"{session.progress.done:,}{of} {self._unit}; {state_of(session)}")

    def _show_bar(self, session: AskingSession, total: int | None) -> None:
        if self._bar is None:
            # smoothing=0: only the mean since the start includes the waits, and so estimates the time left correctly
            self._bar = tqdm(
                total=total, desc="Asking", unit=f" {self._unit}", file=sys.stderr, dynamic_ncols=True, smoothing=0
            )
        waits = session.waiting_for >= LONG_WAIT
        self._bar.bar_format = COUNTING if waits or total is None else MOVING
        self._bar.update(session.progress.done - self._bar.n)
        self._bar.set_postfix_str(one_line(state_of(session)), refresh=True)


def state_of(session: AskingSession) -> str:
    """What was found, and what is waited for."""
    counts, wait = counts_of(session.progress), session.waiting_for
    if wait < LONG_WAIT:
        return counts
    if not session.progress.trouble:
        return f"waiting {wait:.0f} s for the server's limit, {counts}"
    return f"waiting {wait:.0f} s for the server, {counts} ({session.progress.trouble})"


def counts_of(progress: Progress) -> str:
    """What was found so far."""
    return f"found {progress.sent:,}" + (f", refused {progress.failed:,}" if progress.failed else "")


def sharing_of(rows: Sequence[int]) -> str:
    """Which rows get the conversation of an earlier row, and why: a wrong address may be why, such as a shop's own."""
    which = f"{rows_of(len(rows))} ({listed(map(str, rows), most=6)})"
    verb = "has" if len(rows) == 1 else "have"
    return f"{which} {verb} the conversation of an earlier row, by token, phone number or e-mail address"


def room_question(confirmation: RoomConfirmation) -> str:
    """The question, in one sentence."""
    count, new = confirmation.visitors, confirmation.registrations
    whose = "1 visitor" if count == 1 else f"{count:,} visitors"
    first = f", and register {new:,} of them" if new else ""
    return f"Ask {confirmation.server} for the conversations of {whose}{first}?"


def room_facts(confirmation: RoomConfirmation, width: int) -> Iterator[StyledLine]:
    """What an operator should know before saying yes."""
    yield from fact_lines("List", confirmation.recipients, width)
    columns = listed(f"{name} ← {header}" for name, header in confirmation.columns.items())
    yield from fact_lines("Columns", columns, width)
    if confirmation.known:
        yield from fact_lines("Known", f"{confirmation.known:,} from before, which are not asked for again", width)
    if unnamed := confirmation.unnamed:
        which = listed((str(row.number) for row in unnamed), most=6)
        why = f"{rows_of(len(unnamed))} ({which}): {unnamed[0].problem}"
        yield from fact_lines("Left out", why + (", for one" if len(unnamed) > 1 else ""), width, CAUTION)
    if confirmation.sharing:
        yield from fact_lines("Shared", sharing_of(confirmation.sharing), width, CAUTION)
    yield from fact_lines("Pace", f"{confirmation.pace.words}; {ends_at(confirmation.pace.seconds)}", width)
    yield from fact_lines("Note", "A conversation that is opened appears with the agents.", width, CAUTION)
    yield from blocking_lines(confirmation.undecided, width)
    if confirmation.undecided:
        yield StyledLine("A yes accepts what is shown here.", BLOCKING)

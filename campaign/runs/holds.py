"""Where a delivery holds before it sends: until its window opens, and at its gate."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery.admission import Admission
from campaign.delivery.gate import GateOutcome, outcome_of
from campaign.delivery.ports import SystemClock
from campaign.delivery.shutdown import StopReason
from campaign.journal.decisions import GATE
from campaign.journal.records import State
from campaign.schedule import ANY_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.delivery import Progress, Shutdown
    from campaign.delivery.ports import Clock
    from campaign.journal import JournalStore
    from campaign.runs.run import Run
    from campaign.schedule import Schedule
    from campaign.settings import DeliverySettings

NAP = 60.0
"""Seconds after which the machine's clock is looked at anew: it may be set, and it goes on while the machine sleeps."""

LEAD = 0.25
"""Seconds before closing time from which no message leaves: it takes a while to arrive."""

BeforeSending: TypeAlias = Callable[[], Awaitable[None]]
"""Awaited each time before sending begins or goes on; an error that it raises stops the delivery."""

DecideGate: TypeAlias = Callable[[GateOutcome], bool]
"""Whether to go on past the gate. It may block: it is called in a thread of its own."""


class Holds:
    """Lets a delivery begin to send, and go on past its gate.

    Attributes:
        before_sending: what has to be done before sending begins or goes on.
        decide: decides whether to go on past the gate.
        by: who is on record for that.
    """

    def __init__(
        self,
        journal: JournalStore,
        run: int,
        settings: DeliverySettings,
        *,
        progress: Progress,
        shutdown: Shutdown,
        clock: Clock,
    ) -> None:
        self.before_sending: tuple[BeforeSending, ...] = ()
        self.decide: DecideGate = is_kept
        self.by = "a program"
        self._journal = journal
        self._run = run
        self._schedule = settings.schedule
        self._gate = settings.gate
        self._progress = progress
        self._shutdown = shutdown
        self._clock = clock
        self._waited = 0.0
        self._waits_since: float | None = None
        self._began = clock.epoch()

    @property
    def waited(self) -> float:
        """Seconds waited so far for a window or for an answer at the gate."""
        return self._waited + (0.0 if self._waits_since is None else self._clock.now() - self._waits_since)

    async def begin(self) -> StopReason | None:
        """Wait until messages may leave, and do what has to be done before they do.

        Returns:
            Why to stop; None where sending begins.

        Raises:
            CampaignError: what has to be done failed.
        """
        while not self._shutdown:
            await self._wait_for_window()
            for prepare in self.before_sending:
                if not self._shutdown:
                    await prepare()
            self._began = self._clock.epoch()
            if opening_of(self._schedule, self._began) <= self._began:
                break  # else the window has closed meanwhile
        return self._shutdown.reason

    def admission(self) -> Admission:
        """Lets messages leave until the window closes that is open now."""
        return Admission(self._schedule.closing(self._began) - LEAD, self._clock.epoch)

    @property
    def has_gate(self) -> bool:
        """Whether there is a gate that was not passed."""
        return self._gate is not None and not self._is_passed()

    def last_row(self) -> int | None:
        """The place in the run of the last row before the gate; None where there is no gate, or it was passed."""
        if self._gate is None or self._is_passed():
            return None
        return self._journal.first_rows(self._run, self._gate.after).last

    async def pass_gate(self, *, limit_reached: bool = False) -> StopReason | None:
        """Decide about the rows behind the gate, once none of those before it waits.

        Args:
            limit_reached: whether no further row is sent in any case, so that nothing is to be decided now.

        Returns:
            Why to stop; None where the delivery goes on.
        """
        outcome = self._outcome()
        if outcome.waiting:
            return None
        if limit_reached:
            return None if outcome.kept else StopReason(outcome.refusal)
        if outcome.behind:
            agreed = await self._ask(outcome)
            if self._shutdown:
                return self._shutdown.reason
            if not agreed:
                return StopReason(outcome.refusal)
            self._journal.record_decision(self._run, GATE, self.by, f"passed: {outcome}")
        self._gate = None
        return None

    async def _wait_for_window(self) -> None:
        self._progress.waiting_for = ""
        while not self._shutdown:
            now = self._clock.epoch()
            opens = opening_of(self._schedule, now)
            if opens <= now:
                return
            with self._waiting("window", waiting_until(self._schedule, opens), opens):
                await self._shutdown.sleep(self._clock, min(opens - now, NAP))

    async def _ask(self, outcome: GateOutcome) -> bool:
        """Ask in a thread of its own: whoever is asked may take time, and a stop does not wait for the answer."""
        given: Future[bool] = Future()
        given.set_running_or_notify_cancel()  # it cannot be cancelled: the thread goes on
        answer = asyncio.wrap_future(given)

        def ask() -> None:
            try:
                given.set_result(self.decide(outcome))
            except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
                given.set_exception(error)

        threading.Thread(target=ask, name="campaign gate", daemon=True).start()
        try:
            with self._waiting("gate", "waiting at the gate"):
                await self._shutdown.wait_for(_done(answer))
            return answer.done() and answer.result()
        finally:
            answer.cancel()

    @contextlib.contextmanager
    def _waiting(self, waiting_for: str, activity: str, until: float | None = None) -> Iterator[None]:
        """Say what is waited for, and count the time."""
        self._progress.waiting_for, self._progress.waiting_until = waiting_for, until
        self._progress.activity = activity
        self._waits_since = self._clock.now()
        try:
            yield
        finally:
            self._waited, self._waits_since = self.waited, None
            self._progress.waiting_for, self._progress.waiting_until = "", None
            self._progress.activity = ""

    def _outcome(self) -> GateOutcome:
        assert self._gate is not None  # noqa: S101 - a delivery without one is never held
        tally = self._journal.tally(self._run)
        first = self._journal.first_rows(self._run, self._gate.after)
        return outcome_of(self._gate, first, tally.count(State.PENDING, State.SENDING))

    def _is_passed(self) -> bool:
        return gate_is_passed(self._journal, self._run)


def opening_of(schedule: Schedule, now: float) -> float:
    """When messages may leave; a window that is about to close is left out."""
    opens = schedule.opening(now)
    closes = schedule.closing(opens)
    return opens if opens < closes - LEAD else schedule.opening(closes)


def waiting_until(schedule: Schedule, opens: float) -> str:
    """What is waited for, for people."""
    zone = f" ({schedule.time_zone})" if schedule.time_zone else ""
    return f"waiting until {schedule.moment_text(opens)}{zone}"


def holds_of(
    run: Run,
    settings: DeliverySettings,
    progress: Progress,
    shutdown: Shutdown,
    *,
    looks_only: bool,
    clock: Clock | None = None,
) -> Holds:
    """Where a delivery of a run holds; nowhere if it only looks up what became of rows."""
    if looks_only:
        settings = replace(settings, schedule=ANY_TIME, gate=None)
    holds = Holds(run.journal, run.number, settings, progress=progress, shutdown=shutdown, clock=clock or SystemClock())
    if not looks_only:
        holds.before_sending, holds.decide, holds.by = tuple(run.before_sending), run.decide_gate, run.by or holds.by
    return holds


async def _done(answer: asyncio.Future[bool]) -> None:
    await asyncio.wait([answer])


def gate_is_passed(journal: JournalStore, run: int) -> bool:
    """Whether a run has gone on past its gate."""
    return any(decision.what == GATE for decision in journal.decisions(run))


def is_kept(outcome: GateOutcome) -> bool:
    """Go on where no larger share failed or is in doubt than the gate allows."""
    return outcome.kept

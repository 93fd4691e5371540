"""Work on a run under a session of the journal: it can be stopped, and its end is recorded however it ends."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import TYPE_CHECKING

from campaign.delivery import Progress, Shutdown, StopReason
from campaign.delivery.redaction import Redaction
from campaign.delivery.shutdown import fault_reason
from campaign.errors import CampaignError, JournalError, Problem
from campaign.runs.activity import activity_record
from campaign.runs.stop_watch import stop_watch
from campaign.schedule import ANY_TIME

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryLog, RateLimiter
    from campaign.journal import JournalStore, Tally
    from campaign.runs.run import Run
    from campaign.schedule import Schedule

LOG = logging.getLogger(__name__)


class SessionTask(ABC):
    """A delivery or an undo. It can be stopped from the moment it exists, from any thread.

    Attributes:
        progress: counts so far.
        rate_limiter: its rate limiter; None before it begins.
        log: the record of its attempts; None while it makes none.
        reason: why it ended before the last row; None where it did not.
        problem: why rows in doubt could not be looked up; None where they could, or there were none.
        schedule: when it may send.
    """

    def __init__(self, run: Run) -> None:
        self.progress = Progress()
        self.rate_limiter: RateLimiter | None = None
        self.log: DeliveryLog | None = None
        self.reason: StopReason | None = None
        self.problem: Problem | None = None
        self.schedule: Schedule = ANY_TIME
        self._run = run
        self._shutdown = Shutdown()
        self._stop_requested = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._ended: Future[None] = Future()
        self._began: float | None = None
        self._total = 0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        return self._stop_requested and not self._ended.done()

    @property
    def stop_reason(self) -> str:
        """Why it is stopping; "" where it is not."""
        return self._shutdown.reason.text if self._shutdown.reason else ""

    @property
    def quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last; None where that is not known."""
        return None

    @property
    def waited(self) -> float:
        """Seconds that it has waited so far for its window or at its gate."""
        return 0.0

    @property
    def seconds(self) -> float:
        """Seconds since it began, without such waits."""
        return 0.0 if self._began is None else max(0.0, time.monotonic() - self._began - self.waited)

    def late_end(self) -> str | None:
        """When the last row is done where that is after this window, on the schedule's clock; None where it is not."""
        if not self.schedule.has_windows or not self.progress.done or not self.seconds:
            return None
        left = max(0, self._total - self.progress.done) / (self.progress.done / self.seconds)
        forecast = self.schedule.forecast(time.time(), left)
        if forecast.windows == 1 or math.isinf(forecast.ends):
            return None
        return self.schedule.moment_text(forecast.ends)

    async def ended(self) -> None:
        """Wait until it has ended; in any event loop."""
        await asyncio.shield(asyncio.wrap_future(self._ended))

    def stop(self, reason: str, *, interrupted: bool = True) -> None:
        """Let rows in flight end, and begin no other."""
        request = StopReason(reason, interrupted=interrupted)
        self._stop_requested = True
        if self._loop is None:
            self._shutdown.request(request)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._shutdown.request, request)

    def cancel(self) -> None:
        """Cancel rows in flight; the next command settles them. Before the work begins: stop it."""
        if self._loop is None or self._task is None:
            self.stop("cancelled")
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _attach(self) -> None:
        """From now on the work belongs to the event loop and the task that run."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()

    async def _perform_session(self, session: int, rows: int) -> None:
        """Do the work of a session that has begun, and record its end, however it comes about.

        Args:
            session: the session.
            rows: how many rows it is about.

        Raises:
            CampaignError: no request was made; after one, the error is the `reason`, and a report follows.
        """
        journal = self._run.journal
        self._began, self._total = time.monotonic(), rows
        journal.deliveries.append(self)
        try:
            async with (
                activity_record(journal, session, self, rows) as record,
                stop_watch(journal, self._shutdown, record),
            ):
                self.reason = await self._work()
        except CampaignError as error:
            self.reason = StopReason(str(error))
            if not self.progress.requests:
                raise
        except Exception as error:  # noqa: BLE001 - outside the workers; a report follows all the same
            self.reason = fault_reason(error, Redaction(self._run.credentials.values()))
        except BaseException:
            self.reason = self._shutdown.reason or StopReason("cancelled", interrupted=True)
            raise
        finally:
            self._end_session(session)
            journal.deliveries.remove(self)
            self._ended.set_result(None)

    def _end_session(self, session: int) -> None:
        """Record the end, also where the caller has closed the journal meanwhile."""
        try:
            with self._run.journal.reopened() as journal:
                journal.check_session(session)
                journal.end_session(session, self._conclude(journal))
        except JournalError as error:
            LOG.info("the end of the session is not on record: %s", error)  # a report follows all the same
        except Exception:
            LOG.exception("the end of the session is not on record")

    @abstractmethod
    async def perform(self) -> None:
        """Do the work and record the session. The caller holds the journal.

        Raises:
            CampaignError: no request was made.
        """

    @abstractmethod
    def counted(self) -> Tally | None:
        """The run's figures without a look into the journal; None where no request was made."""

    @abstractmethod
    async def _work(self) -> StopReason | None:
        """Do the work; returns why it ended before the last row."""

    @abstractmethod
    def _conclude(self, journal: JournalStore) -> str | None:
        """Settle what is left in an open journal; returns why the run is not finished, for the record."""

"""The undo of a run: its messages are deleted one by one, under the same limits and on the same record as sending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.delivery import DeliveryContext, HttpTransport, Progress, StopReason, deliver
from campaign.delivery.redaction import Redaction
from campaign.errors import JournalError
from campaign.journal.deletions import MAY_BE_THERE
from campaign.journal.records import State
from campaign.runs.counts import count_rows, tally_without
from campaign.runs.limits import limiter_of
from campaign.runs.session_task import SessionTask

if TYPE_CHECKING:
    from campaign.channels.undo import Undo
    from campaign.delivery.ports import AttemptLog
    from campaign.journal import JournalStore, Tally
    from campaign.runs.run import Run
    from campaign.settings import DeliverySettings


class UndoTask(SessionTask):
    """Deletes what a run has sent. Rows that were cut off while sending are read back first."""

    def __init__(self, run: Run, undo: Undo, settings: DeliverySettings, rows: tuple[range, ...]) -> None:
        super().__init__(run)
        self.progress.deletes = True
        self._undo = undo
        self._settings = replace(settings, limit=None)
        self._rows = rows
        self._session: int | None = None
        self._before: Tally | None = None

    async def perform(self) -> None:
        """Delete, and record the session. The caller holds the journal.

        Raises:
            CampaignError: no request was made.
        """
        self._attach()
        journal, run = self._run.journal, self._run
        self._before = journal.tally(run.number)
        self._session = journal.begin_session(run.number, sends=False, by=run.by)
        await self._perform_session(self._session, count_rows(journal, run.number, MAY_BE_THERE, self._rows))

    def counted(self) -> Tally | None:
        """The run's figures without a look into the journal; None where no request was made."""
        if self._before is None or not self.progress.requests:
            return None
        return tally_without(self._before, self.progress, self.seconds)

    async def _work(self) -> StopReason | None:
        run, settings = self._run, self._settings
        headers = run.channel.auth_headers(run.credentials)
        can_read_back = run.channel.can_read_back
        try:
            async with (
                HttpTransport(
                    run.server, settings, headers, can_read_back=can_read_back, proxies=run.proxies
                ) as transport,
                limiter_of(run, settings, self._shutdown) as self.rate_limiter,
            ):
                redaction = Redaction([*run.credentials.values(), *headers.values()])
                return await self._settle_cut_off(transport, redaction) or await self._delete(transport, redaction)
        except JournalError as error:
            return StopReason(str(error))

    async def _settle_cut_off(self, transport: HttpTransport, redaction: Redaction) -> StopReason | None:
        """Find out which rows that were cut off were sent; those that were not are pending again."""
        run = self._run
        if not run.channel.can_read_back:
            run.journal.mark_cut_off_in_doubt(run.number)
        if not run.journal.tally(run.number).count(State.SENDING):
            return None
        async with run.journal.attempt_log(run.number, (), self._session, waiting=(State.SENDING,)) as log:
            context = replace(self._context(transport, redaction, log), progress=Progress(), look_only=True)
            reason = await deliver(context)
        self.progress.requests += context.progress.requests
        return reason

    async def _delete(self, transport: HttpTransport, redaction: Redaction) -> StopReason | None:
        run = self._run
        async with run.journal.attempt_log(run.number, MAY_BE_THERE, self._session, rows=self._rows, waiting=()) as log:
            return await deliver(self._context(transport, redaction, log), self._undo)

    def _context(self, transport: HttpTransport, redaction: Redaction, log: AttemptLog) -> DeliveryContext:
        assert self.rate_limiter is not None  # noqa: S101 - `_work` made it
        return DeliveryContext(
            channel=self._run.channel,
            settings=self._settings,
            transport=transport,
            log=log,
            rate_limiter=self.rate_limiter,
            shutdown=self._shutdown,
            progress=self.progress,
            redaction=redaction,
        )

    def _conclude(self, journal: JournalStore) -> str | None:
        """What the run itself waits for stays as it was."""
        return None if journal.tally(self._run.number).finished else self._run.record.stop_reason

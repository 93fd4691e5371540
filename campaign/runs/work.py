"""A run being worked on: what starting and resuming have in common."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaign.campaign_file import DeliverySection, ThrottleSection
from campaign.channels import CHANNELS
from campaign.channels.address import base_url
from campaign.delivery import Order, Server, Settings, deliver
from campaign.errors import JournalError, Problem, ResultsError
from campaign.journal import SANDBOX, State
from campaign.review.results_workbook import write_results
from campaign.review.state_styles import TO_FIX
from campaign.runs.terms import Facts, Report
from campaign.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.channels import Channel
    from campaign.delivery import StopReason, Watch
    from campaign.journal import Journal, Run, Tally
    from campaign.runs.terms import Attendant, Places, Wishes

WAITING = (State.PENDING, State.SENDING)

CUT_SHORT = "cut off, or still being delivered"
"""Why a run is not finished of whose end nothing is on record."""

SANDBOX_RATE = 1000.0
"""Messages a second under `auto` in a rehearsal: the sandbox is ours alone and has no limit."""


@dataclass(frozen=True, slots=True)
class Work:
    """A run, its files, what the operator wishes, and who attends."""

    journal: Journal
    run: Run
    where: Places
    wishes: Wishes
    attendant: Attendant
    retry: tuple[State, ...] = ()

    @property
    def channel(self) -> Channel:
        """The channel that the run was planned for."""
        return CHANNELS[self.run.facts.channel]

    @property
    def throttle(self) -> ThrottleSection:
        """The throttle that the run was planned with, where the operator does not wish otherwise now."""
        return ThrottleSection.model_validate({**self.run.facts.settings["throttle"], **self.wishes.throttle})

    @property
    def rate(self) -> float | None:
        """Messages a second; None: as the server allows."""
        return self.throttle.rate or (SANDBOX_RATE if self.wishes.sandbox else None)

    @property
    def delivery(self) -> DeliverySection:
        """The delivery settings that the run was planned with."""
        return DeliverySection.model_validate(self.run.facts.settings["delivery"])

    @property
    def server(self) -> str:
        """The base URL that the run was planned with, or the one that the operator names now."""
        return base_url(self.channel, self.wishes.server) if self.wishes.server else self.run.facts.server

    def settle_cut_off(self) -> None:
        """Mark rows that were cut off while sending as in doubt, where the server cannot be asked about them."""
        if not self.channel.can_read_back and self.delivery.on_doubt == "ask":
            self.journal.doubt_cut_off(self.run.number)

    def agreed(self) -> bool:
        """Ask whether to send; nothing is asked where nothing waits."""
        tally = self.journal.tally(self.run.number)
        messages = self._messages(tally)
        server = SANDBOX if self.wishes.sandbox else self.server
        return messages == 0 or self.attendant.agrees(Facts(messages, server, self.rate, tally))

    def _messages(self, tally: Tally) -> int:
        """How many messages are to be sent now."""
        waiting = tally.count(*WAITING, *self.retry)
        return waiting if self.wishes.limit is None else min(waiting, self.wishes.limit)

    def deliver(self, key: str | None) -> Report:
        """Deliver what waits, and review the run."""
        messages = self._messages(self.journal.tally(self.run.number))
        if messages == 0:
            return self.report()
        session = self.journal.begin_session(self.run.number)
        reason = asyncio.run(self._delivered(key, self.attendant.delivery(messages)))
        with contextlib.suppress(JournalError):  # a journal that cannot be written has stopped the run and said so
            self.settle_cut_off()
            self.journal.end_session(session, self._unfinished(reason))
        return self.report(reason)

    async def _delivered(self, key: str | None, watch: Watch) -> StopReason | None:
        if not self.wishes.sandbox:
            return await deliver(self._order(self.server, key), watch)
        async with Sandbox() as sandbox:
            return await deliver(self._order(sandbox.url, key), watch)

    def _order(self, url: str, key: str | None) -> Order:
        throttle, delivery = self.throttle, self.delivery
        headers = {self.channel.key_header: key} if self.channel.key_header and key else {}
        settings = Settings(
            rate=self.rate,
            concurrency=throttle.concurrency,
            give_up_after=delivery.give_up_after,
            stop_after_refusals=delivery.stop_after_refusals,
            resend_in_doubt=delivery.on_doubt == "retry",
            limit=self.wishes.limit,
        )
        server = Server(url, headers, delivery.timeout, throttle.concurrency)
        return Order(self.journal.path, self.run.number, self.channel, server, settings, self.retry)

    def _unfinished(self, reason: StopReason | None) -> str | None:
        """Why the run is not finished; None where it is."""
        if self.journal.tally(self.run.number).finished:
            return None
        return reason.text if reason else f"the limit of {self.wishes.limit} rows is reached"

    def report(self, reason: StopReason | None = None) -> Report:
        """Write the results workbook and say how the run stands."""
        run = self.journal.run(self.run.number) or self.run
        target = self.where.workbook(run.number)
        tally = self.journal.tally(run.number)
        report = Report(
            run,
            tally,
            reason=None if tally.finished else run.stop_reason or (reason.text if reason else CUT_SHORT),
            interrupted=bool(reason and reason.interrupted) and not tally.finished,
            reasons=self.journal.reasons(run.number),
        )
        progress = self.attendant.writing(target, tally.rows + tally.count(*TO_FIX))
        try:
            return replace(report, results=write_results(self.journal, run, target, progress))
        except ResultsError as error:
            return replace(report, trouble=error)
        except KeyboardInterrupt:
            return replace(report, interrupted=True, trouble=ResultsError(Problem(str(target), "was not written")))


def check_results_place(target: Path, recipients: Path) -> None:
    """See that the results workbook has a place to go to, and is not put over the list, before anything is sent.

    Raises:
        ResultsError: it has not, or it would be.
    """
    if not target.parent.is_dir():
        what = "there is no such folder for the results workbook"
        raise ResultsError(Problem(str(target.parent), what, "make it first"))
    if target.suffix.lower() != ".xlsx":
        raise ResultsError(Problem(str(target), "the results are a workbook", "choose a name that ends in .xlsx"))
    if target.resolve() == recipients.resolve():
        raise ResultsError(Problem(str(target), "the results would replace the list", "choose another name"))

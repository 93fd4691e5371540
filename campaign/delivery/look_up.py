"""Reading the server's list of a period, page by page, through the rate limiter and on record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.channels.base import Indeterminate, Response, Throttled, Unreachable
from campaign.channels.look_up import ListPage, OtherForm, Period, Unavailable
from campaign.channels.responses import http_date
from campaign.delivery.list_clock import ClockBounds
from campaign.delivery.policy import backoff
from campaign.journal.records import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Collection

    from campaign.channels.base import NoResponse
    from campaign.channels.look_up import Conversation, ListedMessage, LookUp, LookUpResult
    from campaign.delivery.ports import DeliveryContext

MARGIN = 120.0
"""Seconds by which a period is longer than needed at both ends."""

PATIENCE = 20.0
"""Seconds of nothing but trouble after which a look-up ends without a result; the run's rows are safe without it."""

FOREIGN_PAGES = 1000
"""Pages that a list may have besides those of this campaign's own messages: a server that leaves out no page which was
read already would be asked for ever."""

RESULTS = {
    ListPage: "listed",
    OtherForm: "refused",
    Unavailable: "unavailable",
    Throttled: "not_taken",
    Unreachable: "unreachable",
    Indeterminate: "unclear",
}
"""What the journal stores as the result of a look-up. Stored words never change: old journals hold them."""


@dataclass(slots=True)
class MessageList:
    """What was read of the server's list.

    Attributes:
        began_at: when the first page was asked for, in seconds since the epoch, local clock.
        clock: the server's clock, as the responses' `Date` tells.
        messages: those of the wanted conversations, by their id.
        whole: every page was read and understood.
        unavailable: why the server has no such list for us; "" where it has.
        trouble: why it was not read to its end; "" where it was.
    """

    began_at: float
    clock: ClockBounds = field(default_factory=ClockBounds)
    messages: dict[str, ListedMessage] = field(default_factory=dict)
    whole: bool = True
    unavailable: str = ""
    trouble: str = ""


class ListReader:
    """Reads the list of one period."""

    def __init__(
        self, context: DeliveryContext, look_up: LookUp, since: float, conversations: Collection[Conversation], own: int
    ) -> None:
        """Prepare to read.

        Args:
            context: what to work with.
            look_up: how the server is asked.
            since: the beginning of the period, in seconds since the epoch, local clock.
            conversations: whose messages are wanted.
            own: how many messages of this campaign's own the list may have.
        """
        self._context = context
        self._look_up = look_up
        self._since = since
        self._conversations = conversations
        self._own = own
        self._asked, self._offset = Period(0.0, 0.0), 0
        self._shown: frozenset[object] = frozenset()
        self._pages, self._entries = 0, 0
        self._list = MessageList(context.clock.epoch())
        self._form = 0
        self._failures = 0
        self._unreadable = 0
        self._troubled_since: float | None = None

    async def read(self) -> MessageList:
        """Read every page; also returns what was read where trouble or a shutdown ended it early."""
        self._asked = self._period()
        while not self._context.shutdown:
            result = await self._page(self._asked, self._offset)
            if isinstance(result, ListPage):
                if self._is_last(result):
                    return self._list
            elif isinstance(result, OtherForm) and self._form + 1 < self._look_up.forms:
                self._form += 1
            elif isinstance(result, OtherForm | Unavailable):
                return self._ended(unavailable=result.reason)
            elif ended := await self._wait(result):
                return ended
        return self._ended(trouble="stopped")

    def _is_last(self, page: ListPage) -> bool:
        """Take in a page; returns whether none is asked for after it."""
        if self._offset == 0 and not _covers(self._asked, needed := self._period()):
            self._asked = needed  # now that the server's clock is known
            return False
        if page.size == 0:
            return True
        self._offset += page.size
        self._take(page)
        shown = frozenset((each.conversation, each.created, each.texts) for each in page.messages)
        if shown and shown == self._shown:  # it does not page as asked, so what it has beyond this page is not known
            self._list.whole = False
            return True
        self._shown = shown
        if self._is_endless():
            self._ended(trouble=f"the server's list does not end: {self._pages:,} pages were read")
        return bool(self._list.trouble)

    def _is_endless(self) -> bool:
        """Whether the list has more pages than the period can."""
        each = max(1.0, self._entries / self._pages)
        return self._pages > FOREIGN_PAGES + 2 * self._own / each

    def _period(self) -> Period:
        """From the beginning until now by the server's clock, with a margin."""
        clock, now = self._list.clock, self._context.clock.epoch()
        least, most = (clock.least, clock.most) if math.isfinite(clock.most) else (0.0, 0.0)
        return Period(self._since + least - MARGIN, now + most + MARGIN)

    def _take(self, page: ListPage) -> None:
        """Keep what is wanted of a page."""
        self._failures, self._unreadable, self._troubled_since = 0, 0, None
        self._pages += 1
        self._entries += len(page.messages)
        self._list.whole = self._list.whole and not page.unread
        messages = self._list.messages
        for message in page.messages:
            # A message that is listed twice, and once without an error, was delivered.
            is_news = message.message_id not in messages or messages[message.message_id].error
            if message.conversation in self._conversations and is_news:
                messages[message.message_id] = message

    async def _page(self, period: Period, offset: int) -> LookUpResult:
        """Ask for one page, and record that."""
        context = self._context
        permit = await context.rate_limiter.acquire("look-up")
        if permit is None:
            return Unreachable("stopped")
        began_at, sent_at = context.clock.epoch(), context.clock.now()
        try:
            request = self._look_up.request(period, offset, self._form)
            response = await context.transport.send(request)
        except BaseException:
            context.rate_limiter.release(permit)
            raise
        latency = context.clock.now() - sent_at
        result = self._look_up.read(response)
        whole = response if isinstance(response, Response) else None
        quota = context.channel.quota(whole) if whole else None
        context.rate_limiter.release(permit, whole, quota, healthy=isinstance(result, ListPage))
        self._learn_clock(response, began_at, latency)
        self._record(result, response, began_at, latency)
        return result

    def _learn_clock(self, response: Response | NoResponse, began_at: float, latency: float) -> None:
        """A `Date` has whole seconds: it was written at a moment between sending and receiving."""
        date = http_date(response.headers.get("date", "")) if isinstance(response, Response) else None
        if date is not None:
            self._list.clock = self._list.clock.narrowed(date - began_at - latency, date + 1 - began_at)

    def _record(self, result: LookUpResult, response: Response | NoResponse, began_at: float, latency: float) -> None:
        said = "" if isinstance(result, ListPage) else self._context.redaction.text(result.reason)
        status = response.status if isinstance(response, Response) else None
        word = RESULTS[type(result)]
        outcome = Outcome(State.IN_DOUBT, word, said, None, status, began_at + latency, latency)
        self._context.log.record_look_up(began_at, word, outcome)

    async def _wait(self, result: Throttled | Unreachable | Indeterminate) -> MessageList | None:
        """Wait after trouble; returns the list as far as it was read where it lasts too long."""
        context, now = self._context, self._context.clock.now()
        self._failures += 1
        if isinstance(result, Indeterminate) and result.stop_after:
            self._unreadable += 1
            if self._unreadable >= result.stop_after:
                return self._ended(unavailable=result.reason)
        self._troubled_since = now if self._troubled_since is None else self._troubled_since
        asked = 0.0 if isinstance(result, Unreachable) else result.wait or 0.0
        wait = asked or backoff(self._failures, context.random)
        if isinstance(result, Throttled):
            context.rate_limiter.slow_down()
            context.rate_limiter.pause(wait)
        patience = max(PATIENCE, 2 * context.settings.timeout)
        if now + wait - self._troubled_since > min(patience, context.settings.give_up_after):
            return self._ended(trouble=result.reason)
        await context.shutdown.sleep(context.clock, wait)
        return None

    def _ended(self, *, unavailable: str = "", trouble: str = "") -> MessageList:
        text = self._context.redaction.text
        self._list.whole = False
        self._list.unavailable, self._list.trouble = text(unavailable), text(trouble)
        return self._list


def _covers(period: Period, needed: Period) -> bool:
    """Whether a period leaves half of the margin at both ends."""
    return period.start <= needed.start + MARGIN / 2 and period.end >= needed.end - MARGIN / 2

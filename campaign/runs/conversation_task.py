"""Reading a server's list of conversations, and the people behind them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from campaign.channels.base import NotFound
from campaign.channels.conversations import Contact, ConversationPage
from campaign.channels.look_up import OtherForm, Period, Unavailable
from campaign.delivery.asking import Asker
from campaign.delivery.shutdown import StopReason, fault_reason
from campaign.errors import JournalError
from campaign.journal.sqlite.conversation_record import RecordedContact, RecordedConversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.channels.base import NoResponse, Request, Response
    from campaign.channels.conversations import ContactResult, Conversations, PageResult
    from campaign.delivery import LocalRateLimiter
    from campaign.delivery.asking import AskContext
    from campaign.journal.sqlite.conversation_record import ConversationRecord, Reading

FOREVER = 100_000
"""Pages after which a list is taken for one that does not end."""


class ListTask:
    """Reads the list of a period, page by page; what was read is on record before the next page is asked for."""

    def __init__(
        self, conversations: Conversations, record: ConversationRecord, since: float, reading: Reading
    ) -> None:
        self._conversations = conversations
        self._record = record
        self._period = Period(since, reading.until)
        self.reading = reading

    async def __call__(self, context: AskContext, _limiter: LocalRateLimiter) -> None:
        """Read until the end; a server without such a list stops the session."""
        context.progress.sent = self._record.count
        shown: object = None
        for _ in range(FOREVER):
            if self.reading.whole:
                return
            asker: Asker[PageResult] = Asker(context, _PageQuestion(self._conversations, self._period, self.reading))
            result = await asker.ask()
            if isinstance(result, ConversationPage):
                self._take(result, repeats=bool(result.conversations) and result.conversations == shown)
                shown = result.conversations
                context.progress.sent = self._record.count
            elif isinstance(result, OtherForm) and self.reading.form + 1 < self._conversations.forms:
                self.reading = self.reading._replace(form=self.reading.form + 1)
            else:
                if result is not None:
                    context.shutdown.request(StopReason(context.redaction.text(result.reason)))
                return
        context.shutdown.request(StopReason(f"the server's list does not end: {FOREVER:,} pages were read"))

    def _take(self, page: ConversationPage, *, repeats: bool) -> None:
        reading = self.reading
        self.reading = reading._replace(
            offset=reading.offset + page.size,
            unread=reading.unread + (0 if repeats else page.unread),
            whole=page.size == 0 or repeats,
            repeats=repeats,
        )
        self._record.add_page((RecordedConversation(*each) for each in page.conversations), self.reading)


class ContactTask:
    """Asks for people, several at a time, until all are known or the server gives none."""

    def __init__(self, conversations: Conversations, record: ConversationRecord, leads: list[str]) -> None:
        self._conversations = conversations
        self._record = record
        self._leads: Iterator[str] = iter(leads)
        self.unavailable = ""
        """Why the server gives no contacts; "" where it does."""

    async def __call__(self, context: AskContext, _limiter: LocalRateLimiter) -> None:
        """Ask."""
        await asyncio.gather(*(self._work(context) for _ in range(context.settings.concurrency)))

    async def _work(self, context: AskContext) -> None:
        try:
            for lead in self._leads:
                result = await Asker(context, _ContactQuestion(self._conversations, lead)).ask()
                if isinstance(result, Unavailable):
                    self.unavailable = context.redaction.text(result.reason)
                if result is None or self.unavailable:
                    return
                self._take(context, lead, result)
        except JournalError as error:
            context.shutdown.request(StopReason(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others end in order
            context.shutdown.request(fault_reason(error, context.redaction))

    def _take(self, context: AskContext, lead: str, result: object) -> None:
        contact = RecordedContact()
        if isinstance(result, Contact):
            contact = RecordedContact(result.name, result.phone, result.email, result.tags)
        self._record.add_contact(lead, contact)
        context.breaker.record_success()
        context.progress.sent += isinstance(result, Contact)
        context.progress.failed += isinstance(result, NotFound)


class _PageQuestion:
    """The question for one page."""

    route = "look-up"

    def __init__(self, conversations: Conversations, period: Period, reading: Reading) -> None:
        self._conversations = conversations
        self.request: Request = conversations.request(period, reading.offset, reading.form)

    def read(self, response: Response | NoResponse) -> PageResult:
        """What a response says."""
        return self._conversations.read(response)


class _ContactQuestion:
    """The question for one person."""

    route = "contact"

    def __init__(self, conversations: Conversations, lead: str) -> None:
        self._conversations, self._lead = conversations, lead
        self.request: Request = conversations.contact_request(lead)

    def read(self, response: Response | NoResponse) -> ContactResult:
        """What a response says."""
        return self._conversations.read_contact(response, self._lead)

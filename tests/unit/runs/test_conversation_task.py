"""Reading a list of conversations on a fake clock: repeated pages, entries not understood, a list without end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from campaign.channels.base import Response
from campaign.channels.kitechat.conversations import KitechatConversations
from campaign.delivery import LocalRateLimiter, Shutdown
from campaign.delivery.asking import AskContext
from campaign.delivery.policy import CircuitBreaker
from campaign.errors import JournalWriteError, Problem
from campaign.journal.sqlite.conversation_record import ConversationRecord, Reading, RecordedContact
from campaign.runs import conversation_task
from campaign.runs.conversation_task import ContactTask, ListTask
from campaign.settings import DeliverySettings
from tests.unit.delivery.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from campaign.channels.base import Request

CONVERSATIONS = KitechatConversations()


class Server:
    """Answers each request by a function of its number, from 0."""

    def __init__(self, answer: Callable[[int], Response]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def send(self, request: Request) -> Response:
        self.asked.append(request.url)
        return self._answer(len(self.asked) - 1)


def page(*names: str | None) -> Response:
    sessions = [{"pageId": "p", "conversationId": name, "messages": []} if name else {} for name in names]
    return Response(200, {}, json.dumps({"success": True, "data": {"sessions": sessions}}).encode())


def context_of(clock: FakeClock, server: Server) -> AskContext:
    shutdown, settings = Shutdown(), DeliverySettings(rate=1000.0, concurrency=2)
    limiter = LocalRateLimiter(settings.rate, clock, shutdown)
    breaker = CircuitBreaker(settings.give_up_after, settings.stop_after_refusals)
    return AskContext(CONVERSATIONS, settings, server, limiter, shutdown, breaker, clock)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[ConversationRecord]:
    with ConversationRecord(tmp_path / "c.db") as opened:
        yield opened


async def read(record: ConversationRecord, server: Server) -> tuple[ListTask, AskContext]:
    clock = FakeClock()
    context = context_of(clock, server)
    task = ListTask(CONVERSATIONS, record, 0.0, Reading(60.0))
    limiter = context.rate_limiter
    assert isinstance(limiter, LocalRateLimiter)
    await clock.run(task(context, limiter))
    return task, context


async def test_pages_are_read_until_one_is_empty(record: ConversationRecord) -> None:
    pages = [page("a", None), page("b"), page()]
    server = Server(lambda number: pages[number])
    task, context = await read(record, server)
    assert task.reading == Reading(60.0, 3, 0, 1, whole=True)
    assert [url.rpartition("=")[2] for url in server.asked] == ["0", "2", "3"]
    assert (record.count, context.progress.sent) == (2, 2)


async def test_a_page_that_is_repeated_ends_the_list(record: ConversationRecord) -> None:
    record.begin("the list", 60.0)
    task, _ = await read(record, Server(lambda _: page("a", "b", None)))
    assert (task.reading, record.count) == (Reading(60.0, 6, 0, 1, whole=True, repeats=True), 2)
    assert record.begin("the list", 90.0) == task.reading
    assert not record.begin("another list", 90.0).repeats


async def test_a_list_that_does_not_end_is_given_up(
    record: ConversationRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_task, "FOREVER", 5)
    _, context = await read(record, Server(lambda number: page(f"c{number}")))
    assert context.shutdown.reason is not None
    assert context.shutdown.reason.text == "the server's list does not end: 5 pages were read"
    assert record.count == 5


class FullRecord(ConversationRecord):
    """A record on a disk that is full."""

    def add_contact(self, lead: str, contact: RecordedContact) -> None:  # noqa: ARG002 - a stand-in
        raise JournalWriteError(Problem("c.db", "the journal cannot be written (disk full)"))


class BrokenRecord(ConversationRecord):
    """A record with a fault."""

    def add_contact(self, lead: str, contact: RecordedContact) -> None:  # noqa: ARG002 - a stand-in
        raise RuntimeError("a fault")


@pytest.mark.parametrize(
    ("kind", "why"), [(FullRecord, "disk full"), (BrokenRecord, "a fault of campaign's own")], ids=["full", "fault"]
)
async def test_people_who_cannot_be_recorded_stop_it(tmp_path: Path, kind: type[ConversationRecord], why: str) -> None:
    clock, server = FakeClock(), Server(lambda _: Response(200, {}, b"[]"))
    context = context_of(clock, server)
    limiter = context.rate_limiter
    assert isinstance(limiter, LocalRateLimiter)
    with kind(tmp_path / "c.db") as record:
        await clock.run(ContactTask(CONVERSATIONS, record, ["a", "b", "c"])(context, limiter))
    assert context.shutdown.reason is not None
    assert why in context.shutdown.reason.text


async def test_nobody_is_asked_for_after_contacts_were_refused(record: ConversationRecord) -> None:
    clock, server = FakeClock(), Server(lambda _: Response(403))
    context = context_of(clock, server)
    limiter = context.rate_limiter
    assert isinstance(limiter, LocalRateLimiter)
    task = ContactTask(CONVERSATIONS, record, [f"l{number}" for number in range(50)])
    await clock.run(task(context, limiter))
    assert task.unavailable.startswith("the server gives no list of contacts (HTTP 403)")
    assert len(server.asked) <= 2

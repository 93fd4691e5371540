"""A delivery with real sockets, a real journal and real signals."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from campaign.cli.signals import interruptible
from campaign.delivery import StopReason
from campaign.journal import PlannedRow, RunManifest, State
from campaign.journal.sqlite import SqliteJournal, attempt_log, schema
from campaign.runs import Run
from campaign.settings import DeliverySettings
from tests.unit.delivery.fakes import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ROWS = 30


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A planned run of thirty Kitechat messages."""
    path = tmp_path / "test.journal.db"
    with closing(sqlite3.connect(path)) as connection:  # small pages, so that a small disk fills up quickly
        connection.execute("PRAGMA page_size = 512")
        connection.execute("VACUUM")
    with SqliteJournal.open_or_create(path) as opened:
        run = opened.begin_run(RunManifest("kitechat", "http://127.0.0.1", "t.json", "r.xlsx", None, ()))
        batch = [
            PlannedRow(
                seq + 1,
                State.PENDING,
                destination=f"p/c{seq}",
                body=body("kitechat", f"m{seq}", f"c{seq}"),
                digest=b"%d" % seq,
                cells="[]",
            )
            for seq in range(1, ROWS + 1)
        ]
        opened.add(run.number, 1, batch)
        opened.seal(run.number)
    return path


class Chat:
    """A Kitechat server that reads the journal while it handles a request."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.url = ""
        self.on_record: list[tuple[str, int]] = []
        self.on_arrival: Callable[[], object] = lambda: None
        self.arrived = asyncio.Event()
        self.may_respond = asyncio.Event()
        self.may_respond.set()

    async def handle(self, request: web.Request) -> web.Response:
        payload = await request.json()
        seq = int(payload["message"]["text"].removeprefix("m"))
        with closing(sqlite3.connect(self._journal)) as other:
            query = "SELECT state, (SELECT count(*) FROM attempt WHERE seq = ?1) FROM status WHERE seq = ?1"
            self.on_record.append(other.execute(query, (seq,)).fetchone())
        self.arrived.set()
        self.on_arrival()
        await self.may_respond.wait()
        return web.json_response({"success": True})


@pytest.fixture
async def chat(journal: Path) -> AsyncIterator[Chat]:
    chat = Chat(journal)
    app = web.Application()
    app.router.add_post("/kitechat/send-message", chat.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    chat.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield chat
    chat.may_respond.set()
    await runner.cleanup()


FAST = DeliverySettings(rate=5000)


async def delivered(path: Path, url: str, settings: DeliverySettings = FAST) -> StopReason | None:
    """Deliver run 1 to a server in the same way as the command line."""
    with SqliteJournal.open(path) as opened:
        record = opened.run(1)
        assert record is not None
        run = Run(opened, record, {"api_key": "the-key"}, server=url)
        delivery = run.begin_delivery(settings)
        delivering = asyncio.create_task(delivery.perform())
        with interruptible(run.stop, run.cancel):
            await asyncio.wait([delivering])
        report = run.report_sync()
        if delivering.cancelled():
            assert report.reason is not None
            return StopReason(report.reason, interrupted=report.interrupted)
        delivering.result()
        return delivery.reason


def states(journal: Path) -> dict[str, int]:
    with closing(sqlite3.connect(journal)) as other:
        return dict(other.execute("SELECT state, count(*) FROM status GROUP BY state").fetchall())


async def test_every_row_is_delivered_and_on_record_before_it_leaves(journal: Path, chat: Chat) -> None:
    assert await delivered(journal, chat.url) is None
    assert chat.on_record == [("sending", 1)] * ROWS
    assert states(journal) == {"sent": ROWS}


async def test_the_first_interrupt_drains(journal: Path, chat: Chat) -> None:
    chat.may_respond.clear()
    delivering = asyncio.create_task(delivered(journal, chat.url))
    await chat.arrived.wait()
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(0)
    chat.may_respond.set()
    assert await delivering == StopReason("interrupted", interrupted=True)
    assert states(journal)["sent"] == len(chat.on_record) < ROWS
    assert states(journal)["pending"] == ROWS - len(chat.on_record)


async def test_the_second_interrupt_leaves_rows_in_flight_for_resume(journal: Path, chat: Chat) -> None:
    chat.may_respond.clear()
    delivering = asyncio.create_task(delivered(journal, chat.url))
    await chat.arrived.wait()
    for _ in range(2):
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)
    assert await delivering == StopReason("interrupted", interrupted=True)
    assert states(journal)["in_doubt"] >= len(chat.on_record) > 0
    assert "sent" not in states(journal)


async def test_a_full_disk_stops_before_the_next_send(
    journal: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        connection = schema.connect(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    monkeypatch.setattr(attempt_log, "connect", connect)
    reason = await delivered(journal, chat.url, DeliverySettings(rate=5000, concurrency=1))
    assert reason is not None
    assert "the journal cannot be written (database or disk is full)" in reason.text
    assert set(chat.on_record) == {("sending", 1)}
    left = states(journal)
    assert left["sent"] + left.get("sending", 0) == len(chat.on_record)
    assert left["pending"] == ROWS - len(chat.on_record)


async def test_a_lost_outcome_stops_the_run_with_a_reason(
    journal: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        connections.append(schema.connect(path))
        return connections[0]

    monkeypatch.setattr(attempt_log, "connect", connect)
    chat.on_arrival = lambda: connections[0].execute("PRAGMA query_only = ON")
    reason = await delivered(journal, chat.url, DeliverySettings(rate=5000, concurrency=1))
    assert reason is not None
    assert "the journal cannot be written (attempt to write a readonly database)" in reason.text
    assert len(chat.on_record) == 1
    assert states(journal) == {"in_doubt": 1, "pending": ROWS - 1}

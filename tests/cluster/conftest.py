from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.channels import Channel
from campaign.cluster.events import Event
from campaign.cluster.metrics_server import MetricsServer, listen, url_of
from campaign.cluster.worker import Worker, WorkerOptions
from campaign.errors import Problem
from campaign.journal.cluster import open_cluster
from campaign.journal.postgres.cluster import ClusterStore
from campaign.runs.whole_run import FindCredentials
from tests.integration.conftest import (
    Campaign,
    RunningSandbox,
    api_key,
    command,
    kitechat_list,
    livechat_list,
    server,
    start_sandbox,
)

__all__ = ["api_key", "command", "server", "start_sandbox"]

LEASE = 2.0
"""Seconds: short, so that a test need not wait; a machine that is busy for as long fails no test, but is slower."""


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The address of a database of the test's own, with a short lease: every worker in it is the test's."""
    name = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        address = urlsplit(postgres)._replace(path=f"/{name}").geturl()
        with open_cluster(address) as store:
            store.set_lease(LEASE)
        yield address
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.cluster.worker.POLL", 0.1)
    monkeypatch.setattr("campaign.runs.watching.POLL", 0.1)


@dataclass
class RunningWorker:
    """A worker in a thread of its own."""

    worker: Worker
    thread: threading.Thread
    said: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    url: str = ""

    def stop(self) -> None:
        self.worker.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()


StartWorker = Callable[..., RunningWorker]


def begin_worker(
    database: str,
    name: str = "one",
    only: str | None = None,
    *,
    concurrency: int = 64,
    find: FindCredentials | None = None,
    metrics: bool = False,
    **more: Any,  # noqa: ANN401 - options of a worker
) -> RunningWorker:
    """Start a worker in a thread."""
    ready, said = threading.Event(), list[str]()

    def say(problem: Problem) -> None:
        said.append(str(problem))

    def work() -> None:
        with open_cluster(database) as store:
            options = WorkerOptions(name, find or _key, only, concurrency, **more)
            running.worker = Worker(store, options, say, running.events.append)
            ready.set()
            asyncio.run(_serve(running, store) if metrics else running.worker.run())

    running = RunningWorker(None, threading.Thread(target=work, daemon=True), said)  # type: ignore[arg-type] # soon
    running.thread.start()
    assert ready.wait(10)
    wait_for(lambda: name in names(database))
    return running


async def _serve(running: RunningWorker, store: ClusterStore) -> None:
    listening = listen("127.0.0.1", 0)
    running.url = url_of(listening)
    async with MetricsServer(listening, running.worker.figures, store.progress):
        await running.worker.run()


@pytest.fixture
def start_worker(database: str) -> Iterator[StartWorker]:
    """Start workers that work until the end of the test."""
    started: list[RunningWorker] = []

    def start(name: str = "one", only: str | None = None, **options: Any) -> RunningWorker:  # noqa: ANN401 - of a worker
        started.append(begin_worker(database, name, only, **options))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def names(database: str) -> list[str]:
    """The names of the workers that are at work."""
    with open_cluster(database, create=False) as store:
        return [each.name for each in store.workers()]


def _key(channel: Channel) -> dict[str, str]:
    return {each.name: "key-of-the-tests" for each in channel.credentials}


def wait_for(is_so: Callable[[], object], within: float = 15.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


FileMaker = Callable[..., Path]


@pytest.fixture
def campaign_file(tmp_path: Path, server: RunningSandbox) -> FileMaker:
    """Makes a campaign of some rows."""

    def make(
        count: int,
        channel: str = "livechat",
        more: str = "",
        *,
        timeout: str = "600ms",
        spread: int = 0,
        name: str = "offer",
    ) -> Path:
        if channel == "livechat":
            livechat_list(tmp_path / f"{name}.csv", count, spread or None)
        else:
            kitechat_list(tmp_path / f"{name}.csv", count)
        path = tmp_path / f"{name}.toml"
        path.write_text(
            f'name = "{name}"\ntemplate = "{channel}-text"\n[recipients]\nfile = "{name}.csv"\n'
            f'[server]\nurl = "{server.url}"\n[throttle]\nrate = "2000/s"\n[delivery]\ntimeout = "{timeout}"\n{more}',
            encoding="utf-8",
        )
        return path

    return make


@pytest.fixture
def run(command: Campaign, database: str) -> Campaign:
    """Run a command with the test's database."""
    return lambda *arguments: command(*arguments, "--journal", database)

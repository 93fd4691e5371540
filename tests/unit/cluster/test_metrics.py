"""The metrics of a worker, and how they are served: over a real socket, with figures made up here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from campaign.cluster import metrics_server
from campaign.cluster.figures import WorkerFigures, why_unwell
from campaign.cluster.job_runner import JobCounts
from campaign.cluster.limits import Traffic
from campaign.cluster.metrics import ENDS, RESULTS, Metrics
from campaign.cluster.metrics_server import MetricsServer, listen, url_of
from campaign.delivery import row_worker
from campaign.errors import JournalWriteError, Problem, UsageError
from campaign.journal.cluster import RunProgress
from campaign.journal.records import ABSENT, State
from tests.docs.markdown import codes, page, table

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures() -> WorkerFigures:
    return WorkerFigures(
        name="one",
        started_at=1000.0,
        lease=60.0,
        silent=1.5,
        is_fresh=True,
        leaving=False,
        database_lost=False,
        shards=4,
        rate=None,
        traffic=Traffic(asyncio.Semaphore(1), lambda _event: None, permits=3, waited=0.75),
        jobs=JobCounts(),
        leases_lost=0,
        reconnects=2,
    )


def samples(text: bytes) -> Samples:
    families = text_string_to_metric_families(text.decode())
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def test_names_of_campaigns_are_data() -> None:
    name = 'Tết "2027"\\n\n# HELP {}'
    text = Metrics().text(figures(), [RunProgress(name, 3, 12.0, {State.SENT: 7})])
    found = samples(text)
    of = {("campaign", name), ("run", "3")}
    assert found["campaign_rows", frozenset({*of, ("state", "sent")})] == 7
    assert found["campaign_rows", frozenset({*of, ("state", "pending")})] == 0
    assert found["campaign_run_open_seconds", frozenset(of)] == 12


def test_counts_that_are_zero_are_there_from_the_beginning() -> None:
    found = samples(Metrics().text(figures(), []))
    assert found["campaign_worker_attempts_total", frozenset({("result", "sent")})] == 0
    assert found["campaign_worker_responses_total", frozenset({("class", "5xx")})] == 0
    assert found["campaign_worker_takeovers_total", frozenset()] == 0
    waits = (found[f"campaign_worker_limit_wait_seconds_{part}", frozenset()] for part in ("count", "sum"))
    assert tuple(waits) == (3, 0.75)
    assert ("campaign_worker_rows_per_second", frozenset()) not in found


def test_every_metric_is_described_with_its_type_and_no_other() -> None:
    text = Metrics().text(replace(figures(), rate=2.5), [RunProgress("offer", 1, 1.0, {})]).decode()
    made = dict(line.split()[2:] for line in text.splitlines() if line.startswith("# TYPE campaign_"))
    rows = table(page("how-to/many-machines.md"), "metric", "type", "what it is")
    assert made == {codes(name)[0]: kind for name, kind, _ in rows if codes(name)[0].startswith("campaign_")}


def test_results_and_ends_are_those_of_the_journal() -> None:
    assert set(RESULTS) == set(row_worker.RESULTS.values()) - {ABSENT}
    assert {State(each) for each in ENDS} == {State.SENT, State.FAILED, State.IN_DOUBT}


def test_a_rate_is_there_once_it_is_known() -> None:
    found = samples(Metrics().text(replace(figures(), rate=2.5), []))
    assert found["campaign_worker_rows_per_second", frozenset()] == 2.5


@pytest.mark.parametrize(
    ("known", "runs", "up"),
    [
        pytest.param(figures(), (), 1, id="well"),
        pytest.param(None, (), 1, id="starting"),
        pytest.param(replace(figures(), database_lost=True), (), 0, id="its own exchanges fail"),
        pytest.param(figures(), None, 0, id="the rows cannot be read"),
    ],
)
def test_whether_the_database_is_up(known: WorkerFigures | None, runs: Sequence[RunProgress] | None, up: int) -> None:
    assert samples(Metrics().text(known, runs))["campaign_worker_database_up", frozenset()] == up


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(None, "it is starting", id="not on record"),
        pytest.param(figures(), None, id="well"),
        pytest.param(replace(figures(), database_lost=True), None, id="lost for less than three beats"),
        pytest.param(
            replace(figures(), leaving=True), "it is leaving: requests under way end, and no row begins", id="leaving"
        ),
        pytest.param(
            replace(figures(), is_fresh=False, silent=17.2), "its last beat on record is 17 s old", id="frozen"
        ),
        pytest.param(
            replace(figures(), is_fresh=False, silent=17.2, database_lost=True),
            "its last beat on record is 17 s old: the database is out of reach",
            id="cut off",
        ),
    ],
)
def test_a_worker_is_well_while_it_takes_work(known: WorkerFigures | None, reason: str | None) -> None:
    assert why_unwell(known) == reason


@contextlib.asynccontextmanager
async def served(
    progress: Callable[[], Sequence[RunProgress]], known: Callable[[], WorkerFigures | None] = figures
) -> AsyncIterator[Callable[[str], AsyncIterator[aiohttp.ClientResponse]]]:
    listening = listen("127.0.0.1", 0)
    url = url_of(listening)
    async with MetricsServer(listening, known, progress), aiohttp.ClientSession() as session:
        yield lambda path: session.get(url + path)  # type: ignore[misc,return-value] # a context manager


async def test_the_database_is_asked_once_a_second_however_often_metrics_are() -> None:
    asked = []

    def progress() -> Sequence[RunProgress]:
        asked.append(threading.current_thread())
        return ()

    async with served(progress) as get:
        answers = await asyncio.gather(*(body(get("/metrics")) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len(asked) == 1
    assert asked[0] is not threading.current_thread()


async def body(request: object) -> tuple[int, bytes]:
    async with request as response:  # type: ignore[attr-defined]
        return response.status, await response.read()


async def test_metrics_do_not_wait_for_a_database_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "PATIENCE", 0.05)
    monkeypatch.setattr(metrics_server, "SAME_FOR", 0.0)
    goes_on, asked = threading.Event(), []

    def progress() -> Sequence[RunProgress]:
        asked.append(1)
        goes_on.wait(10)
        return ()

    async with served(progress) as get:
        for _ in range(3):
            status, text = await body(get("/metrics"))
            assert (status, samples(text)["campaign_worker_database_up", frozenset()]) == (200, 0)
        assert len(asked) == 1
        goes_on.set()
        monkeypatch.setattr(metrics_server, "PATIENCE", 10)
        _, text = await body(get("/metrics"))
        assert samples(text)["campaign_worker_database_up", frozenset()] == 1


async def test_metrics_go_without_what_the_database_refuses_to_say() -> None:
    def progress() -> Sequence[RunProgress]:
        raise JournalWriteError(Problem("db", "is gone"))

    async with served(progress) as get:
        status, text = await body(get("/metrics"))
    assert (status, samples(text)["campaign_worker_database_up", frozenset()]) == (200, 0)


async def test_health_is_503_with_a_reason_where_a_worker_takes_no_work() -> None:
    async with served(lambda: (), lambda: None) as get, get("/health") as response:  # type: ignore[attr-defined]
        assert response.status == 503
        assert await response.json() == {"status": "unavailable", "reason": "it is starting"}


async def test_there_is_nothing_else_to_ask_for() -> None:
    async with served(lambda: ()) as get:
        assert (await body(get("/")))[0] == 404


def test_an_address_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"--metrics 127\.0\.0\.1:{port}: cannot listen there \("):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--metrics \[2001:db8::1\]:0: cannot listen there"):
        listen("2001:db8::1", 0)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_the_url_of_an_address_of_ipv6_has_brackets() -> None:
    with listen("::1", 0) as listening:
        assert url_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"

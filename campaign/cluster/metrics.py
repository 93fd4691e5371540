"""The metrics of a worker in the text format of Prometheus; docs/how-to/many-machines.md says what each means."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from campaign.cluster.figures import WorkerFigures
    from campaign.journal.cluster import RunProgress

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

RESULTS = ("sent", "refused", "not_taken", "unreachable", "unclear", "halt")
"""What the journal records as the result of an attempt; see `delivery.row_worker.RESULTS`."""

ENDS = ("sent", "failed", "in_doubt")
"""The states in which a worker's rows end."""

CLASSES = ("2xx", "3xx", "4xx", "5xx", "none")


class Metrics(Collector):
    """Makes the text. Use it in one thread at a time."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)  # memory, processor time and open files, where the system tells
        self._figures: WorkerFigures | None = None
        self._runs: Sequence[RunProgress] | None = None

    def text(self, figures: WorkerFigures | None, runs: Sequence[RunProgress] | None) -> bytes:
        """The metrics of a moment.

        Args:
            figures: the worker's own; None while it starts.
            runs: how far the open runs of the database are; None where that cannot be read.
        """
        self._figures, self._runs = figures, runs
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, as the library wants them."""
        up = self._runs is not None and not (self._figures is not None and self._figures.database_lost)
        yield _gauge("worker_database_up", "Whether the database can be read and written.", up)
        if self._figures is not None:
            yield from _worker(self._figures)
            yield from _work(self._figures)
        yield from _runs(self._runs or ())


def _worker(figures: WorkerFigures) -> Iterator[Metric]:
    facts = {"name": figures.name, "version": version("campaign")}
    yield InfoMetricFamily("campaign_worker", "The worker.", value=facts)
    yield _gauge("worker_start_time_seconds", "When it started, in seconds since the epoch.", figures.started_at)
    yield _gauge("worker_lease_seconds", "How long others wait for a worker without a beat.", figures.lease)
    yield _gauge("worker_lease_fresh", "Whether it may begin something under its lease.", figures.is_fresh)
    yield _gauge("worker_beat_age_seconds", "Seconds since its last beat that is on record.", figures.silent)
    yield _gauge("worker_leaving", "Whether it ends what it has, and leaves.", figures.leaving)
    yield _counter("worker_leases_lost", "How often its lease was lost.", figures.leases_lost)
    yield _counter(
        "worker_database_reconnects", "How often a lost connection to the database was made anew.", figures.reconnects
    )


def _work(figures: WorkerFigures) -> Iterator[Metric]:
    jobs, traffic = figures.jobs, figures.traffic
    yield _gauge("worker_shards", "Shards of runs that it holds.", figures.shards)
    yield _counter("worker_parts_taken", "How often it took shards of a run.", jobs.parts)
    yield _counter("worker_takeovers", "How often it took some from a worker whose lease was lost.", jobs.takeovers)
    yield _counter("worker_rows_settled_in_doubt", "Rows in doubt because they were cut off.", jobs.settled)
    yield _counters("worker_rows", "Rows that it brought to an end.", "state", jobs.rows, ENDS)
    if figures.rate is not None:
        yield _gauge("worker_rows_per_second", "Rows that it brought to an end lately.", figures.rate)
    yield _counters("worker_attempts", "Attempts by result.", "result", jobs.attempts, RESULTS)
    yield _counters("worker_responses", "Responses by class of status.", "class", traffic.answers, CLASSES)
    yield _gauge("worker_requests_in_flight", "Requests under way.", traffic.under_way)
    yield SummaryMetricFamily(
        "campaign_worker_limit_wait_seconds",
        "Seconds that requests waited for their turn under the shared limits.",
        count_value=traffic.permits,
        sum_value=traffic.waited,
    )


def _runs(runs: Iterable[RunProgress]) -> Iterator[Metric]:
    rows = GaugeMetricFamily(
        "campaign_rows", "Rows of the runs that are left to workers.", labels=("campaign", "run", "state")
    )
    ages = GaugeMetricFamily(
        "campaign_run_open_seconds", "Seconds since a run was left to workers.", labels=("campaign", "run")
    )
    for each in runs:
        of = (each.campaign, str(each.run))
        ages.add_metric(of, each.open_for)
        for state in State:
            rows.add_metric((*of, state.value), each.states.get(state, 0))
    yield from (rows, ages)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"campaign_{name}", text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"campaign_{name}", text, value=value)


def _counters(name: str, text: str, label: str, counts: Mapping[str, int], known: Sequence[str]) -> Metric:
    """Counts by a label, also those that are zero so far: a rate is known from the first change on."""
    family = CounterMetricFamily(f"campaign_{name}", text, labels=(label,))
    for value, count in (dict.fromkeys(known, 0) | dict(counts)).items():
        family.add_metric((value,), count)
    return family

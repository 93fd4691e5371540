from __future__ import annotations

import json
import threading

import pytest

from campaign.cli import worker_output
from campaign.cli.worker_output import WorkerOutput
from campaign.cluster import events
from campaign.errors import Problem


def test_a_reader_that_is_slow_does_not_hold_up_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, printed = threading.Event(), list[object]()

    def print_slowly(line: object) -> None:
        reads.wait(10)
        printed.append(line)

    monkeypatch.setattr(worker_output, "MOST_WAITING", 3)
    monkeypatch.setattr(worker_output, "print_json", print_slowly)
    with WorkerOutput("one", as_json=True, verbose=False) as output:
        for _ in range(100):
            output.observe(events.Left())
        reads.set()
    assert 3 <= len(printed) <= 4


def test_a_reader_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = threading.Event()
    monkeypatch.setattr(worker_output, "LAST_LINES", 0.01)
    monkeypatch.setattr(worker_output, "print_json", lambda _line: reads.wait(10))
    with WorkerOutput("one", as_json=True, verbose=False) as output:
        output.observe(events.Left())
    reads.set()


def test_without_an_option_events_are_not_printed_and_warnings_are(capfd: pytest.CaptureFixture[str]) -> None:
    with WorkerOutput("one", as_json=False, verbose=False) as output:
        output.observe(events.Left())
        output.warn(Problem("db", "is slow"))
    assert capfd.readouterr() == ("", "Warning: db: is slow\n")


def test_a_line_is_json_whatever_a_campaign_is_called(capfd: pytest.CaptureFixture[str]) -> None:
    with WorkerOutput("one", as_json=True, verbose=False) as output:
        output.observe(events.RunEnded('Tết "2027"\n\u2028', 1, finished=True))
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line)["campaign"] == 'Tết "2027"\n\u2028'

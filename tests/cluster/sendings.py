"""Runs of several workers, as processes, against a sandbox; and what the sandbox's ledger says of the times."""

from __future__ import annotations

import bisect
import contextlib
import json
import re
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.journal import RunManifest
from campaign.journal.postgres import PostgresJournal
from campaign.sandbox.ledger import Entry
from campaign.settings import DeliverySettings
from tests.benchmarks.children import ROOT, running
from tests.integration.conftest import livechat_list


@contextlib.contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """A sandbox in a process of its own; yields its address."""
    with running("-m", "campaign", "sandbox", "--port", "0", *options, says_on_stderr=True) as line:
        found = re.search(r"http://[\d.]+:\d+", line)
        assert found is not None, line
        yield found[0]


@dataclass
class Arrivals:
    """The messages that reached a server.

    Attributes:
        times: when, in order.
        refused: how many were over the limit.
    """

    times: list[float]
    refused: int

    @classmethod
    def at(cls, server: str) -> Arrivals:
        """Those that a sandbox in another process lists."""
        with urllib.request.urlopen(f"{server}/sandbox/ledger") as response:
            entries: list[dict[str, Any]] = json.load(response)["entries"]
        return cls(sorted(entry["time"] for entry in entries), sum(entry["status"] == 429 for entry in entries))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Arrivals:
        """Those of a ledger."""
        found = list(entries)
        return cls(sorted(entry.time for entry in found), sum(entry.status == 429 for entry in found))

    @property
    def seconds(self) -> float:
        """From the first to the last."""
        return self.times[-1] - self.times[0]

    def most_within(self, seconds: float) -> int:
        """The most that arrived within so many seconds."""
        return max(bisect.bisect_left(self.times, start + seconds) - n for n, start in enumerate(self.times))


@dataclass
class Processes:
    """Workers as processes, which wait for `go`."""

    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def go(self) -> None:
        for process in self.running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def results(self) -> list[dict[str, float]]:
        """What each printed; nothing for those that were killed."""
        found = [process.communicate(timeout=120)[0] for process in self.running]
        return [json.loads(text) for text in found if text.strip()]


@contextlib.contextmanager
def workers(
    journal: str, campaign: str, server: str, rows: Sequence[int], *, rate: str = "auto", alike: bool = True
) -> Iterator[Processes]:
    """Start one worker for each number of rows; they name their address alike, as is right, or each otherwise."""
    processes = Processes()
    try:
        for number, count in enumerate(rows):
            egress = "office" if alike else f"office {number}"
            command = ("-m", "tests.cluster.workers", journal, campaign, server, str(count), rate, egress)
            processes.running.append(
                subprocess.Popen(
                    [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
                )
            )
        for process in processes.running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes
    finally:
        for process in processes.running:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def run_campaigns(folder: Path, journal: str, server: str, rows: Sequence[int], *, egress: str = "office") -> list[Any]:
    """Run campaigns side by side with `campaign run`, one for each number of rows; returns their reports."""
    running = []
    for number, count in enumerate(rows):
        name = f"c{uuid.uuid4().hex}"
        (folder / str(number)).mkdir()
        livechat_list(folder / str(number) / "list.csv", count)
        file = folder / str(number) / "offer.toml"
        file.write_text(
            f'name = "{name}"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n'
            f'[server]\nurl = "{server}"\n',
            encoding="utf-8",
        )
        command = ("run", str(file), "--journal", journal, "--egress", egress, "--yes", "--json", "-q")
        running.append(
            subprocess.Popen([sys.executable, "-m", "campaign", *command], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        )
    return [json.loads(process.communicate(timeout=300)[0]) for process in running]


def new_campaign(journal: str) -> str:
    """A campaign with one run, whose limits workers can share."""
    name = uuid.uuid4().hex
    facts = RunManifest("livechat", "", "text.json", "list.csv", None, (), DeliverySettings())
    with PostgresJournal.open(journal, name) as opened:
        opened.seal(opened.begin_run(facts).number)
    return name

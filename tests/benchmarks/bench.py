"""Shared by all measures: sizes, files, the server, and the order of rounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.benchmarks.children import Ended, run_python
from tests.benchmarks.lists import write_campaign

Found = TypeVar("Found")

FASTEST = 100_000
"""Messages per second: the highest rate that a campaign accepts, and more than any client can send."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of the measures.

    Attributes:
        rows: rows of the workbook and of the smaller CSV file.
        many: rows of the larger CSV file.
        short: rows of the CSV file of one digit a row.
        most: rows of the largest CSV file.
        rounds: number of measurements of each pair.
        concurrency: requests in flight at once.
        script_rows: rows for the script that sends one after the other.
        newman_rows: rows for newman.
        limited_rows: rows for the server with a limit.
        window: seconds in which that server takes ten requests.
        helps: number of `--help` calls in a round.
    """

    rows: int = 100_000
    many: int = 1_000_000
    short: int = 2_400_000
    most: int = 10_000_000
    rounds: int = 5
    concurrency: int = 8
    script_rows: int = 10_000
    newman_rows: int = 1_000
    limited_rows: int = 200
    window: float = 2.0
    helps: int = 7


QUICK = Sizes(50, 50, 60, 100, 1, script_rows=50, newman_rows=10, limited_rows=20, window=0.5, helps=1)


@dataclass(frozen=True)
class Bench:
    """The environment of the measures.

    Attributes:
        folder: the folder for all files.
        url: the server's address.
        sizes: the sizes of the measures.
        say: called with progress messages.
        fetches: whether a missing tool for a comparison may be fetched.
    """

    folder: Path
    url: str
    sizes: Sizes
    say: Callable[[str], None]
    fetches: bool = True

    def warm_up(self) -> None:
        """Let Python compile the imported modules, so that the first round is like the others."""
        self.send("run", self.campaign(".xlsx", 1))

    def list_of(self, suffix: str, rows: int) -> Path:
        """Return a list of `rows` rows in its own folder; it is made once."""
        path = self.folder / f"{suffix[1:]}-{rows}" / f"list{suffix}"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            self.say(f"making {rows:,} rows of {suffix}")
            run_python("-m", "tests.benchmarks.lists", path, str(rows))
        return path

    def campaign(self, suffix: str, rows: int, kind: str = "livechat") -> Path:
        """Return a campaign file for such a list; the files of an earlier run are removed."""
        recipients = self.list_of(suffix, rows)
        for left in (*recipients.parent.glob("*.journal.db*"), *recipients.parent.glob("*.results*.xlsx")):
            left.unlink()
        return write_campaign(recipients, self.url, kind)

    def planned(self, kind: str = "livechat") -> tuple[Path, Path]:
        """A journal with the plan of the workbook, with nothing sent, and a file with one body per line; made once."""
        journal, bodies = self.folder / f"{kind}.journal.db", self.folder / f"{kind}.jsonl"
        if not bodies.exists():
            self.say(f"planning {kind}")
            campaign = self.campaign(".xlsx", self.sizes.rows, kind)
            run_python("-m", "tests.benchmarks.parts", "plan", campaign, journal, bodies)
        return journal, bodies

    def send(self, *arguments: str | Path) -> tuple[Ended, dict[str, Any]]:
        """Run or resume a campaign; return the process and its report."""
        options = ("--yes", "--json", "-q", "--rate", f"{FASTEST}/s", "--concurrency", str(self.sizes.concurrency))
        ended = run_python("-m", "campaign", *arguments, *options, good=(0, 3))
        report = json.loads(ended.output)
        assert isinstance(report, dict)
        return ended, report


def alternately(
    rounds: int, candidate: Callable[[], Found], baseline: Callable[[], Found]
) -> list[tuple[Found, Found]]:
    """Measure both in every round, alternating which goes first, so that neither is favoured by changes over time."""
    pairs = []
    for number in range(rounds):
        if number % 2:
            second = baseline()
            pairs.append((candidate(), second))
        else:
            pairs.append((candidate(), baseline()))
    return pairs

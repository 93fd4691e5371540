"""Kills, freezes and restarts under workers; then the server's ledger, the journal and the list are compared.

    python -m tests.cluster.chaos --kills 100 --freezes 30 --restarts 5 --seed 1
    python -m tests.cluster.chaos --kills 10 --freezes 10 --control

Workers are killed (SIGKILL), stopped for less and for more than their lease (SIGSTOP, SIGCONT), and PostgreSQL is
killed and started again, while a sandbox with faults in a process of its own records what it took. With --control the
workers neither compare epochs nor look at their lease: then rows have to be sent twice, or out of order.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from campaign.journal.cluster import open_cluster
from tests import postgres
from tests.crash.harness import CHATS, RATES, ask, environment, running_sandbox, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.crash.harness import Chat

WORKERS, CONCURRENCY = 3, 8
ROWS, ROWS_OF_A_DESTINATION, PACE = 1500, 6, 400
LEASE = 3.0
LATENCY = 0.03
"""Seconds that an answer takes: so requests are under way when a worker is killed."""

PAUSES = (0.3, 1.5)
"""Seconds between two events."""

FREEZES = (0.3, 2.5)
"""For how many leases a worker is stopped."""

WATCHED = ("--watch-only", "--yes", "--json", "-q")

LONGEST_RUN = 300.0
"""Time limit in seconds for one list with all its events; only a defect takes longer."""


@dataclass
class Events:
    """Events that are left to do, and those that were done."""

    kills: int
    freezes: int
    restarts: int
    done: Counter[str] = field(default_factory=Counter)

    def next(self, dice: random.Random) -> str | None:
        """One of those that are left, by chance; None after the last."""
        left = {"kills": self.kills, "freezes": self.freezes, "restarts": self.restarts}
        named = [name for name, count in left.items() if count > self.done[name]]
        weights = [left[name] - self.done[name] for name in named]
        return dice.choices(named, weights)[0] if named else None


@dataclass
class Figures:
    """The totals."""

    rows: int = 0
    destinations: int = 0
    twice: int = 0
    lost: int = 0
    out_of_order: int = 0
    in_doubt: int = 0
    why: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.twice or self.lost or self.out_of_order or self.wrong or self.why["WITHOUT CAUSE"])

    def add(self, other: Figures) -> None:
        for name in ("rows", "destinations", "twice", "lost", "out_of_order", "in_doubt"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.why += other.why
        self.wrong += other.wrong

    def __str__(self) -> str:
        why = ", ".join(f"{count} {cause}" for cause, count in self.why.most_common())
        doubt = f"{self.in_doubt} in doubt" + (f" ({why})" if why else "")
        order = f"{self.out_of_order} of {self.destinations} destinations out of order"
        return f"{self.rows} rows: {self.twice} twice, {self.lost} lost, {order}, {doubt}"


class Cluster:
    """Worker processes on one database."""

    def __init__(self, address: str, folder: Path, *, control: bool) -> None:
        self._command = [sys.executable, "-m", "tests.cluster.loose_worker" if control else "campaign", "worker"]
        self._address = address
        self._log = (folder / "workers.log").open("ab")
        self._frozen: dict[int, float] = {}
        self.processes = [self._start(place) for place in range(WORKERS)]

    def _start(self, place: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._command, "--journal", self._address, "--name", f"w{place}"],
            stdout=self._log,
            stderr=self._log,
            env=environment(),
        )

    def kill(self, place: int) -> None:
        """Kill a worker, and start another in its place."""
        self._frozen.pop(place, None)
        self.processes[place].kill()
        self.processes[place].wait()
        self.processes[place] = self._start(place)

    def freeze(self, place: int, seconds: float) -> None:
        """Stop a worker for a while; see `thaw`."""
        self.processes[place].send_signal(signal.SIGSTOP)
        self._frozen[place] = time.monotonic() + seconds

    def thaw(self) -> None:
        """Let those go on whose time has come."""
        for place, until in list(self._frozen.items()):
            if time.monotonic() >= until:
                del self._frozen[place]
                self.processes[place].send_signal(signal.SIGCONT)

    def revive(self) -> None:
        """Start those again that have ended by themselves, as a supervisor would."""
        for place, process in enumerate(self.processes):
            if process.poll() is not None:
                self.processes[place] = self._start(place)

    def end(self) -> None:
        """End all."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()
        self._log.close()


def prove(chat: Chat, folder: Path, events: Events, seed: int, *, control: bool = False) -> Figures:
    """Deliver lists until all events were done; prints the progress after each list."""
    dice, figures, number = random.Random(seed), Figures(), 0
    with postgres.own_server() as (address, restart), running_sandbox(seed, RATES, latency=LATENCY) as url:
        with open_cluster(address) as store:
            store.set_lease(LEASE)
        cluster = Cluster(address, folder, control=control)
        try:
            while events.next(random.Random(0)) is not None:
                number += 1
                ask(url + "/sandbox/ledger", "DELETE")
                file = _campaign(chat, folder, f"{chat.name}{number}", url)
                report = _deliver(file, address, cluster, lambda: _event(dice, events, cluster, address, restart))
                figures.add(compare(chat, file.stem, url, address, report, frozen=bool(events.done["freezes"])))
                print(f"{chat.name}: {dict(events.done)}; {figures}", *figures.wrong, sep="\n  ", flush=True)
        finally:
            cluster.end()
    return figures


def _campaign(chat: Chat, folder: Path, name: str, url: str) -> Path:
    destinations = ROWS // ROWS_OF_A_DESTINATION
    rows = [(number % destinations, number) for number in range(ROWS)]
    form = "token{0},room{0},message {1}" if chat.name == "livechat" else "1,conversation{0},message {1}"
    (folder / f"{name}.csv").write_text("\n".join([chat.header, *(form.format(*row) for row in rows)]) + "\n")
    file = folder / f"{name}.toml"
    file.write_text(
        f'template = "{chat.template}"\n[recipients]\nfile = "{name}.csv"\n[server]\nurl = "{url}"\n'
        f'[throttle]\nrate = "{PACE}/s"\nconcurrency = {CONCURRENCY}\n'
        '[delivery]\ntimeout = "500ms"\nstop_after_refusals = 0\n'
    )
    return file


def _event(dice: random.Random, events: Events, cluster: Cluster, address: str, restart: Callable[[], None]) -> None:
    """Do the next event, to a worker that holds something, if any does."""
    time.sleep(dice.uniform(*PAUSES))
    cluster.thaw()
    cluster.revive()
    what = events.next(dice)
    if what is None:
        return
    place = dice.choice(_busy(address, cluster) or range(WORKERS))
    events.done[what] += 1
    if what == "kills":
        cluster.kill(place)
    elif what == "freezes":
        cluster.freeze(place, LEASE * dice.uniform(*FREEZES))
    else:
        restart()


def _busy(address: str, cluster: Cluster) -> list[int]:
    """The workers that hold shards."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address) as connection:
        query = (
            "SELECT DISTINCT process FROM campaign.worker JOIN campaign.shard ON holder = worker.worker WHERE NOT lost"
        )
        processes = {process for (process,) in connection.execute(query)}
        return [place for place, each in enumerate(cluster.processes) if each.pid in processes]
    return []


def _deliver(file: Path, address: str, cluster: Cluster, event: Callable[[], None]) -> dict[str, Any]:
    """Run, and resume where the run was stopped, while events happen. Returns the last report."""
    command, began = ["run"], time.monotonic()
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "campaign", *command, str(file), "--journal", address, *WATCHED],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        while process.poll() is None and not _is_ordered(address, file.stem):
            time.sleep(0.02)
        while process.poll() is None:
            event()
            if time.monotonic() - began > LONGEST_RUN:
                process.kill()
        stdout, stderr = process.communicate()
        report = json.loads(stdout) if stdout else {}
        if report.get("state") == "finished":
            return report
        if time.monotonic() - began > LONGEST_RUN:
            print(f"{file.stem} did not finish: {report or stderr}", flush=True)
            return report
        command = ["resume"] if _is_ordered(address, file.stem) else ["run"]
        cluster.thaw()
        cluster.revive()
        time.sleep(1)


def _is_ordered(address: str, campaign: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(address) as connection:
        query = "SELECT 1 FROM campaign.run WHERE campaign = %s AND ordered IS NOT NULL"
        return connection.execute(query, (campaign,)).fetchone() is not None
    return False


def compare(chat: Chat, name: str, url: str, address: str, report: dict[str, Any], *, frozen: bool) -> Figures:
    """Compare the server's ledger with the journal and the list."""
    entries: list[dict[str, Any]] = json.loads(ask(url + "/sandbox/ledger"))["entries"]
    posts = [entry for entry in entries if entry["method"] == "POST"]
    by_text: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in posts:
        by_text[text_of(entry, chat)].append(entry)
    figures = Figures(rows=ROWS, destinations=ROWS // ROWS_OF_A_DESTINATION)
    for number, (state, kind) in enumerate(_states(address, name)):
        requests = by_text[f"message {number}"]
        taken = sum(entry["taken"] for entry in requests)
        figures.twice += max(0, taken - 1)
        if state == "in_doubt":
            figures.in_doubt += 1
            figures.why[_why(kind, requests, frozen=frozen)] += 1
        elif state != "sent" or not taken:
            figures.lost += 1
            figures.wrong.append(f"{name}: row {number + 2} is {state}, taken {taken} times")
    arrived: dict[int, list[int]] = defaultdict(list)
    for entry in sorted(posts, key=lambda entry: int(entry["number"])):
        if entry["taken"]:
            number = int(text_of(entry, chat).removeprefix("message "))
            arrived[number % figures.destinations].append(number)
    figures.out_of_order = sum(numbers != sorted(numbers) for numbers in arrived.values())
    if report.get("sent", 0) + report.get("in_doubt", 0) != ROWS:
        figures.wrong.append(f"{name}: the report says {report}")
    with psycopg.connect(address) as connection:
        query = (
            "SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM campaign.shard JOIN campaign.run "
            "USING (run) WHERE campaign = %s AND (holder IS NOT NULL OR NOT done))"
        )
        if (left := connection.execute(query, (name,)).fetchone()) != (0, 0):
            figures.wrong.append(f"{name}: jobs and shards that are left: {left}")
    return figures


def _states(address: str, name: str) -> list[tuple[str, str]]:
    with psycopg.connect(address) as connection:
        return connection.execute(
            "SELECT state, kind FROM campaign.run JOIN campaign.status USING (run) WHERE campaign = %s ORDER BY seq",
            (name,),
        ).fetchall()


def _why(kind: str, requests: list[dict[str, Any]], *, frozen: bool) -> str:
    """Why it is unknowable whether a row in doubt was sent."""
    if kind == "cut off":
        return "cut off while sending" if requests else "cut off between record and request"
    if kind == "never left":
        return "held back"
    if any(entry["status"] is None or entry["fault"] is not None for entry in requests):
        return "response lost"
    return "response lost to a freeze" if frozen else "WITHOUT CAUSE"


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        postgres.announce(Path("/dev/shm"))  # noqa: S108 - the server makes a folder in it that is its own
        os.environ["PYTHONUNBUFFERED"] = "1"
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills of workers, for each channel")
    parser.add_argument("--freezes", type=int, default=30, help="freezes of workers")
    parser.add_argument("--restarts", type=int, default=5, help="kills of PostgreSQL")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--channel", choices=list(CHATS), help="one channel only")
    parser.add_argument("--control", action="store_true", help="without epochs and compare-and-swap: must fail")
    options = parser.parse_args()
    chats = [CHATS[options.channel]] if options.channel else list(CHATS.values())
    held = True
    with _folder() as folder:
        for chat in chats:
            events = Events(options.kills, options.freezes, options.restarts)
            figures = prove(chat, folder, events, options.seed, control=options.control)
            held = held and figures.hold
            print(f"seed {options.seed}; {chat.name}: {dict(events.done)}; {figures}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

"""The whole proof: a database, servers with faults, workers, lists side by side, and events until none is left."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.journal.cluster import open_cluster
from tests import postgres
from tests.cluster.chaos.altered import CONTROL
from tests.cluster.chaos.campaigns import LONGEST_RUN, SIZES, Lane, Shared, Size
from tests.cluster.chaos.events import Events, History
from tests.cluster.chaos.ledgers import busy_workers, checkpoint, jobs_left, keep_holders
from tests.cluster.chaos.processes import Children, Cluster
from tests.cluster.chaos.proxy import TROUBLES, Proxies
from tests.cluster.chaos.verdict import Figures
from tests.crash.harness import RATES, Chat, running_sandbox

WORKERS, LEASE = 4, 3.0

LATENCY = 0.03
"""Seconds that an answer takes: so requests are under way when a worker is killed."""

PAUSES = (0.3, 1.0)
"""Seconds between two events."""

FREEZES = (0.3, 2.5)
"""For how many leases a worker is stopped, or cut off."""

PATIENCE = 5.0
"""Seconds for which an event waits for a worker that holds something."""

STEP = 0.05

LONGEST_CONTROL = 40.0
"""Time limit in seconds for a list that is delivered wrongly on purpose: it may have no end."""

SETTINGS = ("autovacuum = on", "track_counts = on", "autovacuum_naptime = 10s")
"""Of a server that lives for longer than those of other tests."""

FORGETFUL = (
    "fsync = off",
    "synchronous_commit = off",
    "wal_buffers = 64MB",
    "wal_writer_delay = 10s",
    "wal_writer_flush_after = 1GB",
)
"""A server that loses the last second of what it has committed when it is killed."""


@dataclass(frozen=True)
class Options:
    """What is asked for.

    Attributes:
        events: how many of each kind.
        seed: of everything that is left to chance; two runs differ all the same, because processes do.
        chats: the channels, which take turns.
        lanes: how many lists are delivered at a time.
        control: what is broken on purpose; None: nothing.
    """

    events: Mapping[str, int]
    seed: int
    chats: Sequence[Chat]
    lanes: int = 3
    control: str | None = None
    sizes: Sequence[Size] = SIZES


def prove(options: Options, folder: Path) -> tuple[Figures, Events]:
    """Deliver lists until all events were done; prints what is known of each list at its end."""
    events, children = Events(options.events), Children()
    with contextlib.ExitStack() as stack:
        settings = postgres.SETTINGS + SETTINGS + (FORGETFUL if options.control == "forgetful" else ())
        address, restart = stack.enter_context(postgres.own_server(settings))
        urls = [
            stack.enter_context(running_sandbox(options.seed + lane, RATES, latency=LATENCY))
            for lane in range(options.lanes)
        ]
        stack.callback(children.end)
        with _unchecked(options.control), open_cluster(address) as store:
            store.set_lease(LEASE)
        keep_holders(address)
        proxies = Proxies(address, WORKERS)
        ports = stack.enter_context(proxies.running())
        direction = Direction(options, folder, events, children, address)
        direction.begin([f"postgresql://tester@127.0.0.1:{port}/postgres" for port in ports], urls)
        stack.callback(direction.cluster.close)
        direction.conduct(proxies, restart)
        return direction.figures(), events


@contextlib.contextmanager
def _unchecked(control: str | None) -> Iterator[None]:
    """Connect to a server that this program refuses, where the control is that it forgets."""
    from campaign.journal.postgres import database  # noqa: PLC0415 - to be patched

    checked = database.unfit
    if control == "forgetful":
        database.unfit = lambda *_: None
    try:
        yield
    finally:
        database.unfit = checked


class Direction:
    """Does the events, one after the other, while the lanes deliver."""

    def __init__(self, options: Options, folder: Path, events: Events, children: Children, address: str) -> None:
        self._options, self._folder, self._events = options, folder, events
        self._children, self._address = children, address
        self._dice, self._history = random.Random(options.seed), History()
        self._troubled: set[int] = set()

    def begin(self, addresses: Sequence[str], urls: Sequence[str]) -> None:
        """Start the workers, each with the address of its own way, and a lane for each server."""
        options = self._options
        self.cluster = Cluster(addresses, self._folder, self._children, self._history, options.control)
        changed = {CONTROL: options.control} if options.control == "forgetful" else {}
        shared = Shared(
            self._address, self._folder, self._children, self._events, self._history,
            len(addresses), changed, options.sizes, LONGEST_RUN if options.control is None else LONGEST_CONTROL,
        )  # fmt: skip
        self._lanes = [Lane(number, options.chats, url, shared, options.seed) for number, url in enumerate(urls)]
        for lane in self._lanes:
            lane.start()

    def conduct(self, proxies: Proxies, restart: Callable[[], None]) -> None:
        """Do events until none is left, and then let the lanes come to their end."""
        while any(lane.is_alive() for lane in self._lanes):
            self._tend_for(self._dice.uniform(*PAUSES))
            if (kind := self._events.next(self._dice)) is not None:
                self._perform(kind, proxies, restart)
        self.cluster.end()

    def figures(self) -> Figures:
        """The totals of all lanes, and what is wrong beside them."""
        total = Figures(wrong=list(self.cluster.wrong))
        for lane in self._lanes:
            total.add(lane.figures)
        if self._options.control is None and (left := jobs_left(self._address)):
            total.wrong.append(f"{left} jobs are left")
        return total

    def _tend_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.cluster.tend()
            time.sleep(STEP)

    def _perform(self, kind: str, proxies: Proxies, restart: Callable[[], None]) -> None:
        """Do an event; one that finds nothing to happen to is left for later."""
        if kind == "restarts":
            if self._options.control == "forgetful":
                self._let_something_be_forgotten()
            happening = self._history.begin("a restart of PostgreSQL")
            restart()
            self._history.end(happening)
        elif kind == "watchers":
            if not any(lane.kill_watcher() for lane in self._dice.sample(self._lanes, len(self._lanes))):
                return
        elif (place := self._place(spared=self._troubled if kind == "proxies" else ())) is None:
            return
        elif kind == "proxies":
            self._trouble(place, proxies)
        elif kind == "kills":
            self.cluster.kill(place)
        elif kind == "freezes":
            self.cluster.freeze(place, LEASE * self._dice.uniform(*FREEZES))
        else:
            self.cluster.terminate(place)
        self._events.take(kind)

    def _let_something_be_forgotten(self) -> None:
        """Keep the run that is under way, so that it can go on, but not what is sent from now on."""
        self._place(())
        checkpoint(self._address)
        self._tend_for(1.0)

    def _place(self, spared: Container[int]) -> int | None:
        """The place of a worker to which nothing is happening yet, and which holds something, if any does in time."""
        until = time.monotonic() + PATIENCE
        while True:
            lives = enumerate(self.cluster.lives)
            free = {
                place: life.name
                for place, life in lives
                if life.frozen is None and life.leaves_by is None and place not in spared
            }
            busy = busy_workers(self._address)
            if found := [place for place, name in free.items() if name in busy]:
                return self._dice.choice(found)
            if time.monotonic() > until:
                return self._dice.choice(list(free)) if free else None
            self._tend_for(0.3)

    def _trouble(self, place: int, proxies: Proxies) -> None:
        trouble = self._dice.choice(TROUBLES)
        happening = self._history.begin(f"trouble on the way to PostgreSQL ({trouble})", f"w{place}")
        self._troubled.add(place)

        def over() -> None:
            self._history.end(happening)
            self._troubled.discard(place)

        proxies.suffer(place, trouble, LEASE * self._dice.uniform(*FREEZES), over)

"""Events: how many of each kind are left to do, and the history of those that were done."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

KINDS = ("kills", "freezes", "restarts", "terms", "watchers", "proxies")
"""Kills and freezes of workers, kills of PostgreSQL, SIGTERM of workers, kills of processes that plan or watch, and
trouble on a worker's way to PostgreSQL."""

NAMES = {
    "kills": "kills",
    "freezes": "freezes",
    "restarts": "restarts of PostgreSQL",
    "terms": "SIGTERMs",
    "watchers": "kills of a watcher",
    "proxies": "faults between worker and PostgreSQL",
}


@dataclass
class Events:
    """Events that are left to do, and those that were done. It may be used from any thread.

    Attributes:
        wanted: how many of each kind.
        done: how many of each kind were done.
        phases: what watchers were doing when they were killed.
    """

    wanted: Mapping[str, int]
    done: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def are_left(self) -> bool:
        """Whether any is left."""
        return any(count > self.done[kind] for kind, count in self.wanted.items())

    def next(self, dice: random.Random) -> str | None:
        """The kind of one of those that are left, by chance; None after the last."""
        left = {kind: count - self.done[kind] for kind, count in self.wanted.items() if count > self.done[kind]}
        return dice.choices(list(left), list(left.values()))[0] if left else None

    def take(self, kind: str) -> bool:
        """Count an event as done, if one of its kind is left."""
        with self._lock:
            if self.done[kind] >= self.wanted.get(kind, 0):
                return False
            self.done[kind] += 1
            return True

    def __str__(self) -> str:
        parts = [f"{self.done[kind]:,} {NAMES[kind]}" for kind in KINDS if self.wanted.get(kind)]
        if self.phases:
            parts.append("watchers: " + ", ".join(f"{count} {phase}" for phase, count in self.phases.most_common()))
        return ", ".join(parts)


@dataclass
class Happening:
    """Something that happened to a worker, or to all.

    Attributes:
        what: in words, such as "a kill".
        worker: the name of one life of a worker, or of the place in which its lives follow each other; None: all.
        begins: in seconds since the epoch, by the right clock.
        ends: likewise; infinite while it goes on.
    """

    what: str
    worker: str | None
    begins: float
    ends: float = math.inf

    def hits(self, worker: str, since: float, until: float) -> bool:
        """Whether it overlaps a time of a worker's life."""
        named = self.worker in (None, worker, place_of(worker))
        return named and self.begins <= until and self.ends >= since


def place_of(worker: str) -> str:
    """The place of a worker, of which its name contains the number of its life, too."""
    return worker.partition("-")[0]


class History:
    """What happened. It may be used from any thread."""

    def __init__(self) -> None:
        self._happenings: list[Happening] = []
        self._lock = threading.Lock()

    def begin(self, what: str, worker: str | None = None) -> Happening:
        """Note that something begins; its end is noted by `end`."""
        happening = Happening(what, worker, time.time())
        with self._lock:
            self._happenings.append(happening)
        return happening

    @staticmethod
    def end(happening: Happening) -> None:
        """Note that something has ended."""
        happening.ends = min(happening.ends, time.time())

    def copy(self) -> Sequence[Happening]:
        """All of it so far."""
        with self._lock:
            return [Happening(each.what, each.worker, each.begins, each.ends) for each in self._happenings]

    def is_quiet_since(self, moment: float) -> bool:
        """Whether all that began before a moment has ended."""
        return all(each.ends < math.inf for each in self.copy() if each.begins <= moment)

"""What happens to a worker, as records for its log. None contains a cell or a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    @property
    def name(self) -> str:
        """What kind of event it is, such as "run_ended"."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def facts(self) -> dict[str, object]:
        """What it is about, for programs."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """The same for people."""
        return self.name.replace("_", " ")


Observe = Callable[[Event], object]
"""Called in the event loop of the worker; it must not wait for anything."""


@dataclass(frozen=True, slots=True)
class Started(Event):
    """It is on record as a worker.

    Attributes:
        campaign: the campaign that it works for; None: any.
        lease_seconds: after so long without a beat, others take over what it holds.
    """

    version: str
    campaign: str | None
    lease_seconds: float

    @property
    def sentence(self) -> str:
        """The same for people."""
        return f"started: version {self.version}, lease {self.lease_seconds:g} s, for {self.campaign or 'any campaign'}"


@dataclass(frozen=True, slots=True)
class OfRun(Event):
    """Something that concerns a run.

    Attributes:
        campaign: the campaign's name.
        run: the run's number.
    """

    campaign: str
    run: int

    @property
    def sentence(self) -> str:
        """The same for people."""
        return f"{self.campaign}, run {self.run}: {self.what}"

    @property
    def what(self) -> str:
        """What happened to the run."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Took(OfRun):
    """It has taken shards.

    Attributes:
        shards: their numbers.
        epochs: the epoch of each.
    """

    shards: tuple[int, ...]
    epochs: tuple[int, ...]

    @property
    def what(self) -> str:
        """What happened to the run."""
        return f"took {len(self.shards)} shards"


@dataclass(frozen=True, slots=True)
class TookOver(OfRun):
    """Some of the shards were held by workers whose lease was lost.

    Attributes:
        workers: their names.
    """

    workers: tuple[str, ...]

    @property
    def what(self) -> str:
        """What happened to the run."""
        return f"took over from {', '.join(self.workers)}"


@dataclass(frozen=True, slots=True)
class SettledInDoubt(OfRun):
    """Rows of the shards were cut off, and it is not known whether they were sent.

    Attributes:
        rows: how many.
    """

    rows: int

    @property
    def what(self) -> str:
        """What happened to the run."""
        return f"{self.rows} rows are in doubt"


@dataclass(frozen=True, slots=True)
class GaveBack(OfRun):
    """It holds shards no more.

    Attributes:
        shards: their numbers.
        done: whether none of them has anything more to send; None where that could not be recorded.
    """

    shards: tuple[int, ...]
    done: bool | None

    @property
    def what(self) -> str:
        """What happened to the run."""
        return f"gave back {len(self.shards)} shards" + (", done" if self.done else "")


@dataclass(frozen=True, slots=True)
class RunEnded(OfRun):
    """A run has nothing more to send, or was to stop.

    Attributes:
        finished: whether no row waits.
    """

    finished: bool

    @property
    def what(self) -> str:
        """What happened to the run."""
        return "finished" if self.finished else "stopped"


@dataclass(frozen=True, slots=True)
class Paused(OfRun):
    """No request leaves for a while, because of the server.

    Attributes:
        seconds: for how long.
        all_workers: whether the server asked for it, or is in trouble; else this worker does not reach it.
    """

    seconds: float
    all_workers: bool

    @property
    def what(self) -> str:
        """What happened to the run."""
        why = "by the server" if self.all_workers else "because the server cannot be reached from here"
        return f"paused for {self.seconds:.1f} s {why}"


@dataclass(frozen=True, slots=True)
class LeaseLost(Event):
    """Others may have taken over what it held; it begins a new life.

    Attributes:
        silent_seconds: how long ago its last beat was.
    """

    silent_seconds: float

    @property
    def sentence(self) -> str:
        """The same for people."""
        return f"lease lost: the last beat was {self.silent_seconds:.0f} s ago"


@dataclass(frozen=True, slots=True)
class DatabaseLost(Event):
    """The database cannot be reached or written."""


@dataclass(frozen=True, slots=True)
class DatabaseBack(Event):
    """It can be again.

    Attributes:
        seconds: for how long it could not.
    """

    seconds: float

    @property
    def sentence(self) -> str:
        """The same for people."""
        return f"database back after {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Leaving(Event):
    """It begins no row any more; requests under way end.

    Attributes:
        reason: "signal", "drain" or "idle".
    """

    reason: str

    @property
    def sentence(self) -> str:
        """The same for people."""
        return f"leaving ({self.reason})"


@dataclass(frozen=True, slots=True)
class Left(Event):
    """It holds nothing any more."""

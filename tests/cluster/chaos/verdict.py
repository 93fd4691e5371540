"""The verdict over one campaign: pure functions of what the server, the journal and the list say of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.cluster.chaos.events import Happening
from tests.cluster.sendings import Arrivals

WITHOUT_CAUSE = "WITHOUT CAUSE"

SLACK = 3.0
"""Seconds that may pass between the record of an attempt and that of its end, beside its time-out, without trouble."""

BLINK = 0.1
"""Seconds by which two clocks of one machine, read one after the other, may differ on record."""

WINDOWS = (1.0, 5.0)
"""Seconds: in none of these windows may more requests arrive than the run's rate allows."""


class Row(NamedTuple):
    """A row as the journal has it.

    Attributes:
        state: its state.
        kind: why.
        shard, epoch: its shard, and that under which its last attempt began.
        attempts: how many there were.
        latency: seconds from the request to what came of it.
    """

    state: str
    kind: str
    shard: int
    epoch: int
    attempts: int
    latency: float | None = None


class Attempt(NamedTuple):
    """When an attempt began and ended, in seconds since the epoch by its worker's clock; None: no end is on record."""

    began: float
    ended: float | None


class Arrival(NamedTuple):
    """A request as the server has it.

    Attributes:
        at: when it arrived, in seconds since the epoch.
        text: the message; None: it asks about one.
        taken: whether the message was stored.
        status: that of the response; None: it was not written to its end.
        fault: what the server did wrong on purpose.
    """

    at: float
    text: str | None
    taken: bool
    status: int | None
    fault: str | None


@dataclass(frozen=True)
class Asked:
    """What a campaign asks for; row n says "NAME n", and goes to destination n modulo `destinations`.

    Attributes:
        under_way: requests that all workers together may have under way.
        reads_back: whether the server can be asked about a message, so that no row may be in doubt.
    """

    name: str
    rows: int
    destinations: int
    rate: float
    timeout: float
    under_way: int
    reads_back: bool

    def text(self, number: int) -> str:
        """The message of a row."""
        return f"{self.name} {number}"


@dataclass(frozen=True)
class Ledgers:
    """All that is on record of a campaign that has ended.

    Attributes:
        rows: the journal's, in the list's order.
        attempts: by number of the row and of the attempt.
        holders: the worker that held a shard under an epoch.
        arrivals: the server's ledger, in its order.
        happenings: what happened to the workers.
        report: what `campaign results --json` says.
        tally: the journal's counts of rows by state.
        left: what should not be left, in words.
    """

    rows: Sequence[Row]
    arrivals: Sequence[Arrival]
    attempts: Mapping[tuple[int, int], Attempt] = field(default_factory=dict)
    holders: Mapping[tuple[int, int], str] = field(default_factory=dict)
    happenings: Sequence[Happening] = ()
    report: Mapping[str, Any] = field(default_factory=dict)
    tally: Mapping[str, int] = field(default_factory=dict)
    left: Sequence[str] = ()


@dataclass
class Figures:
    """The totals."""

    lists: int = 0
    rows: int = 0
    destinations: int = 0
    twice: int = 0
    lost: int = 0
    out_of_order: int = 0
    in_doubt: int = 0
    over_rate: int = 0
    why: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Whether nothing is wrong."""
        wrong = self.twice or self.lost or self.out_of_order or self.over_rate or self.wrong
        return not (wrong or self.why[WITHOUT_CAUSE])

    def add(self, other: Figures) -> None:
        for name in ("lists", "rows", "destinations", "twice", "lost", "out_of_order", "in_doubt", "over_rate"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.why += other.why
        self.wrong += other.wrong

    def __str__(self) -> str:
        why = ", ".join(f"{count:,} {cause}" for cause, count in self.why.most_common())
        each = "" if WITHOUT_CAUSE in self.why else ", each with its cause"
        doubt = f"{self.in_doubt:,} in doubt" + (f"{each} ({why})" if why else "")
        order = f"{self.out_of_order} of {self.destinations:,} destinations out of order"
        rate = f"{self.over_rate} of {self.lists} lists over their rate"
        wrong = f", {len(self.wrong)} WRONG" if self.wrong else ""
        return f"{self.rows:,} rows, {self.twice} twice, {self.lost} lost, {order}, {rate}, {doubt}{wrong}"


SHOWN = 10
"""Lines of what is wrong that are shown of one list, or of all at the end."""


def shown(wrong: Sequence[str]) -> str:
    """What is wrong, as lines that follow another."""
    more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    return "".join(f"\n  {line}" for line in [*wrong[:SHOWN], *more])


def judge(asked: Asked, found: Ledgers) -> Figures:
    """Compare the server's ledger with the journal and the list."""
    figures = Figures(lists=1, rows=asked.rows, destinations=asked.destinations)
    figures.wrong += [f"{asked.name}: {what}" for what in found.left]
    by_text: dict[str, list[Arrival]] = defaultdict(list)
    for each in found.arrivals:
        if each.text is not None:
            by_text[each.text].append(each)
    if len(found.rows) != asked.rows:
        figures.wrong.append(f"{asked.name}: {len(found.rows)} rows are on record, not {asked.rows}")
    for number in range(len(found.rows)):
        _judge_row(asked, found, figures, number, by_text.pop(asked.text(number), []))
    figures.wrong += [f"{asked.name}: a message that is not in the list: {text}" for text in by_text]
    figures.out_of_order = _out_of_order(asked, found.arrivals)
    too_fast = _too_fast(asked, found.arrivals)
    figures.over_rate = int(bool(too_fast))
    figures.wrong += [f"{asked.name}: {what}" for what in (*_miscounted(found), *too_fast)]
    return figures


def _judge_row(asked: Asked, found: Ledgers, figures: Figures, number: int, requests: Sequence[Arrival]) -> None:
    row = found.rows[number]
    taken = sum(each.taken for each in requests)
    where = f"{asked.name}: row {number + 2}"
    if taken > 1:
        figures.twice += taken - 1
        figures.wrong.append(f"{where} was taken {taken} times")
    if row.state == "in_doubt":
        figures.in_doubt += 1
        cause = cause_of(asked, found, number, requests)
        figures.why[cause] += 1
        if cause == WITHOUT_CAUSE:
            attempt = found.attempts.get((number, row.attempts))
            worker = found.holders.get((row.shard, row.epoch))
            figures.wrong.append(f"{where} is in doubt without cause: {row}, {attempt} of {worker}, {list(requests)}")
    elif row.state != "sent" or not taken:
        figures.lost += 1
        figures.wrong.append(f"{where} is {row.state} ({row.kind}), taken {taken} times")


def cause_of(asked: Asked, found: Ledgers, number: int, requests: Sequence[Arrival]) -> str:
    """Why it cannot be known whether a row in doubt was sent: what the server's ledger or the history proves of it."""
    row = found.rows[number]
    attempt, worker = found.attempts.get((number, row.attempts)), found.holders.get((row.shard, row.epoch))
    if asked.reads_back or attempt is None or worker is None:
        return WITHOUT_CAUSE
    began, ended = attempt.began, attempt.ended  # on the database's clock, whatever that of the worker says
    if row.kind == "never left":
        return WITHOUT_CAUSE if any(each.taken for each in requests) else "held back before they left"
    if row.kind == "cut off" or ended is None:
        hit = _hit(found, worker, began, _longest_end(found, began, began + asked.timeout + SLACK))
        return WITHOUT_CAUSE if hit is None else f"cut off by {hit.what}"
    last = next((each for each in reversed(requests) if began - BLINK <= each.at <= ended + BLINK), None)
    if last is not None and last.fault is not None:
        return "response lost by the server"
    waited = row.latency is not None and row.latency >= asked.timeout - BLINK / 10
    if last is not None and last.status is None and waited:
        return "response too late"
    hit = _hit(found, worker, began, ended, only="a freeze")
    return WITHOUT_CAUSE if hit is None else "response lost to a freeze"


def _longest_end(found: Ledgers, began: float, until: float) -> float:
    """By when the end of an attempt is on record, if nothing happens to its worker.

    Another worker that is stopped or cut off in the middle of a transaction may have locked what has to be written.
    """
    overlap = (each.ends for each in found.happenings if each.what != "a kill" and each.begins <= until)
    return max([until, *(end + SLACK for end in overlap if end >= began)])


def _hit(found: Ledgers, worker: str, since: float, until: float, only: str | None = None) -> Happening | None:
    """What happened to a worker within a time; of several, that which explains most."""
    hits = [each for each in found.happenings if each.hits(worker, since - BLINK, until) and only in (None, each.what)]
    return min(
        hits, key=lambda each: (*(each.what != what for what in ("a kill", "a freeze")), each.begins), default=None
    )


def _out_of_order(asked: Asked, arrivals: Sequence[Arrival]) -> int:
    taken: dict[int, list[int]] = defaultdict(list)
    for each in arrivals:
        if each.taken and each.text is not None and each.text.startswith(f"{asked.name} "):
            number = int(each.text.rpartition(" ")[2])
            taken[number % asked.destinations].append(number)
    return sum(numbers != sorted(numbers) for numbers in taken.values())


def _miscounted(found: Ledgers) -> list[str]:
    """Where the report or the tally say something else than the rows."""
    states = Counter(row.state for row in found.rows)
    wrong = []
    if {state: count for state, count in found.tally.items() if count} != dict(states):
        wrong.append(f"the tally says {dict(found.tally)}, the rows {dict(states)}")
    reported = {state: found.report.get(state) for state in ("sent", "failed", "in_doubt")}
    if found.report.get("state") != "finished" or reported != {state: states[state] for state in reported}:
        wrong.append(f"the report says {dict(found.report)}, the rows {dict(states)}")
    return wrong


def _too_fast(asked: Asked, arrivals: Sequence[Arrival]) -> list[str]:
    """Windows with more requests than the run's rate allows, beside those that were let go and under way before it."""
    times = Arrivals(sorted(each.at for each in arrivals), 0)
    wrong = []
    for seconds in WINDOWS:
        allowed = math.ceil(asked.rate * seconds) + asked.under_way
        if times.times and (most := times.most_within(seconds)) > allowed:
            wrong.append(f"{most} requests within {seconds:g} s, where {asked.rate:g}/s allows {allowed}")
    return wrong

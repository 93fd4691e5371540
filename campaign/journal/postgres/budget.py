"""The budget that the workers of a run share: rows from which due times are lent, on the database's clock."""

from __future__ import annotations

import asyncio
import hmac
import threading
import uuid
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from campaign.delivery.budget import AHEAD, PROBE_LEASE, RECENT, SETTLE, SLICE, SPARE, Slice
from campaign.delivery.ports import SystemClock
from campaign.journal.postgres.budget_statement import DRIFT, SAME_WINDOW, TAKE
from campaign.journal.postgres.texts import text_of
from campaign.settings import DEFAULT_RATE, LOWEST_FACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.delivery.budget import Ask
    from campaign.delivery.ports import Clock
    from campaign.journal.postgres.database import Connections, Database

_CONSTANTS: Mapping[str, float] = {
    "slice": SLICE,
    "ahead": AHEAD,
    "lease": PROBE_LEASE,
    "settle": SETTLE,
    "spare": SPARE,
    "lowest": LOWEST_FACTOR,
    "same": SAME_WINDOW,
    "default": DEFAULT_RATE,
    "drift": DRIFT,
}

_MAKE: LiteralString = """
INSERT INTO campaign.budget (key) SELECT unnest(%s::text[]) ON CONFLICT (key) DO NOTHING
"""

_EGRESSES: LiteralString = """
SELECT substr(key, length(%(start)s) + 1) FROM campaign.budget
WHERE starts_with(key, %(start)s) AND due > extract(epoch FROM clock_timestamp()) - %(recent)s
"""


class PostgresBudget:
    """The budget of one run as one worker meets it; implements `Budget`. It uses a connection of its own."""

    def __init__(
        self, connections: Connections, find_keys: Callable[[Database], Keys], clock: Clock | None = None
    ) -> None:
        """Connect with the first exchange.

        Args:
            connections: to the database; one is used.
            find_keys: reads which rows count the run's requests; called once.
            clock: the worker's clock.
        """
        self._connections = connections
        self._database = connections.take()
        self._find_keys = find_keys
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._me = uuid.uuid4().hex
        self._keys: Keys | None = None
        self._made: set[str] = set()
        self._last: Answered | None = None
        self._connection: int | None = None
        """Which connection the last exchange was over; None before the first, 0 where it failed."""

    async def take(self, ask: Ask) -> Slice:
        """Report, and take times, in one round trip; see `Budget.take`."""
        return await asyncio.to_thread(self._take, ask)

    async def close(self) -> None:
        """Give the connection back."""
        self._connections.give_back(self._database)

    def _take(self, ask: Ask) -> Slice:
        with self._lock:
            connection = self._database.connect()
            before, self._connection = self._connection, 0
            if self._keys is None:
                self._keys = self._find_keys(self._database)
            keys = self._keys
            # The database may have crashed and forgotten the last times it lent: those are waited for, and a window of
            # which too much seems to be left is looked at again.
            values = {
                **_CONSTANTS,
                "me": self._me,
                "run": keys.run,
                "ip": keys.of_route(ask.route),
                "trouble": keys.key or keys.run,
                "keys": keys.all_of(ask.route),
                "hold": 0.0 if connection == before else SLICE,
                "forgot": before is not None and connection != before,
            }
            found = self._exchange(values, ask)
            self._connection = connection
            return found

    def _exchange(self, values: Mapping[str, Any], ask: Ask) -> Slice:
        if not self._made.issuperset(values["keys"]):
            self._make(values["keys"])
        answered = self._answer(values, ask)
        if answered is None:  # a row was deleted meanwhile
            self._make(values["keys"])
            answered = self._answer(values, ask)
        assert answered is not None  # noqa: S101 - there are rows now
        self._last = answered
        return answered.slice()

    def _answer(self, values: Mapping[str, Any], ask: Ask) -> Answered | None:
        asked_at = self._clock.now()
        asked = {**values, **_asked(ask, asked_at), **_bounds_of(ask.report.server_clock, self._last)}
        found = self._database.rows(TAKE, asked, again=False)
        return answered(Answer(*found[0]), asked_at, self._clock.now(), self._last) if found else None

    def _make(self, keys: list[str]) -> None:
        with self._database.transaction() as connection:
            connection.execute(_MAKE, (sorted(keys),))
        self._made.update(keys)


def _asked(ask: Ask, now: float) -> dict[str, Any]:
    """What is asked and reported, as values of the statement; times in seconds from now."""
    report, window = ask.report, ask.report.window
    return {
        "own": ask.rate,
        "waiting": ask.waiting,
        "wanted": ask.wanted,
        "probing": ask.probing,
        "pause": None if report.paused_until is None else max(0.0, report.paused_until - now),
        "slow": report.slow_down,
        "restored": report.restored,
        "probed": report.probed,
        "failed": report.probe_failed,
        "limit": window and window.limit,
        "left": window and window.left,
        "reset": window and window.reset_at,
        "ends_in": window and max(0.0, window.ends_at - now),
        "spread": window and window.rate,
    }


class Answer(NamedTuple):
    """A row of the statement's answer; times in seconds from its "now"."""

    amount: int
    begins_in: float
    pace: float
    factor: float
    probe: bool
    wait: float | None
    window: float
    pause: float
    limited: bool
    reset_at: float | None
    now: float
    clock_least: float | None
    clock_most: float | None
    others: int = 0


class Answered(NamedTuple):
    """An answer, with moments on the worker's clock.

    Attributes:
        asked_at: when it was asked for.
        received_at: when it was received.
        at: when the database's clock said "now", or after that; before it was received.
    """

    answer: Answer
    asked_at: float
    received_at: float
    at: float

    def slice(self) -> Slice:
        """The answer on the worker's clock: late by less than its round trip, and never early."""
        answer, now = self.answer, self.at
        least, most = answer.clock_least, answer.clock_most
        return Slice(
            amount=answer.amount,
            begins_at=max(now + answer.begins_in, self.received_at),
            step=1 / answer.pace,
            limited=answer.limited,
            probe=answer.probe,
            ask_at=None if answer.wait is None else now + answer.wait,
            window_ends_at=now + answer.window if answer.window > 0 else 0.0,
            paused_until=now + answer.pause if answer.pause > 0 else 0.0,
            factor=answer.factor,
            pace=answer.pace,
            reset_at=answer.reset_at,
            others=answer.others,
            server_clock=None if least is None or most is None else (least + self.least, most + self.most),
        )

    @property
    def least(self) -> float:
        """Seconds by which the database's clock is ahead of the worker's at least."""
        return self.answer.now - self.at

    @property
    def most(self) -> float:
        """The same at most."""
        return self.answer.now - self.asked_at


def answered(answer: Answer, asked_at: float, received_at: float, last: Answered | None) -> Answered:
    """An answer, by the quickest of all so far: of two that are late, the one that is less late tells more exactly.

    Args:
        answer: the answer.
        asked_at: when it was asked for.
        received_at: when it was received.
        last: the one before.
    """
    at = received_at
    if last is not None:
        by_last = answer.now - last.least + DRIFT * (received_at - last.received_at)
        if by_last >= asked_at:  # else the database's clock was set
            at = min(at, by_last)
    return Answered(answer, asked_at, received_at, at)


def _bounds_of(server_clock: tuple[float, float] | None, last: Answered | None) -> dict[str, float | None]:
    """By how many seconds the server's clock is ahead of the database's, by way of the worker's clock."""
    if server_clock is None or last is None:
        return {"clock_least": None, "clock_most": None}
    least, most = server_clock
    return {"clock_least": least - last.most, "clock_most": most - last.least}


class Keys:
    """The rows that count a run's requests.

    Attributes:
        run: that of the run's own rate.
        key: that of its credentials; None where it needs none.
    """

    def __init__(self, run: int, key: str | None, server: str, egress: str) -> None:
        self.run = f"rate:{run}"
        self.key = key
        self._server = server
        self._egress = egress

    def of_route(self, route: str) -> str:
        """That of a route, as the server counts it: for each client address."""
        return f"{_start(self._server, route)}{self._egress}"

    def all_of(self, route: str) -> list[str]:
        """All that a request to a route needs."""
        return [self.run, self.of_route(route), *([] if self.key is None else [self.key])]


def _start(server: str, route: str) -> str:
    return f"ip:{server}:{route}:"


def hashed(secret: bytes, credentials: Mapping[str, str]) -> str | None:
    """The key of credentials: without the database's secret, a guess at them cannot be tried."""
    if not credentials:
        return None
    text = "\0".join(f"{name}\0{value}" for name, value in sorted(credentials.items()))
    return f"key:{hmac.digest(secret, text.encode(), 'sha256').hex()}"


class PostgresLimits:
    """The budgets of the runs in a database; implements `Limits`."""

    def __init__(self, database: Database, connections: Connections, run_key: Callable[[int], int]) -> None:
        """Read nothing yet.

        Args:
            database: for questions.
            connections: to the same database; each budget uses one.
            run_key: the key of a run by its number.
        """
        self._database = database
        self._connections = connections
        self._run_key = run_key

    def budget(self, run: int, credentials: Mapping[str, str], server: str, egress: str) -> PostgresBudget:
        """The budget of a run; see `Limits.budget`. It outlasts this object's journal only until that is closed."""
        key = self._run_key(run)

        def find_keys(database: Database) -> Keys:
            (secret,) = database.rows("SELECT secret FROM campaign.version")[0]
            return Keys(key, hashed(bytes(secret), credentials), server, text_of(egress))

        return PostgresBudget(self._connections, find_keys)

    def egresses(self, server: str) -> frozenset[str]:
        """The names of the client addresses from which messages to a server went lately; see `Limits.egresses`."""
        values = {"start": _start(server, "send"), "recent": RECENT}
        return frozenset(name for (name,) in self._database.rows(_EGRESSES, values))

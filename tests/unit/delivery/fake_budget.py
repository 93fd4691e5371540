"""A budget in memory, by the rules of `journal.postgres.budget_statement`, for tests with a fake clock."""

from __future__ import annotations

import asyncio
import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaign.delivery.budget import AHEAD, PROBE_LEASE, SETTLE, SLICE, SPARE, Ask, Slice, StatedWindow
from campaign.delivery.server_quota import SAME_WINDOW
from campaign.settings import DEFAULT_RATE, LOWEST_FACTOR

if TYPE_CHECKING:
    from campaign.errors import JournalError

    from .fake_clock import FakeClock


@dataclass
class Route:
    """What all workers know of one route."""

    window: StatedWindow | None = None
    ends: float = -math.inf
    left: int = 0
    due: float = 0.0
    prober: int | None = None
    probe_until: float = 0.0


@dataclass
class SharedRows:
    """What the workers share.

    Attributes:
        asked: every question, with the worker's number.
        trouble: raised in place of an answer.
    """

    clock: FakeClock
    round_trip: float = 0.001
    due: float = 0.0
    paused_until: float = 0.0
    factor: float = 1.0
    routes: dict[str, Route] = field(default_factory=dict)
    asked: list[tuple[int, Ask]] = field(default_factory=list)
    trouble: JournalError | None = None
    server_clock: tuple[float, float] | None = None
    numbers: itertools.count[int] = field(default_factory=itertools.count)


class FakeBudget:
    """One worker's view of the rows; implements `Budget`."""

    def __init__(self, rows: SharedRows) -> None:
        self.closed = False
        self._rows = rows
        self._me = next(rows.numbers)

    async def take(self, ask: Ask) -> Slice:
        """Report, and take times."""
        rows = self._rows
        rows.asked.append((self._me, ask))
        await rows.clock.sleep(rows.round_trip)
        if rows.trouble is not None:
            raise rows.trouble
        now = rows.clock.now()
        self._hear(ask, now)
        route = self._learn(rows.routes.setdefault(ask.route, Route()), ask, now)
        return self._lend(route, ask, now)

    async def close(self) -> None:
        """Count."""
        self.closed = True

    def _hear(self, ask: Ask, now: float) -> None:
        rows, report = self._rows, ask.report
        if report.slow_down and rows.paused_until <= now:
            rows.factor = max(LOWEST_FACTOR, rows.factor / 2)
        else:
            rows.factor = min(1.0, rows.factor + report.restored)
        rows.paused_until = max(rows.paused_until, report.paused_until or 0.0)
        known, told = rows.server_clock, report.server_clock
        rows.server_clock = (max(known[0], told[0]), min(known[1], told[1])) if known and told else told or known

    def _learn(self, route: Route, ask: Ask, now: float) -> Route:
        report, window = ask.report, ask.report.window
        if route.ends > now:
            if window is not None and route.window and abs(window.reset_at - route.window.reset_at) <= SAME_WINDOW:
                route.left, route.ends = min(route.left, window.left), min(route.ends, window.ends_at)
            elif window is not None and (route.window is None or window.reset_at > route.window.reset_at):
                route.ends = now
        elif report.probed and window is not None:
            others = route.prober not in (None, self._me) and route.probe_until > now
            route.window, route.left, route.ends = window, window.left - others, window.ends_at
            route.prober = None
        elif report.probed and route.window is None:
            route.ends, route.prober = math.inf, None
        if route.prober == self._me and (report.probed or report.probe_failed):
            route.prober = None
        return route

    def _lend(self, route: Route, ask: Ask, now: float) -> Slice:
        rows, planned = self._rows, route.window.rate if route.window else None
        run_rate = rows.factor * (ask.rate or planned or DEFAULT_RATE)
        pace = min(run_rate, rows.factor * planned) if planned else run_rate
        begins = max(now, rows.due, route.due if planned else 0.0)
        wait: float | None = max(0.0, rows.paused_until - now, begins - AHEAD - now)
        known, count, probe = route.ends > now, 0, False
        most = max(1, math.floor(SLICE * pace))
        may_probe = (route.prober in (None, self._me) or route.probe_until <= now) and not ask.probing
        settled = route.due + SETTLE if route.window else 0.0
        if not known and not may_probe:
            wait = None
        elif not known:
            wait = max(wait or 0.0, settled - now)
            probe = bool(ask.wanted and not wait)
            count = int(probe)
        elif route.window and (route.left <= 0 or route.ends <= begins):
            wait = max(wait or 0.0, route.ends - now)
        elif not wait:
            count = min(ask.wanted, most)
            if route.window:
                ahead = max(ask.waiting, route.left // SPARE)
                count = min(count, route.left, ahead, math.ceil((route.ends - begins) * pace))
                route.left -= count
        if probe:
            route.prober, route.probe_until = self._me, now + PROBE_LEASE
        if count:
            rows.due = max(now, rows.due) + count / run_rate
            route.due = (
                max(now, route.due) + count / (rows.factor * planned) if planned else begins + (count - 1) / pace
            )
        spent = known and route.window is not None and route.left <= 0 and not count
        return Slice(
            count,
            begins,
            1 / pace,
            route.window is not None,
            probe,
            None if wait is None else now + wait,
            route.ends if spent else 0.0,
            rows.paused_until,
            rows.factor,
            pace,
            route.window.reset_at if route.window else None,
            rows.server_clock,
        )


async def settle() -> None:
    """Let tasks that are ready run."""
    for _ in range(5):
        await asyncio.sleep(0)

"""`/metrics` and `/health` of a worker over HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from aiohttp import web

from campaign.cluster.figures import why_unwell
from campaign.cluster.metrics import CONTENT_TYPE, Metrics
from campaign.errors import JournalError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from campaign.cluster.figures import WorkerFigures
    from campaign.journal.cluster import RunProgress

SAME_FOR = 1.0
"""Seconds for which the metrics are not made anew, however often they are asked for."""

PATIENCE = 2.0
"""Seconds after which metrics go without what the database knows."""

CLOSING_SECONDS = 1.0


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; requests wait until a `MetricsServer` answers them.

    Args:
        host: a name or an address.
        port: 0 takes any free one.

    Raises:
        UsageError: nothing can listen there.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        # What Python adds to the system's words is the address once more, as it has it.
        reason = str(getattr(error, "strerror", None) or error).partition(" (while attempting")[0]
        remedy = "choose another port, an address of this machine, or 0 for any port that is free"
        raise UsageError(Problem(f"--metrics {shown}", f"cannot listen there ({reason})", remedy)) from error


def url_of(listening: socket.socket) -> str:
    """The URL at which a listening socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class MetricsServer:
    """Answers in the event loop of the worker; the database is asked, and the text made, in threads of their own."""

    def __init__(
        self,
        listening: socket.socket,
        figures: Callable[[], WorkerFigures | None],
        progress: Callable[[], Sequence[RunProgress]],
    ) -> None:
        """Do nothing yet.

        Args:
            listening: it is closed at the end.
            figures: reads those of the worker; None while it starts.
            progress: reads how far open runs are, by one statement; it blocks.
        """
        self._listening = listening
        self._figures = figures
        self._progress = progress
        self._metrics = Metrics()
        self._lock = asyncio.Lock()
        self._text = b""
        self._made_at = -SAME_FOR
        self._reading: asyncio.Task[Sequence[RunProgress] | None] | None = None

    async def __aenter__(self) -> Self:
        """Answer requests."""
        application = web.Application()
        application.router.add_get("/metrics", self._answer_metrics)
        application.router.add_get("/health", self._answer_health)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSING_SECONDS)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listening).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer no more."""
        await self._runner.cleanup()
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def _answer_health(self, _request: web.Request) -> web.Response:
        figures = self._figures()
        reason = why_unwell(figures)
        answer: dict[str, object] = {"status": "ok" if reason is None else "unavailable", "reason": reason}
        if figures is not None:
            answer |= {"worker": figures.name, "beat_age_seconds": round(figures.silent, 3)}
        return web.json_response(answer, status=200 if reason is None else 503)

    async def _answer_metrics(self, _request: web.Request) -> web.Response:
        async with self._lock:
            if time.monotonic() - self._made_at >= SAME_FOR:
                runs, figures = await self._runs(), self._figures()
                self._text = await asyncio.to_thread(self._metrics.text, figures, runs)
                self._made_at = time.monotonic()
        return web.Response(body=self._text, headers={"Content-Type": CONTENT_TYPE})

    async def _runs(self) -> Sequence[RunProgress] | None:
        """How far open runs are; None where the database does not say so in time. It is asked once at a time."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait([self._reading], timeout=PATIENCE)
        if not self._reading.done():
            return None
        reading, self._reading = self._reading, None
        return reading.result()

    async def _read(self) -> Sequence[RunProgress] | None:
        try:
            return await asyncio.to_thread(self._progress)
        except JournalError:  # the worker says so
            return None

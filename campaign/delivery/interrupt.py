"""Ctrl-C: the first lets what is under way end, the second cancels it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from campaign.delivery.stop import StopReason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from campaign.delivery.stop import Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Turn the first interrupt into a wish to stop and the second into the cancellation of the current task.

    Where something else has stopped the run already, the first one changes nothing: requests are still under way.
    `signal.signal` rather than the event loop's own handlers, which Windows does not have. Outside the main thread
    nothing is changed: there the caller decides.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and task is not None:
            loop.call_soon_threadsafe(task.cancel)
        asked = True
        loop.call_soon_threadsafe(stop.ask, StopReason("interrupted", interrupted=True))

    before = [signal.signal(number, interrupted) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)

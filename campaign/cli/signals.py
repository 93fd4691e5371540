"""Ctrl-C: the first one lets the requests in flight end, the second one cancels them."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible(stop: Callable[[str], object], cancel: Callable[[], object]) -> Iterator[None]:
    """Let the first interrupt stop a delivery and the second one cancel it.

    Uses `signal.signal` because event loops have no signal handlers on Windows. Outside the main thread, where
    Python allows none, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            cancel()
        interrupted = True
        stop("interrupted")

    before = [signal.signal(number, handle) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)

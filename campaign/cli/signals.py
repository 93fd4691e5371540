"""Signals: the first lets the requests in flight end, the second cancels them; elsewhere one ends the command.

SIGHUP (the terminal was closed, the connection dropped) and SIGTERM mean the same as Ctrl-C. A SIGHUP that is ignored
when the command starts stays ignored: that is how `nohup` works.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Those that this system has: Windows has SIGBREAK (Ctrl-Break, a closed console) in place of SIGHUP."""


@contextlib.contextmanager
def interruptible(stop: Callable[[str], object], cancel: Callable[[], object]) -> Iterator[None]:
    """Let the first signal stop a delivery and the second one cancel it.

    Uses `signal.signal` because event loops have no signal handlers on Windows.
    """
    interrupted = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            cancel()
        interrupted = True
        stop("interrupted")

    with _handled_by(handle):
        yield


@contextlib.contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let every signal end the block as Ctrl-C does, with KeyboardInterrupt: what is half done is cleared away."""

    def handle(_number: int, _frame: FrameType | None) -> Never:
        raise KeyboardInterrupt

    with _handled_by(handle):
        yield


@contextlib.contextmanager
def _handled_by(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Handle the signals. Outside the main thread, where Python allows no handlers, none is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hangup = getattr(signal, "SIGHUP", None)
    ignored = hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN
    wanted = [number for number in SIGNALS if not (ignored and number == hangup)]
    before = [(number, signal.signal(number, handle)) for number in wanted]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)

"""Asynchronous work in a thread of its own, so that it can be waited for also where an event loop is running."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def run_blocking(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine to its end in a thread of its own; an error in it is raised here."""
    errors: list[BaseException] = []

    def in_thread() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=in_thread, name="campaign", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


async def answer_of(ask: Callable[[], bool]) -> bool:
    """The answer of a function that may block for ever, in a thread that nobody has to wait for."""
    given: Future[bool] = Future()
    given.set_running_or_notify_cancel()  # it cannot be cancelled: the thread goes on

    def in_thread() -> None:
        try:
            given.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
            given.set_exception(error)

    threading.Thread(target=in_thread, name="campaign question", daemon=True).start()
    return await asyncio.wrap_future(given)

"""Asynchronous work in a thread of its own, so that it can be waited for also where an event loop is running."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


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

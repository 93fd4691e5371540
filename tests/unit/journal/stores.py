"""Every implementation of a journal store, for suites of contract tests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from campaign.journal import open_journal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from campaign.journal import JournalStore

STORES = ["sqlite", "memory", "postgres"]


def open_store(request: pytest.FixtureRequest, folder: Path) -> JournalStore:
    """A new journal of the kind that the fixture's parameter names."""
    if request.param == "postgres":
        return open_journal(request.getfixturevalue("postgres"), campaign=uuid.uuid4().hex)
    return open_journal(folder / "a.journal.db" if request.param == "sqlite" else ":memory:")

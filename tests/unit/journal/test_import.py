"""A journal that is imported into a database: the same there, and nothing is sent from the file any more."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from campaign.journal import open_journal
from campaign.journal.importing import open_import

from .made_up import MadeUp, told

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal file whose campaign no other test has."""
    return tmp_path / f"c{uuid.uuid4().hex}.journal.db"


def name(file: Path) -> str:
    return file.name.removesuffix(".journal.db")


@pytest.mark.parametrize("seed", range(6))
def test_all_that_a_journal_tells_is_the_same_in_the_database(postgres: str, file: Path, seed: int) -> None:
    with open_journal(file) as journal:
        MadeUp(journal, seed).fill()
        before = told(journal)
    with open_import(file, postgres, "an@host") as chosen:
        assert chosen.found() is None
        chosen.perform()
    with open_journal(postgres, campaign=name(file)) as journal:
        assert told(journal) == before

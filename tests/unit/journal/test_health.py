"""How a journal is, read without changing or holding it."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.journal import examine_journal, open_journal
from campaign.journal.sqlite import health
from campaign.journal.sqlite.schema import connect_to_read
from campaign.operating_system import identity_of


@pytest.fixture
def journal(disk_path: Path) -> Path:
    path = disk_path / "tet.journal.db"
    with open_journal(path):
        pass
    return path


def test_a_whole_journal_is_said_to_be_one_and_nothing_is_left_beside_it(journal: Path) -> None:
    before = sorted(path.name for path in journal.parent.iterdir())
    found = examine_journal(journal)
    assert (found.exists, found.refused, found.doubts, found.runs, found.holder) == (True, None, (), 0, None)
    assert "every page was read" in found.facts
    assert sorted(path.name for path in journal.parent.iterdir()) == before


def test_a_large_journal_is_not_read_as_a_whole(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READ_WHOLE", 0)
    assert any("too large" in fact for fact in examine_journal(journal).facts)


def test_who_holds_a_journal_is_known(journal: Path) -> None:
    with open_journal(journal) as held, held.exclusive():
        found = examine_journal(journal)
    assert found.holder is not None
    assert found.holder.is_local


def test_where_there_never_was_a_journal_none_is_missed(tmp_path: Path) -> None:
    found = examine_journal(tmp_path / "tet.journal.db")
    assert (found.exists, found.refused) == (False, None)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_cannot_be_read_is_refused(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(health, "identity_of", refuse)
    found = examine_journal(journal)
    assert found.refused is not None
    assert "Permission denied" in found.refused.what


def test_a_page_that_is_damaged_is_found(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Damaged:
        """A connection whose check finds something, as a flipped bit in an index does."""

        def __init__(self, connection: object) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> object:
            return getattr(self._connection, name)

        def execute(self, statement: str) -> object:
            real = self._connection.execute(statement)  # type: ignore[attr-defined] # it is one of SQLite
            return self if "quick_check" in statement else real

        def fetchone(self) -> tuple[str]:
            return ("*** in database main ***\nTree 3 page 4: btreeInitPage() returns error code 11",)

    connect = connect_to_read
    monkeypatch.setattr(health, "connect_to_read", lambda path, mode: Damaged(connect(path, mode)))
    found = examine_journal(journal)
    assert found.refused is not None
    assert "damaged (Tree 3 page 4" in found.refused.what


def test_a_copy_is_known_by_its_inode(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = identity_of(journal)
    monkeypatch.setattr(health, "identity_of", lambda _: identity._replace(inode=f"{identity.inode}1"))
    assert "copy" in examine_journal(journal).doubts[0].what

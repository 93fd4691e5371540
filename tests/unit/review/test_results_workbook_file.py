"""The file of the workbook: whole or not at all, its owner's alone, and never lost."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pytest

from campaign.errors import JournalError, ResultsError
from campaign.journal.sqlite import SqliteJournal
from campaign.review.results_workbook import write_results
from campaign.review.workbook.data_sheet import DataSheet
from tests.unit.held_files import hold_open

from .results_journals import plan, sent, simple_rows, written

posix_only = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")


@posix_only
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    mode = written(tmp_path, simple_rows(1)).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize(
    ("place", "method"),
    [
        pytest.param(DataSheet, "write", id="while rows are written"),
        pytest.param(zipfile.ZipFile, "writestr", id="while what surrounds them is"),
    ],
)
def test_a_disk_that_fills_up_within_the_rows_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: type, method: str
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place, method, no_space)
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(10))
    with journal, pytest.raises(ResultsError, match=r"\(No space left on device\); make room .* `campaign results`"):
        write_results(journal, run, tmp_path / "offer.results.xlsx")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".db", ".db-shm", ".db-wal"}


@posix_only
def test_only_their_owner_can_read_the_rows_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    modes: set[int] = set()
    strangers: list[Path] = []

    def look(_rows: int) -> None:
        strangers.extend(elsewhere.iterdir())
        modes.update(stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob(".campaign-*.part"))

    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1000))
    with journal:
        write_results(journal, run, tmp_path / "offer.results.xlsx", look)
    assert modes == {0o600}
    assert not strangers
    assert not list(tmp_path.glob(".campaign-*"))


def test_a_workbook_that_is_open_in_excel_stays_and_the_new_one_has_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    target = tmp_path / "offer.results.xlsx"
    with journal:
        write_results(journal, run, target)
        hold_open(monkeypatch, "offer.results.xlsx")
        before = target.read_bytes()
        assert write_results(journal, run, target) == tmp_path / "offer.results (1).xlsx"
        assert target.read_bytes() == before


def test_a_workbook_that_is_still_as_it_was_written_is_replaced(tmp_path: Path) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    with journal:
        for _ in range(2):
            assert write_results(journal, run, tmp_path / "offer.results.xlsx").name == "offer.results.xlsx"
    assert [path.name for path in tmp_path.glob("*.xlsx")] == ["offer.results.xlsx"]


@pytest.mark.parametrize("content", [b"corrected by hand", None], ids=["another file", "an edited workbook"])
def test_a_file_that_is_no_longer_what_was_written_is_kept(tmp_path: Path, content: bytes | None) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    target, beside = tmp_path / "offer.results.xlsx", tmp_path / "offer.results (1).xlsx"
    with journal:
        write_results(journal, run, target)
        if content is None:
            book = openpyxl.load_workbook(target)
            book["To fix"]["A2"] = "corrected"
            book.save(target)
        else:
            target.write_bytes(content)
        before = target.read_bytes()
        assert [write_results(journal, run, target) for _ in range(2)] == [beside, beside]
        assert target.read_bytes() == before


def test_a_workbook_is_known_after_its_folder_was_renamed(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    written(tmp_path / "before", simple_rows(1))
    folder = (tmp_path / "before").rename(tmp_path / "after")
    with SqliteJournal.open(folder / "offer.journal.db") as journal:
        run = journal.run(1)
        assert run is not None
        assert write_results(journal, run, folder / "offer.results.xlsx").name == "offer.results.xlsx"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    wanted = r"gone.offer\.xlsx: the results workbook cannot be written .*make its folder"
    with journal, pytest.raises(ResultsError, match=wanted):
        write_results(journal, run, tmp_path / "gone" / "offer.xlsx")


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.mkdir()
    with pytest.raises(ResultsError, match="the results workbook cannot be written"):
        written(tmp_path, simple_rows(1))
    assert target.is_dir()


def test_a_damaged_journal_is_named_as_such(tmp_path: Path) -> None:
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1))
    with journal:
        journal._connection.execute("DROP TABLE message")
        with pytest.raises(JournalError, match=r"offer\.journal\.db"):
            write_results(journal, run, tmp_path / "offer.results.xlsx")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".db", ".db-shm", ".db-wal"}


def test_no_part_of_its_archive_is_damaged_or_there_twice(tmp_path: Path) -> None:
    path = written(tmp_path, simple_rows(2), {1: sent()})
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert len(names) == len(set(names))


def test_no_part_of_it_needs_zip64(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path, simple_rows(2))) as archive:
        assert {part.extra for part in archive.infolist()} == {b""}

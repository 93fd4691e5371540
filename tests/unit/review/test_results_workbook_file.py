"""The file of the workbook: whole or not at all, its owner's alone, and never lost."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from campaign.errors import JournalError, ResultsError
from campaign.review.placing import write_in_place
from campaign.review.results_workbook import write_results

from .results_journals import plan, sent, simple_rows, written

if TYPE_CHECKING:
    from collections.abc import Callable

posix_only = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")


def hold_open(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Refuse to replace these files, as Windows does while another program has them open."""
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.name in names:
            raise PermissionError(errno.EACCES, "The process cannot access the file", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)


def writing(content: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(content)

    return write


def full_disk(file: BinaryIO) -> None:
    file.write(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")


@posix_only
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    mode = written(tmp_path, simple_rows(1)).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_an_earlier_workbook_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"old")
    assert write_in_place(target, writing(b"new")) == target
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"new"


def test_a_workbook_that_is_open_in_excel_gets_a_numbered_name_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"open in Excel")
    hold_open(monkeypatch, target.name)
    first = write_in_place(target, writing(b"first"))
    second = write_in_place(target, writing(b"second"))
    assert (first.name, second.name) == ("offer.results (2).xlsx", "offer.results (3).xlsx")
    assert [path.read_bytes() for path in (target, first, second)] == [b"open in Excel", b"first", b"second"]
    assert len(list(tmp_path.iterdir())) == 3


def test_where_no_name_beside_it_can_be_taken_either_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_open(monkeypatch, "offer.results.xlsx", "offer.results (2).xlsx")
    with pytest.raises(ResultsError, match=r"offer\.results\.xlsx: the results workbook cannot be written"):
        write_in_place(tmp_path / "offer.results.xlsx", writing(b"new"))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_workbook_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"old")
    with pytest.raises(ResultsError, match=r"\(No space left on device\); make room .* `campaign results`"):
        write_in_place(target, full_disk)
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(target, b"old")]


@pytest.mark.parametrize(
    ("place", "method"),
    [
        pytest.param(WriteOnlyWorksheet, "append", id="while rows are appended"),
        pytest.param(zipfile.ZipFile, "write", id="while the sheets go into the archive"),
    ],
)
def test_a_disk_that_fills_up_within_the_rows_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: type, method: str
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place, method, no_space)
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(10))
    with journal, pytest.raises(ResultsError, match="No space left on device"):
        write_results(journal, run, tmp_path / "offer.results.xlsx")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".db", ".db-shm", ".db-wal"}


@posix_only
def test_only_their_owner_can_read_the_rows_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passing = tmp_path / "temporary"
    passing.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    modes: set[int] = set()
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(1000))
    with journal:
        write_results(
            journal,
            run,
            tmp_path / "offer.results.xlsx",
            lambda _rows: modes.update(stat.S_IMODE(file.stat().st_mode) for file in passing.iterdir()),
        )
    assert modes == {0o600}
    assert list(passing.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ResultsError, match=r"gone.offer\.xlsx: the results workbook cannot be written .*make its folder"
    ):
        write_in_place(tmp_path / "gone" / "offer.xlsx", writing(b"new"))


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.mkdir()
    with pytest.raises(ResultsError, match="the results workbook cannot be written"):
        write_in_place(target, writing(b"new"))
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupted_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(_file: BinaryIO) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_in_place(tmp_path / "offer.xlsx", interrupt)
    assert list(tmp_path.iterdir()) == []


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

"""Names of annotated copies, and what is in their way."""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING

import pytest

from campaign.errors import RecipientsError, ResultsError
from campaign.review.annotation import annotate
from campaign.sheets import ReadOptions
from tests.unit.sheets import books

from .copies import HEADERS, PERSON, SENT, list_xml, parts_that_differ

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def to(source: Path, target: Path, **options: object) -> Path:
    return annotate(source, ReadOptions(), HEADERS, iter([(2, SENT)]), target, **options)  # type: ignore[arg-type]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return books.saved(tmp_path / "customers.xlsx", ["Id"], [1])


def named(tmp_path: Path, name: str) -> Path:
    """A list with a name: a workbook, or for .csv and .tsv a text file."""
    if name.endswith("sv"):
        (tmp_path / name).write_text("id\tname\n1\tAn\n")
        return tmp_path / name
    return books.save(tmp_path / name, books.parts(list_xml(PERSON)))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("list.xlsx", "copy.XLSX"),
        ("LIST.XLSX", "copy.xlsx"),
        ("list.xlsm", "copy.xlsm"),
        ("list.xltx", "copy.xltx"),
        ("list.xls", "copy.xlsx"),
        ("list.csv", "copy.csv"),
        ("list.tsv", "copy.tsv"),
    ],
)
def test_a_copy_is_of_the_kind_of_its_list(tmp_path: Path, name: str, target: str) -> None:
    assert to(named(tmp_path, name), tmp_path / target) == tmp_path / target


@pytest.mark.parametrize(
    ("name", "target", "advice"),
    [
        ("list.xlsx", "copy.csv", "copy.xlsx"),
        ("list.xlsx", "copy.xlsm", "copy.xlsx"),
        ("list.xlsm", "copy.xlsx", "copy.xlsm"),
        ("list.xltx", "copy.xlsx", "copy.xltx"),
        ("list.csv", "copy.xlsx", "copy.csv"),
        ("list.csv", "copy", "copy.csv"),
    ],
)
def test_a_name_of_another_kind_is_refused(tmp_path: Path, name: str, target: str, advice: str) -> None:
    source = named(tmp_path, name)
    with pytest.raises(ResultsError, match=f"the list is {name}, and its copy is of the same kind; name it {advice}"):
        to(source, tmp_path / target)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_macros_stay(tmp_path: Path) -> None:
    contents = {**books.parts(list_xml(PERSON)), "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}
    source = books.save(tmp_path / "list.xlsm", contents)
    assert parts_that_differ(source, to(source, tmp_path / "copy.xlsm")) == [books.SHEET_PART]


def test_the_list_itself_is_never_written_to(source: Path) -> None:
    link = source.with_name("link.xlsx")
    os.link(source, link)
    before = source.read_bytes()
    for target in (source, source.parent / "x" / ".." / source.name, link):
        with pytest.raises(ResultsError, match="is the list itself; choose another name for the copy"):
            to(source, target, replaceable=lambda _: True)
    assert source.read_bytes() == before


def test_a_file_that_is_in_the_way_is_kept_unless_it_may_be_replaced(source: Path) -> None:
    target = source.with_name("copy.xlsx")
    target.write_text("mine")
    assert to(source, target).name == "copy (1).xlsx"
    assert target.read_text() == "mine"
    assert to(source, target, replaceable=lambda path: path == target) == target
    assert target.read_bytes()[:2] == b"PK"


def test_a_copy_is_seen_before_it_has_its_name(source: Path) -> None:
    seen: list[tuple[bytes, bool]] = []
    target = source.with_name("copy.xlsx")
    to(source, target, before_rename=lambda path: seen.append((path.read_bytes(), target.exists())))
    assert seen == [(target.read_bytes(), False)]


def test_a_folder_that_there_is_not_is_named(source: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot be written.*; make its folder"):
        to(source, source.parent / "nowhere" / "copy.xlsx")


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv"])
def test_a_full_disk_is_not_taken_for_a_damaged_list(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = named(tmp_path, name)

    class FullFile(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write_atomically(path: Path, write: Callable[[io.BytesIO], None], **_: object) -> Path:
        write(FullFile())
        return path

    monkeypatch.setattr("campaign.review.annotation.list_copy.write_atomically", write_atomically)
    with pytest.raises(ResultsError, match=r"copy.*: cannot be written \(No space left on device\); make room"):
        to(source, source.with_stem("copy"))


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipientsError, match="there is no such file"):
        to(tmp_path / "gone.xlsx", tmp_path / "copy.xlsx")

"""A file is written completely or not at all."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, BinaryIO

import pytest

from campaign.atomic_write import write_atomically
from tests.unit.held_files import hold_open

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def writing(content: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(content)

    return write


def full_disk(file: BinaryIO) -> None:
    file.write(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_earlier_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"old")
    assert write_atomically(target, writing(b"new")) == target
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.read_bytes() == b"new"


def test_a_file_open_elsewhere_can_get_a_numbered_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"open in Excel")
    hold_open(monkeypatch, target.name)
    first = write_atomically(target, writing(b"first"), replaceable=lambda path: path == target)
    second = write_atomically(target, writing(b"second"), replaceable=lambda path: path == target)
    assert (first.name, second.name) == ("offer.results (1).xlsx", "offer.results (2).xlsx")
    assert [path.read_bytes() for path in (target, first, second)] == [b"open in Excel", b"first", b"second"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("numbered", [True, False], ids=["numbered name", "no numbered name"])
def test_without_a_free_name_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, numbered: bool
) -> None:
    hold_open(monkeypatch, "offer.results.xlsx")
    replaceable = (lambda _path: True) if numbered else None
    with pytest.raises(PermissionError, match="cannot access the file"):
        write_atomically(tmp_path / "offer.results.xlsx", writing(b"new"), replaceable=replaceable)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_must_not_be_replaced_is_kept_and_the_first_name_that_may_be_taken_is(tmp_path: Path) -> None:
    target, ours = tmp_path / "offer.xlsx", tmp_path / "offer (2).xlsx"
    for path in (target, tmp_path / "offer (1).xlsx"):
        path.write_bytes(b"somebody's")
    ours.write_bytes(b"ours")
    assert write_atomically(target, writing(b"new"), replaceable=lambda path: path.read_bytes() == b"ours") == ours
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"somebody's", b"new"}


def test_a_complete_file_is_shown_before_it_has_its_name(tmp_path: Path) -> None:
    seen: list[bytes] = []
    target = tmp_path / "offer.xlsx"

    def look(temporary: Path) -> None:
        assert not target.exists()
        seen.append(temporary.read_bytes())

    write_atomically(target, writing(b"new"), before_rename=look)
    assert seen == [b"new"]


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "offer.results.xlsx"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(target, full_disk)
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(target, b"old")]


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_file: BinaryIO) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "offer.xlsx", interrupt)
    assert list(tmp_path.iterdir()) == []

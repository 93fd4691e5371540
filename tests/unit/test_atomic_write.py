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
    first = write_atomically(target, writing(b"first"), fall_back=True)
    second = write_atomically(target, writing(b"second"), fall_back=True)
    assert (first.name, second.name) == ("offer.results (2).xlsx", "offer.results (3).xlsx")
    assert [path.read_bytes() for path in (target, first, second)] == [b"open in Excel", b"first", b"second"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("fall_back", [True, False], ids=["numbered name", "no numbered name"])
def test_without_a_free_name_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fall_back: bool
) -> None:
    hold_open(monkeypatch, "offer.results.xlsx", *["offer.results (2).xlsx"] * fall_back)
    with pytest.raises(PermissionError, match="cannot access the file"):
        write_atomically(tmp_path / "offer.results.xlsx", writing(b"new"), fall_back=fall_back)
    assert list(tmp_path.iterdir()) == []


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

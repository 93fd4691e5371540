"""A file is written completely or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from campaign.atomic_write import clear_left_behind, is_running, temporary_beside, write_atomically
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


def dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(process: int, target: Path) -> Path:
    """A temporary file as that process would have left it."""
    own = temporary_beside(target)
    return own.rename(own.with_name(own.name.replace(f"-{os.getpid()}-", f"-{process}-")))


def test_what_an_ended_process_left_behind_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = left_by(dead_process(), tmp_path / "offer.xlsx")
    own = temporary_beside(tmp_path / "offer.xlsx")
    others = [
        tmp_path / name for name in (".campaign-abc.part", ".campaign-00000000-1-abc.part", "offer.xlsx", "x.part")
    ]
    for path in others:
        path.write_bytes(b"")
    clear_left_behind(tmp_path)
    assert not left.exists()
    assert set(tmp_path.iterdir()) == {own, *others}


def test_a_link_in_the_place_of_a_temporary_file_is_left_alone(tmp_path: Path) -> None:
    link = left_by(dead_process(), tmp_path / "offer.xlsx")
    link.unlink()
    (tmp_path / "kept").write_bytes(b"")
    link.symlink_to(tmp_path / "kept")
    clear_left_behind(tmp_path)
    assert link.is_symlink()


def test_a_folder_that_is_gone_has_nothing_left_behind(tmp_path: Path) -> None:
    clear_left_behind(tmp_path / "gone")


def test_a_process_is_running_until_it_has_ended() -> None:
    assert is_running(os.getpid())
    assert not is_running(dead_process())
    assert is_running(10**30)  # no such number: nothing can be told


def kernel(handle: int, code: int) -> SimpleNamespace:
    """What Windows says of a process."""

    def exit_code(_handle: int, place: Any) -> None:  # noqa: ANN401 - a ctypes reference
        place._obj.value = code

    return SimpleNamespace(
        OpenProcess=lambda *_: handle, GetExitCodeProcess=exit_code, CloseHandle=lambda _handle: None
    )


@pytest.mark.parametrize(
    ("handle", "code", "error", "running"),
    [
        pytest.param(7, 259, 0, True, id="running"),
        pytest.param(7, 0, 0, False, id="ended, and held open by another"),
        pytest.param(0, 0, 87, False, id="no such process"),
        pytest.param(0, 0, 5, True, id="access denied"),
    ],
)
def test_windows_is_asked_in_its_own_way(
    monkeypatch: pytest.MonkeyPatch, *, handle: int, code: int, error: int, running: bool
) -> None:
    monkeypatch.setattr("campaign.atomic_write.ON_WINDOWS", True)
    monkeypatch.setattr("ctypes.WinDLL", lambda *_, **__: kernel(handle, code), raising=False)
    monkeypatch.setattr("ctypes.get_last_error", lambda: error, raising=False)
    assert is_running(4321) is running

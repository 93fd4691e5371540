"""A folder on a disk of another computer is known."""

from __future__ import annotations

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from campaign.doctor import network_drive
from campaign.doctor.network_drive import file_system_of, server_of

MOUNTS = """\
/dev/vda / ext4 rw,relatime 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/here ext4 rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
none /mnt/twice tmpfs rw 0 0
server:/twice /mnt/twice nfs rw 0 0

short line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/a", "ext4"), ("/home/a", "nfs4"), ("/home/here/a", "ext4"), ("/homes/a", "ext4"), ("/mnt/twice/a", "nfs")],
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system_of(PurePosixPath(path), MOUNTS) == kind


def test_a_mount_point_with_a_blank_is_read() -> None:
    text = "//server/share /mnt/a\\040b cifs rw 0 0"
    assert file_system_of(PurePosixPath("/mnt/a b/c"), text) == "cifs"
    assert file_system_of(PurePosixPath("/mnt/a b/c"), "") == ""


@pytest.mark.parametrize(
    ("path", "server"),
    [
        pytest.param(PureWindowsPath(r"\\server\share\tet"), r"\\server\share", id="a share"),
        pytest.param(PureWindowsPath(r"C:\campaigns"), "", id="a drive"),
        pytest.param(PureWindowsPath("\\\\?\\C:\\campaigns"), "", id="a long path"),
        pytest.param(PurePosixPath("/srv"), "", id="POSIX"),
    ],
)
def test_the_server_of_a_path_of_windows_is_known(path: PurePath, server: str) -> None:
    assert server_of(path) == server


def test_a_folder_is_looked_up_where_the_system_has_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "mounts"
    monkeypatch.setattr(network_drive, "MOUNTS", listed)
    assert network_drive.network_drive(tmp_path) == ""
    listed.write_text("server:/ / nfs4 rw 0 0\n", encoding="utf-8")
    assert network_drive.network_drive(tmp_path) == "nfs4"
    listed.write_text("/dev/vda / ext4 rw 0 0\n", encoding="utf-8")
    assert network_drive.network_drive(tmp_path) == ""

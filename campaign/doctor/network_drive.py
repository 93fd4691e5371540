"""Whether a folder is on a disk of another computer.

The processes that share a journal share memory through the file that ends in -shm, so they have to be on one computer
(https://sqlite.org/wal.html, section "Overview", disadvantage 1).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath, PurePosixPath

MOUNTS = Path("/proc/self/mounts")
"""The mounted file systems of Linux: source, mount point, type and more on each line (man 5 fstab)."""

NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "9p", "virtiofs"}
    | {f"fuse.{name}" for name in ("sshfs", "glusterfs", "ceph", "s3fs", "rclone", "gcsfuse", "davfs")}
)
"""Types of file systems that other computers can write to as well."""


def network_drive(folder: Path) -> str:
    """What a folder is on, where that is a disk of another computer; "" where it is not, or that is not known."""
    try:
        real = folder.resolve()
        mounts = "" if server_of(real) else MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    kind = file_system_of(real, mounts)
    return server_of(real) or (kind if kind in NETWORK else "")


def server_of(path: PurePath) -> str:
    r"""The server and share of a path of Windows: \\server\share; "" for any other.

    A drive letter that stands for a share is resolved to it by `Path.resolve`.
    """
    drive = path.drive
    return drive if drive.startswith("\\\\") and not drive.startswith(("\\\\?", "\\\\.")) else ""


def file_system_of(path: PurePath, mounts: str) -> str:
    """The type of the file system that a path is on, from the text of /proc/self/mounts; "" where it has none."""
    found, longest = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePosixPath(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), fields[1]))
        if len(point.parts) >= longest and path.is_relative_to(point):  # of two at one place, the later is on top
            found, longest = fields[2], len(point.parts)
    return found

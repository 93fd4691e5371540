"""The URI by which SQLite opens a file in another mode than for reading and writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath

_NO_HOST = "file:///"


def uri_of(path: PurePath, mode: str) -> str:
    r"""The URI of a file.

    SQLite takes no host in it (https://sqlite.org/uri.html, section 3.2), and `as_uri` makes one of the server in a
    path of Windows such as \\server\share\tet.journal.db; so there it becomes a part of the path.

    Args:
        path: an absolute path.
        mode: such as "mode=ro" or "immutable=1".
    """
    uri = path.as_uri()
    return f"{uri if uri.startswith(_NO_HOST) else uri.replace('file://', 'file:////', 1)}?{mode}"

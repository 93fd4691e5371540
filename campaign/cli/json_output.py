"""What `--json` prints: one JSON value on one line of stdout."""

from __future__ import annotations

import json
import shutil
import sys
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Self

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_IN_MEMORY = 1 << 20


class JsonArray:
    """An array to be printed at the end, of which only the first megabyte is in memory.

    A list of a million rows can have a problem in each.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._before = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, item: object) -> None:
        """Add an item."""
        self._file.write(self._before + _encoded(item))
        self._before = b", "

    def write_to(self, stream: BinaryIO) -> None:
        """Write the whole array."""
        self._file.seek(0)
        stream.write(b"[")
        shutil.copyfileobj(self._file, stream)
        stream.write(b"]")


def print_json(value: object) -> None:
    r"""Print a value: in UTF-8 whatever the locale says, and half a character as `\ud83d`."""
    click.echo(_encoded(value))


def print_json_array(array: JsonArray) -> None:
    """Print an array."""
    stream = sys.stdout.buffer
    array.write_to(stream)
    stream.write(b"\n")
    stream.flush()


def print_json_object(members: Mapping[str, object], **arrays: JsonArray) -> None:
    """Print an object whose last members are the arrays."""
    stream = sys.stdout.buffer
    stream.write(_encoded(members)[:-1])
    for name, array in arrays.items():
        stream.write(b", " + _encoded(name) + b": ")
        array.write_to(stream)
    stream.write(b"}\n")
    stream.flush()


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")

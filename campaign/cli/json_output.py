"""What is printed for programs: with `--json` one JSON value on one line of stdout, or the text of an export."""

from __future__ import annotations

import json
import re
import shutil
import sys
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Self

from campaign.cli.console import warn
from campaign.errors import Problem, ResultsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

_IN_MEMORY = 1 << 20
_BLOCK = 1 << 16


class JsonArray:
    """An array that is printed at the end; beyond the first megabyte it is kept in a temporary file.

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
    r"""Print a value in UTF-8, whatever the locale; a lone surrogate is written as `\ud83d`."""
    _print(lambda stream: stream.write(_encoded(value)))


def print_json_array(array: JsonArray) -> None:
    """Print an array."""
    _print(array.write_to)


def print_json_object(members: Mapping[str, object], **arrays: JsonArray) -> None:
    """Print an object whose last members are the arrays."""

    def write(stream: BinaryIO) -> None:
        stream.write(_encoded(members)[:-1])
        for name, array in arrays.items():
            stream.write(b", " + _encoded(name) + b": ")
            array.write_to(stream)
        stream.write(b"}")

    _print(write)


def print_text(pieces: Iterable[str]) -> None:
    """Print text that is what was asked for to standard output, in UTF-8, a block at a time.

    Raises:
        ResultsError: it cannot be written to its end; a reader that has gone away wanted no more.
    """
    stream: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if stream is None:
        raise ResultsError(Problem("standard output", "is closed", "name a file for it"))
    block: list[str] = []
    size = 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            stream.write("".join(block).encode("utf-8", "backslashreplace"))
            block, size = [], 0
            if getattr(stream, "error", None):
                break
    stream.write("".join(block).encode("utf-8", "backslashreplace"))
    error = getattr(stream, "error", None)
    if error is not None and not isinstance(error, BrokenPipeError):
        raise ResultsError(Problem("standard output", f"cannot be written ({error.strerror})", "make room")) from error


def _print(write: Callable[[BinaryIO], object]) -> None:
    """Write a line to stdout. The command has done its work, so a failed write is a warning, not an error."""
    stream: BinaryIO | None = getattr(sys.stdout, "buffer", None)
    if stream is None:
        warn(Problem("--json", "there is no standard output to write to"))
        return
    try:
        write(stream)
        stream.write(b"\n")
        stream.flush()
        error = getattr(stream, "error", None)  # of an UnfailingStream
    except OSError as failed:
        error = failed
    if error is not None and not isinstance(error, BrokenPipeError):  # the reader closed the pipe
        warn(Problem("--json", f"the standard output cannot be written ({error.strerror or error})"))


# What a terminal takes for a command (DEL, C1) or for an order to turn the line around (the Bidi_Control characters of
# Unicode TR 9), and the two separators that end a line in JavaScript. All of them stand in strings, where JSON has \u.
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _encoded(value: object) -> bytes:
    text = _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    return text.encode("utf-8", "backslashreplace")

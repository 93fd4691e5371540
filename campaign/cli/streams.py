"""The standard streams, made such that losing one changes nothing but what is seen.

A service, `pythonw` or `2>&-` leave a stream closed; a full disk, a reader that went away or a terminal that was shut
make it unwritable. None of that is a reason to send less, to end with another exit code or to lose the JSON.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO, TextIO


class UnfailingStream(io.RawIOBase):
    """Writes to a binary stream at once, and drops what cannot be written.

    Attributes:
        error: the first error; None while everything was written.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self.error: OSError | None = None

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with contextlib.suppress(OSError, ValueError):
            return self._stream.isatty()
        return False

    def fileno(self) -> int:
        """The descriptor."""
        return self._stream.fileno()

    def write(self, data: bytes, /) -> int:  # type: ignore[override] # of any buffer, in typeshed
        """Write, or drop after the first error: half a line after a gap would mislead."""
        if self.error is None:
            try:
                self._stream.write(data)
                self._stream.flush()
            except OSError as error:
                self._lost(error)
            except (
                ValueError,
                RuntimeError,
            ):  # closed, or written to from a signal handler while it is being written to
                pass
        return len(data)

    def _lost(self, error: OSError) -> None:
        """Point the descriptor to nowhere: Python flushes what is left when it ends, and would end with 120."""
        self.error = error
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
"""The marks of the tones of Vietnamese, which cp1258 has as characters of their own behind the letter."""


_DRAWN = {"─": "-", "│": "|", **dict.fromkeys("╭╮╰╯├┤", "+"), "✗": "x"}
"""What frames and lists are drawn with. Other signs may be those of a message, and are escaped rather than changed."""


def written_otherwise(encoding: str, error: UnicodeError) -> tuple[str, int]:
    r"""Handle letters that an encoding lacks: cp1258 has ế as ê and a mark; others are escaped, as \u2192.

    Args:
        encoding: the encoding; the error names that of all code pages “charmap”.
        error: what Python met with.

    Raises:
        UnicodeError: it is not about encoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_written(letter, encoding) for letter in letters), error.end


def _written(letter: str, encoding: str) -> str:
    if letter in _DRAWN:
        return _DRAWN[letter]
    parts = unicodedata.normalize("NFD", letter)
    base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    written = base + "".join(part for part in parts if part in _TONES)
    try:
        written.encode(encoding)
    except UnicodeError:
        return letter.encode("ascii", "backslashreplace").decode("ascii")
    return written


def make_streams_unfailing() -> None:
    """Prepare the standard streams of this process. Called once, before anything else is opened."""
    _fill_descriptors()
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    # Text that a code page lacks letters for is better with other ones or escapes in it than not printed at all.
    sys.stdout, sys.stderr = _unfailing(sys.stdout), _unfailing(sys.stderr)


def _fill_descriptors() -> None:
    """Open nothing under the numbers of closed streams: else the next file, the journal, gets one of them.

    A library or a child process that writes to standard error would write into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _unfailing(stream: TextIO) -> TextIO:
    buffer = getattr(stream, "buffer", None)
    if buffer is None:  # closed, or replaced by a program that embeds the command
        return stream
    handler = f"campaign.otherwise.{stream.encoding}"
    codecs.register_error(handler, partial(written_otherwise, stream.encoding))
    return io.TextIOWrapper(
        UnfailingStream(buffer),  # type: ignore[type-var] # typeshed asks for a buffered stream; write_through needs none
        encoding=stream.encoding,
        errors=handler,
        newline=None,
        write_through=True,
    )

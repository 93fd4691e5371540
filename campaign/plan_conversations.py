"""Counts the messages of every conversation, of any number of rows in bounded memory and little time."""

from __future__ import annotations

import contextlib
from array import array
from collections import Counter
from heapq import nsmallest
from itertools import chain
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import JournalWriteError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import IO, Self

_PARTS = 256
_IN_MEMORY = 1 << 17
"""Rows kept before they are written to a temporary file, by parts, each of which is small enough to be counted."""

_NUMBER = "q"  # an integer of eight bytes


class Several(NamedTuple):
    """Conversations that get more than one message.

    Attributes:
        conversations: how many there are.
        messages: how many messages they get.
        rows: the rows of the first messages of the first few of them.
    """

    conversations: int
    messages: int
    rows: list[int]


class Conversations:
    """Remembers which conversation each row is for. Use it with `with`.

    A conversation is known by the hash of its name, of 64 bits: one that is counted with another is very rare.
    """

    def __init__(self) -> None:
        self._recent = array(_NUMBER)  # hash, row, hash, row, …
        self._file: IO[bytes] | None = None
        self._places = [array(_NUMBER) for _ in range(_PARTS)]  # of each part in the file: offset, bytes, …

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()

    def add(self, destinations: Iterable[str], rows: Iterable[int]) -> None:
        """Remember some rows, in sheet order.

        Raises:
            JournalWriteError: the disk that contains temporary files is full.
        """
        self._recent.extend(chain.from_iterable(zip(map(hash, destinations), rows, strict=True)))
        if len(self._recent) >= 2 * _IN_MEMORY:
            with _plain_errors():
                self._write_recent()

    def _write_recent(self) -> None:
        parts = [array(_NUMBER) for _ in range(_PARTS)]
        for key, row in zip(self._recent[0::2], self._recent[1::2], strict=True):
            part = parts[key % _PARTS]
            part.append(key)
            part.append(row)
        self._recent = array(_NUMBER)
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        for part, places in zip(parts, self._places, strict=True):
            places.extend((self._file.seek(0, 2), len(part) * part.itemsize))
            self._file.write(part.tobytes())

    def _parts(self) -> Iterator[Sequence[int]]:
        """All that is remembered, in parts that have no conversation in common."""
        if self._file is None:
            yield self._recent
            return
        self._write_recent()
        for places in self._places:
            part = array(_NUMBER)
            for offset, size in zip(places[0::2], places[1::2], strict=True):
                self._file.seek(offset)
                part.frombytes(self._file.read(size))
            yield part

    def several(self, most: int) -> Several:
        """Find the conversations that get more than one message.

        Args:
            most: how many first rows to return.

        Raises:
            JournalWriteError: the disk that contains temporary files is full.
        """
        count, messages = 0, 0
        rows: list[int] = []
        with _plain_errors():
            for part in self._parts():
                keys = part[0::2]
                if len(set(keys)) == len(keys):
                    continue
                repeated = {key: times for key, times in Counter(keys).items() if times > 1}
                count += len(repeated)
                messages += sum(repeated.values())
                first: dict[int, int] = {}
                for key, row in zip(keys, part[1::2], strict=True):
                    if key in repeated:
                        first.setdefault(key, row)
                rows = nsmallest(most, chain(rows, first.values()))
        return Several(count, messages, rows)


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise JournalWriteError(Problem("the folder for temporary files", what, "make room on its disk")) from error

"""Read the parts of a workbook from its zip archive, within limits."""

from __future__ import annotations

import errno
import posixpath
import struct
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_ENCRYPTED = 0x1


class PartLimit(NamedTuple):
    """Limits the unpacked size of a part.

    Attributes:
        free_bytes: a part of up to that many bytes is accepted at any compression ratio.
        max_ratio: the most that a larger part may be, in multiples of its packed size. A zip bomb has up to 1,032.
    """

    free_bytes: int
    max_ratio: int


class Package:
    """An open Office Open XML file. Part names are matched as in Excel: in any case, with either slash."""

    def __init__(self, path: Path) -> None:
        """Open the archive.

        Raises:
            RecipientsError: it is damaged.
        """
        self.path = path
        self.label = path.name
        with self.damage_as_error():
            self._size = path.stat().st_size
            self._zip = ZipFile(path)
        self._parts = {part_key(info.filename): info for info in self._zip.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def has(self, part: str) -> bool:
        """Return whether a part exists."""
        return part_key(part) in self._parts

    @property
    def entries(self) -> list[ZipInfo]:
        """All that the archive contains, in its order; of two with one name the last, which is the one that counts."""
        return [info for info in self._zip.infolist() if self._parts[part_key(info.filename)] is info]

    def size(self, part: str) -> int:
        """Return the unpacked size of a part in bytes."""
        return self._parts[part_key(part)].file_size

    def packed_size(self, part: str) -> int:
        """Return the packed size of a part in bytes, at most the size of the file."""
        return max(1, min(self._parts[part_key(part)].compress_size, self._size))

    @contextmanager
    def open(self, part: str, limit: PartLimit) -> Iterator[IO[bytes]]:
        """Open an existing part for reading.

        Args:
            part: its name.
            limit: its largest unpacked size. zipfile unpacks no more than the directory declares, so that is checked.

        Raises:
            RecipientsError: the part is encrypted, damaged, or too large when unpacked.
        """
        info = self._parts[part_key(part)]
        self._check_part(info, limit)
        with self.damage_as_error(), self._opened(info) as stream:
            yield stream

    def _opened(self, info: ZipInfo) -> IO[bytes]:
        try:
            return self._zip.open(info)
        except ValueError as error:  # an offset that is out of range
            raise self.damaged("the file is damaged (its directory is wrong)") from error

    @contextmanager
    def damage_as_error(self) -> Iterator[None]:
        """Raise `RecipientsError` for all errors of a damaged archive."""
        try:
            yield
        except (BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, UnicodeDecodeError) as error:
            raise self.damaged(f"the file is damaged ({str(error) or 'it is incomplete'})") from error
        except OSError as error:
            if error.errno == errno.EINVAL:  # an offset that no file can have
                raise self.damaged("the file is damaged (its directory is wrong)") from error
            remedy = "check that the file can be read, and try again"
            raise RecipientsError(Problem(self.label, f"cannot be read ({error.strerror or error})", remedy)) from error

    def damaged(self, what: str) -> RecipientsError:
        """Return the error for a damaged file."""
        remedy = "open it in a spreadsheet program, let it repair the file, and save it as .xlsx again"
        return RecipientsError(Problem(self.label, what, remedy))

    def _check_part(self, info: ZipInfo, limit: PartLimit) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise RecipientsError(Problem(self.label, "the zip archive has a password", "save it without one"))
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise self.damaged(f"{info.filename} is compressed with a method that workbooks do not use")
        packed = self.packed_size(info.filename)
        if info.file_size > limit.free_bytes and info.file_size > limit.max_ratio * packed:
            size = f"{info.file_size / 1e6:,.0f} MB, {info.file_size // packed:,} times its packed size"
            remedy = "copy the rows that are needed into a new workbook"
            raise RecipientsError(Problem(self.label, f"{info.filename} would unpack to {size}", remedy))


def part_key(part: str) -> str:
    """Return what is equal for all names of a part."""
    return posixpath.normpath(part.replace("\\", "/").lstrip("/")).casefold()

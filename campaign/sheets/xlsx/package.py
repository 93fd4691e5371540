"""The zip container of a workbook: parts by name, within limits."""

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


class Limit(NamedTuple):
    """How large a part may be once unpacked.

    Attributes:
        small: so many bytes are taken however tightly they were packed.
        growth: a larger part may be so many times its packed size. A zip bomb is up to 1,032 times its own.
    """

    small: int
    growth: int


class Package:
    """An open Office Open XML file, whose parts are found as Excel finds them: in any case, with either slash."""

    def __init__(self, path: Path) -> None:
        """Open the container.

        Raises:
            RecipientsError: it is damaged.
        """
        self.path = path
        self.label = path.name
        with self.refusing_damage():
            self._size = path.stat().st_size
            self._zip = ZipFile(path)
        self._parts = {_folded(info.filename): info for info in self._zip.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def has(self, part: str) -> bool:
        """Tell whether the part is there."""
        return _folded(part) in self._parts

    def packed_size(self, part: str) -> int:
        """How many bytes a part that is there takes up in the file, or would at most."""
        return max(1, min(self._parts[_folded(part)].compress_size, self._size))

    @contextmanager
    def open(self, part: str, limit: Limit) -> Iterator[IO[bytes]]:
        """Open a part that is there, for reading from its beginning.

        Args:
            part: its name.
            limit: how large it may be. zipfile never unpacks more than the directory says, so it is enough to ask that.

        Raises:
            RecipientsError: it is encrypted, damaged, or would grow beyond all measure when unpacked.
        """
        info = self._parts[_folded(part)]
        self._refuse_what_no_workbook_has(info, limit)
        with self.refusing_damage(), self._opened(info) as stream:
            yield stream

    def _opened(self, info: ZipInfo) -> IO[bytes]:
        try:
            return self._zip.open(info)
        except ValueError as error:  # a place in the file beyond all numbers
            raise self.damaged("the file is damaged (its parts are not where it says)") from error

    @contextmanager
    def refusing_damage(self) -> Iterator[None]:
        """Turn every way in which a damaged container shows itself into one refusal."""
        try:
            yield
        except (BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, UnicodeDecodeError) as error:
            raise self.damaged(f"the file is damaged ({str(error) or 'it ends too early'})") from error
        except OSError as error:
            if error.errno == errno.EINVAL:  # it says that something stands where no file has a place
                raise self.damaged("the file is damaged (its parts are not where it says)") from error
            remedy = "see that the file can be read, and try again"
            raise RecipientsError(Problem(self.label, f"cannot be read ({error.strerror or error})", remedy)) from error

    def damaged(self, what: str) -> RecipientsError:
        """Say that the file is broken and what can be done about it."""
        remedy = "open it in a spreadsheet program, let it repair the file, and save it as .xlsx again"
        return RecipientsError(Problem(self.label, what, remedy))

    def _refuse_what_no_workbook_has(self, info: ZipInfo, limit: Limit) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise RecipientsError(Problem(self.label, "the zip archive has a password", "save it without one"))
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise self.damaged(f"{info.filename} is compressed in a way that no workbook is")
        packed = self.packed_size(info.filename)
        if info.file_size > limit.small and info.file_size > limit.growth * packed:
            size = f"{info.file_size / 1e6:,.0f} MB, {info.file_size // packed:,} times its packed size"
            remedy = "copy the rows that are needed into a new workbook"
            raise RecipientsError(Problem(self.label, f"{info.filename} would unpack to {size}", remedy))


def _folded(part: str) -> str:
    return posixpath.normpath(part.replace("\\", "/").lstrip("/")).casefold()

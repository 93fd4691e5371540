"""Check a file before it is read: what kind it is, and whether it changed since it was opened."""

from __future__ import annotations

import difflib
import stat
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets.text_encoding import unicode_encoding

if TYPE_CHECKING:
    from pathlib import Path


WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})
TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt"})
_SPREADSHEET_SUFFIXES = WORKBOOK_SUFFIXES | {".xls", ".xlsb", ".ods", ".numbers"}

_LINK_SUFFIXES = frozenset({".gsheet", ".url", ".webloc"})

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD_BYTES = 4096
_CHUNK_BYTES = 1 << 20
_SAVE_AS = "open it in a spreadsheet program and save it as .xlsx"
_GIVE_A_SHEET = "give a workbook (.xlsx, .xlsm) or a text file (.csv, .tsv)"

_OTHER_BINARY = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite format 3": "a database",
    b"{\\rtf": "a text document (RTF)",
}
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")  # BIFF 2, 3, 4 and 5


class FileKind(Enum):
    """The kinds of file that can be read."""

    WORKBOOK = auto()
    TEXT = auto()


def kind_of(path: Path) -> FileKind:
    """Detect the kind of a file by its first bytes.

    Raises:
        RecipientsError: it does not exist, is empty, is not permitted to be read, or is of another kind.
        OSError: reading it fails in another way.
    """
    _check_status(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except PermissionError as error:
        remedy = "close it where it is open, or change its permissions"
        raise RecipientsError(Problem(str(path), "may not be read", remedy)) from error
    if head.startswith(_ZIP):
        return FileKind.WORKBOOK
    if path.suffix.lower() in _LINK_SUFFIXES:
        raise _refusal(path, "is a link to a web page", "download the sheet as .xlsx or CSV first")
    _check_content(path, head)
    if path.suffix.lower() in TEXT_SUFFIXES:
        return FileKind.TEXT
    if path.suffix.lower() in _SPREADSHEET_SUFFIXES:
        raise _refusal(path, "is plain text and not a workbook", "rename it to .csv if it is a CSV file")
    raise _refusal(path, "is not a kind of file that can be read as a sheet", _GIVE_A_SHEET)


def _check_status(path: Path) -> None:
    try:
        status = path.stat()
    except PermissionError as error:
        raise RecipientsError(Problem(str(path), "may not be read", "change its permissions")) from error
    except (OSError, ValueError) as error:
        raise RecipientsError(Problem(str(path), "there is no such file", _similar_name(path))) from error
    if path.name.startswith("~$"):
        what = "is the lock file of a workbook that is open in a spreadsheet program"
        raise _refusal(path, what, f"give {path.name[2:]} itself")
    if stat.S_ISDIR(status.st_mode):
        raise RecipientsError(Problem(str(path), "is a folder", "give a file in it"))
    if not stat.S_ISREG(status.st_mode):
        raise RecipientsError(Problem(str(path), "is not a file on a disk", "save it as a file first"))
    if not status.st_size:
        raise _refusal(path, "is empty", "save or download it again")


def _similar_name(path: Path) -> str:
    known = WORKBOOK_SUFFIXES | TEXT_SUFFIXES
    try:
        names = [file.name for file in path.parent.iterdir() if file.suffix.lower() in known]
    except (OSError, ValueError):
        return "check the name of the folder"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {near[0]}?" if near else "check the name and the folder"


def _check_content(path: Path, head: bytes) -> None:
    if head.startswith(_OLE):
        raise _ole_refusal(path)
    if head.startswith(_OLD_EXCEL):
        raise _refusal(path, "is an old Excel file (.xls)", _SAVE_AS)
    for magic, name in _OTHER_BINARY.items():
        if head.startswith(magic):
            raise _refusal(path, f"is {name}", _GIVE_A_SHEET)
    if not head.strip(b"\0"):
        raise _refusal(path, "is damaged: it contains only zeros", "get the file again from its source")
    detected = unicode_encoding(head)
    start = head.decode(detected[0] if detected else "latin-1", "replace")
    markup = _markup(start)
    if markup:
        raise _refusal(path, f"is {markup} and not a workbook", _SAVE_AS)
    if _is_binary(start):
        raise _refusal(path, "is damaged, or is not a spreadsheet", _SAVE_AS)


def _markup(start: str) -> str:
    text = start.lstrip("\ufeff \t\r\n").lower()
    if text.startswith(("<!doctype html", "<html", "<head", "<body", "<table", "<meta", "<style", "<script")):
        return "a web page (HTML)"
    if text.startswith("mime-version:"):
        return "a web archive (MHTML)"
    if text.startswith(("<?xml", "<!--", "<workbook")):
        if "<html" in text:
            return "a web page (HTML)"
        return "an XML Spreadsheet 2003" if "urn:schemas-microsoft-com:office:spreadsheet" in text else "an XML file"
    return ""


def _is_binary(start: str) -> bool:
    """Return whether the data is binary: text has few control characters."""
    controls = sum(letter < " " and letter not in "\0\t\n\r\f\x1a\x1b" for letter in start)
    return controls > len(start) // 20


def _ole_refusal(path: Path) -> RecipientsError:
    """Name what a compound file contains (Microsoft, [MS-CFB] and [MS-OFFCRYPTO])."""
    names = _stream_names(path)
    if "EncryptedPackage" in names:
        remedy = "open it in Excel, remove the password (File, Info, Protect Workbook), and save it"
        return _refusal(path, "is encrypted with a password", remedy)
    if names:
        return _refusal(path, "is an old Excel file (.xls)", _SAVE_AS)
    return _refusal(path, "is an old Office file and not a workbook", _GIVE_A_SHEET)


def _stream_names(path: Path) -> set[str]:
    patterns = {name: name.encode("utf-16-le") for name in ("EncryptedPackage", "Workbook", "Book")}
    found: set[str] = set()
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            found.update(name for name, pattern in patterns.items() if pattern in tail + chunk)
            tail = chunk[-64:]
    return found


def _refusal(path: Path, what: str, remedy: str) -> RecipientsError:
    return RecipientsError(Problem(path.name, what, remedy))


class Fingerprint(NamedTuple):
    """Size in bytes, and time of the last change in nanoseconds."""

    size: int
    changed: int


def fingerprint(path: Path) -> Fingerprint:
    """Return the fingerprint of a file.

    Raises:
        OSError: the file cannot be accessed.
    """
    status = path.stat()
    return Fingerprint(status.st_size, status.st_mtime_ns)


def check_unchanged(path: Path, before: Fingerprint) -> None:
    """Check that a file is the same as when it was opened.

    Raises:
        RecipientsError: it was changed or removed.
    """
    try:
        changed = fingerprint(path) != before
    except OSError:
        changed = True
    if changed:
        raise RecipientsError(Problem(path.name, "was changed while it was being read", "start again"))

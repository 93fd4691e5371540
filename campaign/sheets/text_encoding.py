"""Find the encoding of a text file."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from pathlib import Path


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with BOM"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def told_by(head: bytes) -> tuple[str, str] | None:
    """Tell the encoding by a byte order mark, or UTF-16 without one by its zeros.

    Args:
        head: the first bytes of the file.

    Returns:
        the codec and what people call it; None where nothing tells.
    """
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            return codec, label
    codec = _utf16_without_mark(head)
    return (codec, "UTF-16 without BOM") if codec else None


def _utf16_without_mark(head: bytes) -> str:
    # Separators, digits, line ends and Latin letters have a zero in every pair of bytes, always on the same side.
    pairs = max(1, len(head) // 2)
    high, low = head[1::2].count(0) / pairs, head[0::2].count(0) / pairs
    if high > 0.3 and low < 0.05:
        return "utf-16-le"
    return "utf-16-be" if low > 0.3 and high < 0.05 else ""


_PIECE = 1 << 20
_SAMPLE = 1 << 18
_GUESSES = {"cp1252": "cp1252 (Western)", "cp1258": "cp1258 (Vietnamese)", "cp932": "Shift-JIS (cp932, Japanese)"}
_UTF8_LETTER = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
_VIETNAMESE_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_SET_IT = 'set encoding to the one it was saved in, or save it as "CSV UTF-8"'


class TextEncoding(NamedTuple):
    """How to decode a file.

    Attributes:
        codec: the name Python knows.
        label: the name people know, and how sure it is.
        composes: whether letters come apart in this encoding and have to be put together (NFC): "ê" and a dot for "ệ".
    """

    codec: str
    label: str
    composes: bool = False


def find_encoding(path: Path, wanted: str | None) -> TextEncoding:
    """Find the encoding of a text file, and make sure that all of it can be decoded.

    Args:
        path: the file.
        wanted: the codec the operator names, or None.

    Raises:
        RecipientsError: no such codec; or no encoding fits, or the one named does not: names the line.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    told = told_by(head)
    if wanted is not None:
        encoding = _named(wanted, told)
    elif told is not None:
        encoding = TextEncoding(*told)
    elif (damage := _undecodable(path, "utf-8")) is not None:
        encoding = _guess(path, damage)
    else:
        return TextEncoding("utf-8", "UTF-8")
    bad = _undecodable(path, encoding.codec)
    if bad is not None:
        what = f"holds a byte that is not {encoding.label}: {bad.shown}"
        raise RecipientsError(Problem(f"{path.name}, line {bad.line}", what, _SET_IT))
    return encoding


def _named(wanted: str, told: tuple[str, str] | None) -> TextEncoding:
    try:
        codec = codecs.lookup(wanted).name
        "".encode(codec)  # a codec may also be one between bytes, such as base64
    except (LookupError, ValueError) as error:
        remedy = "use a name such as utf-8, utf-16, cp1252, cp1258 or shift_jis"
        raise RecipientsError(Problem("encoding", f"“{wanted}” is no encoding", remedy)) from error
    if told is not None and (told[0].startswith(codec) or codec.startswith(told[0])):
        codec = told[0]  # the same encoding, with or without a mark
    return TextEncoding(codec, wanted, composes=codec == "cp1258")


class _Undecodable(NamedTuple):
    line: int
    shown: str


def _undecodable(path: Path, codec: str) -> _Undecodable | None:
    """Decode the whole file, piece by piece, up to the first byte that has no meaning."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                line += decoder.decode(piece, not piece).count("\n")
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(codec, "replace")
                return _Undecodable(line + before.count("\n"), f"0x{error.object[error.start]:02X}")
            except UnicodeError as error:  # some codecs say no more: UTF-16 without its mark, punycode
                return _Undecodable(line, str(error))
            if not piece:
                return None


def _guess(path: Path, damage: _Undecodable) -> TextEncoding:
    """Guess among the encodings that Excel saves in where these files come from; there is no other way to know.

    Raises:
        RecipientsError: it looks like none of them, or like UTF-8 with some bytes damaged.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to import, and few files need it

    sample = _telling_lines(path)
    if _is_mostly_utf8(sample):
        what = f"holds a byte that is not UTF-8 ({damage.shown}), while the rest is"
        raise RecipientsError(Problem(f"{path.name}, line {damage.line}", what, "type that line again"))
    best = from_bytes(sample, cp_isolation=list(_GUESSES), preemptive_behaviour=False).best()
    if best is None:
        raise RecipientsError(Problem(path.name, "is in an encoding that cannot be told", _SET_IT))
    codec = best.encoding
    if codec == "cp1258" and not _is_vietnamese(sample.decode("cp1258", "replace")):
        codec = "cp1252"
    return TextEncoding(codec, f"{_GUESSES[codec]}, a guess: look at the letters", composes=codec == "cp1258")


def _telling_lines(path: Path) -> bytes:
    """Collect lines that are not ASCII: the others say nothing."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < _SAMPLE and (piece := file.read(_PIECE)):
            telling = [line for line in piece.split(b"\n") if not line.isascii()]
            lines.extend(telling)
            size += sum(map(len, telling))
    return b"\n".join(lines)[:_SAMPLE]


def _is_mostly_utf8(sample: bytes) -> bool:
    letters = _UTF8_LETTER.findall(sample)
    good = sum(1 for letter in letters if _is_utf8(letter))
    strays = len(_UTF8_LETTER.sub(b"", sample).translate(None, bytes(range(128))))
    return good > 2 * (len(letters) - good + strays)


def _is_utf8(letter: bytes) -> bool:
    try:
        letter.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_vietnamese(text: str) -> bool:
    """In cp1258 every tone mark stands after the vowel it belongs to; in Italian those bytes are ì and ò."""
    tones = sum(text.count(tone) for tone in _VIETNAMESE_TONES)
    alone = unicodedata.normalize("NFC", text)
    return sum(alone.count(tone) for tone in _VIETNAMESE_TONES) * 20 <= tones

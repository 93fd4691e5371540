"""Find the encoding of a text file: by its first bytes, else UTF-8 if all of it is valid, else a guess.

A wrong encoding corrupts names, so the whole file is decoded once before any row is read.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets.facts import EncodingFact
from campaign.sheets.legacy_letters import legacy_characters
from campaign.sheets.other_readings import Reading, other_readings
from campaign.text import quoted

if TYPE_CHECKING:
    from pathlib import Path


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with BOM"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def unicode_encoding(head: bytes) -> tuple[str, str] | None:
    """Detect Unicode by a byte order mark, or UTF-16 without one by its zero bytes.

    Args:
        head: the first bytes of the file.

    Returns:
        the codec and its name for messages; None if neither is found.
    """
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            return codec, label
    codec = _utf16_without_mark(head)
    return (codec, "UTF-16 without BOM") if codec else None


def _utf16_without_mark(head: bytes) -> str:
    # Separators, digits, line ends and Latin letters have a zero byte, always the high one of the pair.
    pairs = max(1, len(head) // 2)
    high, low = head[1::2].count(0) / pairs, head[0::2].count(0) / pairs
    if high > 0.3 and low < 0.05:
        return "utf-16-le"
    return "utf-16-be" if low > 0.3 and high < 0.05 else ""


_CHUNK_BYTES = 1 << 20
_SAMPLE = 1 << 18
_GUESSES = {"cp1252": "cp1252 (Western)", "cp1258": "cp1258 (Vietnamese)", "cp932": "Shift-JIS (cp932, Japanese)"}
_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
_WORD = re.compile(r"""[^\s,;|"]+""")
_LETTER = re.compile("[^\\x00-\\x7f‘’“”–—…•€™®©°§·«»\\xa0]|€(?=[^\\W\\d_])|(?<=[^\\W\\d_])€")
"""Matches what may be a letter in another encoding: André in cp850 is “Andr‚” in cp1252. The marks that are left out
mean the same in each of those that are guessed."""

_MAX_WORD_LENGTH, _WORDS_COMPARED, _MOST_READINGS = 40, 8, 2
_VIETNAMESE_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_SET_IT = 'set encoding to the one it was saved in, or save it as "CSV UTF-8"'


class TextEncoding(NamedTuple):
    """How to decode a file.

    Attributes:
        codec: Python's name of it.
        label: its name for messages, and whether it is a guess.
        composes: whether decoded text has combining marks and is to be normalized to NFC.
        words: if the encoding was guessed, a few words with letters beyond ASCII, as decoded; () if there are none, or
            it was not guessed.
        others: how other encodings read these words.
    """

    codec: str
    label: str
    composes: bool = False
    words: tuple[str, ...] = ()
    others: tuple[Reading, ...] = ()

    @property
    def fact(self) -> EncodingFact:
        """What a person has to know of it."""
        return EncodingFact(self.codec, bool(self.words), self.words, self.others)


def find_encoding(path: Path, wanted: str | None) -> TextEncoding:
    """Find the encoding of a text file, and check that all of it can be decoded.

    Args:
        path: the file.
        wanted: the codec given by the user, or None.

    Raises:
        RecipientsError: the codec does not exist, or the file cannot be decoded; names the line.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    detected = unicode_encoding(head)
    if wanted is not None:
        encoding = _given(wanted, detected)
    elif detected is not None:
        encoding = TextEncoding(*detected)
    elif (damage := _undecodable(path, "utf-8")) is not None:
        encoding = _guess(path, damage)
    else:
        return TextEncoding("utf-8", "UTF-8")
    bad = _undecodable(path, encoding.codec)
    if bad is not None:
        what = f"contains a byte that is not {encoding.label}: {bad.shown}"
        raise RecipientsError(Problem(f"{path.name}, line {bad.line}", what, _SET_IT))
    return encoding


def _given(wanted: str, detected: tuple[str, str] | None) -> TextEncoding:
    try:
        codec = codecs.lookup(wanted).name
        "".encode(codec)  # raises for codecs between bytes, such as base64
    except (LookupError, ValueError) as error:
        remedy = "use a name such as utf-8, utf-16, cp1252, cp1258 or shift_jis"
        raise RecipientsError(Problem("encoding", f"“{wanted}” is not an encoding", remedy)) from error
    if detected is not None and (detected[0].startswith(codec) or codec.startswith(detected[0])):
        codec = detected[0]  # the same encoding, with or without a byte order mark
    return TextEncoding(codec, wanted, composes=codec == "cp1258")


class _Undecodable(NamedTuple):
    line: int
    shown: str


def _undecodable(path: Path, codec: str) -> _Undecodable | None:
    """Decode the whole file in chunks; return the first byte that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            try:
                line += decoder.decode(chunk, not chunk).count("\n")
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(codec, "replace")
                return _Undecodable(line + before.count("\n"), f"0x{error.object[error.start]:02X}")
            except UnicodeError as error:  # some codecs give no position: UTF-16 without its mark, punycode
                return _Undecodable(line, str(error))
            if not chunk:
                return None


def _guess(path: Path, damage: _Undecodable) -> TextEncoding:
    """Guess among the encodings that Excel saves CSV files in.

    Raises:
        RecipientsError: none of them fits, or the file is UTF-8 with some damaged bytes.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to import, and few files need it

    sample = _non_ascii_lines(path)
    if _is_mostly_utf8(sample):
        what = f"contains a byte that is not UTF-8 ({damage.shown}), while the rest is"
        raise RecipientsError(Problem(f"{path.name}, line {damage.line}", what, "type that line again"))
    if legacy_characters(sample.decode("cp1252", "replace").splitlines()):
        return _guessed("cp1252", sample)
    best = from_bytes(sample, cp_isolation=list(_GUESSES), preemptive_behaviour=False).best()
    if best is None:
        raise RecipientsError(Problem(path.name, _unknown(sample), _SET_IT))
    codec = best.encoding
    if codec == "cp1258" and not _is_vietnamese(sample.decode("cp1258", "replace")):
        codec = "cp1252"
    return _guessed(codec, sample)


def _unknown(sample: bytes) -> str:
    """Say that the encoding is unknown, and how some encodings read the first words."""
    words = [word.encode("latin-1") for word in _words_beyond_ascii(sample.decode("latin-1"))]
    others = islice(other_readings(words, ()), _MOST_READINGS)
    read = [f"as {other.codec}, it has {quoted(other.words[:2])}" for other in others]
    return "; ".join(["is in an unknown encoding", *read])


def _guessed(codec: str, sample: bytes) -> TextEncoding:
    label = f"{_GUESSES[codec]}, a guess: check the letters"
    stored = _words_beyond_ascii(sample.decode(codec, "replace"))
    words = tuple(unicodedata.normalize("NFC", word) for word in stored)
    others = other_readings([word.encode(codec, "replace") for word in stored], words)
    return TextEncoding(codec, label, codec == "cp1258", words, tuple(islice(others, _MOST_READINGS)))


def _words_beyond_ascii(text: str) -> tuple[str, ...]:
    """The first few different words with letters beyond ASCII: only letters tell whether a guess is right."""
    words = (match[0] for match in _WORD.finditer(text) if _LETTER.search(match[0]))
    return tuple(word[:_MAX_WORD_LENGTH] for word in islice(dict.fromkeys(words), _WORDS_COMPARED))


def _non_ascii_lines(path: Path) -> bytes:
    """Return lines that are not ASCII, up to a limit; the others do not distinguish encodings."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < _SAMPLE and (chunk := file.read(_CHUNK_BYTES)):
            found = [line for line in chunk.split(b"\n") if not line.isascii()]
            lines.extend(found)
            size += sum(map(len, found))
    return b"\n".join(lines)[:_SAMPLE]


def _is_mostly_utf8(sample: bytes) -> bool:
    letters = _UTF8_SEQUENCE.findall(sample)
    good = sum(1 for letter in letters if _is_utf8(letter))
    strays = len(_UTF8_SEQUENCE.sub(b"", sample).translate(None, bytes(range(128))))
    return good > 2 * (len(letters) - good + strays)


def _is_utf8(letter: bytes) -> bool:
    try:
        letter.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_vietnamese(text: str) -> bool:
    """Return whether the tone marks follow vowels, as in cp1258; in Italian text those bytes are ì and ò."""
    tones = sum(text.count(tone) for tone in _VIETNAMESE_TONES)
    alone = unicodedata.normalize("NFC", text)
    return sum(alone.count(tone) for tone in _VIETNAMESE_TONES) * 20 <= tones

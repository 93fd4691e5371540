"""Unicode told by the first bytes of a file."""

from __future__ import annotations

import codecs

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

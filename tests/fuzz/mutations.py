"""Mutations of files: damaged bytes, swapped parts, unusual XML, unexpected values."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import TypeAlias

Mutation: TypeAlias = Callable[[bytes, Random], bytes]

NUMBERS = (
    *("0", "-1", "1", "2", "7", "255", "65536", "1048576", "1048577", "16385", "2147483648", "-2147483649"),
    *("9" * 20, "9" * 400, "9" * 5000, "1e308", "1e999", "-1e-400", "nan", "inf", "0x10", "1_0", "١٢", "1.5", "-0.0"),
)
WORDS = (
    *("", " ", "A1", "XFD1048576", "XFE1", "AAAA1", "1A", "a1", "A0", "$A$1", "A1:", "é", "💥", "\t", "true", "null"),
    *("s", "str", "inlineStr", "b", "e", "d", "n", "x", "rId99", "../../../etc/passwd", "/", "\\", "%00", "http://"),
    *("#REF!", "_x0000_", "_xD800_", "_xFFFF_", "2026-13-45T99:99", "24:00:00", "0000-00-00", "@", ";;;;", "[h", '"'),
    *("General", "{{", "}}", "{% if %}", "{% for x in y %}", "{{ 1/0 }}", "{{ row }}", "{{ raw.x }}", "{{ a.b.c }}"),
    *("{{ a|x }}", "{# ", "{{ range(10**9) }}", "{{ 9**9**9 }}", "{{ token * 10**9 }}", "{{ 'x'|center(10**10) }}"),
    *("\\ud800", "\\u0000", "auto", "10/s", "30s", "utf-16", "rot13", "idna", "comma"),
    *("yyyy", "0.00E+00", "# ?/?", "[$-42A]", "dd/mm"),
)  # fmt: skip
TEXTS = (
    *("[", "]", "{", "}", "[[a]]", "a.b.c = 1\n", "[recipients]\n", "[a]\n" * 200, '"', '"""', "'''", "\n", "\r", "="),
    *(",", ";", "\t", '""', '","', "\0", "\x1a", "\ufeff", "sep=;\r\n", "#", "\\", "\\u00", "[" * 2000, '{"a":' * 2000),
    *("x" * 70_000, "<", ">", "&", "]]>", "<!--", "<?xml?>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[", "&#0;"),
)  # fmt: skip
TEXT_ENCODINGS = ("utf-16", "utf-16-be", "utf-8-sig", "cp1258", "shift-jis", "utf-32", "latin-1", "utf-7")


def mutate(name: str, content: bytes, pick: Random) -> bytes:
    """Apply one or a few mutations that suit the kind of a file."""
    kinds = ZIP if name.endswith(".xlsx") else (*BYTES, *TEXT)
    for _ in range(pick.choice((1, 1, 1, 2, 3, 8))):
        content = pick.choice(kinds)(content, pick)
    return content


def flip(content: bytes, pick: Random) -> bytes:
    changed = bytearray(content or b"x")
    for _ in range(pick.randrange(1, 6)):
        changed[pick.randrange(len(changed))] = pick.choice((0, 1, 0x20, 0x22, 0x7F, 0x80, 0xFF, pick.randrange(256)))
    return bytes(changed)


def delete(content: bytes, pick: Random) -> bytes:
    start, end = _span(content, pick)
    return content[:start] + content[end:]


def double(content: bytes, pick: Random) -> bytes:
    start, end = _span(content, pick)
    return content[:end] + content[start:end] * pick.choice((1, 2, 50)) + content[end:]


def move(content: bytes, pick: Random) -> bytes:
    start, end = _span(content, pick)
    rest = content[:start] + content[end:]
    place = pick.randrange(len(rest) + 1)
    return rest[:place] + content[start:end] + rest[place:]


def truncate(content: bytes, pick: Random) -> bytes:
    return content[: pick.randrange(len(content) + 1)]


def _span(content: bytes, pick: Random) -> tuple[int, int]:
    start = pick.randrange(len(content) + 1)
    return start, min(len(content), start + pick.choice((1, 2, 8, 40, 300)))


def insert_text(content: bytes, pick: Random) -> bytes:
    place = pick.randrange(len(content) + 1)
    return content[:place] + pick.choice((*TEXTS, *WORDS)).encode("utf-8", "surrogatepass") + content[place:]


def change_number(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb"-?\d+(?:\.\d+)?", pick.choice(NUMBERS).encode(), pick)


def change_string(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb'(?<=")[^"\n]*(?=")|(?<=\')[^\'\n]*(?=\')', pick.choice(WORDS).encode(), pick)


def change_value(content: bytes, pick: Random) -> bytes:
    value = pick.choice(
        ("1", "-1", "true", "null", "[]", "{}", '""', '"x"', "1e400", "[1, 2]", '{"a": 1}', "1979-05-27")
    )
    return _replace(content, rb"(?<=[:=]) *[^\s,\n][^,\n]*", f" {value}".encode(), pick)


def change_line(content: bytes, pick: Random) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    one, other = pick.randrange(len(lines)), pick.randrange(len(lines))
    kept = pick.choice(([], [lines[one]] * 2, [lines[other]], [lines[one].rstrip(b"\r\n")]))
    return b"".join([*lines[:one], *kept, *lines[one + 1 :]])


def change_encoding(content: bytes, pick: Random) -> bytes:
    return content.decode("utf-8", "replace").encode(pick.choice(TEXT_ENCODINGS), "ignore")


def change_attribute(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb'(?<==")[^"<]*(?=")', pick.choice((*NUMBERS, *WORDS)).replace('"', "").encode(), pick)


def drop_attribute(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb' [\w:]+="[^"<]*"', b"", pick)


def change_element_text(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb"(?<=>)[^<]*(?=</)", pick.choice((*NUMBERS, *WORDS)).encode(), pick)


def drop_tag(content: bytes, pick: Random) -> bytes:
    return _replace(content, rb"</?[\w:]+[^<>]*>", b"", pick)


def double_element(content: bytes, pick: Random) -> bytes:
    found = _any(content, rb"<([\w:]+)(?: [^<>]*)?>[^<]*</\1>|<[\w:]+(?: [^<>]*)?/>", pick)
    if found is None:
        return content
    return content[: found.end()] + found[0] * pick.choice((1, 3, 400)) + content[found.end() :]


def rename_element(content: bytes, pick: Random) -> bytes:
    return _replace(
        content, rb"(?<=<)[\w:]+", pick.choice((b"c", b"v", b"t", b"row", b"f", b"is", b"x:c", b"rPh")), pick
    )


def _any(content: bytes, pattern: bytes, pick: Random) -> re.Match[bytes] | None:
    """A random match of a pattern."""
    start = pick.randrange(len(content) + 1) if content else 0
    compiled = re.compile(pattern)
    return compiled.search(content, start) or compiled.search(content)


def _replace(content: bytes, pattern: bytes, new: bytes, pick: Random) -> bytes:
    found = _any(content, pattern, pick)
    return content if found is None else content[: found.start()] + new + content[found.end() :]


def change_part(content: bytes, pick: Random) -> bytes:
    """Change the XML of one part."""
    parts = _unpacked(content)
    if not parts:
        return flip(content, pick)
    name = pick.choice(list(parts))
    for _ in range(pick.choice((1, 1, 2, 6))):
        parts[name] = pick.choice(XML)(parts[name], pick)
    return _packed(parts, pick)


def change_parts(content: bytes, pick: Random) -> bytes:
    """Swap, drop, rename or empty parts."""
    parts = _unpacked(content)
    if not parts:
        return flip(content, pick)
    one, other = pick.choice(list(parts)), pick.choice(list(parts))
    kind = pick.randrange(5)
    if kind == 0:
        parts[one], parts[other] = parts[other], parts[one]
    elif kind == 1:
        del parts[one]
    elif kind == 2:
        parts[pick.choice((one.upper(), one.replace("/", "\\"), f"/{one}", f"{one}/", f"../{one}", "x"))] = parts.pop(
            one
        )
    elif kind == 3:
        parts[one] = pick.choice((b"", b"\0" * 50_000_000, parts[one] * 3, content, "<a/>".encode("utf-16")))
    else:
        parts[one] = parts[one].decode("utf-8", "replace").encode(pick.choice(TEXT_ENCODINGS), "ignore")
    return _packed(parts, pick)


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook; empty if it is already too damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist() if info.file_size < 10_000_000}
    except Exception:  # noqa: BLE001 - zipfile raises many kinds of errors for a damaged archive
        return {}


def _packed(parts: dict[str, bytes], pick: Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(
        packed, "w", pick.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    ) as file:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name)  # without a time stamp: a case is deterministic
            entry.compress_type = file.compression
            file.writestr(entry, content)
    return packed.getvalue()


BYTES: tuple[Mutation, ...] = (flip, delete, double, move, truncate)
TEXT: tuple[Mutation, ...] = (
    *(insert_text, insert_text, change_number, change_string, change_string, change_value, change_value, change_line),
    change_encoding,
)
XML: tuple[Mutation, ...] = (
    *(
        change_attribute,
        change_attribute,
        drop_attribute,
        change_element_text,
        drop_tag,
        double_element,
        rename_element,
    ),
    *(change_number, insert_text, delete, move),
)
ZIP: tuple[Mutation, ...] = (*BYTES, *[change_part] * 12, *[change_parts] * 3)

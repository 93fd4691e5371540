"""Change places of an XML part and leave all of its other bytes as they are."""

from __future__ import annotations

import io
import re
import shutil
from typing import IO, TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, ResultsError
from campaign.sheets.xlsx.xml_stream import local, parse, prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from xml.parsers.expat import XMLParserType

_CHUNK_BYTES = 1 << 20
_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_NAME = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")


class Edit(NamedTuple):
    """A place in a part, from one byte up to another, and what makes its new content of its old one."""

    start: int
    end: int
    change: Callable[[bytes], bytes]


def replacement(start: int, end: int, new: bytes) -> Edit:
    """An edit whose content does not depend on the old one."""
    return Edit(start, end, lambda _: new)


def encoded(xml: str) -> bytes:
    """XML in ASCII, which fits into a part in any encoding that has ASCII in it."""
    return xml.encode("ascii", "xmlcharrefreplace")


def splice(source: IO[bytes], edits: Iterable[Edit], target: IO[bytes]) -> Iterator[int]:
    """Copy a part with edits, which are in its order and do not overlap.

    Yields:
        The number of bytes that each edit adds.
    """
    at = 0
    for edit in edits:
        _copy(source, target, edit.start - at)
        new = edit.change(source.read(edit.end - edit.start))
        target.write(new)
        yield len(new) - (edit.end - edit.start)
        at = edit.end
    shutil.copyfileobj(source, target, _CHUNK_BYTES)


def spliced(part: bytes, edits: Iterable[Edit]) -> bytes:
    """The same for a part that is in memory; the edits may be in any order."""
    target = io.BytesIO()
    for _ in splice(io.BytesIO(part), sorted(edits, key=lambda edit: edit.start), target):
        pass
    return target.getvalue()


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (chunk := source.read(min(size, _CHUNK_BYTES))):
        target.write(chunk)
        size -= len(chunk)


def check_encoding(head: bytes, where: str) -> None:
    """Refuse a part that ASCII cannot be put into.

    Args:
        head: its first bytes.
        where: the file and the part, for the error.

    Raises:
        ResultsError: it is in UTF-16.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        what = "is written in UTF-16, which no spreadsheet program does"
        raise ResultsError(Problem(where, what, "save it again from a spreadsheet program"))


def with_attributes(tag: bytes, values: Mapping[str, str]) -> bytes:
    """A start tag, perhaps with something after it, in which attributes have other values.

    Args:
        tag: the start tag.
        values: the values, in which nothing needs to be escaped, by the attributes' names.
    """
    name = _NAME.match(tag)
    whole = _TAG.match(tag)
    assert name is not None and whole is not None  # noqa: S101, PT018 - it was parsed as a tag
    missing, pieces, at = dict(values), [], 0
    for match in _ATTRIBUTE.finditer(tag, name.end(), whole.end()):
        if (value := missing.pop(match[1].decode("utf-8", "replace"), None)) is not None:
            pieces += [tag[at : match.start(2)], f'"{value}"'.encode()]
            at = match.end(2)
    rest = b"".join([*pieces, tag[at:]])
    added = "".join(f' {each}="{value}"' for each, value in missing.items()).encode()
    return rest[: name.end()] + added + rest[name.end() :]


class Element(NamedTuple):
    """An element of a part, and where it is.

    Attributes:
        tag: its name as written, with the prefix.
        attributes: its attributes.
        start: where it begins.
        inside: where its start tag ends.
        end: where its content ends; `inside` where it has none.
        after: where it ends.
        depth: in how many elements it is.
    """

    tag: str
    attributes: Mapping[str, str]
    start: int
    inside: int
    end: int
    after: int
    depth: int

    @property
    def name(self) -> str:
        """Its name without the prefix."""
        return local(self.tag)

    def contains(self, other: Element) -> bool:
        """Whether another element is inside."""
        return self.inside <= other.start < self.end

    def changed(self, **attributes: str) -> Edit:
        """An edit that sets attributes."""
        return Edit(self.start, self.inside, lambda tag: with_attributes(tag, attributes))

    def extended(self, added: str, **attributes: str) -> list[Edit]:
        """Edits that add children at its end, and set attributes."""
        if self.inside < self.after:
            return [self.changed(**attributes), replacement(self.end, self.end, encoded(added))]
        closed = encoded(f">{added}</{self.tag}>")
        return [
            Edit(self.start, self.inside, lambda tag: with_attributes(tag, attributes)[: -len(b"/>")].rstrip() + closed)
        ]


def elements_of(part: bytes, where: str) -> list[Element]:
    """The elements of a small part below its root, in the order of their start tags; the root is the first.

    Raises:
        RecipientsError: the part is damaged.
        ResultsError: nothing can be added to it.
    """
    check_encoding(part[:4], where)
    finder = _Elements(part)
    for _ in parse(io.BytesIO(part), finder, where, attach=finder.attach):
        pass
    return finder.elements


class _Elements:
    """Collects elements while a part is parsed."""

    def __init__(self, part: bytes) -> None:
        self.depth = 0
        self.elements: list[Element] = []
        self._part = part
        self._open: list[int] = []
        self._parser: XMLParserType

    def attach(self, parser: XMLParserType) -> None:
        self._parser = parser

    def begin(self, root: str) -> None:
        self._parser.CharacterDataHandler = None
        tag = _TAG.search(self._part, self._parser.CurrentByteIndex)
        written = _ATTRIBUTE.findall(tag[0] if tag else b"")
        self._opened(root, {name.decode("latin-1"): value[1:-1].decode("latin-1") for name, value in written})

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self._opened(name, attributes)

    def end(self, _name: str) -> None:
        self.depth -= 1
        place = self._open.pop()
        here = self._parser.CurrentByteIndex
        found = self.elements[place]
        is_empty = self._part[found.inside - 2 : found.inside] == b"/>"
        tag = None if is_empty else _TAG.match(self._part, here)
        self.elements[place] = found._replace(end=here, after=tag.end() if tag else here)

    def text(self, text: str) -> None:
        pass

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        tag = _TAG.match(self._part, start)
        inside = tag.end() if tag else start
        self._open.append(len(self.elements))
        self.elements.append(Element(name, attributes, start, inside, inside, inside, len(self._open) - 1))


def prefix_of(elements: list[Element]) -> str:
    """What the names of a part's elements begin with, "" or "x:"."""
    return prefix(elements[0].tag)

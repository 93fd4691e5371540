"""Parse XML incrementally with expat, within limits."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NoReturn, Protocol
from xml.parsers import expat

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterator


_TRUE = frozenset({"1", "true", "on"})


def is_true(attribute: str | None) -> bool:
    """Read a boolean attribute (XML Schema boolean; "on" in older drafts); one that is absent is false."""
    return attribute is not None and attribute.lower() in _TRUE


_PIECE = 64 * 1024
_LONGEST_TOKEN = 8 * 1024 * 1024
_DEEPEST = 1_000
MOST_TAGS = 2_000_000
"""Tags of a part that hold no rows, cells or texts; the fullest styles and sheets have some hundred thousand."""

_SAVE_AGAIN = "open it in a spreadsheet program, let it repair the file, and save it as .xlsx again"


class Handler(Protocol):
    """Receives what stands in a part. Names come with the prefix that some writers give every element ("x:row").

    Attributes:
        depth: how many elements are open below the root; expat keeps each in memory, so there must be an end to them.
    """

    depth: int

    def begin(self, root: str) -> None:
        """Take the name of the root element."""
        ...

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a start tag below the root."""
        ...

    def end(self, name: str) -> None:
        """Take an end tag, at last the root's."""
        ...

    def text(self, text: str) -> None:
        """Take character data, or a part of it."""
        ...


def parse(stream: IO[bytes], handler: Handler, where: str) -> Iterator[None]:
    """Parse a part; stop after each piece of it, so that what was found can be handed on.

    Document types are refused, and with them every entity bomb: no workbook has one.

    Raises:
        RecipientsError: the XML is not well-formed, or made to cost memory and time.
    """
    parser = _parser(handler, where)
    fed = 0
    try:
        while piece := stream.read(_PIECE):
            parser.Parse(piece, False)  # noqa: FBT003 - pyexpat takes no keywords
            fed += len(piece)
            # Expat before 2.6 scans an unfinished token again from its start with every piece (CVE-2023-52425).
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise RecipientsError(Problem(where, "holds a single tag of many megabytes", _SAVE_AGAIN))
            if handler.depth > _DEEPEST:
                raise RecipientsError(Problem(where, f"holds tags within tags, over {_DEEPEST:,} deep", _SAVE_AGAIN))
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - as above
        yield
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two for encodings it does not know
        raise RecipientsError(Problem(where, f"the file is damaged ({error})", _SAVE_AGAIN)) from error


def _parser(handler: Handler, where: str) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _PIECE

    def begin(name: str, _attributes: dict[str, str]) -> None:
        handler.begin(name)
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        parser.CharacterDataHandler = handler.text

    def refuse(*_declaration: object) -> NoReturn:
        what = "holds a document type declaration, which no workbook has"
        raise RecipientsError(Problem(where, what, "save the file again from a spreadsheet program"))

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    return parser


def elements(stream: IO[bytes], where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each element's name without its prefix, and its attributes, in the order of their start tags.

    The root comes first, without its attributes.

    Raises:
        RecipientsError: as for `parse`, or there are more than any workbook has.
    """
    tags = _StartTags()
    count = 0
    for _ in parse(stream, tags, where):
        count += len(tags.started)
        refuse_flood(count, where)
        yield from tags.started
        tags.started.clear()


def refuse_flood(count: int, where: str, most: int | None = None) -> None:
    """Refuse a part with tags by the million that mean nothing here; each costs time, and next to nothing in a zip.

    Args:
        count: how many there are so far.
        where: file and part, for the error.
        most: how many are taken, `MOST_TAGS` without it.

    Raises:
        RecipientsError: there are more than any workbook has.
    """
    most = MOST_TAGS if most is None else most
    if count > most:
        raise RecipientsError(Problem(where, f"holds over {most:,} tags that are no cells", _SAVE_AGAIN))


def local(name: str) -> str:
    """Cut a name's prefix off."""
    return name.rpartition(":")[2]


def prefix(name: str) -> str:
    """Give a name's prefix with its colon, "" if it has none."""
    return name[: name.find(":") + 1]


class _StartTags:
    def __init__(self) -> None:
        self.depth = 0
        self.started: list[tuple[str, dict[str, str]]] = []

    def begin(self, root: str) -> None:
        self.started.append((local(root), {}))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.started.append((local(name), attributes))

    def end(self, _name: str) -> None:
        self.depth -= 1

    def text(self, text: str) -> None:
        pass

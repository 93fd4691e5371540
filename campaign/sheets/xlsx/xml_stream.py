"""Parse XML incrementally with expat, within limits."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NoReturn, Protocol
from xml.parsers import expat

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_TRUE = frozenset({"1", "true", "on"})


def is_true(attribute: str | None) -> bool:
    """Parse a boolean attribute (XML Schema boolean; "on" in older drafts); an absent one is false."""
    return attribute is not None and attribute.lower() in _TRUE


_CHUNK_BYTES = 64 * 1024
_MAX_TOKEN_BYTES = 8 * 1024 * 1024
_MAX_DEPTH = 1_000
MAX_TAGS = 2_000_000
"""Most tags of a part that are not rows, cells or texts; large workbooks have some hundred thousand."""

_SAVE_AGAIN = "open it in a spreadsheet program, let it repair the file, and save it as .xlsx again"


class Handler(Protocol):
    """Receives the XML events of a part. Names include the prefix that some programs write ("x:row").

    Attributes:
        depth: number of open elements below the root; limited, because expat keeps each in memory.
    """

    depth: int

    def begin(self, root: str) -> None:
        """Handle the name of the root element."""
        ...

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag below the root."""
        ...

    def end(self, name: str) -> None:
        """Handle an end tag; the last one is the root's."""
        ...

    def text(self, text: str) -> None:
        """Handle character data, or a part of it."""
        ...


def parse(
    stream: IO[bytes],
    handler: Handler,
    where: str,
    attach: Callable[[expat.XMLParserType], object] = lambda _parser: None,
) -> Iterator[None]:
    """Parse a part; yield after each chunk, so that the caller can process the results so far.

    Document types are refused, and thereby entity bombs; workbooks do not have them.

    Args:
        stream: the part.
        handler: receives the events.
        where: file and part, for errors.
        attach: called with the parser before it begins, by a handler that needs to know places in the part.

    Raises:
        RecipientsError: the XML is not well-formed, or would use too much memory or time.
    """
    parser = _parser(handler, where)
    attach(parser)
    fed = 0
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)  # noqa: FBT003 - pyexpat takes no keywords
            fed += len(chunk)
            # Expat before 2.6 rescans an unfinished token from its start with every chunk (CVE-2023-52425).
            if fed - parser.CurrentByteIndex > _MAX_TOKEN_BYTES:
                raise RecipientsError(Problem(where, "contains a tag of many megabytes", _SAVE_AGAIN))
            if handler.depth > _MAX_DEPTH:
                raise RecipientsError(Problem(where, f"nests tags over {_MAX_DEPTH:,} deep", _SAVE_AGAIN))
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - as above
        yield
    except (expat.ExpatError, LookupError, ValueError) as error:  # LookupError and ValueError: unknown encodings
        raise RecipientsError(Problem(where, f"the file is damaged ({error})", _SAVE_AGAIN)) from error


def _parser(handler: Handler, where: str) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = _CHUNK_BYTES

    def begin(name: str, _attributes: dict[str, str]) -> None:
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        parser.CharacterDataHandler = handler.text
        handler.begin(name)

    def refuse(*_declaration: object) -> NoReturn:
        what = "contains a document type declaration, which workbooks do not have"
        raise RecipientsError(Problem(where, what, "save the file again from a spreadsheet program"))

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    return parser


def start_tags(stream: IO[bytes], where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name without prefix and the attributes of each start tag.

    The root comes first, without its attributes.

    Raises:
        RecipientsError: as for `parse`, or there are too many tags.
    """
    tags = _StartTags()
    count = 0
    for _ in parse(stream, tags, where):
        count += len(tags.started)
        check_tag_count(count, where)
        yield from tags.started
        tags.started.clear()


def check_tag_count(count: int, where: str, most: int | None = None) -> None:
    """Refuse a part with millions of irrelevant tags, which take time to parse and little space in a zip archive.

    Args:
        count: number of tags so far.
        where: file and part, for the error.
        most: most tags allowed; `MAX_TAGS` if None.

    Raises:
        RecipientsError: there are too many tags.
    """
    most = MAX_TAGS if most is None else most
    if count > most:
        raise RecipientsError(Problem(where, f"contains over {most:,} tags that are not cells", _SAVE_AGAIN))


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def prefix(name: str) -> str:
    """Return the prefix of a name with its colon, "" if it has none."""
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

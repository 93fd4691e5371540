"""A web page in one file that needs nothing else: written piece by piece, with what it shows as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from jinja2 import Environment, StrictUndefined

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.webpage import content_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

PAGE_SUFFIXES = (".html", ".htm")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class PageParts(NamedTuple):
    """What a page is made of: its template in Jinja's language, its style sheet, and its script."""

    template: str
    style: str
    script: str


def write_page_file(
    path: Path,
    parts: PageParts,
    values: Mapping[str, object],
    *,
    replaceable: Callable[[Path], bool] | None = None,
    before_rename: Callable[[Path], object] = lambda _temporary: None,
) -> Path:
    """Write a page, readable by its owner alone; it appears complete or not at all.

    Args:
        path: the file.
        parts: the page.
        values: what the template shows; an iterator is read one item at a time.
        replaceable: whether an existing file may be replaced, as in `write_atomically`; None: it is.
        before_rename: called with the complete temporary file.

    Returns:
        The file that was written: `path`, or a numbered name beside it.

    Raises:
        ResultsError: the page cannot be written there.
    """

    def write(file: BinaryIO) -> None:
        # Lone surrogates, which UTF-8 cannot encode, occur in JSON strings only: there the backslash escape that Python
        # writes for one is its JSON escape as well.
        file.writelines(piece.encode("utf-8", "backslashreplace") for piece in _pieces(parts, values))

    try:
        if path.exists() and not path.is_file():
            raise ResultsError(Problem(str(path), "is not a file", "name a file for the page"))
        return write_atomically(path, write, replaceable=replaceable, before_rename=before_rename)
    except OSError as error:
        remedy = "choose another place, or close the program that has it open"
        raise ResultsError(Problem(str(path), f"the page cannot be written ({error.strerror})", remedy)) from error


def script_json(value: object) -> str:
    """JSON whose characters that could end the script element around it are escaped, as JSON allows."""
    return _encode(value).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _pieces(parts: PageParts, values: Mapping[str, object]) -> Iterator[str]:
    """The page's text, piece by piece, so that a long list is never in memory as a whole."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    policy = content_policy(parts.style, parts.script)
    stream = environment.from_string(parts.template).stream(
        policy=policy, style=parts.style, script=parts.script, **values
    )
    stream.enable_buffering(16)
    return stream

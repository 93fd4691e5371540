"""The preview as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from jinja2 import Environment, StrictUndefined

from campaign.errors import Problem, ResultsError
from campaign.webpage import content_policy, read_part, shared_script, shared_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.review.preview import PreviewFacts, PreviewRow

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_page(facts: PreviewFacts, rows: Iterable[PreviewRow], path: Path) -> None:
    """Write the page, readable by its owner alone; what is at `path` is replaced once the page is whole.

    Args:
        facts: what is the same for every row.
        rows: the rows to show; read one at a time.
        path: the file.

    Raises:
        ResultsError: the page cannot be written there.
    """
    try:
        if path.exists() and not path.is_file():
            raise ResultsError(Problem(str(path), "is not a file", "name a file for the page"))
        with _taking_the_place_of(path) as file:
            file.writelines(_pieces(facts, rows))
    except OSError as error:
        remedy = "choose another place, or close the program that has it open"
        raise ResultsError(Problem(str(path), f"the page cannot be written ({error.strerror})", remedy)) from error


@contextmanager
def _taking_the_place_of(path: Path) -> Iterator[TextIO]:
    """A new file beside `path` that only its owner can read, moved there when it is whole, else removed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".preview-")
    written = Path(name)
    try:
        # Halves of characters, which UTF-8 cannot hold, stand in JSON strings only: there the backslash escape that
        # Python writes for one is its JSON escape as well.
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise


def _pieces(facts: PreviewFacts, rows: Iterable[PreviewRow]) -> Iterator[str]:
    """The page's text, piece by piece, so that a long list is never in memory as a whole."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    style = shared_style()
    script = shared_script() + read_part(__package__, "preview.js")
    stream = environment.from_string(read_part(__package__, "preview.html.j2")).stream(
        facts=facts,
        policy=content_policy(style, script),
        style=style,
        script=script,
        headers=_json(facts.headers),
        rows=(_json(_record(row)) for row in rows),
    )
    stream.enable_buffering(64)
    return stream


def _record(row: PreviewRow) -> dict[str, object]:
    return {
        "row": row.row,
        "to": row.destination,
        "payload": row.payload,
        "preview": row.preview.as_json() if row.preview else None,
        "problems": [(each.where, each.what, each.remedy) for each in row.problems],
        "note": row.note,
        "cells": row.cells,
    }


def _json(value: object) -> str:
    """JSON whose characters that could end the script element around it are escaped, as JSON allows."""
    return _encode(value).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

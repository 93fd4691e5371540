"""The preview as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO, Protocol

from jinja2 import Environment, StrictUndefined

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.review.preview import note
from campaign.webpage import content_policy, read_part, shared_script, shared_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from campaign.findings import Finding
    from campaign.journal import PlannedRow
    from campaign.review.preview import PreviewContext

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class PageFindings(Protocol):
    """The findings of a list while its rows are written; those of the whole list once all were."""

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings; complete once the last row was read."""
        ...

    def codes_of(self, row: PlannedRow) -> Sequence[str]:
        """The codes of the findings about the row that was read last."""
        ...


class _NoFindings:
    findings: Sequence[Finding] = ()

    def codes_of(self, _row: PlannedRow) -> Sequence[str]:
        return ()


def write_page(
    context: PreviewContext, rows: Iterable[PlannedRow], path: Path, found: PageFindings | None = None
) -> None:
    """Write the page, readable by its owner alone; what is at `path` is replaced once the page is whole.

    Args:
        context: what is the same for every row.
        rows: the rows to show; read one at a time.
        path: the file.
        found: the findings about them.

    Raises:
        ResultsError: the page cannot be written there.
    """

    def write(file: BinaryIO) -> None:
        # Lone surrogates, which UTF-8 cannot encode, occur in JSON strings only: there the backslash escape that Python
        # writes for one is its JSON escape as well.
        file.writelines(
            piece.encode("utf-8", "backslashreplace") for piece in _pieces(context, rows, found or _NoFindings())
        )

    try:
        if path.exists() and not path.is_file():
            raise ResultsError(Problem(str(path), "is not a file", "name a file for the page"))
        write_atomically(path, write)
    except OSError as error:
        remedy = "choose another place, or close the program that has it open"
        raise ResultsError(Problem(str(path), f"the page cannot be written ({error.strerror})", remedy)) from error


def _pieces(context: PreviewContext, rows: Iterable[PlannedRow], found: PageFindings) -> Iterator[str]:
    """The page's text, piece by piece, so that a long list is never in memory as a whole."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    style = shared_style()
    script = shared_script() + read_part(__package__, "preview.js")
    stream = environment.from_string(read_part(__package__, "preview.html.j2")).stream(
        context=context,
        policy=content_policy(style, script),
        style=style,
        script=script,
        headers=_json(context.headers),
        rows=(_json({**_record(context, row), "findings": found.codes_of(row)}) for row in rows),
        findings=lambda: _json([each.as_json() for each in found.findings]),  # once the rows were read
    )
    stream.enable_buffering(64)
    return stream


def _record(context: PreviewContext, row: PlannedRow) -> dict[str, object]:
    preview = context.preview(row)
    return {
        "row": row.number,
        "label": row.label,
        "to": row.destination,
        "payload": row.payload,
        "preview": preview.as_json() if preview else None,
        "problems": [(each.where, each.what, each.remedy) for each in row.problems],
        "note": note(row),
        "cells": row.texts,
    }


def _json(value: object) -> str:
    """JSON whose characters that could end the script element around it are escaped, as JSON allows."""
    return _encode(value).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

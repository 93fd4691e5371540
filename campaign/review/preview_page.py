"""The preview as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from campaign.review.page_file import PageParts, script_json, write_page_file
from campaign.review.preview import note
from campaign.webpage import listing_script, read_part, shared_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from campaign.findings import Finding
    from campaign.journal import PlannedRow
    from campaign.review.preview import PreviewContext


MARK = b'<meta name="generator" content="campaign preview">'
"""In the first lines of every preview: such a page may be replaced by another."""

_BEGINNING = 1024


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
) -> Path:
    """Write the page, readable by its owner alone; a preview that is there is replaced once the page is whole.

    Args:
        context: what is the same for every row.
        rows: the rows to show; read one at a time.
        path: the file.
        found: the findings about them.

    Returns:
        The file that was written: a numbered name beside `path` where that is another file.

    Raises:
        ResultsError: the page cannot be written there.
    """
    found = found or _NoFindings()
    script = listing_script() + read_part(__package__, "preview.js")
    parts = PageParts(read_part(__package__, "preview.html.j2"), shared_style(), script)
    values = {
        "context": context,
        "headers": script_json(context.headers),
        "rows": (script_json({**_record(context, row), "findings": found.codes_of(row)}) for row in rows),
        "findings": lambda: script_json([each.as_json() for each in found.findings]),  # once the rows were read
    }
    return write_page_file(path, parts, values, replaceable=_is_preview)


def _is_preview(path: Path) -> bool:
    """Whether a file is a preview, or empty."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError:  # it cannot be read, so it may be anything
        return False
    return not beginning or MARK in beginning


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

"""The rows of a report page: JSON lines in batches, of which a browser reads only those that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from campaign.recipients.labels import LONGEST_LABEL
from campaign.review.messages import preview_reader
from campaign.review.page_file import script_json
from campaign.review.phrases import STATE_STYLES
from campaign.review.with_attempts import with_attempts
from campaign.review.workbook.cells import local_time
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from campaign.channels.preview import MessagePreview
    from campaign.journal import JournalStore, RowResult, RunRecord, State
    from campaign.journal.attempts import RecordedAttempt

FIELDS = ("row", "label", "to", "kind", "reason", "id", "at", "attempts", "message", "cells")
"""The fields of a row, in the order of its JSON array; an array takes half the room of an object."""

STATE_CODES: Mapping[State, str] = {state: chr(ord("a") + number) for number, state in enumerate(STATE_STYLES)}
"""A letter for each state: a batch names the states of its rows apart, so that a filter need not read the others."""

_MOST_ROWS, _MOST_CHARACTERS = 500, 500_000
"""Of a batch."""

_RESULTS = {
    "not_taken": "not taken, asked to wait",
    "unclear": "no clear answer",
    "halt": "refused, and the run stopped",
    "absent": "not there",
    None: "no answer on record",
}
"""Stored results of attempts in words, where they are no words themselves."""


def row_batches(journal: JournalStore, run: RunRecord, progress: Callable[[int], object]) -> Iterator[tuple[str, str]]:
    """Every row of a run in sheet order, in batches of a few hundred.

    Args:
        journal: the journal that contains the run.
        run: the run.
        progress: called with the number of rows of each batch.

    Yields:
        The codes of the rows' states, and the rows as lines of JSON that a script element can contain.

    Raises:
        JournalError: the journal cannot be read.
    """
    manifest = run.manifest
    named = manifest.headers.index(manifest.label) if manifest.label in manifest.headers else None
    preview = preview_reader(manifest.channel)
    codes: list[str] = []
    lines: list[str] = []
    size = 0
    for result, attempts in with_attempts(journal, run.number):
        codes.append(STATE_CODES[result.state])
        lines.append(script_json(_fields(result, attempts, named, preview)))
        size += len(lines[-1])
        if len(lines) == _MOST_ROWS or size > _MOST_CHARACTERS:
            yield "".join(codes), "\n".join(lines)
            progress(len(lines))
            codes, lines, size = [], [], 0
    if lines:
        yield "".join(codes), "\n".join(lines)
        progress(len(lines))


def _fields(
    result: RowResult,
    attempts: list[RecordedAttempt],
    named: int | None,
    preview: Callable[[bytes], MessagePreview],
) -> tuple[Any, ...]:
    cells = result.cells
    return (
        result.row,
        one_line(cells[named].text, LONGEST_LABEL) if named is not None and named < len(cells) else "",
        result.destination,
        result.kind,
        result.reason,
        result.message_id or "",
        "" if result.sent_at is None else _moment(result.sent_at),
        [_attempt(each) for each in attempts],
        None if result.body is None else preview(result.body).as_json(),
        [cell.text for cell in cells],
    )


def _attempt(attempt: RecordedAttempt) -> tuple[Any, ...]:
    """What was done, when, with which result, the HTTP status, how many seconds it took, and what the server said."""
    took = None if attempt.ended_at is None else max(0.0, round(attempt.ended_at - attempt.started_at, 3))
    result = _RESULTS.get(attempt.result) or attempt.result
    return attempt.what, _moment(attempt.started_at), result, attempt.http_status, took, attempt.detail


def _moment(at: float) -> str:
    return f"{local_time(at):%Y-%m-%d %H:%M:%S}"

"""Every row of a run for other programs: one JSON object or one CSV record a row, with its message and its attempts.

docs/reference/results.md describes the fields. A field is never renamed or taken away within a version; new ones may
be added.
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from campaign.review.messages import message_reader
from campaign.review.with_attempts import with_attempts
from campaign.review.workbook.sheet_layouts import distinct_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.journal import JournalStore, RowResult, RunRecord
    from campaign.journal.attempts import RecordedAttempt

VERSION = 1

CSV_FIELDS = (
    "version",
    "run",
    "row",
    "state",
    "kind",
    "reason",
    "destination",
    "message",
    "message_id",
    "http_status",
    "sent_at",
    "latency_ms",
    "attempt_count",
    "attempts",
    "payload",
)
"""The fields of a CSV record, before the columns of the list."""

CELL_PREFIX = "cell: "
"""Before the header of a column of the list, so that no column can be taken for a field."""

_FORMULA = re.compile(r"[=@＝＠\t\r]|[+＋－-](?![\d\s().,/-]*$)")
"""The beginning of what a spreadsheet program takes for a formula; not that of a phone number or a negative number."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def exported(
    journal: JournalStore,
    run: RunRecord,
    form: Literal["csv", "jsonl"],
) -> Iterator[str]:
    """Every row of a run as text, in sheet order.

    Args:
        journal: the journal that contains the run.
        run: the run.
        form: CSV with a header, or JSON lines.

    Raises:
        JournalError: the journal cannot be read.
    """
    headers = distinct_headers(run.manifest.headers)
    text_of = message_reader(run.manifest.channel)
    records = (
        _record(run, result, attempts, text_of, headers) for result, attempts in with_attempts(journal, run.number)
    )
    if form == "jsonl":
        yield from (_encode(record) + "\n" for record in records)
        return
    yield _csv_line([*CSV_FIELDS, *(CELL_PREFIX + header for header in headers)])
    for record in records:
        cells = record.pop("cells")
        record["attempt_count"] = len(record["attempts"])
        record["attempts"] = _encode(record["attempts"])
        record["payload"] = None if record["payload"] is None else _encode(record["payload"])
        yield _csv_line([*(record[name] for name in CSV_FIELDS), *(cells.get(header, "") for header in headers)])


def _record(
    run: RunRecord,
    result: RowResult,
    attempts: list[RecordedAttempt],
    text_of: Callable[[bytes], str],
    headers: list[str],
) -> dict[str, Any]:
    return {
        "version": VERSION,
        "run": run.number,
        "row": result.row,
        "state": str(result.state),
        "kind": result.kind,
        "reason": result.reason,
        "destination": result.destination,
        "message": None if result.body is None else text_of(result.body),
        "message_id": result.message_id,
        "http_status": result.http_status,
        "sent_at": _instant(result.sent_at),
        "latency_ms": None if result.latency is None else round(result.latency * 1000, 1),
        "attempts": [
            {
                "what": each.what,
                "started_at": _instant(each.started_at),
                "ended_at": _instant(each.ended_at),
                "result": each.result,
                "http_status": each.http_status,
                "detail": each.detail,
            }
            for each in attempts
        ],
        "payload": None if result.body is None else json.loads(result.body),
        "cells": dict(zip(headers, (cell.text for cell in result.cells), strict=False)),
    }


def _instant(at: float | None) -> str | None:
    """A time in ISO 8601, in UTC, to the millisecond."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _csv_line(fields: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_field(field) for field in fields])
    return line.getvalue()


def _field(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value

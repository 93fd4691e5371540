"""How the cells of a row are stored."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets import CellValue


class RecordedCell(NamedTuple):
    """A cell of the original sheet: as displayed, and as stored where that was a number or a date."""

    text: str
    value: CellValue = None
    number_format: str = ""


def encode_cells(texts: Sequence[str], values: Sequence[CellValue], formats: Sequence[str]) -> str:
    """A row's cells as JSON: the text alone, or text, value and number format where the value is no text."""
    if not formats:
        return _ENCODER.encode(texts)
    cells = [
        text if value is None or isinstance(value, str) else (text, value, code)
        for text, value, code in zip(texts, values, formats, strict=True)
    ]
    return _ENCODER.encode(cells)


def decode_cells(text: str) -> tuple[RecordedCell, ...]:
    """The cells of `encode_cells`."""
    return tuple(
        RecordedCell(cell) if isinstance(cell, str) else RecordedCell(cell[0], _decode_value(cell[1]), cell[2])
        for cell in json.loads(text)
    )


def decode_texts(text: str) -> tuple[str, ...]:
    """The cells of `encode_cells` as displayed, without what was stored."""
    return tuple([cell if isinstance(cell, str) else cell[0] for cell in json.loads(text)])


def _encode_time(value: object) -> list[object]:
    if isinstance(value, timedelta):
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    assert isinstance(value, date | time)  # noqa: S101 - the rest of CellValue is JSON
    return [type(value).__name__, value.isoformat()]


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False, default=_encode_time)


def _decode_value(value: Any) -> CellValue:  # noqa: ANN401 - parsed JSON
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    kind, stored = value
    if kind == "timedelta":
        return timedelta(*stored)
    if kind == "time":
        return time.fromisoformat(stored)
    return date.fromisoformat(stored) if kind == "date" else datetime.fromisoformat(stored)

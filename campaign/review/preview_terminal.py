"""The preview as text for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from campaign.review.preview_text import box, hanging, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.review.preview import PreviewFacts, PreviewRow

NARROWEST = 20
"""Columns; lines are never narrower, whatever the width of the terminal."""

_INDENT = "  "


def terminal_preview(facts: PreviewFacts, rows: Iterable[PreviewRow], width: int) -> Iterator[str]:
    """The messages as lines of text without control characters.

    Args:
        facts: what is the same for every row.
        rows: the rows to show; read one at a time.
        width: the terminal's width in columns.
    """
    width = max(width, NARROWEST)
    yield from _facts(facts, width)
    count: Counter[str] = Counter()
    for row in rows:
        yield ""
        yield from _row(row, width)
        count["problem" if row.problems else "skipped" if row.note else "message"] += 1
    yield ""
    yield from wrapped(_closing(count), width)


def _facts(facts: PreviewFacts, width: int) -> Iterator[str]:
    yield from wrapped(f"{facts.campaign}: a preview; nothing has been sent", width)
    named = (
        ("recipients", facts.recipients),
        ("template", facts.template),
        ("channel", f"{facts.channel}, {facts.server}"),
    )
    for name, value in named:
        yield from hanging(f"{_INDENT}{name:<12}", value, width)
    if facts.remark:
        yield ""
        yield from wrapped(facts.remark, width)


def _row(row: PreviewRow, width: int) -> Iterator[str]:
    heading = f"Row {row.row}, to {row.destination}" if row.destination else f"Row {row.row}"
    yield from wrapped(heading, width)
    if row.note:
        yield from hanging(f"{_INDENT}– ", row.note, width)
    for problem in row.problems:
        yield from hanging(f"{_INDENT}✗ ", str(problem), width)
    for title, bubble in row.preview.titled() if row.preview else ():
        for line in box(title, bubble.sections, width - len(_INDENT)):
            yield f"{_INDENT}{line}"


def _closing(count: Counter[str]) -> str:
    said = [f"{count['message']:,} to send"]
    if count["skipped"]:
        said.append(f"{count['skipped']:,} to be skipped")
    if count["problem"]:
        said.append(f"{count['problem']:,} with problems")
    return f"Rows shown: {count.total():,}. {', '.join(said)}."

"""The preview as text for a terminal: escaped, wrapped by words, and measured in the columns that it takes up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from campaign.review.preview import note
from campaign.review.terminal_text import box, hanging, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.journal import PlannedRow
    from campaign.review.preview import PreviewContext

NARROWEST = 20
"""Columns; lines are never narrower, whatever the width of the terminal."""

_INDENT = "  "


def terminal_preview(context: PreviewContext, rows: Iterable[PlannedRow], width: int) -> Iterator[str]:
    """The messages as lines of text without control characters.

    Args:
        context: what is the same for every row.
        rows: the rows to show; read one at a time.
        width: the terminal's width in columns.
    """
    width = max(width, NARROWEST)
    yield from _heading(context, width)
    count: Counter[str] = Counter()
    for row in rows:
        yield ""
        yield from _row(context, row, width)
        count["problem" if row.problems else "skipped" if note(row) else "message"] += 1
    yield ""
    yield from wrapped(_closing(count), width)


def _heading(context: PreviewContext, width: int) -> Iterator[str]:
    yield from wrapped(f"{context.campaign}: a preview; nothing has been sent", width)
    named = (
        ("recipients", context.recipients),
        ("template", context.template),
        ("channel", f"{context.channel.name}, {context.server}"),
    )
    for name, value in named:
        yield from hanging(f"{_INDENT}{name:<12}", value, width)
    if context.channel.remark:
        yield ""
        yield from wrapped(context.channel.remark, width)


def _row(context: PreviewContext, row: PlannedRow, width: int) -> Iterator[str]:
    name = f"Row {row.number} ({row.label})" if row.label else f"Row {row.number}"
    heading = f"{name}, to {row.destination}" if row.destination else name
    yield from wrapped(heading, width)
    if skipped := note(row):
        yield from hanging(f"{_INDENT}– ", skipped, width)
    for problem in row.problems:
        yield from hanging(f"{_INDENT}✗ ", str(problem), width)
    preview = context.preview(row)
    for title, bubble in preview.titled() if preview else ():
        for line in box(title, bubble.sections, width - len(_INDENT)):
            yield f"{_INDENT}{line}"


def _closing(count: Counter[str]) -> str:
    said = [f"{count['message']:,} to send"]
    if count["skipped"]:
        said.append(f"{count['skipped']:,} to be skipped")
    if count["problem"]:
        said.append(f"{count['problem']:,} with problems")
    return f"Rows shown: {count.total():,}. {', '.join(said)}."

"""Figures that are kept, a line of JSON for each measured figure, so that a change can be held against the last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.bench import Sizes
from tests.benchmarks.figures import Figure
from tests.benchmarks.report import machine

BEGIN, END = "<!-- figures: python -m tests.benchmarks -->", "<!-- end of figures -->"


def append(path: Path, figures: Sequence[Figure], sizes: Sizes) -> None:
    """Add the figures that could be measured to a history."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8") as file:
        for figure in figures:
            if figure.values:
                content = figure.as_json()
                del content["details"]
                line = {"at": now, **content, "rows": sizes.rows, "machine": machine()}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def newest(path: Path) -> dict[str, dict[str, Any]]:
    """The newest line of each figure, in the order in which the figures first came; none where there is no file."""
    if not path.exists():
        return {}
    found: dict[str, dict[str, Any]] = {}
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        found[line["figure"]] = line
    return found


def changes(path: Path, figures: Sequence[Figure]) -> Iterator[str]:
    """What became of each figure that a history has: its last median, and this one."""
    last = newest(path)
    for figure in figures:
        if figure.median is not None and (before := last.get(figure.name)):
            yield f"{figure.name}: {before['median']:.3g} on {before['at'][:10]}, now {figure.median:.3g}"


def write_table(readme: Path, history: Path) -> None:
    """Replace the table between the two marks of a file.

    Raises:
        ValueError: the marks are missing.
    """
    text = readme.read_text(encoding="utf-8")
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    readme.write_text(f"{text[:before]}\n{markdown(newest(history))}{text[after:]}", encoding="utf-8")


def markdown(figures: dict[str, dict[str, Any]]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| figure | target | measured | by CPU time | |", "| --- | --- | --- | --- | --- |"]
    for name, line in figures.items():
        spread = f" ({_short(min(line['values']))} to {_short(max(line['values']))})" if len(line["values"]) > 1 else ""
        measured = f"{_short(line['median'])} {line['unit']}".strip() + spread
        measured = f"**{measured}**" if line["met"] is False else measured
        cpu = _short(median(line["cpu"])) if line["cpu"] else ""
        target = f"{line['target']} {line['unit']}".strip()
        lines.append(f"| {name} | {target} | {measured} | {cpu} | {line['note']} |")
    return "\n".join([*lines, ""])


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 or number == 0 else f"{number:.2f}"

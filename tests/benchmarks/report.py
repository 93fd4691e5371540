"""The figures as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.bench import Sizes
from tests.benchmarks.figures import Figure

_HEADERS = ("figure", "target", "median", "spread", "by CPU", "met", "measured")
_MET = {True: "yes", False: "NO", None: ""}
_LIBRARIES = ("aiohttp", "openpyxl", "pydantic", "jinja2", "click")


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """The lines of the table."""
    lines = [_HEADERS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        if line is _HEADERS:
            yield "  ".join("-" * width for width in widths)


def machine() -> dict[str, Any]:
    """The machine and the versions."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{library: version(library) for library in _LIBRARIES},
    }


def write_json(path: Path, figures: Sequence[Figure], sizes: Sizes) -> None:
    """Write every measurement to a JSON file."""
    content = {
        "command": " ".join(["python", "-m", "tests.benchmarks", *sys.argv[1:]]),
        "machine": machine(),
        "sizes": vars(sizes),
        "figures": [figure.as_json() for figure in figures],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _cells(figure: Figure) -> tuple[str, ...]:
    if figure.median is None:
        return (figure.name, figure.target, "", "", "", "", figure.note)
    spread = f"{_short(min(figure.values))} … {_short(max(figure.values))}" if len(figure.values) > 1 else ""
    return (
        figure.name,
        figure.target,
        f"{_short(figure.median)} {figure.unit}".strip(),
        spread,
        _short(median(figure.cpu)) if figure.cpu else "",
        _MET[figure.met],
        figure.note,
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 or number == 0 else f"{number:.2f}"

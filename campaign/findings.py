"""Findings: what reading and planning learn about a list, and what an operator has to see before anything is sent.

`finding_kinds.KINDS` has every code, in the order of harm. A finding of severity `stop` has to be decided: by a setting
that its remedy names, or by accepting its code.
"""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from campaign.errors import Problem, UsageError
from campaign.finding_kinds import KINDS, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that may go wrong, counted over the rows that would be sent.

    Attributes:
        code: the kind, for programs and for `--accept`.
        severity: whether it has to be decided.
        count: how many rows or cells, or how many columns, conversations or settings, where it is about those.
        rows: the numbers of the first few rows.
        cells: the references of the first few cells.
        message: what was found and where, in a sentence without a full stop.
        remedy: what to do: the line for the campaign file and the option to type.
    """

    code: str
    severity: Severity
    count: int
    rows: tuple[int, ...]
    cells: tuple[str, ...]
    message: str
    remedy: str

    @property
    def stops(self) -> bool:
        """Whether nothing is sent until it is decided."""
        return self.severity is Severity.STOP

    @property
    def fix(self) -> str:
        """The remedy without how to accept the code, which several findings have in common."""
        return self.remedy.removesuffix(_accepting(self.code)).removesuffix("; ")

    def as_json(self) -> dict[str, Any]:
        """The finding as an object of `--json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Finding:
        """The finding of `as_json`.

        Raises:
            KeyError: it is none.
            TypeError: likewise.
            ValueError: likewise.
        """
        return cls(
            code=str(stored["code"]),
            severity=Severity(stored["severity"]),
            count=int(stored["count"]),
            rows=tuple(map(int, stored["rows"])),
            cells=tuple(map(str, stored["cells"])),
            message=str(stored["message"]),
            remedy=str(stored["remedy"]),
        )


_ORDER = {code: place for place, code in enumerate(KINDS)}


class Occurrences:
    """Counts rows and keeps the first few, in bounded memory.

    Attributes:
        count: how many there are.
        rows: the first few.
        cells: the cells of these.
        examples: what the first few cells show.
        labels: what the first few rows are called besides their numbers; "" for nothing.
    """

    KEPT = 5
    RANGES = 3

    def __init__(self) -> None:
        self.count = 0
        self.rows: list[int] = []
        self.cells: list[str] = []
        self.examples: list[str] = []
        self.labels: list[str] = []
        self._ranges: list[list[int]] = []
        self._more = False

    def add(self, row: int, cell: str = "", example: str = "", label: str = "") -> None:
        """Count a row; rows come in sheet order."""
        self.count += 1
        ranges = self._ranges
        if ranges and ranges[-1][1] + 1 == row and not self._more:
            ranges[-1][1] = row
        elif len(ranges) < self.RANGES:
            ranges.append([row, row])
        else:
            self._more = True
        if self.count <= self.KEPT:
            self.rows.append(row)
            if cell:
                self.cells.append(cell)
            if example:
                self.examples.append(example)
            self.labels.append(label)

    def add_all(self, rows: Sequence[int]) -> None:
        """Count rows whose ranges are of no interest."""
        self.rows += rows[: self.KEPT - len(self.rows)] if len(self.rows) < self.KEPT else []
        self.count += len(rows)

    def numbers(self) -> str:
        """The rows in short: "2, 5–1501, …"."""
        shown = [str(first) if first == last else f"{first}–{last}" for first, last in self._ranges]
        return ", ".join(shown) + (", …" if self._more else "")

    def named(self) -> str:
        """The rows in words: "row 2 (Lan)", "1,500 rows (2–1501)", "2 rows (2, 4: Lan, An)"."""
        called = ", ".join(filter(None, self.labels[: self.RANGES if self.count <= self.RANGES else self.RANGES - 1]))
        if self.count == 1:
            return f"row {self.numbers()}{f' ({called})' if called else ''}"
        more = ", …" if self.count > self.RANGES else ""
        return f"{self.count:,} rows ({self.numbers()}{f': {called}{more}' if called else ''})"

    def quoted(self, most: int = 2) -> str:
        """The first few texts, in quotation marks; "" where there are none."""
        return ", ".join(f"“{text}”" for text in list(dict.fromkeys(self.examples))[:most])


def together(parts: Sequence[Occurrences]) -> Occurrences:
    """The occurrences of one thing in several columns."""
    if len(parts) == 1:
        return parts[0]
    found = Occurrences()
    found.count = sum(part.count for part in parts)
    found.rows = sorted({row for part in parts for row in part.rows})[: Occurrences.KEPT]
    found.cells = [cell for part in parts for cell in part.cells][: Occurrences.KEPT]
    return found


def make(code: str, message: str, found: Occurrences | int, **names: str) -> Finding:
    """Make a finding of a code.

    Args:
        code: one of `KINDS`.
        message: what was found and where.
        found: the rows; or a number, where it is not about rows.
        names: what the remedy names.
    """
    kind = KINDS[code]
    fix = kind.fix.format(**names)
    accepting = _accepting(code) if kind.severity is Severity.STOP else ""
    remedy = "; ".join(filter(None, (fix, accepting)))
    if isinstance(found, int):
        return Finding(code, kind.severity, found, (), (), message, remedy)
    return Finding(code, kind.severity, found.count, tuple(found.rows), tuple(found.cells), message, remedy)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with the most harmful first."""
    return tuple(sorted(findings, key=lambda finding: _ORDER.get(finding.code, len(_ORDER))))


def undecided(findings: Iterable[Finding], accepted: Collection[str]) -> tuple[Finding, ...]:
    """The findings that keep a run from being sent."""
    return tuple(finding for finding in findings if finding.stops and finding.code not in accepted)


def codes_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The codes of findings, each once."""
    return tuple(dict.fromkeys(finding.code for finding in findings))


def unknown_code(codes: Iterable[str]) -> tuple[str, str] | None:
    """The first code that there is none of, and what to use instead; None where all are known."""
    wrong = next((code for code in codes if code not in KINDS), None)
    if wrong is None:
        return None
    close = difflib.get_close_matches(wrong.lower().replace("_", "-"), KINDS, n=1)
    stops = [code for code, kind in KINDS.items() if kind.severity is Severity.STOP]
    return wrong, f"did you mean “{close[0]}”?" if close else f"the codes are {', '.join(stops)}"


def known_codes(codes: Iterable[str]) -> frozenset[str]:
    """Codes to accept.

    Raises:
        UsageError: one is unknown; suggests the nearest.
    """
    found = frozenset([codes] if isinstance(codes, str) else codes)
    wrong = unknown_code(sorted(found))
    if wrong is not None:
        raise UsageError(Problem("--accept", f"“{wrong[0]}” is not the code of a finding", wrong[1]))
    return found


_CODES_NAMED = 3


def how_to_accept(codes: Sequence[str]) -> str:
    """How to send although of some findings: the options and the line for the campaign file."""
    if len(codes) > _CODES_NAMED:
        return '--accept CODE, or accept = ["CODE", …] under [checks], with each of these codes'
    options = " ".join(f"--accept {code}" for code in codes)
    listed = ", ".join(f'"{code}"' for code in codes)
    return f"{options}, or accept = [{listed}] under [checks]"


def _accepting(code: str) -> str:
    return f"to send it as it is: {how_to_accept([code])}"


def problems_of(findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """Findings as the problems of an error."""
    return tuple(Problem("", each.message, each.remedy, each.code) for each in findings)

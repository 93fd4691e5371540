"""Figures with their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: its name.
        unit: "" for a ratio.
        values: one per round.
        at_least: the target if more is better.
        at_most: the target if less is better.
        cpu: the same ratios by CPU time; elapsed time is disturbed by other work on the machine.
        note: a short description of the measurement.
        details: the measured seconds etc., for the JSON file.
    """

    name: str
    values: Sequence[float]
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    cpu: Sequence[float] = ()
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float | None:
        """The median of the rounds; None if nothing could be measured."""
        return median(self.values) if self.values else None

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None if there is no target or no median."""
        middle = self.median
        if middle is None:
            return None
        if self.at_least is not None:
            return middle >= self.at_least
        return None if self.at_most is None else middle <= self.at_most

    @property
    def target(self) -> str:
        """The target as text."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def as_json(self) -> dict[str, Any]:
        """Every attribute, for JSON."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "target": self.target,
            "median": self.median,
            "met": self.met,
            "values": list(self.values),
            "cpu": list(self.cpu),
            "note": self.note,
            "details": dict(self.details),
        }

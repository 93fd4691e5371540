"""What is measured: figures with their budgets."""

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
        values: one for each round.
        at_least: the budget, where more is better.
        at_most: the budget, where less is better.
        cpu: the same ratios by processors' time instead of the clock's, which other work on the machine disturbs.
        note: what was measured, in a few words.
        details: seconds and the like, for the JSON file.
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
        """The middle one of the rounds' values; None where nothing could be measured."""
        return median(self.values) if self.values else None

    @property
    def holds(self) -> bool | None:
        """Whether the median keeps to the budget; None where there is no budget or no median."""
        middle = self.median
        if middle is None:
            return None
        if self.at_least is not None:
            return middle >= self.at_least
        return None if self.at_most is None else middle <= self.at_most

    @property
    def budget(self) -> str:
        """The budget in words."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def as_json(self) -> dict[str, Any]:
        """All there is to it."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "budget": self.budget,
            "median": self.median,
            "holds": self.holds,
            "values": list(self.values),
            "cpu": list(self.cpu),
            "note": self.note,
            "details": dict(self.details),
        }
